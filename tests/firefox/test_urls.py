"""test_urls.py URL_TOOL [SEED]: what a real Firefox makes of odd URLs is what Hearth does, as a URL
and as the page of a visit. docs/merging.md says what stays different."""
import os
import random
import re
import sys
import unittest

from firefox import Firefox

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "unit", "model"))
from test_urls_of_node import compare, of_hearth  # noqa: E402

# Drives; schemes whose pages no history has; what stands behind // of a scheme that leaves all as
# it is; a backslash in the port of a scheme that nobody knows.
DOCUMENTED = re.compile(r"^[^a-z]*(file:.*[a-z][:|]|moz-extension:|(data|javascript):[/\\]{2}|"
                        r"(mailto|place|web\+x|x-y\+z\.1):.*(\\|/c[:|]))", re.I)
HREF = """return arguments[0].map(u => {
  try { return new URL(u).href } catch { return "!" } });"""
VISIT = """const PlacesUtils = load("PlacesUtils");
const made = [];
for (const url of arguments[0]) {
  const page = await PlacesUtils.history.insert({ url, visits: [{ date: new Date(1.7e12) }] });
  made.push(page.url.href);
}
return made;"""
SEED = int(sys.argv.pop()) if len(sys.argv) > 2 else 1
TOOL = sys.argv.pop() if len(sys.argv) > 1 else None


class Urls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.firefox = Firefox()
        cls.addClassCleanup(cls.firefox.quit)

    def test_forms(self):
        """Thousands of them, made of odd parts."""
        wrong, urls, valid = compare(TOOL, random.Random(SEED), 12000,
                                     lambda urls: self.firefox.chrome(HREF, urls),
                                     lambda u: not DOCUMENTED.search(re.sub("[\t\r\n]", "", u)))
        print(f"{urls} URLs, seed {SEED}, {valid} valid, {wrong} differ")
        self.assertEqual(wrong, 0)
        self.assertGreater(urls, 8000)
        self.assertGreater(valid, 3000)

    def test_pages(self):
        """Places has them in the same form."""
        urls = ["HTTPS://Upper.Example/Path", "https://bücher.example/ä?ü#ö", "https://a.example",
                "https://a.example:443/x", "https://a.example/a/../b/./c", "https://a.example/a b"]
        self.assertEqual(self.firefox.chrome(VISIT, urls), of_hearth(TOOL, urls))


if __name__ == "__main__":
    unittest.main()

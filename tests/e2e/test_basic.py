"""The basic pages: valid HTML 4.01, small, usable without script, with any browser, for hostile
titles."""
import os
import re
import subprocess
import unittest
import xml.etree.ElementTree

import valid_html
from browser import Browser
from harness import ADA, TestCase


class Basic(TestCase):
    def home(self):
        service, node = self.service(), self.node()
        node.add_account(service)
        return service, node, self.signed_in(node)

    def signed_in(self, node):
        browser = Browser(node.address)
        browser.open(re.sub(r"^.*?/auth", node.address + "/auth", node.cli("link", ADA).split()[0]))
        browser.submit("Sign in", until=node.address + "/")
        return browser

    def assert_valid(self, page):
        valid_html.check(self, page)

    def test_every_page(self):
        _, node, browser = self.home()
        seen, waiting = set(), ["/basic/"]
        while waiting and len(seen) < 150:  # every page that can be reached by links
            path = waiting.pop(0)
            if path in seen:
                continue
            seen.add(path)
            page = browser.open(node.address + path)
            self.assertEqual(page.status, 200, path)
            self.assert_valid(page)
            waiting += [link for link in page.links.values() if link.startswith("/basic/")]
        self.assertTrue({"/basic/", "/basic/tabs", "/basic/bookmarks", "/basic/history"} <= seen)
        self.assertGreater(len([p for p in seen if "folder=" in p]), 10)
        self.assertGreater(len([p for p in seen if "cursor=" in p]), 10)

    def test_search(self):
        _, node, browser = self.home()
        browser.open(node.address + "/basic/search?q=river")
        self.assert_valid(browser.page)
        self.assertIn("river", browser.page.text.lower())
        for q in ("%3Cscript%3E%22%27", "%E2%80%AE", "zzzzzzzz", ""):
            self.assert_valid(browser.open(node.address + "/basic/search?q=" + q))

    def test_hostile(self):
        service, node, browser = self.home()
        titles = [
            "<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "\u202eevil",
            "a" * 4000, "\x01\x02", "]]>", "&amp;&lt;"
        ]
        urls = [
            "javascript:alert(1)", "data:text/html,<script>alert(1)</script>",
            "https://x.example/\"><script>", "https://x.example/" + "a" * 5000, "file:///etc/passwd"
        ]
        pairs = [(t, f"https://t{i}.example/")
                 for i, t in enumerate(titles)] + [(f"address {i}", u) for i, u in enumerate(urls)]
        service.put_clear(
            "bookmarks",
            *({
                "id": f"hostile{i:05}", "type": "bookmark", "parentid": "unfiled", "title": t,
                "bmkUri": u, "tags": []
            } for i, (t, u) in enumerate(pairs)))
        node.sync()
        page = browser.open(node.address + "/basic/bookmarks?folder=unfiled")
        self.assert_valid(page)
        shown = page.text
        while "More" in page.links:
            page = browser.open(page.links["More"])
            shown += page.text
            self.assert_valid(page)
        self.assertIn("javascript:alert(1)", shown)  # to be seen, not to be followed
        self.assert_valid(browser.open(node.address + "/basic/search?q=address"))

    def test_opensearch(self):
        node = self.node("[web]\nbase_url = https://home.example.org/\n")
        page = Browser(node.address).open(node.address + "/opensearch.xml")
        self.assertEqual(page.headers["Content-Type"], "application/opensearchdescription+xml")
        names = {"o": "http://a9.com/-/spec/opensearch/1.1/"}
        urls = xml.etree.ElementTree.fromstring(page.body).findall("o:Url", names)
        self.assertEqual([u.get("template") for u in urls], [
            "https://home.example.org/search?q={searchTerms}",
            "https://home.example.org/api/v1/suggest?q={searchTerms}"
        ])

    def test_signed_out(self):
        service, node = self.service(), self.node()
        browser = Browser(node.address)
        for path in ("/basic/", "/basic/tabs", "/basic/search?q=x"):
            page = browser.open(node.address + path)
            self.assertEqual(page.title, "Sign in \u2013 Hearth")
        node.add_account(service)
        browser = self.signed_in(node)
        browser.open(node.address + "/basic/")
        browser.click("Sign out")
        browser.submit("Sign out")
        self.assertEqual(browser.open(node.address + "/basic/").title, "Sign in \u2013 Hearth")

    def test_text_browsers(self):
        """w3m and lynx, over HTTP/1.0 as well."""
        _, node, browser = self.home()
        cookie = "; ".join(f"{n}={v}" for n, v in browser.cookies().items())
        shown = subprocess.run(
            ["w3m", "-dump", "-header", f"Cookie: {cookie}", node.address + "/basic/tabs"],
            capture_output=True, text=True, env={**os.environ, "HOME":
                                                 node.folder}, timeout=300).stdout
        self.assertIn("Ada phone", shown)
        body = subprocess.run(
            ["curl", "-s", "--http1.0", "-b", cookie, node.address + "/basic/tabs"],
            capture_output=True, text=True, timeout=300).stdout
        shown = subprocess.run(["lynx", "-dump", "-stdin", "-force_html"], input=body,
                               capture_output=True, text=True,
                               env={**os.environ, "HOME": node.folder}, timeout=300).stdout
        self.assertIn("Ada laptop", shown)


if __name__ == "__main__":
    unittest.main()

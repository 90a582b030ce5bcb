"""What every basic page is: valid HTML 4.01, small, without script."""
import os
import re
import subprocess

CATALOG = "/usr/share/xml/w3c-sgml-lib/schema/dtd/sgml.soc"
LARGEST = 15000


def check(test, page):
    """By the DTD that the page names."""
    environment = {
        **os.environ, "SGML_CATALOG_FILES": CATALOG, "SP_CHARSET_FIXED": "YES", "SP_ENCODING":
        "UTF-8"
    }
    done = subprocess.run(["onsgmls", "-s"], input=page.body.encode(), capture_output=True,
                          env=environment, timeout=300)
    test.assertEqual(done.stderr.decode(), "", page.url)
    test.assertIn("HTML 4.01", page.body.partition("\n")[0])
    test.assertLess(len(page.body.encode()), LARGEST, page.url)
    test.assertNotIn("<script", page.body)
    test.assertEqual([
        link for link in page.links.values() if not re.match(r"/(basic|auth)/|https?://", link)
    ], [], page.url)

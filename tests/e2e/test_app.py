"""Serving the web app: forms, caching, policy, addresses, and who is led to the basic pages. The
files are the test's own."""
import gzip
import http.client
import os
import shutil
import unittest
from unittest import mock

import harness
from harness import TestCase

PAGE = b"<!doctype html><title>App</title>" + b"x" * 500
SCRIPT = b"console.log('app');" * 50
MODERN = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class App(TestCase):
    def served(self, files=None, start=True):
        node = self.node(start=False)
        folder = os.path.join(node.folder, "app")
        for name, content in (files or {
                "index.html": PAGE, "sw.js": b"self;", "manifest.webmanifest": b"{}",
                "icons/hearth.svg": b"<svg/>", ".hidden": b"no", "robots.txt": b"all",
                "index.html.gz": gzip.compress(PAGE), "auth/style.css": b"not ours", "healthz":
                b"not ours", "history/old.html": b"not an address", "assets/app-1.js": SCRIPT,
                "assets/app-1.js.gz": gzip.compress(SCRIPT), "assets/app-1.js.br": b"brotli bytes",
                "assets/f-1.woff2": b"font",
        }).items():
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            with open(os.path.join(folder, name), "wb") as f:
                f.write(content)
        os.symlink("/etc/passwd", os.path.join(folder, "passwd.txt"))
        node.configure("60-app", f"[web]\napp_dir = {folder}\n")
        return node.start() if start else node

    def get(self, node, path, method="GET", agent=MODERN, version=11, **headers):
        connection = http.client.HTTPConnection(node.address.removeprefix("http://"), timeout=30)
        connection._http_vsn, connection._http_vsn_str = version, f"HTTP/1.{version % 10}"
        connection.request(
            method, path, headers={
                **({"User-Agent": agent} if agent else {}),
                **{k.replace("_", "-"): v
                   for k, v in headers.items()}
            })
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, body

    def test_files(self):
        node = self.served()
        for path, kind, lasting in (("/assets/app-1.js", "text/javascript; charset=utf-8",
                                     True), ("/assets/f-1.woff2", "font/woff2", True),
                                    ("/sw.js", "text/javascript; charset=utf-8",
                                     False), ("/manifest.webmanifest", "application/manifest+json",
                                              False), ("/icons/hearth.svg", "image/svg+xml", False),
                                    ("/robots.txt", "text/plain; charset=utf-8", False)):
            status, headers, _ = self.get(node, path)
            self.assertEqual((status, headers["content-type"]), (200, kind), path)
            self.assertEqual(headers["cache-control"],
                             "public, max-age=31536000, immutable" if lasting else "no-cache", path)
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertEqual(self.get(node, path, If_None_Match=headers["etag"])[0], 304)
            self.assertEqual(self.get(node, path, "HEAD")[::2], (200, b""))

    def test_forms(self):
        node = self.served()
        for accepted, coding, body in (("gzip, deflate, br", "br", b"brotli bytes"),
                                       ("gzip", "gzip", gzip.compress(SCRIPT)), ("", None, SCRIPT),
                                       ("br;q=0, gzip", "gzip", gzip.compress(SCRIPT)),
                                       ("identity", None, SCRIPT), ("*", "br", b"brotli bytes")):
            status, headers, got = self.get(node, "/assets/app-1.js", Accept_Encoding=accepted)
            self.assertEqual((status, headers.get("content-encoding"), headers["vary"]),
                             (200, coding, "accept-encoding"), accepted)
            self.assertEqual(got[10:] if coding == "gzip" else got,
                             body[10:] if coding == "gzip" else body)
        tags = {
            self.get(node, "/assets/app-1.js", Accept_Encoding=a)[1]["etag"]
            for a in ("br", "gzip", "")
        }
        self.assertEqual(len(tags), 3)
        self.assertNotIn("vary", self.get(node, "/sw.js")[1])

    def test_addresses(self):
        node = self.served()
        for path in ("/", "/index.html", "/search?q=river", "/tabs", "/bookmarks",
                     "/bookmarks/toolbar_____", "/history", "/history/2026-11-22", "/sites",
                     "/account", "/themes"):
            status, headers, body = self.get(node, path)
            self.assertEqual((status, body), (200, PAGE), path)
            policy = headers["content-security-policy"]
            self.assertIn("default-src 'none'", policy)
            self.assertIn("require-trusted-types-for 'script'", policy)
            self.assertNotIn("unsafe", policy)
            self.assertEqual((headers["referrer-policy"], headers["cross-origin-opener-policy"],
                              headers["x-content-type-options"]),
                             ("no-referrer", "same-origin", "nosniff"))
            self.assertEqual(headers["permissions-policy"],
                             "camera=(), microphone=(), geolocation=()")
            self.assertEqual((headers["cache-control"], headers["vary"]),
                             ("no-cache", "accept-encoding, user-agent"))
            status, same, body = self.get(node, path, If_None_Match=headers["etag"])
            self.assertEqual((status, body, same["etag"]), (304, b"", headers["etag"]))
            status, packed, body = self.get(node, path, Accept_Encoding="gzip",
                                            If_None_Match=headers["etag"])
            self.assertEqual((status, packed["content-encoding"], gzip.decompress(body)),
                             (200, "gzip", PAGE))
            self.assertEqual(self.get(node, path, "HEAD")[::2], (200, b""))
        for path in ("/assets/none.js", "/assets/app-1.js.gz", "/assets/../../conf.d/00-test.conf",
                     "/assets/%2e%2e/%2e%2e/conf.d/00-test.conf", "/passwd.txt", "/.hidden",
                     "/icons/../../state/hearth.key", "/nothing"):
            self.assertEqual(self.get(node, path)[0], 404, path)
        self.assertEqual(self.get(node, "/", "POST")[0], 405)

    def test_precedence(self):
        """What the daemon serves itself is not covered by files of the same name."""
        node = self.served()
        self.assertNotIn(b"not ours", self.get(node, "/auth/style.css")[2])
        self.assertNotIn(b"not ours", self.get(node, "/healthz")[2])
        self.assertEqual(self.get(node, "/history/old.html")[2], PAGE)
        self.assertEqual(self.get(node, "/api/v1/me")[0], 401)
        self.assertEqual([
            self.get(node, path)[0]
            for path in ("/api/v1/none", "/api", "/basic/none", "/auth/none", "/metrics")
        ], [404] * 5)
        self.assertEqual(self.get(node, "/basic/")[0], 303)  # to signing in

    def test_led_to_basic(self):
        node = self.served()
        old = (
            "Lynx/2.9.0dev.12 libwww-FM/2.14", "w3m/0.5.3+git20230121",
            "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)",
            "Mozilla/5.0 (X11; U; Linux armv7l like Android; en-us) AppleWebKit/531.2+ Kindle/3.0+",
            "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko",
            "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80)", "Links (2.28; Linux)")
        for agent in old:
            status, headers, _ = self.get(node, "/", agent=agent)
            self.assertEqual((status, headers["location"]), (303, "/basic/"), agent)
            if "MSIE" not in agent:  # h2o spares it this header, which it does not understand
                self.assertEqual(headers["vary"], "user-agent", agent)
        for path, to in (("/search?q=a%26b+c", "/basic/search?q=a%26b%20c"),
                         ("/tabs", "/basic/tabs"), ("/bookmarks/toolbar_____",
                                                    "/basic/bookmarks?folder=toolbar_____"),
                         ("/history/2026-11-22", "/basic/history"), ("/account", "/auth/account")):
            self.assertEqual(self.get(node, path, agent=old[0])[1]["location"], to)
        self.assertEqual(self.get(node, "/", version=10)[0], 303)
        self.assertEqual(self.get(node, "/", agent=None)[0], 200)
        self.assertEqual(self.get(node, "/assets/app-1.js", agent=old[0])[0], 200)

    def test_not_there(self):
        node = self.served({"assets/app.js": SCRIPT}, start=False)
        with self.assertRaises(AssertionError):
            node.start()
        self.assertIn("[web] app_dir", node.log_text())
        self.assertIn("there is no index.html in it", node.log_text())
        node.configure("60-app", f"[web]\napp_dir = {node.folder}/none\n")
        with self.assertRaises(AssertionError):
            node.start()
        self.assertIn("No such file or directory", node.log_text())
        self.assertIn("none: No such file or directory", node.cli("check", code=1))

    def test_none(self):
        """A build tree without the app: the basic pages, and a word of it in the log."""
        node = self.node(start=False)
        folder = os.path.join(node.folder, "bin")
        os.makedirs(os.path.join(folder, "meson-private"))
        shutil.copy(harness.HEARTHD, folder)
        os.symlink(os.path.join(os.path.dirname(harness.HEARTHD), "plugins"),
                   os.path.join(folder, "plugins"))
        with mock.patch("harness.HEARTHD", os.path.join(folder, "hearthd")):
            node.start()
        for path, to in (("/", "/basic/"), ("/search?q=river", "/basic/search?q=river"),
                         ("/history/2026-11-22", "/basic/history")):
            status, headers, _ = self.get(node, path)
            self.assertEqual((status, headers["location"]), (303, to), path)
        self.assertEqual([self.get(node, path)[0] for path in ("/assets/app-1.js", "/sw.js")],
                         [404, 404])
        self.assertEqual(node.log_text().count("web app missing"), 1)
        self.assertIn("npm", node.log_text())


if __name__ == "__main__":
    unittest.main()

"""What each answer says about itself: who may keep it, by what it differs, what a browser may do
with it. The routes are those of the tables in core, each asked as the tables say it, by a
stranger and by a person; what is not in the lists below is nobody's to keep."""
import json
import os
import re
import sys
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import ADA, TestCase  # noqa: E402
from routes import API, APP, CONTROL, PAGES, source  # noqa: E402

# Whoever asks: the same for everybody. Everything else belongs to a person, or to a moment.
PUBLIC = {"/auth/style.css": "public, max-age=3600"}
# the web app's files
KEPT = {
    "/assets/app.js": "public, max-age=31536000, immutable", "/sw.js": "no-cache", "/robots.txt":
    "no-cache"
}
# A browser may keep them for itself, and asks each time whether they are still right.
REVALIDATED = "private, no-cache"
NOBODYS = {"no-store", "private, no-store"}
ALWAYS = {
    "x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options":
    "DENY", "cross-origin-resource-policy": "same-origin"
}


def rows():
    """(path, method, what the row says besides) of the tables,
    with something in the place of a star."""
    found = []
    for name in (API, PAGES, CONTROL):
        found += re.findall(
            r'^    \{(?:\.path = )?"(/[^"]*)", (?:\.methods = )?HTTP_([A-Z]+),([^}]*)\}',
            source(name), re.M)
    found += [(path, "GET", "app")
              for path in re.findall(r'^    \{"(/[^"]*)", "/', source(APP), re.M)]
    return [(path.replace("/export/*", "/export/history.json").replace("*", "x"), method, more)
            for path, method, more in found]


class Headers(TestCase):
    def setUp(self):
        self.daemon = self.node(start=False)
        app = os.path.join(self.daemon.folder, "app")
        os.makedirs(os.path.join(app, "assets"))
        for name in ("index.html", "sw.js", "robots.txt", "assets/app.js", "assets/app.js.gz"):
            with open(os.path.join(app, name), "w", encoding="utf-8") as f:
                f.write("nothing\n")
        self.daemon.configure(
            "90-app",
            f"[web]\napp_dir = {app}\n[listen watch]\naddress = 127.0.0.1:0\nserves = metrics\n")
        self.daemon.start()
        self.daemon.add_account(self.service())
        self.watch = self.daemon.ready.split()[2]

    def ask(self, path, method, token=None, more=None):
        """(status, {name: value}): by whom it is answered, like the tables say it."""
        address, headers = self.daemon.address, {
            "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "Accept-Encoding": "gzip", **(more or {})
        }
        if path.startswith("/control/"):
            answer = self.daemon.control(method, path)
        else:
            self.daemon.address = self.watch if path == "/metrics" else address
            try:
                answer = self.daemon.request(path, method, email=None, token=token, headers=headers,
                                             body={} if method in ("POST", "PATCH") else None)
            finally:
                self.daemon.address = address
        names = [name.lower() for name in answer.headers.keys()]
        self.assertEqual([name for name in names if names.count(name) > 1 and name != "set-cookie"],
                         [], f"{method} {path}: said twice")
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}

    def expected(self, path, method, more, status):
        if status in (200, 304) and path in PUBLIC | KEPT:
            return {(PUBLIC | KEPT)[path]}
        if status in (200, 304) and more == "app":
            return {"no-cache"}
        if status in (200, 304) and method == "GET" and (".reads" in more or path
                                                         in ("/api/v1/me", "/api/v1/settings")):
            return {REVALIDATED}
        return NOBODYS

    def check(self, path, method, more, status, headers):
        self.assertLess(status, 500, headers)
        self.assertIn(headers.get("cache-control"), self.expected(path, method, more, status))
        for name, value in ALWAYS.items(): # a 304 leaves those that the browser has as they are
            self.assertEqual(headers.get(name), None if status == 304 else value, name)
        if status == 304:
            self.assertNotIn("content-security-policy", headers)
        self.assertNotRegex(headers.get("server", ""), r"[0-9/]")
        self.assertNotIn("x-powered-by", headers)
        kind = headers.get("content-type", "")
        if not path.startswith("/control/"):
            self.assertEqual(kind == "", status in (204, 303, 304, 307), kind)
        self.assertNotIn("*", headers.get("access-control-allow-origin", ""))
        if "html" in kind or "javascript" in kind:
            self.assertRegex(headers.get("content-security-policy", ""),
                             r"default-src 'none'.*frame-ancestors 'none'")
        if status == 200 and ".reads" in more:
            self.assertRegex(headers.get("etag", ""), '^"')
            self.assertIn("accept-encoding", headers.get("vary", ""))
        if "content-encoding" in headers:
            self.assertIn("accept-encoding", headers.get("vary", ""))
        if more == "app" and status in (200, 303):
            self.assertIn("user-agent", headers["vary"])

    def test_every_route(self):
        found = rows()
        self.assertGreater(len(found), 70)
        found += [(path, "GET", "file") for path in KEPT] + [("/nothing", "GET", ""),
                                                             ("/assets/gone.js", "GET", "")]
        seen = {}
        for path, method, more in found:
            for person in (False, True):
                if path == "/api/v1/events" and person:
                    continue  # it does not end
                # an answer before ended it
                if person and self.daemon.request("/api/v1/me", email=None,
                                                  token=self.daemon.token()).status == 401:
                    del self.daemon.tokens[ADA]
                status, headers = self.ask(path, method, self.daemon.token() if person else None)
                with self.subTest(path=path, method=method, person=person, status=status):
                    self.check(path, method, more, status, headers)
                seen[path, method, person] = status
                if "etag" in headers:
                    again, headers = self.ask(path, method,
                                              self.daemon.token() if person else None,
                                              {"If-None-Match": headers["etag"]})
                    with self.subTest(path=path, method=method, person=person, again=again):
                        self.assertEqual(again, 304)
                        self.check(path, method, more, again, headers)
        # what was to be seen was seen
        self.assertEqual(
            {seen[path, "GET", True]
             for path, method, more in found
             if ".reads" in more} - {404}, {200})
        self.assertEqual({path: seen[path, "GET", False]
                          for path in KEPT | PUBLIC}, dict.fromkeys(KEPT | PUBLIC, 200))
        self.assertEqual(
            {seen[path, method, True]
             for path, method, more in found
             if more == "app"}, {200})

    def test_wrong_methods(self):
        for path, _, more in rows():
            for method in ("BREW", "PUT", "OPTIONS"):
                status, headers = self.ask(path, method)
                with self.subTest(path=path, method=method, status=status):
                    self.assertEqual(status, {"BREW": 501, "PUT": 405, "OPTIONS": 204}[method])
                    self.check(path, method, more, 405 if status == 501 else status, headers)

    def test_an_event_stream(self):
        request = urllib.request.Request(self.daemon.address + "/api/v1/events",
                                         headers={"Authorization": f"Bearer {self.daemon.token()}"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=60) as answer:
            headers = {name.lower(): value for name, value in answer.headers.items()}
            self.check("/api/v1/events", "GET", "", answer.status, headers)
            self.assertEqual(headers["content-type"], "text/event-stream")

    def test_version_is_nowhere_in_a_head(self):
        version = json.loads(self.daemon.request("/version", email=None).body)["version"]
        for path in ("/", "/healthz", "/auth/signin", "/nothing"):
            _, headers = self.ask(path, "GET")
            self.assertNotIn(version, str(headers))


if __name__ == "__main__":
    unittest.main()

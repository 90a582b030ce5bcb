"""A server under a path, [web] base_url = https://HOST/hearth/: whatever a client is led to is
below it, and what is outside is not there; and proxies in front that are not set up are noticed."""
import http.client
import json
import re
import unittest
import urllib.parse

from browser import Browser
from harness import ADA, TestCase
from client import OidcProvider

UNDER = "/hearth"
# What an HTML page asks for or leads to.
LED_TO = re.compile(r'(?:href|src|action)="([^"]*)"|url=([^";]+)')
PROXIED = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}


class Under(TestCase):
    def home(self, config="", account=True):
        """A node whose address is known before it starts, and the one that people use."""
        node = self.node()
        origin = node.address
        node.configure(
            "60-base", f"[listen main]\naddress = {origin.partition('//')[2]}\n"
            f"[web]\nbase_url = {origin}{UNDER}/\n{config}")
        if account:
            node.add_account(self.service())
        node.stop()
        node.start()
        return node, origin + UNDER

    def signed_in(self, node, base, **headers):
        browser = Browser(base, headers)
        url = json.loads(node.cli("link", ADA, "--json"))["url"]
        self.assertTrue(url.startswith(base + "/auth/link?t="), url)
        browser.open(base + "/auth/link?t=" + url.partition("?t=")[2] + "&next=/basic/")
        browser.submit("Sign in", until=base + "/basic/")
        self.assertEqual(browser.page.status, 303, browser.page.text)
        self.assertEqual(browser.page.headers["Location"], UNDER + "/basic/")
        return browser

    def test_pages(self):
        """Every link of every page that one gets to from the first ones."""
        node, base = self.home()
        browser = self.signed_in(node, base)
        self.assertIn("; Path=/hearth/; ", browser.page.headers["Set-Cookie"])
        origin = base.removesuffix(UNDER)
        todo, seen = {"/", "/basic/", "/auth/account", "/auth/removals", "/auth/signin"}, set()
        todo = {UNDER + path for path in todo}
        while todo:
            path = todo.pop()
            seen.add(path)
            page = browser.request("GET", origin + path)
            self.assertLess(page.status, 400, (path, page.text))
            leads = [page.headers["Location"]] if page.headers["Location"] else []
            if "text/html" in (page.headers["Content-Type"] or ""):
                leads += ["".join(pair) for pair in LED_TO.findall(page.body)]
            for to in leads:
                to = urllib.parse.urljoin(origin + path, to.replace("&amp;", "&"))
                if not to.startswith(origin + "/"):
                    continue
                to = to.removeprefix(origin).partition("#")[0]
                self.assertTrue(to.startswith(UNDER + "/"), f"{path} leads to {to}")
                known = sum(s.partition("?")[0] == to.partition("?")[0] for s in seen | todo)
                get = not re.search(
                    "/(start|step|cancel|allow|everywhere|browser|device|link|remove)$", to)
                if get and to not in seen and known < 3:
                    todo.add(to)
        for path in ("/basic/history", "/auth/style.css", "/basic/bookmarks", "/opensearch.xml",
                     "/api/v1/export/bookmarks.html"):
            self.assertTrue(any(s.partition("?")[0] == UNDER + path for s in seen), path)
        self.assertGreater(len(seen), 15)

    def test_forms(self):
        node, base = self.home()
        browser = self.signed_in(node, base)
        browser.open(base + "/auth/account")
        browser.submit("Add another device")
        self.assertIn(f"{base}/auth/link?t=", browser.page.text)
        browser.open(base + "/basic/")
        browser.click("Sign out")
        browser.submit("Sign out")
        # others at this host keep what they have
        self.assertNotIn("Clear-Site-Data", browser.page.headers)
        self.assertNotIn("hearth_session", browser.cookies())
        page = browser.open(base + "/basic/tabs")
        self.assertEqual(page.url, base + "/auth/signin?next=/basic/tabs")

    def test_secure_cookies(self):
        """__Host- is for the whole host alone."""
        node, base = self.home("trusted_proxies = 127.0.0.1\n")
        browser = self.signed_in(node, base, **PROXIED)
        self.assertEqual(set(browser.cookies()),
                         {"__Secure-hearth_session", "__Secure-hearth_form"})
        for _, attributes in browser.jars[urllib.parse.urlsplit(base).netloc].values():
            self.assertIn("Secure", attributes)
            self.assertIn("Path=/hearth/", attributes)
        self.assertEqual(browser.request("GET", base + "/api/v1/me").status, 200)

    def test_services(self):
        node, base = self.home()
        for path in ("/api/v1/me", "/auth/signin", "/basic/", "/", "/index.html", "/hearthen/",
                     "/hearth/../auth/signin"):
            self.assertEqual(node.request(path).status, 404, path)
        answer = node.request("/api/v1/me")
        self.assertEqual(answer.json["code"], "not_found")
        self.assertIn("under /hearth/", answer.json["detail"])
        self.assertIn("<h1>Not here</h1>",
                      node.request("/", headers={"Accept": "text/html"}).body.decode())
        for path in ("/healthz", "/readyz"):  # for those who watch
            self.assertEqual(node.request(path).status, 200, path)
            self.assertEqual(node.request(UNDER + path).status, 200)
        self.assertEqual(Browser(base).request("GET", base + "?a=b").headers["Location"],
                         UNDER + "/?a=b")
        node.address = base
        self.assertEqual(node.api("/me")["account"]["email"], ADA)
        link = node.request("/api/v1/links", "POST", body={}).json["link"]["url"]
        self.assertTrue(link.startswith(base + "/auth/link?t="), link)
        self.assertIn(f'template="{base}/search?q=', node.request("/opensearch.xml").body.decode())
        etag = node.request("/api/v1/tabs").headers["ETag"]
        self.assertEqual(node.request("/api/v1/tabs", headers={"If-None-Match": etag}).status, 304)
        self.assertEqual(
            node.request("/api/v1/export/tabs.json", headers={"Range": "bytes=0-9"}).status, 206)

    def test_stream(self):
        node, base = self.home()
        connection = http.client.HTTPConnection(node.address.partition("//")[2], timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", UNDER + "/api/v1/events",
                           headers={"Authorization": f"Bearer {node.token()}"})
        answer = connection.getresponse()
        self.assertEqual(answer.headers["X-Accel-Buffering"], "no")
        self.assertTrue(answer.readline())

    def test_other_sites(self):
        node, base = self.home()
        browser = self.signed_in(node, base)
        own = {"X-Hearth-CSRF": "1", "Origin": base.removesuffix(UNDER)}
        ask = lambda headers: browser.request("POST", base + "/api/v1/sync", headers=headers).status
        self.assertEqual(ask(own), 202)
        self.assertEqual(ask(own | {"Origin": "https://evil.example"}), 403)

    def test_single_sign_on(self):
        node, base = self.home()
        provider = OidcProvider(base + "/auth/oidc/callback", "")
        self.addCleanup(provider.stop)
        node.configure(
            "70-sso", f"[oidc house]\ntitle = the house\nissuer = {provider.issuer}\n"
            "client_id = hearth\nclient_secret = a secret of the client\n")
        node.stop()
        node.start()
        browser = Browser(base)
        browser.open(base + "/auth/signin?next=/history")
        browser.click("Sign in with the house", until=provider.url)
        back = provider.visit(browser.page.headers["Location"])
        self.assertTrue(back.startswith(base + "/auth/oidc/callback?"), back)
        browser.open(back, until=base + "/history")
        self.assertEqual(browser.page.headers["Location"], UNDER + "/history")
        self.assertEqual(browser.request("GET", base + "/api/v1/me").status, 200)

    def test_own_client(self):
        """A sign-in at the accounts server's own pages, which come back."""
        node, base = self.home(account=False)
        service = self.service()
        client = service.new_client(base + "/auth/callback")
        node.configure(
            "70-fx", f"[sync firefox]\nplugin = fx\naccounts_url = {service.url}\n"
            f"token_server = {service.url}/1.0/sync/1.5\nclient_id = {client}\n"
            f"redirect_uri = {base}/auth/callback\n")
        node.stop()
        node.start()
        self.assertIn(f"{base}/auth/signin?setup={node.setup_code}", node.setup_line)
        browser = Browser(base, {"Sec-Fetch-Site": "same-origin"})
        browser.open(base + "/auth/signin?next=/tabs")
        browser.submit("Continue with your Mozilla account", setup=node.setup_code)
        self.assertEqual(browser.page.url, base + "/auth/step")
        back = service.visit(browser.page.links["Continue"])[1]
        browser.open(back, until=base + "/tabs")
        self.assertEqual(browser.page.headers["Location"], UNDER + "/tabs", browser.page.text)


class Proxies(TestCase):
    def told(self, node):
        return [line for line in node.log_text().splitlines() if "proxy not set up" in line]

    def test_wrong(self):
        """Each kind once, however often it comes."""
        node = self.node("[web]\nbase_url = https://home.example.org/hearth/\n")
        own = {"Host": "home.example.org", "X-Forwarded-Proto": "https"}
        ask = lambda path, headers: node.request(path, email=None, headers=headers).status
        ask("/healthz", {})  # that is not people's
        self.assertEqual(self.told(node), [])
        for _ in range(3):
            self.assertEqual(ask("/hearth/auth/signin", own), 200)
        self.assertEqual(len(self.told(node)), 1)
        self.assertIn("address=127.0.0.1 host=home.example.org", self.told(node)[0])
        self.assertIn("[web] trusted_proxies", self.told(node)[0])
        node.configure("60", "[web]\ntrusted_proxies = 127.0.0.1\n")
        node.stop()
        node.start()
        before = len(self.told(node))
        ask("/hearth/auth/signin", own)
        ask("/hearth/auth/signin", own | {"Host": "HOME.example.org.:443"})
        self.assertEqual(self.told(node)[before:], [])  # as it should be
        for _ in range(3):
            ask("/hearth/auth/signin", {"X-Forwarded-For": "192.0.2.7"} | {"Host": own["Host"]})
            ask("/hearth/auth/signin", {"X-Forwarded-Proto": "https"})
            self.assertEqual(ask("/auth/signin", own), 404)
        told = self.told(node)[before:]
        self.assertEqual(len(told), 3, told)
        self.assertIn("has to send X-Forwarded-Proto", told[0])
        self.assertIn("pass the client's Host on", told[1])
        self.assertIn("pass the path on as it is", told[2])

    def test_form(self):
        """A browser that does not say from where it sends a form but by Origin (F9)."""
        node = self.node()
        browser = Browser(node.address, {"X-Forwarded-Proto": "https"})
        browser.open(node.address + "/auth/code")
        browser.headers["Origin"] = "https://home.example.org"
        page = browser.submit("Sign in", code="0000-0000")
        self.assertEqual(page.status, 403)
        self.assertIn("[web] trusted_proxies", page.text)
        self.assertEqual(len(self.told(node)), 1)

    def test_check(self):
        node = self.node("[web]\nbase_url = https://home.example.org/\n", start=False)
        said = "".join(node.cli("check", both=True))
        self.assertIn("[web] base_url begins with https", said)
        node.configure("60", "[web]\ntrusted_proxies = 127.0.0.1\n")
        self.assertNotIn("begins with https", "".join(node.cli("check", both=True)))


if __name__ == "__main__":
    unittest.main()

"""Event streams end with the token, session or account that opened them; who may still listen comes back."""
import http.client
import json
import sqlite3
import unittest
import urllib.parse

from browser import Browser
from harness import ADA, PATIENCE, TestCase

OFTEN = "[web]\nevent_interval = 1s\n"
OWN = {"X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-origin"}


class Authority(TestCase):
    def home(self, config=""):
        node = self.node(config)
        node.add_account(self.service(), sync=False)
        return node

    def stream(self, node, **headers):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(node.address).netloc, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events", headers=headers)
        answer = connection.getresponse()
        if answer.status == 200:
            self.assertEqual(answer.readline(), b": welcome\n")
        return answer

    def signed_in(self, node):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/link?t=" + json.loads(node.cli("link", ADA, "--json"))["url"].partition("?t=")[2])
        browser.submit("Sign in", until=node.address + "/")
        return browser, {"Cookie": "; ".join(f"{n}={v}" for n, v in browser.cookies().items())}

    def assert_ends(self, node, headers, end):
        stream = self.stream(node, **headers)
        end()
        stream.read()  # to its end
        self.assertEqual(self.stream(node, **headers).status, 401)

    def test_token(self):
        node = self.home()
        made = node.request("/api/v1/tokens", "POST", body={"name": "x"}).json["token"]
        self.assert_ends(node, {"Authorization": f"Bearer {made['secret']}"}, lambda: node.request(f"/api/v1/tokens/{made['id']}", "DELETE"))
        self.assertEqual(self.stream(node, Authorization=f"Bearer {node.token()}").status, 200)

    def test_sessions(self):
        node = self.home()
        browser, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: browser.request("DELETE", "/api/v1/session", headers=OWN))
        browser, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: node.request("/api/v1/sessions", "DELETE"))
        browser, cookie = self.signed_in(node)
        browser.open(node.address + "/auth/signout")
        self.assert_ends(node, cookie, lambda: browser.submit("Sign out"))

    def test_lists_are_not_kept(self):
        node = self.home()
        for path in ("/tokens", "/sessions"):
            self.assertEqual(node.request("/api/v1" + path).headers["Cache-Control"], "no-store", path)

    def test_account(self):
        node = self.home()
        _, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: node.request("/api/v1/me", "DELETE", headers={"Cookie": node.fresh()}))

    def test_revoked_by_command(self):
        node = self.home(OFTEN)
        made = node.request("/api/v1/tokens", "POST", body={"name": "x"}).json["token"]
        self.assert_ends(node, {"Authorization": f"Bearer {made['secret']}"}, lambda: node.cli("token", "revoke", made["id"], "--yes"))

    def test_session_expires(self):
        node = self.home(OFTEN + "[auth]\nsession_life = 60s\n")
        _, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: self.age(node, 61000))

    def test_account_removed_by_command(self):
        node = self.home(OFTEN)
        _, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: node.cli("account", "remove", ADA, "--yes"))

    def age(self, node, ms):
        database = sqlite3.connect(node.state + "/hearth.db", timeout=PATIENCE)
        database.execute("UPDATE tokens SET created = created - ?, last_used = last_used - ?, expires = expires - ? WHERE scope = 2", (ms, ms, ms))
        database.commit()
        database.close()


if __name__ == "__main__":
    unittest.main()

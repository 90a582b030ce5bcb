"""Event streams end with the token, session or account that opened them; who may still listen
comes back."""
import http.client
import json
import os
import sqlite3
import struct
import sys
import unittest
import urllib.parse

from browser import Browser
from faulty import FaultyNode
from harness import ADA, PATIENCE, ROOT, TestCase, until

sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
import h2frames as h2  # noqa: E402

OFTEN = "[web]\nevent_interval = 1s\n"
NEVER = "[web]\nevent_interval = 1h\n"  # what a stream does by itself is later than any test
OWN = {"X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-origin"}


class Authority(TestCase):
    def home(self, config=""):
        node = self.node(config)
        node.add_account(self.service(), sync=False)
        return node

    def stream(self, node, **headers):
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(node.address).netloc, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events", headers=headers)
        answer = connection.getresponse()
        if answer.status == 200:
            self.assertEqual(answer.readline(), b": welcome\n")
        return answer

    def signed_in(self, node):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/link?t=" +
                     json.loads(node.cli("link", ADA, "--json"))["url"].partition("?t=")[2])
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
        self.assert_ends(node, {"Authorization": f"Bearer {made['secret']}"},
                         lambda: node.request(f"/api/v1/tokens/{made['id']}", "DELETE"))
        self.assertEqual(self.stream(node, Authorization=f"Bearer {node.token()}").status, 200)

    def test_sessions(self):
        node = self.home()
        browser, cookie = self.signed_in(node)
        self.assert_ends(node, cookie,
                         lambda: browser.request("DELETE", "/api/v1/session", headers=OWN))
        browser, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: node.request("/api/v1/sessions", "DELETE"))
        browser, cookie = self.signed_in(node)
        browser.open(node.address + "/auth/signout")
        self.assert_ends(node, cookie, lambda: browser.submit("Sign out"))

    def test_lists_are_not_kept(self):
        node = self.home()
        for path in ("/tokens", "/sessions"):
            self.assertEqual(
                node.request("/api/v1" + path).headers["Cache-Control"], "no-store", path)

    def test_account(self):
        node = self.home()
        _, cookie = self.signed_in(node)
        self.assert_ends(
            node, cookie,
            lambda: node.request("/api/v1/me", "DELETE", headers={"Cookie": node.fresh()}))

    def test_revoked_by_command(self):
        """At once: the command tells the daemon."""
        node = self.home(NEVER)
        made = node.request("/api/v1/tokens", "POST", body={"name": "x"}).json["token"]
        self.assert_ends(node, {"Authorization": f"Bearer {made['secret']}"},
                         lambda: node.cli("token", "revoke", made["id"], "--yes"))

    def test_signed_out_by_command(self):
        node = self.home(NEVER)
        _, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: node.cli("account", "signout", ADA, "--yes"))

    def test_a_proxys_name_by_command(self):
        """Whom the proxy means is another person from the next request on."""
        service, node = self.service(load=False), self.node(
            NEVER + "trusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = X-User\n")
        for email in ("anna@example.org", "ben@example.org"):
            service.account(email, history=1)
            node.add_account(service, email, sync=False)
        who = {"X-User": "somebody"}

        def person():
            answer = node.request("/api/v1/me", email=None, headers=who)
            return answer.json["account"]["email"] if answer.status == 200 else answer.status

        self.assertEqual(person(), 401)
        for email in ("anna@example.org", "ben@example.org"):
            self.assertNotIn("seconds",
                             node.cli("account", "adopt", email, "--proxy", "somebody", "--yes"))
            self.assertEqual(person(), email)

    def test_commands_that_reach_nobody_say_so(self):
        """Without a daemon there is nobody to tell; one that does not answer is named."""
        node = self.home()
        ids = [
            node.request("/api/v1/tokens", "POST", body={"name": "x"}).json["token"]["id"]
            for _ in range(2)
        ]
        os.rename(node.state + "/hearthd.sock", node.state + "/away.sock")
        self.assertIn("not every process that runs could be told",
                      node.cli("token", "revoke", ids[0], "--yes", both=True))
        os.rename(node.state + "/away.sock", node.state + "/hearthd.sock")
        node.stop()
        said = node.cli("token", "revoke", ids[1], "--yes", both=True)
        self.assertIn("is revoked", said)
        self.assertNotIn("could be told", said)

    def test_a_stream_that_begins_while_its_token_ends(self):
        """It was looked at before, and is in no list yet when the
        streams of the account are ended."""
        node = FaultyNode("[web]\nevent_interval = 1h\n")
        self.addCleanup(node.close)
        node.start()
        node.add_account(self.service(), sync=False)
        made = node.request("/api/v1/tokens", "POST", body={"name": "x"}).json["token"]
        node.faults("storage", "account_get thread=storage times=1 hold")
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(node.address).netloc, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events",
                           headers={"Authorization": f"Bearer {made['secret']}"})
        until(lambda: node.held("storage"), "the request is held")
        node.cli("token", "revoke", made["id"], "--yes")
        node.faults("storage")
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        answer.read()  # to its end

    def test_a_reader_who_has_stopped_loses_the_stream_alone(self):
        """Its connection may carry other answers."""
        node = self.home(NEVER)
        browser, cookie = self.signed_in(node)
        # room for four bytes of each stream
        connection = h2.Connection(node.address, struct.pack(">HI", 4, 4))
        self.addCleanup(connection.close)
        connection.send(h2.get(1, "/api/v1/events", extra=[("cookie", cookie["Cookie"])]))
        until(lambda: connection.drain() or len(connection.bodies().get(1, b"")) == 4,
              "the stream has begun, and waits")
        browser.request("DELETE", "/api/v1/session", headers=OWN)
        connection.send(
            h2.get(3, "/healthz") + h2.frame(h2.WINDOW_UPDATE, 0, 3, struct.pack(">I", 1000)))
        until(lambda: connection.drain() or 3 in connection.ended(),
              "another answer on the same connection")
        self.assertFalse(connection.closed)
        connection.send(h2.frame(h2.WINDOW_UPDATE, 0, 1, struct.pack(">I", 1000)))
        until(lambda: connection.drain() or 1 in connection.ended(), "the stream ends")
        self.assertFalse(connection.closed)

    def test_session_expires(self):
        node = self.home(OFTEN + "[auth]\nsession_life = 60s\n")
        _, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: self.age(node, 61000))

    def test_account_removed_by_command(self):
        node = self.home(NEVER)
        _, cookie = self.signed_in(node)
        self.assert_ends(node, cookie, lambda: node.cli("account", "remove", ADA, "--yes"))

    def age(self, node, ms):
        database = sqlite3.connect(node.state + "/hearth.db", timeout=PATIENCE)
        database.execute(
            "UPDATE tokens SET created = created - ?, last_used = last_used - ?, expires = expires "
            "- ? WHERE scope = 2",
            (ms, ms, ms))
        database.commit()
        database.close()


if __name__ == "__main__":
    unittest.main()

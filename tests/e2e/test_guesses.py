"""Guesses are counted, not starts; nobody locks another out; an address of IPv6 is a network."""
import collections
import contextlib
import json
import os
import re
import signal
import threading
import unittest

from browser import Browser
from harness import ADA, TestCase, until
from client import OidcProvider
import lifeline

CLIENT = "3c49430b43dfba77"


class Guesses(TestCase):
    def home(self, config=""):
        service = self.service()
        node = self.node(
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n"
            "[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nallow = *\n" +
            config.replace("[auth]\n", ""))
        return service, node

    def start(self, node, address, email=ADA):
        browser = Browser(node.address,
                          {"X-Forwarded-For": address, "Sec-Fetch-Site": "same-origin"})
        browser.open(node.address + "/auth/signin?next=/tabs")
        browser.submit("Sign in with a password", email=email, until=node.address + "/tabs")
        return browser

    def answer(self, node, address, password, email=ADA):
        browser = self.start(node, address, email)
        if browser.page.status == 200:
            browser.submit("Continue", f_password=password, until=node.address + "/tabs")
        return browser.page.status

    def password(self, service):
        return service.get(f"sign-in/{ADA}")["password"]

    def code(self, node, address, code="0000-0000"):
        browser = Browser(node.address, {"X-Forwarded-For": address})
        browser.open(node.address + "/auth/code")
        return browser.submit("Sign in", code=code, until=node.address + "/").status

    def test_starts_hinder_nobody(self):
        service, node = self.home()
        for _ in range(40):
            self.assertEqual(self.start(node, "192.0.2.66").page.status, 200)
        self.assertEqual(self.answer(node, "198.51.100.1", self.password(service)), 303)
        self.assertEqual(self.answer(node, "192.0.2.66", self.password(service)), 303)

    def test_wrong_passwords_hinder_who_gives_them(self):
        service, node = self.home()
        statuses = [self.answer(node, "192.0.2.66", "not this one") for _ in range(11)]
        self.assertEqual(statuses, [200] * 10 + [429])
        self.assertEqual(self.answer(node, "192.0.2.66", self.password(service)), 429)
        self.assertEqual(self.answer(node, "198.51.100.1", self.password(service)), 303)

    def test_one_person_however_written(self):
        service, node = self.home()
        written = [ADA, ADA.upper(), ADA.title(), ADA.replace("example", "Example")]
        self.assertEqual(
            [self.answer(node, "192.0.2.66", "not this one", written[i % 4]) for i in range(11)],
            [200] * 10 + [429])

    def test_right_answers_do_not_count(self):
        service, node = self.home()
        for _ in range(12):
            self.assertEqual(self.answer(node, "198.51.100.1", self.password(service)), 303)

    def test_networks(self):
        """Ten wrong codes from a /64, twenty from a /56, forty from a /48; and then not one
        more, from wherever in it."""
        _, node = self.home()
        self.assertEqual([self.code(node, f"2001:db8:1:1::{i:x}") for i in range(1, 12)],
                         [403] * 10 + [429])
        self.assertEqual([self.code(node, f"2001:db8:1:{2 + i:x}::1") for i in range(11)],
                         [403] * 10 + [429])
        self.assertEqual([self.code(node, f"2001:db8:1:{i:x}00::1") for i in range(1, 22)],
                         [403] * 20 + [429])
        self.assertEqual(self.code(node, "2001:db8:2:1::1"), 403)

    def test_mapped_addresses(self):
        """IPv4 that a proxy writes as IPv6 is the same IPv4, and nobody else's."""
        _, node = self.home()
        self.assertEqual([self.code(node, "::ffff:192.0.2.66")
                          for _ in range(5)] + [self.code(node, "192.0.2.66") for _ in range(6)],
                         [403] * 10 + [429])
        self.assertEqual(self.code(node, "::ffff:192.0.2.66"), 429)
        self.assertEqual(self.code(node, "::ffff:192.0.2.67"), 403)
        # so is a proxy that another one writes so
        self.assertEqual(self.code(node, "192.0.2.66, ::ffff:127.0.0.1"), 429)
        self.assertIn(" address=192.0.2.67 ", node.log_text())
        self.assertNotIn("::ffff", node.log_text())
        self.assertEqual(self.code(node, "2001:DB8:0:0::9"), 403)
        self.assertIn(" address=2001:db8::9 ", node.log_text())

    def test_beginnings_of_networks(self):
        """300 of a /64, 600 of a /56, 1,200 of a /48;
        and then not one more, from wherever in it."""
        _, node = self.home()
        browser = Browser(node.address, {"Sec-Fetch-Site": "same-origin"})
        form = next(form for form in browser.open(node.address + "/auth/signin").forms
                    if form["fields"].get("way") == "password")["fields"]

        def begin(address, times):
            counts = collections.Counter()
            for _ in range(times):
                counts[browser.request("POST", "/auth/start", {**form, "email": ADA},
                                       {"X-Forwarded-For": address}).status] += 1
            return counts

        self.assertEqual(begin("2001:db8:3:1::1", 301), {303: 300, 429: 1})
        self.assertEqual(begin("2001:db8:3:2::1", 200), {303: 200})
        self.assertEqual(begin("2001:db8:3:3::1", 101), {303: 100, 429: 1})
        self.assertEqual(begin("2001:db8:3:100::1", 300), {303: 300})
        self.assertEqual(begin("2001:db8:3:200::1", 300), {303: 300})
        self.assertEqual(begin("2001:db8:3:300::1", 1), {429: 1})
        self.assertEqual(begin("2001:db8:4:300::1", 1), {303: 1})

    def test_whoever_fills_the_room_for_attempts(self):
        """Four addresses begin 300 each: of 1,000 that may be under way Ada's is still there."""
        service, node = self.home()
        ada = self.start(node, "203.0.113.7")
        for k in range(4):
            browser = Browser(node.address,
                              {"X-Forwarded-For": f"198.51.{k}.1", "Sec-Fetch-Site": "same-origin"})
            form = next(form for form in browser.open(node.address + "/auth/signin").forms
                        if form["fields"].get("way") == "password")["fields"]
            for i in range(300):
                self.assertEqual(
                    browser.request("POST", "/auth/start",
                                    {**form, "email": f"x{i}@example.org"}).status, 303)
        ada.submit("Continue", f_password=self.password(service), until=node.address + "/tabs")
        self.assertEqual(ada.page.status, 303, ada.page.text)

    def test_strangers_at_the_accounts_server(self):
        """Eight networks sign in over and over, each with an account of its own: Ada gets her
        turn each time."""
        service, node = self.home("[auth]\nstep_timeout = 10min\n")
        strangers = [f"e{k}@example.org" for k in range(8)]
        for email in strangers:
            service.account(email, history=1)
        passwords = {
            email: service.get(f"sign-in/{email}")["password"]
            for email in [ADA, *strangers]
        }
        service.faults({"path": "/v1/account/login", "delay_ms": 300})
        over, done = threading.Event(), collections.Counter()

        def flood(k):
            while not over.is_set():
                with contextlib.suppress(OSError, AssertionError):
                    done[self.answer(node, f"198.51.{k}.1", passwords[strangers[k]],
                                     strangers[k])] += 1

        threads = [threading.Thread(target=flood, args=(k, )) for k in range(8)]
        try:
            for thread in threads:
                thread.start()
            until(lambda: done[303] >= 8, "they sign in")
            self.assertEqual([self.answer(node, "203.0.113.5", passwords[ADA]) for _ in range(6)],
                             [303] * 6)
        finally:
            over.set()
            for thread in threads:
                thread.join(60)
        self.assertEqual(set(done), {303}, done)

    def test_what_other_sites_send(self):
        """Another site's page makes Ada's browser send what it can: she is let in all the same,
        and nothing is counted as a failure of hers."""
        provider = OidcProvider("", "")
        self.addCleanup(provider.stop)
        service, node = self.home(
            f"[auth]\nproxy_header = Remote-Email\n[oidc house]\nissuer = {provider.issuer}\n"
            "client_id = hearth\n"
        )
        node.add_account(service, sync=False)
        ada = self.start(node, "203.0.113.9")

        # without cookies: all of ours are SameSite
        def foreign(method, path, fields=None, headers=None):
            browser = Browser(
                node.address, {
                    "X-Forwarded-For": "203.0.113.9", "Sec-Fetch-Site": "cross-site",
                    "Sec-Fetch-Mode": "no-cors"
                })
            return browser.request(method, path, fields, headers)

        for i in range(40):
            self.assertEqual(foreign("GET", f"/auth/link?t=hthl_{'A' * 40}{i:03}").status, 410)
            self.assertEqual(foreign("GET", "/auth/oidc/house").status, 200)  # asks whether to
        for i in range(310):
            foreign("GET", "/auth/oidc/house")
            foreign("POST", "/auth/start",
                    {"form": "A" * 22, "way": "password", "provider": "firefox", "email": ADA})
        for path in ("/auth/step", "/auth/callback?error=access_denied",
                     "/auth/callback?code=0&state=x",
                     "/auth/oidc/callback?error=access_denied&state=x", "/api/v1/me",
                     "/basic/tabs"):
            for _ in range(12):
                foreign("GET", path)
                foreign("GET", path, headers={"Remote-Email": "nobody@example.org"})
                foreign("GET", path, headers={"Authorization": "Basic YTpi"})
        for path in ("/auth/step", "/auth/code", "/auth/link", "/auth/signout", "/auth/cancel",
                     "/auth/account/everywhere"):
            for _ in range(12):
                self.assertIn(
                    foreign(
                        "POST", path,
                        {"form": "A" * 22, "code": "0000-0000", "t": "hthl_x", "f_password": "x"
                         }).status, (400, 403))
        self.assertEqual(
            [line for line in node.log_text().splitlines() if "sign-in failed" in line], [])
        ada.submit("Continue", f_password=self.password(service), until=node.address + "/tabs")
        self.assertEqual(ada.page.status, 303, ada.page.text)
        link = json.loads(node.cli("link", ADA, "--json"))
        self.assertEqual(
            ada.request("GET", "/auth/link?t=" + link["url"].partition("?t=")[2]).status, 200)
        self.assertEqual(self.code(node, "203.0.113.9", link["code"]), 303)

    def test_an_answer_of_another_sign_in(self):
        """Another site sends the browser to the callback while a person is at the provider: the
        sign-in goes on."""
        service, node = self.home()
        client = service.new_client(node.address + "/auth/callback")
        node.configure(
            "80-client",
            f"[sync firefox]\nclient_id = {client}\nredirect_uri = {node.address}/auth/callback\n"
            f"[listen main]\naddress = {node.address.partition('//')[2]}\n")
        node.stop()
        node.start()
        browser = Browser(node.address, {"X-Forwarded-For": "203.0.113.9"})
        browser.open(node.address + "/auth/signin?next=/tabs")
        browser.submit("Continue with your Mozilla account", until=service.url)
        for query in ("error=access_denied", "code=" + "0" * 64 + "&state=x", "code=" + "0" * 64,
                      "") * 10:
            self.assertEqual(
                browser.request("GET", "/auth/callback?" + query,
                                headers={"Sec-Fetch-Site": "cross-site"}).status, 303, query)
        self.assertEqual(
            [line for line in node.log_text().splitlines() if "sign-in failed" in line], [])
        browser.open("/auth/step")
        self.assertIn("belongs to another sign-in", browser.page.text)
        _, ended, _ = service.visit(browser.page.links["Continue"])
        browser.open(ended, until=node.address + "/tabs")
        self.assertEqual(browser.page.status, 303, browser.page.text)
        browser.open(node.address + "/auth/signin?next=/tabs")
        browser.submit("Continue with your Mozilla account", until=service.url)
        state = re.search(r"[?&]state=([^&]+)", browser.page.links["Continue"])[1]
        self.assertEqual(
            browser.request("GET", "/auth/callback?error=access_denied&state=" + state).status, 403)
        lines = [
            line for line in node.log_text().splitlines()
            if "sign-in ended" in line or "sign-in failed" in line
        ]
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("sign-in ended address=203.0.113.9 reason=declined provider=firefox",
                      lines[0])

    def test_requests_of_networks(self):
        """Of requests that are worked on a /64 has its number, a /56 twice as many."""
        service, node = self.home("[web]\nmax_pending_requests_per_account = 1\n")
        browsers = [self.start(node, f"2001:db8:5:{k}::1", f"p{k}@example.org") for k in range(3)]
        lifeline.halt(service.process.pid)
        self.addCleanup(os.kill, service.process.pid, signal.SIGCONT)
        over = threading.Event()

        def hang(browser):  # whoever looks for both below may take the place of one for a moment
            while not over.is_set():
                browser.submit("Continue", f_password="x", until=node.address + "/tabs")
                while browser.page.status == 503 and not over.is_set():
                    browser.open(node.address + "/auth/step")

        hung = [threading.Thread(target=hang, args=(browser, )) for browser in browsers[:2]]
        for thread in hung:
            thread.start()
        try:
            with contextlib.suppress(AssertionError):
                until(lambda: browsers[2].request("GET", "/auth/step").status != 200,
                      "both are worked on")
            self.assertEqual(browsers[2].request("GET", "/auth/step").status, 503)
            self.assertEqual(
                Browser(node.address,
                        {"X-Forwarded-For": "2001:db8:5:100::1"}).request("GET",
                                                                          "/auth/step").status, 410)
            self.assertTrue(all(thread.is_alive() for thread in hung))
        finally:
            over.set()
            os.kill(service.process.pid, signal.SIGCONT)
            for thread in hung:
                thread.join(60)

    def test_codes_of_everybody(self):
        """Strangers who type wrong codes, however many, do not keep others from typing theirs."""
        service, node = self.home()
        node.add_account(service, sync=False)
        for i in range(1010):
            self.assertEqual(self.code(node, f"10.{i // 250}.{i % 250}.1"), 403)
        self.assertEqual(
            self.code(node, "198.51.100.1",
                      json.loads(node.cli("link", ADA, "--json"))["code"]), 303)


if __name__ == "__main__":
    unittest.main()

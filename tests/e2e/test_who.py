"""Who is who: an account belongs to an identity, not to an e-mail address; and a server that was
owned once stays owned."""
import json
import sqlite3
import subprocess
import unittest

from browser import Browser
from harness import ADA, HEARTHD, PATIENCE, TestCase, until

CLIENT = "3c49430b43dfba77"
EVE = "eve@example.org"


class Who(TestCase):
    def home(self, config="", **options):
        service = self.service()
        node = self.node(
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n{config}",
            **options)
        return service, node

    def sign_in(self, node, service, email=ADA, provider=0, setup=None):
        browser = Browser(node.address)
        page = browser.open(node.address + "/auth/signin?next=/tabs" +
                            (f"&setup={setup}" if setup else ""))
        forms = [
            f for f in page.forms
            if any(b["label"] == "Sign in with a password" for b in f["buttons"])
        ]
        self.assertTrue(forms)
        browser.submit("Sign in with a password", until=node.address + "/tabs", email=email)
        browser.submit("Continue", until=node.address + "/tabs",
                       f_password=service.get(f"sign-in/{email}")["password"])
        return browser

    def me(self, browser):
        return json.loads(browser.request("GET", "/api/v1/me").body)["account"]

    def imported(self, node, service, code=0, provider=None, **changes):
        data = {**service.import_file(ADA, "refresh"), **changes}
        words = ["account", "import", "-"] + (["--provider", provider] if provider else [])
        return node.cli(*words, text=json.dumps(data), code=code, both=True)

    def test_the_same_address_with_another_uid(self):
        """A recycled mailbox, or an account deleted and registered anew: refused until the
        operator joins them."""
        service, node = self.home()
        self.imported(node, service, uid="0" * 32)
        before = node.cli_json("account", "show", ADA)
        browser = self.sign_in(node, service)
        self.assertEqual(browser.page.status, 403)
        self.assertIn("belongs to another account here", browser.page.title)
        self.assertNotIn("hearth_session", browser.cookies())
        self.assertEqual(node.cli_json("account", "show", ADA)["uid"], before["uid"])
        self.assertIn("sign-in refused", node.log_text())
        self.assertIn("hearthd account adopt", self.imported(node, service, code=1))
        self.assertIn("--yes", node.cli("account", "adopt", ADA, code=2))
        node.cli("account", "adopt", ADA, "--yes")
        self.assertIn("adoption announced", node.log_text())
        browser = self.sign_in(node, service)
        self.assertIn("joins an account", browser.page.title)
        browser.submit("Keep what is here", until=node.address + "/tabs")
        self.assertEqual(self.me(browser)["email"], ADA)
        self.assertNotEqual(node.cli_json("account", "show", ADA)["uid"], before["uid"])
        self.assertIn("account adopted", node.log_text())
        # whom it took the place of
        self.assertIn("adopt", self.imported(node, service, code=1, uid="0" * 32))

    def test_the_operator_is_asked_each_time(self):
        service, node = self.home()
        self.imported(node, service, uid="0" * 32)
        node.cli("account", "adopt", ADA, "--yes")
        self.imported(node, service)
        self.imported(node, service, code=1, uid="1" * 32)

    def test_the_same_address_at_another_provider(self):
        service, node = self.home()
        other = self.service()
        node.configure(
            "60-other",
            f"[sync other]\naccounts_url = {other.url}\ntoken_server = {other.url}/1.0/sync/1.5\n"
            f"client_id = {CLIENT}\n"
        )
        node.stop()
        node.start()
        self.imported(node, service)
        self.assertIn("--provider other", self.imported(node, other, code=1, provider="other"))
        self.assertEqual(node.cli_json("account", "show", ADA)["provider"], "firefox")
        node.cli("account", "adopt", ADA, "--provider", "other", "--yes")
        self.imported(node, other, provider="other")
        self.assertEqual(node.cli_json("account", "show", ADA)["provider"], "other")
        service.clear()
        node.sync()
        self.assertEqual(service.log("/v1/oauth/token"), [])  # nothing goes to the one before

    def test_the_address_follows(self):
        service, node = self.home()
        self.assertIn("account added", self.imported(node, service))
        account = node.cli_json("account", "show", ADA)
        self.assertIn("e-mail address changed", self.imported(node, service,
                                                              email="ada@new.example"))
        after = node.cli_json("account", "show", "ada@new.example")
        self.assertEqual((after["id"], after["uid"]), (account["id"], account["uid"]))
        self.assertEqual(len(node.cli_json("account", "list")), 1)
        answer = json.loads(node.request("/api/v1/node?account=ada@new.example", email=None).body)
        self.assertEqual(answer["node"], "")

    def test_an_address_that_is_another_accounts_is_kept(self):
        service, node = self.home()
        self.imported(node, service)
        self.imported(node, service, code=1, uid="2" * 32)
        self.imported(node, service, email=EVE, uid="2" * 32)
        self.assertIn("e-mail address kept", self.imported(node, service, uid="2" * 32))
        self.assertEqual(sorted(a["email"] for a in node.cli_json("account", "list")), [ADA, EVE])

    def test_a_section_that_is_pointed_elsewhere(self):
        service, node = self.home()
        self.imported(node, service)
        other = self.service()
        node.configure("70-moved", f"[sync firefox]\naccounts_url = {other.url}\n")
        node.stop()
        node.start()
        self.assertIn("Sign in again", node.sync(code=1))
        self.assertEqual(other.log("/v1/oauth/token"), [])
        self.assertEqual(node.cli_json("account", "show", ADA)["state"], "signin_needed")

    def test_a_token_server_that_is_pointed_elsewhere(self):
        """An access token that was imported goes to no other token server; a refresh token gets
        one for where the section leads now."""
        for auth in ("access", "refresh"):
            service, node = self.home()
            other = self.service()
            data = service.import_file(ADA, auth)
            data.pop("token_server", None)
            node.cli("account", "import", "-", text=json.dumps(data))
            node.sync()
            node.configure("70-moved", f"[sync firefox]\ntoken_server = {other.url}/1.0/sync/1.5\n")
            node.stop()
            node.start()
            # the other one takes nothing of this accounts server's
            self.assertIn("Sign in again", node.sync(code=1))
            self.assertEqual(bool(other.log("/1.0/sync/1.5")), auth == "refresh", auth)

    def test_a_section_that_is_renamed_or_removed(self):
        """Nobody gets its people's credentials; they read why, their data stay, and a sign-in
        elsewhere is another identity."""
        service, node = self.home()
        node.add_account(service)
        self.imported(node, service)
        tabs = node.api("/tabs")
        node.configure(
            "50-test",
            f"[sync renamed]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n"
        )
        node.stop()
        service.clear()
        node.start()
        said = node.sync(code=1)
        self.assertIn(
            "signed in at [sync firefox], which is not configured on this server any more", said)
        me = node.api("/me")["account"]
        self.assertEqual((me["state"], "[sync firefox]" in me["state_detail"]), ("error", True))
        self.assertEqual(node.api("/tabs"), tabs)
        self.assertEqual(service.log("/v1/oauth/token"), [])
        browser = self.sign_in(node, service)
        self.assertEqual(browser.page.status, 403)
        self.assertIn("belongs to another account here", browser.page.title)
        node.configure("50-test", "")
        node.stop()
        node.start()
        # without any section it is Mozilla's
        self.assertIn("not shown to that one. Sign in again", node.sync(code=1))
        self.assertEqual(node.api("/tabs"), tabs)

    def test_many_processes_finish_one_sign_in(self):
        """One account, and no error, whoever is first."""
        service, node = self.home()
        data = json.dumps(service.import_file(ADA, "refresh"))
        running = [
            subprocess.Popen([HEARTHD, "--config", node.conf, "account", "import", "-"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, env=node.environment)
            for _ in range(6)
        ]
        try:
            for process in running:
                process.stdin.write(data)
                process.stdin.close()
                process.stdin = None
            said = [process.communicate(timeout=PATIENCE)[0] for process in running]
        finally:
            for process in running:
                process.kill()
        self.assertEqual([process.returncode for process in running], [0] * 6, said)
        self.assertEqual(len(node.cli_json("account", "list")), 1)
        node.sync()

    def test_owned_when_its_person_has_left(self):
        """By DELETE /me, on a server whose list lets everybody in and of which an older release
        noted no owner."""
        service, node = self.home("[auth]\nallow = *\n")
        self.imported(node, service)
        with sqlite3.connect(f"{node.state}/hearth.db") as database:
            self.assertEqual(
                database.execute("DELETE FROM properties WHERE name = 'owned'").rowcount, 1)
        database.close()
        self.assertEqual(
            node.request("/api/v1/me", "DELETE", headers={"Cookie": node.fresh()}).status, 204)
        node.configure(
            "50-test",
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n"
        )
        node.stop()
        node.start()
        self.assertIn("belongs to somebody already", node.cli("setup"))
        self.assertIn("Not on this server", self.sign_in(node, service).page.title)

    def test_owned_for_good(self):
        service, node = self.home()
        service.account(EVE, history=3)
        code = node.setup_code
        self.assertRegex(code, r"^[A-Z2-7]{4}(-[A-Z2-7]{4}){3}$")
        self.assertIn(code, node.cli("setup"))
        for wrong, title in ((None, "is missing"), ("AAAA-BBBB-CCCC-DDDD", "not the set-up code")):
            browser = self.sign_in(node, service, EVE, setup=wrong)
            self.assertEqual(browser.page.status, 403)
            self.assertIn(title, browser.page.title)
        self.assertEqual(node.cli_json("account", "list"), [])
        ada = self.sign_in(node, service, setup=code.lower())
        self.assertEqual(self.me(ada)["email"], ADA)
        node.cli("account", "remove", ADA, "--yes")
        for setup in (None, code):
            browser = self.sign_in(node, service, EVE, setup=setup)
            self.assertEqual(browser.page.status, 403)
            self.assertIn("Not on this server", browser.page.title)
        self.assertIn("belongs to somebody already", node.cli("setup"))

    def test_wrong_set_up_codes_are_guesses(self):
        """Ten from an address; after them not even the right one is looked at."""
        service, node = self.home()
        code = node.setup_code
        statuses = [
            self.sign_in(node, service, setup="AAAA-BBBB-CCCC-DDDD").page.status for _ in range(11)
        ]
        self.assertEqual(statuses, [403] * 10 + [429])
        self.assertEqual(self.sign_in(node, service, setup=code).page.status, 429)
        self.assertEqual(node.cli_json("account", "list"), [])

    def test_owned_before_any_serve(self):
        """Its only account, made by the command line or an older release, is removed before
        anybody asked whose the server is."""
        service, node = self.home(start=False)
        node.prepare()
        self.imported(node, service)
        with sqlite3.connect(f"{node.state}/hearth.db") as database:
            self.assertEqual(
                database.execute("DELETE FROM properties WHERE name = 'owned'").rowcount, 1)
        database.close()
        node.cli("account", "remove", ADA, "--yes")
        self.assertIn("belongs to somebody already", node.cli("setup"))

    def test_a_proxy_name_is_taken_over(self):
        service, node = self.home(
            "[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = Remote-Email\n")
        self.imported(node, service)
        self.imported(node, service, email=EVE, uid="2" * 32)
        who = lambda: json.loads(
            node.request("/api/v1/me", email=None, headers={"Remote-Email": EVE}).body)["account"][
                "email"]
        node.cli("account", "adopt", EVE, "--proxy", EVE, "--yes")
        self.assertEqual(who(), EVE)
        node.cli("account", "adopt", ADA, "--proxy", EVE, "--yes")
        until(lambda: who() == ADA, "the daemon notices")

    def test_proxy(self):
        service, node = self.home(
            "[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = Remote-Email\n")
        self.imported(node, service)
        status = lambda name: node.request("/api/v1/me", email=None, headers={"Remote-Email": name}
                                           ).status
        self.assertEqual((status("ada"), status(ADA.upper())), (401, 200))
        self.assertIn("proxy name linked", node.log_text())
        self.imported(node, service, email="ada@new.example")
        # the name is the identity
        self.assertEqual((status(ADA), status("ada@new.example")), (200, 401))
        self.assertIn("sign-in refused", node.log_text())
        node.cli("account", "adopt", "ada@new.example", "--proxy", "Ada.L", "--yes")
        self.assertEqual(status("ada.l"), 200)
        self.assertIn("proxy name adopted", node.log_text())
        for name in (" ", "ada ", " ada", ""):
            self.assertIn(
                "--proxy",
                node.cli("account", "adopt", "ada@new.example", "--proxy", name, "--yes", code=2,
                         both=True))
        self.assertEqual(status("ada.l"), 200)
        node.cli("account", "adopt", "ada@new.example", "--proxy", "M\u00fcller", "--yes")
        self.assertEqual([
            status(name.encode().decode("latin1"))
            for name in ("m\u00fcller", "M\u00fcLLER", "M\u00dcLLER")
        ], [200, 200, 401])

    def allow(self, node, text):
        node.configure("80-allow", f"[auth]\nallow = {text}\n" if text else "")
        node.configure("85-listen", f"[listen main]\naddress = {node.address.partition('//')[2]}\n")
        node.stop()
        node.start()

    def test_allow_binds_everybody(self):
        """Who is not in the list any more: no way in, old or new, opens the account; back in the
        list, what was given out is good again."""
        service, node = self.home(
            "[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = Remote-Email\n")
        node.add_account(service, sync=False)
        link = lambda: json.loads(node.cli("link", ADA, "--json"))
        there = lambda made: node.address + "/auth/link?" + made["url"].partition("?")[2]
        browser = Browser(node.address)
        browser.open(there(link()))
        browser.submit("Sign in", until=node.address + "/")
        self.assertEqual(self.me(browser)["email"], ADA)
        left, proxied = link(), {"Remote-Email": ADA}
        status = lambda **who: node.request("/api/v1/me", email=None, **who)
        self.assertEqual((status(headers=proxied).status, status(token=node.token()).status),
                         (200, 200))
        self.allow(node, "*@elsewhere.example")
        for what in ({"headers": proxied}, {"token": node.token()}, {
                "headers": {"Cookie": f"hearth_session={browser.cookies()['hearth_session']}"}
        }):
            for _ in range(2):  # the second from what is remembered
                answer = status(**what)
                self.assertEqual((answer.status, answer.json["code"]), (401, "not_allowed"), what)
                self.assertIn("[auth] allow", answer.json["detail"])
            page = Browser(node.address).request(
                "GET", "/basic/", headers=what.get("headers",
                                                   {"Authorization": f"Bearer {node.token()}"}))
            self.assertEqual((page.status, page.title.partition(" \u2013")[0]),
                             (403, "Not on this server"), what)
            self.assertEqual(
                node.request("/api/v1/tokens", "POST", email=None, body={"name": "x"},
                             **what).status, 403 if "headers" in what else 401)
        page = Browser(node.address).open(there(left))
        self.assertEqual(page.status, 403)
        self.assertNotIn(ADA, page.text)
        code = Browser(node.address)
        code.open(node.address + "/auth/code")
        self.assertEqual(code.submit("Sign in", code=left["code"]).status, 403)
        self.assertNotIn("hearth_session", code.cookies())
        self.assertEqual(self.sign_in(node, service).page.status, 403)
        self.assertIn("not among those who may sign in", node.log_text())
        self.assertIn("[auth] allow does not name", node.cli("link", ADA, code=1))
        self.assertIn("[auth] allow does not name",
                      node.cli("token", "new", ADA, "--name", "x", code=1))
        self.assertIn("nobody can sign in to it", self.imported(node, service))
        self.allow(node, ADA.upper())
        self.assertEqual((status(headers=proxied).status, status(token=node.token()).status,
                          self.me(browser)["email"]), (200, 200, ADA))
        self.assertEqual(self.sign_in(node, service).page.status, 303)

    def test_allow_and_an_address_that_follows(self):
        """The account has an address that the list does not name; the person comes with a new
        one of the list, and a new key."""
        service, node = self.home()
        self.imported(node, service, email=EVE)
        service.reset(ADA)
        self.allow(node, ADA)
        browser = self.sign_in(node, service)
        self.assertIn("new key", browser.page.title)
        browser.submit("Delete it and begin anew", until=node.address + "/tabs")
        self.assertEqual(self.me(browser)["email"], ADA)

    def test_allow_and_an_address_that_is_kept(self):
        """The provider says an address of the list,
        but the account goes by one that is not in it."""
        service, node = self.home()
        self.imported(node, service, email=EVE, uid="2" * 32)
        self.imported(node, service, uid="3" * 32)
        node.cli("account", "remove", EVE, "--yes")
        self.imported(node, service, email=EVE)
        self.allow(node, ADA)
        browser = self.sign_in(node, service)
        self.assertEqual(browser.page.status, 403)
        self.assertIn("e-mail address kept", node.log_text())
        self.assertNotIn("hearth_session", browser.cookies())


if __name__ == "__main__":
    unittest.main()

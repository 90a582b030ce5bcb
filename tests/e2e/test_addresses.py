"""What an e-mail address is, wherever one comes in; and nothing from outside steers a terminal."""
import json
import re
import subprocess
import unittest

from browser import Browser
from harness import ADA, HEARTHD, TestCase

CLIENT = "3c49430b43dfba77"
EVE = "eve@example.org"
ODD = [
    "ada", "@example.org", "ada@", "a@b@c.example", "a b@example.org", "-rf@example.org",
    "\u202eada@example.org", "ada\u200b@example.org", "ada@example\u2069.org",
    "a\x1b[31m@example.org", "a\u0085@example.org", "ada\u00a0@example.org",
    "ada\u3000@example.org", "a\ufeff@example.org", "a\ufffd@example.org",
    "a\U000e0041@example.org", "<ada@example.org>", "ada@example.org,eve@example.org",
    "\"ada\"@example.org", "x" * 250 + "@example.org"
]


class Addresses(TestCase):
    def home(self, config=""):
        service = self.service()
        node = self.node(
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n[auth]\nallow = *\n{config}"
        )
        return service, node

    def run_cli(self, node, *words, given=""):
        return subprocess.run([HEARTHD, "--config", node.conf, *words], input=given,
                              capture_output=True, text=True, env=node.environment, timeout=60)

    def emails(self, node):
        return [account["email"] for account in node.cli_json("account", "list")]

    def sign_in(self, node, service, email=EVE):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin?next=/tabs")
        browser.submit("Continue with your Mozilla account", until=service.url)
        _, ended, _ = service.visit(browser.page.links["Open the sign-in page"], email)
        browser.submit("Continue", f_address=ended, until=node.address + "/tabs")
        return browser

    def test_imports(self):
        service, node = self.home()
        for email in ODD:
            done = self.run_cli(
                node, "account", "import", "-",
                given=json.dumps({**service.import_file(ADA, "access"), "email": email}))
            self.assertEqual(done.returncode, 2, (email, done))
            self.assertIn("e-mail address", done.stderr)
            self.assertNotRegex(done.stdout + done.stderr, "[\x1b\u0085\u202e\u2069]")
        for email in ODD[:8]:
            self.assertEqual(self.run_cli(node, "account", "add", "--", email).returncode, 2, email)
        self.assertEqual(self.emails(node), [])

    def test_profiles(self):
        service, node = self.home()
        service.account(EVE, history=2)
        uid = service.get(f"accounts/{EVE}")["uid"]
        for email in ODD[5:]:
            service.faults(
                {"path": "/v1/profile", "status": 200, "body": {"uid": uid, "email": email}})
            browser = self.sign_in(node, service)
            # by the rule for addresses; or one that the provider takes for no address at all
            self.assertIn(browser.page.status, (403, 503), email)
            service.clear()
        self.assertEqual(self.emails(node), [])

    def test_typed(self):
        service, node = self.home()
        browser = Browser(node.address, {"Sec-Fetch-Site": "same-origin"})
        for email in ODD:
            browser.open("/auth/signin")
            self.assertEqual(
                browser.submit("Sign in with a password", until=node.address, email=email).status,
                400, email)
        browser.open("/auth/signin")
        # as phones complete it
        browser.submit("Sign in with a password", until=node.address + "/tabs", email=f" {ADA} ")
        self.assertIn("f_password", browser.page.forms[0]["fields"], browser.page.text)

    def test_ids(self):
        """The same account in two spellings of its id is one."""
        service, node = self.home()
        service.account(EVE, history=2)
        uid = service.get(f"accounts/{EVE}")["uid"]
        self.assertTrue(re.search("[a-f]", uid))
        self.assertEqual(self.sign_in(node, service).page.status, 303)
        service.faults(
            {"path": "/v1/profile", "status": 200, "body": {"uid": uid.upper(), "email": EVE}})
        self.assertEqual(self.sign_in(node, service).page.status, 303)
        service.faults()
        done = self.run_cli(
            node, "account", "import", "-",
            given=json.dumps({**service.import_file(EVE, "access"), "uid": uid.upper()}))
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(node.cli_json("account", "show", EVE)["uid"], uid)

    def test_names_of_proxies(self):
        service, node = self.home(
            "proxy_header = Remote-Email\n[web]\ntrusted_proxies = 127.0.0.1/32\n")
        node.add_account(service, sync=False)
        done = self.run_cli(node, "account", "adopt", ADA, "--proxy", "a\u202ea", "--yes")
        self.assertEqual((done.returncode, "\u202e" in done.stderr), (2, False), done)
        done = self.run_cli(node, "account", "adopt", ADA, "--proxy", "Ada Lovelace", "--yes")
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(
            node.request("/api/v1/me", email=None, headers={"Remote-Email": "Ada Lovelace"}).status,
            200)

    def test_allow(self):
        for pattern in ("-rf@example.org", "\u202eada@example.org", "*@exam\u200bple.org",
                        "a b@example.org"):
            node = self.node("[auth]\nallow = " + pattern + "\n", start=False)
            done = self.run_cli(node, "check")
            self.assertEqual(done.returncode, 2, pattern)
            self.assertIn("allow", done.stderr)

    def test_terminal(self):
        """Arguments and what is said about them: shown, not obeyed."""
        service, node = self.home()
        node.add_account(service, sync=False)
        nasty = "x\x1b]0;owned\x07\u202ey"
        for words in (["account", "show",
                       nasty], ["account", "remove", nasty,
                                "--yes"], ["link", nasty], ["token", "new", ADA, "--name",
                                                            nasty], ["token", "list", ADA],
                      ["search", nasty, "a"], ["account", "adopt", ADA, "--oidc", nasty,
                                               "--yes"], ["export", nasty, "history.json"], [nasty],
                      ["restore", nasty], ["backup", nasty], ["account", "import",
                                                              nasty], ["--config", nasty, "check"]):
            done = self.run_cli(node, *words)
            self.assertNotRegex(done.stdout + done.stderr, "[\x1b\x07\u202e]", words)


if __name__ == "__main__":
    unittest.main()

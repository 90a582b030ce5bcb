"""Single sign-on with an OpenID provider: it opens accounts that are here, for confirmed
addresses, and nothing else."""
import json
import re
import unittest
import urllib.parse

from browser import Browser
from harness import ADA, TestCase, until
from client import OidcProvider


class SingleSignOn(TestCase):
    def home(self, prefix="", config="", account=True, **changes):
        node = self.node()
        provider = OidcProvider(node.address + "/auth/oidc/callback", prefix)
        self.addCleanup(provider.stop)
        if account:
            node.add_account(self.service(), sync=False)
        node.configure(
            "60-sso", f"[listen main]\naddress = {node.address.partition('//')[2]}\n"
            f"[oidc house]\ntitle = the house\nissuer = {changes.get('issuer', provider.issuer)}\n"
            "client_id = hearth\n"
            f"client_secret = {changes.get('secret', 'a secret of the client')}\n{config}")
        node.stop()
        node.start()
        return provider, node

    def sign_in(self, provider, node, change=lambda url: url, next="/history"):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin?next=" + urllib.parse.quote(next))
        browser.click("Sign in with the house", until=provider.url)
        if browser.page.status != 303:
            return browser
        browser.asked = dict(
            urllib.parse.parse_qsl(urllib.parse.urlsplit(browser.page.headers["Location"]).query))
        back = provider.visit(browser.page.headers["Location"])
        browser.open(change(back), until=node.address + next.partition("#")[0])
        return browser

    def assert_in(self, browser):
        self.assertEqual((browser.page.status, browser.page.headers["Location"]), (303, "/history"),
                         browser.page.text)
        self.assertEqual(
            json.loads(browser.request("GET", "/api/v1/me").body)["account"]["email"], ADA)

    def assert_out(self, browser, about=""):
        self.assertNotEqual(browser.page.status, 303, about)
        self.assertNotIn("hearth_session", browser.cookies(), about)
        self.assertEqual(browser.request("GET", "/api/v1/me").status, 401, about)

    def test_in(self):
        for prefix in ("", "/realms/home"):
            provider, node = self.home(prefix)
            self.assert_in(self.sign_in(provider, node))
            provider.settings(alg="ES256", auth_methods=["client_secret_post"])
            # the provider's document of before says otherwise; it is read anew then
            self.assert_out(self.sign_in(provider, node))
            provider.settings(approve=False)
            self.assert_in(self.sign_in(provider, node))

    def test_rotated_keys(self):
        provider, node = self.home()
        self.assert_in(self.sign_in(provider, node))
        provider.rotate()
        # asked for the new ones less than a minute ago: not again
        self.assert_out(self.sign_in(provider, node))
        node.stop()
        node.start()
        provider.rotate(keep_old=True)
        self.assert_in(self.sign_in(provider, node))

    def test_wrong_tokens(self):
        provider, node = self.home()
        wrong = [{"iss": "https://evil.example"}, {"aud": "another"}, {"aud": ["another"]},
                 {"aud": ["hearth", "another"]}, {"aud": ["hearth", "another"], "azp": "another"},
                 {"azp": "another"}, {"nonce": "x"}, {"nonce": ""}, {"exp": -120}, {"iat": 7200},
                 {"iat": -200000}, {"alg": "none"}, {"alg": "HS256"}, {"alg": "forged"},
                 {"alg": "broken"}, {"alg": "malformed"}, {"kid": "another"}, {"id_token": False},
                 {"answer_iss": "https://evil.example"}, {"claims":
                                                          {"sub": None}}, {"claims": {"sub": ""}}]
        for settings in wrong:
            provider.restore()
            provider.settings(**settings)
            browser = self.sign_in(provider, node)
            self.assert_out(browser, settings)
            self.assertEqual(browser.page.status, 403, settings)
            node.stop()
            node.start()
        provider.restore()
        provider.settings(aud=["hearth", "another"], azp="hearth")
        self.assert_in(self.sign_in(provider, node))

    def test_who(self):
        provider, node = self.home()
        for user in ({"email_verified": False}, {"email_verified": None}, {"email": None},
                     {"email": ""}, {"email": "nobody@example.org"}, {"email_verified": "no"}):
            provider.restore()
            provider.user(**user)
            self.assert_out(self.sign_in(provider, node), user)
        provider.restore()
        provider.user(email=ADA.upper())
        self.assert_in(self.sign_in(provider, node))
        provider.restore()
        provider.settings(claims={"email": None, "email_verified": None})  # only in userinfo
        self.assert_in(self.sign_in(provider, node))
        provider.settings(in_userinfo={"sub": "somebody else"})
        self.assert_out(self.sign_in(provider, node))
        # nobody was made
        self.assertEqual([a["email"] for a in node.cli_json("account", "list")], [ADA])

    def test_the_subject_counts(self):
        """Linked once by a confirmed address, found by (issuer, sub) afterwards; the same
        address with another sub is refused until adopted."""
        provider, node = self.home()
        self.assert_in(self.sign_in(provider, node))
        self.assertIn("single sign-on linked", node.log_text())
        provider.user(email="ada@elsewhere.example", email_verified=False)
        self.assert_in(self.sign_in(provider, node))  # the same sub
        provider.restore()
        provider.settings(claims={"sub": "somebody else"})
        browser = self.sign_in(provider, node)
        self.assert_out(browser)
        self.assertIn("belongs to another account here", browser.page.title)
        node.cli("account", "adopt", ADA, "--oidc", "house", "--yes")
        self.assert_in(self.sign_in(provider, node))
        self.assertIn("single sign-on adopted", node.log_text())
        provider.restore()
        self.assert_out(self.sign_in(provider, node))  # whom it took the place of

    def test_answers(self):
        provider, node = self.home()
        self.assert_out(
            self.sign_in(provider, node,
                         lambda url: re.sub(r"state=[\w-]+", "state=" + "A" * 43, url)))
        self.assert_out(
            self.sign_in(provider, node,
                         lambda url: re.sub(r"code=[\w-]+", "error=access_denied", url)))
        self.assert_out(
            self.sign_in(provider, node, lambda url: re.sub(r"code=[\w-]+", "code=wrong", url)))
        # it says that it sends one
        self.assert_out(self.sign_in(provider, node, lambda url: re.sub(r"[?&]iss=[^&]*", "", url)))
        stolen = []
        self.sign_in(provider, node, lambda url:
                     (stolen.append(url), node.address + "/auth/signin")[1])
        other = Browser(node.address)
        self.assertEqual(other.open(stolen[0]).status, 410)  # login CSRF

    def test_provider_is_ill(self):
        provider, node = self.home()
        for rule in ({"path": "/token", "status":
                      500}, {"path": "/token", "body": "{"}, {"path": "/jwks", "status":
                                                              500}, {"path": "/jwks", "body": "[]"},
                     {"path": "/token", "pad":
                      200000}, {"path": "/token", "drop":
                                True}, {"path": "openid-configuration", "status": 503}):
            provider.restore()
            provider.faults(rule)
            self.assert_out(self.sign_in(provider, node), rule)
            node.stop()
            node.start()
        provider.restore()
        self.assert_in(self.sign_in(provider, node))

    def test_provider_wants_a_pause(self):
        """The person reads how long, and until then nobody asks it anything."""
        provider, node = self.home()

        def asked():
            return [r["path"] for r in provider.get("log") if r["path"] != "/authorize"]

        for path, rule in (("/token", {"status": 503, "headers": {"Retry-After": "1800"}}),
                           ("openid-configuration", {"status": 429,
                                                     "headers": {"Retry-After": "1800"}})):
            provider.restore()
            provider.faults({"path": path, "times": 1, **rule})
            for again in (False, True):
                provider.post("clear")
                browser = self.sign_in(provider, node)
                self.assert_out(browser, path)
                self.assertEqual(browser.page.status, 503)
                self.assertRegex(browser.page.text,
                                 "The provider has asked for a pause, and is asked nothing "
                                 "meanwhile. Wait [0-9]+ minutes, then try again.")
                self.assertIn(int(browser.page.headers["Retry-After"]), range(1, 1801))
                self.assertEqual(any(path in a for a in asked()), not again, asked())
            node.stop()
            node.start()
        provider.restore()
        for seconds in ("1", "soon"):  # it is over, or it was none
            provider.faults({"path": "/token", "times": 1, "status": 503,
                             "headers": {"Retry-After": seconds}})
            self.assert_out(self.sign_in(provider, node), seconds)
            until(lambda: self.sign_in(provider, node).page.status == 303, "the end of the pause")
        self.assertNotIn('"level":"error"', node.log_text())
        self.assertNotIn(" error ", node.log_text())

    def test_configuration(self):
        provider, node = self.home(secret="wrong")
        self.assert_out(self.sign_in(provider, node))
        self.assertIn("check client_id and client_secret", node.log_text())
        provider, node = self.home(issuer="http://127.0.0.1:1")
        self.assert_out(self.sign_in(provider, node))
        node = self.node("[oidc house]\nissuer = https://id.example.org\n", start=False)
        self.assertIn("50-test.conf:1: [oidc house] needs client_id", node.cli("serve", code=2))
        node = self.node("[oidc house]\nissuer = http://id.example.org\nclient_id = x\n",
                         start=False)
        self.assertIn("must be an https address", node.cli("serve", code=2))

    def test_allow(self):
        provider, node = self.home(config="[auth]\nallow = *@example.net\n")
        browser = self.sign_in(provider, node)
        self.assert_out(browser)
        self.assertIn("Not on this server", browser.page.title)

    def test_allow_counts_the_address_of_the_account(self):
        """Linked once; the provider says an address that the list has,
        but the account's is not in it."""
        provider, node = self.home()
        self.assert_in(self.sign_in(provider, node))
        node.configure("70-allow", "[auth]\nallow = *@example.net\n")
        node.stop()
        node.start()
        provider.user(email="ada@example.net")
        browser = self.sign_in(provider, node)
        self.assert_out(browser)
        self.assertEqual(browser.page.status, 403)


if __name__ == "__main__":
    unittest.main()

"""Signing in on the accounts server's pages, and what its OAuth and profile servers say."""
import html
import json
import re
import unittest
import urllib.parse

import jwe
from accounts_client import CLIENT, Firefox, Relier, query_of
from client import fetch
from clients import OLDSYNC, SESSION
from crypto import hkdf
from oauth import challenge_of
from test_accounts import AccountCase

CALLBACK = "https://home.example/auth/callback"


class OAuthSignIn(AccountCase):
    def relier(self, **changes):
        return Relier(self.service.url, **changes)

    def code(self, relier, email, **how):
        status, address, text = self.service.visit(relier.address(), email, **how)
        self.assertEqual(status, 302, text)
        said = query_of(address)
        self.assertEqual(said["state"], relier.state)
        return said["code"]

    def keys(self, relier, email, **how):
        tokens = relier.exchange(self.code(relier, email, **how))
        credentials = Firefox(self.service.url).credentials(tokens, jwe.unb64u(tokens["keys"]["k"]),
                                                            tokens["keys"]["kid"])
        self.reads(credentials, email)
        return tokens

    def test_flow(self):
        email, _ = self.person()
        relier = self.relier(email=email)
        status, _, text = fetch(relier.address())
        self.assertEqual(status, 200)
        self.assertIn(f'value="{email}"', text)
        self.assertEqual(html.unescape(re.search(r'action="([^"]*)"', text)[1]),
                         relier.address().removeprefix(self.service.url))
        status, address, _ = self.service.visit(relier.address(), email)
        self.assertTrue(address.startswith(f"{self.service.url}/oauth/success/{CLIENT}?"))
        self.assertEqual(sorted(query_of(address)), ["action", "code", "state"])
        self.assertRegex(query_of(address)["code"], "^[0-9a-f]{64}$")
        self.assertEqual(fetch(address)[0], 200)  # stays there, with its query
        tokens = self.keys(relier, email)
        self.assertEqual((tokens["token_type"], tokens["scope"]), ("bearer", f"profile {OLDSYNC}"))
        self.assertEqual(
            Firefox(self.service.url).call("/v1/profile", bearer=tokens["access_token"])["email"],
            email)

    def test_own_client(self):
        client = self.service.new_client(CALLBACK)
        email, _ = self.person()
        relier = self.relier(client=client, redirect=CALLBACK)
        self.assertTrue(self.service.visit(relier.address(), email)[1].startswith(CALLBACK + "?"))
        self.keys(relier, email)
        self.service.new_client(CALLBACK, keys=False)
        self.assertNotIn("keys_jwe", relier.exchange(self.code(relier, email)))

    def test_known_redirect(self):
        email, _ = self.person()
        relier = self.relier(redirect=f"https://accounts.firefox.com/oauth/success/{CLIENT}")
        self.assertTrue(
            self.service.visit(relier.address(),
                               email)[1].startswith("https://accounts.firefox.com/oauth/success/"))

    def test_what_is_sent_back(self):
        """Mistakes of the client go back to it; where nobody knows who it is, they do not."""
        bad = [({name: value}, "invalid_request")
               for name, value in (("state", None), ("code_challenge", "short"),
                                   ("code_challenge", None), ("code_challenge_method", "plain"),
                                   ("access_type", "always"), ("keys_jwk", "e30"), ("keys_jwk",
                                                                                    "%%%"))]
        bad += [({"scope": "everything"}, "invalid_scope"), ({"scope": ""}, "invalid_scope"),
                ({"response_type": "token"}, "unsupported_response_type")]
        for changes, word in bad:
            relier = self.relier(**changes)
            status, address, _ = fetch(relier.address())
            self.assertEqual((status, query_of(address or "").get("error")), (302, word), changes)
        for changes in ({"client": "0000000000000000"}, {"redirect": "https://elsewhere.example/"},
                        {"redirect_uri": f"{self.service.url}/oauth/success/"}):
            status, address, _ = fetch(self.relier(**changes).address())
            self.assertEqual((status, address), (400, None), changes)

    def test_point_beside_the_curve(self):
        jwk = {**jwe.jwk_of(jwe.new_key().public_key()), "y": jwe.b64u(b"\1" * 32)}
        _, address, _ = fetch(self.relier(keys_jwk=jwe.b64u(json.dumps(jwk).encode())).address())
        self.assertEqual(query_of(address)["error"], "invalid_request")

    def test_wrong_password_and_cancel(self):
        email, _ = self.person()
        relier = self.relier()
        status, address, text = self.service.visit(relier.address(), email, password="<wrong>")
        self.assertEqual((status, address), (200, None))
        self.assertIn("Incorrect password", text)
        self.assertNotIn("<wrong>", text)
        status, address, _ = self.service.visit(relier.address(), email, answer="no")
        self.assertEqual(query_of(address), {"error": "access_denied", "state": relier.state})

    def test_second_factors(self):
        for factor in ("totp", "email-2fa", "email"):
            email, _ = self.person(second_factor=factor)
            relier = self.relier()
            status, _, text = self.service.visit(relier.address(), email)
            self.assertEqual((status, 'name="code"' in text), (200, True))
            self.assertEqual(self.service.visit(relier.address(), email, code="x")[0], 200)
            self.keys(
                relier, email,
                code=self.service.totp(email) if factor == "totp" else self.service.code(email))
        email, _ = self.person(second_factor="totp")
        self.keys(self.relier(), email,
                  code=self.service.get(f"sign-in/{email}")["recovery_codes"][1])

    def test_accounts_that_cannot(self):
        for settings, word in (({"verified": False}, "Unverified account"),
                               ({"must_change_password":
                                 True}, "Account must be reset"), ({"password":
                                                                    None}, "Incorrect password")):
            email, _ = self.person(**settings)
            self.assertIn(word,
                          self.service.visit(self.relier().address(), email, password=None)[2])

    def test_keys_withheld_and_spoiled(self):
        email, _ = self.person(jwe="none")
        relier = self.relier()
        self.assertNotIn("keys_jwe", relier.exchange(self.code(relier, email)))
        self.service.sign_in(email, jwe="tag")
        self.assertRaises(ValueError, relier.exchange, self.code(relier, email))
        self.service.sign_in(email, jwe=None)
        self.keys(relier, email)
        relier = self.relier(scope="profile")
        tokens = relier.exchange(self.code(relier, email))
        self.assertNotIn("keys_jwe", tokens)
        self.assertEqual(
            self.token_server(
                Firefox(self.service.url).credentials(tokens, bytes(64),
                                                      self.service.import_file(email)["kid"])), 401)


class TokenEndpoints(AccountCase):
    def setUp(self):
        super().setUp()
        self.email, self.firefox = self.person()
        self.relier = Relier(self.service.url)

    def fresh_code(self):
        return query_of(self.service.visit(self.relier.address(), self.email)[1])["code"]

    def test_code_is_good_once(self):
        code = self.fresh_code()
        self.relier.exchange(code)
        self.refused(105, self.relier.exchange, code, status=400)
        self.refused(172, self.relier.exchange, code, "/v1/oauth/token")

    def test_both_numberings(self):
        """A wrong attempt does not use the code up."""
        other = self.service.new_client(CALLBACK, id="00000000000000aa")
        for path, (client, mismatch, verifier, no_verifier, unknown,
                   late) in (("/v1/token", (101, 106, 117, 118, 105, 107)),
                             ("/v1/oauth/token", (162, 173, 175, 169, 172, 174))):
            code = self.fresh_code()
            self.refused(client, self.relier.exchange, code, path, client_id="1234567812345678")
            self.refused(mismatch, self.relier.exchange, code, path, client_id=other)
            self.refused(verifier, self.relier.exchange, code, path, code_verifier="x" * 43)
            self.refused(no_verifier, self.relier.exchange, code, path, code_verifier="short")
            self.refused(unknown, self.relier.exchange, "0" * 64, path)
            self.relier.exchange(code, path)
            code = self.fresh_code()
            self.service.post("expire-codes", email=self.email)
            self.refused(late, self.relier.exchange, code, path)

    def test_pkce_vector(self):
        self.assertEqual(challenge_of("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
                         "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")

    def test_refresh(self):
        tokens = self.relier.exchange(self.fresh_code())
        ask = {
            "grant_type": "refresh_token", "client_id": CLIENT, "refresh_token":
            tokens["refresh_token"], "ttl": 60
        }
        for path in ("/v1/token", "/v1/oauth/token"):
            answer = self.firefox.call(path, ask)
            self.assertEqual((answer["expires_in"], "refresh_token" in answer), (60, False))
            self.assertEqual(
                self.firefox.call(path, {**ask, "scope": "profile"})["scope"], "profile")
        self.refused(114, self.firefox.call, "/v1/token", {**ask, "scope": SESSION})
        self.refused(163, self.firefox.call, "/v1/oauth/token", {**ask, "scope": SESSION})
        self.refused(108, self.firefox.call, "/v1/token", {**ask, "client_id": "a2270f727f45f648"})
        self.refused(109, self.firefox.call, "/v1/token", {**ask, "ttl": "long"})
        self.firefox.call("/v1/destroy", {"refresh_token": tokens["refresh_token"]})
        self.refused(108, self.firefox.call, "/v1/token", ask)
        self.refused(182, self.firefox.call, "/v1/oauth/token", ask)
        self.refused(108, self.firefox.call, "/v1/destroy", {"token": tokens["refresh_token"]})

    def test_revoked_and_signed_in_again(self):
        tokens = self.relier.exchange(self.fresh_code())
        self.service.post("revoke", email=self.email, errno=110)
        ask = {
            "grant_type": "refresh_token", "client_id": CLIENT, "refresh_token":
            tokens["refresh_token"]
        }
        self.refused(110, self.firefox.call, "/v1/oauth/token", ask)
        again = self.relier.exchange(self.fresh_code())
        self.firefox.call("/v1/token", {**ask, "refresh_token": again["refresh_token"]})

    def test_rotation(self):
        tokens = self.relier.exchange(self.fresh_code())
        self.service.settings(rotate_refresh=True)
        self.addCleanup(self.service.settings, rotate_refresh=False)
        ask = {
            "grant_type": "refresh_token", "client_id": CLIENT, "refresh_token":
            tokens["refresh_token"]
        }
        fresh = self.firefox.call("/v1/token", ask)["refresh_token"]
        self.refused(108, self.firefox.call, "/v1/token", ask)
        self.firefox.call("/v1/token", {**ask, "refresh_token": fresh})

    def test_from_session(self):
        self.firefox.login(self.email, "a password")
        ask = {"client_id": CLIENT, "grant_type": "fxa-credentials", "scope": "profile"}
        self.assertNotIn("refresh_token",
                         self.firefox.call("/v1/oauth/token", ask, self.firefox.session))
        for errno, changes in ((162, {"client_id": "1111111111111111"}),
                               (166, {"client_id":
                                      "98e6508e88680e1a"}), (166, {"client_id":
                                                                   "7f368c6886429f19"}),
                               (163, {"client_id": "8269bacd7bbc7f80", "scope":
                                      OLDSYNC}), (163, {"scope":
                                                        "everything"}), (107, {"access_type":
                                                                               "x"})):
            self.refused(errno, self.firefox.call, "/v1/oauth/token", {**ask, **changes},
                         self.firefox.session)
        self.refused(110, self.firefox.call, "/v1/oauth/token", ask)
        self.refused(109, self.firefox.call, "/v1/token", ask, self.firefox.session)

    def test_session_scope(self):
        self.relier.query["scope"] += " " + SESSION
        token = self.relier.exchange(self.fresh_code())["session_token"]
        session = hkdf(bytes.fromhex(token), b"identity.mozilla.com/picl/v1/sessionToken", 32).hex()
        self.assertEqual(
            self.firefox.call("/v1/session/status", bearer=f"fxs_{session}")["state"], "verified")

    def test_long_access_tokens(self):
        client = self.service.new_client(CALLBACK, id="00000000000000bb", jwt=True)
        relier = Relier(self.service.url, client, CALLBACK)
        tokens = relier.exchange(
            query_of(self.service.visit(relier.address(), self.email)[1])["code"])
        self.assertTrue(500 < len(tokens["access_token"]) <= 1024)
        self.assertEqual(
            self.token_server(self.firefox.credentials(tokens, bytes(64), tokens["keys"]["kid"])),
            200)

    def test_introspection(self):
        tokens = self.relier.exchange(self.fresh_code())
        for name in ("refresh_token", "access_token"):
            said = self.firefox.call("/v1/introspect", {"token": tokens[name]})
            self.assertEqual((said["active"], said["token_type"], said["client_id"]),
                             (True, name, CLIENT))
            self.firefox.call("/v1/destroy", {"token": tokens[name]})
            self.assertEqual(self.firefox.call("/v1/introspect", {"token": tokens[name]}),
                             {"active": False})

    def test_profile_wants_its_scope(self):
        self.refused(100, self.firefox.call, "/v1/profile", bearer="0" * 64, status=401)
        self.relier.query["scope"] = OLDSYNC
        self.refused(101, self.firefox.call, "/v1/profile",
                     bearer=self.relier.exchange(self.fresh_code())["access_token"], status=403)

    def test_discovery(self):
        openid = self.firefox.call("/.well-known/openid-configuration")
        for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint",
                     "introspection_endpoint", "jwks_uri", "issuer"):
            self.assertTrue(openid[name].startswith(self.service.url), name)
        self.assertEqual(self.firefox.call(urllib.parse.urlsplit(openid["jwks_uri"]).path),
                         {"keys": []})
        self.service.faults({"path": "openid-configuration", "pad": 100000})
        self.assertEqual(len(self.firefox.call("/.well-known/openid-configuration")["padding"]),
                         100000)


if __name__ == "__main__":
    unittest.main()

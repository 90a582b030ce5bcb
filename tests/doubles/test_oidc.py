"""The OpenID Connect double: a right sign-in,
and that each switch makes just its own thing wrong."""
import base64
import http.client
import json
import secrets
import unittest
import urllib.parse

from accounts_client import query_of
from client import OidcProvider, fetch
from oauth import challenge_of
from oidc_tokens import verified

REDIRECT = "https://home.example/auth/oidc"


class OpenId(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.provider = OidcProvider(REDIRECT)
        cls.addClassCleanup(cls.provider.stop)

    def setUp(self):
        self.provider.restore()
        self.provider.clear()
        self.secret = self.provider.client()["client_secret"]
        self.verifier = secrets.token_urlsafe(40)

    def get(self, address, bearer=None):
        """(status, JSON or text)."""
        url = urllib.parse.urlsplit(address)
        return self.send("GET", url,
                         headers={"Authorization": f"Bearer {bearer}"} if bearer else {})

    def send(self, method, url, body=None, headers=None):
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        self.addCleanup(connection.close)
        connection.request(method, url.path, body, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode()

    def address(self, provider=None, **changes):
        query = {
            "client_id": "hearth", "redirect_uri": REDIRECT, "response_type": "code", "scope":
            "openid email", "state": "s t&", "nonce": "n-1", "code_challenge":
            challenge_of(self.verifier), "code_challenge_method": "S256", **changes
        }
        return f"{(provider or self.provider).issuer}/authorize?" + urllib.parse.urlencode(
            {k: v
             for k, v in query.items()
             if v is not None})

    def exchange(self, code, basic=True, provider=None, secret=None, **changes):
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": REDIRECT,
            "code_verifier": self.verifier, **changes
        }
        headers, pair = {"Content-Type": "application/x-www-form-urlencoded"}, ("hearth", secret
                                                                                or self.secret)
        if basic:
            headers["Authorization"] = "Basic " + base64.b64encode(":".join(
                map(urllib.parse.quote_plus, pair)).encode()).decode()
        else:
            form["client_id"], form["client_secret"] = pair
        form = urllib.parse.urlencode({k: v for k, v in form.items() if v is not None})
        return self.send("POST",
                         urllib.parse.urlsplit((provider or self.provider).issuer + "/token"), form,
                         headers)

    def code(self, provider=None, **changes):
        return query_of((provider or self.provider).visit(self.address(provider,
                                                                       **changes)))["code"]

    def tokens(self):
        status, tokens = self.exchange(self.code())
        self.assertEqual(status, 200)
        return tokens

    def claims(self, tokens=None):
        return verified((tokens or self.tokens())["id_token"],
                        self.get(self.provider.issuer + "/jwks")[1])

    def header(self):
        return json.loads(base64.urlsafe_b64decode(self.tokens()["id_token"].split(".")[0] + "=="))

    def test_flow(self):
        _, document = self.get(self.provider.issuer + "/.well-known/openid-configuration")
        self.assertEqual(document["issuer"], self.provider.issuer)
        tokens = self.tokens()
        claims = self.claims(tokens)
        self.assertEqual(
            (claims["iss"], claims["aud"], claims["nonce"], claims["sub"], claims["email"],
             claims["email_verified"]),
            (self.provider.issuer, "hearth", "n-1", "ada-1815", "ada@example.org", True))
        self.assertGreater(claims["exp"], claims["iat"])
        status, user = self.get(document["userinfo_endpoint"], tokens["access_token"])
        self.assertEqual((status, user["sub"], user["email"]),
                         (200, claims["sub"], claims["email"]))
        self.assertEqual(self.get(document["userinfo_endpoint"], "other")[0], 401)

    def test_prefix(self):
        with OidcProvider(REDIRECT, prefix="/realms/home") as provider:
            status, document = self.get(provider.issuer + "/.well-known/openid-configuration")
            self.assertEqual((status, document["issuer"]), (200, provider.url + "/realms/home"))
            _, tokens = self.exchange(self.code(provider), provider=provider)
            self.assertEqual(
                verified(tokens["id_token"],
                         self.get(document["jwks_uri"])[1])["iss"], provider.issuer)

    def test_form_and_refusal(self):
        self.provider.settings(approve=False)
        self.assertEqual(fetch(self.address())[0], 200)
        self.assertTrue(self.code())
        said = query_of(self.provider.visit(self.address(), answer="no"))
        self.assertEqual((said["error"], said["state"]), ("access_denied", "s t&"))

    def test_issuer_beside_the_code(self):
        self.assertEqual(query_of(self.provider.visit(self.address()))["iss"], self.provider.issuer)
        for said, seen in (("https://elsewhere.example", "https://elsewhere.example"), ("", None)):
            self.provider.settings(answer_iss=said)
            self.assertEqual(query_of(self.provider.visit(self.address())).get("iss"), seen)

    def test_mistakes_of_the_client(self):
        for changes, word in (({"response_type": "token"}, "unsupported_response_type"),
                              ({"scope": "email"}, "invalid_scope"), ({"code_challenge":
                                                                       None}, "invalid_request"),
                              ({"code_challenge_method": "plain"}, "invalid_request")):
            self.assertEqual(query_of(fetch(self.address(**changes))[1])["error"], word)
        for changes in ({"client_id": "other"}, {"redirect_uri":
                                                 REDIRECT + "/"}, {"redirect_uri": None}):
            self.assertEqual(fetch(self.address(**changes))[:2], (400, None))
        self.provider.settings(require_pkce=False)
        code = self.code(code_challenge=None, code_challenge_method=None)
        self.assertEqual(self.exchange(code, code_verifier=None)[0], 200)

    def test_code(self):
        code = self.code()
        self.assertEqual(self.exchange(code)[0], 200)
        for how, code in (({}, code), ({}, "none"), ({"code_verifier": "x" * 43}, self.code()),
                          ({"redirect_uri": "https://x/"}, self.code())):
            self.assertEqual(self.exchange(code, **how), (400, {"error": "invalid_grant"}))
        code = self.code()
        self.provider.post("expire-codes")
        self.assertEqual(self.exchange(code), (400, {"error": "invalid_grant"}))
        self.assertEqual(self.exchange(self.code(), grant_type="password"),
                         (400, {"error": "unsupported_grant_type"}))

    def test_client_authentication(self):
        for basic in (True, False):
            self.assertEqual(self.exchange(self.code(), basic)[0], 200)
            self.assertEqual(self.exchange(self.code(), basic, secret="wrong"),
                             (401, {"error": "invalid_client"}))
        for methods, basic in ((["client_secret_basic"], True), (["client_secret_post"], False)):
            self.provider.settings(auth_methods=methods)
            self.assertEqual(
                (self.exchange(self.code(), basic)[0], self.exchange(self.code(), not basic)[0]),
                (200, 401))
            self.assertEqual(
                self.get(self.provider.issuer + "/.well-known/openid-configuration")[1]
                ["token_endpoint_auth_methods_supported"], methods)
        self.provider.restore()
        self.addCleanup(self.provider.client, client_secret=self.secret)
        self.provider.client(client_secret="a:b%c +d&é")
        self.assertEqual(self.exchange(self.code(), secret="a:b%c +d&é")[0], 200)

    def test_wrong_claims(self):
        good = self.claims()
        for settings, name, value in (({"iss": "https://elsewhere.example"}, "iss",
                                       "https://elsewhere.example"), ({"aud":
                                                                       "other"}, "aud", "other"),
                                      ({"aud": ["hearth", "other"]}, "aud",
                                       ["hearth", "other"]), ({"azp": "other"}, "azp", "other"),
                                      ({"nonce":
                                        "another"}, "nonce", "another"), ({"nonce":
                                                                           ""}, "nonce", None),
                                      ({"claims": {"email_verified": False}}, "email_verified",
                                       False), ({"claims":
                                                 {"email":
                                                  None}}, "email", None), ({"claims":
                                                                            {"sub": 7}}, "sub", 7)):
            self.provider.restore()
            self.provider.settings(**settings)
            claims = self.claims()
            self.assertEqual(claims.get(name), value)
            same = set(good) - {name, "iat", "exp", "auth_time"}
            self.assertEqual({n: claims.get(n) for n in same}, {n: good[n] for n in same})
        self.provider.restore()
        self.provider.settings(exp=-60, iat=-3600)
        claims = self.claims()
        self.assertEqual(claims["exp"] - claims["iat"], 3540)

    def test_user(self):
        self.provider.user(sub="bob", email="bob@example.org", email_verified=None)
        claims = self.claims()
        self.assertEqual((claims["sub"], claims["email"], "email_verified" in claims),
                         ("bob", "bob@example.org", False))
        self.provider.settings(in_userinfo={"sub": "somebody else"})
        self.assertEqual(
            self.get(self.provider.issuer + "/userinfo",
                     self.tokens()["access_token"])[1]["sub"], "somebody else")

    def test_signatures(self):
        self.provider.settings(alg="ES256")
        self.assertEqual(self.claims()["sub"], "ada-1815")
        for algorithm in ("none", "HS256", "forged", "broken", "malformed"):
            self.provider.settings(alg=algorithm)
            with self.assertRaises(ValueError):
                self.claims()
            if algorithm != "malformed":
                self.assertEqual(self.header()["alg"],
                                 algorithm if algorithm in ("none", "HS256") else "RS256")
        self.provider.settings(alg="RS256", kid="unknown")
        self.assertRaises(ValueError, self.claims)
        self.provider.settings(kid="")
        self.assertNotIn("kid", self.header())
        self.provider.settings(id_token=False, kid=None)
        self.assertNotIn("id_token", self.tokens())

    def test_rotation(self):
        _, before = self.get(self.provider.issuer + "/jwks")
        old = self.tokens()["id_token"]
        self.provider.rotate(keep_old=True)
        _, both = self.get(self.provider.issuer + "/jwks")
        self.assertEqual((len(before["keys"]), len(both["keys"])), (2, 4))
        verified(old, both)
        with self.assertRaises(ValueError):
            verified(self.tokens()["id_token"], before)
        self.provider.rotate()
        with self.assertRaises(ValueError):
            verified(old, self.get(self.provider.issuer + "/jwks")[1])
        self.claims()

    def test_faults(self):
        jwks = self.provider.issuer + "/jwks"
        for rule, expected in (({"status": 500}, (500, "")), ({"body": "{"}, (200, "{")),
                               ({"status": 302, "headers": {"Location": jwks}}, (302, ""))):
            self.provider.faults({"path": "/jwks", **rule})
            self.assertEqual(self.get(jwks), expected)
        self.provider.faults({"path": "/jwks", "pad": 5 << 20})
        self.assertEqual(len(self.get(jwks)[1]["padding"]), 5 << 20)
        self.provider.faults({"path": "/token", "drop": True})
        with self.assertRaises(http.client.RemoteDisconnected):
            self.tokens()
        self.provider.settings(discovery={"issuer": "https://elsewhere.example", "jwks_uri": None})
        document = self.get(self.provider.issuer + "/.well-known/openid-configuration")[1]
        self.assertEqual((document["issuer"], "jwks_uri" in document),
                         ("https://elsewhere.example", False))

    def test_nonsense_is_refused(self):
        for name, data in (("settings", {"is": 1}), ("settings", {"alg": "MD5"}),
                           ("client", {"secret":
                                       1}), ("nothing", {}), ("faults", {"rules": [{"mach":
                                                                                    "x"}]})):
            with self.assertRaises(RuntimeError):
                self.provider.post(name, **data)

    def test_log_keeps_no_secret_header(self):
        self.tokens()
        entry = self.provider.log("/token")[-1]
        self.assertEqual((entry["auth"], entry["method_of_client"], entry["body"]["code_verifier"],
                          entry["status"]), ("Basic", "client_secret_basic", self.verifier, 200))


if __name__ == "__main__":
    unittest.main()

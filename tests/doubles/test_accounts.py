"""Signing in by password at the accounts server, with every way in which it can go another way."""
import http.client
import re
import time
import unittest
import urllib.parse

import onepw
from accounts_client import CLIENT, Firefox, Refusal
from case import Running
from client import ADA, fetch
from clients import OLDSYNC
from reader import Reader

PASSWORD = "pässwörd"


class AccountCase(Running):
    number = 0

    def person(self, *, size=None, **sign_in):
        """A fresh account and a Firefox that wants in."""
        AccountCase.number += 1
        email = f"person{AccountCase.number}@example.org"
        self.service.account(email, history=3, bookmarks=0, tabs=1,
                             sign_in={"version": "v1", **sign_in})
        return email, Firefox(self.service.url)

    def refused(self, errno, function, *args, status=None, **named):
        with self.assertRaises(Refusal) as caught:
            function(*args, **named)
        self.assertEqual(caught.exception.errno, errno, caught.exception)
        if status:
            self.assertEqual(caught.exception.status, status)
        return caught.exception

    def token_server(self, credentials):
        """The status with which it answers."""
        reader = Reader(credentials)
        self.addCleanup(reader.close)
        return reader.sign_in()[0]

    def reads(self, credentials, email):
        """The keys and tokens of a sign-in open the account's data."""
        self.assertEqual((credentials["sync_key"], credentials["kid"]),
                         tuple(self.service.import_file(email)[n] for n in ("sync_key", "kid")))
        reader = Reader(credentials)
        self.addCleanup(reader.close)
        self.assertEqual(reader.sign_in()[0], 200)
        return reader.records("history")


class PasswordSignIn(AccountCase):
    def test_ada(self):
        """The recorded person, with her recorded password, in both versions."""
        password = self.service.get(f"sign-in/{ADA}")["password"]
        for version in ("v1", "v2"):
            self.service.sign_in(version=version)
            firefox = Firefox(self.service.url)
            answer = firefox.login(ADA, password)
            self.assertTrue(answer["verified"])
            self.assertIn("keyFetchTokenVersion2" if version == "v2" else "keyFetchToken", answer)
            self.assertGreater(len(self.reads(firefox.finish("Ada's home"), ADA)), 5000)
        self.assertEqual([d["name"] for d in self.service.devices()],
                         ["Ada laptop", "Ada phone", "Ada's home", "Ada's home"])
        self.assertTrue(all(s["destroyed"] for s in self.service.sessions()))
        for refresh in self.service.tokens()["refresh"]:
            firefox.call("/v1/destroy", {"refresh_token": refresh["token"]})
        self.assertEqual([d["name"] for d in self.service.devices()], ["Ada laptop", "Ada phone"])

    def test_v2_takes_v1(self):
        email, firefox = self.person(version="v2", password=PASSWORD)
        answer = firefox.login(email, PASSWORD, "v1")
        self.assertIn("keyFetchToken", answer)
        self.reads(firefox.finish(), email)
        self.service.sign_in(email, both_fetch_tokens=True)
        self.assertLessEqual({"keyFetchToken", "keyFetchTokenVersion2"},
                             set(firefox.login(email, PASSWORD)))
        self.reads(firefox.finish(), email)

    def test_v1_does_not_take_v2(self):
        email, firefox = self.person()
        salt = self.service.get(f"sign-in/{email}")["client_salt"]
        login = {"email": email, "authPW": onepw.stretch_v2(salt, "a password").auth_pw}
        self.refused(103, firefox.call, "/v1/account/login?keys=true", login)
        self.service.sign_in(email, version="v2")
        firefox.call("/v1/account/login?keys=true", login)

    def test_wrong(self):
        email, firefox = self.person()
        self.refused(103, firefox.login, email, "another", status=400)
        self.refused(102, firefox.login, "nobody@example.org", "a password", "v1")
        self.refused(102, firefox.stretch, "nobody@example.org", "a password")
        self.refused(107, firefox.call, "/v1/account/login", {"email": email, "authPW": "xyz"})
        self.refused(108, firefox.call, "/v1/account/login", {"email": email})
        self.refused(107, firefox.login, email, "a password", method="pigeon")
        self.refused(106, firefox.call, "/v1/account/login", ["a list"])
        self.refused(116, firefox.call, "/v1/account/lgin", {}, status=404)

    def test_spelling(self):
        """An e-mail in other letters: once more with those that the server names.
        Version 2 does not care."""
        email, firefox = self.person()
        typed = email.title()
        said = self.refused(120, firefox.login, typed, "a password")
        self.assertEqual(said.body["email"], email)
        firefox.login(said.body["email"], "a password", originalLoginEmail=typed)
        self.service.sign_in(email, version="v2")
        firefox.login(typed, "a password")
        self.reads(firefox.finish(), email)

    def test_no_password(self):
        email, firefox = self.person(password=None)
        self.refused(210, firefox.login, email, "a password", "v1")

    def test_without_keys(self):
        email, firefox = self.person()
        answer = firefox.call(
            "/v1/account/login",
            {"email": email, "authPW": onepw.stretch_v1(email, "a password").auth_pw})
        self.assertFalse({"keyFetchToken", "keyFetchTokenVersion2"} & set(answer))

    def test_keys_once(self):
        email, firefox = self.person()
        firefox.login(email, "a password")
        firefox.k_b()
        self.refused(110, firefox.k_b, status=401)
        firefox.reauth(email, "a password")
        firefox.k_b()
        self.refused(103, firefox.reauth, email, "another")

    def test_reset(self):
        email, firefox = self.person()
        firefox.login(email, "a password")
        old = firefox.finish()
        self.service.reset(email, password="a new one")
        self.refused(103, firefox.login, email, "a password")
        firefox.login(email, "a new one")
        fresh = firefox.finish()
        self.assertNotEqual((old["kid"], old["sync_key"]), (fresh["kid"], fresh["sync_key"]))
        self.assertEqual(self.token_server(old), 401)
        reader = Reader(fresh)
        self.addCleanup(reader.close)
        reader.sign_in()
        self.assertEqual(reader.get("/info/collections"), {})
        self.service.reset(email, keep_key=True)
        self.refused(108, firefox.call, "/v1/token", {
            "grant_type": "refresh_token", "client_id": CLIENT, "refresh_token":
            fresh["refresh_token"]
        })
        firefox.login(email, "a new one")
        self.assertEqual(firefox.finish()["kid"], fresh["kid"])

    def test_new_password(self):
        email, firefox = self.person()
        firefox.login(email, "a password")
        old = firefox.finish()
        firefox.login(email, "a password")
        self.service.change_password("another", email)
        self.refused(110, firefox.call, "/v1/session/status", token=firefox.session)
        self.refused(108, firefox.call, "/v1/token", {
            "grant_type": "refresh_token", "client_id": CLIENT, "refresh_token":
            old["refresh_token"]
        })
        self.assertEqual((self.token_server(old), self.service.devices(email)), (401, []))
        firefox.login(email, "another")
        self.assertEqual(
            self.reads(firefox.finish(), email).keys(),
            self.reader(email).records("history").keys())


class SecondFactors(AccountCase):
    def closed(self, firefox):
        """Nothing that needs a proven session works."""
        self.refused(138, firefox.k_b)
        self.refused(138, firefox.call, "/v1/oauth/token",
                     {"client_id": CLIENT, "grant_type": "fxa-credentials", "scope": OLDSYNC},
                     firefox.session)
        self.refused(138, firefox.call, "/v1/account/scoped-key-data",
                     {"client_id": CLIENT, "scope": OLDSYNC}, firefox.session)
        self.assertEqual(
            firefox.call("/v1/session/status", token=firefox.session)["state"], "unverified")

    def ask(self, method, **sign_in):
        email, firefox = self.person(**sign_in)
        answer = firefox.login(email, "a password")
        self.assertEqual((answer["sessionVerified"], answer["emailVerified"],
                          answer["verificationMethod"], answer["verificationReason"]),
                         (False, True, method, "login"))
        self.closed(firefox)
        return email, firefox

    def test_totp(self):
        email, firefox = self.ask("totp-2fa", second_factor="totp")
        right = self.service.totp(email)
        self.assertEqual(firefox.verify("verify/totp", f"{(int(right) + 500000) % 1000000:06d}"),
                         {"success": False})
        self.closed(firefox)
        self.assertEqual(firefox.verify("verify/totp", self.service.totp(email)), {"success": True})
        self.reads(firefox.finish(), email)
        firefox.login(email, "a password")
        self.assertEqual(firefox.call("/v1/session/resend_code", {}, firefox.session), {})
        self.assertEqual(self.service.mails(email), [])
        backup = self.service.get(f"sign-in/{email}")["recovery_codes"][0]
        self.assertEqual(firefox.verify("verify/recoveryCode", backup), {"remaining": 2})
        self.refused(156, firefox.verify, "verify/recoveryCode", backup)
        self.reads(firefox.finish(), email)

    def test_fixed_code(self):
        email, firefox = self.ask("totp-2fa", second_factor="totp", code="424242")
        self.assertEqual(
            (firefox.verify("verify/totp", "424243"), firefox.verify("verify/totp", "424242")),
            ({"success": False}, {"success": True}))
        self.refused(155, Firefox.verify, self.signed_in("email-2fa"), "verify/totp", "424242")

    def signed_in(self, factor):
        email, firefox = self.person(second_factor=factor)
        firefox.login(email, "a password")
        return firefox

    def test_mailed_code(self):
        for factor in ("email-2fa", "email-otp"):
            email, firefox = self.ask(factor, second_factor=factor)
            first = self.service.code(email)
            firefox.call("/v1/session/resend_code", {}, firefox.session)
            self.assertEqual([m["kind"] for m in self.service.mails(email)], ["login", "login"])
            if first != self.service.code(email):
                self.refused(183, firefox.verify, "verify_code", first)
            firefox.verify("verify_code", self.service.code(email))
            self.reads(firefox.finish(), email)

    def test_late_and_wrong_codes(self):
        email, firefox = self.ask("email-2fa", second_factor="email-2fa", code="123456")
        for errno in (183, 105, 152, 153):
            self.service.sign_in(email, code_errno=errno)
            self.refused(errno, firefox.verify, "verify_code", "654321", status=400)
        self.service.post("expire-codes", email=email)
        self.refused(153, firefox.verify, "verify_code", "123456")
        firefox.call("/v1/session/resend_code", {}, firefox.session)
        firefox.verify("verify_code", "123456")

    def test_link(self):
        email, firefox = self.ask("email", second_factor="email")
        uid, code = self.service.get(f"accounts/{email}")["uid"], self.service.code(email, "link")
        self.assertEqual(
            fetch(f"{self.service.url}/complete_signin?uid={uid}&code={'0' * 32}")[0], 400)
        self.assertEqual(fetch(f"{self.service.url}/complete_signin?uid={uid}&code={code}")[0], 200)
        self.assertTrue(
            firefox.call("/v1/recovery_email/status", token=firefox.session)["verified"])
        self.reads(firefox.finish(), email)
        email, firefox = self.ask("email", second_factor="email")
        self.service.confirm(email)
        self.assertEqual(
            firefox.call("/v1/session/status", token=firefox.session)["state"], "verified")
        email, firefox = self.ask("email", second_factor="email")
        firefox.call(
            "/v1/recovery_email/verify_code", {
                "uid": self.service.get(f"accounts/{email}")["uid"], "code": self.service.code(
                    email, "link")
            })
        self.reads(firefox.finish(), email)

    def test_as_asked(self):
        email, firefox = self.person(second_factor="asked")
        for method, given in (("email-2fa", "email-2fa"), ("email-otp", "email-otp"),
                              ("email", "email"), ("totp-2fa", "email")):
            self.assertEqual(
                firefox.login(email, "a password", method=method)["verificationMethod"], given)

    def test_unconfirmed_account(self):
        email, firefox = self.person(verified=False)
        answer = firefox.login(email, "a password")
        self.assertEqual((answer["emailVerified"], answer["verificationReason"]), (False, "signup"))
        self.refused(104, firefox.k_b)
        self.service.confirm(email)
        self.reads(firefox.finish(), email)  # with the same token

    def test_locked_account(self):
        email, firefox = self.person(must_change_password=True, second_factor="email-2fa")
        answer = firefox.login(email, "a password")
        self.assertEqual((answer["sessionVerified"], answer["verificationReason"]),
                         (False, "change_password"))
        self.service.confirm(email)
        self.closed(firefox)
        self.service.sign_in(email, second_factor="totp")
        firefox.verify("verify/totp", self.service.totp(email))
        self.closed(firefox)  # no code opens it


class Obstacles(AccountCase):
    def test_blocked(self):
        email, firefox = self.person(blocked=True)
        self.assertNotIn("verificationMethod",
                         self.refused(125, firefox.login, email, "a password", status=400).body)
        self.refused(125, firefox.login, email, "a password", unblockCode="AAAAAAAA")

    def test_unblocked(self):
        for way, errno in (({"blocked": True}, 125), ({"throttled": 90}, 114)):
            email, firefox = self.person(unblock=True, **way)
            self.assertEqual(
                self.refused(errno, firefox.login, email, "a password").body["verificationMethod"],
                "email-captcha")
            firefox.call("/v1/account/login/send_unblock_code", {"email": email})
            self.refused(127, firefox.login, email, "a password", unblockCode="AAAAAAAA")
            self.refused(107, firefox.login, email, "a password", unblockCode="no code")
            firefox.login(email, "a password", unblockCode=self.service.code(email, "unblock"))
            self.reads(firefox.finish(), email)
            # once
            self.refused(127, firefox.login, email, "a password",
                         unblockCode=self.service.code(email, "unblock"))

    def test_throttled(self):
        email, firefox = self.person(throttled=77)
        said = self.refused(114, firefox.login, email, "a password", status=429)
        self.assertEqual((said.headers["Retry-After"], said.body["retryAfter"]), ("77", 77))
        self.assertNotIn("verificationMethod", said.body)

    def test_anti_bot(self):
        email, firefox = self.person(anti_bot=True)
        firefox.stretch(email, "a password")
        said = self.refused(None, firefox.login, email, "a password", status=406)
        self.assertEqual((said.body, said.headers["Content-Length"]), ({}, "0"))
        self.service.sign_in(email, anti_bot="all")
        self.refused(None, firefox.stretch, email, "a password", status=406)

    def test_any_error(self):
        email, firefox = self.person()
        firefox.login(email, "a password")
        for path, errno, status, function in (
            ("/v1/account/login", 142, None, lambda: firefox.login(email, "a password")),
            ("/v1/account/credentials/status", 201, 503,
             lambda: firefox.stretch(email, "a password")),
            ("/v1/session/status", 999, 500,
             lambda: firefox.call("/v1/session/status", token=firefox.session))):
            self.service.fail(path, errno, status, email=email)
            self.assertEqual(self.refused(errno, function, status=status).body["email"], email)
            function()

    def test_old_server(self):
        email, firefox = self.person()
        self.service.settings(old_server=True, credentials_status=False)
        self.addCleanup(self.service.settings, old_server=False, credentials_status=True)
        self.refused(116, firefox.stretch, email, "a password", status=404)
        firefox.login(email, "a password", "v1")
        self.refused(110, firefox.k_b, status=401)
        firefox.hawk_only = True
        self.reads(firefox.finish(), email)

    def test_hawk(self):
        """Its refusals, and the payload's hash that only old servers want."""
        email, firefox = self.person()
        firefox.login(email, "a password")
        path, body = "/v1/session/resend_code", b"{}"

        def send(**how):
            return firefox.call(
                path, {}, headers={
                    "Authorization": firefox.signed("POST", path, body, firefox.session, **how)
                })

        send()
        send(with_hash=False)
        self.assertIn("serverTime", self.refused(111, send, ts=time.time() - 3600, status=401).body)
        send(nonce="once12")
        self.refused(115, send, nonce="once12", status=401)
        path = "/v1/session/resend_code?x"
        good = firefox.signed("POST", "/v1/session/resend_code", body, firefox.session)
        self.refused(109, firefox.call, path, {}, headers={"Authorization": good}, status=401)
        self.service.settings(old_server=True)
        self.addCleanup(self.service.settings, old_server=False)
        path = "/v1/session/resend_code"
        send()
        self.refused(109, send, with_hash=False, status=401)
        body = b'{"other":1}'
        self.refused(109, send, status=401)

    def test_bearer_is_strict(self):
        email, firefox = self.person()
        firefox.login(email, "a password")
        good = firefox.session.id
        for bearer in (f"fxs_{good.upper()}", f"fxk_{good}", f"fxs_{good}0", f"fxs_{good[:-1]}",
                       good, f"fxs_{firefox.session.token.hex()}", f"fxs {good}",
                       f"fxk_{firefox.fetch.id}"):
            self.refused(110, firefox.call, "/v1/session/status", bearer=bearer, status=401)
        firefox.call("/v1/session/status", bearer=f"fxs_{good}")

    def test_devices(self):
        email, firefox = self.person()
        firefox.login(email, "a password")
        tokens = firefox.finish("The first name")
        bearer = tokens["refresh_token"]
        device = firefox.call("/v1/account/device", {"name": "Another", "type": "tablet"},
                              bearer=bearer)
        self.assertEqual([(d["name"], d["type"], d["of"]) for d in self.service.devices(email)],
                         [("Another", "tablet", "refresh")])
        self.assertEqual([(d["id"], d["isCurrentDevice"])
                          for d in firefox.call("/v1/account/devices", bearer=bearer)],
                         [(device["id"], True)])
        self.refused(123, firefox.call, "/v1/account/device", {"id": "0" * 32, "name": "x"},
                     bearer=bearer)
        self.refused(107, firefox.call, "/v1/account/device",
                     {"name": "x" * 256, "type": "desktop"}, bearer=bearer)
        self.refused(107, firefox.call, "/v1/account/device", {"name": "x", "type": "toaster"},
                     bearer=bearer)
        firefox.call("/v1/oauth/destroy", {"client_id": CLIENT, "token": bearer})
        self.assertEqual((self.service.devices(email), self.service.tokens(email)["refresh"]),
                         ([], []))
        self.refused(110, firefox.call, "/v1/account/devices", bearer=bearer)

    def test_log(self):
        """What a client sends can be looked at, but no header with a token in it."""
        email, firefox = self.person()
        firefox.login(email, "a password")
        entry = self.service.log("/v1/account/login")[-1]
        self.assertEqual(
            (entry["kind"], entry["account"], entry["body"]["verificationMethod"], entry["status"]),
            ("accounts", email, "email-2fa", 200))
        self.assertTrue(re.match(r"^[0-9a-f]{64}$", entry["body"]["authPW"]))

    def test_hostile_bodies(self):
        """Anything is answered, and never with 500."""
        for path in ("/v1/account/login", "/v1/account/credentials/status", "/v1/oauth/token",
                     "/v1/token", "/v1/destroy", "/v1/introspect", "/authorization"):
            for body in (b"", b"{", b"[]", b"{}", b'{"email":[1]}', b'{"email":"a","authPW":7}',
                         b"\xff\xfe", b'{"grant_type":{},"token":[],"client_id":[]}',
                         b'{"grant_type":"authorization_code","client_id":"%s","code":9}' %
                         CLIENT.encode()):
                connection = http.client.HTTPConnection(
                    urllib.parse.urlsplit(self.service.url).netloc, timeout=60)
                connection.request("POST", path, body)
                status = connection.getresponse().status
                connection.close()
                self.assertTrue(400 <= status < 500, (path, body, status))

    def test_settings_are_checked(self):
        for wrong in ({"second_factor": "sms"}, {"version": "v3"}, {"passwrod":
                                                                    "x"}, {"jwe": "wrong"}):
            with self.assertRaises(RuntimeError):
                self.service.sign_in(ADA, **wrong)


if __name__ == "__main__":
    unittest.main()

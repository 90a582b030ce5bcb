"""Signing in to a Mozilla account: from an empty server to the first tabs, in each way; and
every way in which it can go wrong."""
import json
import re
import signal
import subprocess
import unittest

from browser import Browser
from harness import ADA, HEARTHD, TestCase, until  # first: it tells where doubles are
from client import OidcProvider
from servers import Redis

CLIENT = "3c49430b43dfba77"


class SigningIn(TestCase):
    def empty(self, own_callback=False, config="", load=True, **web):
        """A service and a server without accounts. own_callback: the server is a registered
        client of the accounts server."""
        service = self.service(load=load) if not load else self.service()
        node = self.node(
            f"[sync firefox]\nplugin = fx\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n{config}"
        )
        if own_callback:
            client = service.new_client(node.address + "/auth/callback")
            node.configure(
                "60-client",
                f"[sync firefox]\nclient_id = {client}\nredirect_uri = "
                f"{node.address}/auth/callback\n"
                f"[listen main]\naddress = {node.address.partition('//')[2]}\n")
            node.stop()
            node.start()
        return service, node

    def start(self, node, way, next="/tabs", **fields):
        browser = Browser(
            node.address, {
                "User-Agent":
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Sec-Fetch-Site": "same-origin"
            })
        browser.open(f"{node.address}/auth/signin?next={next}")
        if "belongs to nobody yet" in browser.page.text:
            fields.setdefault("setup", node.setup_code)
        browser.submit({
            "browser": "Continue with your Mozilla account", "password": "Sign in with a password"
        }[way], until=node.address + next, **fields)
        return browser

    def password(self, service, email=ADA):
        return service.get(f"sign-in/{email}")["password"]

    def assert_in(self, browser, node, email=ADA, next="/tabs"):
        """Signed in, and the first tabs are there."""
        self.assertEqual(browser.page.status, 303, browser.page.text)
        self.assertEqual(browser.page.headers["Location"], next)
        me = lambda: json.loads(browser.request("GET", "/api/v1/me").body)["account"]
        self.assertEqual(me()["email"], email)
        until(lambda: me()["state"] in ("ok", "waiting") and me()["last_sync"], "the first sync")
        return me()

    def assert_tabs(self, browser, node):
        self.assert_in(browser, node)
        tabs = json.loads(browser.request("GET", "/api/v1/tabs").body)["devices"]
        self.assertGreater(sum(len(d["tabs"]) for d in tabs), 0)

    def assert_clean(self, service, email=ADA, device=None):
        """The session is destroyed; this server is in the list of devices under the right name."""
        self.assertTrue(all(s["destroyed"] for s in service.sessions(email)))
        own = [d["name"] for d in service.devices(email) if d["of"] == "refresh"]
        self.assertEqual(own[-1:], [device] if device else own[-1:])
        self.assertTrue(own)

    # --- in the browser

    def test_own_callback(self):
        service, node = self.empty(own_callback=True)
        browser = self.start(node, "browser", device="Ada\u2019s \"home\"")
        self.assertEqual(browser.page.title, "Sign in to your Mozilla account \u2013 Hearth")
        address = browser.page.links["Continue"]
        self.assertIn(address.replace("&", "&amp;"), browser.page.refresh.replace("&", "&amp;"))
        query = dict(re.findall(r"[?&](\w+)=([^&]*)", address))
        self.assertEqual(
            (query["code_challenge_method"], query["access_type"], query["response_type"]),
            ("S256", "offline", "code"))
        status, back, _ = service.visit(address)
        self.assertEqual(status, 302)
        browser.headers["Sec-Fetch-Site"] = "cross-site"
        browser.open(back, until=node.address + "/tabs")
        self.assert_tabs(browser, node)
        self.assertIn("Ada\u2019s \"home\"", [d["name"] for d in service.devices()])
        for _ in range(2):
            self.assertEqual(browser.open(node.address + "/auth/step").status, 410)

    def test_pasted_address(self):
        service, node = self.empty()
        browser = self.start(node, "browser")
        self.assertIn("copy the whole address", browser.page.text)
        status, ended, _ = service.visit(browser.page.links["Open the sign-in page"])
        self.assertEqual(status, 302)
        browser.submit("Continue", f_address="https://accounts.example.org/nothing")
        self.assertIn("no code in what was pasted", browser.page.text)
        browser.submit("Continue", f_address=ended.replace("state=", "state=x"))
        self.assertIn("belongs to another sign-in", browser.page.text)
        browser.submit("Continue", until=node.address + "/tabs", f_address=f"  {ended}\n")
        self.assert_tabs(browser, node)
        self.assert_clean_device(service)

    def assert_clean_device(self, service):
        self.assertRegex([d["name"] for d in service.devices() if d["of"] == "refresh"][-1],
                         r"^Hearth on ")

    def test_bare_code(self):
        service, node = self.empty()
        browser = self.start(node, "browser")
        _, ended, _ = service.visit(browser.page.links["Open the sign-in page"])
        browser.submit("Continue", until=node.address + "/tabs",
                       f_address=re.search(r"code=(\w+)", ended)[1])
        self.assert_tabs(browser, node)

    def test_browser_refusals(self):
        service, node = self.empty(own_callback=True)
        for spoil, words in (("none", "did not hand over the key"), ("tag", "did not arrive whole"),
                             ("other_key", "did not arrive whole"),
                             ("off_curve", "did not arrive whole"), ("alg", "did not arrive whole"),
                             ("enc", "did not arrive whole"), ("parts", "did not arrive whole"),
                             ("not_json", "did not arrive whole"), ("other_scope",
                                                                    "did not arrive whole"),
                             ("short_key", "did not arrive whole"), ("no_kid",
                                                                     "did not arrive whole")):
            service.sign_in(ADA, jwe=spoil)
            browser = self.start(node, "browser")
            back = service.visit(browser.page.links["Continue"])[1]
            browser.open(back)
            self.assertEqual(browser.page.status, 403, spoil)
            self.assertIn(words, browser.page.text, spoil)
            self.assertNotIn("hearth_session", browser.cookies())
            node.stop()
            node.start()  # there are limits
        service.sign_in(ADA, jwe=None)
        browser = self.start(node, "browser")
        state = re.search(r"[?&]state=([^&]+)", browser.page.links["Continue"])[1]
        declined = browser.open(node.address + "/auth/callback?error=access_denied&state=" + state)
        self.assertIn("did not allow it", declined.text)
        browser = self.start(node, "browser")
        stolen = service.visit(browser.page.links["Continue"])[1]
        victim = self.start(node, "browser")
        # login CSRF: another's code
        self.assertIn("belongs to another sign-in", victim.open(stolen).text)
        self.assertEqual(Browser(node.address).open(stolen).status, 410)  # without an attempt
        self.assertEqual(node.cli_json("account", "list"), [])

    # --- with a password

    def test_password(self):
        service, node = self.empty()
        browser = self.start(node, "password", email=ADA)
        self.assertIn(ADA, browser.page.text)
        browser.submit("Continue", f_password="not it")
        self.assertIn("not right", browser.page.text)
        self.assertEqual(len(service.log("/account/login")), 1)  # never tried again by itself
        browser.submit("Continue", until=node.address + "/tabs", f_password=self.password(service))
        self.assert_tabs(browser, node)
        self.assert_clean(service)

    def test_totp(self):
        for version in ("v1", "v2"):
            service, node = self.empty()
            service.sign_in(ADA, second_factor="totp", version=version)
            browser = self.start(node, "password", email=ADA)
            browser.submit("Continue", f_password=self.password(service))
            self.assertIn("Two-step authentication", browser.page.title)
            browser.submit("Continue", f_code="000000")
            self.assertIn("not right", browser.page.text)
            browser.submit("Continue", until=node.address + "/tabs",
                           f_code=service.get(f"totp/{ADA}")["code"])
            self.assert_tabs(browser, node)
            self.assert_clean(service)

    def test_backup_code(self):
        service, node = self.empty()
        service.sign_in(ADA, second_factor="totp")
        browser = self.start(node, "password", email=ADA)
        browser.submit("Continue", f_password=self.password(service))
        browser.submit("Use a backup code instead")
        browser.submit("Continue", f_code="nonsense")
        self.assertIn("backup code is not right", browser.page.text)
        browser.submit("Continue", until=node.address + "/tabs",
                       f_code=service.get(f"sign-in/{ADA}")["recovery_codes"][0])
        self.assert_tabs(browser, node)

    def test_mailed_code(self):
        for factor in ("email-2fa", "email-otp"):
            service, node = self.empty()
            service.sign_in(ADA, second_factor=factor)
            browser = self.start(node, "password", email=ADA)
            browser.submit("Continue", f_password=self.password(service))
            first = service.code(ADA)
            browser.submit("Continue", f_code="999 999" if first != "999999" else "111 111")
            self.assertIn("not right", browser.page.text)
            browser.submit("Send the mail again")
            self.assertIn("new mail", browser.page.text)
            browser.submit("Continue", until=node.address + "/tabs",
                           f_code=f" {service.code(ADA)} ")
            self.assert_tabs(browser, node)
            self.assert_clean(service)

    def test_mailed_code_is_refused(self):
        """Numbers 105, 152, 153 and 183: wrong, or too late. One may try again."""
        service, node = self.empty()
        service.sign_in(ADA, second_factor="email-2fa")
        browser = self.start(node, "password", email=ADA)
        browser.submit("Continue", f_password=self.password(service))
        for number, words in ((105, "That code is not right"), (152, "has run out"),
                              (153, "That code is not right"), (183, "not right, or has run out")):
            service.sign_in(ADA, code_errno=number)
            browser.submit("Continue",
                           f_code="000000" if service.code(ADA) != "000000" else "111111")
            self.assertIn(words, browser.page.text, number)
        service.post("expire-codes", email=ADA)
        browser.submit("Continue", f_code=service.code(ADA))
        self.assertIn("run out", browser.page.text)
        browser.submit("Send the mail again")
        browser.submit("Continue", until=node.address + "/tabs", f_code=service.code(ADA))
        self.assert_tabs(browser, node)

    def test_attempts_are_few(self):
        """From one address, and for one e-mail address whatever the browser."""
        service, node = self.empty()
        browser = self.start(node, "password", email=ADA)
        for i in range(25):
            service.faults({"path": "/v1/account/login", "auth_error": 103})
            if i % 5 == 4:
                browser = self.start(node, "password", email=ADA.upper())
            if browser.page.status != 429:
                browser.submit("Continue", f_password=f"guess {i}")
            if browser.page.status == 429:
                break
        self.assertIn("Too many tries", browser.page.title)
        self.assertLess(len(service.log("/account/login")), 21)

    def test_mailed_link(self):
        service, node = self.empty()
        service.sign_in(ADA, second_factor="email")
        browser = self.start(node, "password", email=ADA)
        browser.submit("Continue", f_password=self.password(service))
        self.assertIn("sent a mail with a link", browser.page.text)
        self.assertEqual(browser.page.refresh, "10")
        service.clear()
        for _ in range(5):  # a page that is fetched again and again does not ask again and again
            browser.open("/auth/step")
            self.assertIn("sent a mail with a link", browser.page.text)
        self.assertLess(len(service.log("/session/status")), 3)
        service.confirm(ADA)
        until(lambda: browser.open("/auth/step", until=node.address + "/tabs").status == 303,
              "the link is noticed")
        self.assert_tabs(browser, node)

    def test_unblock(self):
        service, node = self.empty()
        service.sign_in(ADA, blocked=True, unblock=True)
        browser = self.start(node, "password", email=ADA)
        browser.submit("Continue", f_password=self.password(service))
        self.assertIn("wants to be sure", browser.page.text)
        browser.submit("Continue", f_code="AAAAAAAA")
        self.assertIn("newest mail", browser.page.text)
        browser.submit("Continue", until=node.address + "/tabs",
                       f_code=service.code(ADA, "unblock"))
        self.assert_tabs(browser, node)

    def test_email_case(self):
        service, node = self.empty()
        service.sign_in(ADA, version="v1")
        browser = self.start(node, "password", email=ADA.upper())
        browser.submit("Continue", until=node.address + "/tabs", f_password=self.password(service))
        self.assert_tabs(browser, node)
        logins = [
            json.loads(r["body"]) if isinstance(r["body"], str) else r["body"]
            for r in service.log("/account/login")
        ]
        self.assertEqual([l.get("originalLoginEmail") for l in logins], [None, ADA.upper()])

    def test_old_server(self):
        """No Bearer, no credentials/status."""
        service, node = self.empty()
        service.settings(old_server=True, credentials_status=False)
        service.sign_in(ADA, version="v1", second_factor="totp")
        browser = self.start(node, "password", email=ADA)
        browser.submit("Continue", f_password=self.password(service))
        browser.submit("Continue", until=node.address + "/tabs",
                       f_code=service.get(f"totp/{ADA}")["code"])
        self.assert_tabs(browser, node)

    def refusal(self, service, node, **settings):
        plain = {
            "blocked": False, "unblock": False, "throttled": None, "anti_bot": False,
            "must_change_password": False, "verified": True
        }
        service.sign_in(ADA, **{**plain, **settings})
        browser = self.start(node, "password", email=ADA)
        return browser.submit("Continue", f_password=self.password(service) or "x"), browser

    def test_refusals(self):
        """Table 1.3 and what else a login may be answered with."""
        service, node = self.empty()
        offer = "Continue with your Mozilla account"
        for settings, status, words, browser_offered in (({
                "verified": False
        }, 403, "never confirmed", False), ({"must_change_password": True}, 403,
                                            "locked this account until its password is changed",
                                            True), ({"blocked": True
                                                     }, 403, "blocked this sign-in for security",
                                                    True), ({"throttled": 120}, 429,
                                                            "Try again in 2 minutes", True),
                                                         ({"anti_bot": True}, 403,
                                                          "wants to see a real browser", True)):
            page, browser = self.refusal(service, node, **settings)
            self.assertEqual(page.status, status, settings)
            self.assertIn(words, page.text, settings)
            self.assertEqual(any(b["label"] == offer for f in page.forms for b in f["buttons"]),
                             browser_offered, settings)
            self.assertNotIn("hearth_session", browser.cookies())
            node.stop()
            node.start()
        self.assertTrue(all(s["destroyed"] for s in service.sessions(ADA)))

    def test_pages_of_a_proxy(self):
        """What is between here and the accounts server is no word on the password."""
        service, node = self.empty()
        for status in (401, 403, 404):
            service.faults({"path": "/v1/account/login", "status": status, "headers":
                            {"Content-Type": "text/html"}, "body": "<html>Log in to the network"})
            browser = self.start(node, "password", email=ADA)
            page = browser.submit("Continue", f_password=self.password(service))
            self.assertIn("Something between here and the accounts server answered", page.text)
            self.assertIn("says nothing about your password", page.text)
            self.assertNotIn("hearth_session", browser.cookies())
        service.faults()
        browser = self.start(node, "password", email=ADA)
        browser.submit("Continue", f_password=self.password(service))
        self.assertIn("hearth_session", browser.cookies())

    def test_numbers(self):
        """Every number of table 1.6, at the login: what a person reads."""
        service, node = self.empty()
        expected = {
            102: "no Mozilla account", 104: "never confirmed", 106: "fault of Hearth", 107:
            "fault of Hearth", 108: "fault of Hearth", 109: "signature", 111: "clock is wrong", 112:
            "fault of Hearth", 113: "fault of Hearth", 115: "twice", 116: "no longer offers", 126:
            "must be reset", 138: "not confirmed", 142: "primary", 149: "primary", 151:
            "could not send", 155: "not set up completely", 160: "two-step", 164: "took too long",
            201: "overloaded", 202: "switched this off", 203: "does not work", 206: "password", 210:
            "has no password", 213: "more than a password", 222: "stronger proof", 223:
            "second factor", 998: "failed", 999: "failed"
        }
        for number, words in expected.items():
            service.faults()
            service.fail("/v1/account/login", number,
                         503 if number in (201, 202, 203) else 500 if number > 900 else 400)
            browser = self.start(node, "password", email=ADA)
            page = browser.submit("Continue", f_password=self.password(service))
            self.assertIn(words, page.text, number)
            self.assertNotIn("hearth_session", browser.cookies())
            node.stop()
            node.start()

    def test_numbers_later(self):
        """What the steps behind the login may be refused for."""
        service, node = self.empty()
        for path, number, words in (("/v1/account/keys", 104,
                                     "never confirmed"), ("/v1/account/keys", 138, "not confirmed"),
                                    ("/v1/account/keys", 110, "ended this sign-in"),
                                    ("/v1/account/scoped-key-data", 162,
                                     "does not know the client id"), ("/v1/account/scoped-key-data",
                                                                      163, "keys of Sync"),
                                    ("/v1/oauth/token", 166, "secret for this client id"),
                                    ("/v1/oauth/token", 171, "does not accept this client"),
                                    ("/v1/oauth/token", 204,
                                     "disabled the client id"), ("/v1/oauth/token", 138,
                                                                 "not confirmed")):
            service.faults()
            service.fail(path, number, times=3)
            browser = self.start(node, "password", email=ADA)
            page = browser.submit("Continue", f_password=self.password(service))
            self.assertIn(words, page.text, (path, number))
            self.assertTrue(all(s["destroyed"] for s in service.sessions(ADA)), (path, number))
            node.stop()
            node.start()
        service.faults()
        service.fail("/v1/account/device", 999, 500)  # a name in a list is not worth a sign-in
        browser = self.start(node, "password", email=ADA)
        browser.submit("Continue", until=node.address + "/tabs", f_password=self.password(service))
        self.assert_in(browser, node)

    def test_code_exchange(self):
        """The code's own refusals (172 to 175), and the OAuth server's range."""
        service, node = self.empty(own_callback=True)
        for number, words in ((172, "used before"), (173, "another client id"),
                              (174, "has run out"), (175, "another sign-in"), (169, "proof key"),
                              (105, "used before"), (106, "another client id"),
                              (107, "has run out"), (117, "another sign-in"), (101, "client id")):
            service.faults({
                "path": "^/v1/(oauth/)?token", "method": "POST", "times": 1, "oauth_error": number
            })
            browser = self.start(node, "browser")
            self.assertIn(words,
                          browser.open(service.visit(browser.page.links["Continue"])[1]).text,
                          number)
            node.stop()
            node.start()

    def test_unreachable(self):
        service, node = self.empty()
        service.faults({"path": "/v1/account/login", "reset": True})
        browser = self.start(node, "password", email=ADA)
        page = browser.submit("Continue", f_password=self.password(service))
        self.assertIn("The accounts server cannot be reached", page.text)
        self.assertEqual((page.status, page.headers["Retry-After"]), (503, "30"))

    # --- who may come in

    def sign_in_password(self, service, node, email):
        browser = self.start(node, "password", email=email)
        browser.submit("Continue", until=node.address + "/tabs",
                       f_password=self.password(service, email))
        return browser

    def test_first_person_owns(self):
        service, node = self.empty()
        service.account("eve@example.org", history=3)
        self.assert_in(self.sign_in_password(service, node, ADA), node)
        eve = self.sign_in_password(service, node, "eve@example.org")
        self.assertEqual(eve.page.status, 403)
        self.assertIn("does not take you in", eve.page.text)
        self.assertNotIn("hearth_session", eve.cookies())
        self.assert_in(self.sign_in_password(service, node, ADA), node)
        self.assertEqual([a["email"] for a in node.cli_json("account", "list")], [ADA])

    def test_allow(self):
        service, node = self.empty(config="[auth]\nallow = eve@example.org, *@example.net\n")
        for email in ("eve@example.org", "x@example.net", "y@example.com"):
            service.account(email, history=3)
        for email, allowed in (("eve@example.org", True), ("x@example.net", True),
                               ("y@example.com", False), (ADA, False)):
            browser = self.sign_in_password(service, node, email)
            self.assertEqual(browser.page.status, 303 if allowed else 403, email)

    def test_enumeration(self):
        """Until the accounts server has vouched for somebody,
        an address that is here looks like any other."""
        service, node = self.empty()
        service.account("eve@example.org", history=3)
        self.assert_in(self.sign_in_password(service, node, ADA), node)
        pages = []
        for email in (ADA, "eve@example.org", "nobody@example.org"):
            page = self.start(node, "password", email=email).page
            pages.append(
                (page.status, re.sub(r'value="[\w-]{22}"', "", page.body.replace(email, "EMAIL"))))
        self.assertEqual(pages[0], pages[1])
        self.assertEqual(pages[0], pages[2])

    # --- the key

    def test_new_key(self):
        """After a reset the person decides what happens to the data; until then nothing changes."""
        for choice in ("Keep what is here", "Delete it and begin anew"):
            service, node = self.empty()
            browser = self.sign_in_password(service, node, ADA)
            self.assert_tabs(browser, node)
            pages = json.loads(browser.request("GET",
                                               "/api/v1/me").body)["account"]["counts"]["pages"]
            service.reset(ADA)
            node.cli("account", "sync", ADA, "--wait", code=1)
            me = json.loads(browser.request("GET", "/api/v1/me").body)["account"]
            self.assertEqual((me["state"], me["counts"]["pages"]), ("signin_needed", pages))
            again = self.start(node, "password", email=ADA)
            again.submit("Continue", until=node.address + "/tabs",
                         f_password=self.password(service))
            self.assertIn("new key", again.page.title)
            me = json.loads(browser.request("GET", "/api/v1/me").body)["account"]
            self.assertEqual((me["state"], me["counts"]["pages"]), ("signin_needed", pages))
            again.submit(choice, until=node.address + "/tabs")
            self.assertEqual(again.page.headers["Location"], "/tabs")
            until(
                lambda: json.loads(again.request("GET", "/api/v1/me").body)["account"]["state"] ==
                "waiting", "no Firefox has uploaded yet")
            self.assertEqual(
                json.loads(again.request("GET", "/api/v1/me").body)["account"]["counts"]["pages"],
                pages if choice.startswith("Keep") else 0)
            self.assertEqual("account emptied" in node.log_text(), not choice.startswith("Keep"))

    def test_same_key(self):
        """A changed password: sign in again, nothing is read anew, other browsers stay."""
        service, node = self.empty()
        browser = self.sign_in_password(service, node, ADA)
        self.assert_tabs(browser, node)
        service.change_password("another one", ADA)
        # the storage server's credentials would last an hour more
        service.post("expire", email=ADA)
        node.cli("account", "sync", ADA, "--wait", code=1)
        self.assertEqual(
            json.loads(browser.request("GET", "/api/v1/me").body)["account"]["state"],
            "signin_needed")
        again = self.sign_in_password(service, node, ADA)
        self.assert_tabs(again, node)
        self.assertEqual(
            json.loads(browser.request("GET", "/api/v1/me").body)["account"]["state"], "ok")

    # --- the terminal

    def test_terminal(self):
        service, node = self.empty()
        service.sign_in(ADA, second_factor="totp")
        code = service.get(f"totp/{ADA}")["code"]
        said = node.cli("account", "add", ADA, "--name", "terminal",
                        text=f"{self.password(service)}\n/backup\n/totp\n{code}\n")
        self.assertIn(f"{ADA} is signed in", said)
        self.assert_clean(service, device="terminal")
        node.sync()
        wrong = node.cli("account", "add", "eve@example.org", text="x\n", code=1)
        self.assertIn("unknown_account", wrong)

    def test_terminal_browser(self):
        service, node = self.empty()
        process = subprocess.Popen(
            [HEARTHD, "--config", node.conf, "account", "add", ADA, "--browser"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=node.environment)
        address = next(line.strip() for line in process.stderr if line.startswith("http"))
        process.stdin.write(service.visit(address)[1] + "\n")
        process.stdin.close()
        self.assertEqual(process.wait(60), 0, process.stderr.read())
        process.stdout.close()
        process.stderr.close()
        node.sync()


class Shared(TestCase):
    """Redis is the queue: a sign-in that is under way lies there between two steps."""
    def home(self, *sections):
        self.redis = Redis()
        self.addCleanup(self.redis.close)
        self.redis.start()
        until(self.redis.answers, "Redis answers")
        self.service = self.service()
        node = self.node(
            f"[auth]\nallow = *\n[queue]\nplugin = redis\nurl = {self.redis.url}\n", start=False)
        self.configure(node, *sections)
        node.start()
        return node

    def configure(self, node, *sections):
        node.configure("60-sync", "".join(
            f"[sync {name}]\nplugin = fx\naccounts_url = {self.service.url}\ntoken_server = "
            f"{self.service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n" for name in sections))

    def begin(self, node, section):
        browser = Browser(node.address, {"Sec-Fetch-Site": "same-origin"})
        page = browser.open(node.address + "/auth/signin?next=/tabs")
        page.forms = [f for f in page.forms if f["fields"].get("provider", section) == section]
        browser.submit("Sign in with a password", email=ADA)
        self.assertEqual(browser.page.title, "Sign in with your password \u2013 Hearth")
        return browser

    def test_other_sections(self):
        """What began at one section goes on at that one, after a restart too, or is over."""
        node = self.home("first", "second")
        browser = self.begin(node, "second")
        elsewhere = f"[sync second]\naccounts_url = {self.service.url}/another\n"
        for sections, more, status in ((("first",), "", 410), (("second", "first"), "", 410),
                                       (("first", "second"), elsewhere, 410),
                                       (("first", "second"), "", 200)):
            node.stop()
            self.configure(node, *sections)
            node.configure("70-more", more)
            node.start()
            browser.moved_to(node.address)
            self.assertEqual(browser.open(node.address + "/auth/step").status, status, sections)
        browser.submit("Continue", until=node.address + "/tabs",
                       f_password=self.service.get(f"sign-in/{ADA}")["password"])
        self.assertEqual(browser.page.status, 303, browser.page.text)
        self.assertIn("provider=second", node.log_text())

    def test_who_had_it_is_gone(self):
        """Redis froze, and handed it to somebody who was no longer there, or the process was
        killed in the middle of a step: it goes on in three minutes."""
        node = self.home("first")
        browser = self.begin(node, "first")
        self.redis.send(signal.SIGSTOP)
        try:
            self.assertEqual(browser.open(node.address + "/auth/step").status, 409)
        finally:
            self.redis.send(signal.SIGCONT)
        taken, = until(lambda: self.redis.command("KEYS", "*keep*taken").split(), "it was taken")
        self.assertEqual(browser.open(node.address + "/auth/step").status, 409)
        self.assertLessEqual(int(self.redis.command("PTTL", taken)), 180000)
        self.redis.command("DEL", taken)  # as if they had gone
        until(lambda: browser.open(node.address + "/auth/step").status == 200, "it goes on")
        browser.submit("Continue", until=node.address + "/tabs",
                       f_password=self.service.get(f"sign-in/{ADA}")["password"])
        self.assertEqual(browser.page.status, 303, browser.page.text)
        self.assertEqual(self.redis.command("KEYS", "*keep*"), "")

    def test_back_while_the_queue_is_away(self):
        """A browser that comes back from a provider then has its answer with it: it is not told
        that the sign-in is over, and looks again with the same answer."""
        node = self.home("first")
        node.add_account(self.service, sync=False)
        provider = OidcProvider(node.address + "/auth/oidc/callback", "")
        self.addCleanup(provider.stop)
        node.configure(
            "70-sso", f"[listen main]\naddress = {node.address.partition('//')[2]}\n"
            f"[oidc house]\ntitle = the house\nissuer = {provider.issuer}\n"
            "client_id = hearth\nclient_secret = a secret of the client\n")
        node.stop()
        node.start()
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin?next=/history")
        browser.click("Sign in with the house", until=provider.url)
        back = provider.visit(browser.page.headers["Location"])
        self.redis.send(signal.SIGSTOP)
        try:
            page = browser.open(back)
            self.assertEqual(page.status, 409, page.text)
        finally:
            self.redis.send(signal.SIGCONT)
        again = page.links["Look again"]
        self.assertIn("code=", again)

        def goes_on():
            for name in self.redis.command("KEYS", "*keep*taken").split():
                self.redis.command("DEL", name)  # as if its three minutes had gone
            return browser.open(again, until=node.address + "/history").status == 303

        until(goes_on, "it goes on")
        self.assertEqual(browser.request("GET", "/api/v1/me").status, 200)

    def test_what_cannot_be_read(self):
        """It is over, and not something to wait for."""
        node = self.home("first")
        browser = self.begin(node, "first")
        name, = self.redis.command("KEYS", "*keep*").split()
        self.redis.command("SETRANGE", name, "40", "?")
        self.assertEqual(browser.open(node.address + "/auth/step").status, 410)


if __name__ == "__main__":
    unittest.main()

"""Forgetting an account asks for a sign-in of a moment ago: nobody does it with an open browser,
a link or a token."""
import json
import sqlite3
import unittest

import test_sso
from browser import Browser
from harness import ADA, TestCase

OWN = {"X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-origin"}
EVE = "eve@example.org"


class Deletion(TestCase):
    home, sign_in = test_sso.SingleSignOn.home, test_sso.SingleSignOn.sign_in

    def complete(self, provider, node):
        browser = self.sign_in(provider, node)
        self.assertEqual(browser.page.status, 303, browser.page.text)
        return browser

    def by_link(self, node, email=ADA):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/link?t=" +
                     json.loads(node.cli("link", email, "--json"))["url"].partition("?t=")[2])
        browser.submit("Sign in", until=node.address + "/")
        return browser

    def forget(self, browser, headers=OWN):
        page = browser.request("DELETE", "/api/v1/me", headers=headers)
        return page.status, json.loads(page.body)["code"] if page.body else None

    def rows(self, node):
        with node.database() as db:
            return db.execute("SELECT count(*) FROM tokens WHERE scope = 5").fetchone()[0]

    def assert_refused(self, browser, headers=OWN):
        self.assertEqual(self.forget(browser, headers), (403, "fresh_signin_needed"))

    def test_only_after_a_complete_sign_in(self):
        provider, node = self.home(
            config="[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = Remote-Email\n")
        lent = self.by_link(node)
        self.assertNotIn("hearth_fresh", lent.cookies())
        self.assert_refused(lent)
        refused = node.request("/api/v1/me", "DELETE")
        self.assertEqual((refused.status, refused.json["code"]), (403, "fresh_signin_needed"))
        self.assertIn("/auth/signin?next=/account%23forget", refused.json["detail"])
        self.assert_refused(Browser(node.address), {"Remote-Email": ADA, **OWN})
        browser = self.complete(provider, node)
        attributes = browser.jars[node.address.partition("//")[2]]["hearth_fresh"][1]
        self.assertEqual(attributes, ["Path=/", "Max-Age=600", "HttpOnly", "SameSite=Strict"])
        gone = browser.request("DELETE", "/api/v1/me", headers=OWN)
        self.assertEqual((gone.status, gone.headers["Clear-Site-Data"]),
                         (204, '"cache", "storage"'))
        self.assertNotIn("hearth_session", browser.cookies())
        self.assertNotIn("hearth_fresh", browser.cookies())
        self.assertEqual(node.request("/api/v1/me").status, 401)
        self.assertEqual(self.rows(node), 0)

    def test_a_session_of_the_provider_is_not_fresh(self):
        """Who is still signed in there comes in, and forgets nothing before they have typed
        their password again."""
        provider, node = self.home()
        provider.settings(auth_age=3600)
        browser = self.complete(provider, node)
        self.assertNotIn("prompt", browser.asked)
        self.assertNotIn("hearth_fresh", browser.cookies())
        self.assert_refused(browser)
        # nor when it does not say how long they have been
        provider.settings(claims={"auth_time": None})
        self.assert_refused(self.complete(provider, node))
        again = lambda: self.sign_in(provider, node, next="/account#forget")
        provider.settings(claims={}, heeds_prompt=False)
        for claims in ({}, {"auth_time": "now"}, {"auth_time": 4102444800}, {"auth_time": True}):
            provider.settings(claims=claims)
            browser = again()
            self.assertEqual(
                (browser.page.status, browser.asked["prompt"], browser.asked["max_age"]),
                (403, "login", "0"), claims)
            self.assertNotIn("hearth_session", browser.cookies())
        self.assertIn("auth_time", node.log_text())
        provider.settings(claims={}, heeds_prompt=True)
        self.assertEqual(again().page.headers["Location"], "/account#forget")
        provider.settings(claims={"auth_time": None})  # perhaps it has not heard what it was asked
        browser = again()
        self.assertEqual((browser.page.status, browser.asked["max_age"]), (200, "0"))
        self.assertIn("does not say when you typed your password", browser.page.text)
        self.assertEqual(browser.request("GET", "/api/v1/me").status, 200)
        self.assertNotIn("hearth_fresh", browser.cookies())
        self.assert_refused(browser)
        self.assertIn("cannot be forgotten by this sign-in", node.log_text())
        provider.settings(claims={})
        self.assertEqual(self.forget(again()), (204, None))

    def test_once(self):
        """The account is here again after it was forgotten; what forgot it is worth nothing."""
        provider, node = self.home()
        browser = self.complete(provider, node)
        used = browser.cookies()["hearth_fresh"]
        self.assertEqual(self.forget(browser), (204, None))
        node.tokens.clear()
        node.add_account(self.service(), sync=False)
        again = self.by_link(node)
        self.assert_refused(again, {
            **OWN, "Cookie":
            f"hearth_session={again.cookies()['hearth_session']}; hearth_fresh={used}"
        })

    def test_ten_minutes(self):
        provider, node = self.home()
        browser = self.complete(provider, node)
        with sqlite3.connect(f"{node.state}/hearth.db") as db:
            created, expires = db.execute(
                "SELECT created, expires FROM tokens WHERE scope = 5").fetchone()
            self.assertEqual(expires - created, 600_000)
            db.execute(
                "UPDATE tokens SET created = created - 600000, expires = expires - 600000 WHERE "
                "scope = 5"
            )
        db.close()
        self.assert_refused(browser)
        self.assertEqual(browser.request("GET", "/api/v1/me").status, 200)  # the session goes on
        self.complete(provider, node)
        self.assertEqual(self.rows(node), 1)  # what is over went with the next sign-in

    def test_another_persons(self):
        provider, node = self.home()
        service = self.service()
        service.account(EVE)
        node.add_account(service, EVE, sync=False)
        fresh = self.complete(provider, node).cookies()["hearth_fresh"]
        eve = self.by_link(node, EVE)
        self.assert_refused(eve, {
            **OWN, "Cookie":
            f"hearth_session={eve.cookies()['hearth_session']}; hearth_fresh={fresh}"
        })
        session = eve.cookies()["hearth_session"]
        for wrong in (session, "hthf_" + session[5:], "hthf_" + "A" * 43, node.token(EVE)):
            self.assert_refused(
                eve, {**OWN, "Cookie": f"hearth_session={session}; hearth_fresh={wrong}"})
        self.assertEqual(self.rows(node), 1)

    def test_signing_out_ends_it(self):
        for how in ("page", "api", "other", "everywhere"):
            with self.subTest(how):
                provider, node = self.home()
                browser = self.complete(provider, node)
                fresh = browser.cookies()["hearth_fresh"]
                if how == "page":
                    browser.open(node.address + "/auth/signout")
                    self.assertEqual(browser.submit("Sign out").status, 200)
                elif how == "other":
                    row = browser.request("GET", "/api/v1/sessions")
                    node.request(f"/api/v1/sessions/{json.loads(row.body)['sessions'][0]['id']}",
                                 "DELETE")
                else:
                    browser.request("DELETE",
                                    "/api/v1/session" + ("s" if how == "everywhere" else ""),
                                    headers=OWN)
                if how != "other":
                    self.assertNotIn("hearth_fresh", browser.cookies())
                self.assertEqual(self.rows(node), 0)
                self.assertEqual(self.forget_with_token(node, fresh), 403)

    def forget_with_token(self, node, fresh):
        return node.request("/api/v1/me", "DELETE", headers={"Cookie":
                                                             f"hearth_fresh={fresh}"}).status

    def test_it_is_no_session_and_no_token(self):
        provider, node = self.home()
        browser = self.complete(provider, node)
        fresh = browser.cookies()["hearth_fresh"]
        self.assertEqual(self.rows(node), 1)
        self.assertEqual(
            len(json.loads(browser.request("GET", "/api/v1/sessions").body)["sessions"]), 1)
        self.assertEqual([t["name"] for t in node.request("/api/v1/tokens").json["tokens"]],
                         ["test"])
        self.assertEqual([t["name"] for t in node.cli_json("token", "list", ADA)], ["test"])
        self.assertEqual(node.request("/api/v1/me", token=fresh).status, 401)
        self.assertEqual(
            Browser(node.address).request("GET", "/api/v1/me",
                                          headers={"Cookie": f"hearth_session={fresh}"}).status,
            401)
        self.assertNotIn(fresh, node.log_text())


if __name__ == "__main__":
    unittest.main()

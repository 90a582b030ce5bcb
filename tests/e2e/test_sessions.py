"""Signed-in browsers: links, codes, cookies,
and what other sites must not be able to do with them."""
import json
import re
import threading
import unittest

from browser import Browser
from harness import ADA, TestCase


class Sessions(TestCase):
    def home(self, config=""):
        service, node = self.service(), self.node(config)
        node.add_account(service, sync=False)
        return node

    def link(self, node):
        return json.loads(node.cli("link", ADA, "--json"))

    def signed_in(self, node, **headers):
        browser = Browser(node.address, headers)
        browser.open(node.address + "/auth/link?t=" + self.link(node)["url"].partition("?t=")[2])
        browser.submit("Sign in", until=node.address + "/")
        self.assertEqual(browser.page.status, 303)
        return browser

    def api(self, browser, method, path, **headers):
        page = browser.request(method, "/api/v1" + path, headers=headers or None)
        return page.status, json.loads(page.body) if page.body else None

    OWN = {"X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-origin"}

    def test_link(self):
        node = self.home()
        link = self.link(node)
        token = link["url"].partition("?t=")[2]
        browser = Browser(
            node.address,
            {"User-Agent": "Mozilla/5.0 (Android 14; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"})
        for _ in range(2):  # looking does not use it up
            page = browser.open(f"{node.address}/auth/link?t={token}&next=/history")
            self.assertIn(ADA, page.text)
        browser.submit("Sign in", until=node.address + "/history")
        self.assertEqual(browser.page.headers["Location"], "/history")
        cookie = browser.page.headers["Set-Cookie"]
        self.assertRegex(
            cookie, r"^hearth_session=hths_[\w-]{43}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax$")
        self.assertEqual(self.api(browser, "GET", "/me")[1]["account"]["email"], ADA)
        sessions = self.api(browser, "GET", "/sessions")[1]["sessions"]
        self.assertEqual([(s["name"], s["current"]) for s in sessions],
                         [("Firefox on Android", True)])
        again = Browser(node.address).open(f"{node.address}/auth/link?t={token}")
        self.assertEqual(again.status, 410)
        self.assertIn("once and for 10 minutes", again.text)
        other = Browser(node.address)  # its code is over, too
        other.open(node.address + "/auth/code")
        self.assertEqual(other.submit("Sign in", code=link["code"]).status, 403)
        self.assertNotIn(token, node.log_text())

    def test_code(self):
        node = self.home()
        link = self.link(node)
        browser = Browser(node.address)
        browser.open(node.address + "/auth/code?next=/basic/")
        self.assertEqual(browser.submit("Sign in", code="0000-0000").status, 403)
        browser.submit("Sign in", until=node.address + "/",
                       code=link["code"].upper().replace("-", " ").replace("0", "O"))
        self.assertEqual(browser.page.status, 303)
        self.assertEqual(self.api(browser, "GET", "/me")[0], 200)
        self.assertEqual(
            Browser(node.address).open(link["url"].replace(link["url"].partition("/auth")[0],
                                                           node.address)).status, 410)

    def test_codes_are_few(self):
        node = self.home()
        browser = Browser(node.address)
        browser.open(node.address + "/auth/code")
        statuses = [browser.submit("Sign in", code=f"0000-000{i}").status for i in range(10)]
        self.assertEqual(statuses, [403] * 10)
        refused = browser.submit("Sign in", code=self.link(node)["code"])
        self.assertEqual(refused.status, 429)
        self.assertGreater(int(refused.headers["Retry-After"]), 60)

    def test_qr(self):
        node = self.home("[web]\nbase_url = https://home.example.org/\n")
        said = node.cli("link", ADA)
        self.assertRegex(said, r"^https://home\.example\.org/auth/link\?t=hthl_[\w-]{43}\n")
        self.assertIn("█", said)
        browser = self.signed_in(node)
        status, made = self.api(browser, "POST", "/links", **self.OWN)
        self.assertEqual(status, 201)
        self.assertTrue(made["link"]["url"].startswith("https://home.example.org/auth/link?t="))
        self.assertRegex(made["link"]["qr"],
                         r'^<svg xmlns="http://www\.w3\.org/2000/svg" viewBox="0 0 (\d+) \1"')

    def test_sign_out(self):
        node = self.home()
        one, two, three = (self.signed_in(node) for _ in range(3))
        listed = self.api(one, "GET", "/sessions")[1]["sessions"]
        self.assertEqual(len(listed), 3)
        mine = next(s["id"]
                    for s in self.api(two, "GET", "/sessions")[1]["sessions"]
                    if s["current"])
        other = one.request("DELETE", f"/api/v1/sessions/{mine}", headers=self.OWN)
        # this browser is not the one
        self.assertEqual((other.status, other.headers["Clear-Site-Data"]), (204, None))
        self.assertEqual(self.api(two, "GET", "/me")[0], 401)
        gone = one.request("DELETE", "/api/v1/session", headers=self.OWN)
        self.assertEqual((gone.status, gone.headers["Clear-Site-Data"]),
                         (204, '"cache", "storage"'))
        self.assertNotIn("hearth_session", one.cookies())
        three.open(node.address + "/auth/signout")
        self.assertIn("forgotten you", three.submit("Sign out").text)
        self.assertEqual(three.page.headers["Clear-Site-Data"], '"cache", "storage"')
        self.assertNotIn("hearth_session", three.cookies())
        self.assertEqual(self.api(three, "GET", "/me")[0], 401)
        four, five = self.signed_in(node), self.signed_in(node)
        everywhere = four.request("DELETE", "/api/v1/sessions", headers=self.OWN)
        self.assertEqual((everywhere.status, everywhere.headers["Clear-Site-Data"]),
                         (204, '"cache", "storage"'))
        self.assertEqual((self.api(four, "GET", "/me")[0], self.api(five, "GET", "/me")[0]),
                         (401, 401))
        six = self.signed_in(node)
        node.cli("account", "signout", ADA, "--yes")
        node.stop()
        six.moved_to(node.start().address)  # what is remembered lasts ten seconds
        self.assertEqual(self.api(six, "GET", "/me")[0], 401)

    def test_links_that_are_made_while_signing_out(self):
        """A browser that is signed out at this moment leaves no link behind."""
        count = 0
        for how in ("command", "api") * 3:
            node = self.home()
            browsers, made, done = [self.signed_in(node) for _ in range(3)], [], threading.Event()
            other = self.signed_in(node)

            def rush(browser):
                while not done.is_set():
                    status, answer = self.api(browser, "POST", "/links", **self.OWN)
                    if status != 201:
                        break
                    made.append(answer["link"]["url"].partition("?")[2])

            threads = [threading.Thread(target=rush, args=(browser, )) for browser in browsers]
            for thread in threads:
                thread.start()
            if how == "command":
                node.cli("account", "signout", ADA, "--yes")
            else:
                other.request("DELETE", "/api/v1/sessions", headers=self.OWN)
            done.set()
            for thread in threads:
                thread.join()
            good = [
                link for link in made
                if Browser(node.address).open(f"{node.address}/auth/link?{link}").status == 200
            ]
            self.assertEqual(good, [], f"{how}: of {len(made)}")
            count += len(made)
            node.stop()
        self.assertGreater(count, 20)

    def test_account_removed(self):
        """The browser that asked for it keeps nothing of the account;
        a token has nothing to forget."""
        node = self.home()
        browser = self.signed_in(node)
        session = f"hearth_session={browser.cookies()['hearth_session']}; "
        gone = browser.request("DELETE", "/api/v1/me",
                               headers={**self.OWN, "Cookie": session + node.fresh()})
        self.assertEqual((gone.status, gone.headers["Clear-Site-Data"]),
                         (204, '"cache", "storage"'))
        self.assertNotIn("hearth_session", browser.cookies())
        self.assertEqual(self.api(browser, "GET", "/me")[0], 401)
        node = self.home()
        gone = node.request("/api/v1/me", "DELETE", headers={"Cookie": node.fresh()})
        self.assertEqual((gone.status, gone.headers["Clear-Site-Data"], gone.headers["Set-Cookie"]),
                         (204, None, None))

    def test_account_page(self):
        """All of it without script: another device, browsers one by one, everywhere."""
        node = self.home()
        browser, other = self.signed_in(node), self.signed_in(node)
        self.assertEqual(
            Browser(node.address).open(node.address + "/auth/account").title,
            "Sign in \u2013 Hearth")
        page = browser.open(node.address + "/auth/account")
        for name in ("bookmarks.html", "bookmarks.json", "history.json", "history.csv", "tabs.html",
                     "tabs.json"):
            self.assertIn(f"/api/v1/export/{name}", page.links.values())
        self.assertIn(ADA, browser.page.text)
        page = browser.submit("Add another device")
        self.assertIn("data:image/svg+xml,%3Csvg", page.body)
        url, code = re.search(r"(http\S+/auth/link\?t=hthl_[\w-]{43})",
                              page.text)[1], re.search(r"\b(\w{4}-\w{4})\b", page.text)[1]
        third = Browser(node.address)
        third.open(url)
        third.submit("Sign in", until=node.address + "/")
        self.assertEqual(self.api(third, "GET", "/me")[0], 200)
        self.assertEqual(Browser(node.address).open(url).status, 410)
        self.assertRegex(code, r"^[0-9a-z]{4}-[0-9a-z]{4}$")
        mine = next(s["id"]
                    for s in self.api(other, "GET", "/sessions")[1]["sessions"]
                    if s["current"])
        browser.open(node.address + "/auth/account")
        form = next(f for f in browser.page.forms if any(b["value"] == mine for b in f["buttons"]))
        ended = browser.request("POST", form["action"], {**form["fields"], "id": mine})
        self.assertEqual((ended.status, ended.headers["Clear-Site-Data"]), (303, None))
        browser.follow(ended)
        self.assertEqual(self.api(other, "GET", "/me")[0], 401)
        fourth = self.signed_in(node)
        mine = next(s["id"]
                    for s in self.api(fourth, "GET", "/sessions")[1]["sessions"]
                    if s["current"])
        own = next(f for f in fourth.open(node.address + "/auth/account").forms
                   if f["action"] == form["action"])
        ended = fourth.request("POST", own["action"], {**own["fields"], "id": mine})
        self.assertEqual((ended.status, ended.headers["Clear-Site-Data"]),
                         (303, '"cache", "storage"'))
        self.assertEqual(fourth.follow(ended).title, "Sign in \u2013 Hearth")
        self.assertEqual(self.api(third, "GET", "/me")[0], 200)
        self.assertEqual(browser.request("POST", form["action"], {"id": mine}).status, 403)
        self.assertIn("signed out everywhere", browser.submit("Sign out everywhere").text)
        self.assertEqual(browser.page.headers["Clear-Site-Data"], '"cache", "storage"')
        self.assertEqual((self.api(browser, "GET", "/me")[0], self.api(third, "GET", "/me")[0]),
                         (401, 401))

    def test_fixation(self):
        """A secret that was in the browser before is not the one after; and dies."""
        node = self.home()
        browser = self.signed_in(node)
        before = browser.cookies()["hearth_session"]
        browser.open(node.address + "/auth/link?t=" + self.link(node)["url"].partition("?t=")[2])
        browser.submit("Sign in", until=node.address + "/")
        after = browser.cookies()["hearth_session"]
        self.assertNotEqual(before, after)
        self.assertEqual(
            browser.request("GET", "/api/v1/me", headers={"Cookie":
                                                          f"hearth_session={before}"}).status, 401)
        self.assertEqual(self.api(browser, "GET", "/me")[0], 200)
        planted = Browser(node.address)
        planted.jars[node.address.partition("//")[2]] = {"hearth_session": ("hths_" + "A" * 43, [])}
        self.assertEqual(self.api(planted, "GET", "/me")[0], 401)

    def test_csrf(self):
        node = self.home()
        browser = self.signed_in(node)
        origin = node.address
        refused = [{}, {"X-Hearth-CSRF": "1"}, {"Sec-Fetch-Site": "same-origin"},
                   {"X-Hearth-CSRF": "1", "Sec-Fetch-Site":
                    "cross-site"}, {"X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-site"},
                   {"X-Hearth-CSRF": "1", "Origin":
                    "https://evil.example"}, {"X-Hearth-CSRF": "1", "Origin": "null"},
                   {"X-Hearth-CSRF": "1", "Origin": origin + ".evil.example"},
                   {"X-Hearth-CSRF": "1", "Origin": origin, "Sec-Fetch-Site": "cross-site"}]
        for headers in refused:
            for method, path in (("POST", "/sync"), ("DELETE", "/session"), ("DELETE", "/me"),
                                 ("PATCH", "/settings"), ("POST", "/links")):
                answer = browser.request(method, "/api/v1" + path, headers=headers)
                self.assertEqual((answer.status, json.loads(answer.body)["code"]), (403, "csrf"),
                                 (headers, method, path))
        for headers in (self.OWN, {"X-Hearth-CSRF": "1", "Origin": origin}):
            self.assertEqual(self.api(browser, "POST", "/links", **headers)[0], 201)
        for action, field in (("/auth/link", "t"), ("/auth/code", "code"),
                              ("/auth/signout", "next"), ("/auth/start", "way"), ("/auth/cancel",
                                                                                  "next")):
            for fields, headers in (({}, {}), ({"form": "A" * 22}, {}),
                                    ({"form": browser.cookies()["hearth_form"]},
                                     {"Sec-Fetch-Site":
                                      "cross-site"}), ({"form": browser.cookies()["hearth_form"]},
                                                       {"Origin": "https://evil.example"})):
                self.assertEqual(
                    browser.request("POST", action, {**fields, field: "x"}, headers).status, 403,
                    (action, fields, headers))

    def test_open_redirect(self):
        node = self.home()
        for bad in ("//evil.example", "https://evil.example/", "/\\evil.example",
                    "\\\\evil.example", "/\t/evil.example", "javascript:alert(1)", "/auth/signout",
                    "/" + "a" * 2000, "/a\r\nSet-Cookie: x=y"):
            browser = Browser(node.address)
            browser.open(node.address + "/auth/code")
            form, _ = browser.page.form("Sign in")
            answer = browser.request(
                "POST", "/auth/code",
                {**form["fields"], "code": self.link(node)["code"], "next": bad})
            self.assertEqual((answer.status, answer.headers["Location"]), (303, "/"), bad)
            node.stop()
            node.start()  # ten codes from one address are the limit

    def test_secrets_are_in_no_address(self):
        node = self.home()
        token, browser = node.token(), self.signed_in(node)
        session = browser.cookies()["hearth_session"]
        for name in ("token", "access_token", "authorization", "hearth_session", "session", "t"):
            for secret in (token, session):
                self.assertEqual(
                    Browser(node.address).request("GET", f"/api/v1/me?{name}={secret}").status, 401)
        # the other's secret; the other's connection
        for cookie in (f"hearth_session={token}", f"__Host-hearth_session={session}"):
            self.assertEqual(
                Browser(node.address).request("GET", "/api/v1/me", headers={"Cookie":
                                                                            cookie}).status, 401)
        self.assertEqual(
            Browser(node.address).request("GET", "/api/v1/me",
                                          headers={"Authorization": f"Bearer {session}"}).status,
            401)

    def test_idle_and_absolute(self):
        node = self.home("[auth]\nsession_idle = 60s\nsession_life = 60s\n")
        browser = self.signed_in(node)
        sessions = self.api(browser, "GET", "/sessions")[1]["sessions"]
        # counted from before what is over is swept, which may take its time
        life = sessions[0]["expires"] - sessions[0]["created"]
        self.assertTrue(0 < life <= 60000, life)
        self.assertEqual(browser.jars[node.address.partition("//")[2]]["hearth_session"][1][1],
                         "Max-Age=60")
        node.stop()
        self.age(node, 61000)
        browser.moved_to(node.start().address)
        self.assertEqual(self.api(browser, "GET", "/me")[0], 401)

    def age(self, node, ms):
        import sqlite3
        database = sqlite3.connect(node.state + "/hearth.db")
        database.execute(
            "UPDATE tokens SET created = created - ?, last_used = last_used - ?, expires = expires "
            "- ? WHERE scope >= 2",
            (ms, ms, ms))
        database.commit()
        database.close()

    def test_links_end(self):
        node = self.home()
        link = self.link(node)
        node.stop()
        self.age(node, 600001)
        node.start()
        self.assertEqual(
            Browser(node.address).open(node.address + "/auth/link?t=" +
                                       link["url"].partition("?t=")[2]).status, 410)

    def test_stored_as_hashes(self):
        node = self.home()
        link, browser, token = self.link(node), self.signed_in(node), node.token()
        node.stop()
        with open(node.state + "/hearth.db", "rb") as f:
            database = f.read()
        for secret in (link["url"].partition("?t=")[2], link["code"], link["code"].replace("-", ""),
                       browser.cookies()["hearth_session"], token):
            self.assertNotIn(secret.encode(), database)
        self.assertIsNone(re.search(r"hth[sl]?_[\w-]{43}", node.log_text()))

    def test_proxy_header(self):
        """What a trusted proxy says counts, what anybody else says does not;
        it makes no accounts."""
        config = "[auth]\nproxy_header = Remote-Email\n"
        node = self.home(config + "[web]\ntrusted_proxies = 127.0.0.1/32\n")
        proxy = Browser(node.address, {"Remote-Email": ADA.upper()})
        self.assertEqual(self.api(proxy, "GET", "/me")[1]["account"]["email"], ADA)
        # its cookies are sent by other sites' pages, too
        self.assertEqual(self.api(proxy, "POST", "/links")[0], 403)
        self.assertEqual(self.api(proxy, "POST", "/links", **self.OWN)[0], 201)
        self.assertEqual(
            self.api(Browser(node.address, {"Remote-Email": "nobody@example.org"}), "GET",
                     "/me")[0], 401)
        self.assertEqual(node.cli_json("account", "list")[0]["email"], ADA)
        stranger = self.home(config + "[web]\ntrusted_proxies = 10.9.9.9/32\n")
        self.assertEqual(
            self.api(Browser(stranger.address, {"Remote-Email": ADA}), "GET", "/me")[0], 401)


if __name__ == "__main__":
    unittest.main()

"""Two people at one account: when the operator joins a newcomer to it, nothing that opened it
before does any more."""
import http.client
import json
import re
import threading
import unittest
import urllib.parse

import test_sso
from browser import Browser
from harness import ADA, PATIENCE, TestCase

OWN = {"X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-origin"}
PROXY = {"Remote-Email": ADA}
CLIENT = "3c49430b43dfba77"


class Adopt(TestCase):
    home, by_sso = test_sso.SingleSignOn.home, test_sso.SingleSignOn.sign_in

    def shared(self):
        """The account of somebody who had the address before, opened in every way that there is."""
        service = self.service()
        provider, node = self.home(
            account=False, config=
            "[web]\nevent_interval = 1s\ntrusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = "
            "Remote-Email\n"
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n"
        )
        node.cli("account", "import", "-",
                 text=json.dumps({**service.import_file(ADA, "refresh"), "uid": "0" * 32}))
        return service, provider, node

    def link(self, node):
        return json.loads(node.cli("link", ADA, "--json"))

    def opened(self, provider, node):
        browser = self.by_sso(provider, node)
        self.assertEqual(browser.page.status, 303, browser.page.text)
        before = {
            "session": browser.cookies()["hearth_session"], "fresh":
            browser.cookies()["hearth_fresh"], "token": node.token(), "link": self.link(node)
        }
        self.assertEqual([self.status(node, before, how) for how in ("session", "token", "proxy")],
                         [200] * 3)
        return before

    def status(self, node, before, how):
        headers = {
            "session": {"Cookie": f"hearth_session={before['session']}"}, "token":
            {"Authorization": f"Bearer {before['token']}"}, "proxy": PROXY
        }[how]
        return node.request("/api/v1/me", email=None, headers=headers).status

    def stream(self, node, headers):
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(node.address).netloc, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events", headers=headers)
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.readline()), (200, b": welcome\n"))
        return answer

    def newcomer(self, service, node, choice):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin?next=/tabs")
        browser.submit("Sign in with a password", until=node.address + "/tabs", email=ADA)
        browser.submit("Continue", until=node.address + "/tabs",
                       f_password=service.get(f"sign-in/{ADA}")["password"])
        self.assertIn("joins an account", browser.page.title)
        browser.submit(choice, until=node.address + "/tabs")
        self.assertEqual(browser.page.status, 303, browser.page.text)
        return browser

    def assert_out(self, provider, node, before):
        self.assertEqual([self.status(node, before, how) for how in ("session", "token", "proxy")],
                         [401] * 3)
        left = Browser(node.address)
        self.assertEqual(
            left.open(node.address + "/auth/link?" +
                      before["link"]["url"].partition("?")[2]).status, 410)
        left.open(node.address + "/auth/code")
        self.assertEqual(left.submit("Sign in", code=before["link"]["code"]).status, 403)
        browser = self.by_sso(provider, node)
        self.assertEqual(browser.page.status, 403)
        self.assertIn("belongs to another account here", browser.page.title)

    def test_who_opened_it_before_does_not_any_more(self):
        for choice in ("Keep what is here", "Delete it and begin anew"):
            with self.subTest(choice):
                service, provider, node = self.shared()
                before = self.opened(provider, node)
                streams = [
                    self.stream(node, headers)
                    for headers in ({"Authorization": f"Bearer {before['token']}"}, PROXY)
                ]
                self.assertEqual(self.status(node, before, "token"), 200)
                self.assertIn("ends then", node.cli("account", "adopt", ADA, "--yes"))
                self.assertEqual(self.status(node, before, "token"), 200)  # nobody has come yet
                name = node.cli_json("account", "show", ADA)["id"]
                ada = self.newcomer(service, node, choice)
                # what is under way for the other ends
                self.assertEqual(
                    node.cli_json("account", "show", ADA)["id"] == name, choice.startswith("Keep"))
                for stream in streams:
                    stream.read()  # to its end
                self.assert_out(provider, node, before)
                self.assertIn("1 browser, 1 API token, 1 sign-in link, 3 identities",
                              node.log_text())
                me = lambda: ada.request("GET", "/api/v1/me").status
                self.assertEqual(me(), 200)
                stale = {
                    **OWN, "Cookie":
                    f"hearth_session={ada.cookies()['hearth_session']}; "
                    f"hearth_fresh={before['fresh']}"
                }
                self.assertEqual(ada.request("DELETE", "/api/v1/me", headers=stale).status, 403)
                # The operator says that these are the same person, too: they take nobody's place,
                # and end nothing.
                node.cli("account", "adopt", ADA, "--oidc", "house", "--yes")
                self.assertEqual(self.by_sso(provider, node).page.status, 303)
                node.cli("account", "adopt", ADA, "--proxy", ADA, "--yes")
                self.assertEqual((self.status(node, before, "proxy"), me()), (200, 200))

    def test_what_the_operator_said_of_others_stays(self):
        service, provider, node = self.shared()
        self.opened(provider, node)
        node.cli("account", "adopt", ADA, "--oidc", "house", "--yes")
        node.cli("account", "adopt", ADA, "--yes")
        self.newcomer(service, node, "Delete it and begin anew")
        self.assertEqual(self.by_sso(provider, node).page.status, 303)

    def test_another_sub(self):
        service, provider, node = self.shared()
        before = self.opened(provider, node)
        provider.settings(claims={"sub": "somebody else"})
        node.cli("account", "adopt", ADA, "--oidc", "house", "--yes")
        new = self.by_sso(provider, node)
        self.assertEqual(new.page.status, 303)
        provider.restore()
        self.assert_out(provider, node, before)
        self.assertEqual(new.request("GET", "/api/v1/me").status, 200)
        # the data come from there
        self.assertEqual(node.cli_json("account", "show", ADA)["uid"], "0" * 32)

    def test_another_name(self):
        """A name in place of another one ends what that one made; a first name ends nothing."""
        service, provider, node = self.shared()
        node.cli("account", "adopt", ADA, "--proxy", "ada", "--yes")
        made = node.request("/api/v1/tokens", "POST", email=None, body={"name": "x"},
                            headers={"Remote-Email": "ada", **OWN}).json["token"]["secret"]
        status = lambda **who: node.request("/api/v1/me", email=None, **who).status
        self.assertEqual(status(token=made), 200)
        stream = self.stream(node, {"Remote-Email": "ada"})
        self.assertIn("1 API token", node.cli("account", "adopt", ADA, "--proxy", "ada.l", "--yes"))
        stream.read()
        self.assertEqual((status(token=made), status(headers={"Remote-Email": "ada"}),
                          status(headers={"Remote-Email": "ada.l"})), (401, 401, 200))

    def rush(self, node, headers):
        """Somebody who makes API tokens, and signs browsers in by links and codes, without a
        pause. Returns (made, stop); made: headers of requests."""
        netloc, made, done = urllib.parse.urlsplit(node.address).netloc, [], threading.Event()

        def rushing(tokens):
            connection = http.client.HTTPConnection(netloc, timeout=PATIENCE)

            def ask(method, path, body, headers):
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                return answer, answer.read()

            form = re.search("hearth_form=([^;]+)",
                             ask("GET", "/auth/code", None, {})[0].headers["Set-Cookie"])[1]
            while not done.is_set():
                if tokens:
                    answer, body = ask("POST", "/api/v1/tokens", '{"name":"x"}',
                                       {**OWN, **headers, "Content-Type": "application/json"})
                    if answer.status == 201:
                        made.append(
                            {"Authorization": "Bearer " + json.loads(body)["token"]["secret"]})
                else:
                    answer, body = ask("POST", "/api/v1/links", "", {**OWN, **headers})
                    if answer.status == 201:
                        code = json.loads(body)["link"]["code"]
                        sent = ask(
                            "POST", "/auth/code", f"form={form}&code={code}", {
                                "Cookie": f"hearth_form={form}", "Content-Type":
                                "application/x-www-form-urlencoded"
                            })[0]
                        session = re.search("hearth_session=([^;]+)", str(sent.headers))
                        if session:
                            made.append({"Cookie": session[0]})
                if answer.status == 401:
                    break
            connection.close()

        threads = [threading.Thread(target=rushing, args=(i % 2 == 0, )) for i in range(4)]

        def stop():
            done.set()
            for thread in threads:
                thread.join()

        self.addCleanup(stop)
        for thread in threads:
            thread.start()
        return made, stop

    def test_what_is_made_at_the_same_moment(self):
        """Requests that were let in just before the place is taken make nothing that stays."""
        count = 0
        for round in range(8):
            service, provider, node = self.shared()
            node.cli("account", "adopt", ADA, "--proxy", "ada", "--yes")
            self.assertEqual(
                node.request("/api/v1/me", email=None, headers={"Remote-Email": "ada"}).status, 200)
            if round % 2 == 0:
                made, stop = self.rush(node, {"Remote-Email": "ada"})
                node.cli("account", "adopt", ADA, "--proxy", "ada.l", "--yes")
            else:
                cookie = self.by_sso(provider, node).cookies()["hearth_session"]
                provider.settings(claims={"sub": "somebody else"})
                node.cli("account", "adopt", ADA, "--oidc", "house", "--yes")
                made, stop = self.rush(node, {"Cookie": f"hearth_session={cookie}"})
                self.assertEqual(self.by_sso(provider, node).page.status, 303)
            stop()
            good = [
                headers for headers in made
                if node.request("/api/v1/me", email=None, headers=headers).status == 200
            ]
            self.assertEqual(good, [], f"round {round}: of {len(made)}")
            self.assertEqual(node.cli_json("token", "list", ADA), [])
            count += len(made)
            node.stop()
        self.assertGreater(count, 20)

    def test_the_word_is_used_up_by_who_is_here_already(self):
        for kind in ("oidc", "sync"):
            with self.subTest(kind):
                service, provider, node = self.shared()
                if kind == "oidc":
                    self.opened(provider, node)
                    node.cli("account", "adopt", ADA, "--oidc", "house", "--yes")
                    self.assertEqual(self.by_sso(provider, node).page.status, 303)
                    provider.settings(claims={"sub": "somebody else"})
                    self.assertEqual(self.by_sso(provider, node).page.status, 403)
                else:
                    data = {**service.import_file(ADA, "refresh"), "uid": "0" * 32}
                    node.cli("account", "adopt", ADA, "--yes")
                    node.cli("account", "import", "-", text=json.dumps(data))
                    node.cli("account", "import", "-", text=json.dumps({**data, "uid": "1" * 32}),
                             code=1)


if __name__ == "__main__":
    unittest.main()

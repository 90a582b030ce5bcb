"""Nobody's pace is another's: readers who fetch slowly, or not at all, and servers elsewhere
that are silent. The tests assert who is answered while somebody else still waits; nothing is
measured."""
import http.client
import os
import signal
import socket
import struct
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "http"))
from browser import Browser  # noqa: E402
from faulty import FaultCase  # noqa: E402
from harness import ADA, TestCase, until  # noqa: E402
from client import OidcProvider  # noqa: E402
import h2frames as h2  # noqa: E402
import lifeline  # noqa: E402

CLIENT = "3c49430b43dfba77"
NO_WINDOW = struct.pack(">HI", 4, 0)  # SETTINGS_INITIAL_WINDOW_SIZE


class Exports(TestCase):
    def home(self, config=""):
        """One thread for everything: whoever kept it would keep everybody."""
        node = self.node(
            f"[web]\nstorage_threads = 1\nexport_threads = 1\ndrain_timeout = 1s\n{config}")
        node.add_account(self.service())
        return node

    def park(self, node, paths):
        """One connection whose streams may not send a byte of their bodies. It is read on until
        each has its head."""
        connection = h2.Connection(node.address, NO_WINDOW)
        self.addCleanup(connection.close)
        auth = [("authorization", "Bearer " + node.token())]
        connection.send(b"".join(
            h2.get(1 + 2 * i, path, extra=auth) for i, path in enumerate(paths)))
        until(lambda: len(connection.statuses()) == len(paths), "each has its head")
        return connection

    def others_are_answered(self, node):
        for path in ("/readyz", "/api/v1/me", "/api/v1/search?q=a", "/api/v1/tabs"):
            self.assertEqual(node.request(path).status, 200, path)

    def test_readers_who_do_not_read(self):
        node = self.home("exports_per_account = 8\n")
        paths = [
            f"/api/v1/export/{name}" for name in ("history.json", "history.csv", "bookmarks.html",
                                                  "bookmarks.json")
        ]
        whole = [node.request(path).body for path in paths]
        connection = self.park(node, paths)
        self.others_are_answered(node)
        self.assertFalse(connection.drain(), "those who do not read are still there")
        connection.send(
            h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 1 << 24)) + b"".join(
                h2.frame(h2.WINDOW_UPDATE, 0, 1 + 2 * i, struct.pack(">I", 1 << 24))
                for i in range(4)))
        until(lambda: connection.drain() or len(connection.ended()) == 4, "they have read all")
        for i, body in enumerate(whole):
            self.assertEqual(len(connection.bodies()[1 + 2 * i]), len(body), paths[i])
            self.assertEqual(connection.bodies()[1 + 2 * i][-2000:], body[-2000:], paths[i])

    def test_few_of_one_account(self):
        node = self.home()
        connection = self.park(node, ["/api/v1/export/history.json", "/api/v1/export/history.json"])
        self.assertEqual(sorted(connection.statuses().values()), [200, 200])
        answer = node.request("/api/v1/export/history.csv")
        self.assertEqual((answer.status, answer.json["code"]), (429, "too_many_exports"))
        self.assertIn("Retry-After", answer.headers)
        # is not made
        self.assertEqual(node.request("/api/v1/export/history.json", "HEAD").status, 200)
        self.others_are_answered(node)
        connection.close()
        until(lambda: node.request("/api/v1/export/history.csv").status == 200,
              "a place is free when one has gone")

    def test_length_and_room(self):
        node = self.home("export_space = 600KiB\n")
        answer = node.request("/api/v1/export/history.json")
        self.assertEqual((answer.status, answer.json["code"]), (503, "no_space"))
        self.assertIsNone(answer.headers["Content-Disposition"])
        small = node.request("/api/v1/export/bookmarks.html")
        self.assertEqual((small.status, int(small.headers["Content-Length"])),
                         (200, len(small.body)))
        for _ in range(3):  # what did not fit takes no room
            self.assertEqual(node.request("/api/v1/export/bookmarks.html").status, 200)
        node.configure("60-room", "[web]\nexport_space = 1GiB\n")
        node.stop()
        node.start()
        large = node.request("/api/v1/export/history.json")
        self.assertEqual((large.status, int(large.headers["Content-Length"])),
                         (200, len(large.body)))
        self.assertGreater(len(large.body), 1 << 19)  # it was in a file, and in several pieces
        self.assertEqual(os.listdir(node.state),
                         [n for n in os.listdir(node.state) if "export" not in n])

    def test_gone_in_the_middle(self):
        node = self.home("exports_per_account = 1\n")
        for _ in range(5):
            connection = http.client.HTTPConnection(node.address.split("//")[1], timeout=60)
            connection.request("GET", "/api/v1/export/history.json",
                               headers={"Authorization": f"Bearer {node.token()}"})
            answer = connection.getresponse()
            if answer.status == 200:
                answer.read(100)
            connection.sock.shutdown(socket.SHUT_RDWR)
            connection.close()
        until(lambda: node.request("/api/v1/export/history.json").status == 200,
              "nothing is left of those that were broken off")


class Waiting(FaultCase):
    def test_a_storage_that_hangs_in_an_export(self):
        """The only thread for exports is held up by the storage: who waits for it is told so
        before it comes back, others notice nothing, and the export itself ends at its deadline."""
        node = self.home("interval = 1d\n[web]\nexport_threads = 1\nexport_timeout = 10s\n")
        node.configure("60-short", "[web]\nstorage_timeout = 500ms\n")
        node.stop()
        node.start()
        node.request("/api/v1/me")
        node.faults("storage", "pages_by_frecency delay=600000")
        answers = []
        threads = [
            threading.Thread(
                target=lambda: answers.append(node.request("/api/v1/export/history.json")))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        try:
            until(lambda: answers, "the second is told")
            self.assertEqual((len(answers), answers[0].status, answers[0].json["code"]),
                             (1, 503, "busy"))
            self.assertIn("Retry-After", answers[0].headers)
            self.assertEqual(node.request("/api/v1/me").status, 200)
            self.assertEqual(len(answers), 1, "the first still hangs")
        finally:
            node.clear()
            for thread in threads:
                thread.join(60)
        self.assertEqual((answers[1].status, answers[1].json["code"]), (503, "unavailable"))
        self.assertIn("history.json", node.log_text())
        self.assertEqual(node.request("/api/v1/export/history.json").status, 200)


class Patient(Browser):
    patience = 600  # whoever waits does so until the test lets them go on


class SilentServers(TestCase):
    def stopped(self, service):
        lifeline.halt(service.process.pid)
        self.addCleanup(os.kill, service.process.pid, signal.SIGCONT)

    def home(self, config=""):
        service = self.service()
        node = self.node(
            f"[sync firefox]\nplugin = fx\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n"
            "request_timeout = 10min\n")
        provider = OidcProvider(node.address + "/auth/oidc/callback", "")
        self.addCleanup(provider.stop)
        node.configure(
            "60-sso",
            f"[listen main]\naddress = {node.address.partition('//')[2]}\n[auth]\nallow = "
            "*@example.org\nstep_timeout = 2min\n"
            f"[oidc house]\ntitle = the house\nissuer = {provider.issuer}\nclient_id = hearth\n"
            f"client_secret = a secret of the client\n{config}"
        )
        node.stop()
        node.start()
        node.add_account(service)
        return service, provider, node

    def start(self, node, email=ADA, setup=""):
        browser = Patient(node.address, {"Sec-Fetch-Site": "same-origin"})
        browser.open(node.address + "/auth/signin?next=/tabs&setup=" + setup)
        browser.submit("Sign in with a password", until=node.address + "/tabs", email=email)
        return browser

    def typing(self, node, password, email=ADA):
        """Somebody whose password is on its way to the accounts server."""
        browser = self.start(node, email)
        self.assertEqual(browser.page.status, 200, browser.page.text)
        thread = threading.Thread(target=lambda: browser.submit("Continue", until=node.address +
                                                                "/tabs", f_password=password))
        thread.browser = browser
        thread.start()
        return thread

    def single_sign_on(self, node, provider):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin?next=/history")
        browser.click("Sign in with the house", until=provider.url)
        browser.open(provider.visit(browser.page.headers["Location"]),
                     until=node.address + "/history")
        self.assertEqual((browser.page.status, browser.page.headers["Location"]), (303, "/history"),
                         browser.page.text)

    def waits(self, node, threads):
        """Each of them was taken up by a thread of the daemon."""
        for thread in threads:
            until(
                lambda: Browser.request(thread.browser, "GET", node.address + "/auth/step").status
                == 409, "it is worked on")

    def test_the_accounts_server(self):
        service, provider, node = self.home()
        password = service.get(f"sign-in/{ADA}")["password"]
        self.stopped(service)
        hung = [self.typing(node, password)]
        try:
            self.waits(node, hung)
            for n in range(5):
                self.assertIn("password", self.start(node, f"person{n}@example.org").page.text)
            self.single_sign_on(node, provider)
            self.assertEqual(node.request("/api/v1/me").status, 200)
            again = self.start(node)  # it is under way already, from where she is: told at once
            page = again.submit("Continue", f_password=password)
            self.assertEqual((page.status, page.headers["Retry-After"]), (503, "10"), page.text)
            self.assertIn("signs in with this e-mail address", page.text)
            hung += [self.typing(node, password, f"person{n}@example.org") for n in range(2)]
            self.waits(node, hung)
            # one network's people leave the last place to others; nothing is lost
            late = self.start(node, "late@example.org")
            page = late.submit("Continue", f_password=password)
            self.assertEqual(page.status, 503, page.text)
            self.assertIn("accounts server is slow", page.text)
            self.assertIn("Retry-After", page.headers)
            self.assertIn("password", self.start(node, "another@example.org").page.text)
            self.single_sign_on(node, provider)
            self.assertTrue(all(thread.is_alive() for thread in hung), "they still wait")
        finally:
            os.kill(service.process.pid, signal.SIGCONT)
            for thread in hung:
                thread.join(60)
        for thread in hung:
            self.assertIn(thread.browser.page.status, (303, 403, 503), thread.browser.page.text)
        self.assertEqual(hung[0].browser.page.status, 303, hung[0].browser.page.text)
        page = late.submit("Continue", until=node.address + "/tabs",
                           f_password=password) if late.page.forms else late.open("/auth/step")
        self.assertIn(page.status, (200, 303))

    def at_once(self, node, passwords, setup=""):
        """All of them type their passwords at the same time; [status]."""
        browsers = [self.start(node, email, setup) for email, _ in passwords]
        barrier = threading.Barrier(len(browsers), timeout=60)

        def submit(browser, password):
            barrier.wait()
            browser.submit("Continue", until=node.address + "/tabs", f_password=password)

        threads = [
            threading.Thread(target=submit, args=(browser, password))
            for browser, (_, password) in zip(browsers, passwords)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return [browser.page.status for browser in browsers]

    def test_one_first_person(self):
        """A new server, and three who come at the same moment: it belongs to one of them."""
        service = self.service()
        node = self.node(
            f"[sync firefox]\nplugin = fx\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = {CLIENT}\n"
        )
        emails = [ADA, "eve@example.org", "bob@example.org"]
        for email in emails[1:]:
            service.account(email, history=3)
        statuses = self.at_once(node, [(email, service.get(f"sign-in/{email}")["password"])
                                       for email in emails], node.setup_code)
        self.assertTrue(set(statuses) <= {303, 403, 503}, statuses)
        self.assertEqual((statuses.count(303), len(node.cli_json("account", "list"))), (1, 1),
                         statuses)

    def test_one_account_for_each(self):
        """The same person in three browsers at the same moment has one account."""
        service, _, node = self.home()
        service.account("eve@example.org", history=3)
        password = service.get("sign-in/eve@example.org")["password"]
        statuses = self.at_once(node, [("eve@example.org", password)] * 3)
        self.assertTrue(set(statuses) <= {303, 503}, statuses)
        self.assertIn(303, statuses)
        self.assertEqual(sorted(account["email"] for account in node.cli_json("account", "list")),
                         [ADA, "eve@example.org"])

    def test_the_deadline_of_a_step(self):
        """The server is stopped, not dead: the step ends all the same,
        and nothing is left of it."""
        service, _, node = self.home()
        node.configure("70-short", "[auth]\nstep_timeout = 2s\n")
        node.stop()
        node.start()
        password = service.get(f"sign-in/{ADA}")["password"]
        self.stopped(service)
        browser = self.start(node)
        page = browser.submit("Continue", f_password=password)
        self.assertEqual(page.status, 503, page.text)
        os.kill(service.process.pid, signal.SIGCONT)
        node.configure("70-short", "")
        node.stop()
        node.start()
        browser = self.start(node)
        browser.submit("Continue", until=node.address + "/tabs", f_password=password)
        self.assertEqual(browser.page.status, 303, browser.page.text)

    def test_the_provider(self):
        """The same the other way round: a silent OpenID provider."""
        service, provider, node = self.home()
        password = service.get(f"sign-in/{ADA}")["password"]
        self.stopped(provider)
        browsers = [Patient(node.address) for _ in range(5)]
        for browser in browsers:
            browser.open(node.address + "/auth/signin")
            browser.page = None
        hung = [
            threading.Thread(target=browser.open,
                             args=(node.address + "/auth/oidc/house", provider.url))
            for browser in browsers
        ]
        try:
            for thread in hung:
                thread.start()
            until(lambda: sum(bool(browser.page) for browser in browsers) == 2,
                  "there is room for three of one network")
            browser = self.start(node)
            browser.submit("Continue", until=node.address + "/tabs", f_password=password)
            self.assertEqual(browser.page.status, 303, browser.page.text)
            self.assertEqual([browser.page.status for browser in browsers if browser.page],
                             [503, 503])
            self.assertEqual(sum(thread.is_alive() for thread in hung), 3, "they still wait")
        finally:
            os.kill(provider.process.pid, signal.SIGCONT)
            for thread in hung:
                thread.join(60)
        self.single_sign_on(node, provider)


if __name__ == "__main__":
    unittest.main()

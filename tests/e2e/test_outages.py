"""Servers of others that cannot be used: told in one line when it begins and in one when it
ends, whoever finds it."""
import json
import unittest

from browser import Browser
from harness import TestCase, until
from client import OidcProvider  # noqa: E402

EMAILS = ["ada.one@example.org", "ada.two@example.org", "ada.three@example.org"]
OFTEN = ("[hearth]\nlog = json\nlog_level = debug\n[scheduler]\ninterval = 1s\nretry = 1s\n"
         "jitter = 0\n")


class Outages(TestCase):
    def rows(self, node, start=0):
        return [json.loads(line) for line in node.log_text()[start:].splitlines()]

    def told(self, node, start):
        """What an operator sees who does not look at debug:
        errors, warnings, and what answers again."""
        return [
            r for r in self.rows(node, start)
            if r["level"] in ("error", "warning") or r["event"] == "answers again"
        ]

    def accounts(self, node):
        return {row["email"]: row for row in node.cli_json("account", "list")}

    def synced(self, node, since):
        return all(a["state"] == "ok" and a["last_sync_at"] > since
                   for a in self.accounts(node).values())

    def failures(self, node, start, detail=""):
        """How often each account's sync failed."""
        count = {}
        for r in self.rows(node, start):
            if r["event"] == "sync failed" and detail in r["detail"]:
                count[r["account"]] = count.get(r["account"], 0) + 1
        return count

    def home(self):
        service = self.service(load=False)
        node = self.node(OFTEN, start=False)
        for i, email in enumerate(EMAILS):
            service.account(email, history=5, bookmarks=3, tabs=1, seed=i)
            node.add_account(service, email, sync=False)
        node.start()
        until(lambda: len(self.failures(node, 0)) == 0 and self.synced(node, 0), "everybody synced")
        return service, node

    def outage(self, service, node, words, **fault):
        start = len(node.log_text())
        last = max(a["last_sync_at"] for a in self.accounts(node).values())
        service.faults({"match": ".*", **fault})
        until(
            lambda: sorted(self.failures(node, start).values())[:1] >= [3] and len(
                self.failures(node, start)) == 3, "each fails thrice")
        self.assertTrue(all(a["state"] == "error" for a in self.accounts(node).values()))
        begun = self.told(node, start)
        self.assertEqual(len(begun), 1, begun)
        self.assertEqual((begun[0]["level"], begun[0]["module"]), ("warning", "net"))
        place = service.url.partition("//")[2]
        self.assertEqual((begun[0]["event"], begun[0]["server"]), ("cannot be used", place))
        self.assertIn(words, begun[0]["error"])
        service.faults()
        until(lambda: self.synced(node, last), "all is well again")
        told = self.told(node, start)
        self.assertEqual([r["event"] for r in told], ["cannot be used", "answers again"], told)
        self.assertEqual(told[1]["server"], place)

    def test_servers_that_refuse(self):
        service, node = self.home()
        self.outage(service, node, "failed", drop=True)
        self.outage(service, node, "it answered 503", status=503)
        self.outage(service, node, "it answered 429", status=429, headers={"Retry-After": "1"})
        start = len(node.log_text())
        service.stop()
        until(
            lambda: sorted(self.failures(node, start).values())[:1] >= [3] and len(
                self.failures(node, start)) == 3, "each fails thrice")
        told = self.told(node, start)
        self.assertEqual(len(told), 1, told)
        self.assertIn("cannot be reached", told[0]["error"])

    def test_what_one_account_meets(self):
        """An answer that is no outage of a server concerns its account:
        told when it begins, not each time."""
        service, node = self.home()
        start = len(node.log_text())
        service.faults({"path": "info/collections", "account": EMAILS[0], "status": 500})
        until(lambda: max(self.failures(node, start).values(), default=0) >= 3, "it fails thrice")
        told = self.told(node, start)
        self.assertEqual([(r["module"], r["event"]) for r in told], [("jobs", "sync failed")], told)
        service.faults({"path": "info/collections", "account": EMAILS[0], "status": 403})
        until(lambda: max(self.failures(node, start, "403").values(), default=0) >= 2,
              "it fails in another way")
        self.assertEqual(["500" in r["detail"] for r in self.told(node, start)], [True, False])

    def test_damaged_records(self):
        """Named once, not again by each sync that fails of them."""
        service, node = self.home()
        start = len(node.log_text())
        service.put("history", *({"id": f"BROKEN{i:06}", "payload": "not JSON"} for i in range(30)),
                    email=EMAILS[0])
        until(lambda: max(self.failures(node, start).values(), default=0) >= 3, "it fails thrice")
        events = [r["event"] for r in self.told(node, start)]
        self.assertEqual((events.count("damaged record"), events.count("sync failed")), (10, 1),
                         events)

    def test_single_sign_on(self):
        provider = OidcProvider("http://127.0.0.1/unused")
        self.addCleanup(provider.stop)
        node = self.node(
            f"[hearth]\nlog = json\n[oidc home]\nissuer = {provider.issuer}\nclient_id = hearth\n"
            "client_secret = a secret of the client\n"
        )
        node.add_account(self.service(), sync=False)

        def sign_in():
            browser = Browser(node.address)
            browser.open(node.address + "/auth/signin")
            browser.click("Sign in with home", until=provider.url)
            return browser.page.status

        for fault, words in (({"drop": True}, "failed"), ({"status": 503}, "it answered 503")):
            start = len(node.log_text())
            provider.faults({"match": "openid", **fault})
            for _ in range(4):
                self.assertEqual(sign_in(), 503)
            told = self.told(node, start)
            self.assertEqual(len(told), 1, node.log_text()[start:])
            self.assertIn(words, told[0]["error"])
            provider.faults()
            self.assertEqual(sign_in(), 303)
            self.assertEqual([r["event"] for r in self.told(node, start)],
                             ["cannot be used", "answers again"])
            self.assertEqual(self.told(node, start)[1]["server"], provider.url.partition("//")[2])
            node.stop()  # what was discovered is known for a while
            node.start()


if __name__ == "__main__":
    unittest.main()

"""Push messages of a fleet: of all the processes that hear of a change one sends, with the key that
every web process of the node shows."""
import concurrent.futures
import os
import sys
import tempfile
import unittest

from fleet import NODES, Fleet, TestCase, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "doubles"))
from push_service import PushService  # noqa: E402


class Push(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.push = PushService(folder.name)
        self.addCleanup(self.push.stop)
        self.fleet = Fleet(
            self, workers=3, schedulers=1, seconds=True,
            config="[scheduler]\ninterval = 1h\ntick = 100ms\n[push]\nallow = 127.0.0.1\n"
            f"interval = 1h\nca_file = {self.push.ca_file}\n")
        self.fleet.settle(1)
        self.email = self.fleet.emails[0]
        until(lambda: self.fleet.rows()[0]["last_sync_at"], "the first sync")
        self.node = self.fleet.rows()[0]["node"]
        self.webs = [self.fleet.webs[self.node], self.fleet.seconds[NODES.index(self.node)]]

    def ask(self, web, path, method="GET", body=None, status=200):
        answer = web.request("/api/v1" + path, method, email=None, body=body,
                             token=self.fleet.tokens[self.email])
        self.assertEqual(answer.status, status, answer.body)
        return answer.json

    def query(self, sql):
        return self.fleet.databases[self.node].sql(self.node, sql).strip()

    def test_one_process_sends(self):
        key = until(lambda: self.webs[0].request(
            "/api/v1/push", email=None, token=self.fleet.tokens[self.email]).json.get("vapid_key"),
            "a key is made")
        self.assertEqual(self.ask(self.webs[1], "/push")["vapid_key"], key)
        made = self.ask(self.webs[0], "/push", "POST", {"endpoint": self.push.url + "/ok/1"}, 201)
        self.assertEqual(self.ask(self.webs[1], "/push")["endpoints"], [made["endpoint"]])
        for expected in (1, 2):
            # all that changes something does so at once, and may send
            self.query("UPDATE push SET not_before = 1")
            self.fleet.next_round(self.email)
            # of a worker: a command would sync by itself
            self.query("UPDATE accounts SET next_sync = 1, asked = asked + 1")
            with concurrent.futures.ThreadPoolExecutor(8) as threads:
                done = [
                    threads.submit(self.ask, web, "/removals", "POST", {
                        "kind": "page", "url": f"https://person0.example/visited/{n}"
                    }, 201) for n, web in enumerate(self.webs * 2)
                ]
                for one in done:
                    one.result()
            until(lambda: len(self.push.messages) >= expected, "a message",
                  progress=lambda: self.query("SELECT * FROM push"))
            until(lambda: self.query("SELECT count(*) FROM push WHERE not_before > 1 AND failures "
                                     "= 0 AND last_sent > 0") == "1", "it is noted")
            until(lambda: self.query("SELECT count(*) FROM accounts WHERE answered = asked") == "1",
                  "the sync is done")
            self.assertEqual(len(self.push.messages), expected)
        processes = [*self.webs, *self.fleet.workers]
        noted = [p.metric("push_notes_total", result="noted") for p in processes]
        self.assertTrue(all(noted[:2]) and any(noted[2:]), noted)
        self.assertEqual(sum(p.metric("push_messages_total", outcome="sent") for p in processes), 2)
        for message in self.push.messages:
            self.assertTrue(message["headers"]["authorization"].endswith(f", k={key}"), message)


if __name__ == "__main__":
    unittest.main()

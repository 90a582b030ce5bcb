"""Kill -9 in the middle of a sync, and stops: nothing is lost, no collection is half applied."""
import datetime
import json
import signal
import unittest

from harness import ADA, PATIENCE, TestCase, until

BIG = "big@example.org"
FOR_EVER = 3600  # seconds that a request is held: until the test goes on


class Crash(TestCase):
    def counts(self, node, email):
        return node.cli_json("account", "show", email)["counts"]

    def test_kill_while_fetching(self):
        service, node = self.service(load=False), self.node()
        service.account(BIG, history=20000, bookmarks=500, tabs=5)
        service.faults({"match": "storage/history", "skip": 3, "times": 1, "delay": FOR_EVER})
        node.add_account(service, BIG, sync=False)
        until(lambda: len(service.log("storage/history")) > 3,
              "the sync is in the middle of the history")
        node.kill()
        counts = self.counts(node, BIG)
        self.assertEqual(counts["bookmarks"], 500)  # committed before
        # not a part of the collection that was under way
        self.assertEqual(counts["pages"], 0)
        service.faults()
        self.assertIn("sound", node.cli("verify"))
        node.start()
        node.sync(BIG)
        self.assertEqual(self.counts(node, BIG)["pages"], 20000)
        self.assertIn("sound", node.cli("verify"))

    def test_kill_at_any_time(self):
        """Killed after ever more requests: whatever is stored is whole,
        and the next sync completes it."""
        service, node = self.service(load=False), self.node(start=False)
        service.account(BIG, history=3000, bookmarks=300, tabs=5)
        for round_number in range(6):
            service.clear()
            # it cannot have ended before
            service.faults(
                {"match": "storage/", "skip": round_number + 2, "times": 1, "delay": FOR_EVER})
            node.start()
            if round_number == 0:
                node.add_account(service, BIG, sync=False)
            else:
                node.cli("account", "resync", BIG)
            until(lambda: len(service.log("storage/")) > round_number + 2, "the sync has begun")
            node.kill()
            self.assertIn("sound", node.cli("verify"))
            counts = self.counts(node, BIG)
            self.assertIn(counts["pages"], (0, 3000))
            self.assertIn(counts["bookmarks"], (0, 300))
        service.faults()
        node.start()
        node.sync(BIG)
        self.assertEqual(self.counts(node, BIG)["pages"], 3000)

    def test_an_abort_leaves_a_last_word(self):
        """As h2o ends the process when memory is exhausted: without a line, the operator would
        look for a kill."""
        for log_format in ("text", "json"):
            with self.subTest(log_format):
                node = self.node(start=False)
                # where sanitizers report aborts themselves
                node.environment.pop("HEARTH_KEEP_STDERR", None)
                node.configure("60-log", f"[hearth]\nlog = {log_format}\n")
                node.start()
                node.process.send_signal(signal.SIGABRT)
                self.assertEqual(node.process.wait(PATIENCE), -signal.SIGABRT)
                last = node.log_text().splitlines()[-1]
                self.assertIn("the process ends itself", last)
                if log_format == "json":
                    last = json.loads(last)["time"]
                when = datetime.datetime.fromisoformat(last.split(" ")[0])
                self.assertLess(abs(when - datetime.datetime.now(datetime.timezone.utc)),
                                datetime.timedelta(hours=1))
                node.kill()  # only to let go of it

    def test_stop_ends_a_sync_soon(self):
        service, node = self.service(), self.node()
        service.faults({"match": "storage/history", "times": 1, "delay": FOR_EVER})
        node.add_account(service, sync=False)
        until(lambda: service.log("storage/history"), "the sync waits for the history")
        node.stop()  # the harness allows a minute; a clean exit code is asserted
        service.faults()
        node.start()
        node.sync()
        self.assertEqual(self.counts(node, ADA)["pages"], 5095)

    def test_resync_shows_the_old_until_the_new_is_complete(self):
        service, node = self.service(), self.node()
        node.add_account(service)
        before = self.counts(node, ADA)
        service.clear()
        service.faults({"match": "storage/bookmarks", "times": 1, "delay": FOR_EVER})
        node.cli("account", "resync", ADA)
        until(lambda: service.log("storage/bookmarks"), "the new data are on their way")
        self.assertEqual(self.counts(node, ADA), before)
        self.assertEqual(len(node.pages_of("/bookmarks", "items", sort="added")),
                         before["bookmarks"])
        service.faults()
        node.stop()
        node.start()
        node.sync()
        self.assertEqual(self.counts(node, ADA), before)


if __name__ == "__main__":
    unittest.main()

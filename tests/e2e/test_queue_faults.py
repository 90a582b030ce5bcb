"""A storage or a queue that does not do what the schedule needs: syncs are late, none is lost,
and the daemon still stops."""
import contextlib
import http.client
import os
import threading
import unittest

from faulty import DAILY, OFTEN, FaultCase
from harness import until

# Of a daemon that ends although a thread does not come back: it joins none of the others either.
ENDS_UNJOINED = {"TSAN_OPTIONS": os.environ.get("TSAN_OPTIONS", "") + ":report_thread_leaks=0"}


class Scheduling(FaultCase):
    def wait_for_syncs(self, node, count=2):
        self.ada.clear()
        until(lambda: len(self.ada.log("info/collections")) >= count, "the schedule goes on")

    def test_claims_fail_for_a_while(self):
        for rule in ("error=UNAVAILABLE times=3", "short=0 error=IO times=3", "lost times=2",
                     "error=UNCERTAIN times=2"):
            with self.subTest(rule):
                node = self.home(OFTEN + "lease = 1s\n")
                node.faults("storage", "account_lease_due " + rule)
                told = ("due accounts not read", "does not answer backend=\"the storage\"",
                        "calls not answered backend=\"the storage\"")
                until(lambda n=node: any(words in n.log_text() for words in told), "it is told")
                self.wait_for_syncs(node)
                node.close()

    def test_the_queue_takes_no_jobs(self):
        node = self.home(OFTEN + "lease = 1h\n")
        for error in ("FULL", "UNAVAILABLE", "UNCERTAIN"):
            with self.subTest(error):
                node.faults("queue", f"publish error={error} words=no room")
                until(lambda: "the queue takes no job: no room" in node.log_text(), "it is told")
                node.clear()
                self.wait_for_syncs(node)  # leases were given up: nobody waits an hour

    def test_asking_for_a_sync_when_the_queue_takes_none(self):
        node = self.home()
        for error in ("FULL", "UNAVAILABLE"):
            node.faults("queue", f"publish error={error}")
            self.assert_unavailable(node.request("/api/v1/sync", "POST"))
        node.clear()
        self.ada.clear()
        # the refused wishes do not count
        self.assertEqual(node.request("/api/v1/sync", "POST").status, 202)
        until(lambda: self.ada.log("info/collections"), "the sync")

    def test_jobs_that_cannot_be_taken_or_ended(self):
        for rule in ("reserve error=UNAVAILABLE times=2", "finish error=UNAVAILABLE times=2",
                     "finish lost times=2", "reserve lost times=1", "extend error=IO"):
            with self.subTest(rule):
                node = self.home(OFTEN + "lease = 1s\n[worker]\nlease = 2s\nparallel = 2\n")
                node.faults("queue", rule)
                self.wait_for_syncs(node)
                node.close()

    def test_lost_events(self):
        for rule in ("event_publish error=UNAVAILABLE", "event_publish lost",
                     "event_wait error=UNAVAILABLE", "event_wait short=0 error=IO"):
            with self.subTest(rule):
                node = self.home(step=3, config=DAILY)
                paths = ("/tabs", "/history", "/bookmarks?sort=added")
                before = [node.request("/api/v1" + p).json for p in paths]
                node.faults("queue", rule)
                self.ada.post("step", step=7)
                node.sync()
                until(
                    lambda: all(
                        node.request("/api/v1" + p).json != b for p, b in zip(paths, before)),
                    "no stale answers", 5)
                until(lambda: not node.api("/me")["account"]["syncing"], "the end of the sync", 5)
                node.close()


    def test_events_that_come_late(self):
        """Whoever has seen that a sync is over reads what it brought."""
        node = self.home(step=3, config=DAILY)
        paths = ("/tabs", "/history", "/bookmarks?sort=added")
        before = [node.request("/api/v1" + p).json for p in paths]
        node.faults("queue", "event_publish delay=1500")
        self.ada.post("step", step=7)
        node.sync()
        stale = [p for p, b in zip(paths, before) if node.request("/api/v1" + p).json == b]
        self.assertEqual(stale, [])
        node.close()


class Stopping(FaultCase):
    def test_stops_while_something_hangs(self):
        hangs = {
            "storage": ("account_lease_due", "batch_commit", "page_put", "account_update", "ping",
                        "account_get", "pages_by_frecency"), "queue":
            ("publish", "reserve", "finish", "event_publish", "event_wait", "ping")
        }
        for kind, operations in hangs.items():
            for operation in operations:
                with self.subTest(operation):
                    node = self.home(OFTEN + "lease = 1s\n", sync=False)
                    node.token()
                    node.faults(kind, f"{operation} delay=600000")
                    for path in ("/readyz", "/api/v1/search?q=a", "/api/v1/sync"):
                        node.request(path, "POST" if path.endswith("sync") else "GET")
                    node.stop()  # within the harness's patience
                    node.close()

    def test_stops_although_a_plugin_does_not_come_back(self):
        """Nothing can interrupt it: the process says what it waits for, and ends in the time
        that it has for stopping."""
        for rule, words, path in (("account_get deaf=600000",
                                   "stop takes too long step=\"answers that are under way\"",
                                   "/api/v1/me"),
                                  ("ping deaf=600000",
                                   "a ping of a database or the queue does not come back", None)):
            with self.subTest(rule):
                node = self.home(
                    "interval = 1d\n[hearth]\nprobe_interval = 50ms\nprobe_timeout = 200ms\n",
                    sync=False, environment=ENDS_UNJOINED)
                node.token()
                node.faults("storage", rule)
                if path is not None:
                    stuck = threading.Thread(target=self.ask_and_forget, args=(node, path),
                                             daemon=True)
                    stuck.start()
                    self.addCleanup(stuck.join)
                    until(lambda n=node: self.in_nanosleep(n), "the request is stuck")
                else:
                    until(lambda n=node: n.request("/readyz", email=None).status == 503,
                          "the one that watches the probes notices it")
                    # at once: no thread is sent after the one that is stuck
                    self.assert_unavailable(node.request("/api/v1/me"))
                node.stop(expected=1)
                self.assertIn(words, node.log_text())

    def test_stops_with_a_patient_request(self):
        """A request may take an hour, by configuration: not at a stop, which ends it after
        drain_timeout and is a clean one."""
        node = self.home(sync=False)
        node.token()
        node.stop()
        node.configure("60-patience",
                       "[hearth]\nprobe_interval = 1h\n[web]\nstorage_timeout = 1h\n")
        node.start()
        node.faults("storage", "account_get delay=3600000")
        stuck = threading.Thread(target=self.ask_and_forget, args=(node, "/api/v1/me"), daemon=True)
        stuck.start()
        self.addCleanup(stuck.join)
        until(lambda: self.in_nanosleep(node), "the request waits")
        node.stop()
        self.assertNotIn("stop takes too long", node.log_text())

    @staticmethod
    def ask_and_forget(node, path):
        with contextlib.suppress(OSError, http.client.HTTPException):
            node.request(path)

    @staticmethod
    def in_nanosleep(node):
        """A thread named `storage` sleeps as the rule says."""
        folder = f"/proc/{node.process.pid}/task"
        for task in os.listdir(folder):
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has ended
                with open(f"{folder}/{task}/comm",
                          encoding="ascii") as name, open(f"{folder}/{task}/wchan",
                                                          encoding="ascii") as where:
                    if name.read().strip() == "storage" and "nanosleep" in where.read():
                        return True
        return False


if __name__ == "__main__":
    unittest.main()

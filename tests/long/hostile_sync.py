"""A Sync server that means ill, at size: millions of tiny records, a record of 100 MB, pages
without end, JSON without bottom, an answer in drips. Each sync ends in words, within `[worker]
timeout`, keeps what was there, and takes no more memory than docs/performance.md says; others go
on meanwhile. Prints a table; exit code 1 when something did not hold.

    python3 tests/long/hostile_sync.py [--short]      HEARTHD: the binary, default build/hearthd"""
import os
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import ADA, HEARTHD, TestCase  # noqa: E402

LIMIT = 1500
SHORT = "--short" in sys.argv
if SHORT:
    sys.argv.remove("--short")
OTHER = "other@example.org"
MIB = 1 << 20
SCALE = 50 if SHORT else 1
MORE = 160 * 1024  # KiB of memory that a hostile sync may take for itself
LINE = '{"id":"%d"}'
# name: (fault, words; the last line of what the sync says has one of them)
CASES = {
    "1,000,000 tiny records": ({"flood": {"line": LINE, "count": 1_000_000 // SCALE}},
                               ("arrived damaged", "brought 0 of them")),
    "records without end in one answer": ({"flood": {"line": LINE, "count":
                20_000_000 // (2 if SHORT else 1)}}, ("more than", "did not come to an end")),
    "pages without end": ({"flood": {"line": LINE, "count": 1000, "next":
                                     True}}, ("come to an end", "more than")),
    "empty pages without end": ({"flood": {"line": LINE, "count": 0, "next":
                                           True}}, ("come to an end", )), "a record of 100 MB":
    ({"flood": {"byte": "x", "count": 100 * MIB // SCALE}}, ("arrived damaged", "not a list")),
    "an array of 100 MB": ({"flood":
                            {"byte": "[", "count":
                             100 * MIB // SCALE}}, ("arrived damaged", "not a list", "cut off")),
    "deep JSON in each record": ({"damage": {"kind": "deep", "percent":
                                             100}}, ("arrived damaged", )), "records of 8 MB":
    ({"damage": {"kind": "huge", "percent": 5, "bytes": 8 * MIB}},
     ("arrived damaged", )), "in drips": ({"drip": {"bytes": 1, "pause_ms":
                                                    100}}, ("did not answer", "too slow",
                                                            "did not come to an end", "within")),
}


class Hostile(TestCase):
    def peak(self, node, done, ret):
        while not done.wait(0.05):
            ret[0] = max(ret[0], node.memory())

    def others_go_on(self, node, done, ret):
        while not done.wait(0.2):
            began = time.monotonic()
            answer = node.request("/api/v1/history?limit=50", email=OTHER)
            ret.append((answer.status, (time.monotonic() - began) * 1000))

    def one(self, service, node, name, fault, words):
        counts = node.api("/me")["account"]["counts"]
        service.faults({
            "match": "storage/history", **fault,
            **({"without": ["X-Weave-Records"]} if "flood" in fault else {})
        })
        before, peak, reads, done = node.memory(), [0], [], threading.Event()
        watchers = [
            threading.Thread(target=self.peak, args=(node, done, peak)),
            threading.Thread(target=self.others_go_on, args=(node, done, reads))
        ]
        for watcher in watchers:
            watcher.start()
        began = time.monotonic()
        try:
            done_by = subprocess.run(
                [HEARTHD, "--config", node.conf, "account", "resync", ADA, "--wait"],
                capture_output=True, text=True, env=node.environment, timeout=LIMIT)
            said = done_by.stdout + done_by.stderr
        finally:
            done.set()
            print(f"({name}: {peak[0] // 1024} MiB at most)", flush=True)
            for watcher in watchers:
                watcher.join()
        took = time.monotonic() - began
        service.faults()
        node.sync()  # well again
        times = sorted(ms for _, ms in reads) or [0]
        last = next(line for line in said.splitlines()
                    if line != "The sync is running.").removeprefix(f"hearthd: {ADA}: ")[:200]
        print(
            f"| {name} | {took:.1f} s | {before / 1024:.0f} → {peak[0] / 1024:.0f} MiB | "
            f"{times[len(times) // 2]:.1f} / {times[-1]:.0f} ms | {last} |",
            flush=True)
        with self.subTest(name):
            self.assertTrue(any(word in said for word in words), said)
            self.assertLessEqual({status for status, _ in reads}, {200})
            self.assertEqual(node.api("/me")["account"]["counts"], counts)
            self.assertLess(peak[0] - before, MORE)

    def test_cases(self):
        service = self.service(load=False)
        node = self.node(f"[worker]\ntimeout = {8 if SHORT else 90}s\n[scheduler]\ninterval = 1h\n")
        for email in (ADA, OTHER):
            service.account(email, history=300, bookmarks=20, tabs=2)
            node.add_account(service, email)
        print(
            "| the server | took | memory | another's reads, p50 / max | words |\n"
            "|---|---|---|---|---|"
        )
        for name, (fault, words) in CASES.items():
            self.one(service, node, name, fault, words)
        node.cli("account", "resync", ADA, "--wait")
        self.assertIn("sound", node.cli("verify"))


if __name__ == "__main__":
    unittest.main()

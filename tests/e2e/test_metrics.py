"""/metrics: every family of docs/metrics.md, with what happened in it, and nothing that a client
could make grow."""
import os
import re
import shutil
import time
import unittest

from harness import PATIENCE, ROOT, TestCase, until
from test_check import certificate

TICK = "[scheduler]\ntick = 100ms\n"
WRONG = "hth_" + "A" * 43
# Of what a fresh node with one account does not have.
ABSENT = {"hearth_certificate_expiry_timestamp_seconds"}


def table():
    """Of the page: name to type and meaning."""
    with open(os.path.join(ROOT, "docs", "metrics.md"), encoding="utf-8") as f:
        rows = re.findall(r"^\| `(\w+)` \| (\w+) \|[^|]*\|[^|]*\| (.*) \|$", f.read(), re.M)
    return {name: (kind, meaning) for name, kind, meaning in rows}


class Families(TestCase):
    def home(self, config=""):
        node, service = self.node(TICK + config), self.service()
        node.add_account(service)
        until(lambda: node.metric("accounts_counted_timestamp_seconds") > 0, "they are counted")
        return node, service

    def test_what_the_page_says(self):
        """One HELP and one TYPE before each family's samples, no sample twice, and series whose
        labels are known are there from the start."""
        node, _ = self.home()
        text = node.control("GET", "/metrics").body.decode()
        found, seen, family = {}, set(), None
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family, meaning = line.split(" ", 3)[2:]
                self.assertNotIn(family, found)
                found[family] = [None, meaning]
            elif line.startswith("# TYPE "):
                self.assertEqual(line.split()[2], family)
                found[family][0] = line.split()[3]
            else:
                sample = line.rpartition(" ")[0]
                self.assertRegex(sample, rf"^{family}(_bucket|_sum|_count)?(\{{|$)")
                self.assertNotIn(sample, seen)
                seen.add(sample)
        self.assertEqual({name: tuple(row) for name, row in found.items()}, table())
        sampled = {re.split(r"_(?:bucket|sum|count)\b|\{", s)[0] for s in seen}
        self.assertEqual(set(found) - sampled, ABSENT)
        for series in ('hearth_syncs_total{outcome="error"} 0',
                       'hearth_signin_failures_total{kind="wrong_token"} 0',
                       'hearth_backend_errors_total{plugin="queue-inproc",node="",code="io"} 0',
                       'hearth_node_up{node=""} 1', 'hearth_event_streams 0',
                       'hearth_plugin_events_total{plugin="sync-fx",'
                       'event="sync_fx_records_ignored"} '):
            self.assertIn("\n" + series, text)
        for name, sample in (("process_resident_memory_bytes", 1 << 20),
                             ("process_open_fds", 10), ("process_threads", 5),
                             ("process_start_time_seconds", time.time() - 1000)):
            self.assertGreater(float(re.search(rf"^{name} (\S+)$", text, re.M)[1]), sample)

    def test_requests(self):
        node, _ = self.home()
        count = {"route": "/api/v1/history", "method": "read"}
        before = node.metric("http_request_duration_seconds_count", route="/api/v1/history")
        node.api("/history")
        node.request("/api/v1/history", email=None)
        node.request("/api/v1/me", method="PATCH")
        node.request("/nowhere")
        self.assertEqual(node.metric("http_requests_total", status="2xx", **count), 1)
        self.assertEqual(node.metric("http_requests_total", status="4xx", **count), 1)
        self.assertEqual(node.metric("http_requests_total", route="none", method="write"), 1)
        self.assertEqual(node.metric("http_requests_total", route="none", method="read"), 1)
        self.assertEqual(
            node.metric("http_request_duration_seconds_count", route="/api/v1/history"),
            before + 2)
        self.assertEqual(
            node.metric("http_request_duration_seconds_bucket",
                        route="/api/v1/history",
                        le="+Inf"), before + 2)
        self.assertEqual(node.metric("http_requests_in_flight"), 1)  # the one that asks
        series = len(list(node.metrics()))
        for i in range(50):
            node.request(f"/nowhere/{i}")
            node.request(f"/api/v1/pages/{i}")
            node.request("/api/v1/me", method="PURGE")
        self.assertEqual(len(list(node.metrics())), series)

    def test_syncs_and_accounts(self):
        node, service = self.home("[scheduler]\nretry = 1h\n")
        done = node.metric("syncs_total", outcome="ok")
        timed = node.metric("sync_duration_seconds_count")
        node.sync()
        until(lambda: node.metric("syncs_total", outcome="ok") == done + 1, "it is counted")
        service.faults({"match": ".*", "status": 500})
        node.cli("account", "sync", "ada@example.org")
        until(lambda: node.metric("syncs_total", outcome="error") >= 1, "the failure, too")
        self.assertGreaterEqual(node.metric("sync_duration_seconds_count"), timed + 2)
        self.assertGreater(node.metric("sync_received_bytes_total"), 1000)
        until(
            lambda: (node.metric("accounts", state="error"), node.metric("accounts", state="ok")) ==
            (1, 0), "its state is counted")
        until(lambda: node.metric("jobs_total", kind="sync", outcome="done") >= done + 2, "jobs")

    def test_who_is_not_let_in(self):
        node, _ = self.home()
        for _ in range(3):
            node.request("/api/v1/me", token=WRONG)
        self.assertEqual(node.metric("signin_failures_total", kind="wrong_token"), 3)

    def test_certificates(self):
        node = self.node(start=False)
        ends = {}
        for name, days in (("one", 40), ("two", 80)):
            ends[name] = certificate(node.folder, name, days), time.time() + days * 86400
        pem, key = os.path.join(node.folder, "pem"), os.path.join(node.folder, "key")

        def put(name):
            for source, target in zip(ends[name][0], (pem, key)):
                shutil.copyfile(source, target)
                os.chmod(target, 0o600)

        def shown():
            return node.metric("certificate_expiry_timestamp_seconds", listener="main")

        put("one")
        node.configure("60-tls", f"[listen main]\ntls_certificate = {pem}\ntls_key = {key}\n")
        node.start()
        self.assertLess(abs(shown() - ends["one"][1]), PATIENCE)
        put("two")
        node.process.send_signal(1)
        until(lambda: abs(shown() - ends["two"][1]) < PATIENCE, "the new one")

    def test_backups(self):
        node, _ = self.home()
        self.assertEqual(node.metric("backup_last_success_timestamp_seconds"), 0)
        before = time.time()
        node.cli("backup", os.path.join(node.folder, "copy.tar"))
        self.assertGreaterEqual(node.metric("backup_last_success_timestamp_seconds"), before - 1)
        node.cli("backup", os.path.join(node.folder, "nowhere", "copy.tar"), code=2)
        os.utime(os.path.join(node.state, "last-backup"), (1000, 1000))
        self.assertEqual(node.metric("backup_last_success_timestamp_seconds"), 1000)


if __name__ == "__main__":
    unittest.main()

"""SIGHUP and `hearthd reload`: what is applied works at once while people are served, the rest is
named, and a configuration with faults changes nothing."""
import os
import re
import select
import signal
import socket
import subprocess
import threading
import unittest
import urllib.parse

from harness import ADA, HEARTHD, PATIENCE, TestCase, until


class Reload(TestCase):
    def reload(self, node, code=0):
        done = subprocess.run([HEARTHD, "--config", node.conf, "reload"], capture_output=True,
                              text=True, env=node.environment, timeout=PATIENCE)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout if code == 0 else done.stderr

    def refusals(self, node, words):
        return sum("reload refused" in line and words in line
                   for line in node.log_text().split("\n"))

    def home(self, config=""):
        service = self.service()
        node = self.node(config)
        node.add_account(service)
        return service, node

    def test_page_and_program_agree(self):
        """The table of docs/configuration.md is what `config` says of each key."""
        page = os.path.join(os.path.dirname(HEARTHD), "..", "docs", "configuration.md")
        if not os.path.exists(page):
            page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs",
                                "configuration.md")
        with open(page, encoding="utf-8") as f:
            table = f.read().split("\n### Reload\n")[1].split("\n### ")[0]
        written = {(section, key)
                   for section, keys in re.findall(r"^\| `\[(\w+)(?: NAME)?\]` \| (.*) \|$", table,
                                                   re.M)
                   for key in re.findall(r"`(\w+)`", keys)}
        node = self.node("[oidc a]\nissuer = https://h\nclient_id = x\n[node main]\n", start=False)
        shown = {(e["section"].split()[0], e["key"]) for e in node.cli_json("config")
                 if e["change"] == "reload"}
        self.assertEqual(shown, written)

    def test_limits_under_load(self):
        """Requests go on while limits change back and forth; what is in force is what was read
        last."""
        _, node = self.home()
        stop, answers, faults = threading.Event(), [], []

        def ask():
            while not stop.is_set():
                try:
                    answers.append(node.request("/api/v1/history?limit=5").status)
                except OSError as error:
                    faults.append(error)
                    return

        askers = [threading.Thread(target=ask) for _ in range(3)]
        for asker in askers:
            asker.start()
        try:
            for i in range(12):
                node.configure("60-limits", f"[web]\nmax_pending_requests = {1000 + i}\n"
                               f"unsent_per_connection = {1 + i}MiB\nevent_interval = {5 + i}s\n"
                               f"[limits]\npages = {1000000 + i}\n"
                               f"[scheduler]\ninterval = {20 + i}min\n"
                               f"[auth]\nallow = *@example.org x{i}@example.com\n"
                               f"[push]\ninterval = {100 + i}ms\n")
                said = self.reload(node)
                for key in ("[web] max_pending_requests", "[web] unsent_per_connection",
                            "[web] event_interval", "[limits] pages", "[scheduler] interval",
                            "[auth] allow", "[push] interval"):
                    self.assertIn(key, said)
                self.assertNotIn("restart", said)
            seen = len(answers)
            until(lambda: len(answers) > seen + 10, "requests go on")
        finally:
            stop.set()
            for asker in askers:
                asker.join()
        self.assertEqual((set(answers), faults), ({200}, []))

    def test_who_may_come_in(self):
        """A narrower [auth] allow counts for those who are in, at once; a wider one, too."""
        _, node = self.home("[auth]\nallow = *\n")
        self.assertEqual(node.request("/api/v1/devices").status, 200)
        node.configure("60-allow", "[auth]\nallow = somebody@example.org\npassword = no\n")
        self.assertEqual(self.reload(node), "reloaded: [auth] allow, [auth] password\n")
        self.assertEqual(node.request("/api/v1/devices").status, 401)
        node.configure("60-allow", f"[auth]\nallow = {ADA}\n")
        self.reload(node)
        self.assertEqual(node.request("/api/v1/devices").status, 200)

    def test_intervals_and_limits_of_syncs(self):
        service, node = self.home("[scheduler]\njitter = 0\n")
        node.configure("60-rules", "[scheduler]\ninterval = 3h\ninterval_week = 4h\n"
                       "[limits]\npages = 1\n")
        self.assertEqual(self.reload(node), "reloaded: [scheduler] interval, "
                         "[scheduler] interval_week, [limits] pages\n")
        before = node.cli_json("account", "show", ADA)
        node.sync()
        shown = str(node.cli_json("account", "show", ADA))
        self.assertNotEqual(str(before), shown)
        with node.database() as shared:
            attempt, due = shared.execute(
                "SELECT last_attempt, next_sync FROM accounts").fetchone()
        self.assertEqual((due - attempt) // 60000, 180, shown)
        del service

    def test_access_log_and_audit(self):
        _, node = self.home()
        node.request("/api/v1/devices")
        self.assertNotIn(" access ", node.log_text())
        node.configure("60-log", "[web]\naccess_log = yes\n[hearth]\naudit = no\n")
        self.reload(node)
        node.request("/api/v1/devices")
        until(lambda: " access " in node.log_text(), "requests are logged now")
        audits = node.log_text().count(" audit ")
        node.cli("token", "new", ADA, "--name", "quiet")
        node.configure("60-log", "[web]\naccess_log = no\n")
        self.reload(node)
        self.assertEqual(node.log_text().count(" audit "), audits + 1)  # of the reload alone

    def test_the_rest_is_named(self):
        """One line each, with file and line, for keys, sections and plugins' keys; each time,
        until it is restarted."""
        _, node = self.home()
        node.configure("60-more", "[web]\nthreads = 2\n[hearth]\nlog_level = debug\n"
                       "[listen more]\naddress = 127.0.0.1:0\n[storage main]\n"
                       "cache_size = 1MiB\n")
        for _ in range(2):
            said = self.reload(node)
            for line, what in ((2, "[web] threads"), (5, "[listen more]"),
                               (8, "[storage main] cache_size")):
                self.assertIn(f"{node.conf}/60-more.conf:{line}: {what} needs a restart\n", said)
            self.assertEqual(said.count("restart"), 3)
        self.assertEqual(node.log_text().count(" main restart needed "), 6)
        self.assertIn(f'setting="[web] threads" from={node.conf}/60-more.conf:2', node.log_text())
        node.stop()
        node.start()
        self.assertEqual(self.reload(node), "")

    def test_a_broken_one_changes_nothing(self):
        """Faults of the core's keys, of a plugin's, of a secret and of what is known to the daemon
        alone; by the command and by the signal."""
        _, node = self.home()
        broken = (("[web]\nmax_connections = 0\n", "60-x.conf:2: max_connections"),
                  ("[web]\nbase_ulr = x\n", "60-x.conf:2: [web] has no key base_ulr"),
                  ("[storage main]\ncahce_size = 1\n", "60-x.conf:2: [storage main] has no key"),
                  # more warnings than are kept
                  ("[web]\ntrusted_proxies = " + " ".join(f"10.0.{i}.1/24" for i in range(200)) +
                   "\n[storage main]\ncahce_size = 1\n", "60-x.conf:4: [storage main] has no key"),
                  ("[oidc a]\nissuer = https://h\nclient_id = x\n"
                   "client_secret_file = /nonexistent\n", "60-x.conf:4: client_secret_file"))
        for text, words in broken:
            node.configure("60-x", text)
            node.configure("50-level", "[hearth]\nlog_level = debug\n")
            self.assertIn(words, self.reload(node, code=2))
            told = self.refusals(node, words)
            node.process.send_signal(signal.SIGHUP)
            until(lambda: self.refusals(node, words) > told, words)  # the file is written next
        node.sync()
        self.assertNotIn(" debug ", node.log_text())
        os.remove(f"{node.conf}/60-x.conf")
        self.assertEqual(self.reload(node), "reloaded: [hearth] log_level\n")

    def test_a_full_house(self):
        """However many connections people have, the operator's commands and metrics get through;
        a reload makes room at once."""
        node = self.node("[web]\nthreads = 1\nmax_connections = 4\nidle_timeout = 1h\n"
                         "[listen metrics]\naddress = 127.0.0.1:0\nserves = metrics\n")
        port = int(node.address.rsplit(":", 1)[1])
        guests = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(6)]
        try:
            for guest in guests:
                guest.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            until(lambda: len(select.select(guests, [], [], 0)[0]) == 4, "four are served")
            self.assertEqual(node.control("GET", "/metrics").status, 200)
            metrics = urllib.parse.urlsplit(node.ready.split()[2])
            with socket.create_connection((metrics.hostname, metrics.port), PATIENCE) as watcher:
                watcher.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
                self.assertIn(b" 200 ", watcher.recv(100))
            self.assertEqual(len(select.select(guests, [], [], 0)[0]), 4)
            node.configure("60-room", "[web]\nmax_connections = 10\n")
            self.assertEqual(self.reload(node), "reloaded: [web] max_connections\n")
            until(lambda: len(select.select(guests, [], [], 0)[0]) == 6, "all are served")
        finally:
            for guest in guests:
                guest.close()

    def test_nobody_to_reload(self):
        node = self.node(start=False)
        self.assertIn("no hearthd runs on", self.reload(node, code=1))


if __name__ == "__main__":
    unittest.main()

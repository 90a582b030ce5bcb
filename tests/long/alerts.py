#!/usr/bin/env python3
"""Every alert of packaging/prometheus/hearth.rules.yml: a real Prometheus scrapes two hearthds with
the rules' times cut short, what an alert watches is broken, the alert fires, it is mended, the
alert ends. Before that promtool looks at the rules, at what they say of series that are made up
(alerts.test.yml), and at /metrics itself.

prometheus and promtool are those of PATH; else Debian's package is unpacked into
.dev/prometheus, and nothing of it is installed."""
import glob
import http.client
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tests", name) for name in ("e2e", "")]
from faulty import FaultyNode  # noqa: E402
from harness import ADA, TestCase, until  # noqa: E402
from servers import Redis, Server, free_port  # noqa: E402
from test_check import certificate  # noqa: E402

LIMIT = 1800
RULES = os.path.join(ROOT, "packaging", "prometheus", "hearth.rules.yml")
OWN = os.path.join(ROOT, ".dev", "prometheus")
WRONG = "hth_" + "A" * 43
OFTEN = ("[hearth]\nprobe_interval = 100ms\nprobe_timeout = 500ms\n"
         "[scheduler]\ninterval = 1s\ninterval_week = 1s\ninterval_month = 1s\nretry = 1s\n"
         "retry_max = 2s\n[listen metrics]\naddress = 127.0.0.1:0\nserves = metrics\n")
# What the rules wait for, in a test's time.
SHORTER = ((r"for: \w+", "for: 1s"), (r"\[\d+m\]", "[15s]"), (r"> 1800\b", "> 3"),
           (r"> 900\b", "> 3"), (r"> 600\b", "> 10"))


def program(name):
    """Its path."""
    own = os.path.join(OWN, "usr", "bin", name)
    found = shutil.which(name) or (own if os.path.exists(own) else None)
    if found is None:
        os.makedirs(OWN, exist_ok=True)
        subprocess.run(["apt-get", "download", "prometheus"], cwd=OWN, check=True, timeout=600)
        package = glob.glob(os.path.join(OWN, "prometheus_*.deb"))[0]
        subprocess.run(["dpkg", "-x", package, OWN], check=True, timeout=600)
        os.unlink(package)
        found = own
    return found


def promtool(*words, text=None):
    done = subprocess.run([program("promtool"), *words], input=text, capture_output=True,
                          text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


class Prometheus(Server):
    def __init__(self, targets):
        super().__init__("hearth-prometheus-")
        self.port = free_port()
        with open(RULES, encoding="utf-8") as f:
            rules = f.read()
        self.alerts = re.findall(r"- alert: (\w+)", rules)
        for long, short in SHORTER:
            rules, count = re.subn(long, short, rules)
            assert count > 0, long
        with open(os.path.join(self.folder, "rules.yml"), "w", encoding="utf-8") as f:
            f.write(rules)
        with open(os.path.join(self.folder, "prometheus.yml"), "w", encoding="utf-8") as f:
            json.dump(
                {
                    "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms",
                               "evaluation_interval": "500ms"},
                    "rule_files": ["rules.yml"],
                    "scrape_configs": [{"job_name": "hearth",
                                        "static_configs": [{"targets": targets}]}],
                }, f)

    def start(self):
        return self.spawn([
            program("prometheus"), f"--config.file={self.folder}/prometheus.yml",
            f"--storage.tsdb.path={self.folder}/data",
            f"--web.listen-address=127.0.0.1:{self.port}"
        ])

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=60) as answer:
            return json.load(answer)["data"]

    def answers(self):
        try:
            return all(t["health"] == "up" for t in self.get("/api/v1/targets")["activeTargets"])
        except (OSError, ValueError, http.client.HTTPException):
            return False

    def firing(self):
        return {a["labels"]["alertname"]
                for a in self.get("/api/v1/alerts")["alerts"] if a["state"] == "firing"}


class Rules(unittest.TestCase):
    def test_promtool_is_content(self):
        self.assertEqual(promtool("check", "rules", RULES)[0], 0)
        with open(os.path.join(ROOT, "tests", "long", "alerts.test.yml"), encoding="utf-8") as f:
            text = f.read().replace("RULES", RULES)
        path = os.path.join(OWN, "alerts.test.yml")
        os.makedirs(OWN, exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        code, said = promtool("test", "rules", path)
        self.assertEqual(code, 0, said)


class Alerts(TestCase):
    def broken_node(self):
        """One whose storage and queue fail when they are told to."""
        node = FaultyNode(OFTEN)
        self.addCleanup(node.close)
        self.pem, self.key = os.path.join(node.folder, "pem"), os.path.join(node.folder, "key")
        self.node_folder = node.folder
        self.put_certificate(90)
        node.configure("60-tls", f"[listen tls]\naddress = 127.0.0.1:0\ntls_certificate = "
                       f"{self.pem}\ntls_key = {self.key}\n")
        return node.start()

    def put_certificate(self, days):
        made = certificate(self.node_folder, f"days{days}", days)
        for source, target in zip(made, (self.pem, self.key)):
            shutil.copyfile(source, target)
            os.chmod(target, 0o600)

    def metrics_address(self, node):
        """Of [listen metrics]: the one that has /metrics."""
        for url in node.ready.split()[1:]:
            host = url.split("//")[1]
            if url.startswith("http:"):
                connection = http.client.HTTPConnection(host, timeout=60)
                connection.request("GET", "/metrics")
                status = connection.getresponse().status
                connection.close()
                if status == 200:
                    return host
        raise AssertionError(node.ready)

    def setUp(self):
        self.service = self.service()
        self.node_a = self.broken_node()
        self.node_a.add_account(self.service)
        self.redis = Redis()
        self.addCleanup(self.redis.close)
        self.redis.start()
        self.node_b = self.node(
            OFTEN + f"[queue]\nplugin = redis\nurl = {self.redis.url}\n"
            "[web]\nmax_connections_per_address = 8\n")
        self.prometheus = Prometheus([self.metrics_address(n) for n in (self.node_a, self.node_b)])
        self.addCleanup(self.prometheus.close)
        self.prometheus.start()

    def back_up(self):
        self.copies = getattr(self, "copies", 0) + 1
        self.node_a.cli("backup", os.path.join(self.node_a.folder, f"copy{self.copies}.tar"))

    def age_backup(self):
        then = time.time() - 3 * 86400
        os.utime(os.path.join(self.node_a.state, "last-backup"), (then, then))

    def ask_devices(self, count=5):
        for _ in range(count):
            self.asked = getattr(self, "asked", 0) + 1
            self.node_a.request(f"/api/v1/devices?ask={self.asked}")

    def ask_wrongly(self):
        for _ in range(30):
            self.node_a.request("/api/v1/me", token=WRONG)

    def flood(self):
        host, port = self.node_b.address.split("//")[1].rsplit(":", 1)
        sockets = [socket.create_connection((host, int(port)), 60) for _ in range(40)]
        for s in sockets:
            s.close()

    def fill_files(self):
        pid = self.node_a.process.pid
        self.files = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        open_now = len(os.listdir(f"/proc/{pid}/fd"))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now + 3, self.files[1]))

    def free_files(self):
        resource.prlimit(self.node_a.process.pid, resource.RLIMIT_NOFILE, self.files)

    def new_certificate(self, days):
        self.put_certificate(days)
        self.node_a.process.send_signal(signal.SIGHUP)

    def lock_out(self):
        """Ada's account has another key now: this server's is of no use any more."""
        self.service.reset()

    def fire(self, alert, broken, mend=None, again=None, quiet=True):
        """broken(), until it fires, and mend() until it does not. again(): meanwhile, too."""
        until(lambda: not quiet or alert not in self.prometheus.firing(), f"{alert} is quiet")
        begun = time.monotonic()
        broken()

        def fires():
            if again is not None:
                again()
            return alert in self.prometheus.firing()

        until(fires, f"{alert} fires")
        fired = time.monotonic() - begun
        if mend is not None:
            mend()
            until(lambda: alert not in self.prometheus.firing(), f"{alert} ends")
        self.seen.append(alert)
        print(f"{alert:26} fires after {fired:5.1f} s, gone {time.monotonic() - begun - fired:5.1f}"
              f" s after it was mended" if mend else f"{alert:26} fires after {fired:5.1f} s")

    def test_each_fires(self):
        a, self.seen = self.node_a, []

        def storage(*rules):
            return lambda: a.faults("storage", *rules)

        def queue(*rules):
            return lambda: a.faults("queue", *rules)

        def syncs(*faults):
            return lambda: self.service.faults(*faults)

        for node in (self.node_a, self.node_b):
            code, said = promtool("check", "metrics",
                                  text=node.control("GET", "/metrics").body.decode())
            self.assertEqual((code, said), (0, ""))
        self.fire("HearthBackupOld", lambda: None, self.back_up, quiet=False)  # there was none
        until(lambda: not self.prometheus.firing(), "nothing fires")
        self.fire("HearthBackupOld", self.age_backup, self.back_up)
        self.fire("HearthCertificateEnds", lambda: self.new_certificate(5),
                  lambda: self.new_certificate(60))
        self.fire("HearthSigninsFail", lambda: None, lambda: None, self.ask_wrongly)
        self.fire("HearthRequestsRefused", lambda: None, lambda: None, self.flood)
        self.fire("HearthQueueDown", self.redis.freeze, self.redis.thaw)
        self.fire("HearthDown", self.node_b.kill)  # from here on the other one counts alone
        self.fire("HearthFilesFull", self.fill_files, self.free_files)
        self.fire("HearthRequestsSlow", storage("device_list delay=1500"), storage(),
                  lambda: self.ask_devices(2))
        self.fire("HearthRequestsFail", storage("device_list error=IO"), storage(),
                  self.ask_devices)
        self.fire("HearthAccountsNotCounted", storage("account_list error=IO"), storage())
        self.fire("HearthNodeDown", storage("* error=UNAVAILABLE"), storage())
        self.fire("HearthErrorsLogged", storage("ping error=IO"), storage())
        self.fire("HearthJobsWait", queue("reserve error=UNAVAILABLE"), queue())
        self.fire("HearthSyncsOverdue", queue("reserve error=UNAVAILABLE"), queue())
        self.fire("HearthSyncsFail", syncs({"match": ".*", "status": 500}), syncs())
        self.fire("HearthSigninNeeded", self.lock_out)
        self.assertEqual(set(self.seen), set(self.prometheus.alerts))
        self.assertEqual(a.cli_json("account", "list")[0]["email"], ADA)


if __name__ == "__main__":
    unittest.main()

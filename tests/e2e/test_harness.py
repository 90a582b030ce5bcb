"""The tests' own harness: what hangs ends, and nothing of it is left. Each case is a test
program that runs against a daemon (or a server) that is stopped."""
import os
import re
import signal
import subprocess
import sys
import tempfile
import unittest

from harness import HERE, ROOT, until

STOPPED = """
import os, signal, sys
sys.path[:0] = [{folders}]
os.environ["HEARTHD"] = {hearthd!r}
import harness, unittest
class Case(harness.TestCase):
    def test(self):
{body}
unittest.main()
"""
STOP = "        os.kill(node.process.pid, signal.SIGSTOP)\n"
CASES = {
    "a daemon that never says ready":
    "        self.node()\n", "a request to a stopped daemon":
    "        node = self.node()\n" + STOP + "        node.request('/healthz', email=None)\n",
    "a condition that a stopped daemon never makes true":
    "        node = self.node()\n" + STOP + "        harness.until(lambda: False, 'nothing')\n",
    "a stopped daemon at the end of a good test":
    "        node = self.node()\n" + STOP, "a test that waits without a limit":
    "        node = self.node()\n" + STOP + "        signal.pause()\n", "a stopped double":
    "        service = self.service(load=False)\n        os.kill(service.process.pid, "
    "signal.SIGSTOP)\n",
    "a stopped Redis":
    "        from servers import Redis\n        redis = Redis()\n        "
    "self.addCleanup(redis.close)\n        redis.start()\n"
    "        redis.send(signal.SIGSTOP)\n        redis.command('PING')\n",
}
GOOD = {"a stopped double"}  # it is killed, and that is all


class Harness(unittest.TestCase):
    def processes(self, mark):
        """Those with the mark in their environment."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/environ", "rb") as f, open(f"/proc/{pid}/stat",
                                                                   encoding="utf-8") as stat:
                    if mark.encode() in f.read() and not re.search(r"\) Z", stat.read()):
                        found.append(int(pid))
            except OSError:
                pass
        return found

    def run_case(self, name, body, kill=False):
        mark = f"HEARTH_TEST_MARK={os.getpid()}-{len(name)}-{kill}"
        hearthd = os.environ.get("HEARTHD", os.path.join(ROOT, "build", "hearthd"))
        environment = {
            **os.environ, "HEARTH_PATIENCE": "10", "HEARTH_TEST_LIMIT": "40", "TMPDIR": self.folder,
            mark.split("=")[0]: mark.split("=")[1]
        }
        if "never" in name and "ready" in name:
            hearthd = os.path.join(self.folder, "hearthd")
            with open(hearthd, "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\nkill -STOP $$\n")
            os.chmod(hearthd, 0o755)
        folders = ", ".join(repr(os.path.join(ROOT, "tests", f)) for f in ("e2e", ""))
        program = STOPPED.format(folders=folders, hearthd=hearthd, body=body)
        process = subprocess.Popen([sys.executable, "-c", program], env=environment, cwd=HERE,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if kill:  # as meson does when its own limit has passed
            until(lambda: any(self.stopped(pid) for pid in self.processes(mark)),
                  "the daemon is stopped")
            process.send_signal(signal.SIGKILL)
        said = process.communicate(timeout=250)[0]
        self.assertEqual(process.returncode == 0, name in GOOD, said)
        until(lambda: self.processes(mark) == [], f"nothing of it is left; {said}")
        until(lambda: [f for f in os.listdir(self.folder) if f.startswith("hearth-")] == [],
              "no folder is left")

    def stopped(self, pid):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
                return ") T" in stat.read()
        except OSError:
            return False

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="harness-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(self.folder, 0o755)

    def test_stopped(self):
        for name, body in CASES.items():
            with self.subTest(name):
                self.run_case(name, body)

    def test_killed(self):
        """The test itself is killed while the daemon is stopped."""
        self.run_case("a test that waits without a limit",
                      CASES["a test that waits without a limit"], kill=True)


if __name__ == "__main__":
    unittest.main()

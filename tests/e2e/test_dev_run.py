"""`./dev run` and `./dev run --demo` beside each other: the second one says what is the matter,
and touches nothing."""
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import unittest
import urllib.request

from harness import HEARTHD, PATIENCE, ROOT, TestCase, lifeline, until


class DevRun(TestCase):
    def setUp(self):
        """A tree in which everything is built: of the programs that build,
        only the names are there."""
        self.root = tempfile.mkdtemp(prefix="hearth-dev-")
        lifeline.folder(self.root)
        self.addCleanup(shutil.rmtree, self.root, True)
        shutil.copy(os.path.join(ROOT, "dev"), self.root)
        for folder in ("tests", "tools"):
            os.symlink(os.path.join(ROOT, folder), os.path.join(self.root, folder))
        os.makedirs(os.path.join(self.root, "build"))
        os.symlink(HEARTHD, os.path.join(self.root, "build", "hearthd"))
        open(os.path.join(self.root, "build", "build.ninja"), "w", encoding="utf-8").close()
        os.mkdir(os.path.join(self.root, "bin"))
        installed = 'shift 2\nfor name; do echo "$name installed"; done'
        for name, does in (("ninja", ""), ("dpkg-query", installed), ("node", "echo v20.0.0"),
                           ("npm", "")):
            path = os.path.join(self.root, "bin", name)
            with open(path, "w", encoding="utf-8") as f:
                f.write(f"#!/bin/sh\n{does}\n")
            os.chmod(path, 0o755)
        with socket.create_server(("127.0.0.1", 0)) as s:
            self.port = s.getsockname()[1]

    def environment(self, port):
        path = os.path.join(self.root, "bin") + ":" + os.environ["PATH"]
        return {
            **os.environ, "PATH": path, "HEARTH_PORT": str(port), "BROWSER": "true",
            "PYTHONUNBUFFERED": "1", "HEARTH_KEEP_STDERR": "1"
        }

    def dev(self, *words, port=None):
        done = subprocess.run([os.path.join(self.root, "dev"), *words], capture_output=True,
                              text=True, env=self.environment(port or self.port), timeout=PATIENCE)
        return done.returncode, done.stderr

    def demo(self):
        log = open(os.path.join(self.root, "log"), "w+", encoding="utf-8")
        self.addCleanup(log.close)
        process = subprocess.Popen([os.path.join(self.root, "dev"), "run", "--demo"], stdout=log,
                                   stderr=subprocess.STDOUT, env=self.environment(self.port),
                                   start_new_session=True)
        lifeline.hold(process.pid)

        def end():
            process.send_signal(signal.SIGINT)
            process.wait(PATIENCE)
            lifeline.kill_group(process.pid)
            lifeline.release(process.pid)

        self.addCleanup(end)

        def token():
            self.assertIsNone(process.poll(), self.text())
            return re.search(r"API token:\s+(\S+)", self.text())

        return until(token, "the demo is filled")[1]

    def text(self):
        with open(os.path.join(self.root, "log"), encoding="utf-8") as f:
            return f.read()

    def served(self, token):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/api/v1/me",
                                         headers={"Authorization": f"Bearer {token}"})
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                request, timeout=PATIENCE) as answer:
            return answer.status

    def test_beside_a_demo(self):
        token = self.demo()
        # both would take the same folder
        for port in (self.port, self.port + 1 if self.port < 65535 else self.port - 1):
            code, words = self.dev("run", "--demo", port=port)
            self.assertEqual(code, 1, words)
            self.assertIn(f"a demo runs already, on 127.0.0.1:{self.port}", words)
        home = os.path.join(self.root, ".dev", "node", "conf.d")
        os.makedirs(home)
        with open(os.path.join(home, "00-dev.conf"), "w", encoding="utf-8") as f:
            f.write(
                f"[hearth]\nstate_dir = {self.root}/.dev/node/state\n[listen main]\naddress = "
                f"127.0.0.1:{self.port}\n"
            )
        code, words = self.dev("run", port=self.port)
        self.assertEqual(code, 1, words)
        self.assertIn(f"./dev run --demo has the address 127.0.0.1:{self.port}", words)
        self.assertEqual([self.served(token) for _ in range(20)], [200] * 20)

    def test_the_port_is_taken(self):
        """Of whatever program: the demo of before stays as it was."""
        kept = os.path.join(self.root, ".dev", "demo", "kept")
        os.makedirs(kept)
        with socket.create_server(("127.0.0.1", self.port)):
            code, words = self.dev("run", "--demo")
        self.assertEqual(code, 1, words)
        self.assertIn(f"127.0.0.1:{self.port} is in use by another program", words)
        self.assertTrue(os.path.isdir(kept))

    def test_run_at_another_port(self):
        """HEARTH_PORT, also of a configuration that is there."""
        home = os.path.join(self.root, ".dev", "node", "conf.d")
        for port in (self.port, self.port + 1 if self.port < 65535 else self.port - 1):
            code, words = self.dev("run", "config", port=port)
            self.assertEqual(code, 0, words)
            self.assertIn(f"it will be at http://127.0.0.1:{port}", words)
            with open(os.path.join(home, "00-dev.conf"), encoding="utf-8") as f:
                self.assertIn(f"\naddress = 127.0.0.1:{port}\n", f.read())
        for port in ("no", "0", "65536"):
            code, words = self.dev("run", port=port)
            self.assertEqual(code, 1, words)
            self.assertIn(f"HEARTH_PORT is a number from 1 to 65535, not {port}", words)


if __name__ == "__main__":
    unittest.main()

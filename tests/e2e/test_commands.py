"""Commands that destroy ask first, say what they did, and leave a line in the daemon's log. What cannot be said is a failure."""
import json
import os
import pty
import select
import signal
import subprocess
import time
import unittest

from harness import ADA, HEARTHD, PATIENCE, TestCase, until
import lifeline


def on_terminal(node, answer, *words):
    """Runs a command on a terminal, as a person does, and types the answer when it is asked. Its exit code and everything that was on the screen."""
    here, there = pty.openpty()
    process = subprocess.Popen([HEARTHD, "--config", node.conf, *words], stdin=there, stdout=there, stderr=there, env=node.environment, start_new_session=True)
    os.close(there)
    screen, typed, end = b"", False, time.monotonic() + PATIENCE
    try:
        while time.monotonic() < end:
            if not select.select([here], [], [], 0.1)[0]:
                if process.poll() is not None:
                    break
                continue
            try:
                bytes_ = os.read(here, 4096)
            except OSError:  # everybody has left the terminal
                break
            if bytes_ == b"":
                break
            screen += bytes_
            if b"[y/N]" in screen and not typed:
                typed = True
                os.write(here, answer.encode() + b"\n")
        return process.wait(PATIENCE), screen.decode()
    finally:
        process.kill()
        process.wait()
        os.close(here)


class Destructive(TestCase):
    def audit(self, node, event):
        return until(lambda: [line for line in node.log_text().splitlines() if " audit " in line and event in line], f"the log says {event}")

    def test_remove_asks(self):
        node, service = self.node(), self.service()
        node.add_account(service)
        self.assertIn("Give --yes", node.cli("account", "remove", ADA, code=2))
        for answer in ("", "n", "yesterday"):
            code, screen = on_terminal(node, answer, "account", "remove", ADA)
            self.assertEqual(code, 1, screen)
            self.assertIn("nothing was done", screen)
            self.assertIn("5,095 pages, 11,778 visits and", screen)
        self.assertEqual(len(node.cli_json("account", "list")), 1)
        code, screen = on_terminal(node, "Yes", "account", "remove", ADA)
        self.assertEqual(code, 0, screen)
        self.assertIn(f"removed {ADA}: 5,095 pages, 11,778 visits, 725 bookmarks; its tokens and sessions ended", screen)
        self.assertEqual(node.cli_json("account", "list"), [])
        line, = self.audit(node, "account removed")
        self.assertIn(ADA, line)

    def test_every_one_of_them(self):
        """Without --yes and without a terminal nothing happens; with it, the command says what it did and the daemon's log has it."""
        node, service = self.node("[scheduler]\ninterval = 1h\n"), self.service()
        node.add_account(service)
        token = node.cli_json("token", "list", ADA)[0]["id"]
        for words, said, event in (
                (["queue", "clear"], "Dropped 0 jobs that wait", "queue cleared"),
                (["account", "signout", ADA], f"{ADA} is signed out in 0 browsers", "signed out everywhere"),
                (["token", "revoke", token], f"The token \"test\" of {ADA} is revoked", "token revoked"),
                (["account", "remove", ADA], f"removed {ADA}", "account removed")):
            with self.subTest(command=words):
                message = node.cli(*words, code=2)
                self.assertIn("Give --yes", message)
                self.assertIn("nothing was done", message)
                self.assertNotIn(event, node.log_text())
                self.assertEqual(len(node.cli_json("token", "list", ADA)), 0 if words[1] == "remove" else 1)
                self.assertIn(said, node.cli(*words, "--yes"))
                self.audit(node, event)
        self.assertIn("there is no API token", node.cli("token", "revoke", token, "--yes", code=1))

    def test_what_changes_says_so(self):
        node, service = self.node(), self.service()
        node.add_account(service)
        self.assertIn("is paused", node.cli("account", "pause", ADA))
        self.audit(node, "account paused")
        self.assertIn("is synced again", node.cli("account", "resume", ADA))
        self.audit(node, "account resumed")
        self.audit(node, "token made")
        node.stop()
        done = subprocess.run([HEARTHD, "--config", node.conf, "account", "pause", ADA], capture_output=True, text=True, env=node.environment, timeout=PATIENCE)
        self.assertIn("account paused", done.stderr)  # nobody else keeps a log now

    def test_a_full_disk_behind_standard_output(self):
        node, service = self.node(start=False).prepare(), self.service()
        node.cli("account", "import", "-", text=json.dumps(service.import_file()))
        for words in (["account", "list"], ["config"], ["version"], ["--help"], ["plugin", "list"], ["export", ADA, "bookmarks.html"], ["token", "new", ADA]):
            with self.subTest(command=words), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([HEARTHD, "--config", node.conf, *words], stdout=full, stderr=subprocess.PIPE, text=True, env=node.environment, timeout=PATIENCE)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("standard output", done.stderr)


class Health(TestCase):
    def test_a_daemon_that_is_stopped(self):
        """It is told from one that is slow by healthcheck itself, before those lose patience who call it."""
        node = self.node()
        node.cli("healthcheck")
        lifeline.halt(node.process.pid)
        self.assertIn("it is stopped, or has hung", node.cli("healthcheck", code=1))
        os.kill(node.process.pid, signal.SIGCONT)
        node.cli("healthcheck")
        os.unlink(os.path.join(node.state, "hearthd.sock"))
        self.assertIn("the file was removed", node.cli("healthcheck", code=1))


if __name__ == "__main__":
    unittest.main()

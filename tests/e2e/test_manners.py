"""The manners of the command line: help for everything, typos answered, no option swallowed, what
cannot be written seen, times with their zone; and a healthcheck that comes to each listener."""
import json
import os
import re
import signal
import subprocess
import unittest

from harness import ADA, HEARTHD, PATIENCE, TestCase, until
import lifeline
from test_check import certificate


def say(*words, node=None, stdout=subprocess.PIPE, environment=None, **more):
    """Exit code, standard output, standard error."""
    command = [HEARTHD] + ([] if node is None else ["--config", node.conf]) + list(words)
    done = subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True,
                          timeout=PATIENCE,
                          env=environment or (os.environ if node is None else node.environment),
                          stdin=subprocess.DEVNULL, **more)
    return done.returncode, done.stdout, done.stderr


class Help(TestCase):
    def test_every_form(self):
        for words in (["-h"], ["--help"], ["help"]):
            with self.subTest(words):
                code, text, error = say(*words)
                self.assertEqual((code, error), (0, ""))
                for name in ("serve", "account remember", "plugin check", "healthcheck", "help"):
                    self.assertRegex(text, rf"(?m)^  {name} +\S")
        for words in (["-V"], ["--version"], ["version"]):
            self.assertRegex(say(*words)[1], r"^hearthd \d+\.\d+\.\d+\n")
        group = say("help", "account")
        self.assertEqual(say("account", "--help"), group)
        self.assertEqual(say("--help", "account"), group)
        one = say("help", "account", "sync")
        self.assertEqual(say("account", "sync", "-h"), one)
        self.assertEqual(one[0], 0)
        for part in ("usage: hearthd account sync EMAIL [--wait]", "--wait  ", "Examples:"):
            self.assertIn(part, one[1])

    def test_of_every_command(self):
        """Each has a page; lines are for a terminal of 80 columns."""
        names = re.findall(r"(?m)^  ([a-z]+(?: [a-z]+)?)(?:  |$)", say("help")[1])
        self.assertGreater(len(names), 40)
        for name in names:
            code, text, error = say("help", *name.split())
            self.assertEqual((code, error), (0, ""), name)
            self.assertTrue(text.startswith(f"usage: hearthd {name}"), text)
            long = [line for line in text.splitlines() if len(line) > 80 and " " in line.strip()]
            self.assertEqual([line for line in long if not line.startswith("  hearthd ")], [])

    def test_typos(self):
        for words, said in (
            (["acount", "list"], 'there is no command "acount"; did you mean "account"?'),
            (["frobnicate"], 'there is no command "frobnicate"; "hearthd help" lists all.'),
            (["account", "lst"], 'account has no command "lst"; did you mean "list"?'),
            (["help", "acount"], 'did you mean "account"?'),
            (["account", "list", "--jsn"], "has no option --jsn; did you mean --json?"),
            (["check", "--faults"], "check has no option --faults. It has --role ROLES, --json"),
            (["account", "list", "--faults"], "account list has no option --faults. It has --json"),
            (["account", "list", "-x"], "account list has no option -x."),
            (["account", "show"], "account show needs EMAIL.\nusage: hearthd account show EMAIL"),
            (["queue", "show", "x"], "queue show takes no words"),
            (["plugin"], "hearthd plugin check PATH.so [--config FILE] [--seed N]")):
            with self.subTest(words):
                code, text, error = say(*words)
                self.assertEqual((code, text), (2, ""), error)
                self.assertIn(said, error)
                self.assertTrue(error.startswith("hearthd: "), error)
                self.assertTrue(all(len(line) < 200 for line in error.splitlines()), error)


class Output(TestCase):
    def test_everything_with_a_table_has_json(self):
        node, service = self.node(), self.service()
        node.add_account(service)
        for words in (["account", "list"], ["account", "show", ADA], ["account", "devices", ADA],
                      ["account", "forgotten", ADA], ["token", "list", ADA], ["queue", "show"],
                      ["node", "list"], ["plugin", "list"], ["plugin", "show", "fx"], ["key",
                                                                                       "show"],
                      ["config"], ["version"], ["check"], ["search", ADA, "quiet"]):
            with self.subTest(words):
                code, text, error = say(*words, "--json", node=node)
                self.assertEqual((code, error), (0, ""))
                self.assertIn(type(json.loads(text)), (list, dict))
        node.configure("90-wrong", "[worker]\nparallell = 3\n")
        code, text, error = say("check", "--json", node=node)
        self.assertEqual((code, error), (2, ""))
        said = json.loads(text)
        self.assertFalse(said["good"])
        self.assertIn("did you mean parallel?", said["faults"][0])

    def test_times(self):
        """With their zone; what waits for nothing is not of 1970."""
        node, service = self.node("[scheduler]\ninterval = 1h\n"), self.service()
        node.add_account(service)
        node.stop()
        zone = {**node.environment, "TZ": "XXX-5:30"}
        moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+05:30"
        self.assertRegex(say("account", "list", node=node, environment=zone)[1],
                         rf"\n{ADA} .*{moment}  {moment}")
        node.cli("account", "pause", ADA)
        node.cli("account", "resume", ADA)
        shown = say("account", "list", node=node, environment=zone)[1]
        self.assertRegex(shown, rf"{moment}  now\b")
        self.assertNotIn("1970", shown)
        self.assertRegex(say("account", "show", ADA, node=node)[1], r"next_sync_at +now\n")

    def test_what_cannot_be_written(self):
        for words in (["help"], ["-V"], ["help", "account", "sync"], ["config"]):
            with self.subTest(words), open("/dev/full", "w", encoding="utf-8") as full:
                code, _, error = say(*words, stdout=full)
                self.assertEqual(code, 1)
                self.assertRegex(error, r"^hearthd: .*standard output: No space left on device\n$")
            closed = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", HEARTHD, *words],
                                    stderr=subprocess.PIPE, text=True, timeout=PATIENCE)
            self.assertEqual(closed.returncode, 1)
            self.assertIn("standard output", closed.stderr)

    def test_a_reader_that_has_gone(self):
        """It has seen what it wanted: nothing is said about it."""
        for words in (["config"], ["help"]):
            reading, writing = os.pipe()
            os.close(reading)
            try:
                self.assertEqual(say(*words, stdout=writing), (1, None, ""))
            finally:
                os.close(writing)


class Health(TestCase):
    def sick(self, node, *words):
        return node.cli("healthcheck", *words, code=1)

    def well(self, node, *words):
        """Soon: a loaded machine may need more than its two seconds."""
        until(lambda: say("healthcheck", *words, node=node) == (0, "", ""), "it is well")

    def test_a_frozen_daemon(self):
        node = self.node()
        self.well(node)
        lifeline.halt(node.process.pid)
        self.assertIn("the daemon does not answer on", said := self.sick(node))
        self.assertIn("within 1.4 s: it is stopped, or has hung", said)
        os.kill(node.process.pid, signal.SIGCONT)
        until(lambda: say("healthcheck", node=node)[0] == 0, "it is well again")

    def test_a_lost_socket(self):
        node = self.node(start=False)
        path = os.path.join(node.folder, "web.sock")
        node.configure("60", f"[listen sock]\naddress = unix:{path}\n")
        node.start()
        self.well(node)
        os.rename(path, path + ".aside")
        self.assertIn(f"[listen sock]: nobody is reached on the socket {path}: its file was "
                      "removed", self.sick(node))
        os.rename(path + ".aside", path)
        self.well(node)

    def test_a_certificate_that_has_ended(self):
        node = self.node(start=False)
        good, ended = certificate(node.folder, "good", 30), certificate(node.folder, "ended", -10)
        node.configure(
            "60", f"[listen main]\naddress = 127.0.0.1:0\ntls_certificate = {good[0]}\n"
            f"tls_key = {good[1]}\n")
        node.start()
        self.well(node)
        for there, now in zip(good, ended):
            os.replace(now, there)
        node.process.send_signal(signal.SIGHUP)
        until(lambda: say("healthcheck", node=node)[0] == 1, "the ended certificate is noticed")
        self.assertRegex(self.sick(node),
                         r"^hearthd: \[listen main\]: the certificate of https://127\.0\.0\.1:\d+ "
                         r"has ended on \d{4}-\d\d-\d\d, so browsers refuse it")

    def test_every_listener(self):
        """On all addresses, for metrics alone, over IPv6: each by itself."""
        node = self.node(
            "[listen all]\naddress = 0.0.0.0:0\n[listen six]\naddress = [::1]:0\n"
            "[listen metrics]\naddress = 127.0.0.1:0\nserves = metrics\n")
        self.well(node)
        told = json.loads(node.control("GET", "/control/listeners").body)
        self.assertEqual(sorted(row["name"] for row in told), ["all", "main", "metrics", "six"])

    def test_folders_of_roles(self):
        """As the units of a fleet have them."""
        node = self.node(start=False)
        below = os.path.join(node.state, "web")
        os.mkdir(below, 0o700)
        self.assertIn(f"no hearthd runs on {node.state}\n", self.sick(node))
        self.assertIn(f"no hearthd runs on {node.state}\n", self.sick(node, "--role", "web")
                      .replace("/web", ""))
        whole = node.state
        with open(os.path.join(node.conf, "00-test.conf"), encoding="utf-8") as f:
            text = f.read()
        node.configure("00-test", text.replace(whole, below))
        node.start()
        node.configure("00-test", text)
        self.well(node)
        self.well(node, "--role", "web")
        self.assertIn(f"no hearthd runs on {whole}/worker", self.sick(node, "--role", "web,worker"))
        self.assertIn("--role", node.cli("healthcheck", "--role", "wep", code=2))
        lifeline.halt(node.process.pid)
        self.assertIn(f"{below}/hearthd.sock", self.sick(node))
        os.kill(node.process.pid, signal.SIGCONT)


if __name__ == "__main__":
    unittest.main()

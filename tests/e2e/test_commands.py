"""Commands that destroy ask first, say what they did, and leave a line in the daemon's log. What
cannot be said is a failure."""
import json
import os
import pty
import pwd
import select
import signal
import sqlite3
import subprocess
import time
import unittest
import urllib.request

from harness import ADA, HEARTHD, PATIENCE, TestCase, until
import lifeline


def on_terminal(node, answer, *words):
    """Runs a command on a terminal, as a person does, and types the answer when it is asked. Its
    exit code and everything that was on the screen."""
    here, there = pty.openpty()
    process = subprocess.Popen([HEARTHD, "--config", node.conf, *words], stdin=there, stdout=there,
                               stderr=there, env=node.environment, start_new_session=True)
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
        return until(
            lambda:
            [line for line in node.log_text().splitlines() if " audit " in line and event in line],
            f"the log says {event}")

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
        self.assertIn(
            f"removed {ADA}: 5,095 pages, 11,778 visits, 725 bookmarks; its tokens and sessions "
            "ended",
            screen)
        self.assertEqual(node.cli_json("account", "list"), [])
        line, = self.audit(node, "account removed")
        self.assertIn(ADA, line)

    def test_every_one_of_them(self):
        """Without --yes and without a terminal nothing happens; with it, the command says what
        it did and the daemon's log has it."""
        node, service = self.node("[scheduler]\ninterval = 1h\n"), self.service()
        node.add_account(service)
        token = node.cli_json("token", "list", ADA)[0]["id"]
        for words, said, event in ((["queue", "clear"], "Dropped 0 jobs that wait",
                                    "queue cleared"), (["account", "signout",
                                                        ADA], f"{ADA} is signed out in 0 browsers",
                                                       "signed out everywhere"),
                                   (["account", "forget", ADA, "--site", "nowhere.example"],
                                    "it is kept out from now on", "history removed here"),
                                   (["token", "revoke",
                                     token], f"The token \"test\" of {ADA} is revoked",
                                    "token revoked"), (["account", "remove",
                                                        ADA], f"removed {ADA}", "account removed")):
            with self.subTest(command=words):
                message = node.cli(*words, code=2)
                self.assertIn("Give --yes", message)
                self.assertIn("nothing was done", message)
                self.assertNotIn(event, node.log_text())
                self.assertEqual(len(node.cli_json("token", "list", ADA)),
                                 0 if words[1] == "remove" else 1)
                self.assertIn(said, node.cli(*words, "--yes"))
                self.audit(node, event)
        self.assertIn("there is no API token", node.cli("token", "revoke", token, "--yes", code=1))

    def test_one_job_is_taken_out(self):
        """Also while a worker has it: it is gone at once, and the account is synced again when
        somebody asks."""
        service, node = self.service(), self.node("[scheduler]\ntick = 100ms\n")
        service.faults({"match": "storage/history", "times": 1, "delay": 3600})
        node.add_account(service, sync=False)
        until(lambda: service.log("storage/history"), "the sync waits for the history")
        job, = node.cli_json("queue", "show")
        self.assertEqual((job["kind"], job["state"]), ("sync", "in work"))
        until(lambda: node.metric("queue_jobs", state="in_work") == 1, "the metric counts it")
        self.assertIn("Give --yes", node.cli("queue", "remove", job["account"], code=2))
        self.assertIn("has no job \"move\"",
                      node.cli("queue", "remove", job["account"], "move", "--yes", code=1))
        self.assertEqual(len(node.cli_json("queue", "show")), 1)
        self.assertIn("Removed the job \"sync\"",
                      node.cli("queue", "remove", job["account"], "--yes"))
        self.assertEqual(node.cli_json("queue", "show"), [])
        self.audit(node, "job removed")
        until(lambda: node.metric("queue_jobs", state="in_work") == 0, "the metric knows")
        self.assertIn("has no job \"sync\"",
                      node.cli("queue", "remove", job["account"], "--yes", code=1))
        service.faults()
        node.sync()

    def test_what_changes_says_so(self):
        node, service = self.node(), self.service()
        node.add_account(service)
        self.assertIn("is paused", node.cli("account", "pause", ADA))
        self.audit(node, "account paused")
        self.assertIn("is synced again", node.cli("account", "resume", ADA))
        self.audit(node, "account resumed")
        self.audit(node, "token made")
        node.stop()
        done = subprocess.run([HEARTHD, "--config", node.conf, "account", "pause", ADA],
                              capture_output=True, text=True, env=node.environment,
                              timeout=PATIENCE)
        self.assertIn("account paused", done.stderr)  # nobody else keeps a log now

    def test_a_full_disk_behind_standard_output(self):
        node, service = self.node(start=False).prepare(), self.service()
        node.cli("account", "import", "-", text=json.dumps(service.import_file()))
        for words in (["account", "list"], ["config"], ["version"], ["--help"], ["plugin", "list"],
                      ["export", ADA, "bookmarks.html"], ["token", "new", ADA, "--name", "x"]):
            with self.subTest(command=words), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([HEARTHD, "--config", node.conf, *words], stdout=full,
                                      stderr=subprocess.PIPE, text=True, env=node.environment,
                                      timeout=PATIENCE)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("standard output", done.stderr)

    def test_a_secret_that_nobody_saw(self):
        """Neither the token nor the link stays."""
        node, service = self.node(), self.service()
        node.add_account(service)
        for words, said in ((["token", "new", ADA, "--name",
                              "unseen"], "the token does not exist any more"),
                            (["link", ADA], "does not exist any more"),
                            (["link", ADA, "--json"], "does not exist any more")):
            with self.subTest(command=words), open("/dev/full", "w", encoding="utf-8") as full:
                done = subprocess.run([HEARTHD, "--config", node.conf, *words], stdout=full,
                                      stderr=subprocess.PIPE, text=True, env=node.environment,
                                      timeout=PATIENCE)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(said, done.stderr)
        with sqlite3.connect(os.path.join(node.state, "hearth.db")) as database:
            self.assertEqual(database.execute("SELECT count(*) FROM tokens").fetchone()[0], 1)
        database.close()
        self.assertNotIn("unseen", node.log_text())

    def test_names_of_tokens(self):
        """The same rule as in the API; and what is made is in the daemon's log,
        however long its name."""
        node, service = self.node(), self.service()
        node.add_account(service)
        for words in ([], ["--name", ""], ["--name", "x" * 101], ["--name",
                                                                  "ä" * 51], ["--name", b"\xff"]):
            with self.subTest(words):
                done = subprocess.run([HEARTHD, "--config", node.conf, "token", "new", ADA, *words],
                                      capture_output=True, text=True, env=node.environment,
                                      timeout=PATIENCE)
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertIn("a text of 1 to 100 bytes", done.stderr)
        self.assertEqual(len(node.cli_json("token", "list", ADA)), 1)
        for name in ("x" * 100, "\"\\" * 50, "\x01" * 100, "ä" * 50):
            self.assertNotIn("audit", node.cli("token", "new", ADA, "--name", name, both=True))
        self.assertEqual(len(node.cli_json("token", "list", ADA)), 5)
        until(lambda: node.log_text().count("token made") == 5, "an audit line for each token")

    def test_help_and_usage_have_every_verb(self):
        node = self.node(start=False)
        for said in (node.cli("--help"), node.cli("account", code=2)):
            for verb in ("add", "import", "list", "show", "sync", "resync", "pause", "resume",
                         "signout", "remove", "adopt", "archive", "restore", "forget", "forgotten",
                         "remember", "devices", "hide", "unhide"):
                self.assertRegex(said, rf"[ |]{verb}\b")

    def test_words_that_help(self):
        """What is wrong with what was typed is said before anything is asked,
        and with what to do."""
        node, service = self.node(), self.service()
        node.add_account(service)
        for wrong in ("x", "@x", "x@", "a@b@c", "a b@c", ""):
            done = subprocess.run([HEARTHD, "--config", node.conf, "account", "add", wrong],
                                  input="secret\n", capture_output=True, text=True,
                                  env=node.environment, timeout=PATIENCE)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(f"{wrong} is no e-mail address", done.stderr)
            self.assertNotIn("assword", done.stderr)
        self.assertIn("/ is a folder: give a file, or - for standard input",
                      node.cli("account", "import", "/", code=1))
        self.assertIn("No such file", node.cli("account", "import", "/nonexistent", code=1))
        archive = os.path.join(node.folder, "copy.tar")
        node.cli("backup", archive)
        self.assertIn(
            f"another hearthd runs on {node.state}: stop it first, and restore then; nothing was "
            "changed",
            node.cli("restore", archive, code=1))

    @unittest.skipIf(os.geteuid() != 0, "only root can be two people")
    def test_what_another_user_hears(self):
        node, service = self.node(start=False).prepare(), self.service()
        node.cli("account", "import", "-", text=json.dumps(service.import_file()))
        nobody = pwd.getpwnam("nobody")

        def say(*words):
            done = subprocess.run([HEARTHD, "--config", node.conf, *words], capture_output=True,
                                  text=True, env=node.environment, timeout=PATIENCE, user="nobody")
            self.assertNotEqual(done.returncode, 0, done.stdout)
            return done.stderr

        os.chmod(node.folder, 0o755)
        self.assertRegex(
            say("account", "list"),
            r"cannot read .*00-test\.conf: Permission denied\. Run hearthd as root or as the user "
            r"that the daemon runs as"
        )
        os.chmod(node.conf, 0o700)
        self.assertIn(
            f"cannot read the configuration directory {node.conf}: Permission denied. Run hearthd "
            "as root",
            say("account", "list"))
        os.chmod(node.conf, 0o755)
        os.chmod(os.path.join(node.conf, "00-test.conf"), 0o644)
        self.assertIn("it belongs to user root: run hearthd as that one", say("account", "list"))
        node.start()
        for words in (["healthcheck"], ["reload"], ["queue", "show"]):
            self.assertIn("this user may not use the control socket", say(*words))
        node.stop()
        for folder, names, files in os.walk(node.state):
            for name in [folder] + [os.path.join(folder, n) for n in names + files]:
                os.chown(name, nobody.pw_uid, nobody.pw_gid)
        os.chmod(os.path.join(node.state, "hearth.db"), 0o400)
        self.assertRegex(
            say("account", "adopt", ADA, "--yes"),
            r"hearth\.db: the database is read-only: let this user write the file and its "
            r"directory; nothing was changed"
        )


class Addresses(TestCase):
    """What `link` and `setup` print leads to the server that runs."""
    def where(self, node):
        done = subprocess.run([HEARTHD, "--config", node.conf, "link", ADA, "--json"],
                              capture_output=True, text=True, env=node.environment,
                              timeout=PATIENCE)
        # without a daemon it is said here
        said = "".join(line for line in done.stderr.splitlines(True)
                       if " audit link made " not in line)
        return done.returncode, done.stdout and json.loads(
            done.stdout)["url"].partition("/auth/")[0], said

    def test_where_it_listens(self):
        for listens in ("0.0.0.0", "[::]", "*", "127.0.0.1"):
            with self.subTest(listens):
                node, service = self.node(f"[listen main]\naddress = {listens}:0\n",
                                          start=False), self.service()
                node.prepare()
                node.start()
                host = listens if listens == "127.0.0.1" else "localhost"
                expected = f"http://{host}:{node.address.rpartition(':')[2]}"
                code = node.setup_code
                self.assertEqual(node.setup_line, f"set up: {expected}/auth/signin?setup={code}\n")
                self.assertIn(f"{expected}/auth/signin?setup={code}", node.cli("setup"))
                self.assertIn("set [web] base_url", node.cli("setup", both=True))
                node.add_account(service, sync=False)
                code, url, advice = self.where(node)
                self.assertEqual((code, url), (0, expected))
                self.assertIn("set [web] base_url", advice)
                with urllib.request.urlopen(url + "/healthz", timeout=PATIENCE) as answer:
                    self.assertEqual(answer.status, 200)
                node.stop()
                code, url, said = self.where(node)  # nobody knows the port
                self.assertEqual((code, url), (1, ""))
                self.assertIn("start the daemon, or set [web] base_url", said)

    def test_listeners_that_are_not_for_people(self):
        node, service = self.node(start=False), self.service()
        with open(os.path.join(node.conf, "00-test.conf"), encoding="utf-8") as f:
            text = f.read()
        node.configure(
            "00-test",
            text.replace(
                "[listen main]\naddress = 127.0.0.1:0\n",
                "[listen watch]\naddress = 127.0.0.1:0\nserves = metrics\n[listen sock]\naddress "
                f"= unix:{node.folder}/web.sock\n"
            ))
        node.prepare()
        node.start()
        # instead of a set-up line that leads nowhere
        self.assertIn("set [web] base_url", node.log_text())
        self.assertIn("nobody says by which address people come: set [web] base_url",
                      node.cli("setup", code=2))
        node.add_account(service, sync=False)
        self.assertEqual(self.where(node)[:2], (2, ""))
        node.stop()
        node.configure("80", "[listen main]\naddress = 0.0.0.0:8099\n")
        self.assertEqual(self.where(node)[:2], (0, "http://localhost:8099"))
        node.configure("80", "[web]\nbase_url = https://home.example.org/\n")
        self.assertEqual(self.where(node), (0, "https://home.example.org", ""))


class Health(TestCase):
    def test_a_daemon_that_is_stopped(self):
        """It is told from one that is slow by healthcheck itself,
        before those lose patience who call it."""
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

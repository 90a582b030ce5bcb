"""hearthd copy: the accounts of one installation into another. What comes, what is skipped and what
is refused, in which words; and that the other installation stays as it was."""
import contextlib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import unittest
import urllib.parse

from faulty import FaultyNode
from harness import ADA, HEARTHD, PATIENCE, ROOT, TestCase, lifeline, until

sys.path.insert(0, os.path.join(ROOT, "tests", "fleet"))
import test_same_answers  # noqa: E402

BOB, CAT, EVE = "bob@example.org", "cat@example.org", "eve@example.org"


class Copying(TestCase):
    answers = test_same_answers.SameAnswers.answers

    def ada(self):
        service = self.service(step=7)
        node = self.node()
        node.add_account(service)
        return service, node

    def people(self, **histories):
        """A stopped installation."""
        service, node = self.service(load=False), self.node(start=False).prepare()
        for name, history in histories.items():
            data = service.account(f"{name}@example.org", history=history, bookmarks=3, tabs=1)
            node.cli("account", "import", "-", text=json.dumps(data))
            node.cli("account", "sync", f"{name}@example.org", "--wait")
        return service, node

    def empty(self):
        """Another installation, with a key of its own."""
        return self.node(start=False).prepare()

    def copy(self, to, source, *words, **options):
        return to.cli("copy", "--from", source.conf, *words, **options)

    def counts(self, node, email=ADA):
        return node.cli_json("account", "show", email)["counts"]

    def databases(self, node):
        """What the files of its databases are."""
        found = {}
        for folder, _, names in os.walk(node.state):
            for name in names:
                if name.endswith(".db"):
                    with open(os.path.join(folder, name), "rb") as f:
                        found[name] = hashlib.sha256(f.read()).hexdigest()
        return found

    def set_half(self, node, email):
        """As if whoever brought the account here was killed in the last moment."""
        with contextlib.closing(sqlite3.connect(f"{node.state}/hearth.db",
                                                timeout=PATIENCE)) as db, db:
            db.execute("UPDATE accounts SET state_message = 'account.being_restored' "
                       "WHERE email = ?", (email, ))

    def test_with_another_key(self):
        """Every answer is the same bytes, and nobody signs in again."""
        service, old = self.ada()
        device = old.api("/devices")["devices"][0]["id"]
        old.cli("account", "hide", ADA, device)
        old.cli("account", "forget", ADA, "--site", "en.wikipedia.org", "--yes")
        expected, verified = self.answers(old, False), old.cli("verify")
        new = self.empty()
        said = self.copy(new, old, code=1)
        self.assertIn(f"--from {old.conf}: a hearthd runs on {old.state}; stop it first", said)
        self.assertEqual(new.cli_json("account", "list"), [])
        old.stop()
        before = self.databases(old)
        said = self.copy(new, old, both=True)
        self.assertRegex(said, rf"{ADA} is copied: [0-9,]+ pages, [0-9,]+ visits, ")
        self.assertIn("1 account is copied, 0 here already.", said)
        self.assertIn("account copied", said)  # no daemon has a log
        self.assertNotIn("warning", said)
        self.assertEqual(self.databases(old), before)
        new.start()
        new.tokens = dict(old.tokens)
        got = self.answers(new, False)
        self.assertEqual(got["/me"], expected["/me"])
        for path in sorted(expected):
            if path != "/me":  # each collection begins with the account's generation
                self.assertEqual(got.get(path, ())[:2], expected[path][:2], path)
        self.assertEqual(len(got), len(expected))
        self.assertGreater(len(expected), 80)
        self.assertEqual(new.cli("verify"), verified)
        new.sync()  # with her credentials, and what is removed stays away
        self.assertEqual(new.request("/api/v1/history/sites").body, expected["/history/sites"][1])
        # where it is already, also while a daemon runs here
        said = self.copy(new, old)
        self.assertIn(f"{ADA} is here already, and is left as it is.", said)
        self.assertIn("0 accounts are copied, 1 here already.", said)

    def held(self, rule, source):
        """A copy into an installation whose storage waits as the rule says: (node, command)."""
        node = FaultyNode()
        self.addCleanup(node.close)
        node.prepare()
        return node, self.copy_until_held(node, rule, source)

    def copy_until_held(self, node, rule, source):
        node.faults("storage", rule)
        with open(os.path.join(node.folder, "said"), "ab") as said:
            command = subprocess.Popen(
                [HEARTHD, "--config", node.conf, "copy", "--from", source.conf], stdout=said,
                stderr=said, env=node.environment)
        lifeline.hold(command.pid)
        self.addCleanup(lifeline.release, command.pid)
        self.addCleanup(command.wait)
        self.addCleanup(command.kill)
        until(lambda: node.held("storage") or command.poll() is not None, "the copy waits")
        self.assertIsNone(command.poll(), self.said(node))
        return command

    def said(self, node):
        with open(os.path.join(node.folder, "said"), encoding="utf-8") as f:
            return f.read()

    def test_killed_and_repeated(self):
        """In the middle of its second account, and in the last moments of the third: what is
        missing is copied, and what is half there."""
        _, old = self.people(bob=9, cat=300, eve=9)
        id = old.cli_json("account", "show", CAT)["id"]
        new, command = self.held("page_guid_put after=60 hold", old)
        command.kill()
        command.wait()
        self.assertEqual([row["email"] for row in new.cli_json("account", "list")], [BOB, CAT])
        self.assertEqual(self.counts(new, CAT)["pages"], 0)
        command = self.copy_until_held(new, "credentials_put after=1 hold", old)
        command.kill()
        command.wait()
        self.assertIn(f"{BOB} is here already", self.said(new))
        self.assertIn(f"{CAT} is half here, since a copy was interrupted", self.said(new))
        self.assertEqual(self.counts(new, EVE), self.counts(old, EVE))
        self.assertEqual(new.cli_json("account", "show", EVE)["state"], "signin_needed")
        new.faults("storage")
        said = self.copy(new, old)
        for words in (f"{BOB} is here already", f"{CAT} is here already", f"{EVE} is half here",
                      "1 account is copied, 2 here already."):
            self.assertIn(words, said)
        for email in (BOB, CAT, EVE):
            self.assertEqual(self.counts(new, email), self.counts(old, email))
            self.assertEqual(new.cli_json("account", "show", email)["state"], "ok")
        self.assertEqual(new.cli_json("account", "show", CAT)["id"], id)
        self.assertIn("sound", new.cli("verify"))

    def test_changed_meanwhile(self):
        """It is copied anew, and the one that comes is of one moment."""
        _, old = self.people(bob=9)
        host, before = self.host(old), self.counts(old, BOB)["visits"]
        new, command = self.held("page_put after=3 times=1 hold", old)
        old.cli("account", "forget", BOB, "--site", host, "--yes")
        self.assertLess(self.counts(old, BOB)["visits"], before)
        new.faults("storage")
        self.assertEqual(command.wait(PATIENCE), 0, self.said(new))
        self.assertIn("1 account is copied", self.said(new))
        self.assertEqual(self.counts(new, BOB), self.counts(old, BOB))
        self.assertEqual(new.cli("export", BOB, "history.csv"),
                         old.cli("export", BOB, "history.csv"))

    def host(self, node, email=BOB):
        """Of its oldest visit."""
        last = node.cli("export", email, "history.csv").splitlines()[-1]
        return urllib.parse.urlsplit(re.search(r"https?://[^,\"]+", last)[0]).hostname

    def test_what_is_there(self):
        """An account with data is never written over; the others are copied."""
        service, old = self.people(bob=9, eve=30)
        new = self.empty()
        new.cli("account", "import", "-", text=json.dumps(service.import_file(BOB)))
        new.cli("account", "sync", BOB, "--wait")
        new.cli("account", "import", "-", text=json.dumps(service.import_file(EVE)))
        other = new.cli_json("account", "show", EVE)["id"]
        said = self.copy(new, old, both=True, code=1)
        self.assertIn(f"{BOB} is not copied: another account of this address is here", said)
        self.assertIn("1 account is copied, 0 here already.", said)  # into the empty one
        self.assertIn("1 of 2 not copied; the same command copies what is missing", said)
        self.assertEqual(new.cli_json("account", "show", EVE)["id"], other)
        self.assertEqual(self.counts(new, EVE), self.counts(old, EVE))
        # named ones alone; one that is not there is a failure, and the other is copied
        second = self.empty()
        second.environment["HEARTH_STATE_DIR"] = second.state  # says nothing of the other
        said = self.copy(second, old, BOB, "nobody@example.org", both=True, code=1)
        self.assertIn("nobody@example.org is not copied: ", said)
        self.assertEqual([row["email"] for row in second.cli_json("account", "list")], [BOB])
        # the same account, of which there is less than there
        second.cli("account", "forget", BOB, "--site", self.host(second), "--yes")
        said = self.copy(second, old, BOB, code=1)
        self.assertIn(f"if it was never whole here: hearthd account remove {BOB}", said)

    def test_refused(self):
        _, old = self.people(bob=3)
        new = self.empty()
        self.assertIn("copy needs --from DIR", new.cli("copy", code=2))
        self.assertIn("is the configuration of this installation itself",
                      self.copy(new, new, code=2))
        self.assertIn("/nowhere", new.cli("copy", "--from", "/nowhere", code=2))
        bare = self.node(start=False)
        self.assertIn(f"--from {bare.conf}: ", self.copy(new, bare, code=1))
        # the key is elsewhere: nothing is copied without what lets people stay signed in
        key = os.path.join(old.state, "hearth.key")
        shutil.move(key, key + ".away")
        self.assertIn("there is no key file", self.copy(new, old, code=1))
        shutil.move(key + ".away", key)
        # and here there is none yet
        keyless = self.node(start=False)
        keyless.cli("migrate")
        self.assertIn("there is no key file", self.copy(keyless, old, code=1))
        # a provider that nobody knows here
        strange = self.node("[sync other]\nplugin = sync-fx\n", start=False)
        strange.prepare()
        said = self.copy(strange, old, code=1)
        self.assertIn("the configuration here has no such section", said)
        # one that was never whole there
        self.set_half(old, BOB)
        self.assertIn("there it was never restored to the end", self.copy(new, old, code=1))
        for node in (new, keyless, strange):
            self.assertEqual(node.cli_json("account", "list"), [])


if __name__ == "__main__":
    unittest.main()

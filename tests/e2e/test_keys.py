"""The key file: made once, never over what was sealed; a lost or replaced one is refused with
what is the matter and what to do."""
import json
import os
import re
import shutil
import subprocess
import unittest

from harness import ADA, HEARTHD, PATIENCE, TestCase


class Keys(TestCase):
    def home(self):
        """A stopped node with Ada, whose database knows its key."""
        node, self.sync_service = self.node(), self.service()
        node.add_account(self.sync_service)
        node.stop()
        return node

    def path(self, node):
        return os.path.join(node.state, "hearth.key")

    def refused(self, node):
        done = subprocess.run([HEARTHD, "--config", node.conf, "serve"], capture_output=True,
                              text=True, env=node.environment, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def fingerprints(self, node, where):
        return [row["fingerprint"] for row in node.cli_json("key", "show") if row["where"] == where]

    def replace(self, node, digit):
        os.chmod(self.path(node), 0o600)
        with open(self.path(node), "w", encoding="utf-8") as f:
            f.write(f"1:{digit * 64}\n")

    def test_lost(self):
        node = self.home()
        own, = self.fingerprints(node, "database")
        os.rename(self.path(node), self.path(node) + ".away")
        message = self.refused(node)
        self.assertIn(own, message)
        self.assertIn(f"there is no key file {self.path(node)}", message)
        self.assertIn("--accept-loss", message)
        self.assertFalse(os.path.exists(self.path(node)), "a new key over sealed data")
        self.assertIn(own, node.cli("key", "new", code=1))
        self.assertIn(own, node.cli("account", "sync", ADA, code=1))
        self.assertFalse(os.path.exists(self.path(node)))
        os.rename(self.path(node) + ".away", self.path(node))
        node.start()
        node.sync()

    def test_replaced(self):
        node = self.home()
        own, = self.fingerprints(node, "database")
        self.replace(node, "a")
        other, = self.fingerprints(node, self.path(node))
        message = self.refused(node)
        for part in (own, other, self.path(node), node.state, "Bring that key file back"):
            self.assertIn(part, message)
        self.assertIn("not in the file", node.cli("key", "show"))

    def test_replaced_under_an_older_release(self):
        """A database that never kept a fingerprint: one sealed value is opened instead."""
        node = self.home()
        self.forget(node)
        node.start().stop()
        self.assertEqual(len(self.fingerprints(node, "database")), 1)
        self.forget(node)
        self.replace(node, "b")
        self.assertIn("with another key than this machine's", self.refused(node))
        self.assertEqual(self.fingerprints(node, "database"), [])

    def test_the_person_hears_of_it(self):
        """A database that was made to believe in the wrong file: it is the key that is blamed,
        not the data."""
        node = self.home()
        self.replace(node, "e")
        self.forget(node, self.fingerprints(node, self.path(node))[0])
        node.start()
        node.sync(code=1)
        account = node.api("/me")["account"]
        self.assertEqual(account["state"], "error")
        self.assertIn("The key file of this server is not the one", account["state_detail"])
        self.assertIn("the file was replaced", node.log_text())

    def forget(self, node, instead=None):
        import sqlite3
        database = sqlite3.connect(os.path.join(node.state, "hearth.db"))
        table = next(
            name
            for name, in database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if "propert" in name)
        with database:
            if instead is None:
                database.execute(f"DELETE FROM {table} WHERE name = 'key_fingerprint'")
            else:
                database.execute(f"UPDATE {table} SET text = ? WHERE name = 'key_fingerprint'",
                                 (f"1 {instead}\n", ))
        database.close()

    def test_going_on_without_it(self):
        node = self.home()
        self.replace(node, "c")
        self.assertIn("Give --yes", node.cli("key", "new", "--accept-loss", code=2))
        self.refused(node)
        said = node.cli("key", "new", "--accept-loss", "--yes", both=True)
        self.assertIn("lost key given up", said)
        self.assertIn("2 (", said)
        account, = node.cli_json("account", "list")
        self.assertEqual(account["state"], "signin_needed")
        self.assertIn("key was lost", account["detail"])
        node.start()
        # what was stored stays, and so do tokens
        self.assertEqual(len(node.api("/tabs")["devices"]) > 0, True)
        self.assertIn("nothing is lost", self.accept(node))
        node.cli("account", "import", "-", text=json.dumps(self.sync_service.import_file()))
        node.sync()

    def accept(self, node):
        self.assertIn("stop it first", node.cli("key", "new", "--accept-loss", "--yes", code=1))
        node.stop()
        said = node.cli("key", "new", "--accept-loss", "--yes", code=1)
        node.start()
        return said

    def test_a_file_that_holds_no_key(self):
        """It is told which key is wanted, and what to do when it is lost; so does the way out."""
        node = self.home()
        own, = self.fingerprints(node, "database")
        for text in ("", "Dear Hearth\n", "1:abcd\n"):
            with self.subTest(text):
                with open(self.path(node), "w", encoding="utf-8") as f:
                    f.write(text)
                for words in (["serve"], ["check"], ["key", "show"], ["key", "add"],
                              ["account", "sync", ADA], ["key", "new", "--accept-loss", "--yes"]):
                    done = subprocess.run([HEARTHD, "--config", node.conf, *words],
                                          capture_output=True, text=True, env=node.environment,
                                          timeout=PATIENCE)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    for part in (self.path(node), f"was sealed with key 1 ({own})",
                                 "bring the file back", "move this file away", "--accept-loss"):
                        self.assertIn(part, done.stderr, words)
                # nobody is asked before
                self.assertIn("bring the file back", node.cli("key", "new", "--accept-loss",
                                                              code=2))
        os.rename(self.path(node), self.path(node) + ".away")
        for make, words, code in (
            (lambda: os.mkdir(self.path(node)), "is a folder, and not a file", 2),
            (lambda: os.symlink("/nowhere/x", self.path(node)), "is a link that leads to nothing",
             2), (lambda: shutil.copyfile(self.path(node) + ".away", self.path(node)),
                  "can be read by others", 1)):
            make()
            if "read by others" in words:
                os.chmod(self.path(node), 0o644)
            for more in ([], ["--yes"]):
                self.assertIn(words, node.cli("key", "new", "--accept-loss", *more, code=code))
            os.rmdir(self.path(node)) if os.path.isdir(self.path(node)) else os.unlink(
                self.path(node))
        self.assertIn(
            own,
            subprocess.run([HEARTHD, "--config", node.conf, "key", "show"], capture_output=True,
                           text=True, env=node.environment, timeout=PATIENCE).stdout)
        self.assertIn("Everybody signs in anew", node.cli("key", "new", "--accept-loss", "--yes"))
        other = self.node(start=False)
        other.cli("migrate")
        with open(self.path(other), "w", encoding="utf-8") as f:
            os.fchmod(f.fileno(), 0o600)
        self.assertIn("if it never had one, move this one away", other.cli("check", code=2))

    def test_no_key_beside_a_wrong_one(self):
        node = self.home()
        own, = self.fingerprints(node, "database")
        self.replace(node, "d")
        other, = self.fingerprints(node, self.path(node))
        link = os.path.join(node.folder, "link.key")
        os.symlink(self.path(node), link)
        for words in ([], [self.path(node)], [link]):
            said = node.cli("key", "add", *words, code=1)
            for part in ("no key was added", own, other, "Bring that key file back"):
                self.assertIn(part, said)
        self.assertEqual(self.fingerprints(node, self.path(node)), [other])
        elsewhere = os.path.join(node.folder, "new.key")
        node.cli("key", "new", elsewhere)
        self.assertIn(f"once this is the file that [hearth] key_file names (now {self.path(node)})",
                      node.cli("key", "add", elsewhere))

    def test_rotation(self):
        node = self.home()
        self.assertIn("exists already", node.cli("key", "new", code=1))
        said = node.cli("key", "add", both=True)
        self.assertIn("Key 2 (", said)
        self.assertIn("key added", said + node.log_text())
        with open(self.path(node), encoding="utf-8") as f:
            keys = [
                line.split(":")[1].strip() for line in f if ":" in line and not line.startswith("#")
            ]
        self.assertEqual(len(keys), 2)
        node.start()
        node.sync()
        self.assertEqual(self.fingerprints(node, "database"),
                         self.fingerprints(node, self.path(node))[::-1])
        shown = node.cli("key", "show") + node.cli("key", "show", "--json")
        for key in keys:
            self.assertNotIn(key, shown)
        node.stop()
        with open(self.path(node), "w", encoding="utf-8") as f:
            f.write(f"1:{keys[0]}\n")  # as if a machine had kept the file of before
        self.assertIn("sealed with key 2 (", self.refused(node))

    def test_made_beforehand(self):
        """As for a fleet: made once, by hand, and found by every command."""
        node = self.node(start=False)
        path = os.path.join(node.folder, "fleet.key")
        said = node.cli("key", "new", path, both=True)
        self.assertIn("key file made", said)
        self.assertTrue(re.search(r"Key 1 \([0-9a-f]{16}\) is in " + path, said), said)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        self.assertEqual(os.listdir(node.state), [])
        node.configure("60-key", f"[hearth]\nkey_file = {path}\n")
        node.start()
        node.add_account(self.service())
        self.assertFalse(os.path.exists(self.path(node)))
        self.assertEqual(self.fingerprints(node, "database"), self.fingerprints(node, path))
        shutil.rmtree(node.state, ignore_errors=True)


if __name__ == "__main__":
    unittest.main()

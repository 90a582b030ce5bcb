"""Backup, crash, restore; another machine, another key, no key: each ends in a whole database or
in one sentence that says what to do. And nothing but `serve`, `migrate` and `restore` makes a
database."""
import contextlib
import glob
import os
import shutil
import sqlite3
import subprocess
import unittest

from harness import ADA, HEARTHD, PATIENCE, ROOT, TestCase, first_line

COMMANDS = (["account", "list"], ["account", "show",
                                  ADA], ["account", "import",
                                         "-"], ["account", "remove", ADA,
                                                "--yes"], ["token", "list", ADA], ["link",
                                                                                   ADA], ["verify"],
            ["backup", "/nowhere/x"], ["search", ADA,
                                       "x"], ["export", ADA,
                                              "bookmarks.html"], ["queue", "show"], ["healthcheck"])


class Backups(TestCase):
    def home(self):
        node = self.node()
        node.add_account(self.service())
        self.archive = os.path.join(node.folder, "copy.tar")
        node.cli("backup", self.archive)
        return node

    def is_whole(self, node):
        self.assertIn("sound", node.cli("verify"))
        self.assertEqual(node.cli_json("account", "show", ADA)["counts"]["pages"], 5095)

    def key(self, node):
        return os.path.join(node.state, "hearth.key")

    def test_after_a_crash(self):
        """What the killed daemon left of its log is not taken for the restored file's."""
        node = self.home()
        node.cli("account", "remove", ADA, "--yes")
        node.kill()
        self.assertTrue(os.path.getsize(os.path.join(node.state, "hearth.db-wal")) > 0)
        said = node.cli("restore", self.archive)
        self.assertIn("is the one that it was sealed with", said)
        self.is_whole(node)
        node.start()
        node.sync()
        self.is_whole(node)

    def test_drill(self):
        """The commands of docs/operating.md as they stand there, in other folders, beside the
        daemon."""
        with open(os.path.join(ROOT, "docs", "operating.md"), encoding="utf-8") as f:
            drill = f.read().partition("### A drill")[2].partition("```sh\n")[2].partition("```")[0]
        node = self.home()
        folder = os.path.join(node.folder, "drill")
        for path, here in (("/tmp/drill", folder), ("/var/backups/hearth", node.folder),
                           ("/var/lib/hearth", node.state), ("127.0.0.1:8090", "127.0.0.1:0")):
            self.assertIn(path, drill)
            drill = drill.replace(path, here)
        os.mkdir(os.path.join(node.folder, "bin"))
        program = os.path.join(node.folder, "bin", "hearthd")
        with open(program, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\nexec {HEARTHD} --config {node.folder}/bin \"$@\"\n")
        os.chmod(program, 0o755)
        done = subprocess.run(["bash", "-eu", "-c", drill], capture_output=True, text=True,
                              timeout=PATIENCE, env={**node.environment, "PATH":
                                                     f"{node.folder}/bin:{os.environ['PATH']}"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for words in ("was sealed with key 1", "is sound", ADA, "configuration is good"):
            self.assertIn(words, done.stdout + done.stderr)
        self.assertFalse(os.path.exists(folder))
        self.is_whole(node)

    def test_another_machine(self):
        node = self.home()
        other = self.node(start=False)
        said = other.cli("restore", self.archive)
        self.assertIn("there is no key file " + self.key(other), said)
        self.assertIn("Bring that key file back", said)
        self.assertIn("sealed with key 1 (", said)
        done = subprocess.run([HEARTHD, "--config", other.conf, "serve"], capture_output=True,
                              text=True, env=other.environment, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("Bring that key file back", done.stderr)
        shutil.copy(self.key(node), self.key(other))
        self.is_whole(other)
        other.start()
        other.sync()

    def test_another_key(self):
        self.home()
        other = self.node()
        other.stop()  # it has made a key of its own
        said = other.cli("restore", self.archive)
        self.assertIn("sealed with key 1 (", said)
        self.assertIn(f"but {self.key(other)} has key 1 (", said)
        self.assertIn("--accept-loss", said)
        other.cli("key", "new", "--accept-loss", "--yes")
        other.start()
        self.is_whole(other)
        self.assertEqual(other.cli_json("account", "show", ADA)["state"], "signin_needed")

    def everything(self, state):
        """{(file, table): rows}: all rows of all tables of all files, but for what a restore makes
        anew: which generation an account and its collections are of."""
        anew = {"accounts": {"generation"}, "generations": {"generation"},
                "account": {"generation", "forgotten", "removals_forgotten"}}
        files = [
            "hearth.db", *(f"accounts/{n}" for n in os.listdir(os.path.join(state, "accounts"))
                           if n.endswith(".db"))
        ]
        out = {}
        for name in files:
            with contextlib.closing(sqlite3.connect(os.path.join(state, name))) as db:
                for (table, ) in db.execute(
                        "SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
                    columns = ", ".join(
                        f'"{row[1]}"' for row in db.execute(f'PRAGMA table_info("{table}")')
                        if row[1] not in anew.get(table, ()))
                    out[name, table] = sorted(
                        db.execute(f'SELECT {columns} FROM "{table}"').fetchall(), key=repr)
        return out

    def as_user(self, node, *words, code=0):
        done = subprocess.run([HEARTHD, "--config", node.conf, *words], capture_output=True,
                              text=True, env=node.environment, timeout=PATIENCE, user=12345,
                              group=12345, extra_groups=[])
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout + done.stderr

    @unittest.skipIf(os.geteuid() != 0, "only root runs commands as others")
    def test_row_for_row(self):
        """Identities of all kinds, properties with two fingerprints, picks, settings, tokens,
        and all that was synced: on another machine, in another place, as another user, whose
        archive it has to be."""
        node = self.node()
        node.add_account(self.service())
        node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}})
        node.request("/api/v1/tokens", "POST", body={"name": "more"})
        url = next(page["url"] for page in node.api("/history", limit=50)["visits"])
        self.assertEqual(
            node.request("/api/v1/search/picked", "POST", body={"q": "e", "url": url}).status, 204)
        node.stop()
        node.cli("key", "add")
        node.start()
        node.sync()
        node.stop()
        with contextlib.closing(
                sqlite3.connect(os.path.join(node.state, "hearth.db"), isolation_level=None)) as db:
            db.executemany("INSERT INTO identities SELECT ?, ?, row, 7 FROM accounts",
                           [("proxy", "ada"), ("oidc:https://sso.example", "Ädä"),
                            ("adopt:proxy", ADA)])
        archive = os.path.join(node.folder, "copy.tar")
        node.cli("backup", archive)
        before = self.everything(node.state)
        for table, least in (("identities", 4), ("properties", 2), ("picks", 1), ("settings", 1),
                             ("tokens", 2), ("credentials", 1)):
            self.assertGreaterEqual(len(before["hearth.db", table]), least, table)
        self.assertEqual(
            len(dict(before["hearth.db", "properties"])["key_fingerprint"].splitlines()), 2)
        other = self.node(start=False)
        for path in (other.folder, other.state):
            os.chown(path, 12345, 12345)
        for name in os.listdir(other.conf):
            os.chmod(os.path.join(other.conf, name), 0o644)
        os.chmod(other.folder, 0o755)
        there = os.path.join(other.folder, "copy.tar")
        shutil.copyfile(archive, there)
        os.chmod(there, 0o600)
        self.assertIn("copy.tar: Permission denied", self.as_user(other, "restore", there, code=1))
        self.assertEqual([n for n in os.listdir(other.state) if not n.endswith("lock")], [])
        os.chown(there, 12345, 12345)
        self.assertIn("Bring that key file back", self.as_user(other, "restore", there))
        self.assertEqual(self.everything(other.state), before)
        shutil.copyfile(self.key(node), self.key(other))
        os.chmod(self.key(other), 0o600)
        os.chown(self.key(other), 12345, 12345)
        self.assertIn("sound", self.as_user(other, "verify"))
        self.assertIn("good", self.as_user(other, "check"))
        owners = {
            os.lstat(os.path.join(folder, n)).st_uid
            for folder, folders, names in os.walk(other.state)
            for n in folders + names
        }
        self.assertEqual(owners, {12345})

    def test_standard_output(self):
        node = self.home()
        os.chdir(node.folder)
        self.addCleanup(os.chdir, "/")
        for words in (["backup", "-"], ["restore", "-", "--replace"]):
            self.assertIn("name one instead of -", node.cli(*words, code=2))
        self.assertFalse(os.path.exists("-"))
        for words in (["backup", "/" + "x" * 5000], ["restore", "y" * 5000]):
            self.assertIn("the path is longer than", node.cli(*words, code=2))
        node.cli("backup", "./-")
        self.assertTrue(os.path.exists("./-"))

    def test_archives_that_are_none(self):
        node = self.home()
        node.stop()
        with open(self.archive, "rb") as f:
            whole = f.read()
        broken = os.path.join(node.folder, "broken")
        for size in (0, 100, 512, 20000, len(whole) // 2, len(whole) - 1024, len(whole) - 1):
            with self.subTest(size=size):
                with open(broken, "wb") as f:
                    f.write(whole[:size])
                self.assertIn("damaged, cut off", node.cli("restore", broken, "--replace", code=1))
        self.assertIn("No such file", node.cli("restore", broken + "-missing", "--replace", code=2))
        self.assertEqual([n for n in os.listdir(node.state) if "restore" in n or "partial" in n],
                         [])
        self.is_whole(node)

    def test_of_a_newer_release(self):
        node = self.home()
        node.stop()
        newer = os.path.join(node.folder, "newer")
        shutil.copy(os.path.join(node.state, "hearth.db"), newer)
        database = sqlite3.connect(newer)
        database.execute("PRAGMA user_version = 99")
        database.close()
        self.assertIn("was made by a newer release", node.cli("restore", newer, "--replace",
                                                              code=1))
        self.is_whole(node)

    def test_nothing_is_made(self):
        """The state directory, or the database alone, goes away under a running daemon: whatever
        command comes then, nothing new appears."""
        node = self.home()
        os.rename(node.state, node.state + ".away")
        for words in COMMANDS:
            with self.subTest(command=words):
                self.assertTrue(node.cli(*words, text="{}", code=1))
                self.assertFalse(os.path.exists(node.state))
        os.rename(node.state + ".away", node.state)
        node.kill()
        os.rename(os.path.join(node.state, "accounts"), os.path.join(node.folder, "accounts"))
        for name in os.listdir(node.state):
            if name.startswith("hearth.db"):
                os.rename(os.path.join(node.state, name), os.path.join(node.folder, name))
        before = sorted(os.listdir(node.state))
        for words in COMMANDS:
            with self.subTest(command=words):
                node.cli(*words, text="{}", code=1)
                self.assertEqual(sorted(os.listdir(node.state)), before)

    def test_the_database_alone_is_gone(self):
        node = self.home()
        node.stop()
        os.rename(os.path.join(node.state, "hearth.db"), os.path.join(node.folder, "hearth.db"))
        done = subprocess.run([HEARTHD, "--config", node.conf, "serve"], capture_output=True,
                              text=True, env=node.environment, timeout=PATIENCE)
        self.assertEqual(done.returncode, 1)
        self.assertIn("the database file is missing, but there are persons' files", done.stderr)

    @unittest.skipIf(os.geteuid() != 0, "only root makes files for others")
    def test_root_leaves_nothing_of_its_own(self):
        """The machine belongs to another user: what root's command
        line makes can be used by the daemon."""
        node = self.home()
        node.stop()
        for folder, _, names in os.walk(node.state):
            for name in [folder, *(os.path.join(folder, n) for n in names)]:
                os.chown(name, 12345, 12345, follow_symlinks=False)
        node.cli("account", "list")
        node.cli("account", "resync", ADA, "--wait")
        node.cli("key", "add")
        node.cli("verify")
        node.cli("restore", self.archive, "--replace")
        node.cli("migrate")
        node.cli("account", "list")
        owners = {
            name: os.lstat(os.path.join(folder, name)).st_uid
            for folder, folders, names in os.walk(node.state)
            for name in folders + names
        }
        self.assertEqual({name: uid for name, uid in owners.items() if uid != 12345}, {})

    @unittest.skipIf(os.geteuid() != 0, "only root makes files for others")
    def test_root_restores_on_a_new_machine(self):
        """The state directory is the daemon's user's, and nothing was ever started there: root's
        restore must not be the last that can use it."""
        node = self.home()
        node.stop()
        other = self.node(start=False)
        os.chown(other.state, 12345, 12345)
        os.chmod(other.folder, 0o755)
        for name in os.listdir(other.conf):
            os.chmod(os.path.join(other.conf, name), 0o644)
        shutil.copy(self.key(node), self.key(other))
        os.chown(self.key(other), 12345, 12345)
        self.assertNotIn("hearthd.lock", os.listdir(other.state))
        other.cli("restore", self.archive)
        self.assertIn("hearthd.lock", os.listdir(other.state))
        owners = {
            name: os.lstat(os.path.join(folder, name)).st_uid
            for folder, folders, names in os.walk(other.state)
            for name in folders + names
        }
        self.assertEqual({name: uid for name, uid in owners.items() if uid != 12345}, {})
        self.assertIn("good", self.as_user(other, "check"))
        daemon = subprocess.Popen([HEARTHD, "--config", other.conf, "serve"],
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                                  env=other.environment, user=12345, group=12345, extra_groups=[])
        with daemon:
            self.assertTrue(first_line(daemon, PATIENCE).startswith("ready"))
            daemon.terminate()
            self.assertEqual(daemon.wait(PATIENCE), 0)
        folder = os.path.join(other.folder, "backups")
        os.mkdir(folder)
        os.chown(folder, 12345, 12345)
        other.cli("backup", os.path.join(folder, "root.tar"))
        self.assertEqual([(n, os.stat(os.path.join(folder, n)).st_uid) for n in os.listdir(folder)],
                         [("root.tar", 12345)])

    @unittest.skipIf(os.geteuid() != 0, "only root runs commands as others")
    def test_advice_on_a_directory_of_ones_own(self):
        """Who owns it already is not told to run hearthd as its owner."""
        node = self.node(start=False)
        os.chmod(node.folder, 0o755)
        for name in os.listdir(node.conf):
            os.chmod(os.path.join(node.conf, name), 0o644)
        os.chown(node.state, 12345, 12345)
        os.chmod(node.state, 0o500)
        self.assertIn("Permission denied; it has mode 0500: run chmod u+rwx on it, or set",
                      self.as_user(node, "account", "list", code=1))
        os.chmod(node.state, 0o700)
        subprocess.run(["mount", "--bind", node.state, node.state], check=True, timeout=PATIENCE)
        self.addCleanup(subprocess.run, ["umount", "-l", node.state], check=True, timeout=PATIENCE)
        subprocess.run(["mount", "-o", "remount,ro,bind", node.state], check=True, timeout=PATIENCE)
        self.assertIn("Read-only file system; mount it to be written, or set",
                      self.as_user(node, "account", "list", code=1))

    @unittest.skipIf(os.geteuid() != 0, "only root makes files for others")
    def test_what_a_killed_backup_leaves(self):
        """Root's leftover is the folder's owner's, so that the nightly backup removes it; root's
        next backup removes the owner's as well. Another's stays."""
        node = self.home()
        node.stop()
        os.chmod(node.folder, 0o755)
        for name in os.listdir(node.conf):
            os.chmod(os.path.join(node.conf, name), 0o644)
        for folder, _, names in os.walk(node.state):
            for name in [folder, *(os.path.join(folder, n) for n in names)]:
                os.chown(name, 12345, 12345, follow_symlinks=False)
        folder = os.path.join(node.folder, "backups")
        os.mkdir(folder)
        os.chown(folder, 12345, 12345)

        def killed(**user):
            """Ends as soon as something is seen in its folder;
            one that was quicker is tried again."""
            for _ in range(100):
                command = subprocess.Popen(
                    [HEARTHD, "--config", node.conf, "backup",
                     os.path.join(folder, "killed.tar")], stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL, env=node.environment, **user)
                while command.poll() is None and not glob.glob(
                        os.path.join(folder, "killed.tar.partial-*", "*")):
                    pass
                command.kill()
                command.wait(PATIENCE)
                if os.listdir(folder) not in ([], ["killed.tar"]):
                    break
                for name in os.listdir(folder):
                    os.unlink(os.path.join(folder, name))
            (left, ) = os.listdir(folder)
            self.assertRegex(left, r"^killed\.tar\.partial-[0-9a-f]{8}$")
            self.assertEqual(os.stat(os.path.join(folder, left)).st_uid, 12345)

        killed()
        self.as_user(node, "backup", os.path.join(folder, "a.tar"))
        self.assertEqual(os.listdir(folder), ["a.tar"])
        os.unlink(os.path.join(folder, "a.tar"))
        killed(user=12345, group=12345, extra_groups=[])
        node.cli("backup", os.path.join(folder, "b.tar"))
        self.assertEqual(os.listdir(folder), ["b.tar"])
        os.unlink(os.path.join(folder, "b.tar"))
        killed()
        (left, ) = os.listdir(folder)
        os.chown(os.path.join(folder, left), 4321, 4321)
        node.cli("backup", os.path.join(folder, "c.tar"))
        self.assertEqual(sorted(os.listdir(folder)), ["c.tar", left])

    def test_no_archive_of_what_verify_finds(self):
        """Whatever makes `verify` say damaged keeps the nightly archive from being made,
        and is named."""
        node = self.home()
        node.stop()
        shared = os.path.join(node.state, "hearth.db")
        (person, ) = (os.path.join(node.state, "accounts", n)
                      for n in os.listdir(os.path.join(node.state, "accounts"))
                      if n.endswith(".db"))
        again = os.path.join(node.folder, "again.tar")
        shutil.copytree(node.state, node.state + ".sound")
        for path, change, words in (
            (person, "DELETE FROM pages WHERE row = (SELECT min(page_row) FROM visits)",
             "visits: refers to a row of pages that is not there, and "),
            (person,
             "UPDATE bookmarks SET parent = 'gone________' WHERE row = (SELECT max(row) FROM "
             "bookmarks)",
             "is not there"), (person, "UPDATE account SET visits = visits + 1",
                               "visits is kept as"),
            (person,
             "UPDATE pages SET last_visit = 5 WHERE row = (SELECT min(page_row) FROM visits)",
             "last_visit is 5"), (person, "DELETE FROM bookmark_tags", "tags are not its rows"),
            (shared, "DELETE FROM identities", "has no identity"),
            (shared,
             "INSERT INTO tokens SELECT 'x', account, name, x'00', scope, created, last_used, "
             "expires FROM tokens LIMIT 1",
             "hash has 1 bytes")):
            with self.subTest(change):
                shutil.rmtree(node.state)
                shutil.copytree(node.state + ".sound", node.state)
                with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
                    self.assertGreaterEqual(db.execute(change).rowcount, 1)
                node.cli("verify", code=1)
                said = node.cli("backup", again, code=1)
                self.assertIn(words, said)
                self.assertIn(f"{path}: is damaged (", said)
                self.assertIn("no backup was made", said)
                self.assertEqual([n for n in os.listdir(node.folder) if n.startswith("again")], [])
        shutil.rmtree(node.state)
        shutil.copytree(node.state + ".sound", node.state)
        node.cli("backup", again)
        self.assertTrue(os.path.exists(again))


if __name__ == "__main__":
    unittest.main()

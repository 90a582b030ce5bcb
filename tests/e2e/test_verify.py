"""Bytes that a disk changed in the files of SQLite: what `verify` finds, and what it says that
it cannot find."""
import contextlib
import glob
import os
import sqlite3
import subprocess
import unittest

from harness import ADA, HEARTHD, PATIENCE, TestCase

TITLE = b"Zanzibar by lantern light"
PAGE = {
    "id": "verifypage01", "histUri": "https://zanzibar.example/", "title": TITLE.decode(), "visits":
    [{"date": 1795432000000000, "type": 1}]
}


class Verify(TestCase):
    def setUp(self):
        service = self.service(load=False)
        service.account(ADA, history=300, bookmarks=50, tabs=2)
        service.put_clear("history", PAGE, email=ADA)
        self.home = self.node(start=False)
        self.home.add_account(service, ADA)
        self.shared = os.path.join(self.home.state, "hearth.db")
        (self.person,) = (glob.glob(os.path.join(self.home.state, "**", "accounts", "*.db"),
                                    recursive=True)
                          or glob.glob(os.path.join(self.home.state, "*accounts", "*.db")))
        for path in (self.shared, self.person):  # nothing is left in a WAL
            with contextlib.closing(sqlite3.connect(path)) as database:
                database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def flipped(self, path, places, bits=1):
        """What verify says while these bytes are wrong; they are right again afterwards."""
        with open(path, "rb") as file:
            sound = file.read()
        wrong = bytearray(sound)
        for place in places:
            wrong[place] ^= bits
        try:
            with open(path, "r+b") as file:
                file.write(wrong)
            return subprocess.run([HEARTHD, "--config", self.home.conf, "verify"],
                                  capture_output=True, text=True, env=self.home.environment,
                                  timeout=PATIENCE)
        finally:
            with open(path, "r+b") as file:
                file.write(sound)

    def places(self, path, text):
        with open(path, "rb") as file:
            whole = file.read()
        found, at = [], whole.find(text)
        while at >= 0:
            found.append(at)
            at = whole.find(text, at + 1)
        self.assertTrue(found, text)
        return found

    def page_size(self, path):
        with open(path, "rb") as file:
            return int.from_bytes(file.read(18)[16:18], "big")

    def found(self, path, places, bits=1):
        done = self.flipped(path, places, bits)
        self.assertEqual(done.returncode, 1, (path, places, done.stdout, done.stderr))
        self.assertNotIn("is sound", done.stdout)

    def test_found(self):
        for path in (self.shared, self.person):
            with self.subTest(path):
                self.found(path, [0])  # the file's magic
                self.found(path, [self.page_size(path)], 0x70)  # the kind of its second page
        # in a row, or in its index: the other disagrees
        self.found(self.shared, self.places(self.shared, ADA.encode())[:1])

    def test_not_found(self):
        """A title: nothing repeats it. This is what the last but one line says."""
        done = self.flipped(self.person, [place + 3 for place in self.places(self.person, TITLE)])
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        said, verdict = done.stdout.splitlines()[-2:]
        self.assertIn("Not looked for: a text or number that a disk changed", said)
        self.assertEqual(verdict, "The database is sound.")


if __name__ == "__main__":
    unittest.main()

"""The daemon on the state directory of a release with one file for everybody: nobody sees a
difference. The directory was recorded with that release (tests/fixtures/schema-1)."""
import json
import os
import shutil
import sqlite3
import unittest

from harness import ROOT, TestCase

FIXTURE = os.path.join(ROOT, "tests", "fixtures", "schema-1")
# of devices and tabs
SINCE = ("hidden", "windows", "groups", "active", "window", "place", "group_id")


class Upgrade(TestCase):
    def old_home(self):
        node = self.node("[scheduler]\ninterval = 1h\n", start=False)
        db = sqlite3.connect(os.path.join(node.state, "hearth.db"))
        with open(os.path.join(FIXTURE, "hearth.sql"), encoding="utf-8") as f:
            db.executescript("PRAGMA journal_mode = WAL;" + f.read())
        self.assertEqual(db.execute("PRAGMA user_version").fetchone()[0], 1)
        db.close()
        shutil.copy(os.path.join(FIXTURE, "hearth.key"), node.state)
        os.chmod(os.path.join(node.state, "hearth.key"), 0o600)
        with open(os.path.join(FIXTURE, "answers.json"), encoding="utf-8") as f:
            recorded = json.load(f)
        node.tokens = recorded["tokens"]
        return node, recorded["answers"]

    def lasting(self, path, body):
        """What does not depend on today: not when one was here last, nor in which order a search
        has its results, nor whether a sync failed meanwhile; nor what is said since then, and in
        which order roots and tags are."""
        if path == "/me":
            account = json.loads(body)["account"]
            return [account[key] for key in ("email", "name", "counts", "created")]
        if path.startswith("/search"):
            return sorted(
                (part["kind"], part["url"], part["title"]) for part in json.loads(body)["results"])
        if path == "/export/bookmarks.json":
            roots = json.loads(body, object_pairs_hook=lambda pairs: {
                key: sorted(value.split(",")) if key == "tags" else value
                for key, value in pairs
            })["children"]
            return sorted(({**root, "index": None} for root in roots), key=lambda r: r["guid"])
        if path in ("/tabs", "/devices"):
            return json.loads(body, object_pairs_hook=lambda pairs: {
                key: value
                for key, value in pairs if key not in SINCE
            })
        return body

    def test_nobody_sees_a_difference(self):
        node, answers = self.old_home()
        node.start()
        for _ in range(2):  # after the migration, and after a start without one
            for email, recorded in answers.items():
                for path, body in recorded.items():
                    answer = node.request("/api/v1" + path, email=email)
                    self.assertEqual(answer.status, 200, path)
                    self.assertEqual(self.lasting(path, answer.body.decode()),
                                     self.lasting(path, body), (email, path))
            node.stop()
            self.assertIn("sound", node.cli("verify"))
            node.start()
        with node.database() as db:
            ids = [row[0] for row in db.execute("SELECT id FROM accounts")]
        self.assertEqual(
            sorted(n for n in os.listdir(os.path.join(node.state, "accounts"))
                   if n.endswith(".db")), sorted(f"{i}.db" for i in ids))

    def test_the_credentials_can_be_opened(self):
        """The service that they are for is gone: what fails is the network."""
        node, answers = self.old_home()
        node.start()
        for email in answers:
            said = node.sync(email, code=1)
            self.assertNotIn("key", said)
            self.assertIn("127.0.0.1", said)


if __name__ == "__main__":
    unittest.main()

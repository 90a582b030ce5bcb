"""An account by archive from one storage to another: Ada's on SQLite, archived, is restored on
PostgreSQL and from there on SQLite again, and each answers the API with the same bytes. The same by
`hearthd copy`, from a single node to a fleet of two nodes and back."""
import fcntl
import gzip
import hashlib
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import ADA, until  # noqa: E402
import test_same_answers  # noqa: E402
from servers import Postgres, Redis  # noqa: E402


class Archive(test_same_answers.SameAnswers):
    # those of the other file
    test_every_step = test_an_older_database = test_what_a_person_changes = None

    def servers(self):
        self.postgres, redis = Postgres(), Redis()
        for server in (self.postgres, redis):
            self.addCleanup(server.close)
            server.start()
        return (f"[storage main]\nplugin = pg\ndsn = {self.postgres.create('ada')}\n[queue]\n"
                f"plugin = redis\nurl = {redis.url}\n")

    def ada(self, **options):
        """Her account after her whole recorded life; then nobody syncs it any more."""
        service = self.service(step=7)
        node = self.node(**options)
        node.add_account(service)
        return service, node

    def other(self, first, config=""):
        """Another server, of the same keys and providers."""
        node = self.node(config, start=False)
        with open(os.path.join(first.state, "hearth.key"), "rb") as f:
            key = f.read()
        path = os.path.join(node.state, "hearth.key")
        with open(path, "wb") as f:
            f.write(key)
        os.chmod(path, 0o600)
        return node

    def archive(self, node, name, *words, email=ADA):
        path = os.path.join(node.folder, name)
        node.cli("account", "archive", email, path, *words)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        return path

    def lines(self, path):
        with (gzip.open if path.endswith(".gz") else open)(path, "rb") as f:
            return f.read().splitlines(keepends=True)

    def edited(self, path, edit, seal=True):
        """A copy with other lines; seal: its last line is right."""
        lines = edit(self.lines(path))
        if seal:
            body = b"".join(lines[:-1])
            last = json.loads(lines[-1])
            counts = {}
            for line in lines[:-1]:
                kind = json.loads(line)["record"]
                counts[kind] = counts.get(kind, 0) + 1
            last = {
                k: counts.get(k, 0) if k not in ("record", "lines", "sha256") else v
                for k, v in last.items()
            }
            last.update(lines=len(lines) - 1, sha256=hashlib.sha256(body).hexdigest())
            lines[-1] = json.dumps(last, separators=(",", ":")).encode() + b"\n"
        copy = path + ".edited"
        with open(copy, "wb") as f:
            f.write(b"".join(lines))
        return copy

    def test_from_storage_to_storage(self):
        service, single = self.ada()
        expected = self.answers(single, False)
        first = self.archive(single, "ada.hearth.gz", "--with-credentials", "--with-tokens")
        last = json.loads(self.lines(first)[-1])
        self.assertGreater(last["page"], 100)
        self.assertGreater(last["visit"], 100)
        self.assertGreater(last["bookmark"], 10)
        self.assertEqual((last["credentials"], last["account"]), (1, 1))
        self.assertGreater(last["token"], 0)
        postgres = self.other(single, self.servers())
        postgres.start()
        again = self.other(single)
        again.start()
        for node in (postgres, again):
            self.assertIn("is restored", node.cli("account", "restore", first))
            node.tokens = dict(single.tokens)
        self.check_nobody_was_asked(last["page"])
        second = self.archive(postgres, "again.hearth", "--with-credentials", "--with-tokens")
        self.assertEqual(self.lines(second),
                         self.without_times(self.lines(first), self.lines(second)))
        for node in (postgres, again):
            self.check_answers(node, expected)
            self.assertEqual(node.cli("verify"), single.cli("verify"))
        self.assertGreater(len(expected), 80)

    def check_answers(self, node, expected):
        got = self.answers(node, False)
        self.assertEqual(got["/me"], expected["/me"])
        for path in sorted(expected):
            if path != "/me":  # each collection begins with the account's generation
                self.assertEqual(got.get(path, ())[:2], expected[path][:2], path)
        self.assertEqual(len(got), len(expected))

    def test_to_a_fleet_and_back(self):
        """Everybody of a single node to a fleet of two nodes with a key of its own, and from there
        to another single node: the same answers, and everybody's next sync is one without a
        sign-in."""
        service, single = self.ada()
        people = [f"person{i}@example.org" for i in range(5)]
        for email in people:
            data = service.account(email, history=9, bookmarks=3, tabs=1)
            single.cli("account", "import", "-", text=json.dumps(data))
            single.sync(email)
        expected = self.answers(single, False)
        counts = {email: single.cli_json("account", "show", email)["counts"] for email in people}
        single.stop()
        self.postgres, redis = Postgres(), Redis()
        for server in (self.postgres, redis):
            self.addCleanup(server.close)
            server.start()
        fleet = self.node(f"[queue]\nplugin = redis\nurl = {redis.url}\n", start=False)
        for name in ("alder", "birch"):
            fleet.configure(f"60-{name}", f"[storage {name}]\nplugin = pg\ndsn = "
                            f"{self.postgres.create(name)}\n[node {name}]\n"
                            f"url = https://{name}.example.org\n")
        fleet.configure("70-web", "[web]\nnode = alder\n")
        fleet.prepare()
        self.assertIn("6 accounts are copied, 0 here already.",
                      fleet.cli("copy", "--from", single.conf))
        self.assertIn("0 accounts are copied, 6 here already.",
                      fleet.cli("copy", "--from", single.conf))
        places = {row["email"]: row["node"] for row in fleet.cli_json("account", "list")}
        self.assertEqual(set(places), {ADA, *people})
        self.assertEqual(set(places.values()), {"alder", "birch"})
        fleet.configure("70-web", f"[web]\nnode = {places[ADA]}\n")
        fleet.start()
        fleet.tokens = dict(single.tokens)
        self.check_answers(fleet, expected)
        for email in people:
            self.assertEqual(fleet.cli_json("account", "show", email)["counts"], counts[email])
            fleet.sync(email)
        fleet.stop()
        back = self.node(start=False).prepare()
        worker = os.path.join(fleet.state, "worker")
        os.mkdir(worker)
        with open(os.path.join(worker, "hearthd.lock"), "wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self.assertIn(f"a hearthd runs on {worker}; stop it first",
                          back.cli("copy", "--from", fleet.conf, "--yes", code=1))
        # it cannot know what runs on other machines
        self.assertIn("Nobody can answer here: nothing was done.",
                      back.cli("copy", "--from", fleet.conf, code=2))
        self.assertIn("6 accounts are copied, 0 here already.",
                      back.cli("copy", "--from", fleet.conf, "--yes"))
        back.start()
        back.tokens = dict(single.tokens)
        self.check_answers(back, expected)
        self.assertIn("sound", back.cli("verify"))
        back.sync()

    def check_nobody_was_asked(self, pages):
        """Whether a page has visits already is known in an account that was empty: else each
        page of a restore waits for an answer of the server. Once each page's visits are looked
        up, some hundred pages in a statement: what the pages say of them is made sure of."""
        ask = ("SELECT n_tup_ins, idx_scan FROM pg_stat_user_tables WHERE relname = 'visits' AND "
               "n_tup_ins > 0")
        inserted, looked_up = until(lambda: self.postgres.sql("ada", ask),
                                    "the restore was counted").split("|")
        self.assertLess(int(looked_up) - int(inserted), pages + pages // 2)

    def without_times(self, first, second):
        """The first, with what a daemon that runs writes meanwhile as the second has it: the
        account's and tokens' times, with which generation it begins, and so the last line."""
        self.assertEqual(len(first), len(second))
        moves = {
            "account": {"last_seen", "last_attempt", "next_sync", "last_sync", "generation"},
            "token": {"last_used"}, "end": {"sha256"}
        }
        result = []
        for a, b in zip(first, second):
            x, y = json.loads(a), json.loads(b)
            free = moves.get(x["record"], set())
            same = {k: v
                    for k, v in x.items()
                    if k not in free} == {k: v
                                          for k, v in y.items()
                                          if k not in free}
            result.append(b if free and same else a)
        return result


if __name__ == "__main__":
    unittest.main()

"""Bytes that a disk changed, in every kind of page of SQLite's files: what `verify` finds, what
does no harm, and what passes; nothing else happens, and what passes is what docs/operating.md
says. HEARTH_FLIPS: how many in each kind of page (the long form: 300); HEARTH_SEED."""
import contextlib
import os
import random
import re
import shutil
import sqlite3
import subprocess
import unittest

from harness import ADA, HEARTHD, PATIENCE, ROOT, TestCase

FLIPS = int(os.environ.get("HEARTH_FLIPS", 8))
SEED = int(os.environ.get("HEARTH_SEED", 1))
LONG = "https://long.example/" + "x" * 20000
PAGE = {
    "id": "flippedpage1", "histUri": LONG, "title": "A page whose URL needs pages of its own",
    "visits": [{"date": 1795432000000000, "type": 1}]
}
READS = (("export", ADA, "history.json"), ("export", ADA, "bookmarks.json"),
         ("account", "show", ADA), ("search", ADA, "example"), ("token", "list", ADA))


class Different(Exception):
    """Rows are missing, or more than one is another one."""


def connect(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.text_factory = bytes
    return contextlib.closing(db)


def tables(db):
    return [
        n.decode() for (n, ) in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_stat%' "
            "ORDER BY 1"
        )
    ]


def dump(path):
    """All that a file says: {table: (columns, {key: row})}; and the numbers of its header that
    mean something."""
    with connect(path) as db:
        out = {
            n: db.execute(f"PRAGMA {n}").fetchone()
            for n in ("user_version", "application_id", "auto_vacuum", "encoding", "journal_mode")
        }
        out["schema"] = sorted(db.execute("SELECT type, name, sql FROM sqlite_schema"),
                               key=lambda row: row[:2])
        for table in tables(db):
            cursor = db.execute(f'SELECT * FROM "{table}"')
            out[table] = ([d[0] for d in cursor.description], sorted(cursor.fetchall(), key=repr))
        return out


def changed_columns(before, after):
    """{table.column} of what is another value now;
    Different when it is more than values of one row."""
    columns = set()
    for name, was in before.items():
        now = after.get(name)
        if now == was:
            continue
        if name == "schema" and [r[:2] for r in now] == [r[:2] for r in was]:
            columns.add("sqlite_schema.sql")
            continue
        if not isinstance(was, tuple) or not isinstance(was[0],
                                                        list) or now is None or now[0] != was[0]:
            raise Different(name)
        gone, new = [r for r in was[1] if r not in now[1]], [r for r in now[1] if r not in was[1]]
        if len(gone) != 1 or len(new) != 1:
            raise Different(f"{name}: {len(gone)} rows gone, {len(new)} new")
        columns |= {f"{name}.{c}" for c, a, b in zip(was[0], gone[0], new[0]) if a != b}
    return columns


def documented():
    """What docs/operating.md says that verify cannot find: {table.column}."""
    with open(os.path.join(ROOT, "docs", "operating.md"), encoding="utf-8") as f:
        said = re.search(r"What `verify` cannot find on SQLite.*?\n\n(.*?)\n\n", f.read(), re.S)[1]
    return {
        f"{table}.{column}"
        for table, columns in re.findall(r"^\| `(\w+)` \| (.*?) \|$", said, re.M)
        for column in re.findall(r"`(\w+)`", columns)
    }


class Flips(TestCase):
    def setUp(self):
        service = self.service(load=False)
        service.account(ADA, history=400, bookmarks=120, tabs=12)
        service.put_clear("history", PAGE, email=ADA)
        self.home = self.node(start=False)
        self.home.add_account(service, ADA)
        self.home.token(ADA)
        self.random = random.Random(SEED)
        self.shared = os.path.join(self.home.state, "hearth.db")
        (name, ) = [
            n for n in os.listdir(os.path.join(self.home.state, "accounts")) if n.endswith(".db")
        ]
        self.person = os.path.join(self.home.state, "accounts", name)
        with connect(self.shared) as db:  # so much that there are pages of every kind
            db.execute(
                "INSERT OR REPLACE INTO settings SELECT row, json_object('theme', 'dark', 'long', "
                "hex(randomblob(9000))) FROM accounts"
            )
            db.executemany(
                "INSERT INTO tokens SELECT ?, row, 'many', randomblob(32), 0, ?, 0, 0 FROM "
                "accounts",
                [(f"many{i}", i) for i in range(600)])
            db.executemany("INSERT INTO picks SELECT row, ?, 1, 1.0, 1 FROM accounts",
                           [(f"{'in' * 40}{i}", ) for i in range(300)])
        for path in (self.shared, self.person):
            with connect(path) as db:
                db.execute("CREATE TABLE gone (x)")
                db.executemany("INSERT INTO gone VALUES (?)", [(b"g" * 3000, )] * 20)
                db.execute("DROP TABLE gone")
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self.assertIn("sound", self.home.cli("verify"))
        self.keep()

    def keep(self):
        """What every flip begins with."""
        self.kept = self.home.state + ".kept"
        shutil.rmtree(self.kept, ignore_errors=True)
        shutil.copytree(self.home.state, self.kept,
                        ignore=shutil.ignore_patterns("*.sock", "*-shm"))

    def reset(self):
        shutil.rmtree(self.home.state)
        shutil.copytree(self.kept, self.home.state)

    def run_hearthd(self, *words):
        done = subprocess.run([HEARTHD, "--config", self.home.conf, *words], capture_output=True,
                              env=self.home.environment, timeout=PATIENCE)
        # never a signal; 2: no database of ours any more
        self.assertIn(done.returncode, (0, 1, 2), (words, done))
        if done.returncode != 0:
            self.assertTrue(done.stderr.startswith(b"hearthd: "), done.stderr)
        return done

    def kinds(self, path):
        """{kind: [(offset, size)]} of all pages of a file."""
        with connect(path) as db:
            # else there were pointer maps
            self.assertEqual(db.execute("PRAGMA auto_vacuum").fetchone(), (0, ))
            size = db.execute("PRAGMA page_size").fetchone()[0]
            types = dict(db.execute("SELECT name, type FROM sqlite_schema"))
            found = {}
            for name, page, kind in db.execute("SELECT name, pageno, pagetype FROM dbstat"):
                found.setdefault(f"{types.get(name, b'table').decode()} {kind.decode()}",
                                 []).append((page - 1, size))
        with open(path, "rb") as f:
            whole = f.read()
        trunk, trunks, leaves = int.from_bytes(whole[32:36], "big"), [], []
        while trunk:
            at = (trunk - 1) * size
            trunks.append((trunk - 1, size))
            count = int.from_bytes(whole[at + 4:at + 8], "big")
            leaves += [(int.from_bytes(whole[at + 8 + 4 * i:at + 12 + 4 * i], "big") - 1, size)
                       for i in range(count)]
            trunk = int.from_bytes(whole[at:at + 4], "big")
        places = {
            kind: [(page * size, size)
                   for page, size in pages]
            for kind, pages in {**found, "freelist trunk": trunks, "freelist leaf": leaves}.items()
        }
        return {"header": [(0, 100)], **places}

    def flip(self, path, place):
        """Another bit, or another byte."""
        with open(path, "r+b") as f:
            f.seek(place)
            was = f.read(1)[0]
            f.seek(place)
            f.write(
                bytes([
                    was ^ (1 << self.random.randrange(8)) if self.random.random() < 0.5 else
                    (was + self.random.randrange(1, 256)) % 256
                ]))

    def one(self, path, place, before):
        """found, harmless, or the columns that changed unseen."""
        self.reset()
        self.flip(path, place)
        self.run_hearthd(*self.random.choice(READS))
        if self.run_hearthd("verify").returncode != 0:
            return "found"
        try:
            columns = changed_columns(before, dump(path))
        except (Different, sqlite3.DatabaseError) as error:
            self.fail(
                f"{os.path.basename(path)}, byte {place}: verify says that it is sound, but "
                f"{error!r}; HEARTH_SEED={SEED}"
            )
        return columns or "harmless"

    def test_pages(self):
        passed, known = set(), documented()
        for path in (self.shared, self.person):
            before, kinds = dump(path), self.kinds(path)
            wanted = {
                "header", "table leaf", "table internal", "table overflow", "index leaf",
                "index internal", "freelist trunk", "freelist leaf"
            }
            self.assertEqual(wanted - set(kinds), set(), "no such page in " + path)
            for kind, pages in sorted(kinds.items()):
                results = []
                for _ in range(FLIPS):
                    offset, size = self.random.choice(pages)
                    results.append(self.one(path, offset + self.random.randrange(size), before))
                unseen = [r for r in results if isinstance(r, set)]
                passed |= {c for r in unseen for c in r}
                print(
                    f"{os.path.basename(path)[:9]}, {kind}: {len(results)} flips: "
                    f"{results.count('found')} found by verify, {results.count('harmless')} "
                    "harmless, "
                    f"{len(unseen)} passed {sorted(set().union(*unseen))}", flush=True)
        self.assertEqual(passed - known, set())

    def test_log(self):
        """Frames of the log have checksums: from a damaged one on, what was committed is as if
        it had not been; nothing is mixed."""
        self.reset()
        self.home.start()
        for number in range(6):
            self.assertEqual(
                self.home.request("/api/v1/settings", "PATCH",
                                  body={"timezone": f"Etc/GMT+{number}"}).status, 200)
        self.home.kill()
        log = self.shared + "-wal"
        self.assertGreater(os.path.getsize(log), 32 + 6 * 4096)
        self.keep()
        states = {}
        for _ in range(3 * FLIPS):
            self.reset()
            self.flip(log, self.random.randrange(os.path.getsize(log)))
            self.assertIn(b"is sound", self.run_hearthd("verify").stdout)
            with connect(self.shared) as db:
                (text, ) = db.execute(
                    "SELECT coalesce(json_extract(json, '$.timezone'), '-') FROM settings"
                ).fetchone()
                self.assertEqual(
                    db.execute("SELECT count(*) FROM tokens").fetchone()[0] >= 600, True)
            states[text.decode()] = states.get(text.decode(), 0) + 1
        print(f"log: {3 * FLIPS} flips: {states}")
        self.assertLessEqual(set(states), {"-", *(f"Etc/GMT+{n}" for n in range(6))})
        self.assertGreater(len(states), 1)


if __name__ == "__main__":
    unittest.main()

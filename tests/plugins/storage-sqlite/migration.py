"""A database of schema 1, as the release before files of their own made it, and its migration,
killed as often as asked for. The suite runs test_migration.py; tests/long/kill_migration.py is
the long form."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLUGIN = ROOT / "plugins" / "storage-sqlite"
# What a person has, in the old file and in the new one.
TABLES = ("marks", "devices", "tabs", "pages", "page_guids", "visits", "bookmarks", "bookmark_tags",
          "bookmark_claims", "bookmark_tombstones")
# What a person has now, and had as removed_pages.
REMOVED = ("SELECT id, generation FROM removed_pages WHERE account = {row}",
           "SELECT page, generation FROM removals WHERE kind = 1")
SHARED = ("credentials", "settings", "tokens", "picks")
# device, position, and the name of the tab's group, which is all that is known of a group there.
GROUPED = (("d", 0, None), ("d", 1, "Trip"), ("d", 2, "Trip"), ("d", 3, "trip"), ("d", 4, ""),
           ("d", 5, "ß" * 256), ("d", 6, "ß" * 256), ("e", 0, "Trip"), ("e", 1, "x" * 255))
# What becomes of it: an id has 255 bytes at most, and is not empty.
IDS = {"ß" * 256: "ß" * 56 + " 5", "": None}
GROUPS = sorted({(device, IDS.get(name, name), name, None, 0)
                 for device, _, name in GROUPED
                 if name})
OF_SOURCES = ("devices", "visits", "bookmarks", "bookmark_claims", "bookmark_tombstones")
NEW_COLUMNS = {
    **{table: ("source", )
       for table in OF_SOURCES}, "devices": ("hidden", "source"), "tabs":
    ("group", "window", "place", "active"), "bookmarks":
    ("source", "said_tags", "said_keyword", "said_kind", "generation"), "visits":
    ("source", "generation")
}
COUNTERS = ("generation", "forgotten", "devices", "tabs", "bookmarks", "folders", "pages", "visits")
LIMIT = 300  # seconds, for any one command


def fnv(host):
    h = 0x811C9DC5
    for byte in host.encode():
        h = (h ^ byte) * 0x01000193 & 0xFFFFFFFF
    return h - (h >> 31 << 32)  # signed


def put_person(db, row, pages, rng):
    name = f"person{row}"
    host = f"{name}.example"
    db.execute(
        "INSERT INTO accounts (row, id, email, uid, name, provider, node, state, created, "
        "last_sync, last_attempt, next_sync, last_seen,"
        " generation, forgotten, failures, resync, devices, tabs, bookmarks, folders, pages, "
        "visits)"
        " VALUES (?, ?, ?, 'u', NULL, 'fx', '', 0, ?, 5, 6, 7, ?, ?, 1, 0, 0, 1, ?, 1, 1, ?, ?)",
        (row, name, f"{name}@example.org", row, 8 +
         (row == 2), 40 + row, len(GROUPED), pages, 2 * pages))
    db.execute("INSERT INTO credentials VALUES (?, ?)", (row, rng.randbytes(60)))
    db.execute("INSERT INTO settings VALUES (?, ?)",
               (row, json.dumps({"timezone": "UTC", "of": row})))
    db.execute("INSERT INTO tokens VALUES (?, ?, 'cli', ?, 0, 1, 2, 0)",
               (f"t{row}", row, rng.randbytes(32)))
    db.execute("INSERT INTO picks VALUES (?, 'in', 3, 1.5, 9)", (row, ))
    db.executemany("INSERT INTO marks VALUES (?, ?, ?)", [(row, c, f"mark {c}") for c in range(5)])
    db.execute("INSERT INTO devices VALUES (?, 'd', 'Phone', 'mobile', NULL, '1', NULL, 4)",
               (row, ))
    db.executemany("INSERT INTO tabs VALUES (?, ?, ?, 't', 'https://t/', NULL, ?, 3, 0, 1)",
                   [(row, *tab) for tab in GROUPED])
    first = db.execute("SELECT coalesce(max(row), 0) + 1 FROM pages").fetchone()[0]
    ids = rng.sample(range(1, 1 << 50), pages)
    db.executemany(
        "INSERT INTO pages VALUES (?, ?, ?, ?, ?, ?, 'title', NULL, NULL, ?, 2, 200, 0, 0, 0, 0, "
        "?)",
        ((first + i, row, ids[i], f"https://{host}/{i}/{'x' * (i % 90)}", host, f"g{i}", i % 500,
          1 + i % 40) for i in range(pages)))
    db.executemany("INSERT INTO page_guids VALUES (?, ?, ?)",
                   ((row, f"g{i}", first + i) for i in range(pages)))
    key = fnv(host)
    db.executemany("INSERT INTO visits VALUES (?, ?, ?, ?, ?, 0, ?)",
                   ((row, first + i, ids[i], date, 1, key)
                    for i in range(pages)
                    for date in (100, 200)))
    db.executemany("INSERT INTO removed_pages VALUES (?, ?, 30)", [(row, -i) for i in range(1, 20)])
    db.execute(
        "INSERT INTO bookmarks (account, guid, kind, position, title, added, modified) VALUES (?, "
        "'menu________', 2, 0, 'm', 0, 0)",
        (row, ))
    db.execute(
        "INSERT INTO bookmarks (account, guid, kind, parent, position, title, url, tags, added, "
        "modified)"
        " VALUES (?, 'folder______', 2, 'menu________', 0, 'f', NULL, NULL, 0, 0),"
        " (?, 'bookmark____', 1, 'folder______', 0, 'b', 'https://b/', 'one', 5, 5)", (row, row))
    db.execute("INSERT INTO bookmark_tags VALUES (?, 'one', 5, 'bookmark____', 'one')", (row, ))
    db.execute("INSERT INTO bookmark_claims VALUES (?, 'folder______', 0, 'bookmark____')",
               (row, ))
    db.execute("INSERT INTO bookmark_tombstones VALUES (?, 'gone________', 'menu________')",
               (row, ))


def make_old(path, persons=6, pages=2500):
    rng = random.Random(7)
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode = WAL;" +
                     (PLUGIN / "migrations" / "0001-first.sql").read_text(encoding="utf-8"))
    with db:
        for row in range(1, persons + 1):
            put_person(db, row, pages if row % 3 else 5, rng)
    db.close()


def columns(db, table):
    """Without those that are new."""
    return [
        r[1]
        for r in db.execute(f"PRAGMA table_info({table})")
        if r[1] not in ("account", "row", *NEW_COLUMNS.get(table, ()))
    ]


def rows(db, table, where=""):
    names = ", ".join(f'"{c}"' for c in columns(db, table))
    return sorted(map(repr, db.execute(f"SELECT {names} FROM {table} {where}")))


def dump_old(path):
    """What an account has, by id, whatever the layout; the same shape as dump_new()."""
    db, out = sqlite3.connect(path), {}
    for row, name in db.execute("SELECT row, id FROM accounts").fetchall():
        own = f"WHERE account = {row}"
        out[name] = {t: rows(db, t, own) for t in TABLES + SHARED}
        out[name]["removed"] = sorted(db.execute(REMOVED[0].format(row=row)).fetchall())
        out[name]["counters"] = db.execute(
            f"SELECT {', '.join(COUNTERS)} FROM accounts WHERE row = ?", (row, )).fetchone()
        out[name]["account"] = db.execute(
            "SELECT email, uid, name, provider, state, created, last_sync, next_sync, last_seen "
            "FROM accounts"
            " WHERE row = ?", (row, )).fetchone()
    db.close()
    return out


def dump_new(state):
    db, out = sqlite3.connect(state / "hearth.db"), {}
    for row, name in db.execute("SELECT row, id FROM accounts WHERE file = 1").fetchall():
        person = sqlite3.connect(state / "accounts" / f"{name}.db")
        out[name] = {t: rows(person, t) for t in TABLES}
        out[name]["removed"] = sorted(person.execute(REMOVED[1]).fetchall())
        out[name]["counters"] = person.execute(
            f"SELECT {', '.join(COUNTERS)} FROM account").fetchone()
        assert person.execute("SELECT * FROM tab_groups ORDER BY device, id").fetchall() == GROUPS
        grouped = person.execute(
            'SELECT device, position, "group", "window", place, active FROM tabs ORDER BY device, '
            'position'
        ).fetchall()
        assert grouped == [(device, position, IDS.get(name, name), 0, 0, 0)
                           for device, position, name in GROUPED], grouped
        shown = person.execute(
            'SELECT device, position, "group" FROM readable_tabs ORDER BY device = \'e\', position'
        ).fetchall()
        assert [g for *_, g in shown] == [name or None for *_, name in GROUPED], shown
        assert person.execute("SELECT hidden FROM devices").fetchall() == [(0, )]
        generation = out[name]["counters"][0]
        assert person.execute("SELECT collection, generation FROM generations").fetchall() == [
            (c, generation) for c in (1, 2, 3, 4)
        ]
        assert person.execute("SELECT removals_forgotten FROM account").fetchone()[0] == generation
        assert person.execute("SELECT count(*) FROM removals WHERE kind <> 1").fetchone()[0] == 0
        for table in OF_SOURCES:  # what was there is the account's own provider's
            assert person.execute(f"SELECT DISTINCT source FROM {table}").fetchall() == [(0, )
                                                                                         ], table
        assert person.execute("SELECT count(*) FROM source_marks").fetchone() == (0, )
        person.close()
        out[name].update({t: rows(db, t, f"WHERE account = {row}") for t in SHARED})
        out[name]["account"] = db.execute(
            "SELECT email, uid, name, provider, state, created, last_sync, next_sync, last_seen "
            "FROM accounts"
            " WHERE row = ?", (row, )).fetchone()
    assert db.execute("SELECT count(*) FROM sources").fetchone() == (0, )
    assert not [r for r in db.execute("SELECT name FROM sqlite_schema WHERE name LIKE 'moving%'")
                ], "old tables are left"
    assert db.execute("PRAGMA user_version").fetchone()[0] == len(
        list((PLUGIN / "migrations").glob("*.sql")))
    db.close()
    return out


def dump_data(state):
    """The same without the generations of accounts, which go on with each restore."""
    out = dump_new(state)
    for had in out.values():
        had["counters"] = had["counters"][2:]
    return out


def schemas(folder):
    """The files of a folder of migrations, in order: the one of schema N is [N - 1]."""
    return sorted((PLUGIN / folder).glob("*.sql"))


def apply(db, files):
    for path in files:
        db.executescript(path.read_text(encoding="utf-8"))


def make_person(old, row, path, schema):
    """A file of a person as it was in a schema, with what the account has in the file for
    everybody from before."""
    path.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        apply(db, schemas("person")[:1])
        db.execute("ATTACH ? AS old", (str(old), ))
        counters = ", ".join(COUNTERS)
        db.execute(
            f"INSERT INTO account (row, id, {counters}) SELECT 1, id, {counters} FROM old.accounts "
            "WHERE row = ?",
            (row, ))
        for table in (*TABLES, "removed_pages"):
            names = ", ".join(f'"{r[1]}"' for r in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(
                f"INSERT INTO main.{table} ({names}) SELECT {names} FROM old.{table} WHERE account "
                "= ?",
                (row, ))
        db.execute("DETACH old")
        apply(db, schemas("person")[1:schema])
        assert db.execute("PRAGMA user_version").fetchone()[0] == schema


def dump_all(state):
    """Every table of every file, with what it is made by: the same texts mean the same database."""
    out = {}
    for path in (state / "hearth.db", *sorted((state / "accounts").glob("*.db"))):
        with contextlib.closing(sqlite3.connect(path)) as db:
            made = db.execute(
                "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY "
                "type, name"
            ).fetchall()
            out[path.name] = [("schema", db.execute("PRAGMA user_version").fetchone()[0]), *made]
            for name in (name for kind, name, _ in made if kind == "table"):
                out[path.name] += [
                    (name, row) for row in sorted(map(repr, db.execute(f'SELECT * FROM "{name}"')))
                ]
    return out


class Migration:
    def __init__(self, hearthd, folder, persons=6, pages=2500):
        self.hearthd, self.folder = hearthd, pathlib.Path(folder)
        self.state = self.folder / "state"
        self.conf = self.folder / "conf.d"
        self.conf.mkdir()
        (self.conf / "00-test.conf").write_text(f"[hearth]\nstate_dir = {self.state}\n",
                                                encoding="utf-8")
        self.old = self.folder / "old.db"
        make_old(self.old, persons, pages)
        self.expected = dump_old(self.old)

    def reset(self):
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir(mode=0o700)
        shutil.copy(self.old, self.state / "hearth.db")

    def reset_to(self, shared, person):
        """As the release with these schemas left it."""
        self.reset()
        with contextlib.closing(sqlite3.connect(self.state / "hearth.db",
                                                isolation_level=None)) as db:
            apply(db, schemas("migrations")[1:min(shared, 2)])
            if shared > 2:  # the rows of the persons have moved
                (self.state / "accounts").mkdir(mode=0o700)
                for row, name in db.execute("SELECT row, id FROM accounts").fetchall():
                    make_person(self.old, row, self.state / "accounts" / f"{name}.db", person)
                db.execute("UPDATE accounts SET file = 1")
                apply(db, schemas("migrations")[2:shared])
            assert db.execute("PRAGMA user_version").fetchone()[0] == shared

    def start(self, *words):
        return subprocess.Popen(
            [self.hearthd, "--config", str(self.conf), *words], stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)

    def command(self, *words, code=0):
        process = self.start(*words)
        try:
            said = process.communicate(timeout=LIMIT)[0]
        finally:
            process.kill()
        assert process.returncode == code, (words, process.returncode, said[-800:])
        return said

    def check(self, restored=False):
        """Everything is where it belongs, and nothing is left over. restored: generations have gone
        on, and nothing is known of before."""
        assert "sound" in self.command("verify")
        got = dump_new(self.state)
        if restored:
            for name, had in got.items():
                generation, forgotten, *rest = had["counters"]
                was = self.expected[name]["counters"]
                assert generation == forgotten > 1 << 40, had["counters"]
                had["counters"] = (*was[:2], *rest)
        assert got.keys() == self.expected.keys(), (got.keys(), self.expected.keys())
        for name, kinds in self.expected.items():
            for kind, wanted in kinds.items():
                assert got[name][kind] == wanted, (name, kind, got[name][kind][:3], wanted[:3])
        names = {f"{n}.db" for n in self.expected}
        left = [
            n for n in os.listdir(self.state / "accounts")
            if n.removesuffix("-wal").removesuffix("-shm") not in names
        ]
        assert not left, left

    def unkilled(self):
        """Seconds that it took."""
        self.reset()
        start = time.monotonic()
        self.command("migrate")
        took = time.monotonic() - start
        self.check()
        before, after = self.old.stat().st_size, (self.state / "hearth.db").stat().st_size
        assert before < 1 << 22 or after * 4 < before, (after, before)  # the space was given back
        return took

    def killed(self, seconds):
        """Killed after so long, and then once more while it goes on;
        True when the kill came in time."""
        self.reset()
        came = False
        for pause in (seconds, seconds / 2):
            process = self.start("migrate")
            try:
                process.wait(timeout=pause)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                came = True
            finally:
                process.kill()
                process.communicate(timeout=LIMIT)
        self.command("migrate")
        self.check()
        return came


def run(hearthd, kills, pages, seed=1):
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        migration = Migration(hearthd, folder, pages=pages)
        took = migration.unkilled()
        came = sum(migration.killed(took * (i + rng.random()) / kills) for i in range(kills))
    print(
        f"{kills} migrations killed, {came} of them in the middle: all of them ended as the one "
        f"that was not ({took:.2f} s)"
    )
    return came

"""PostgreSQL, from schema 3 to the newest with people in it: every row stays, identities,
properties and placement are made; killed in the middle it can be done again. And what `verify`
says of a database that another program wrote wrongly."""
import glob
import json
import os
import signal
import subprocess
import unittest

from fleet import HEARTHD, ROOT, PostgresCase, until
from copying import Copy, TooOld

MIGRATIONS = sorted(glob.glob(os.path.join(ROOT, "plugins", "storage-pg", "migrations", "*.sql")))
OLD = 3
NEW_TABLES = ("identities", "properties", "schema_version", "tab_groups", "removals",
              "removal_kinds", "generations", "removed_here", "removed_here_kinds", "sources",
              "source_kinds", "source_marks", "push")
OF_SOURCES = ("devices", "visits", "bookmarks", "bookmark_claims", "bookmark_tombstones")
NEW_COLUMNS = {table: ("source", ) for table in OF_SOURCES}
NEW_COLUMNS["accounts"] = ("placement", "removals_forgotten", "state_message", "state_parameters",
                           "asked", "answered")
NEW_COLUMNS["bookmarks"] += ("said_tags", "said_keyword", "said_kind", "generation")
NEW_COLUMNS["visits"] += ("generation", )
NEW_COLUMNS["devices"] += ("hidden", )
NEW_COLUMNS["tabs"] = ("group", "window", "place", "active")
NEW_KINDS = (6, )  # of bookmarks
# Device, position, and the name of the tab's group, which is all that is known of a group there.
GROUPED = (("d", 0, None), ("d", 1, "Trip"), ("d", 2, "Trip"), ("d", 3, "trip"), ("d", 4, ""),
           ("d", 5, "ß" * 256), ("d", 6, "ß" * 256), ("e", 0, "Trip"), ("e", 1, "x" * 255))
IDS = {"ß" * 256: "ß" * 56 + " 5", "": None}  # an id has 255 bytes at most, and is not empty
LONG = "u" * 1025  # no identity can have that subject
# email, uid, provider, last_seen, and the row of the account that gets this uid's identity
PEOPLE = (("Ada.Lovelace@Example.ORG", "u1", "fx", 10, 2), ("ada@other.example", "u1", "fx", 20, 2),
          ("eve@example.org", "u1", "other", 5, 3), ("first@example.org", "tie", "fx", 7, 5),
          ("SECOND@EXAMPLE.ORG", "tie", "fx", 7, 5), ("nobody@example.org", "", "fx", 1, None),
          ("long@example.org", LONG, "fx", 1, None), ("Müller@example.org", "Ü ' \\ %", "fx", 1,
                                                      8), ("upper@example.org", "U1", "fx", 1, 9))


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def fill():
    """Statements that make everybody, each with a row of every kind."""
    for row, (email, uid, provider, seen, _) in enumerate(PEOPLE, 1):
        host = f"h{row}.example"
        yield (
            "INSERT INTO accounts (id, email, uid, name, provider, node, state, state_detail, "
            "created, last_sync, last_attempt, next_sync, last_seen, generation, failures, resync, "
            f"devices, tabs, bookmarks, folders, pages, visits) VALUES ('id{row}', "
            f"{quoted(email)}, {quoted(uid)}, NULL, '{provider}', '', {row % 5}, 'why', "
            f"{100 + row}, 5, 6, 7, {seen}, 9, 1, 0, "
            f"1, {len(GROUPED)}, 1, 0, 1, 2)")
        yield from (
            f"INSERT INTO tabs VALUES ({row}, '{device}', {position}, 't', 'https://t/', NULL, "
            f"{'NULL' if name is None else quoted(name)}, 3, false, true)"
            for device, position, name in GROUPED)
        for statement in (
                "INSERT INTO credentials VALUES ({r}, '\\x00ff{r:02x}')",
                "INSERT INTO settings VALUES ({r}, '{{\"of\":{r}}}')",
                "INSERT INTO tokens VALUES ('t{r}', {r}, 'cli', sha256('{r}'), 0, 1, 2, 0)",
                "INSERT INTO picks VALUES ({r}, 'in', 3, 1.5, 9)",
                "INSERT INTO marks SELECT {r}, collection, 'mark' FROM collections",
                "INSERT INTO devices VALUES ({r}, 'd', 'Phone', 'mobile', NULL, NULL, NULL, 4)",
                "INSERT INTO pages VALUES ({r}, {r}00, 'https://{h}/', '{h}', 77, NULL, NULL, "
                "NULL, NULL, 5, 2, 200, 1, 5, false, false, 3)",
                "INSERT INTO removed_pages VALUES ({r}, -1, 2)",
                "INSERT INTO page_guids VALUES ({r}, 'g{r}', {r}00)",
                "INSERT INTO visits SELECT {r}, {r}00, d, 1, false, 77 FROM unnest(ARRAY[100, "
                "200]) d",
                "INSERT INTO bookmarks VALUES ({r}, 'menu________', 2, NULL, 0, NULL, NULL, NULL, "
                "NULL, NULL, NULL, NULL, 0, 0), "
                "({r}, 'bookmark____', 1, 'menu________', 0, NULL, NULL, NULL, NULL, NULL, 'One', "
                "{r}00, 5, 5)",
                "INSERT INTO bookmark_tags VALUES ({r}, 'one', 5, 'bookmark____', 'One')",
                "INSERT INTO bookmark_claims VALUES ({r}, 'menu________', 0, 'bookmark____')",
                "INSERT INTO bookmark_tombstones VALUES ({r}, 'gone________', 'menu________')"):
            yield statement.format(r=row, h=host)


def fill_children():
    """As a batch leaves them, from schema 3 on."""
    yield ("INSERT INTO bookmark_folders SELECT account, parent, children FROM bookmark_moves "
           "WHERE account % 2 = 0")
    yield "DELETE FROM bookmark_moves WHERE account % 2 = 0"


class Migration(PostgresCase):
    def database(self, old=True):
        """Of the schema OLD, with its rows; or empty."""
        name, dsn = self.new_database()
        if old:
            for path in MIGRATIONS[:OLD]:
                with open(path, encoding="utf-8") as f:
                    self.sql(name, f.read())
            self.sql(name, ";\n".join([*fill(), *fill_children()]))
        return self.node(f"[storage main]\nplugin = pg\ndsn = {dsn}\n", start=False), name

    def sql(self, database, text):
        return self.postgres.sql(database, text).splitlines()

    def refused(self, database, text):
        with self.assertRaises(AssertionError) as caught:
            self.sql(database, text)
        return str(caught.exception)

    def rows(self, database):
        """All of all tables but the new ones; columns that are new are left out. What older
        releases know of removed pages is what is known of them."""
        tables = [
            t for t in self.sql(
                database,
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
                "'public'::regnamespace ORDER BY 1"
            ) if t not in NEW_TABLES
        ]
        rows = {
            t:
            sorted(
                self.sql(
                    database,
                    "SELECT (to_jsonb(x) "
                    f"{' '.join(f'- {quoted(c)}' for c in NEW_COLUMNS.get(t, ()))})::text FROM {t} "
                    "x"
                ))
            for t in tables
        }
        rows["bookmark_kinds"] = [kind for kind in rows["bookmark_kinds"]
                                  if json.loads(kind)["kind"] not in NEW_KINDS]
        if "removals" in self.sql(database, "SELECT relname FROM pg_class WHERE relkind = 'r'"):
            pages = sorted(
                self.sql(
                    database,
                    "SELECT jsonb_build_object('account', account, 'id', page, 'generation', "
                    "generation) FROM removals WHERE kind = 1"
                ))
            self.assertEqual(pages, rows["removed_pages"])
        return rows

    def shape(self, database):
        """Constraints, triggers, functions, indexes,
        columns and views, as PostgreSQL tells them."""
        asked = (
            "SELECT conrelid::regclass, conname, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace",
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "SELECT prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
            "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
            "SELECT viewname, definition FROM pg_views WHERE schemaname = 'public'",
            "SELECT table_name, column_name, data_type, is_nullable, column_default, "
            "collation_name FROM information_schema.columns WHERE table_schema = 'public'"
        )
        return [sorted(self.sql(database, text)) for text in asked]

    def check_people(self, database):
        """Identities, placement, properties of PEOPLE."""
        wanted = sorted({(f"sync:{p}", uid, winner)
                         for _, uid, p, _, winner in PEOPLE
                         if winner is not None})
        got = sorted(
            tuple(line.split("|"))
            for line in self.sql(database, "SELECT issuer, subject, account FROM identities"))
        self.assertEqual(got, sorted((i, s, str(w)) for i, s, w in wanted))
        self.assertEqual(self.sql(database, "SELECT created - account FROM identities GROUP BY 1"),
                         ["100"])
        self.assertEqual(self.sql(database, "SELECT placement FROM accounts ORDER BY row"),
                         [email for email, *_ in PEOPLE])
        self.assertEqual(self.sql(database, "SELECT name, text FROM properties"), ["owned|yes"])
        self.check_groups(database)
        # Nobody knows which collection a batch was of, nor what was removed besides pages.
        self.assertEqual(
            self.sql(database,
                     "SELECT DISTINCT collection, generation FROM generations ORDER BY 1"),
            [f"{c}|9" for c in (1, 2, 3, 4)])
        self.assertEqual(
            self.sql(database, "SELECT DISTINCT removals_forgotten = generation FROM accounts"),
            ["t"])
        self.assertEqual(self.sql(database, "SELECT count(*) FROM removals WHERE kind <> 1"), ["0"])
        # What was there is the account's own provider's.
        for table in OF_SOURCES:
            self.assertEqual(self.sql(database, f"SELECT DISTINCT source FROM {table}"), ["0"],
                             table)
        self.assertEqual(
            self.sql(database,
                     "SELECT (SELECT count(*) FROM sources), (SELECT count(*) FROM source_marks)"),
            ["0|0"])

    def check_groups(self, database):
        """A name has become a group of each device; nothing is known of windows."""
        groups = sorted(
            {f"{device}|{IDS.get(name, name)}|{name}||f"
             for device, _, name in GROUPED
             if name})
        tabs = [
            f"{device}|{position}|{IDS.get(name, name) or ''}|0|0|f"
            for device, position, name in GROUPED
        ]
        for row in range(1, len(PEOPLE) + 1):
            self.assertEqual(
                sorted(
                    self.sql(
                        database,
                        "SELECT device, id, name, color, collapsed FROM tab_groups WHERE account "
                        f"= {row}"
                    )), groups)
            self.assertEqual(
                self.sql(
                    database,
                    'SELECT device, position, "group", "window", place, active FROM tabs WHERE '
                    f'account = {row} ORDER BY device, position'
                ), tabs)
        self.assertEqual(self.sql(database, "SELECT DISTINCT hidden FROM devices"), ["f"])
        shown = self.sql(
            database,
            f"SELECT \"group\" FROM readable_tabs WHERE email = {quoted(PEOPLE[0][0])} ORDER BY "
            "device = 'e', position"
        )
        self.assertEqual(shown, [name or "" for *_, name in GROUPED])

    def test_every_row(self):
        node, database = self.database()
        before = self.rows(database)
        # no kind of row is missing in this test
        self.assertEqual({t for t, rows in before.items() if not rows}, set())
        node.cli("migrate")
        self.assertEqual(self.rows(database), before)
        self.check_people(database)
        fresh, empty = self.database(old=False)
        fresh.cli("migrate")
        self.assertEqual(self.shape(database), self.shape(empty))
        self.assertEqual(self.sql(empty, "SELECT * FROM properties"), [])
        self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")
        self.assertEqual(len(node.cli_json("account", "list")), len(PEOPLE))

    def test_from_every_schema(self):
        """What comes of any schema with rows is what comes of the first one; a migration that is
        added is tested from all before it."""
        wanted = None
        for start in range(1, len(MIGRATIONS) + 1):
            with self.subTest(start=start):
                node, database = self.database(old=False)
                for number, path in enumerate(MIGRATIONS[:start]):
                    with open(path, encoding="utf-8") as f:
                        self.sql(database, f.read())
                    if number == 0:
                        self.sql(database, ";\n".join(fill()))
                self.assertEqual(self.sql(database, "SELECT max(version) FROM schema_version"),
                                 [str(start)])
                node.cli("migrate")
                self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")
                got = [*self.shape(database), self.everything(database)]
                if wanted is None:
                    self.check_people(database)
                    wanted = got
                self.assertEqual(got, wanted)

    def everything(self, database):
        """Every row of every table."""
        tables = self.sql(
            database,
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = "
            "'public'::regnamespace"
        )
        return sorted(
            self.sql(
                database, " UNION ALL ".join(
                    f"SELECT '{t} ' || to_jsonb(x)::text FROM {t} x" for t in tables)))

    def test_what_the_tables_keep(self):
        """A release that knows nothing of identities goes on with the new tables; and they
        refuse what may not be."""
        node, database = self.database()
        node.cli("migrate")
        old = (
            "INSERT INTO accounts (id, email, uid, provider, node, state, created, last_sync, "
            "last_attempt, next_sync, last_seen, generation, failures, resync) "
            "VALUES ('{0}', '{1}', '{2}', 'fx', '', 0, 1, 0, 0, 0, 0, 0, 0, 0)")
        self.sql(database, old.format("n1", "New@Example.org", "n"))
        # the same uid: as it was possible for that release
        self.sql(database, old.format("n2", "second@new.example", "n"))
        self.assertEqual(
            self.sql(database,
                     "SELECT placement FROM accounts WHERE id IN ('n1', 'n2') ORDER BY id"),
            ["New@Example.org", "second@new.example"])
        self.assertEqual(
            self.sql(
                database,
                "SELECT a.id FROM identities i JOIN accounts a ON a.row = i.account WHERE subject "
                "= 'n'"
            ), ["n1"])
        self.assertIn("sound", node.cli("verify"))
        for values in ("('', 'x', 1, 0)", "('proxy', '', 1, 0)", f"('proxy', '{LONG}', 1, 0)",
                       f"('{LONG}', 'x', 1, 0)"):
            self.assertIn("violates check constraint",
                          self.refused(database, f"INSERT INTO identities VALUES {values}"))
        self.assertIn(
            "violates foreign key",
            self.refused(database, "INSERT INTO identities VALUES ('proxy', 'x', 999, 0)"))
        self.assertIn(
            "duplicate key",
            self.refused(database, "INSERT INTO identities VALUES ('sync:fx', 'n', 1, 0)"))
        self.assertIn("null value",
                      self.refused(database, "INSERT INTO identities VALUES ('proxy', NULL, 1, 0)"))
        self.assertIn("null value", self.refused(database, "UPDATE accounts SET placement = NULL"))
        # So do tabs, in which it writes the names of groups; what it replaces is replaced.
        self.assertEqual(self.sql(database, "SELECT * FROM tab_groups WHERE device = 'old'"), [])
        old_tab = (
            "INSERT INTO tabs (account, device, position, title, url, icon, \"group\", last_used, "
            "inactive, pinned) VALUES (1, 'old', {0}, 't', 'https://t/', NULL, {1}, 3, false, "
            "true) "
            "ON CONFLICT (account, md5(device), position) DO UPDATE SET \"group\" = "
            "excluded.\"group\""
        )
        for position, name in ((0, "'Shop'"), (1, "'Shop'"), (2, "NULL"), (3, "''"),
                               (4, "repeat('y', 300)"), (1, "'Other'")):
            self.sql(database, old_tab.format(position, name))
        new_tab = ("INSERT INTO tabs (account, device, position, title, url, \"group\", last_used, "
                   "inactive, pinned, \"window\") VALUES (1, 'old', 5, 't', 'https://t/', 'an id', "
                   "3, false, true, 0)")
        self.sql(database, new_tab)
        self.assertEqual(
            self.sql(
                database,
                "SELECT position, \"group\", \"window\" FROM tabs WHERE device = 'old' ORDER BY "
                "position"
            ), ["0|Shop|0", "1|Other|0", "2||0", "3||0", f"4|{'y' * 63}|0", "5|an id|0"])
        self.assertEqual(
            sorted(self.sql(database, "SELECT id, name FROM tab_groups WHERE device = 'old'")),
            ["Other|Other", "Shop|Shop", f"{'y' * 63}|{'y' * 63}"])
        self.sql(database, "DELETE FROM tabs WHERE device = 'old'")
        self.assertIn(
            "null value",
            self.refused(database, "INSERT INTO tab_groups VALUES (1, 'd', NULL, '', NULL, false)"))
        self.assertIn(
            "duplicate key",
            self.refused(database,
                         "INSERT INTO tab_groups VALUES (1, 'd', 'Trip', '', NULL, false)"))
        self.assertIn(
            "violates foreign key",
            self.refused(database,
                         "INSERT INTO tab_groups VALUES (999, 'd', 'x', '', NULL, false)"))
        self.sql(database, "DELETE FROM accounts WHERE id = 'n1'")
        self.assertEqual(self.sql(database, "SELECT count(*) FROM identities WHERE subject = 'n'"),
                         ["0"])

    def test_a_copy_beside_an_older_release(self):
        """What is new in rows that nobody counted is not known, and that is said: a copy is never
        told less than there is."""
        node, database = self.database()
        node.cli("migrate")
        node.cli("key", "new", "--accept-loss", "--yes")
        node.start()
        email = PEOPLE[0][0]
        before = int(self.sql(database, "SELECT generation FROM accounts WHERE row = 1")[0])
        copy = Copy(node, email)
        copy.follow()
        self.assertEqual(copy.generation, before)
        visits = sum(len(v) for v in copy.visits.values())
        self.assertEqual(
            [str(visits)],
            self.sql(database, "SELECT count(*) FROM visits WHERE account = 1"))
        # rows of before the migration: of no generation
        copy.generation = before - 1
        self.assertRaises(TooOld, copy.follow)
        # an older release stores a visit, and its own generation alone
        copy.generation = before
        self.assertEqual([a["pages"] for a in copy.follow()], [[]])
        self.sql(
            database,
            "INSERT INTO visits (account, page, date, type, hidden, host_key) VALUES (1, 100, "
            f"12345, 1, false, 77); UPDATE pages SET generation = {before + 1} WHERE account = 1 "
            f"AND id = 100; UPDATE accounts SET generation = {before + 1}, visits = visits + 1 "
            "WHERE row = 1"
        )
        # nobody told this process: no cache knows the answer to what was not asked before
        self.assertRaises(TooOld, copy.follow, limit=19999)
        copy.clear()
        copy.follow(limit=19999)
        self.assertEqual(copy.generation, before + 1)
        self.assertIn((12345, 1), copy.visits["100"])
        self.assertIn("removed 3 visits",
                      node.cli("account", "forget", email, "--site", "h1.example", "--yes"))
        (answer, ) = copy.follow()
        self.assertEqual(copy.generation, before + 2)
        self.assertIn({"kind": "visit", "page": "100", "date": 12345, "type": 1},
                      answer["removals"])

    def test_an_older_release_goes_on(self):
        """It knows removed_pages, and no record of anything else: the next batch says since when
        everything is known."""
        node, database = self.database()
        node.cli("migrate")
        pages = "SELECT page, generation FROM removals WHERE kind = 1 AND account = 1 ORDER BY page"
        older = "SELECT id, generation FROM removed_pages WHERE account = 1 ORDER BY id"
        self.sql(
            database,
            "UPDATE pages SET bookmarks = 0, bookmark_added = 0 WHERE account = 1; DELETE FROM "
            "bookmarks WHERE account = 1; DELETE FROM bookmark_tags WHERE account = 1; UPDATE "
            "accounts SET bookmarks = 0 WHERE row = 1"
        )
        for removed in (("-5", "8"), ("-5", "10")):
            self.sql(
                database,
                f"INSERT INTO removed_pages (account, id, generation) SELECT 1, {removed[0]}, "
                f"{removed[1]} ON CONFLICT (account, id) DO UPDATE SET generation = "
                "excluded.generation"
            )
            self.assertEqual(self.sql(database, pages), [f"-5|{removed[1]}", "-1|2"])
        self.sql(database, "DELETE FROM removed_pages WHERE account = 1 AND id = -1")
        self.assertEqual(self.sql(database, pages), ["-5|10"])
        self.sql(
            database,
            "INSERT INTO removals VALUES (1, 3, 'before______', 0, 0, 0, 0, 9); UPDATE accounts "
            "SET generation = 10 WHERE row = 1"
        )
        self.assertIn("removed 2 visits of 1 page",
                      node.cli("account", "forget", PEOPLE[0][0], "--site", "h1.example", "--yes"))
        self.assertEqual(
            self.sql(
                database,
                "SELECT generation, forgotten, removals_forgotten FROM accounts WHERE row = 1"),
            ["11|0|10"])
        self.assertEqual(
            self.sql(
                database,
                "SELECT kind, page, date, generation FROM removals WHERE account = 1 ORDER BY "
                "kind, page, date"
            ), ["1|-5|0|10", "1|100|0|11", "2|100|100|11", "2|100|200|11"])
        self.assertEqual(
            self.sql(database,
                     "SELECT collection, generation FROM generations WHERE account = 1 ORDER BY 1"),
            ["1|10", "2|10", "3|10", "4|11"])
        self.assertEqual(self.sql(database, older), ["-5|10", "100|11"])
        # It knows of no sources: what it writes is of the account's own provider, in the words of
        # its statements.
        self.sql(
            database,
            "INSERT INTO sources VALUES (1, 2, 'n', 1, '', '', 0, 0, 0, NULL, 0, 0, 0, 0, 0, "
            "NULL); INSERT INTO source_marks VALUES (1, 2, 4, 'other')"
        )
        for text in ("one", "two"):
            self.sql(
                database,
                f"INSERT INTO marks (account, collection, text) VALUES (1, 4, '{text}') ON "
                "CONFLICT (account, collection) DO UPDATE SET text = excluded.text"
            )
            self.sql(
                database,
                f"INSERT INTO credentials (account, sealed) SELECT row, '{text}' FROM accounts "
                "WHERE row = 1 ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed"
            )
            self.sql(
                database,
                "INSERT INTO devices (account, id, name, type, last_upload) VALUES (1, 'new', "
                f"'{text}', '', 0) ON CONFLICT (account, md5(id)) DO UPDATE SET name = "
                "excluded.name"
            )
        self.sql(
            database,
            "INSERT INTO visits (account, page, date, type, hidden, host_key) VALUES (1, 100, 100, "
            "1, false, 77) ON CONFLICT DO NOTHING"
        )
        self.sql(
            database,
            "INSERT INTO bookmark_tombstones (account, guid, parent) VALUES (1, 'gone', NULL) ON "
            "CONFLICT (account, md5(guid)) DO UPDATE SET parent = excluded.parent"
        )
        self.assertEqual(
            self.sql(
                database,
                "SELECT m.text, c.sealed::text, d.name, d.source FROM marks m, credentials c, "
                "devices d WHERE m.account = 1 AND m.collection = 4 AND c.account = 1 AND "
                "d.account = 1 AND d.id = 'new'"
            ), ["two|\\x74776f|two|0"])
        self.assertEqual(
            self.sql(
                database,
                "SELECT source FROM visits WHERE account = 1 UNION ALL SELECT source FROM "
                "bookmark_tombstones WHERE account = 1 AND guid = 'gone'"
            ), ["0", "0"])
        self.assertEqual(self.sql(database, "SELECT text FROM source_marks WHERE account = 1"),
                         ["other"])
        # by a release that knows nothing of them
        self.sql(database, "DELETE FROM accounts WHERE row = 1")
        self.assertEqual(
            self.sql(database,
                     "SELECT (SELECT count(*) FROM sources), (SELECT count(*) FROM source_marks)"),
            ["0|0"])
        self.assertEqual(self.sql(database, "SELECT count(*) FROM removals WHERE account = 1"),
                         ["0"])

    def test_an_older_release_in_the_middle(self):
        """It locks the account's row for its batch, which ours do not wait for: of two at a time
        the second is not stored, and says so."""
        node, database = self.database()
        node.cli("migrate")
        before = self.sql(database, "SELECT count(*) FROM visits WHERE account = 1")
        waiting = (f"SELECT 1 FROM pg_stat_activity WHERE datname = '{database}' AND "
                   "wait_event_type = 'Lock' AND query LIKE '%FOR NO KEY UPDATE%'")
        psql = [
            os.path.join(self.postgres.bin, "psql"), "-h", self.postgres.folder, "-U", "postgres",
            "-d", database, "-X", "-q"
        ]
        older = subprocess.Popen(psql, stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                                 **self.postgres.options(), cwd=self.postgres.folder)
        ours = None
        try:
            older.stdin.write(
                "BEGIN; SELECT row FROM accounts WHERE row = 1 FOR NO KEY UPDATE; UPDATE accounts "
                "SET generation = 10 WHERE row = 1;\n"
            )
            older.stdin.flush()
            until(
                lambda: self.sql(
                    database,
                    "SELECT 1 FROM pg_locks WHERE relation = 'accounts'::regclass AND mode = "
                    "'RowExclusiveLock' AND granted"
                ), "the older one has its lock")
            ours = subprocess.Popen([
                HEARTHD, "--config", node.conf, "account", "forget", PEOPLE[0][0], "--site",
                "h1.example", "--yes"
            ], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            until(lambda: self.sql(database, waiting), "ours is about to commit")
            older.stdin.write("COMMIT;\n")
            older.stdin.flush()
            said = ours.communicate(timeout=120)[0]
        finally:
            if ours is not None:
                ours.kill()
            older.stdin.close()
            older.wait(120)
        self.assertEqual(ours.returncode, 1, said)
        self.assertIn("an older release has stored something of this account meanwhile", said)
        self.assertEqual(self.sql(database, "SELECT count(*) FROM visits WHERE account = 1"),
                         before)
        self.assertEqual(self.sql(database, "SELECT generation FROM accounts WHERE row = 1"),
                         ["10"])
        self.assertIn("removed 2 visits of 1 page",
                      node.cli("account", "forget", PEOPLE[0][0], "--site", "h1.example", "--yes"))
        self.assertEqual(self.sql(database, "SELECT generation FROM accounts WHERE row = 1"),
                         ["11"])
        self.assertIn("sound", node.cli("verify"))

    def in_the_middle(self, end):
        """The migration waits inside its transaction, after it has made tables and rows, until
        `end` ends it."""
        node, database = self.database()
        before, shape = self.rows(database), self.shape(database)
        self.sql(
            database,
            "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
            "pg_advisory_xact_lock(42); RETURN NEW; END'; "
            "CREATE TRIGGER held BEFORE UPDATE ON accounts FOR EACH ROW EXECUTE FUNCTION held()")
        psql = [
            os.path.join(self.postgres.bin, "psql"), "-h", self.postgres.folder, "-U", "postgres",
            "-d", database, "-X", "-q"
        ]
        holder = subprocess.Popen(psql, stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True,
                                  **self.postgres.options(), cwd=self.postgres.folder)
        migrating = None
        waiting = (f"SELECT pid FROM pg_stat_activity WHERE datname = '{database}' AND "
                   "wait_event_type = 'Lock' AND query LIKE '%Who is who%'")
        try:
            holder.stdin.write("BEGIN; SELECT pg_advisory_xact_lock(42);\n")
            holder.stdin.flush()
            until(
                lambda: self.sql(database,
                                 "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"),
                "the lock is held")
            migrating = subprocess.Popen([HEARTHD, "--config", node.conf, "migrate"],
                                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                         text=True)
            (pid, ) = until(lambda: self.sql(database, waiting), "the migration is in the middle")
            end(migrating, pid)
            said = migrating.communicate(timeout=120)[0]
        finally:
            if migrating is not None:
                migrating.kill()
            holder.stdin.close()
            holder.wait(120)
        if self.postgres.process is None:
            self.postgres.start()
        until(
            lambda: not self.sql("postgres",
                                 f"SELECT 1 FROM pg_stat_activity WHERE datname = '{database}'"),
            "the server has noticed it")
        self.sql(database, "DROP TRIGGER held ON accounts; DROP FUNCTION held()")
        self.assertEqual((self.rows(database), self.shape(database)), (before, shape))
        self.assertEqual(self.sql(database, "SELECT max(version) FROM schema_version"), [str(OLD)])
        node.cli("migrate")
        node.cli("migrate")  # once more: nothing
        self.assertEqual(self.rows(database), before)
        self.check_people(database)
        return migrating.returncode, said

    def test_killed(self):
        self.in_the_middle(lambda process, _: process.send_signal(signal.SIGKILL))

    def test_its_connection_is_ended(self):
        code, said = self.in_the_middle(lambda _, pid: self.sql(
            "postgres", f"SELECT pg_terminate_backend({pid})"))
        self.assertEqual(code, 1, said)
        self.assertNotEqual(said.strip(), "")

    def test_the_server_is_killed(self):
        # "immediate": as after a power cut
        code, said = self.in_the_middle(lambda _process, _pid: self.postgres.end(signal.SIGQUIT))
        self.assertEqual(code, 1, said)

    def test_verify(self):
        """One kind of damage after the other, each found by name, and nothing else is."""
        node, database = self.database()
        node.cli("migrate")
        # foreign keys and triggers, as a restore with --disable-triggers leaves them
        off = "SET session_replication_role = replica; "
        for damage, mend, words in (
            ("INSERT INTO identities VALUES ('proxy', 'x', 99, 0)",
             "DELETE FROM identities WHERE account = 99",
             ("account row 99: is not there, but has an identity of proxy", )),
            ("UPDATE identities SET issuer = 'sinc:fx' WHERE subject = 'U1'",
             "UPDATE identities SET issuer = 'sync:fx' WHERE subject = 'U1'",
             ("account row 9: an identity is of the unknown issuer sinc:fx", )),
            ("UPDATE identities SET issuer = 'adopt:sync:fx' WHERE subject = 'U1'",
             "UPDATE identities SET issuer = 'sync:fx' WHERE subject = 'U1'",
             ("account id9: has no identity, so nobody can sign in to it", )),
            ("DELETE FROM identities WHERE subject = 'u1' AND issuer = 'sync:fx'",
             "INSERT INTO identities VALUES ('sync:fx', 'u1', 2, 102)",
             ("account id1: has no identity",
              "account id2: has no identity")), ("UPDATE accounts SET placement = '' WHERE row = 4",
                                                 "UPDATE accounts SET placement = email",
                                                 ("account id4: it has no placement", )),
            ("UPDATE properties SET text = 'yez'", "UPDATE properties SET text = 'yes'",
             ("property owned: its text cannot be read", )),
            ("INSERT INTO properties VALUES ('key_fingerprint', E'1 0123456789abcdeX\\n')",
             "DELETE FROM properties WHERE name = 'key_fingerprint'",
             ("property key_fingerprint", )), ("INSERT INTO properties VALUES ('No Name', '')",
                                               "DELETE FROM properties WHERE name = 'No Name'",
                                               ("property No Name: a name", )),
                *((f"INSERT INTO removals VALUES (1, {values}, 1)",
                   f"DELETE FROM removals WHERE kind = {values[0]} AND generation = 1",
                   (words + "remembered as removed", )) for values, words in (
                       ("1, '', 100, 0, 0, 0", "page 100 of account row 1: is there, but "),
                       ("2, '', 100, 200, 1, 0",
                        "page 100 of account row 1: 1 visits are there, but "),
                       ("3, 'bookmark____', 0, 0, 0, 0",
                        "bookmark bookmark____ of account row 1: is there, but "),
                       ("4, 'd', 0, 0, 0, 0", "device d of account row 1: 1 tabs are there, but "),
                       ("5, 'd', 0, 0, 0, 0", "device d of account row 1: is there, but "))),
            ("INSERT INTO removals VALUES (1, 1, '', 7, 0, 0, 0, 99)",
             "DELETE FROM removals WHERE generation = 99",
             ("account id1: a removal has the generation 99", )),
            ("UPDATE generations SET generation = 10 WHERE account = 1 AND collection = 2",
             "UPDATE generations SET generation = 9",
             ("account id1: the generation 10 of collection 2", )),
                *((f"INSERT INTO {table} VALUES ({values})",
                   f"DELETE FROM {table} WHERE account = 99",
                   (f"{table}: has rows of account row 99, which is not there", ))
                  for table, values in (
                      ("removals", "99, 1, '', 1, 0, 0, 0, 1"), ("generations", "99, 1, 1"),
                      ("removed_here", "99, 'x', 4, 0, 0, 0, '', 1, 2, 0"),
                      ("bookmark_tombstones", "99, 'x', NULL"),
                      ("bookmark_claims", "99, 'x', 0, 'y'"), ("settings", "99, ''"),
                      ("credentials", "99, ''"),
                      ("tokens", "'t99', 99, 'x', sha256('99'), 0, 0, 0, 0"),
                      ("picks", "99, '', 0, 0, 0"), ("marks", "99, 1, ''"),
                      ("sources", "99, 2, '', 1, '', '', 0, 0, 0, NULL, 0, 0, 0, 0, 0, NULL"),
                      ("source_marks", "99, 2, 1, ''"),
                      ("tab_groups", "99, 'd', 'x', '', NULL, false"),
                      ("devices", "99, '', '', '', NULL, NULL, NULL, 0")))):
            with self.subTest(damage):
                self.sql(database, off + damage)
                said = node.cli("verify", code=1, both=True)
                for word in words:
                    self.assertIn(word, said)
                self.assertIn(f"{len(words)} finding{'s' if len(words) > 1 else ''}", said)
                self.sql(database, off + mend)
        good = ("INSERT INTO properties VALUES ('key_fingerprint', E'2 0123456789abcdef\\n1 "
                "fedcba9876543210\\n')")
        self.sql(database, good)
        self.assertIn("sound", node.cli("verify"))

    def test_backups(self):
        """What `backup` and `restore` say of PostgreSQL,
        and that what they name does it, row for row."""
        node, database = self.database()
        node.cli("migrate")
        self.sql(
            database,
            "INSERT INTO identities VALUES ('proxy', 'ada', 1, 7), ('oidc:https://sso.example', "
            "'Ädä', 1, 7)"
        )
        self.sql(database,
                 "INSERT INTO properties VALUES ('key_fingerprint', E'1 0123456789abcdef\n')")
        archive = os.path.join(node.folder, "copy.tar")
        self.assertIn("pg_dump", node.cli("backup", archive, code=1))
        self.assertIn("tools", node.cli("restore", archive, code=1))
        self.assertFalse(os.path.exists(archive))
        dump = os.path.join(self.postgres.folder, "dump")
        self.postgres.run("pg_dump", "-h", self.postgres.folder, "-U", "postgres", "-f", dump,
                          database)
        other, copy = self.database(old=False)
        self.postgres.run("psql", "-h", self.postgres.folder, "-U", "postgres", "-X", "-q", "-v",
                          "ON_ERROR_STOP=1", "-f", dump, copy)
        self.assertIn("sound", other.cli("verify"))
        self.assertEqual((self.rows(copy), self.shape(copy)),
                         (self.rows(database), self.shape(database)))
        for table in NEW_TABLES:
            ask = f"SELECT * FROM {table}"
            self.assertEqual(sorted(self.sql(copy, ask)), sorted(self.sql(database, ask)))
        self.assertEqual(self.sql(copy, "SELECT placement FROM accounts ORDER BY row"),
                         [email for email, *_ in PEOPLE])

    def test_rows_that_others_wrote(self):
        """What the tables allow and no hearthd writes, column by column: every page of the
        daemon answers, in words where it must, and it goes on."""
        node, database = self.database(old=False)
        node.cli("migrate")
        node.start()
        node.add_account(self.service())
        node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}})
        paths = [
            "/me", "/tabs", "/devices", "/bookmarks", "/bookmarks?sort=added&limit=500", "/tags",
            "/history?limit=500", "/history?q=e", "/search?q=e", "/settings", "/tokens",
            "/sessions", "/export/history.json", "/export/bookmarks.html"
        ]
        long = "repeat('x', 20000)"
        statuses = {}
        for table, columns in {
                "accounts": {
                    "name": long, "state_detail": "E'\\x01\\n'", "last_sync":
                    "-9223372036854775808", "next_sync": "9223372036854775807", "pages": "-1",
                    "visits": "9223372036854775807"
                }, "settings": {"json": "'not json'"}, "credentials": {"sealed": "''"}, "marks":
            {"text": "'{{{'"}, "tokens": {"name": long, "scope": "99", "last_used":
                                          "-1"}, "devices":
            {"name": long, "type": "''", "last_upload": "9223372036854775807"}, "tabs": {
                "url": "''", "title": long, "last_used": "-1", '"group"': "E'\\x02'", '"window"':
                "2147483647", "place": "-1"
            }, "tab_groups": {"id": "md5(id)", "name": long, "color": "E'\\x02'"}, "pages": {
                "url": "''", "host": "E'\\x01'", "title": long, "tags": "E'\\n\\n'", "frecency":
                "9223372036854775807", "visit_count": "-5", "last_visit": "-9223372036854775808"
            }, "visits": {"type": "2147483647"}, "bookmarks": {
                "title": long, "url": "''", "position": "-9223372036854775808", "added":
                "9223372036854775807", "tags": "''", "parent": "guid", "kind": "4"
            }, "bookmark_tags": {"tag": "''", "folded": "md5(folded || guid)"}
        }.items():
            for column, value in columns.items():
                with self.subTest(f"{table}.{column}"):
                    self.sql(database, f"CREATE TABLE kept AS SELECT * FROM {table}")
                    only = (" WHERE page IN (SELECT id FROM pages LIMIT 2) AND date % 7 = 0"
                            if table == "visits" else "")
                    self.sql(database, f"UPDATE {table} SET {column} = {value}{only}")
                    self.sql(database, "UPDATE accounts SET generation = generation + 1")
                    for path in paths:
                        answer = node.request("/api/v1" + path + ("&" if "?" in path else "?") +
                                              f"ask={table}.{column}" if "export" not in
                                              path else "/api/v1" + path)
                        statuses[answer.status] = statuses.get(answer.status, 0) + 1
                        self.assertIn(
                            answer.status,
                            (200, 400, 404, 500, 503, *([401] if table == "tokens" else [])),
                            (path, answer.body[:300]))
                        if answer.status != 200:
                            self.assertEqual(answer.headers["Content-Type"].split(";")[0],
                                             "application/problem+json", path)
                    self.assertIsNone(node.process.poll())
                    verified = subprocess.run([HEARTHD, "--config", node.conf, "verify"],
                                              capture_output=True, timeout=120)
                    self.assertIn(verified.returncode, (0, 1), verified)
                    self.sql(
                        database, f"SET session_replication_role = replica; DELETE FROM {table}; "
                        f"INSERT INTO {table} "
                        f"{'OVERRIDING SYSTEM VALUE ' if table == 'accounts' else ''}SELECT * FROM "
                        "kept; DROP TABLE kept"
                    )
        print("rows that others wrote:", statuses)
        self.sql(database, "UPDATE accounts SET generation = generation + 1000")
        self.assertEqual(node.request("/api/v1/history?limit=50").status, 200)

    def test_what_may_be_null(self):
        """Another program cannot write NULL where the plugin reads a text; where it may, the
        plugin knows it. The same columns as in SQLite's schema."""
        node, database = self.database(old=False)
        node.cli("migrate")
        nullable = set(
            self.sql(
                database,
                "SELECT table_name || '.' || column_name FROM information_schema.columns WHERE "
                "table_schema = 'public' AND is_nullable = 'YES' "
                "AND table_name NOT LIKE 'readable%'"))
        self.assertEqual(
            nullable, {
                "accounts.name", "accounts.state_detail", "accounts.state_message",
                "accounts.state_parameters", "devices.os", "devices.version",
                "devices.fxa_device_id", "tabs.icon", "tabs.group", "tab_groups.color",
                "pages.guid", "pages.title", "pages.bookmark_title", "pages.tags",
                "bookmarks.parent", "bookmarks.said_parent", "bookmarks.title", "bookmarks.url",
                "bookmarks.keyword", "bookmarks.tag_query", "bookmarks.tags", "bookmarks.page",
                "bookmarks.said_tags", "bookmarks.said_keyword",
                "bookmark_tombstones.parent", "sources.state_detail", "sources.sealed"
            })


if __name__ == "__main__":
    unittest.main()

"""test_migration.py HEARTHD: from one file for everybody to one for each person, killed at fifteen moments; and what the release before says."""
import contextlib
import sqlite3
import sys
import tempfile

import migration


def newer_is_refused(hearthd):
    """What an old program meets: it knows schema 1 and finds a higher number; and so does this one in front of a newer database."""
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.unkilled()
        db = sqlite3.connect(moved.state / "hearth.db")
        assert db.execute("PRAGMA user_version").fetchone()[0] > 1
        db.execute("PRAGMA user_version = 99")
        db.close()
        assert "newer than this plugin" in moved.command("verify", code=1)


def an_old_backup_is_restored(hearthd):
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.command("restore", str(moved.old))
        moved.command("migrate")
        moved.check()


def make_old_person(old, row, path, schema):
    """A file of a person as a release of this schema wrote it, with what the account has in the file for everybody of the release before these files."""
    path.unlink()
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.executescript("PRAGMA journal_mode = WAL;" + (migration.PLUGIN / "person" / "0001-first.sql").read_text(encoding="utf-8"))
        db.execute("ATTACH ? AS old", (str(old),))
        counters = ", ".join(migration.COUNTERS)
        db.execute(f"INSERT INTO account (row, id, {counters}) SELECT 1, id, {counters} FROM old.accounts WHERE row = ?", (row,))
        for table in (*migration.TABLES, "removed_pages"):
            names = ", ".join(f'"{r[1]}"' for r in db.execute(f"PRAGMA main.table_info({table})"))
            db.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM old.{table} WHERE account = ?", (row,))
        db.execute("DETACH old")
        for step in sorted((migration.PLUGIN / "person").glob("*.sql"))[1:schema]:
            db.executescript(step.read_text(encoding="utf-8"))


# Tables of the shared file that came with its schema.
SHARED_TABLES = {5: ("removed_here", "removed_here_kinds"), 6: ("sources", "source_kinds")}


def a_persons_file_is_brought_up(hearthd, schema, shared):
    """The databases of earlier schemas: the shared file, and files of persons, which are brought up when they are opened."""
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.unkilled()
        for row in (1, 2, 3):
            make_old_person(moved.old, row, moved.state / "accounts" / f"person{row}.db", schema)
        with contextlib.closing(sqlite3.connect(moved.state / "hearth.db", isolation_level=None)) as db:
            db.executescript("".join(f"DROP TABLE {table};" for number, tables in SHARED_TABLES.items() if number > shared for table in tables) + f"PRAGMA user_version = {shared}")
        moved.command("migrate")
        moved.check()
        for row in (1, 2, 3):
            with contextlib.closing(sqlite3.connect(moved.state / "accounts" / f"person{row}.db")) as db:
                assert db.execute("PRAGMA user_version").fetchone()[0] == len(list((migration.PLUGIN / "person").glob("*.sql")))


def people_get_identities(hearthd):
    """All of the old database have one provider and uid, which was possible: the one that was seen last gets the identity."""
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.unkilled()
        db = sqlite3.connect(moved.state / "hearth.db")
        assert db.execute("SELECT issuer, subject, account FROM identities").fetchall() == [("sync:fx", "u", 2)]
        assert db.execute("SELECT placement FROM accounts ORDER BY row").fetchall() == [(f"person{i}@example.org",) for i in (1, 2, 3)]
        assert db.execute("SELECT * FROM properties").fetchall() == [("owned", "yes")]
        # What verify says of identities.
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO identities VALUES ('proxy', 'nobody', 99, 0)")
        db.execute("INSERT INTO identities VALUES ('', 'x', 1, 0)")
        db.execute("UPDATE accounts SET placement = '' WHERE row = 3")
        db.commit()
        db.close()
        said = moved.command("verify", code=1)
        for words in ("account row 99: is not there, but has an identity of proxy", "an issuer of 0 and a subject of 1 bytes", "account person3: it has no placement"):
            assert words in said, said


def verify_knows_who_is_who(hearthd):
    """One kind of damage after the other, each found by name, and nothing else is."""
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.unkilled()
        key = "INSERT INTO properties VALUES ('key_fingerprint', {})"
        gone = "DELETE FROM properties WHERE name <> 'owned'"
        for damage, mend, words in (
                ("INSERT INTO identities VALUES ('proxi', 'x', 1, 0)", "DELETE FROM identities WHERE subject = 'x'", "account row 1: an identity is of the unknown issuer proxi"),
                ("INSERT INTO identities VALUES ('sync:', 'x', 1, 0)", "DELETE FROM identities WHERE subject = 'x'", "account row 1: an identity is of the unknown issuer sync:"),
                ("UPDATE accounts SET uid = 'v' WHERE row = 3", "UPDATE accounts SET uid = 'u' WHERE row = 3", "account person3: has no identity, so nobody can sign in to it"),
                ("UPDATE properties SET text = 'yez'", "UPDATE properties SET text = 'yes'", "property owned: its text cannot be read"),
                ("INSERT INTO properties VALUES ('No Name', '')", gone, "property No Name: a name"),
                *((key.format(text), gone, "property key_fingerprint: its text cannot be read") for text in (
                    "''", "'1 0123456789abcdef'", "'1 0123456789abcdeX' || char(10)", "'1 0123456789abcde' || char(10)", "'01 0123456789abcdef' || char(10)", "' 0123456789abcdef' || char(10)",
                    "'1 0123456789abcdef' || char(10) || char(10)", "'1a 0123456789abcdef' || char(10)", "'12345678901 0123456789abcdef' || char(10)", "'1 01234567 9abcdef' || char(10)"))):
            with contextlib.closing(sqlite3.connect(moved.state / "hearth.db", isolation_level=None)) as db:
                db.execute(damage)
                said = moved.command("verify", code=1)
                assert words in said and "1 finding" in said, (damage, said)
                db.execute(mend)
        with contextlib.closing(sqlite3.connect(moved.state / "hearth.db", isolation_level=None)) as db:
            db.execute(key.format("'12 0123456789abcdef' || char(10) || '1 fedcba9876543210' || char(10)"))
            db.execute("INSERT INTO identities VALUES ('adopt:sync:fx', 'x', 1, 0), ('left:person1:proxy', 'z', 1, 0), ('closed:person1', 'all', 1, 0), ('oidc:https://x', 'y', 1, 0)")
        moved.command("verify")


def main(hearthd):
    assert migration.run(hearthd, kills=15, pages=1500) > 0
    newer_is_refused(hearthd)
    an_old_backup_is_restored(hearthd)
    for schema, shared in ((1, 4), (2, 4), (3, 5)):
        a_persons_file_is_brought_up(hearthd, schema, shared)
    people_get_identities(hearthd)
    verify_knows_who_is_who(hearthd)


main(*sys.argv[1:])

"""test_migration.py HEARTHD: from one file for everybody to one for each person, killed at
fifteen moments; and what the release before says."""
import contextlib
import sqlite3
import sys
import tempfile

import migration


def newer_is_refused(hearthd):
    """What an old program meets: it knows schema 1 and finds a higher number; and so does this
    one in front of a newer database."""
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
        moved.check(restored=True)


def from_every_schema(hearthd):
    """Whatever the schema of the shared file, and that of the persons' files, which are brought
    up one by one when they are opened: what comes of it is what comes of the first one. A
    migration that is added is tested from all before it."""
    newest = {folder: len(migration.schemas(folder)) for folder in ("migrations", "person")}
    starts = [(shared, person)
              for shared in range(3, newest["migrations"] + 1)
              for person in range(1, newest["person"] + 1)]
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.unkilled()
        wanted = migration.dump_all(moved.state)
        assert [lines[0][1]
                for lines in wanted.values()] == [newest["migrations"], *[newest["person"]] * 3]
        for shared, person in [(2, None), *starts]:
            moved.reset_to(shared, person)
            moved.command("migrate")
            moved.check()
            got = migration.dump_all(moved.state)
            for file in wanted.keys() | got.keys():
                new, old = set(got.get(file, ())), set(wanted.get(file, ()))
                assert got.get(file) == wanted.get(file), (shared, person, file,
                                                           list(new - old)[:3], list(old - new)[:3])
    print(f"{len(starts) + 2} starting points, each came to the same database")


def people_get_identities(hearthd):
    """All of the old database have one provider and uid, which was possible: the one that was
    seen last gets the identity."""
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.unkilled()
        db = sqlite3.connect(moved.state / "hearth.db")
        assert db.execute("SELECT issuer, subject, account FROM identities").fetchall() == [
            ("sync:fx", "u", 2)
        ]
        assert db.execute("SELECT placement FROM accounts ORDER BY row").fetchall() == [
            (f"person{i}@example.org", ) for i in (1, 2, 3)
        ]
        assert db.execute("SELECT * FROM properties").fetchall() == [("owned", "yes")]
        # What verify says of identities.
        db.execute("PRAGMA foreign_keys = OFF")
        db.execute("INSERT INTO identities VALUES ('proxy', 'nobody', 99, 0)")
        db.execute("INSERT INTO identities VALUES ('', 'x', 1, 0)")
        db.execute("UPDATE accounts SET placement = '' WHERE row = 3")
        db.commit()
        db.close()
        said = moved.command("verify", code=1)
        for words in ("account row 99: is not there, but has an identity of proxy",
                      "an issuer of 0 and a subject of 1 bytes",
                      "account person3: it has no placement"):
            assert words in said, said


def verify_knows_who_is_who(hearthd):
    """One kind of damage after the other, each found by name, and nothing else is."""
    with tempfile.TemporaryDirectory(prefix="hearth-migration-") as folder:
        moved = migration.Migration(hearthd, folder, persons=3, pages=10)
        moved.unkilled()
        key = "INSERT INTO properties VALUES ('key_fingerprint', {})"
        gone = "DELETE FROM properties WHERE name <> 'owned'"
        for damage, mend, words in (
            ("INSERT INTO identities VALUES ('proxi', 'x', 1, 0)",
             "DELETE FROM identities WHERE subject = 'x'",
             "account row 1: an identity is of the unknown issuer proxi"),
            ("INSERT INTO identities VALUES ('sync:', 'x', 1, 0)",
             "DELETE FROM identities WHERE subject = 'x'",
             "account row 1: an identity is of the unknown issuer sync:"),
            ("UPDATE accounts SET uid = 'v' WHERE row = 3",
             "UPDATE accounts SET uid = 'u' WHERE row = 3",
             "account person3: has no identity, so nobody can sign in to it"),
            ("UPDATE properties SET text = 'yez'", "UPDATE properties SET text = 'yes'",
             "property owned: its text cannot be read"),
            ("INSERT INTO properties VALUES ('No Name', '')", gone, "property No Name: a name"), *(
                (key.format(text), gone, "property key_fingerprint: its text cannot be read")
                for text in
                ("''", "'1 0123456789abcdef'", "'1 0123456789abcdeX' || char(10)",
                 "'1 0123456789abcde' || char(10)", "'01 0123456789abcdef' || char(10)",
                 "' 0123456789abcdef' || char(10)", "'1 0123456789abcdef' || char(10) || char(10)",
                 "'1a 0123456789abcdef' || char(10)", "'12345678901 0123456789abcdef' || char(10)",
                 "'1 01234567 9abcdef' || char(10)"))):
            with contextlib.closing(sqlite3.connect(moved.state / "hearth.db",
                                                    isolation_level=None)) as db:
                db.execute(damage)
                said = moved.command("verify", code=1)
                assert words in said and "1 finding" in said, (damage, said)
                db.execute(mend)
        with contextlib.closing(sqlite3.connect(moved.state / "hearth.db",
                                                isolation_level=None)) as db:
            db.execute(
                key.format("'12 0123456789abcdef' || char(10) || '1 fedcba9876543210' || char(10)"))
            db.execute(
                "INSERT INTO identities VALUES ('adopt:sync:fx', 'x', 1, 0), "
                "('left:person1:proxy', 'z', 1, 0), ('closed:person1', 'all', 1, 0), "
                "('oidc:https://x', 'y', 1, 0)"
            )
        moved.command("verify")


def main(hearthd):
    assert migration.run(hearthd, kills=15, pages=1500) > 0
    newer_is_refused(hearthd)
    an_old_backup_is_restored(hearthd)
    from_every_schema(hearthd)
    people_get_identities(hearthd)
    verify_knows_who_is_who(hearthd)


main(*sys.argv[1:])

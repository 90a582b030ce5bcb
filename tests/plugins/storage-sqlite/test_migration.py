"""test_migration.py HEARTHD: from one file for everybody to one for each person, killed at fifteen moments; and what the release before says."""
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


def main(hearthd):
    assert migration.run(hearthd, kills=15, pages=1500) > 0
    newer_is_refused(hearthd)
    an_old_backup_is_restored(hearthd)
    people_get_identities(hearthd)


main(*sys.argv[1:])

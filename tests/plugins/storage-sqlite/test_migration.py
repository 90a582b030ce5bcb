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


def main(hearthd):
    assert migration.run(hearthd, kills=15, pages=1500) > 0
    newer_is_refused(hearthd)
    an_old_backup_is_restored(hearthd)


main(*sys.argv[1:])

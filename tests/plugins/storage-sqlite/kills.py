"""kill -9 of backup, restore and the removal of an account: the suite does it a few times
(test_archive.py), tests/long/kill_files.py often."""
import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time

import migration

READY = "hearth.db.restored-20260101T000000Z-0000"


def leftovers(folder):
    return [
        n for n in os.listdir(folder) if ".partial-" in n or ".restore-" in n or ".restored-" in n
    ]


def stopped_backup(made, target):
    """A backup that has begun and stands still (SIGSTOP)."""
    for _ in range(200):
        process = made.start("backup", str(target))
        while process.poll() is None and not leftovers(target.parent):
            time.sleep(0.0005)
        process.send_signal(signal.SIGSTOP) if process.poll() is None else None
        if process.poll() is None and not target.exists():
            return process
        process.kill()
        process.communicate(timeout=migration.LIMIT)
        target.unlink(missing_ok=True)
    raise AssertionError("no backup could be stopped in the middle")


def removed_meanwhile(made, target):
    """person6 is removed between the copy of the shared file and that of her own; False: the
    backup was too fast."""
    process = made.start("backup", str(target))
    while process.poll() is None:
        # the shared file is copied, and person6 is the last
        if any((target.parent / name / "person").exists() for name in leftovers(target.parent)):
            process.send_signal(signal.SIGSTOP)
            break
        time.sleep(0.0002)
    try:
        there = process.poll() is None and not target.exists()
        made.command("account", "remove", "person6@example.org", "--yes")
    finally:
        process.send_signal(signal.SIGCONT)
        said = process.communicate(timeout=migration.LIMIT)[0]
    assert process.returncode == 0, said
    return there


def killed(made, moment, *words):
    """True when the kill came before the end."""
    process = made.start(*words)
    try:
        process.wait(timeout=moment)
        return False
    except subprocess.TimeoutExpired:
        return True
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=migration.LIMIT)


class Kills:
    """Two different databases, as archives."""
    def __init__(self, hearthd, folder, pages):
        self.made = migration.Migration(hearthd, folder, persons=6, pages=pages)
        self.folder, self.state, self.rng = self.made.folder, self.made.state, random.Random(3)
        self.made.unkilled()
        self.backup = self.folder / "old.tar"
        self.took = self.timed("backup", str(self.backup))
        self.old = migration.dump_data(self.state)
        self.remove_took = self.timed("account", "remove", "person1@example.org", "--yes")
        self.other = self.folder / "new.tar"
        self.made.command("backup", str(self.other))
        self.new = migration.dump_data(self.state)
        self.restore_took = self.timed("restore", str(self.backup), "--replace")
        assert self.old != self.new

    def timed(self, *words):
        begun = time.monotonic()
        self.made.command(*words)
        return time.monotonic() - begun

    def in_backup(self, moment):
        """Under its own name is a whole backup or none,
        and the next backup removes what is left."""
        target, another = self.folder / "copy.tar", self.folder / "another.tar"
        came = killed(self.made, moment, "backup", str(target))
        self.made.command("backup", str(another))
        assert not leftovers(self.folder), leftovers(self.folder)
        for archive in (target, another):
            if archive.exists():
                self.made.command("restore", str(archive), "--replace")
                assert migration.dump_data(self.state) == self.old
                archive.unlink()
        return came

    def in_restore(self, moment):
        """The old database or the new one."""
        self.made.command("restore", str(self.backup), "--replace")
        came = killed(self.made, moment, "restore", str(self.other), "--replace")
        assert "sound" in self.made.command("verify")
        assert migration.dump_data(self.state) in (self.old, self.new)
        assert not leftovers(self.state), leftovers(self.state)
        self.forget_replaced()
        return came

    def in_removal(self, moment):
        """The account is there with all that it has, or nothing of it is."""
        self.made.command("restore", str(self.backup), "--replace")
        came = killed(self.made, moment, "account", "remove", "person1@example.org", "--yes")
        assert "sound" in self.made.command("verify")
        assert migration.dump_data(self.state) in (self.old, self.new)
        there = [n for n in os.listdir(self.state / "accounts") if n.startswith("person1.db")]
        assert bool(there) == ("person1" in migration.dump_data(self.state)), there
        self.forget_replaced()
        return came

    def after_a_crash(self):
        """What was committed but not unlinked, and a new file that was never finished: gone with
        the next command that opens the database."""
        self.made.command("restore", str(self.backup), "--replace")
        kept = self.folder / "person1.db"
        shutil.copy(self.state / "accounts" / "person1.db", kept)
        self.made.command("account", "remove", "person1@example.org", "--yes")
        kept.rename(self.state / "accounts" / "person1.db")
        (self.state / "accounts" / "person2.db.new-00112233").touch()
        with contextlib.closing(sqlite3.connect(self.state / "hearth.db")) as db, db:
            db.execute("INSERT INTO removed_files VALUES ('person1')")
        self.made.command("account", "list")
        assert not [
            n for n in os.listdir(self.state / "accounts") if "person1" in n or ".new-" in n
        ], os.listdir(self.state / "accounts")
        assert migration.dump_data(self.state) == self.new
        self.forget_replaced()

    def forget_replaced(self):
        for name in os.listdir(self.state):
            if ".replaced-" in name:
                path = self.state / name
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def between_renames(self):
        """Every state that a restore can be killed in once it renames: whoever opens the
        database next finishes it."""
        new = self.folder / "unpacked"
        self.made.command("restore", str(self.other), "--replace")
        shutil.copytree(self.state, new)
        aside, ready = self.state / READY.replace("restored", "replaced"), self.state / READY
        steps = ((self.state / "hearth.db", aside), (self.state / "hearth.db-wal",
                                                     aside.with_name(aside.name + "-wal")),
                 (self.state / "accounts", aside.with_name(aside.name + "-accounts")),
                 (ready / "accounts", self.state / "accounts"), (ready / "hearth.db",
                                                                 self.state / "hearth.db"))
        for done in range(len(steps) + 1):
            self.made.command("restore", str(self.backup), "--replace")
            self.forget_replaced()
            (self.state / "hearth.db-wal").touch()
            ready.mkdir(mode=0o700)
            shutil.copytree(new / "accounts", ready / "accounts")
            shutil.copy(new / "hearth.db", ready / "hearth.db")
            for source, target in steps[:done]:
                source.rename(target)
            assert "sound" in self.made.command("verify"), done
            assert migration.dump_data(self.state) == self.new, done
            assert not leftovers(self.state), leftovers(self.state)
            self.old_is_aside(aside)
        shutil.rmtree(new)

    def old_is_aside(self, aside):
        """With its accounts, as a database that can be opened."""
        place = self.folder / "aside"
        place.mkdir()
        shutil.copy(aside, place / "hearth.db")
        shutil.copytree(aside.with_name(aside.name + "-accounts"), place / "accounts")
        assert migration.dump_data(place) == self.old
        shutil.rmtree(place)
        self.forget_replaced()


def run(hearthd, folder, count, pages):
    kills = Kills(hearthd, folder, pages)
    for name, kill, took in (("backup", kills.in_backup, kills.took), ("restore", kills.in_restore,
                                                                       kills.restore_took),
                             ("removal", kills.in_removal, kills.remove_took)):
        came = sum(kill(took * (i + kills.rng.random()) / count) for i in range(count))
        print(f"{name}: {count} killed, {came} of them in the middle; all as it should be")
    kills.after_a_crash()
    kills.between_renames()

"""test_archive.py HEARTHD: what backup writes is a tar file that others read; what restore reads
may be anything; and both exclude who is in their way."""
import contextlib
import fcntl
import gzip
import hashlib
import io
import os
import pathlib
import random
import shutil
import sqlite3
import sys
import tarfile
import tempfile

import kills
import migration

SUMS = "SHA256SUMS"
NO_SUMS = "put no SHA-256 sums in it"
BAD = "is damaged, cut off, or no backup that hearthd made"


def header(name, size, kind=b"0", link=b"", raw_size=None):
    """A header of ustar, as releases wrote it that had a writer of their own: the numbers of
    devices are empty."""
    block = bytearray(512)
    block[0:len(name)] = name
    block[100:124] = b"0000600\0" b"0000000\0" b"0000000\0"
    block[124:136] = raw_size or b"%011o\0" % size
    block[136:148] = b"%011o\0" % 1795000000
    block[156:157] = kind
    block[157:157 + len(link)] = link
    block[257:265] = b"ustar\x0000"
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def entry(name, content, **more):
    return header(name, len(content), **more) + content + bytes(-len(content) % 512)


def pax(records):
    """An extended header."""
    text = b""
    for key, value in records.items():
        line = f" {key}={value}\n".encode()
        size = len(line) + 1
        while len(str(size)) + len(line) != size:
            size += 1
        text += str(size).encode() + line
    return entry(b"pax", text, kind=b"x")


def bad_archives(files):
    """Name and bytes of archives that must be refused as no backup."""
    shared = files["hearth.db"]
    persons = b"".join(entry(n.encode(), c) for n, c in files.items() if n != "hearth.db")
    last, end = entry(b"hearth.db", shared), bytes(1024)
    whole = persons + last + end
    one = next(n for n in files if n != "hearth.db").encode()
    yield "empty", b""
    yield "zeros", bytes(1 << 16)
    yield "text", b"no archive at all, " * 999
    yield "no shared file", persons + end
    yield "compressed", gzip.compress(whole)
    for name in (b"/etc/passwd", b"../hearth.db", b"accounts/../hearth.db", b"accounts/x/y.db",
                 b"./hearth.db", b"hearth.db-wal", b"accounts/.db", b"accounts/A.db",
                 b"accounts/" + b"a" * 33 + b".db", b"accounts/a.db\x01", b"accounts/a.db.new-1"):
        yield f"name {name}", entry(name, b"x") + whole
    yield "long name", entry(b"././@LongLink", b"accounts/" + b"a" * 5000 + b".db\0",
                             kind=b"L") + entry(b"short", b"x") + whole
    yield "endless name", entry(b"././@LongLink", b"a" *
                                (3 << 20), kind=b"L") + entry(b"short", b"x") + whole
    yield "many long names", entry(b"././@LongLink", b"accounts/a.db\0", kind=b"L") * 5000 + entry(
        b"short", b"x") + whole
    yield "path in a pax header", pax({"path": "../../hearth.db"}) + entry(b"accounts/a.db",
                                                                           b"x") + whole
    yield "name that is not ASCII", pax({"path": "accounts/ä.db"}) + entry(b"accounts/a.db",
                                                                           b"x") + whole
    for kind, what in ((b"1", "hard link"), (b"2", "symbolic link"), (b"3", "device"),
                       (b"5", "directory"), (b"6", "pipe"), (b"Z", "unknown kind")):
        yield what, header(b"accounts/a.db", 0, kind=kind, link=b"/etc/passwd") + whole
    yield "link in a pax header", pax({"linkpath": "/etc/passwd"}) + header(
        b"accounts/a.db", 0, kind=b"2") + whole
    yield "twice a person", entry(one, files[one.decode()]) + whole
    yield "twice the shared file", persons + last + last + end
    yield "huge size", header(b"accounts/a.db", 0,
                              raw_size=b"\x80" + bytes(3) + b"\x7f" + b"\xff" * 7) + whole
    yield "negative size", header(b"accounts/a.db", 0, raw_size=b"\xff" * 12) + whole
    yield "size of pax", pax({"size": str(1 << 60)}) + entry(b"accounts/a.db", b"x") + whole
    yield "holes", pax({
        "GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.size": str(1 << 50),
        "GNU.sparse.realsize": str(1 << 50), "GNU.sparse.map": f"{(1 << 50) - 1},1"
    }) + entry(b"accounts/a.db", b"x") + whole
    for size in (1, 511, 512, 700, len(persons) - 1, len(persons) + 100,
                 len(persons) + 512 + len(shared) - 1, len(whole) - 1024, len(whole) - 512,
                 len(whole) - 1):
        yield f"cut off after {size}", whole[:size]


class Archives:
    def __init__(self, hearthd, folder):
        self.made = migration.Migration(hearthd, folder, persons=3, pages=10)
        self.made.unkilled()
        self.folder, self.state = pathlib.Path(folder), self.made.state
        self.archive = self.folder / "backup.tar"
        self.made.command("backup", str(self.archive))
        with tarfile.open(self.archive) as tar:
            self.all = {m.name: tar.extractfile(m).read() for m in tar.getmembers()}
            assert all(m.isreg() and m.mode == 0o600 for m in tar.getmembers())

        self.files = {n: c for n, c in self.all.items() if n != SUMS}

    def restore(self, content, code=0, *words):
        path = self.folder / "given.tar"
        path.write_bytes(content)
        return self.made.command("restore", str(path), *words, code=code)

    def clear(self):
        shutil.rmtree(self.state)
        self.state.mkdir(mode=0o700)

    def ours_is_read(self):
        assert list(self.all)[-2:] == ["hearth.db", SUMS] and len(self.files) == 4, self.all.keys()
        assert self.all[SUMS].decode() == "".join(
            f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in self.files.items())
        assert self.archive.stat().st_mode & 0o777 == 0o600
        assert NO_SUMS not in self.made.command("restore", str(self.archive), "--replace")
        self.made.check(restored=True)

    def ustar_is_read(self):
        """Plain ustar, as releases before wrote it,
        and what GNU tar and pax make of the same files."""
        self.clear()
        assert NO_SUMS in self.restore(b"".join(
            entry(n.encode(), c) for n, c in self.files.items()) + bytes(1024))
        self.made.check(restored=True)
        for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
            out = io.BytesIO()
            with tarfile.open(fileobj=out, mode="w", format=form) as tar:
                for name, content in self.files.items():
                    info = tarfile.TarInfo(name)
                    info.size, info.mtime = len(content), 1795000000.5
                    tar.addfile(info, io.BytesIO(content))
            self.restore(out.getvalue(), 0, "--replace")
            self.made.check(restored=True)

    def refused(self, what, content, words):
        said = self.restore(content, 1)
        assert words in said, (what, said)
        left = sorted(n for n in os.listdir(self.state)
                      if n not in ("hearthd.lock", "hearth.db-lock"))
        assert left == [], (what, left)

    def bad_is_refused(self):
        self.clear()
        for what, content in bad_archives(self.files):
            self.refused(what, content, BAD)
        missing = {n: c for n, c in self.files.items() if n != "accounts/person2.db"}
        self.refused("a person is missing",
                     b"".join(entry(n.encode(), c) for n, c in missing.items()) + bytes(1024),
                     "missing or damaged")
        swapped = {**self.files, "accounts/person2.db": self.files["accounts/person1.db"]}
        self.refused("another person's file",
                     b"".join(entry(n.encode(), c) for n, c in swapped.items()) + bytes(1024),
                     "another account")

    def changed_content_is_refused(self):
        """One bit anywhere in what the members hold, in their sums,
        and members that the sums do not name."""
        rng, whole = random.Random(7), self.archive.read_bytes()
        self.clear()
        for name, content in self.files.items():
            start = whole.index(name.encode() + bytes(8)) + 512
            for place in [0, len(content) - 1, *(rng.randrange(len(content)) for _ in range(8))]:
                changed = bytearray(whole)
                changed[start + place] ^= 1 << rng.randrange(8)
                self.refused((name, place), changed, f"{name} in it is not what was backed up")
        start = whole.index(SUMS.encode() + bytes(8)) + 512
        for place in (0, 63, 64, 66, len(self.all[SUMS]) - 1):
            changed = bytearray(whole)
            changed[start + place] ^= 1
            self.refused(place, changed, "in it is not what was backed up")
        members = {n: entry(n.encode(), c) for n, c in self.all.items()}
        for what, names in (("sums first", [SUMS, *self.files]), ("sums twice", [*self.all, SUMS]),
                            ("one more", [*self.files, SUMS,
                                          next(iter(self.files))
                                          ]), ("one less", [*list(self.files)[1:], SUMS])):
            self.refused(what, b"".join(members[n] for n in names) + bytes(1024), BAD)
        with tempfile.TemporaryDirectory() as folder:  # no sums, but what verify finds
            path = pathlib.Path(folder) / "x.db"
            path.write_bytes(self.files["accounts/person1.db"])
            with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
                db.execute("PRAGMA journal_mode = DELETE")
                db.execute("UPDATE account SET pages = pages + 1")
            changed = {**self.files, "accounts/person1.db": path.read_bytes()}
        self.refused("a count",
                     b"".join(entry(n.encode(), c) for n, c in changed.items()) + bytes(1024),
                     "accounts/person1.db in it is damaged (pages is kept as")

    def changed_bytes(self):
        """Anything may come out, but never a crash, and never a database that is not sound."""
        rng, whole, read = random.Random(5), self.archive.read_bytes(), 0
        heads = [i for i in range(0, len(whole), 512) if whole[i + 257:i + 262] == b"ustar"]
        for i in range(40):
            self.clear()
            changed = bytearray(whole)
            for _ in range(rng.randint(1, 4)):
                head = rng.choice(heads)
                changed[head +
                        rng.choice((rng.randrange(512), 124 + rng.randrange(33)))] = rng.choice(
                            (0, 0x20, 0x37, 0x80, 0xff, rng.randrange(256)))
                changed[head + 148:head + 156] = b" " * 8
                changed[head + 148:head + 156] = b"%06o\0 " % sum(changed[head:head + 512])
            path = self.folder / "changed.tar"
            path.write_bytes(changed)
            process = self.made.start("restore", str(path))
            said = process.communicate(timeout=migration.LIMIT)[0]
            assert process.returncode in (0, 1) and said.strip() != "", (i, process.returncode,
                                                                         said)
            if process.returncode == 0:
                read += 1
                self.made.check(restored=True)
        print(f"{read} of 40 changed archives were still read")

    def nobody_restores_beside_others(self):
        """A command that has the database open keeps restore away, and restore keeps commands
        away; neither waits for long."""
        self.clear()
        self.made.command("restore", str(self.archive))
        stopped = kills.stopped_backup(self.made, self.folder / "never.tar")
        try:
            assert "another hearthd has it open" in self.made.command("restore", str(self.archive),
                                                                      "--replace", code=1)
        finally:
            stopped.kill()
            stopped.communicate(timeout=migration.LIMIT)
        with open(self.state / "hearth.db-lock", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            assert "a backup is being restored" in self.made.command("account", "list", code=1)
        assert "person1@example.org" in self.made.command("account", "list")
        self.made.command("restore", str(self.archive), "--replace")
        self.made.check(restored=True)


def removed_while_it_is_copied(hearthd):
    """Nothing of somebody who is removed during a backup is in the archive: neither the
    identity, which would keep her from coming back."""
    for attempt in range(20):
        with tempfile.TemporaryDirectory(prefix="hearth-archive-") as folder:
            made = migration.Migration(hearthd, folder, persons=6, pages=1500)
            made.unkilled()
            with contextlib.closing(sqlite3.connect(made.state / "hearth.db",
                                                    isolation_level=None)) as db:
                db.execute("DELETE FROM identities")
                db.execute("UPDATE accounts SET uid = 'u' || row")
                db.execute("INSERT INTO identities SELECT 'sync:fx', uid, row, 1 FROM accounts")
            target = pathlib.Path(folder) / "copy.tar"
            in_time = kills.removed_meanwhile(made, target)
            made.command("restore", str(target), "--replace")
            assert "sound" in made.command("verify"), attempt
            with contextlib.closing(sqlite3.connect(made.state / "hearth.db")) as db:
                if in_time and db.execute("SELECT count(*) FROM accounts").fetchone() == (5, ):
                    for table in ("identities", "credentials", "settings", "tokens", "picks"):
                        assert db.execute(f"SELECT count(*) FROM {table}").fetchone() == (
                            5, ), table
                    return
    raise AssertionError("no account could be removed in time")


def main(hearthd):
    with tempfile.TemporaryDirectory(prefix="hearth-archive-") as folder:
        archives = Archives(hearthd, folder)
        archives.ours_is_read()
        archives.ustar_is_read()
        archives.bad_is_refused()
        archives.changed_content_is_refused()
        archives.changed_bytes()
        archives.nobody_restores_beside_others()
    removed_while_it_is_copied(hearthd)
    with tempfile.TemporaryDirectory(prefix="hearth-kills-") as folder:
        kills.run(hearthd, folder, count=5, pages=300)


main(*sys.argv[1:])

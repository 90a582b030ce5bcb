"""A plugin of each kind as it was at the first release of its epoch, built against the headers
of that time, passes the kit of today.

Argument: the kit. Every epoch that is loaded has its folder, epochN: see growth.py. A storage of
before the data model grew would lose fields: it is refused in words, and that is tested in its
place."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
TODAY = HERE.parents[1] / "core" / "include" / "hearth"
KIT = sys.argv[1]


def number(name, header):
    return int(re.search(rf"^#define {name} +(\d+)$", header.read_text(encoding="utf-8"), re.M)[1])


class Frozen(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.frozen = HERE / f"epoch{number('HEARTH_ABI_EPOCH', TODAY / 'plugin.h')}"
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)

    def build(self, name):
        sources, out = sorted((self.frozen / name).glob("*.c")), self.folder / f"{name}.so"
        self.assertGreater(len(sources), 1)
        done = subprocess.run([
            *os.environ.get("CC", "cc").split(), "-std=c11", "-D_GNU_SOURCE", "-O1", "-g", "-w",
            "-fPIC", "-shared", "-fvisibility=hidden", "-I",
            str(self.frozen / "include"), *map(str, sources), "-o",
            str(out), "-pthread", "-Wl,-z,defs"
        ], capture_output=True, text=True, timeout=200)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out

    def check(self, name, *words):
        done = subprocess.run([KIT, "--seed", "20260101", *words,
                               str(self.build(name))], capture_output=True, text=True, timeout=250)
        return done.returncode, done.stdout + done.stderr

    def passes(self, name, *words):
        code, said = self.check(name, *words)
        self.assertEqual((code, re.findall(r"^not ok .*$", said, re.M)), (0, []), said)
        self.assertGreater(said.count("\nok "), 15)

    def test_the_headers_are_there(self):
        """All of today's, of this epoch; no drafts, which may change."""
        self.assertEqual(sorted(p.name for p in (self.frozen / "include" / "hearth").glob("*.h")),
                         sorted(p.name for p in TODAY.glob("*.h")))
        self.assertEqual(
            number("HEARTH_ABI_EPOCH", self.frozen / "include" / "hearth" / "plugin.h"),
            number("HEARTH_ABI_EPOCH", TODAY / "plugin.h"))

    def test_storage(self):
        was, now = (number("HEARTH_DATA_MODEL", folder / "storage.h")
                    for folder in (self.frozen / "include" / "hearth", TODAY))
        if was == now:
            self.passes("storage-mem")
        else:
            code, said = self.check("storage-mem")
            self.assertNotEqual(code, 0)
            self.assertIn(f"knows data model {was}, this hearthd needs {now}: fields would be lost",
                          said)

    def test_queue(self):
        self.passes("queue-mem")

    def test_sync(self):
        account = self.folder / "account.txt"
        account.write_text(
            "account ada@example.org 1234 Ada\ndevice d1 Phone\ntab d1 https://example.org/ Title\n"
            "folder menu places Menu\n"
            "bookmark b___________ menu https://example.org/b A bookmark\npage p___________ "
            "https://example.org/p 1700000000000 A page\n",
            encoding="utf-8")
        self.passes("sync-mem", "--import", str(account))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

"""Files that lie where plugins are, and are none: each is refused in one whole sentence by
whatever meets it, and hides nothing else.

Arguments: hearthd, the folder of tests/unit/plug in the build."""
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

HEARTHD, BAD = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
GOOD = BAD / "queue-good.so"
HANGS = "hangs while it is loaded: it did not come back within 10000 ms"


def of_good(change):
    """queue-good.so with other bytes."""
    def write(path):
        data = bytearray(GOOD.read_bytes())
        path.write_bytes(change(data) or data)

    return write


def put(offset, form, value):
    return of_good(lambda data: struct.pack_into(form, data, offset, value))


def needing_another(path):
    path.write_bytes((BAD / "queue-print.so").read_bytes().replace(b"libc.so.6\0", b"libx.so.6\0"))


def segment(field, value):
    """Of the first segment that is loaded: 8 its place, 32 its size in the file."""
    def change(data):
        table, = struct.unpack_from("<Q", data, 32)
        while struct.unpack_from("<I", data, table)[0] != 1:
            table += 56
        struct.pack_into("<Q", data, table + field, value)

    return of_good(change)


def listening(path):
    here = os.getcwd()
    os.chdir(path.parent)  # a socket's path is short
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path.name)
    finally:
        os.chdir(here)


def copied(name):
    return lambda path: shutil.copy(BAD / f"queue-{name}.so", path)


SIZE = GOOD.stat().st_size
# name: (how it is made, words of the refusal). The words of plugins that misbehave in their own
# code: tests/unit/plug.
FILES = {
    "empty": (lambda path: path.write_bytes(b""), "is empty, and not a shared object"), "text":
    (lambda path: path.write_text("#!/bin/sh\necho hello\n" * 9),
     "is not a shared object: it does not begin as one does (ELF)"), "short":
    (of_good(lambda data: data[:40]),
     "is not a shared object: it does not begin as one does (ELF)"), "half":
    (of_good(lambda data: data[:SIZE // 2]),
     f"is not whole: it has {SIZE // 2} bytes, and what its headers name ends at byte"), "nearly":
    (of_good(lambda data: data[:-1]),
     f"is not whole: it has {SIZE - 1} bytes, and what its headers name ends at byte {SIZE}; copy "
     "it again"
     ), "machine":
    (put(18, "<H", 183),
     "was built for AArch64 (64 bits), and this hearthd for x86-64 (64 bits): build it for this "
     "machine"
     ), "narrow": (of_good(lambda data: struct.pack_into("<B", data, 4, 1) or struct.pack_into(
         "<H", data, 18, 3)), "was built for x86 (32 bits), and this hearthd for x86-64"), "order":
    (of_good(lambda data: struct.pack_into("<B", data, 5, 2) or struct.pack_into(
        ">H", data, 18, 21)), "was built for POWER (64 bits, big-endian), and this hearthd"),
    "linked": (put(16, "<H", 1), "is an object file that was not linked, and not a shared object"),
    "program": (put(16, "<H", 2), "is a program, and not a shared object"), "segments": (put(
        54, "<H", 32), "is damaged: its header names no segments of this machine"), "none": (put(
            56, "<H", 0), "is damaged: its header names no segments of this machine"), "sections":
    (put(60, "<H", 60000), "is not whole"), "far": (segment(8,
                                                            1 << 40), "is not whole"), "overflow":
    (segment(8, (1 << 64) - 16), "is damaged: the place of a segment is impossible"), "long":
    (segment(32, 1 << 30), "is damaged: a segment is longer in the file than in memory"), "library":
    (needing_another, "needs libx.so.6, which is not installed: install it, or link without it"),
    "pipe": (lambda path: os.mkfifo(path),
             "is a pipe, and not a file"), "socket": (listening, "is a socket, and not a file"),
    "folder": (lambda path: path.mkdir(),
               "is a folder, and not a file"), "device": (lambda path: path.symlink_to("/dev/zero"),
                                                          "is a device, and not a file"), "gone":
    (lambda path: path.symlink_to("/nonexistent/queue-gone.so"),
     "is a link to /nonexistent/queue-gone.so, and nothing is there: mend or remove the link"),
    "circle": (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
    "open": (lambda path: copied("good")(path) and path.chmod(0o666),
             "is not loaded, because everybody may change it (mode 0666): run chmod o-w on it"),
    "crash": (copied("crash"), "crashes while it is loaded (Segmentation fault)"), "ctorleave":
    (copied("ctorleave"), "ends the process while it is loaded, with exit status 0"), "ctorprint":
    (copied("ctorprint"), 'prints "hello from here" while it is loaded'), "ctorchild":
    (copied("ctorchild"), "crashes while it is loaded (Aborted)"), "fallback":
    (copied("fallback"), '"wait", is no value of it: "soon": expected a duration such as 15min'),
    "version0": (copied("version0"), "version 0 of ABI epoch 2, which there is not"),
}
OWNED = ("is not loaded, because it belongs to another user (number 12345): run chown root on it, "
         "or run hearthd as that one")


class BadFiles(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hearth-bad-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.plugins = self.folder / "plugins"
        self.plugins.mkdir()

    def run_hearthd(self, *words, plugins=None, queue="good"):
        with tempfile.TemporaryDirectory(dir=self.folder) as conf:
            state = pathlib.Path(conf, "state")
            pathlib.Path(conf, "a.conf").write_text(
                f"[hearth]\nplugin_dir = {plugins or self.plugins}\nstate_dir = {state}\n[queue]\n"
                f"plugin = {queue}\n"
                "[listen main]\naddress = 127.0.0.1:0\n")
            return subprocess.run([HEARTHD, "--config", conf, *map(str, words)],
                                  capture_output=True, text=True, timeout=120,
                                  stdin=subprocess.DEVNULL)

    def fill(self):
        expected = {}
        for name, (make, words) in FILES.items():
            make(self.plugins / f"queue-{name}.so")
            expected[name] = words
        if os.geteuid() == 0:
            copied("good")(self.plugins / "queue-owned.so")
            os.chown(self.plugins / "queue-owned.so", 12345, 12345)
            expected["owned"] = OWNED
        copied("good")(self.plugins / "queue-good.so")
        copied("version99")(self.plugins / "queue-version99.so")  # a later release of this epoch
        (self.plugins / "linked").mkdir()
        copied("larger")(self.plugins / "linked" / "queue-larger.so")
        (self.plugins / "queue-larger.so").symlink_to("linked/queue-larger.so")
        return expected

    def test_list(self):
        """All of them in one folder: a row for each, with its reason,
        and the good ones are there."""
        expected = self.fill()
        done = self.run_hearthd("plugin", "list", "--json")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        rows = {pathlib.Path(row["file"]).name: row for row in json.loads(done.stdout)}
        for name, words in expected.items():
            with self.subTest(name):
                row = rows[f"queue-{name}.so"]
                self.assertIn(words, row["description"])
                self.assertTrue(
                    row["description"].startswith(str(self.plugins / f"queue-{name}.so"))
                    or "cannot" in row["description"], row)
                self.assertEqual(row["name"], "")
        for name in ("good", "version99", "larger"):
            self.assertEqual(rows[f"queue-{name}.so"]["name"], name)
        for name in ("sqlite", "pg", "inproc", "redis", "fx"):
            self.assertIn(name, [row["name"] for row in rows.values()])

    def test_commands(self):
        """Who is asked for one of them by name says the same, and ends with a failure."""
        expected = self.fill()
        for name in expected:
            with self.subTest(name):
                shown = self.run_hearthd("plugin", "show", f"queue-{name}")
                self.assertIn(expected[name], shown.stderr)
                self.assertEqual((shown.stdout, shown.returncode > 0), ("", True))
        for name in ("crash", "ctorleave", "half", "machine", "pipe", "device", "open", "library",
                     "fallback"):
            with self.subTest(name):
                served, checked = self.run_hearthd("serve", queue=name), self.run_hearthd(
                    "plugin", "check", self.plugins / f"queue-{name}.so")
                self.assertIn(expected[name], served.stderr)
                self.assertEqual((served.stdout, served.returncode > 0), ("", True))
                if name != "device":  # the kit looks at the file that a link names
                    self.assertIn(expected[name], checked.stdout)
                self.assertEqual(checked.returncode, 1)

    def test_a_stopped_child(self):
        """Its time ends, too. All at once, because each waits for as long as a plugin may take."""
        copied("ctorstop")(self.plugins / "queue-ctorstop.so")
        copied("good")(self.plugins / "queue-good.so")
        done = {}
        commands = {
            "serve": ("serve", ), "check": ("plugin", "check", self.plugins / "queue-ctorstop.so"),
            "list": ("plugin", "list")
        }
        threads = [
            threading.Thread(
                target=lambda n=n, w=w: done.update({n: self.run_hearthd(*w, queue="ctorstop")}))
            for n, w in commands.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertIn(HANGS, done["serve"].stderr)
        self.assertIn(HANGS, done["check"].stdout)
        self.assertIn(HANGS, done["list"].stdout)
        self.assertRegex(done["list"].stdout, "queue +good ")
        self.assertEqual([done[name].returncode > 0 for name in commands], [True, True, False])

    def test_every_length(self):
        """A file that was cut anywhere is refused before its code is mapped."""
        data = GOOD.read_bytes()
        place = self.plugins / "queue-good.so"
        for name, size in enumerate(
                sorted({*range(0, len(data),
                               len(data) // 40), 63, 64,
                        len(data) - 1})):
            (self.plugins / f"queue-cut{name}.so").write_bytes(data[:size])
        copied("good")(place)
        rows = json.loads(self.run_hearthd("plugin", "list", "--json").stdout)
        cut = [row for row in rows if "queue-cut" in row["file"]]
        self.assertGreater(len(cut), 40)
        for row in cut:
            self.assertRegex(row["description"], "is empty|is not a shared object|is not whole")

    def test_folders(self):
        """Who may change a folder on the way may put another file there."""
        deep = self.plugins / "a" / "b"
        deep.mkdir(parents=True)
        copied("good")(deep / "queue-good.so")
        self.assertEqual(self.run_hearthd("plugin", "show", "good", plugins=deep).returncode, 0)
        for folder in (deep, deep.parent):
            with self.subTest(folder):
                folder.chmod(0o777)
                said = self.run_hearthd("plugin", "show", "queue-good", plugins=deep)
                self.assertIn(
                    f"is not loaded, because everybody may change the folder {folder} (mode 0777): "
                    "run chmod o-w on it",
                    said.stderr)
                self.assertEqual(said.stdout, "")
                folder.chmod(0o1777)  # as /tmp: nobody replaces what is another's
                self.assertEqual(
                    self.run_hearthd("plugin", "show", "queue-good", plugins=deep).returncode, 0)
                folder.chmod(0o755)
        with self.subTest("a link to it"):
            other = self.folder / "other"
            other.mkdir()
            (other / "queue-good.so").symlink_to(deep / "queue-good.so")
            self.assertEqual(
                self.run_hearthd("plugin", "show", "queue-good", plugins=other).returncode, 0)
            deep.chmod(0o777)
            self.assertIn("everybody may change the folder",
                          self.run_hearthd("plugin", "show", "queue-good", plugins=other).stderr)
            deep.chmod(0o755)
            other.chmod(0o777)
            self.assertIn("everybody may change the folder",
                          self.run_hearthd("plugin", "show", "queue-good", plugins=other).stderr)
        if os.geteuid() == 0:
            os.chown(deep.parent, 12345, 12345)
            said = self.run_hearthd("plugin", "show", "queue-good", plugins=deep).stderr
            self.assertIn(
                f"because the folder {deep.parent} belongs to another user (number 12345)", said)

    def test_not_found(self):
        """All places are named, and what is missing."""
        far = pathlib.Path("/nonexistent", *["x" * 99] * 9)
        said = self.run_hearthd("serve", plugins=far, queue="nobody").stderr
        own = HEARTHD.parent
        self.assertRegex(
            said, r"there is no queue-nobody\.so in /nonexistent/xxx[^ ]*xxx or " +
            re.escape(str(own)) + r"/plugins/\*")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

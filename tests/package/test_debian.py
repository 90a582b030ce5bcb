"""What the packages of packaging/debian take of what `meson install` installs: all of it, and
each file once. Their units and scripts are looked at, too. Argument: the build folder."""
import collections
import glob
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "packaging" / "debian"
BUILD = pathlib.Path(sys.argv.pop(1)).resolve()


def run(*words, **options):
    return subprocess.run([str(w) for w in words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=60, check=False, **options)


class Debian(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hearth-debian-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def installed(self):
        """As it lies in debian/tmp, without the contents of what is installed as a folder."""
        info = BUILD / "meson-info"
        options = json.loads((info / "intro-buildoptions.json").read_text(encoding="utf-8"))
        prefix = next(o["value"] for o in options if o["name"] == "prefix")
        listed = json.loads((info / "intro-installed.json").read_text(encoding="utf-8"))
        return sorted({
            "usr/" + os.path.relpath(place, prefix)
            for place in listed.values()
            if not place.endswith(".a")
        })

    def named(self, package):
        """The patterns of an .install file; one that can be executed prints them."""
        file = self.folder / "debian" / f"{package}.install"
        shutil.copy(DEBIAN / file.name, file)
        if os.access(file, os.X_OK):
            done = run(file, cwd=self.folder)
            self.assertEqual(done.returncode, 0, done.stdout)
            text = done.stdout
        else:
            text = file.read_text(encoding="utf-8")
        return [line.split() for line in text.splitlines() if line and line[0] != "#"]

    def test_all_is_in_one_package(self):
        tmp = self.folder / "debian" / "tmp"
        paths = self.installed()
        self.assertGreater(len(paths), 30)
        for path in paths:
            (tmp / path).mkdir(parents=True, exist_ok=True)  # a name is enough
        taken = collections.Counter()
        packages = re.findall(r"^Package: (.*)$", (DEBIAN / "control").read_text(), re.M)
        for package in packages:
            for pattern, *_ in self.named(package):
                found = [os.path.relpath(p, tmp) for p in glob.glob(str(tmp / pattern))]
                of_tree = glob.glob(str(ROOT / pattern))
                self.assertTrue(found or of_tree, f"{package}: nothing is {pattern}")
                for path in paths:
                    if any(path == f or path.startswith(f + "/") for f in found):
                        taken[path] += 1
        self.assertEqual([p for p in paths if taken[p] != 1], [])

    def test_one_version(self):
        meson = re.search(r"^  version: '(.*)'", (ROOT / "meson.build").read_text(), re.M)[1]
        web = json.loads((ROOT / "web" / "package.json").read_text(encoding="utf-8"))["version"]
        changes = re.search(r"^## \[(\d.*?)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)[1]
        self.assertEqual((web, changes), (meson, meson))

    def test_scripts(self):
        for name in ("hearth.preinst", "hearth.postinst", "hearth.postrm", "hearth.install",
                     "build"):
            done = run("sh", "-n", DEBIAN / name)
            self.assertEqual((done.returncode, done.stdout), (0, ""), name)

    def test_units(self):
        """With the daemon of this build, as they are; no line in them that systemd ignores."""
        names = ("hearthd.service", "hearthd@.service", "hearthd.socket",
                 "hearth-backup.service", "hearth-backup.timer")
        for name in names:
            text = (ROOT / "packaging" / "systemd" / name).read_text(encoding="utf-8")
            (self.folder / name).write_text(text.replace("/usr/bin/hearthd",
                                                         str(BUILD / "hearthd")))
        shutil.copy(self.folder / "hearthd@.service", self.folder / "hearthd@web.service")
        units = [self.folder / name.replace("@", "@web") for name in names]
        done = run("systemd-analyze", "verify", "--man=no", *units)
        own = [line for line in done.stdout.splitlines() if "hearth" in line]
        self.assertEqual(own, [])


if __name__ == "__main__":
    unittest.main()

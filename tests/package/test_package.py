"""What a writer of plugins gets: installed headers, pkg-config, and templates that build outside of this tree.

Arguments: the build folder; "true" when the web app is part of it. Environment: nothing of the tree is used but what `meson install` puts in place."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request


BUILD, WEB = sys.argv[1], sys.argv[2] == "true"
MEM_ACCOUNT = "account ada@example.org 1234 Ada\ndevice d1 Phone\ntab d1 https://example.org/ Title\n"


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=600, **options)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="hearth-package-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--destdir", cls.folder)
        pc = next(pathlib.Path(cls.folder).rglob("hearth.pc"))
        cls.prefix = pathlib.Path(cls.folder, re.search(r"^prefix=/(.*)$", pc.read_text(), re.M)[1])
        cls.environment = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent), "PKG_CONFIG_SYSROOT_DIR": cls.folder}
        cls.environment.pop("LD_LIBRARY_PATH", None)

    def pkg_config(self, *words):
        return run("pkg-config", *words, "hearth", env=self.environment).strip()

    def test_headers(self):
        """Each by itself, in the oldest C and C++ that they promise and in newer ones, without a warning."""
        flags = self.pkg_config("--cflags").split()
        headers = sorted(p.name for p in (self.prefix / "include" / "hearth").iterdir())
        self.assertEqual(headers, ["plugin.h", "queue.h", "records.h", "storage.h", "sync.h"])
        for header in headers:
            for compiler, standard, suffix in (("cc", "c99", "c"), ("cc", "c17", "c"), ("c++", "c++11", "cc"), ("c++", "c++20", "cc"), ("clang", "c99", "c")):
                source = pathlib.Path(self.folder, f"one.{suffix}")
                source.write_text(f"#include <hearth/{header}>\n#include <hearth/{header}>\nint unused(void);\nint unused(void) {{ return 0; }}\n")
                run(compiler, f"-std={standard}", "-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror", *flags, "-fsyntax-only", source)

    def test_version(self):
        self.assertIn(self.pkg_config("--modversion"), run(self.prefix / "bin" / "hearthd", "version"))

    @unittest.skipUnless(WEB, "this build has no web app (-Dweb=false)")
    def test_web_app(self):
        """It is installed where the installed program looks for it, whole."""
        folder = self.prefix / "share" / "hearth" / "app"
        built = pathlib.Path(BUILD, "web", "app")
        self.assertEqual(sorted(p.relative_to(folder) for p in folder.rglob("*")), sorted(p.relative_to(built) for p in built.rglob("*")))
        state = pathlib.Path(self.folder, "state")
        state.mkdir(mode=0o700)
        conf = pathlib.Path(self.folder, "conf.web")
        conf.mkdir()
        (conf / "web.conf").write_text(f"[hearth]\nstate_dir = {state}\n[listen main]\naddress = 127.0.0.1:0\n")
        process = subprocess.Popen([self.prefix / "bin" / "hearthd", "--config", conf, "serve"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment)
        try:
            ready = process.stdout.readline().split()
            self.assertEqual(ready[:1], ["ready"])
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(ready[1] + "/history", timeout=60) as answer:
                self.assertEqual(answer.read(), (built / "index.html").read_bytes())
        finally:
            process.terminate()
            said = process.communicate(timeout=60)[1]
        self.assertNotIn("the web app is not there", said)

    def template(self, name, *options):
        """Copied, built against the installed package alone, and checked by the installed kit."""
        source = pathlib.Path(self.folder, "mine", name)
        shutil.copytree(self.prefix / "share" / "doc" / "hearth" / "templates" / name, source)
        run("meson", "setup", "build", cwd=source, env=self.environment)
        run("ninja", "-C", "build", cwd=source, env=self.environment)
        said = run(self.prefix / "bin" / "hearthd", "plugin", "check", "--patience", "60", *options, source / "build" / f"{name}.so", env=self.environment)
        self.assertNotIn("not ok", said)
        self.assertGreater(said.count("\nok "), 15)
        self.assertIn(name, run(self.prefix / "bin" / "hearthd", "plugin", "show", name, "--config", self.config(source / "build"), env=self.environment))

    def config(self, directory):
        folder = pathlib.Path(self.folder, "conf.d")
        folder.mkdir(exist_ok=True)
        (folder / "plugin.conf").write_text(f"[hearth]\nplugin_dir = {directory}\n")
        return folder

    def test_storage_template(self):
        self.template("storage-mem")

    def test_queue_template(self):
        self.template("queue-mem")

    def test_sync_template(self):
        account = pathlib.Path(self.folder, "account.txt")
        account.write_text(MEM_ACCOUNT)
        self.template("sync-mem", "--import", account)

    def test_installed_plugins(self):
        listed = run(self.prefix / "bin" / "hearthd", "plugin", "list", "--config", self.config("/nonexistent"), env=self.environment)
        for name in ("sqlite", "pg", "inproc", "redis", "fx"):
            self.assertRegex(listed, rf"\b{name}\b")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

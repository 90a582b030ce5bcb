"""What a writer of plugins gets: installed headers, pkg-config, and templates that build outside
of this tree.

Arguments: the build folder; "true" when the web app is part of it. Environment: nothing of the
tree is used but what `meson install` puts in place."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import links  # noqa: E402

BUILD, WEB = sys.argv[1], sys.argv[2] == "true"


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, timeout=600,
                          **options)
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
        cls.environment = {
            **os.environ, "PKG_CONFIG_PATH": str(pc.parent), "PKG_CONFIG_SYSROOT_DIR": cls.folder
        }
        cls.environment.pop("LD_LIBRARY_PATH", None)

    def pkg_config(self, *words):
        return run("pkg-config", *words, "hearth", env=self.environment).strip()

    def test_headers(self):
        """Each by itself, in the oldest C and C++ that they promise and in newer ones,
        without a warning."""
        folder = self.prefix / "include" / "hearth"
        headers = sorted(str(p.relative_to(folder)) for p in folder.rglob("*.h"))
        drafts = [
            f"draft/{name}.h" for name in ("aggregates", "failed", "icons", "imports", "keys",
                                           "pagewords", "sync15", "versions")
        ]
        self.assertEqual(
            headers,
            drafts +
            ["keep.h", "message.h", "plugin.h", "push.h", "queue.h", "records.h", "storage.h",
             "sync.h"])
        for header in headers:
            self.compiles(header, ("c99", "c11", "c17"), ("c++11", "c++17", "c++20"))

    def compiles(self, header, c, cxx):
        sources = {}
        for suffix in ("c", "cc"):
            sources[suffix] = pathlib.Path(self.folder, f"one.{suffix}")
            sources[suffix].write_text(
                f"#include <hearth/{header}>\n#include <hearth/{header}>\nint unused(void);\nint "
                f"unused(void) {{ return 0; }}\n"
            )
        flags = [*self.pkg_config("--cflags").split(), "-Werror", "-fsyntax-only"]
        warnings = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion")
        for compiler, standards, suffix in (("cc", c, "c"), ("clang", c[:1], "c"),
                                            ("c++", cxx, "cc"), ("clang++", cxx[:1], "cc")):
            for standard in standards:
                run(compiler, f"-std={standard}", *warnings, *flags, sources[suffix])
        # Everything that clang can say, but that HEARTH_AT reckons with pointers (newer clangs
        # alone know the word); in C++ NULL is what C has, and the headers promise no C++98.
        every = ("-Weverything", "-Wno-unsafe-buffer-usage", "-Wno-unknown-warning-option", *flags)
        run("clang", "-std=c11", *every, sources["c"])
        run("clang++", "-std=c++17", *every, "-Wno-c++98-compat-pedantic",
            "-Wno-zero-as-null-pointer-constant", sources["cc"])

    def test_version(self):
        self.assertIn(self.pkg_config("--modversion"),
                      run(self.prefix / "bin" / "hearthd", "version"))

    def test_links_of_documents(self):
        """Whatever an installed page links to is installed, where it says."""
        pages = sorted((self.prefix / "share" / "doc" / "hearth").rglob("*.md"))
        manual = {
            page.name
            for page in (pathlib.Path(__file__).resolve().parents[2] / "docs").glob("*.md")
        }
        self.assertEqual(manual - {page.name for page in pages}, set())
        found, followed = links.dead(pages)
        self.assertEqual(found, [])
        self.assertGreater(followed, 40)
        text = (self.prefix / "share" / "doc" / "hearth" / "plugins.md").read_text(encoding="utf-8")
        for wanted in ("include/hearth/storage.h)", "(templates/storage-mem)",
                       "(merging.md#snapshots)"):
            self.assertIn(wanted, text)

    @unittest.skipUnless(WEB, "this build has no web app (-Dweb=false)")
    def test_web_app(self):
        """It is installed where the installed program looks for it, whole."""
        folder = self.prefix / "share" / "hearth" / "app"
        built = pathlib.Path(BUILD, "web", "app")
        self.assertEqual(sorted(p.relative_to(folder) for p in folder.rglob("*")),
                         sorted(p.relative_to(built) for p in built.rglob("*")))
        state = pathlib.Path(self.folder, "state")
        state.mkdir(mode=0o700)
        conf = pathlib.Path(self.folder, "conf.web")
        conf.mkdir()
        (conf / "web.conf"
         ).write_text(f"[hearth]\nstate_dir = {state}\n[listen main]\naddress = 127.0.0.1:0\n")
        process = subprocess.Popen([self.prefix / "bin" / "hearthd", "--config", conf, "serve"],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.environment)
        try:
            ready = process.stdout.readline().split()
            self.assertEqual(ready[:1], ["ready"])
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                    ready[1] + "/history", timeout=60) as answer:
                self.assertEqual(answer.read(), (built / "index.html").read_bytes())
        finally:
            process.terminate()
            said = process.communicate(timeout=60)[1]
        self.assertNotIn("the web app is not there", said)

    def made(self, kind, name):
        """A new plugin, built by both ways of its README against the installed package alone,
        and checked by the line that stands there."""
        folder = pathlib.Path(self.folder, "mine")
        folder.mkdir(exist_ok=True)
        environment = {**self.environment, "PATH": f"{self.prefix / 'bin'}:{os.environ['PATH']}"}
        self.assertIn(f"{kind}-{name}/ is made",
                      run("hearthd", "plugin", "new", kind, name, cwd=folder, env=environment))
        source = folder / f"{kind}-{name}"
        files = [path.read_text(encoding="utf-8") for path in source.iterdir()]
        self.assertEqual([
            text for text in files
            if re.search(r"(?<![a-z0-9])mem(?![a-z0-9])|@[A-Z]+@", text, re.I)
        ], [])
        readme = (source / "README.md").read_text(encoding="utf-8")
        self.assertTrue(pathlib.Path(re.search(r"`(/.*/plugins\.md)`", readme)[1]).exists())
        steps = re.findall(r"^   (?:meson|mkdir|hearthd plugin check) (?:.*\\\n)*.*$", readme, re.M)
        self.assertEqual(len(steps), 3)
        for build in steps[:2]:
            shutil.rmtree(source / "build", ignore_errors=True)
            run("sh", "-ec", build, cwd=source, env=environment)
            self.assertEqual([path.name for path in (source / "build").glob("*.so")],
                             [f"{kind}-{name}.so"])
        said = run("sh", "-ec", steps[2].replace("plugin check ", "plugin check --patience 60 "),
                   cwd=source, env=environment)
        self.assertNotIn("not ok", said)
        self.assertGreater(said.count("\nok "), 15)
        config = self.config(source / "build")
        for shown, where in ((name, folder), (f"{kind}-{name}", folder),
                             (f"build/{kind}-{name}.so", source), (f"{kind}-{name}.so",
                                                                   source / "build")):
            self.assertRegex(
                run("hearthd", "plugin", "show", shown, "--config", config, cwd=where,
                    env=environment), rf"^{kind} {name} 1\n")
        return source

    def config(self, directory):
        folder = pathlib.Path(self.folder, "conf.d")
        folder.mkdir(exist_ok=True)
        (folder / "plugin.conf").write_text(f"[hearth]\nplugin_dir = {directory}\n")
        return folder

    def test_new_storage(self):
        self.made("storage", "berkeley")

    def test_new_sync(self):
        self.made("sync", "browser2")

    def test_new_queue(self):
        """Made, and never written over; what is refused leaves nothing behind."""
        source = self.made("queue", "9tables")
        (source / "plugin.c").write_text("mine")
        there = sorted(path.name for path in source.parent.iterdir())
        for words, said in ((("queue", "9tables"), "is there already"),
                            (("queue", "redis"), "there is a plugin queue-redis already"),
                            (("queue", "a-b"), "no name of a plugin"), (("queue", ""),
                                                                        "no name of a plugin"),
                            (("cache", "x"),
                             "storage, queue and sync"), (("queue", ), "plugin new|new KIND NAME")):
            done = subprocess.run([str(self.prefix / "bin" / "hearthd"), "plugin", "new", *words],
                                  cwd=source.parent, capture_output=True, text=True, timeout=60)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, said)
        self.assertEqual(sorted(path.name for path in source.parent.iterdir()), there)
        self.assertEqual((source / "plugin.c").read_text(), "mine")

    def test_new_without_room(self):
        """A folder that could not be filled is gone again."""
        folder = pathlib.Path(self.folder, "full")
        folder.mkdir()
        done = subprocess.run(
            ["sh", "-c", f"ulimit -f 2; exec '{self.prefix}/bin/hearthd' plugin new storage small"],
            cwd=folder, capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("cannot write storage-small/", done.stderr)
        self.assertEqual(list(folder.iterdir()), [])

    def test_cpp(self):
        """The template in C++ by the line of its README, in the oldest C++ and a new one."""
        source = pathlib.Path(self.folder, "sync-cpp")
        shutil.copytree(self.prefix / "share" / "doc" / "hearth" / "templates" / "sync-cpp", source)
        environment = {**self.environment, "PATH": f"{self.prefix / 'bin'}:{os.environ['PATH']}"}
        build, check = re.findall(r"^(?:c\+\+|hearthd) (?:.*\\\n)*.*$",
                                  (source / "README.md").read_text(encoding="utf-8"), re.M)
        for standard in ("c++11", "c++20"):
            run("sh", "-ec", build.replace("-std=c++17", f"-std={standard} -Werror -Wpedantic"),
                cwd=source, env=environment)
            names = run("nm", "-D", "--defined-only", "sync-cpp.so", cwd=source).split()[2::3]
            self.assertEqual(names, ["hearth_plugin_v2"])
            said = run("sh", "-ec", check.replace("check", "check --faults"), cwd=source,
                       env=environment)
            self.assertNotIn("not ok", said)
            self.assertGreater(said.count("\nok "), 15)

    def test_installed_plugins(self):
        listed = run(self.prefix / "bin" / "hearthd", "plugin", "list", "--config",
                     self.config("/nonexistent"), env=self.environment)
        for name in ("sqlite", "pg", "inproc", "redis", "fx"):
            self.assertRegex(listed, rf"\b{name}\b")

    def test_what_lies_around(self):
        """An installed program takes its parts from where they were installed,
        and from nowhere else."""
        around = self.prefix / "bin"
        plugin = around / "plugins" / "queue-inproc" / "queue-inproc.so"
        kit = around / "plugin-check"
        plugin.parent.mkdir(parents=True)
        self.addCleanup(shutil.rmtree, around / "plugins")
        plugin.write_text("no plugin")
        kit.write_text("#!/bin/sh\necho around\n")
        kit.chmod(0o755)
        self.addCleanup(kit.unlink)
        rows = json.loads(
            run(around / "hearthd", "plugin", "list", "--json", "--config",
                self.config("/nonexistent"), env=self.environment))
        self.assertEqual([row["file"] for row in rows if str(around / "plugins") in row["file"]],
                         [])
        inproc, = (row["file"] for row in rows if row["name"] == "inproc")
        self.assertEqual(pathlib.Path(inproc).resolve().parent.name, "hearth")
        said = subprocess.run([around / "hearthd", "plugin", "check", "/nonexistent/queue-x.so"],
                              capture_output=True, text=True, timeout=60, env=self.environment)
        self.assertNotIn("around", said.stdout)

    def test_not_found(self):
        """All places are named, also where the package has its plugins."""
        far = "/nonexistent/" + "/".join(["x" * 99] * 9)
        done = subprocess.run([
            self.prefix / "bin" / "hearthd", "plugin", "show", "nobody", "--config",
            self.config(far)
        ], capture_output=True, text=True, timeout=60, env=self.environment)
        self.assertRegex(done.stderr, "/nonexistent/xxx[^ ]*xxx or [^ ]*/hearth\n")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

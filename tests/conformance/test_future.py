"""Plugins of today under the host of tomorrow, and plugins of tomorrow under the host of today:
each loads and passes the kit.

The host is the kit with the loader, the configuration and the calls of core/plug in it.
Arguments: a folder to build tomorrow's in, today's kit, then NAME=PATH of today's plugins."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import future  # noqa: E402

FOLDER, KIT = pathlib.Path(sys.argv[1]), sys.argv[2]
TODAY = {"plugin-check": KIT, **dict(word.split("=", 1) for word in sys.argv[3:])}
NAMES = [name for name in TODAY if name != "plugin-check"]


def check(kit, plugin, *words):
    done = subprocess.run([str(kit), "--seed", "20260101", "--patience", "60", *words,
                           str(plugin)], capture_output=True, text=True, timeout=300)
    return re.findall(r"^not ok \d+ - (.*)$", done.stdout, re.M), done.stdout + done.stderr


class Future(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tomorrow = future.build(FOLDER, NAMES)

    def both(self, kit, plugins):
        """All kinds at once: they wait for their servers more than they compute."""
        words = [f"{name}={plugins[name]}" for name in NAMES]
        running = {
            kind:
            subprocess.Popen(
                [sys.executable,
                 str(HERE / "test_plugins.py"), kind,
                 str(kit), *words, "quick"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                text=True)
            for kind in ("storage", "queue", "sync")
        }
        said = {kind: process.communicate(timeout=600)[0] for kind, process in running.items()}
        for kind, process in running.items():
            self.assertEqual(process.returncode, 0, f"{kind}: {said[kind]}")

    def test_tomorrows_structs_are_longer(self):
        """Else the rest says nothing."""
        source = ("#include <stdio.h>\n#include <hearth/sync.h>\n#include <hearth/queue.h>\n"
                  "int main(void) { printf(\"%zu %zu %zu\", sizeof(struct hearth_page), "
                  "sizeof(struct hearth_queue), sizeof(struct hearth_config_key)); return 0; }\n")
        sizes = []
        for include in (future.ROOT, FOLDER / "tree"):
            subprocess.run([
                *os.environ.get("CC", "cc").split(), "-x", "c", "-", "-I",
                str(include / "core" / "include"), "-o",
                str(FOLDER / "sizes")
            ], input=source, text=True, check=True, timeout=60)
            sizes.append([
                int(n) for n in subprocess.run([str(FOLDER / "sizes")], capture_output=True,
                                               text=True, check=True, timeout=60).stdout.split()
            ])
        self.assertEqual([n + 16 for n in sizes[0]], sizes[1])

    def test_todays_plugins_under_tomorrows_host(self):
        self.both(self.tomorrow["plugin-check"], TODAY)

    def test_tomorrows_plugins_under_todays_host(self):
        self.both(KIT, self.tomorrow)

    def planted(self, headers, source, pattern, replacement, name):
        """A template with a fault in it, built against those headers."""
        out, sources, count = FOLDER / "planted" / f"{name}.so", [], 0
        for file in sorted((headers / source).glob("*.c")):
            text, n = re.subn(pattern, replacement, file.read_text(encoding="utf-8"))
            count += n
            copy = FOLDER / "planted" / name / file.name
            future.write_if_changed(copy, text.encode())
            sources.append(str(copy))
        self.assertGreater(count, 0,
                           f"{pattern}: {source} no longer has what the fault is planted in")
        subprocess.run([
            *os.environ.get("CC", "cc").split(), "-std=gnu11", "-g", "-fPIC", "-shared",
            "-fvisibility=hidden", "-w", "-D_GNU_SOURCE", "-I",
            str(headers / "core" / "include"), "-I",
            str(headers / source), *sources, "-o",
            str(out), "-pthread"
        ], check=True, timeout=120)
        return out

    def test_a_wrong_stride_is_found(self):
        plugin = self.planted(future.ROOT, "plugins/storage-mem", r"HEARTH_AT\(visits, (\w+)\)",
                              r"(&visits[\1])", "storage-mem")
        # today it makes no difference
        self.assertEqual(check(KIT, plugin, "--test", "visits")[0], [])
        failed, said = check(self.tomorrow["plugin-check"], plugin, "--test", "visits")
        self.assertNotEqual(failed, [], said)

    def test_a_wrong_stride_of_values_is_found(self):
        plugin = self.planted(future.ROOT, "docs/templates/queue-mem",
                              r"HEARTH_AT\(values, (\w+)\)", r"(&values[\1])", "queue-mem")
        self.assertEqual(check(KIT, plugin, "--test", "jobs")[0], [])
        failed, said = check(self.tomorrow["plugin-check"], plugin)
        self.assertNotEqual(failed, [], said)

    def test_writing_behind_struct_size_is_found(self):
        plugin = self.planted(
            FOLDER / "tree", "docs/templates/queue-mem",
            r"result\.struct_size =\s+ret_job->struct_size < sizeof\(result\)[^;]*;",
            "result.struct_size = sizeof(result);", "queue-mem")
        failed, said = check(KIT, plugin)
        self.assertNotEqual(failed, [], said)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

"""The kit breaks the backend under a plugin: PostgreSQL and Redis that are halted, and that end
and start again. Our plugins pass, and plugins that hang, hope or keep silent are caught.

Arguments: the kit, the folder of the bad plugins, then NAME=PATH of the plugins."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
for folder in (HERE, HERE.parent):
    sys.path.insert(0, str(folder))
import planted  # noqa: E402
from breaking import END, HALT, Breaker  # noqa: E402
from servers import Postgres, Redis  # noqa: E402

KIT, FOLDER = sys.argv[1:3]
BUILD = pathlib.Path(FOLDER).resolve().parents[1]
PLUGINS = dict(word.split("=", 1) for word in sys.argv[3:])


class Broken(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres, cls.redis = Postgres(), Redis()
        for server in (cls.postgres, cls.redis):
            cls.addClassCleanup(server.close)
            server.start()
        cls.configs = {
            "storage": f"[storage main]\nplugin = pg\ndsn = {cls.postgres.create('kit')}\n",
            "queue": f"[queue]\nplugin = redis\nurl = {cls.redis.url}\n"
        }

    def kit(self, plugin, how, words="broken:"):
        """{test: (passed, diagnostics)}"""
        kind = pathlib.Path(plugin).name.split("-")[0]
        breaker = Breaker(self.postgres if kind == "storage" else self.redis, how)
        self.addCleanup(breaker.close)
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as config:
            config.write(self.configs[kind])
            config.flush()
            done = subprocess.run([
                KIT, "--seed", "7", "--config", config.name, "--test", words, *breaker.commands,
                plugin
            ], capture_output=True, text=True, timeout=500)
        found = {}
        for line in done.stdout.splitlines():
            match = re.match(r"(ok|not ok) \d+ - (.*)", line)
            if match:
                found[match[2]] = [match[1] == "ok", ""]
                current = match[2]
            elif found and line.startswith("# "):
                found[current][1] += line[2:] + "\n"
        self.assertGreater(breaker.times, 0, done.stdout + done.stderr)
        return found

    def test_a_single_writer_may_be_shared(self):
        """One batch at a time in the whole database, over all processes: it says so in its
        limits. One that does not is told."""
        for name, passes in (("storage-single", True), ("storage-unsaid", False)):
            with tempfile.TemporaryDirectory() as folder, tempfile.NamedTemporaryFile(
                    "w", suffix=".conf") as config:
                config.write(self.configs["storage"].replace("pg\n", f"{name.split('-')[1]}\n"))
                config.flush()
                said = {}
                for words in ("life: two", "threads:") if passes else ("life: two", ):
                    done = subprocess.run(
                        [
                            KIT, "--seed", "7", "--config", config.name, "--test", words,
                            f"{FOLDER}/{name}.so"
                        ], capture_output=True, text=True, timeout=300,
                        env={**os.environ, "HEARTH_SINGLE_WRITER": f"{folder}/lock"})
                    said[words] = done.stdout + done.stderr
            if passes:
                self.assertNotIn("not ok", "".join(said.values()))
                self.assertIn("ok 2 - life: two instances see each other's commits\n",
                              said["life: two"])
            else:
                self.assertIn(
                    "returned TIMEOUT: it goes its own way, unless the plugin's limits say "
                    "single_writer",
                    said["life: two"])

    def check_passes(self, name, how):
        found = self.kit(PLUGINS[name], how)
        self.assertEqual({test: said for test, (passed, said) in found.items() if not passed}, {})
        self.assertEqual(len([test for test in found if test.startswith("broken:")]),
                         4 if name.startswith("storage") else 3)

    def check_caught(self, plugin, how, test, words):
        found = self.kit(plugin if plugin.endswith(".so") else f"{FOLDER}/{plugin}.so", how, test)
        said = [
            said for title, (passed, said) in found.items() if title.startswith(test) and not passed
        ]
        self.assertEqual(len(said), 1, found)
        self.assertRegex(said[0], words)

    def test_postgres_halts(self):
        self.check_passes("storage-pg", HALT)

    def test_postgres_ends(self):
        self.check_passes("storage-pg", END)

    def test_redis_halts(self):
        self.check_passes("queue-redis", HALT)

    def test_redis_ends(self):
        self.check_passes("queue-redis", END)

    def test_one_that_has_no_deadline_is_caught(self):
        self.check_caught(
            "storage-patient", HALT, "broken: calls end",
            r"settings_put goes on 8000 ms after its deadline while the backend is "
            r"broken|settings_put\(\), called at storage_break.c"
        )

    def test_one_that_hopes_is_caught(self):
        self.check_caught("storage-hopeful", END, "broken: a batch",
                          "was committed, and after the mend it holds")

    def test_one_that_denies_is_caught(self):
        self.check_caught("storage-denying", HALT, "broken: a batch",
                          "only UNCERTAIN may leave it stored")

    def test_one_that_keeps_silent_is_caught(self):
        self.check_caught("queue-silent", END, "broken: who listens",
                          "nobody was told that events may be missing")

    def test_one_that_succeeds_is_caught(self):
        self.check_caught("queue-lying", HALT, "broken: calls end",
                          "publish succeeded while the backend was broken")

    def check_planted(self, plugin, source, pattern, replacement, *expected):
        with tempfile.TemporaryDirectory(prefix="hearth-planted-") as folder:
            self.check_caught(
                str(planted.build(BUILD, PLUGINS[plugin], folder, source, pattern, replacement)),
                *expected)

    def test_faults_in_the_real_ones_are_caught(self):
        self.check_planted("queue-redis", "queue-redis/events.c", r"handle->lost = true;",
                           "handle->lost = false;", END, "broken: who listens",
                           "nobody was told that events may be missing")
        self.check_planted(
            "queue-redis", "queue-redis/jobs.c",
            r"redis_args_number\(&args, duration_bounded\(lease\)\);\n    redis_args_text\(&args, "
            r"handle->id\);",
            "redis_args_number(&args, 100);\n    redis_args_text(&args, handle->id);", HALT,
            "broken: jobs", "the lease did not outlive the break")
        self.check_planted("storage-pg", "storage-pg/batch.c",
                           r"r = pg_transaction_end\(handle, r\);",
                           "r = pg_transaction_end(handle, r) < 0 ? 0 : 0;", END,
                           "broken: a batch", "was committed, and after the mend it holds")


class Options(unittest.TestCase):
    def test_the_daemon_hands_them_on(self):
        done = subprocess.run([
            BUILD / "hearthd", "plugin", "check", "--test", "broken: calls", "--break", "exit 7",
            "--mend", "true", PLUGINS["queue-mem"]
        ], capture_output=True, text=True, timeout=60)
        self.assertIn("the command of --break ended with status 7: exit 7", done.stdout,
                      done.stderr)

    def test_one_needs_the_other(self):
        for option in ("--break", "--mend"):
            done = subprocess.run([KIT, option, "true", PLUGINS["queue-redis"]],
                                  capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2)
            self.assertIn("[--break COMMAND --mend COMMAND]", done.stderr)

    def test_a_command_that_fails_is_named(self):
        done = subprocess.run([
            KIT, "--test", "broken: calls", "--break", "exit 7", "--mend", "true",
            PLUGINS["queue-mem"]
        ], capture_output=True, text=True, timeout=60)
        self.assertIn("the command of --break ended with status 7: exit 7", done.stdout)

    def test_a_command_that_breaks_nothing_is_told(self):
        done = subprocess.run([
            KIT, "--test", "broken: calls", "--break", "true", "--mend", "true",
            PLUGINS["queue-mem"]
        ], capture_output=True, text=True, timeout=60)
        self.assertIn(
            "ping succeeded while the backend was broken: does the command of --break break it?",
            done.stdout)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

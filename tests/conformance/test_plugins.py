"""The conformance kit over all plugins of this tree and the templates: all pass, and both
backends of a kind are asked the same questions.

Arguments: what to test (storage, queue, sync), the kit, then NAME=PATH of each plugin;
"sanitized", "quick" (without the long tests)."""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "tests" / "doubles"))
from servers import Postgres, Redis  # noqa: E402
from client import SyncService  # noqa: E402

WHAT, KIT = sys.argv[1:3]
PLUGINS = dict(word.split("=", 1) for word in sys.argv[3:] if "=" in word)
# allocation failures belong to the sanitizers' own allocator then
SANITIZED = "sanitized" in sys.argv
SEED = "20260101"

# A test may be skipped only for these reasons: the plugin does not claim what it is about; a
# provider's service is one that it does not know.
REASONS = {
    "the plugin is not SHARED", "the plugin is not DURABLE", "the plugin fetches nothing",
    "this account's pull brings nothing here", "the plugin has no hearth.storage.bulk/1",
    "the plugin has no hearth.storage.paths/1", "the plugin has no hearth.storage.ahead/1",
    "the plugin has no hearth.storage.push/1",
    "the plugin has no hearth.storage.changes/1",
    "the plugin has no hearth.queue.keep/1", "the plugin has no hearth.sync.signin/1",
    "the plugin has a single writer"
}
if SANITIZED:
    REASONS |= {"a sanitizer owns the allocator", "a sanitizer owns the clock"}
MEM_ACCOUNT = """account ada@example.org 1234 Ada
device d1 Phone
tab d1 https://example.org/ Title
folder menu places Menu
bookmark b___________ menu https://example.org/b A bookmark
page p___________ https://example.org/p 1700000000000 A page
"""


class Plugins(unittest.TestCase):
    def check(self, name, config=None, account=None):
        """The names of the tests that the kit ran, after all have passed."""
        # A loaded machine is slow, and nothing here hangs.
        words = [
            KIT, "--seed", SEED, "--patience", "120", *([] if "quick" in sys.argv else ["--faults"])
        ]
        with tempfile.TemporaryDirectory() as folder:
            for option, text in (("--config", config), ("--import", account)):
                if text is not None:
                    file = pathlib.Path(folder, option[2:])
                    file.write_text(text, encoding="utf-8")
                    words += [option, str(file)]
            done = subprocess.run([*words, PLUGINS[name]], capture_output=True, text=True,
                                  timeout=1500)
        found = re.findall(r"^(ok|not ok) \d+ - (.*?)(?: # SKIP (.*))?$", done.stdout, re.M)
        self.assertEqual((done.returncode, [n for ok, n, _ in found if ok != "ok"]), (0, []),
                         done.stdout + done.stderr)
        for _, test, reason in found:
            self.assertTrue(not reason or reason in REASONS, f"{name}: {test}: skipped: {reason}")
        self.assertGreater(len(found), 15)
        return [test for _, test, _ in found]

    def server(self, kind):
        server = kind()
        self.addCleanup(server.close)
        return server.start()

    def test_storage(self):
        asked = self.check("storage-sqlite")
        postgres = self.server(Postgres)
        dsn = postgres.create("kit")
        self.assertEqual(self.check("storage-pg", f"[storage main]\nplugin = pg\ndsn = {dsn}\n"),
                         asked)
        self.assertEqual(postgres.sql("kit", "SELECT count(*) FROM accounts").strip(), "0")
        self.assertEqual(self.check("storage-mem"), asked)

    def test_queue(self):
        asked = self.check("queue-inproc")
        redis = self.server(Redis)
        self.assertEqual(self.check("queue-redis", f"[queue]\nplugin = redis\nurl = {redis.url}\n"),
                         asked)
        # no job; the number of the next one and how many were given up stay
        left = redis.command("--scan").split()
        self.assertEqual(
            [key for key in left if redis.command("TYPE", key) not in ("string", "none")], [], left)
        self.assertEqual(self.check("queue-mem"), asked)

    def test_sync(self):
        service = SyncService(load=False)
        self.addCleanup(service.stop)
        asked = self.check(
            "sync-fx",
            account=json.dumps(service.account("ada@example.org", history=30, bookmarks=10,
                                               tabs=5)))
        self.assertEqual(self.check("sync-mem", account=MEM_ACCOUNT), asked)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], f"Plugins.test_{WHAT}"])

"""The conformance kit against plugins that each break one rule: the right test must fail, with a
text that tells the plugin's author what is wrong. Arguments: the kit, the folder of the bad
plugins."""
import concurrent.futures
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import lifeline  # noqa: E402
from harness import until  # noqa: E402

KIT, FOLDER = sys.argv[1:3]
SLOW = "sanitized" in sys.argv  # sanitizers: no allocation failures
# the library of AddressSanitizer, where the build is gcc's
ASAN = next((word[5:] for word in sys.argv if word.startswith("asan=")), None)

# plugin: (the test that must fail, words of its diagnostics)
CAUGHT = {
    "storage-leak": ("pages: the order is frecency", "was expected"), "storage-abort":
    ("batches: an aborted one leaves nothing",
     "was expected"), "storage-losing": ("batches: a changed batch makes the next generation",
                                         "is 0, 1 was expected"), "storage-leases":
    ("accounts: due ones are leased once",
     "was expected"), "storage-wordless": ("accounts: an unknown account", "without an error text"),
    "storage-outputs": ("accounts: an unknown account is NOT_FOUND",
                        "counts.visits is 0, 77 was expected"), "storage-deadline":
    ("life: should_stop and deadlines", "TIMEOUT was expected"), "storage-interrupt":
    ("life: an interrupt without a running call",
     "it crashed"), "storage-hang": ("life: after migrate()", "ping(), called at storage_life.c:"),
    "storage-descriptors": ("loading: opening and closing leaves nothing behind",
                            "leaves descriptors behind"), "storage-overrun":
    ("growth: nothing is written behind an older host's structs",
     "hearth_account was written behind its struct_size"), "storage-tabs":
    ("devices: tabs belong to a device",
     "counts.tabs"), "storage-memory": ("memory: every allocation", "it crashed"), "storage-half":
    ("memory: every allocation",
     "account_create it holds"), "storage-twice": ("accounts: the list is ordered", "was expected"),
    "storage-foxes": ("borders: every field", 'device_list: device.name was put as'),
    "storage-narrow": ("borders: every field", "page.visit_count was put as"), "storage-cut":
    ("borders: every field", "(65537 bytes) and comes back as"), "storage-null":
    ("borders: every field", 'tab.icon was put as "" and comes back as (null)'), "storage-hiding":
    ("devices: what a person hides",
     "d1"), "storage-groups": ("devices: groups of tabs",
                               "trip"), "storage-fold": ("borders: keys that look alike",
                                                         'input "Case"'), "storage-pieces":
    ("lists: all rows are of one moment",
     "bookmark_children: everything was removed at its first row"), "storage-tabfoxes":
    ("borders: every field",
     'tab_list: tab.title was put as'), "storage-pagefoxes": ("borders: every field",
                                                              'page_get: page.title was put as'),
    "storage-bookmarkfoxes": ("borders: every field", 'bookmark_get: bookmark.title was put as'),
    "storage-settingfoxes": ("borders: settings",
                             'settings was put as "🦊" (4 bytes) and comes back as "?" (1 bytes)'),
    "storage-cuttitle": ("borders: every field", "(65537 bytes) and comes back as"),
    "storage-cuturl": ("borders: every field", "page.url was put as"), "storage-cutinput":
    ("borders: every field",
     "pick_list: this record comes 0 times"), "storage-cutguid": ("borders: every field",
                                                                  "bookmark_get"),
    "storage-cutpageguid": ("borders: the longest keys",
                            "page_guid_list: of two keys of 255 bytes that differ in the last one"),
    "storage-cuttags": ("borders: tags",
                        "was expected"), "storage-frecency": ("borders: every field",
                                                              "page.frecency was put as"),
    "storage-position": ("borders: every field", "bookmark.position was put as"), "storage-added":
    ("borders: every field",
     "bookmark.added was put as"), "storage-usecount": ("borders: every field", "pick"),
    "storage-update": ("borders: every field that can be changed",
                       "account.next_sync was put as"), "storage-used":
    ("borders: every field that can be changed",
     "token.last_used was put as"), "storage-place": ("borders: every field that can be changed",
                                                      "bookmark.position was put as"),
    "storage-sealedtext": ("borders: sealed bytes", "credentials of 1 bytes come back as 0 bytes"),
    "storage-foldhost": ("borders: hosts", 'visit_list of the host "Case" says'), "storage-stride":
    ("growth: a newer host's larger values",
     "it crashed"), "storage-dirty": ("random: a sequence",
                                      "in an open batch, another handle sees \"cursor"),
    "storage-locked": ("lists: a callback", "a list is being read"), "storage-snapshots":
    ("lists: while another handle commits",
     "device_list: while another handle commits, it says"), "storage-rowbyrow":
    ("lists: while another handle commits",
     "pages_changed: while another handle commits, it says"), "storage-pageoutput":
    ("outputs:", "page_get, for what is not there, returned NOT_FOUND and touched its output"),
    "storage-lateoutput": ("outputs:", "credentials_get, whose allocation"), "storage-leakrows":
    ("leaks: nothing that is done", "bookmarks_of_page, done 20 times, leaves 40 blocks"),
    "storage-reading": ("leaks: nothing that is done",
                        "bookmark_children, ended by its callback at the first row, done 20 times"),
    "storage-leakrefusals": ("leaks: nothing that is done",
                             "what is refused or not found, done 20 times, leaves 20 blocks"),
    "storage-staticresult": ("lookups: results of several calls",
                             'page.url is "https://b/", "https://a/" was expected'),
    "storage-buffer": ("lookups: two handles at once",
                       "account_by_email of the account a gave"), "storage-spinbegin":
    ("threads: a writer that waits leaves the processor alone",
     "batch_begin used"), "storage-hangabort": ("batches: an aborted one leaves nothing",
                                                "batch_abort(), called after storage_"),
    "storage-hanglist": ("lists: all rows are of one moment",
                         "tag_list(), called at storage_listings.c:"), "storage-constructor":
    ("loading: the plugin is accepted", "prints \"hello from the constructor\" while it is loaded"),
    "queue-leakjobs": ("leaks: nothing that is done",
                       "the life of a job, done 20 times, leaves 20 blocks"), "queue-leakevents":
    ("leaks: nothing that is done", "publishing and receiving events, done 20 times"),
    "queue-leakrow": ("leaks: nothing that is done",
                      "peek, to its end and ended by its callback, done 20 times"), "queue-spin":
    ("waits: a call that waits leaves the processor alone",
     "reserve used"), "queue-spinevents": ("waits: a call that waits leaves the processor alone",
                                           "event_wait used"), "queue-wall":
    ("waits: delays and leases do not follow",
     "was put forward by three hours, and the job later came"), "queue-remember": (
         "waits: an interrupt that met no call", "reserve returned CANCELLED"), "queue-between": (
             "waits: no event is lost between two waits",
             "after a wait that delivered an event did not come"), "queue-lock": (
                 "callbacks: a callback of peek may call", "counts(), called at queue_again.c:"),
    "queue-touch": ("outputs: what fails leaves them",
                    "reserve failed with NOT_FOUND on an empty queue and changed its output"),
    "queue-statickey": ("outputs: results of several calls",
                        'first.key is "three", "one" was expected'), "queue-hang":
    ("jobs: an extended lease lasts longer",
     "extend(), called at queue_jobs.c:"), "queue-hangpublish": (
         "jobs: a key exists once", "publish(), called at queue_jobs.c:"), "queue-helper":
    ("callbacks: a callback of peek may call",
     "ping(), called at queue_again.c:"), "queue-crashpeek": ("end: nothing is left in the backend",
                                                              "in peek(), called at queue_kit.c:"),
    "queue-output": ("loading: the plugin is accepted",
                     "prints \"hello from the queue\" while it is loaded"), "queue-complaint":
    ("loading: the plugin is accepted",
     "prints \"hello from the queue\" while it is loaded"), "queue-never": (
         "loading: the plugin is accepted",
         "hangs while it is loaded"), "queue-exports": ("loading: its entry is the one symbol",
                                                        "it exports 1 symbol: jansson_version_str"),
    "queue-dedupe": ("jobs: a key exists once",
                     "was expected"), "queue-kind": ("kinds: two kinds of one key are two jobs",
                                                     "was expected"), "queue-priority":
    ("jobs: a smaller priority goes first",
     '"p" was expected'), "queue-delay": ("jobs: a delayed job comes when its time has come",
                                          "none was expected"), "queue-lease":
    ("jobs: a lease that runs out",
     "was expected"), "queue-wait": ("jobs: reserve waits as long",
                                     "was asked to wait"), "queue-receipt":
    ("jobs: a lease that runs out",
     "NOT_FOUND was expected"), "queue-deaf": ("threads: waiting calls can be interrupted",
                                               "goes on waiting"), "queue-swallow":
    ("events: two hundred of them",
     "without the callback being told"), "queue-counts": ("jobs: done, retry and dead",
                                                          "counts.delayed is 0"), "queue-memory":
    ("memory: every allocation of a job's life",
     "it crashed"), "queue-capability": ("loading: capabilities are known ones", "0x100000"),
    "queue-twolines": ("loading: texts are single lines",
                       "is not one line"), "queue-thread": ("loading: no thread and no file",
                                                            "is 4, 3 was expected"), "queue-crash":
    ("loading: the plugin is accepted",
     "crashes while it is loaded"), "sync-gullible": ("import: what is no account",
                                                      "INVALID was expected"), "sync-relative":
    ("pull: whatever the service answers",
     "no absolute address"), "sync-endless": ("pull: whatever the service answers",
                                              "again and again"), "sync-wordless":
    ("pull: whatever the service answers",
     "without any words"), "sync-order": ("pull: whatever the service answers",
                                          "commit came while no collection was open"),
    "sync-stubborn": ("pull: an error of the sink",
                      "went on using it"), "sync-code": ("pull: an error of the sink",
                                                         "is -14"), "sync-state":
    ("pull: whatever the service answers",
     "state 17"), "sync-address": ("import: an account has a uid",
                                   "has no @; a source that knows none says NULL"), "sync-how":
    ("pull: whatever the service answers",
     "none of enum hearth_sync_begin"), "sync-snapshot": ("pull: whatever the service answers",
                                                          "damaged record without a guid had come"),
    "sync-stranger": ("changes: only accounts that were pulled",
                      'the account "everybody" changed, which was never pulled'), "sync-forgotten":
    ("changes: only accounts that were pulled",
     "that forget() has ended"), "sync-touch": ("import: what is no account",
                                                "was refused and changed its output"), "sync-leak":
    ("leaks: imports and pulls", "an import, done 20 times"), "sync-leakpull": (
        "leaks: imports and pulls",
        "a pull that is answered with 404, and forget(), done 20 times"), "sync-hang": (
            "import: what is no account", "account_import(), called at sync.c:"), "sync-presumes": (
                "changes: a host that does not listen", "it crashed"), "sync-unfinished": (
                    "pull: whatever the service answers",
                    "neither finished nor cancelled when pull() returned"), "sync-impatient": (
                        "pull: whatever the service answers",
                        "ahead while another one is under way"),
}
# test_break.py
BREAKABLE = {
    "storage-patient", "storage-hopeful", "storage-denying", "storage-single", "storage-unsaid",
    "queue-silent", "queue-lying"
}
NEEDS_FAULTS = {"storage-memory", "storage-half", "queue-memory"}
# What the kit sees by standing before the allocator and the clock, which sanitizers do themselves.
NEEDS_TO_STAND_BEFORE = NEEDS_FAULTS | {"queue-wall", "storage-lateoutput"} | {
    name
    for name, (test, _) in CAUGHT.items()
    if test.startswith("leaks: ")
}
HANGS = {name for name, (_, words) in CAUGHT.items() if "()" in words and "crash" not in name}


def run(name, *options, **environment):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as account:
        account.write('{"account": 1}')
        account.flush()
        # a loaded machine is slow
        patience = [] if "--patience" in options else ["--patience", "60"]
        done = subprocess.run([
            KIT, "--seed", "7", "--import", account.name, *patience, *options, f"{FOLDER}/{name}.so"
        ], capture_output=True, text=True, timeout=600, env={**os.environ, **environment})
    return done.returncode, done.stdout


def failures(tap):
    """{name of the failed test: its diagnostics}"""
    found, current = {}, None
    for line in tap.splitlines():
        if line.startswith("not ok "):
            current = line.split(" - ", 1)[1]
            found[current] = ""
        elif line.startswith("ok "):
            current = None
        elif current and line.startswith("# "):
            found[current] += line[2:] + "\n"
    return found


def options_of(name, test):
    return ["--test", test] + (["--faults"] if name in NEEDS_FAULTS else
                               []) + (["--patience", "1"] if name in HANGS else [])


class Caught(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Four at a time: they wait for their disk, or for a time-out, more than they compute."""
        pool = concurrent.futures.ThreadPoolExecutor(4)
        cls.addClassCleanup(pool.shutdown, cancel_futures=True)
        cls.runs = {
            name: pool.submit(run, name, *options_of(name, test))
            for name, (test, _) in CAUGHT.items()
            if not (SLOW and name in NEEDS_TO_STAND_BEFORE)
        }

    def test_every_bad_plugin_is_here(self):
        built = {p.stem
                 for p in pathlib.Path(FOLDER).glob("*.so")
                 } - {"storage-mem", "queue-mem", "sync-mem", "queue-overflow"}
        built -= BREAKABLE
        self.assertEqual(built, set(CAUGHT))

    def test_output_is_tap(self):
        status, tap = run("queue-priority", "--test", "jobs: a")
        lines = [l for l in tap.splitlines() if not l.startswith("#")]
        self.assertEqual(lines[0], "TAP version 13")
        self.assertRegex(lines[-1], r"^1\.\.\d+$")
        numbers = [int(l.split()[1 if l.startswith("ok") else 2]) for l in lines[1:-1]]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))
        self.assertEqual(status, 1)


def alive(folder):
    """The processes whose environment names the folder,
    dead ones that nobody has asked for excepted."""
    found = []
    for entry in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if f"TMPDIR={folder}".encode() in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            pass
    return found


class Program(unittest.TestCase):
    """The kit itself, when a plugin hangs, and when it is killed."""
    def hanging(self, name, words):
        """The kit in the middle of a test that hangs,
        with a folder of its own for whatever it makes."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        kit = subprocess.Popen([KIT, "--patience", "600", "--test", words, f"{FOLDER}/{name}.so"],
                               stdout=subprocess.PIPE, text=True,
                               env={**os.environ, "TMPDIR": folder.name}, start_new_session=True)
        lifeline.hold(kit.pid)
        self.addCleanup(lambda: (kit.poll() is None and kit.kill(), kit.wait(), kit.stdout.close(),
                                 lifeline.release(kit.pid)))
        while not kit.stdout.readline().startswith(("ok 1 ", "not ok 1 ")):
            self.assertIsNone(kit.poll(), "the kit ends while the plugin is loaded")
        # The kit, its guard, the test's child, and what the plugin has forked: while the plugin was
        # loaded, there were as many.
        until(lambda: len(alive(folder.name)) == 4, "the plugin's own process is there")
        self.assertEqual(len(os.listdir(folder.name)), 1)
        return kit, folder.name

    def assert_gone(self, folder):
        until(lambda: not alive(folder), "every process of the kit has ended")
        until(lambda: not os.listdir(folder), "the test's directory is gone")

    def test_sigkill(self):
        kit, folder = self.hanging("queue-helper", "callbacks: a callback of peek")
        kit.kill()
        self.assert_gone(folder)

    def test_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                kit, folder = self.hanging("queue-helper", "callbacks: a callback of peek")
                os.killpg(kit.pid, number)  # as a terminal does
                output = kit.communicate(timeout=60)[0]
                self.assertEqual(kit.returncode, -number, output)
                self.assertIn("ok 3 - end: nothing is left in the backend", output)
                self.assertIn(f"Bail out! {signal.strsignal(number)}", output)
                self.assert_gone(folder)

    def test_goes_on_after_a_hang(self):
        status, tap = run("storage-hanglist", "--patience", "1", "--test", " of ")
        failed = failures(tap)
        self.assertEqual(status, 1)
        hung = [text for text in failed.values() if "tag_list(), called" in text]
        self.assertGreater(len(hung), 1, tap)
        self.assertEqual(len(hung), len(failed), tap)
        self.assertRegex(tap, r"(?m)^ok \d+ - lookups: results of several calls")
        self.assertRegex(tap, r"(?m)^ok \d+ - end: nothing is left in the backend")

    def test_ends_where_all_hangs(self):
        status, tap = run("queue-hangpublish", "--patience", "1")
        texts = list(failures(tap).values())
        self.assertEqual(status, 1)
        self.assertEqual(sum("publish(), called" in text for text in texts), 8, tap)
        self.assertTrue(any("not run: 8 tests before it hung" in text for text in texts), tap)

    def test_leaves_the_database_empty(self):
        with tempfile.TemporaryDirectory() as folder:
            config = pathlib.Path(folder, "storage.conf")
            config.write_text(f"[storage main]\nplugin = staticresult\npath = {folder}/kept.db\n")
            status, tap = run("storage-staticresult", "--config", str(config), "--test",
                              "lookups: results")
            self.assertEqual(status, 1, tap)
            self.assertRegex(tap, r"(?m)^ok \d+ - end: nothing is left in the backend")
            with sqlite3.connect(f"{folder}/kept.db") as database:
                self.assertEqual(
                    database.execute("SELECT count(*) FROM accounts").fetchone(), (0, ))


def under_address_sanitizer(test):
    status, tap = run("queue-overflow", "--test", "events: a handle receives its own",
                      LD_PRELOAD=ASAN)
    test.assertEqual(status, 1, tap)
    test.assertRegex(tap, r"(?m)^not ok 2 - events: a handle receives its own")
    test.assertIn("heap-buffer-overflow", tap)
    test.assertIn("in overflow", tap)
    status, tap = run("queue-overflow", "--test", "jobs: a smaller priority", LD_PRELOAD=ASAN)
    test.assertEqual(status, 0, tap)


if ASAN:
    Program.test_under_address_sanitizer = under_address_sanitizer


def add(name, test, words):
    def check(self):
        if SLOW and name in NEEDS_TO_STAND_BEFORE:
            self.skipTest("a sanitizer owns the allocator and the clock")
        status, tap = self.runs[name].result()
        failed = failures(tap)
        matching = [text for title, text in failed.items() if title.startswith(test)]
        self.assertEqual(status, 1, tap)
        self.assertTrue(matching, f"no failed test begins with \"{test}\":\n{tap}")
        if SLOW and words == "it crashed":  # a sanitizer ends the child in its own way
            self.assertRegex(matching[0], "it crashed|it ended with")
        else:
            self.assertIn(words, matching[0], tap)

    setattr(Caught, "test_" + name.replace("-", "_"), check)


for plugin, (test, words) in CAUGHT.items():
    add(plugin, test, words)

if __name__ == "__main__":
    del sys.argv[1:]
    unittest.main()

"""The conformance kit against plugins that each break one rule: the right test must fail, with a text that tells the plugin's author what is
wrong. Arguments: the kit, the folder of the bad plugins."""
import concurrent.futures
import pathlib
import subprocess
import sys
import tempfile
import unittest

KIT, FOLDER = sys.argv[1:3]
SLOW = len(sys.argv) > 3  # sanitizers: no allocation failures

# plugin: (the test that must fail, words of its diagnostics)
CAUGHT = {
    "storage-leak": ("pages: the order is frecency", "was expected"),
    "storage-abort": ("batches: an aborted one leaves nothing", "was expected"),
    "storage-losing": ("batches: a changed batch makes the next generation", "is 0, 1 was expected"),
    "storage-claims": ("accounts: due ones are claimed once", "was expected"),
    "storage-wordless": ("accounts: an unknown account", "without an error text"),
    "storage-outputs": ("accounts: an unknown account is NOT_FOUND", "counts.visits is 0, 77 was expected"),
    "storage-deadline": ("life: should_stop and deadlines", "TIMEOUT was expected"),
    "storage-interrupt": ("life: an interrupt without a running call", "it crashed"),
    "storage-hang": ("life: after migrate()", "it was not done after"),
    "storage-descriptors": ("loading: opening and closing leaves nothing behind", "leaves descriptors behind"),
    "storage-overrun": ("growth: nothing is written behind an older host's structs", "hearth_account was written behind its struct_size"),
    "storage-tabs": ("devices: tabs belong to a device", "counts.tabs"),
    "storage-memory": ("memory: every allocation", "it crashed"),
    "storage-half": ("memory: every allocation", "account_create it holds"),
    "storage-twice": ("accounts: the list is ordered", "was expected"),
    "storage-foxes": ("borders: every field", 'device_list: device.name was put as'),
    "storage-narrow": ("borders: every field", "page.visit_count was put as"),
    "storage-cut": ("borders: every field", "(65537 bytes) and comes back as"),
    "storage-null": ("borders: every field", 'tab.icon was put as "" and comes back as (null)'),
    "storage-hiding": ("devices: what a person hides", "d1"),
    "storage-groups": ("devices: groups of tabs", "trip"),
    "storage-fold": ("borders: keys that look alike", 'input "Case"'),
    "storage-pieces": ("lists: all rows are of one moment", "bookmark_claims: everything was removed at its first row"),
    "storage-tabfoxes": ("borders: every field", 'tab_list: tab.title was put as'),
    "storage-pagefoxes": ("borders: every field", 'page_get: page.title was put as'),
    "storage-bookmarkfoxes": ("borders: every field", 'bookmark_get: bookmark.title was put as'),
    "storage-settingfoxes": ("borders: settings", 'settings was put as "🦊" (4 bytes) and comes back as "?" (1 bytes)'),
    "storage-cuttitle": ("borders: every field", "(65537 bytes) and comes back as"),
    "storage-cuturl": ("borders: every field", "page.url was put as"),
    "storage-cutinput": ("borders: every field", "pick_list: this record comes 0 times"),
    "storage-cutguid": ("borders: every field", "bookmark_get"),
    "storage-cutpageguid": ("borders: the longest keys", "page_guid_list: of two keys of 255 bytes that differ in the last one"),
    "storage-cuttags": ("borders: tags", "was expected"),
    "storage-frecency": ("borders: every field", "page.frecency was put as"),
    "storage-position": ("borders: every field", "bookmark.position was put as"),
    "storage-added": ("borders: every field", "bookmark.added was put as"),
    "storage-usecount": ("borders: every field", "pick"),
    "storage-update": ("borders: every field that can be changed", "account.next_sync was put as"),
    "storage-used": ("borders: every field that can be changed", "token.last_used was put as"),
    "storage-place": ("borders: every field that can be changed", "bookmark.position was put as"),
    "storage-sealedtext": ("borders: sealed bytes", "credentials of 1 bytes come back as 0 bytes"),
    "storage-foldhost": ("borders: hosts", 'visit_list of the host "Case" says'),
    "storage-stride": ("growth: a newer host's larger values", "it crashed"),
    "storage-dirty": ("random: a sequence", "in an open batch, another session sees \"mark"),
    "storage-locked": ("lists: a callback", "a list is being read"),
    "storage-snapshots": ("lists: all rows are of one moment while", "device_list: while another session commits, it says"),
    "storage-rowbyrow": ("lists: all rows are of one moment while", "pages_changed: while another session commits, it says"),
    "storage-pageoutput": ("outputs:", "page_get, for what is not there, returned NOT_FOUND and touched its output"),
    "storage-lateoutput": ("outputs:", "credentials_get, whose allocation"),
    "queue-dedupe": ("jobs: a key exists once", "was expected"),
    "queue-kind": ("kinds: two kinds of one key are two jobs", "was expected"),
    "queue-priority": ("jobs: a smaller priority goes first", '"p" was expected'),
    "queue-delay": ("jobs: a delayed job comes when its time has come", "none was expected"),
    "queue-lease": ("jobs: a lease that runs out", "was expected"),
    "queue-wait": ("jobs: reserve waits as long", "was asked to wait"),
    "queue-receipt": ("jobs: a lease that runs out", "NOT_FOUND was expected"),
    "queue-deaf": ("threads: waiting calls can be interrupted", "goes on waiting"),
    "queue-swallow": ("events: two hundred of them", "without the callback being told"),
    "queue-counts": ("jobs: done, retry and dead", "counts.delayed is 0"),
    "queue-memory": ("memory: every allocation of a job's life", "it crashed"),
    "queue-capability": ("loading: capabilities are known ones", "0x100000"),
    "queue-twolines": ("loading: texts are single lines", "is not one line"),
    "queue-thread": ("loading: no thread and no file", "is 4, 3 was expected"),
    "queue-crash": ("loading: the plugin is accepted", "crashed while loading"),
    "sync-gullible": ("import: what is no account", "INVALID was expected"),
    "sync-relative": ("pull: whatever the service answers", "no absolute address"),
    "sync-endless": ("pull: whatever the service answers", "again and again"),
    "sync-wordless": ("pull: whatever the service answers", "without any words"),
    "sync-order": ("pull: whatever the service answers", "commit came while no collection was open"),
    "sync-stubborn": ("pull: an error of the sink", "went on using it"),
    "sync-code": ("pull: an error of the sink", "is -14"),
    "sync-state": ("pull: whatever the service answers", "state 17"),
    "sync-address": ("import: an account has a uid", "has no @; a source that knows none says NULL"),
    "sync-how": ("pull: whatever the service answers", "none of enum hearth_sync_begin"),
    "sync-snapshot": ("pull: whatever the service answers", "damaged record without a guid had come"),
    "sync-stranger": ("changes: only accounts that were pulled", 'the account "everybody" changed, which was never pulled'),
    "sync-forgotten": ("changes: only accounts that were pulled", "that forget() has ended"),
    "sync-presumes": ("changes: a host that does not listen", "it crashed"),
}
BREAKABLE = {"storage-patient", "storage-hopeful", "storage-denying", "storage-single", "storage-unsaid", "queue-silent", "queue-lying"}  # test_break.py
NEEDS_FAULTS = {"storage-memory", "storage-half", "queue-memory"}
NEEDS_MEMORY = {"storage-lateoutput", *NEEDS_FAULTS}


def run(name, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as account:
        account.write('{"account": 1}')
        account.flush()
        done = subprocess.run([KIT, "--seed", "7", "--import", account.name, *options, f"{FOLDER}/{name}.so"], capture_output=True,
                              text=True, timeout=600)
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


class Caught(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Four at a time: they wait for their disk, or for a time-out, more than they compute."""
        pool = concurrent.futures.ThreadPoolExecutor(4)
        cls.addClassCleanup(pool.shutdown, cancel_futures=True)
        cls.runs = {name: pool.submit(run, name, "--test", test, *(["--faults"] if name in NEEDS_FAULTS else []))
                    for name, (test, _) in CAUGHT.items() if not (SLOW and name in NEEDS_MEMORY)}

    def test_every_bad_plugin_is_here(self):
        built = {p.stem for p in pathlib.Path(FOLDER).glob("*.so")} - {"storage-mem", "queue-mem", "sync-mem"}
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


def add(name, test, words):
    def check(self):
        if SLOW and name in NEEDS_MEMORY:
            self.skipTest("a sanitizer owns the allocator")
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

"""The conformance kit against plugins that each break one rule: the right test must fail, with a text that tells the plugin's author what is
wrong. Arguments: the kit, the folder of the bad plugins."""
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
    "storage-foxes": ("borders: every field", 'device_list: device.name was put as "🦊" and comes back as "?"'),
    "storage-narrow": ("borders: every field", "page.visit_count was put as 2147483648 and comes back as -2147483648"),
    "storage-cut": ("borders: every field", "(65537 bytes) and comes back as"),
    "storage-null": ("borders: every field", 'tab.icon was put as "" and comes back as (null)'),
    "storage-hiding": ("devices: what a person hides", "d1"),
    "storage-groups": ("devices: groups of tabs", "trip"),
    "storage-fold": ("borders: keys that look alike", 'input "Case"'),
    "storage-pieces": ("lists: all rows are of one moment", "bookmark_claims: everything was removed at its first row"),
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
    "queue-crash": ("loading: the plugin is accepted", "crashes while it is loaded"),
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
NEEDS_FAULTS = {"storage-memory", "storage-half", "queue-memory"}


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
    def test_every_bad_plugin_is_here(self):
        built = {p.stem for p in pathlib.Path(FOLDER).glob("*.so")} - {"storage-mem", "queue-mem", "sync-mem"}
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
        if SLOW and name in NEEDS_FAULTS:
            self.skipTest("a sanitizer owns the allocator")
        options = ["--test", test] + (["--faults"] if name in NEEDS_FAULTS else [])
        status, tap = run(name, *options)
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

"""The driver itself: what it returns, how it fails, that it keeps and leaves what it should."""
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from firefox import GRACE, PATIENCE, Firefox, FirefoxError

HERE = os.path.dirname(os.path.abspath(__file__))


def processes_of(folder):
    """Whatever has this folder as its home or below its command."""
    found, word = [], folder.encode()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        for name in ("environ", "cmdline"):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/{name}", "rb") as f:
                if int(pid) != os.getpid() and word in f.read():
                    found.append(int(pid))
                    break
    return found


class Driver(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="hearth-firefox-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def start(self, **options):
        firefox = Firefox(self.folder, **options)
        self.addCleanup(firefox.quit)
        return firefox

    def gone(self):
        end = time.monotonic() + PATIENCE
        while processes_of(self.folder):
            self.assertLess(time.monotonic(), end, processes_of(self.folder))
            time.sleep(0.02)

    def test_one_life(self):
        """Values, errors, limits, what a restart keeps; at last nothing is left."""
        firefox = self.start(prefs={"hearth.test": "one"})
        self.assertEqual(firefox.chrome("return [arguments[0], {ü: [null, 1.5]}];", "é€😀"),
                         ["é€😀", {"ü": [None, 1.5]}])
        self.assertIsNone(firefox.chrome("await new Promise(r => Services.tm.dispatchToMainThread"
                                         "(r));"))
        self.assertEqual(len(firefox.chrome("return 'x'.repeat(3000000);")), 3000000)
        with self.assertRaisesRegex(FirefoxError, "no such thing(.|\n)*helper_of_test"):
            firefox.chrome("function helper_of_test() { throw new Error('no such thing'); }\n"
                           "await null; helper_of_test();")
        with self.assertRaisesRegex(FirefoxError, "SyntaxError"):
            firefox.chrome("return (;")
        with self.assertRaisesRegex(FirefoxError, "no module is known for Nothing"):
            firefox.chrome("load('Nothing');")
        with self.assertRaisesRegex(FirefoxError, "timeout"):
            firefox.chrome("await new Promise(() => {});", limit=0.2)
        self.assertEqual(firefox.chrome(
            "return [Services.prefs.getCharPref('hearth.test'), new Date(0).getTimezoneOffset(),"
            "Services.dirsvc.get('Home', Ci.nsIFile).path];"),
                         ["one", 0, os.path.join(self.folder, "home")])

        firefox.chrome("""const PlacesUtils = load("PlacesUtils");
            await PlacesUtils.bookmarks.insert({parentGuid: PlacesUtils.bookmarks.menuGuid,
                guid: "keptkeptkept", url: "https://kept.example/", title: "kept"});""")
        firefox.restart(prefs={"hearth.more": True})
        self.assertEqual(firefox.chrome("""
            return [(await load("PlacesUtils").bookmarks.fetch("keptkeptkept")).title,
                Services.prefs.getCharPref("hearth.test"),
                Services.prefs.getBoolPref("hearth.more")];"""), ["kept", "one", True])

        self.assertTrue(processes_of(self.folder))
        firefox.quit()
        firefox.quit()
        with self.assertRaisesRegex(FirefoxError, "ended"):
            firefox.chrome("return 1;")
        self.gone()

    def test_nothing_leaves(self):
        """What is not on 127.0.0.1 meets the dead proxy."""
        with Firefox() as firefox:
            folder = firefox.folder
            self.assertEqual(firefox.chrome("""
                try { await fetch("http://example.org/"); return "answered"; }
                catch (error) { return error.name; }"""), "TypeError")
        self.assertFalse(os.path.exists(folder))

    def test_one_that_hangs(self):
        """The whole group goes when it does not answer any more."""
        firefox = self.start()
        lead = firefox.process.pid
        os.kill(lead, signal.SIGSTOP)
        with self.assertRaisesRegex(FirefoxError, "does not answer"):
            firefox.chrome("return 1;", limit=1 - GRACE)
        self.gone()

    def test_test_that_dies(self):
        """Killed itself, a test leaves no Firefox."""
        child = subprocess.Popen(
            [sys.executable, "-c",
             "import sys, time; from firefox import Firefox; f = Firefox(sys.argv[1]);"
             "print('up', flush=True); time.sleep(600)", self.folder], cwd=HERE,
            stdout=subprocess.PIPE, start_new_session=True)
        with child:
            self.assertEqual(child.stdout.readline(), b"up\n")
            self.assertTrue(processes_of(self.folder))
            child.kill()
        self.gone()

    def test_not_installed(self):
        program = subprocess.run(
            [sys.executable, "-c", "from firefox import Firefox; Firefox()"], cwd=HERE,
            env={**os.environ, "HEARTH_FIREFOX": "firefox-that-is-not"}, capture_output=True,
            text=True, timeout=PATIENCE)
        self.assertIn("firefox-that-is-not is not installed", program.stderr)


if __name__ == "__main__":
    unittest.main()

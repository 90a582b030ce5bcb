"""tests/run_suites.py on a project of three tests: one that passes, one that fails for the first
time only, and one that always fails, skips or hangs."""
import os
import subprocess
import sys
import tempfile
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROJECT = """project('suites')
python3 = find_program('/usr/bin/python3', 'python3')
test('fine', python3, args: ['-c', ''], suite: 'a')
test('now and then', python3, args: ['-c', '''
import os, sys
sys.exit(0 if os.path.exists("seen") else open("seen", "w").close() or 1)'''], suite: ['a', 'b'])
test('never', python3, args: ['-c', '''%s'''], suite: 'a', timeout: 1)
"""
UNSTEADY = "unsteady in {0}: suites:a+b / now and then failed, and passed by itself"


class Suites(unittest.TestCase):
    def suites(self, never):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "meson.build"), "w", encoding="utf-8") as f:
                f.write(PROJECT % never)
            build = os.path.join(folder, "build")
            subprocess.run(["meson", "setup", build, folder], check=True, timeout=60,
                           stdout=subprocess.DEVNULL)
            return build, subprocess.run(
                [sys.executable, os.path.join(ROOT, "tests", "run_suites.py"), build,
                 "--num-processes", "3", "--timeout-multiplier=2"], check=True, timeout=100,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True).stdout.splitlines()

    def check_never(self, code, result):
        build, said = self.suites(code)
        self.assertEqual(said[:2], ["2", "1"])
        self.assertEqual(sorted(said[2:]), [f"failed in {build}: suites:a / never ({result})",
                                            UNSTEADY.format(build)])

    def test_all_pass_in_the_end(self):
        build, said = self.suites("")
        self.assertEqual(said, ["3", "0", UNSTEADY.format(build)])

    def test_what_fails_twice_has_failed(self):
        self.check_never("raise SystemExit(1)", "fail")

    def test_what_is_skipped_has_failed(self):
        self.check_never("raise SystemExit(77)", "skip")

    def test_what_hangs_has_failed(self):
        self.check_never("import time; time.sleep(60)", "timeout")

    def test_many_are_not_run_again(self):
        many = "".join(f"test('{n}', python3, args: ['-c', 'raise SystemExit(1)'])\n"
                       for n in range(3))
        build, said = self.suites("'''])\n" + many + "test('last', python3, args: ['-c', '''")
        self.assertEqual(said[:2], ["3", "4"])
        self.assertIn(f"failed in {build}: suites:a+b / now and then (fail)", said)


if __name__ == "__main__":
    unittest.main()

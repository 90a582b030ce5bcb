"""What the log is told has the right type, or the compiler refuses it, even where warnings are no
errors."""
import subprocess
import sys
import unittest

ROOT, CC = sys.argv[1], sys.argv[2:]
FRAME = """#include <stddef.h>
#include "base/log.h"
void use(const char *text, char *own, int number, size_t size, double real, int64_t big, void *any,
         bool flag);
void use(const char *text, char *own, int number, size_t size, double real, int64_t big, void *any,
         bool flag)
{
    (void)flag, (void)text, (void)own, (void)number, (void)size, (void)real, (void)big, (void)any;
    {%s;}
}
"""
EVENT = 'log_event(HEARTH_LOG_INFO, "base", "tested"%s)'
RIGHT = [
    EVENT % "", EVENT % ', LOG_TEXT("a", text), LOG_TEXT("b", own), LOG_TEXT("c", "words")',
    EVENT % ', LOG_TEXT("a", number > 0 ? text : NULL)',
    EVENT % ', LOG_INT("a", number), LOG_INT("b", size), LOG_INT("c", big)',
    EVENT % ', LOG_BOOL("a", flag)',
    EVENT % ', LOG_INT("a", -1)', 'log_audit("tested")',
    'log_audit(number > 0 ? "tested" : "tried", LOG_TEXT("a", text), LOG_INT("b", number))',
    'log_access(LOG_TEXT("a", text), LOG_INT("b", size))', "log_access()",
]
WRONG = [
    ', LOG_TEXT("a", number)', ', LOG_TEXT("a", size)', ', LOG_TEXT("a", any)',
    ', LOG_TEXT("a", 0)', ', LOG_TEXT("a", &number)', ', LOG_TEXT("a", real)',
    ", LOG_TEXT(text, text)", ', LOG_INT("a", text)', ', LOG_INT("a", real)', ', LOG_INT("a", 1.5)',
    ', LOG_INT("a", NULL)', ", LOG_INT(text, number)", ', "a", text', ', "a", text, NULL',
    ', LOG_BOOL("a", number)', ', LOG_BOOL("a", text)', ", number", ', LOG_TEXT("a")',
]


def compiles(statement):
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-I", f"{ROOT}/core", "-I", f"{ROOT}/core/include"]
    return subprocess.run([*CC, *flags, "-fsyntax-only", "-x", "c", "-"], input=FRAME % statement,
                          capture_output=True, text=True, timeout=50)


class LogTypes(unittest.TestCase):
    def test_right(self):
        for statement in RIGHT:
            with self.subTest(statement):
                done = compiles(statement)
                self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_wrong(self):
        for pairs in WRONG:
            for call in (EVENT % pairs, f'log_audit("tested"{pairs})', f"log_access({pairs[2:]})"):
                with self.subTest(call):
                    done = compiles(call)
                    self.assertNotEqual(done.returncode, 0, done.stderr)
                    self.assertIn("error:", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

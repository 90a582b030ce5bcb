"""The list of docs/messages.md is that of the tables (UPDATE=1 writes it), constructors insist
on their parameters, the codes of docs/api.md are all there are, and no sentence for a person is
said elsewhere."""
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "messages.md"
HEAD = "| id | English | parameters |\n|---|---|---|\n"
PROGRAM, COMPILER = sys.argv[1], sys.argv[2:]


class Messages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = subprocess.run([PROGRAM, "--list"], capture_output=True, text=True, check=True,
                                  timeout=60).stdout

    def test_the_page_lists_them(self):
        head, rest = PAGE.read_text(encoding="utf-8").split(HEAD)
        if os.environ.get("UPDATE"):
            PAGE.write_text(head + HEAD + self.rows, encoding="utf-8")
            return
        self.assertEqual(rest, self.rows, "write them anew: UPDATE=1 " + " ".join(sys.argv))

    def compiles(self, call):
        source = ('#include "api/messages.h"\nstruct hearth_sentence f(void);\n'
                  f'struct hearth_sentence f(void) {{ return {call}; }}\n')
        run = subprocess.run([
            *COMPILER, "-std=gnu11", "-Wall", "-Werror", "-fsyntax-only", f"-I{ROOT}/core",
            f"-I{ROOT}/core/include", "-xc", "-"
        ], input=source, capture_output=True, text=True, timeout=60)
        return run.returncode == 0

    def test_constructors_insist(self):
        self.assertTrue(self.compiles('api_says_parameter_range("limit", 1, 500)'))
        self.assertTrue(self.compiles("api_says_fresh_signin_needed(hearth_duration_of(1))"))
        for call in ('api_says_parameter_range("limit", 1)',
                     'api_says_parameter_range("limit", 1, "500")',
                     "api_says_parameter_range(7, 1, 500)", "api_says_fresh_signin_needed(1)",
                     "api_says_fresh_signin_needed(hearth_time_of(1))", "api_says_whose(1)"):
            self.assertFalse(self.compiles(call), call)

    def test_codes_of_problems(self):
        text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
        said = set(
            re.findall(r"`([a-z_]+)`",
                       re.search(r"`code`, a stable word:(.*?)\.\n", text, re.S).group(1)))
        codes = set(re.findall(r"^\| `problem\.([a-z_]+)", self.rows, re.M)) | {"not_ready"}
        self.assertEqual(said, codes)

    def test_nobody_else_speaks_to_people(self):
        calls = re.compile(
            r"\b(?:api_problem|http_reply_problem|request_refuse|send_refusal|page_message|page_problem|page_begin|fx_end|fx_end_passing|fx_break"
            r"|fx_leave|fx_step_\w+)\(([^;]*);")
        paragraphs = re.compile(r"<p>(?:<[a-z]+>)?[A-Z][^%<]* [^<]*[.?]")
        operator = {"core/main/control_serve.c", "core/main/forget.c", "core/api/health.c"}
        found = []
        for path in [*ROOT.glob("core/**/*.c"), *ROOT.glob("plugins/sync-fx/*.c")]:
            name, text = str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")
            for call in calls.finditer(text):
                found += [
                    f"{name}: {words}"
                    for words in re.findall(r'"((?:[^"\\]|\\.)*)"', call.group(1))
                    if re.match(r"[A-Z][^\"]* ", words) and not words.startswith("Back")
                    and not words.startswith(("Sign in", "Start over", "Try again", "Look again"))
                ]
            if name.startswith("core/pages/"):
                found += [
                    f"{name}: {words}" for words in paragraphs.findall(re.sub(r'"\s*"', "", text))
                ]
            if "http_reply_operator_problem(" in text and name not in operator | {
                    "core/http/reply.c"
            }:
                found.append(f"{name}: a problem without a message, which is for operators alone")
        self.assertEqual(found, [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

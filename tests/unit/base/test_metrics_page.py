"""The table of docs/metrics.md is that of core/base/metric_families.h (UPDATE=1 writes it), names
follow Prometheus' conventions, and what packaging/ has of alerts and boards uses only families
that exist."""
import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "metrics.md"
HEAD = "| name | type | labels | role | meaning |\n|---|---|---|---|---|\n"
UNITS = ("seconds", "bytes", "info")
BOARD = ROOT / "packaging" / "grafana" / "hearth.json"
RULES = ROOT / "packaging" / "prometheus" / "hearth.rules.yml"


class Metrics(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows = subprocess.run(sys.argv[1:2], capture_output=True, text=True, check=True,
                                  timeout=60).stdout
        cls.families = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", cls.rows, re.M))

    def test_the_page_lists_them(self):
        head, rest = PAGE.read_text(encoding="utf-8").split(HEAD)
        rest = rest.partition("\n\n")
        if os.environ.get("UPDATE"):
            PAGE.write_text(head + HEAD + self.rows + "\n" + rest[2], encoding="utf-8")
            return
        self.assertEqual(rest[0] + "\n", self.rows,
                         "write them anew: UPDATE=1 " + " ".join(sys.argv))

    def test_names(self):
        for name, kind in self.families.items():
            self.assertRegex(name, r"^(hearth|process)_[a-z_]+$")
            self.assertEqual(name.endswith("_total"), kind == "counter", name)
            if kind == "histogram":
                self.assertTrue(name.endswith(UNITS), name)
        self.assertEqual(len(self.families), self.rows.count("\n"), "no name twice")

    def used_in(self, text):
        """Families that an expression of PromQL names."""
        for name in re.findall(r"\b(?:hearth|process)_[a-z_]+\b", text):
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            yield base if self.families.get(base) == "histogram" else name

    def test_boards_and_rules_use_what_there_is(self):
        board = json.loads(BOARD.read_text(encoding="utf-8"))
        expressions = [t["expr"] for p in board["panels"] for t in p.get("targets", [])]
        self.assertGreater(len(expressions), 10)
        expressions += re.findall(r"^ +expr: (.*(?:\n {10,}.*)*)",
                                  RULES.read_text(encoding="utf-8"), re.M)
        for expression in expressions:
            used = list(self.used_in(expression))
            self.assertTrue(used or "up{" in expression, expression)
            self.assertLessEqual(set(used), set(self.families), expression)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

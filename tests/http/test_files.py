"""test_files.py LIBRARY: the files of core/http use each other in one direction only, that of
the table in docs/http.md: each uses files of rows below its own. By the symbols of the library,
so that no call is overlooked."""
import collections
import os
import re
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARY = sys.argv.pop()


def symbols():
    """({symbol: its file}, {file: symbols that it uses}); files are "loop.c"."""
    defined, used = {}, collections.defaultdict(set)
    listed = subprocess.run(["nm", "-A", LIBRARY], stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL, text=True, check=True).stdout
    for line in listed.splitlines():
        place, _, rest = line.rpartition(":")
        file, (*_, kind,
               name) = os.path.basename(place.split(":")[-1]).removesuffix(".o"), rest.split()
        if kind == "U":
            used[file].add(name)
        elif kind in "TDBRCVW" and not name.startswith(("__odr_asan", "asan.", "tsan.")):
            defined[name] = file
    return defined, used


def rows():
    """{file: the row of the table that it is in}, the first one being 0."""
    with open(os.path.join(ROOT, "docs", "http.md"), encoding="utf-8") as f:
        table = f.read().partition("## Its files")[2].partition("\n## ")[0]
    lines = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    return {file: n for n, line in enumerate(lines) for file in re.findall(r"`(\w+\.c)`", line)}


class Files(unittest.TestCase):
    def test_one_direction(self):
        defined, used = symbols()
        order = rows()
        self.assertEqual(
            set(order),
            {f
             for f in os.listdir(os.path.join(ROOT, "core", "http"))
             if f.endswith(".c")})
        self.assertGreater(len(defined), 50)
        upward = [
            f"{file} uses {name} of {defined[name]}" for file, names in sorted(used.items())
            for name in sorted(names)
            if name in defined and defined[name] != file and order[defined[name]] <= order[file]
        ]
        self.assertEqual(upward, [])


if __name__ == "__main__":
    unittest.main()

"""docs/log.md knows each event that the sources write, with its module, levels and keys, and no
others: who finds a line in a log finds there what it means."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[3]
LOG = "core/base/log.c"
# A call of these writes a line: which argument is the module, which the event, where pairs begin,
# and what is added to what the call names.
CALLS = {
    "log_event": {"level": 0, "module": 1, "event": 2, "pairs": 3},
    "outage_begins": {"level": 1, "module": 2, "event": 3, "pairs": 4},
    "outage_ends": {"module": 1, "event": 2, "pairs": 3, "levels": {"info"}, "keys": {"seconds"}},
    "log_audit": {"event": 0, "pairs": 1, "levels": {"audit"}},
    "main_audit_command": {"event": 1, "pairs": 2, "levels": {"audit"}, "keys": {"by"}},
    "api_audit": {"event": 1, "pairs": 2, "levels": {"audit"}, "keys": {"address", "account"}},
    "log_access": {"name": "request", "pairs": 0, "levels": {"access"}},
}
CALL = re.compile(rf"(?<![\w.>])({'|'.join(CALLS)})\(")
TEXT = re.compile(r'"((?:[^"\\\n]|\\.)*)"')
PAIR = re.compile(r'\bLOG_(?:TEXT|INT|BOOL)\(\s*"([^"]+)"')
LEVEL = re.compile(r"\bHEARTH_LOG_([A-Z]+)\b")
# Levels that a call works out elsewhere.
WORKED_OUT = {"level_of": {"info", "warning", "debug"},
              "level": {"error", "warning", "info", "debug"}}
WORD = re.compile(r"`([^`]+)`")
COLUMNS = ["event", "module", "level", "keys", "meaning"]


def arguments(text, at):
    """Of a call, from behind its bracket to the one that ends it."""
    found, depth, begin = [], 0, at
    while depth >= 0:
        quoted = TEXT.match(text, at)
        if quoted:
            at = quoted.end()
            continue
        depth += (text[at] in "([{") - (text[at] in ")]}")
        if depth < 0 or depth == 0 and text[at] == ",":
            found.append(text[begin:at].strip())
            begin = at + 1
        at += 1
    return found


def levels_of(text):
    """What is of an outage that was told once is at debug: log_level_of() and its like."""
    found = {name.lower() for name in LEVEL.findall(text)}
    name = re.sub(r"\(.*", "", re.sub(r"^\([^)]*\)", "", text), flags=re.S).strip()
    if name in ("log_level_of", "outage_level_of_request"):
        found.add("debug")
    return found or WORKED_OUT[name]


def written():
    """(module, event) to (levels, keys). The audit trail and the access log have no module."""
    found = {}
    for path in sorted((ROOT / "core").rglob("*.c")):
        if path.relative_to(ROOT).as_posix() == LOG:
            continue
        text = path.read_text(encoding="utf-8")
        for call in CALL.finditer(text):
            row, given = CALLS[call[1]], arguments(text, call.end())
            if "const char *" in given[-1]:
                continue  # its declaration
            module = TEXT.findall(given[row["module"]]) if "module" in row else ["—"]
            events = [row["name"]] if "name" in row else TEXT.findall(given[row["event"]])
            if not module and events == ["plugin says"]:
                module = ["the plugin"]
            if not events or not module:
                continue  # outage.c and audit.c pass on what they were given
            levels = row.get("levels") or levels_of(given[row["level"]])
            keys = {*row.get("keys", ()), *PAIR.findall(", ".join(given[row["pairs"]:]))}
            for event in events:
                place = found.setdefault((module[0], event), (set(), set(), set()))
                place[0].update(levels)
                place[1].update(keys)
                place[2].add(path.relative_to(ROOT).as_posix())
    log = (ROOT / LOG).read_text(encoding="utf-8")
    for module, event, key in re.findall(r'" error (\w+) ([a-z ]+?) (\w+)=', log):
        found[module, event] = ({"error"}, {key}, {LOG})
    return found


def tables(text):
    """Of a page: (its columns, its rows)."""
    for table in re.findall(r"(?:^\|.*\n)+", text, re.M):
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
        yield rows[0], rows[2:]


def documented():
    """(events: (module, event) to (levels, keys), keys: in the order of the page)."""
    events, order, keys = {}, [], []
    for columns, rows in tables((ROOT / "docs" / "log.md").read_text(encoding="utf-8")):
        if columns == COLUMNS:
            order.append([WORD.findall(row[0])[0] for row in rows])
            for row in rows:
                for event in WORD.findall(row[0]):
                    module = (WORD.findall(row[1]) or [row[1]])[0]
                    assert (module, event) not in events, (module, event)
                    levels, names = set(row[2].split(", ")), set(WORD.findall(row[3]))
                    events[module, event] = (levels, names, row[4])
        elif columns[0] == "key":
            keys += [WORD.findall(row[0])[0] for row in rows]
    return events, order, keys


class LogTable(unittest.TestCase):
    maxDiff = None

    def test_events(self):
        """Each in both, with the same levels and keys."""
        def shown(events):
            return {key: (sorted(row[0]), sorted(row[1])) for key, row in sorted(events.items())}
        self.assertEqual(shown(documented()[0]), shown(written()))
        self.assertGreater(len(written()), 80)

    def test_meanings(self):
        for event, row in documented()[0].items():
            self.assertGreater(len(row[2]), 10, event)

    def test_modules(self):
        """A module is the folder of core/ that the line is written in."""
        for (module, event), (_, _, paths) in written().items():
            for path in paths:
                if module not in ("—", "the plugin"):
                    self.assertEqual(module, path.split("/")[1], (event, path))

    def test_keys(self):
        """Each key has one meaning, in its own table."""
        used = set().union(*(keys for _, keys, _ in written().values()))
        self.assertEqual(sorted(documented()[2]), sorted(used))
        for key in used:
            self.assertRegex(key, r"^[a-z_]+$")
        for _, event in written():
            self.assertRegex(event, r"^[a-z][a-z-]*( [a-z-]+)*$")

    def test_order(self):
        """By the alphabet: found within a minute."""
        _, order, keys = documented()
        for names in (*order, keys):
            self.assertEqual(names, sorted(names))

    def test_each_audit_event_is_tested(self):
        pages = (ROOT / "tests").rglob("test_*.py")
        tests = "".join(path.read_text(encoding="utf-8") for path in pages)
        for (_, event), (levels, _, _) in written().items():
            if "audit" in levels:
                self.assertIn(f'"{event}"', tests)


if __name__ == "__main__":
    unittest.main()

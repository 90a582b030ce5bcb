"""What an answer costs does not grow with the account: calls of storage operations, rows that come out of it, and bytes of their texts are counted for
every GET, warm, in a small account and in one that is twenty times as large. Times are not looked at."""
import os
import struct
import sys
import unittest

import flat
from harness import Node, TestCase

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from servers import Postgres  # noqa: E402

SMALL = (1000, 3000, 1000, 600, 10)
LARGE = (20000, 60000, 20000, 12000, 10)
# What may be more in the large one: for each row that its answer shows, and a little that is the same for every answer.
FOR_EACH_ROW = {"calls": 2, "rows": 2, "bytes": 600}
ROOM = {"calls": 10, "rows": 30, "bytes": 3000}


def shown(answer):
    """How many rows an answer has."""
    if not answer.headers["Content-Type"].startswith("application/json"):
        return 0
    value = answer.json
    return sum(len(v) for v in value.values() if isinstance(v, list)) if isinstance(value, dict) else 0


class Counted(Node):
    """A daemon whose storage counts what passes through."""
    def __init__(self, backend, options, section):
        super().__init__(f"[hearth]\nplugin_dir = {flat.BUILD}/tests/doubles/fault\n[storage main]\nplugin = fault\n"
                         f"inner = {flat.PLUGINS[backend]}\noptions = {options}\ncounts = counts\n[web]\nmetrics = yes\n")
        self.backend, self.section = backend, section

    def counts(self):
        with open(os.path.join(self.state, "counts"), "rb") as f:
            return dict(zip(("calls", "rows", "bytes"), struct.unpack("<3q", f.read(24))))

    def looked_at(self):
        text = self.request("/metrics", email=None).body.decode()
        return next((int(line.split()[1]) for line in text.splitlines() if line.startswith("hearth_search_entries_looked_at")), 0)


class FlatCost(TestCase):
    def measure(self, backend, options, section, size, filled=lambda: None):
        """{path: what its answer cost}."""
        node = Counted(backend, options, section)
        self.addCleanup(node.close)
        node.start().stop()
        flat.fill(node, backend, section.format(state=node.state), *size)
        filled()
        node.start()
        costs, entries, asked = {}, sum(size[:3]), flat.paths(node)
        for warm in (True, False):  # what is read once for everybody is there the second time
            for path in asked:
                before, looked = node.counts(), node.looked_at()
                answer = node.request(f"{path}{'&' if '?' in path else '?'}not_in_the_cache={warm}")
                self.assertEqual(answer.status, 200, (path, answer.body[:300]))
                after = node.counts()
                costs[path] = {what: after[what] - before[what] for what in after} | {"shown": shown(answer)}
                # Walks over integers in memory may grow; nobody looks at an entry twice.
                self.assertLessEqual(node.looked_at() - looked, entries + 1000, path)
        return costs

    def compare(self, small, large):
        self.assertGreater(len(large), 50)
        # Cursors and dates differ between the accounts, the order of questions does not.
        for (path, few), (_, many) in zip(small.items(), large.items(), strict=True):
            for what, room in ROOM.items():
                with self.subTest(path=path, what=what):
                    more = many["shown"] * FOR_EACH_ROW[what]
                    self.assertLessEqual(many[what], few[what] + more + room, f"{what}: {few} in the small account, {many} in the large one")

    def test_sqlite(self):
        section = "[storage main]\nplugin = sqlite\npath = {state}/hearth.db\n[hearth]\nstate_dir = {state}\n"
        self.compare(*(self.measure("sqlite", "path=hearth.db", section, size) for size in (SMALL, LARGE)))

    def test_postgres(self):
        server = Postgres()
        self.addCleanup(server.close)
        server.start()
        costs = []
        for name, size in (("small", SMALL), ("large", LARGE)):
            dsn = server.create(name)
            analyze = lambda name=name: server.sql(name, "ANALYZE")  # as autovacuum does after a while
            costs.append(self.measure("pg", f"dsn={dsn}", f"[storage main]\nplugin = pg\ndsn = {dsn}\n[hearth]\nstate_dir = {{state}}\n", size, analyze))
        self.compare(*costs)


if __name__ == "__main__":
    unittest.main()

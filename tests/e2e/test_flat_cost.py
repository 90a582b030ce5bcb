"""What an answer costs does not grow with the account: calls of storage operations, rows that
come out of it, bytes of their texts, and what the database did for them (SQLite: steps of its
virtual machine; PostgreSQL: rows that any node of a plan read or threw away, and blocks) are
counted for every GET, warm, in a small account and in one that is twenty times as large. Times
are not looked at."""
import itertools
import json
import os
import struct
import sys
import unittest

import flat
from harness import ADA, Node, TestCase, until

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from servers import Postgres  # noqa: E402

SMALL = (1000, 3000, 1000, 600, 10)
LARGE = (20000, 60000, 20000, 12000, 10)
# What may be more in the large one: for each row that its answer shows, and a little that is the
# same for every answer.
FOR_EACH_ROW = {"calls": 2, "rows": 2, "bytes": 600, "steps": 150, "touched": 12, "blocks": 20}
ROOM = {"calls": 10, "rows": 30, "bytes": 3000, "steps": 3000, "touched": 300, "blocks": 400}
# Has a row for each tag, and counts the bookmarks of each.
COUNTS_ALL = {"/api/v1/tags"}
EARLY = ("/api/v1/me", "/api/v1/bookmarks", "/api/v1/bookmarks?folder=wide",
         "/api/v1/bookmarks?sort=added", "/api/v1/bookmarks?tag=tag0", "/api/v1/bookmarks?q=a",
         "/api/v1/bookmarks/places", "/api/v1/tags", "/api/v1/history",
         "/api/v1/history?host=www.site3.example", "/api/v1/history?q=a", "/api/v1/history/days",
         "/api/v1/history/sites", "/api/v1/pages/1", "/api/v1/search?q=a",
         "/api/v1/search?q=a&in=bookmarks", "/api/v1/tabs", "/api/v1/devices")


def shown(answer):
    """How many rows an answer has."""
    if not answer.headers["Content-Type"].startswith("application/json"):
        return 0
    value = answer.json
    return sum(len(v)
               for v in value.values()
               if isinstance(v, list)) if isinstance(value, dict) else 0


class Counted(Node):
    """A daemon whose storage counts what passes through."""
    def __init__(self, backend, options, section):
        super().__init__(
            f"[hearth]\nplugin_dir = {flat.BUILD}/tests/doubles/fault\n[storage main]\nplugin = "
            "fault\n"
            f"inner = {flat.PLUGINS[backend]}\noptions = {options}\ncounts = counts\n[web]\n"
            "storage_threads = 1\n"
        )
        self.stepped = 0

    def counts(self):
        with open(os.path.join(self.state, "counts"), "rb") as f:
            return dict(zip(("calls", "rows", "bytes"), struct.unpack("<3q", f.read(24))))

    def steps(self):
        """What SQLite did since the last time. To ask for the metric costs a little by itself,
        always the same."""
        before = self.stepped
        self.stepped = self.metric("plugin_events_total", event="storage_sqlite_steps")
        return {"steps": self.stepped - before}


class Plans:
    """What a PostgreSQL server did for the statements of a database: its own module auto_explain
    writes each plan with what it read into the log."""
    SETTINGS = {
        "session_preload_libraries": "auto_explain", "auto_explain.log_analyze": "on",
        "auto_explain.log_timing": "off", "auto_explain.log_buffers": "on",
        "auto_explain.log_format": "json", "auto_explain.log_nested_statements": "on"
    }

    def __init__(self, server):
        self.server, self.at = server, 0
        self.configure(**{"autovacuum": "off"}, **self.SETTINGS)  # autovacuum comes when it likes

    def configure(self, **settings):
        with open(os.path.join(self.server.data, "postgresql.auto.conf"), "a",
                  encoding="utf-8") as f:
            f.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        self.server.sql("postgres", "SELECT pg_reload_conf()")

    def write(self, database, on):
        """Into the log, or not: sessions that are there, too."""
        want = "0" if on else "-1"
        self.configure(**{"auto_explain.log_min_duration": want})
        until(
            lambda: self.server.sql(database, "SHOW auto_explain.log_min_duration").strip() == want,
            "the server has read its settings")

    def done(self):
        """Since the last time."""
        plans = []
        until(lambda: self.read(plans), "the server has written its last plan to the end")
        found = {"touched": 0, "blocks": 0}
        for plan in plans:
            self.add(plan["Plan"], found, top=True)
        return found

    def read(self, plans):
        """False: the log ends in the middle of what another
        session (a probe's) is writing just now."""
        with open(os.path.join(self.server.folder, "log"), encoding="utf-8", errors="replace") as f:
            f.seek(self.at)
            text = f.read()
            end = f.tell()
        texts, plan = [], None
        for line in [*text.splitlines(), "the end"]:
            if plan is not None and not line.startswith("\t"):
                texts.append("\n".join(plan))
                plan = None
            if plan is not None:
                plan.append(line[1:])
            elif line.endswith(" plan:"):
                plan = []
        try:
            plans[:] = [json.loads(text) for text in texts]
        except json.JSONDecodeError:
            return False
        if text != "" and not text.endswith("\n"):
            return False
        self.at = end
        return True

    def add(self, node, found, top=False):
        rows = node["Actual Rows"] + sum(
            v for k, v in node.items() if k.startswith("Rows Removed by"))
        found["touched"] += round(rows * node["Actual Loops"])
        if top:  # a node's blocks have those below it
            found["blocks"] += node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0)
        for below in node.get("Plans", ()):
            self.add(below, found)


class FlatCost(TestCase):
    asked = itertools.count()

    def filled(self, backend, options, section, size):
        node = Counted(backend, options, section)
        self.addCleanup(node.close)
        node.start().stop()
        flat.fill(node, backend, section.format(state=node.state), *size)
        return node

    def measure(self, node, work, size):
        """{path: what its answer cost}. work(): what the database did since the last time,
        {name: number}."""
        costs, entries, asked = {}, sum(size[:3]), flat.paths(node)
        for _ in range(2):  # what is read once for everybody is there the second time
            for path in asked:
                before, looked = node.counts(), node.metric("search_entries_total")
                work()
                answer = node.request(
                    f"{path}{'&' if '?' in path else '?'}not_in_the_cache={next(self.asked)}")
                self.assertEqual(answer.status, 200, (path, answer.body[:300]))
                done, after = work(), node.counts()
                costs[path] = {what: after[what] - before[what]
                               for what in after} | {"shown": shown(answer)} | done
                # Walks over integers in memory may grow; nobody looks at an entry twice.
                self.assertLessEqual(
                    node.metric("search_entries_total") - looked, entries + 1000, path)
        for what in done:
            self.assertGreater(sum(cost[what] for cost in costs.values()), 1000,
                               f"{what} are not counted")
        return costs

    def compare(self, small, large):
        self.assertGreater(len(large), 50)
        # Cursors and dates differ between the accounts, the order of questions does not.
        for (path, few), (_, many) in zip(small.items(), large.items(), strict=True):
            for what, room in ROOM.items():
                if what not in few or what in ("steps", "touched", "blocks") and path in COUNTS_ALL:
                    continue
                with self.subTest(path=path, what=what):
                    more = many["shown"] * FOR_EACH_ROW[what]
                    self.assertLessEqual(
                        many[what], few[what] + more + room,
                        f"{what}: {few} in the small account, {many} in the large one")

    def test_sqlite(self):
        section = ("[storage main]\nplugin = sqlite\npath = {state}/hearth.db\n[hearth]\n"
                   "state_dir = {state}\n")
        costs = []
        for size in (SMALL, LARGE):
            node = self.filled("sqlite", "path=hearth.db", section, size).start()
            costs.append(self.measure(node, node.steps, size))
        self.compare(*costs)

    def test_postgres(self):
        server = Postgres()
        self.addCleanup(server.close)
        server.start()
        dsn, service = server.create("grows"), self.service(load=False)
        section = f"[storage main]\nplugin = pg\ndsn = {dsn}\n[hearth]\nstate_dir = {{state}}\n"
        node, plans, costs = Counted("pg", f"dsn={dsn}", section), Plans(server), {}
        self.addCleanup(node.close)
        # Plans are made once for each connection: these, while the tables are empty. They must not
        # be those of the large account.
        node.start()
        service.account(ADA, history=1, bookmarks=1, tabs=1, devices=1)
        node.add_account(service)
        for question in EARLY:
            self.assertIn(node.request(question).status, (200, 404))
        for name, size in (("small", SMALL), ("large", LARGE)):
            plans.write("grows", False)
            flat.fill(node, "pg", section.format(state=node.state), *size)
            plans.write("grows", True)
            node.request("/api/v1/me")
            costs[name] = self.measure(node, plans.done, size)
        self.compare(costs["small"], costs["large"])
        server.sql("grows", "ANALYZE")
        self.compare(costs["small"], self.measure(node, plans.done, LARGE))


if __name__ == "__main__":
    unittest.main()

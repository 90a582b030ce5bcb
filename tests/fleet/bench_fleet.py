"""Measurements for ./dev bench fleet: PostgreSQL beside SQLite, and what an unchanged account
costs a worker. Rows of Markdown tables."""
import http.client
import json
import re
import time
import urllib.parse

from fleet import Fleet, Postgres, TestCase, until
from test_worker import connections_to

EMAIL = "a@example.org"
WORDS = "river garden stone window market letter bicycle teapot library forest engine castle".split(
)


def percentile(values, p):
    return sorted(values)[min(len(values) - 1, int(len(values) * p / 100))]


class Pair:
    """One account of the same data on both storages."""
    def __init__(self, history, bookmarks):
        self.case = TestCase()
        service = self.case.service(load=False)
        postgres = Postgres()
        self.case.addCleanup(postgres.close)
        postgres.start()
        config = "[scheduler]\ntick = 2s\n"
        self.nodes = [
            self.case.node(config),
            self.case.node(
                f"{config}[storage main]\nplugin = pg\ndsn = {postgres.create('bench')}\n")
        ]
        data = json.dumps(service.account(EMAIL, history=history, bookmarks=bookmarks, tabs=50))
        for node in self.nodes:
            node.cli("account", "import", "-", text=data)
            node.sync(EMAIL)
        self.postgres = postgres

    def first_sync(self, node):
        """(records, seconds) of the first sync, from the log."""
        records, ms = re.search(r"sync done .* records=(\d+) .*ms=(\d+)", node.log_text()).groups()
        return int(records), int(ms) / 1000


def first_sync():
    pair = Pair(100000, 10000)
    try:
        (records, sqlite), (_, postgres) = (pair.first_sync(node) for node in pair.nodes)
        return [("SQLite", records, f"{sqlite:.1f}", "1"),
                ("PostgreSQL, on the same machine", records, f"{postgres:.1f}",
                 f"{postgres / sqlite:.1f}")]
    finally:
        pair.case.doCleanups()


def latencies():
    pair, now, rows = Pair(20000, 2000), int(time.time() * 1000), []
    pair.postgres.sql("bench", "VACUUM ANALYZE")  # what autovacuum does within the next minutes
    kinds = {
        "search, 20 hits":
        [f"/search?q={a}{b}" for a in "abcdefghiklmnoprstuvw"
         for b in "aeiourst"], "history, 50 visits of a date":
        [f"/history?to={now - i * 14400000}" for i in range(300)], "history, 50 visits of a word":
        [f"/history?q={w}&to={now - i}" for w in WORDS
         for i in range(8)], "history, 50 visits of a host":
        [f"/history?host=news.{w}.example&to={now - i}" for w in WORDS for i in range(8)],
    }
    try:
        for name, paths in kinds.items():
            found = [measure(node, paths) for node in pair.nodes]
            cells = [f"{percentile(f, 50):.2f} / {percentile(f, 95):.2f} ms" for f in found]
            rows.append(
                (name, *cells, f"{percentile(found[1], 50) / percentile(found[0], 50):.1f}"))
        return rows
    finally:
        pair.case.doCleanups()


def measure(node, paths):
    """ms of each request, after a round of others that warms
    everything up but the cache of answers."""
    connection = http.client.HTTPConnection(urllib.parse.urlparse(node.address).netloc)
    headers = {"Authorization": f"Bearer {node.token(EMAIL)}"}
    times = []
    for limit in (19, 20) if "search" in paths[0] else (49, 50):
        times = []
        for path in paths:
            begin = time.perf_counter()
            connection.request("GET", f"/api/v1{path}&limit={limit}", headers=headers)
            answer = connection.getresponse()
            answer.read()
            times.append((time.perf_counter() - begin) * 1000)
            if answer.status != 200:
                raise AssertionError(f"{path}: {answer.status}")
    connection.close()
    return times


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def unchanged(accounts=500, seconds=20):
    case = TestCase()
    try:
        fleet = Fleet(case, workers=1, schedulers=1,
                      config="[scheduler]\ninterval = 1s\ntick = 100ms\nbatch = 500\n")
        worker, port = fleet.workers[0], urllib.parse.urlparse(fleet.service.url).port
        for i in range(accounts):
            data = fleet.service.account(f"person{i}@example.org", history=5, bookmarks=2, tabs=1,
                                         seed=i)
            fleet.operator.cli("account", "import", "-", text=json.dumps(data))
        until(lambda: all(row["last_sync_at"] for row in fleet.rows()), "everybody synced")
        fleet.service.clear()
        pid, begin = worker.process.pid, time.perf_counter()
        cpu, most = cpu_seconds(pid), 0
        while time.perf_counter() < begin + seconds:
            most = max(most, connections_to(pid, port))
            time.sleep(0.5)
        checks, took = fleet.service.counters()["requests"], time.perf_counter() - begin
        cpu = cpu_seconds(pid) - cpu
        return [(f"{checks / took * 60:,.0f}", f"{cpu / checks * 1000:.2f} ms",
                 f"{checks / cpu * 60:,.0f}", most, f"{worker.memory('VmHWM') / 1024:.0f} MB")]
    finally:
        case.doCleanups()

"""Measurements for ./dev bench storage: the same first sync and the same requests on SQLite and on
PostgreSQL, in turn, so that both meet the same machine. Rows of Markdown tables."""
import contextlib
import http.client
import json
import os
import re
import statistics
import sys
import time
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "fleet"))
from fleet import Postgres, TestCase  # noqa: E402

EMAIL = "big@example.org"
WORDS = "river garden stone window market letter bicycle teapot library forest engine castle".split(
)
CONFIG = "[scheduler]\ntick = 2s\n"


def cpu_seconds(pid, fields=(11, 12)):
    """User and system time; with 13 and 14 also of its children that have ended."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        found = f.read().rpartition(")")[2].split()
    return sum(int(found[i]) for i in fields) / os.sysconf("SC_CLK_TCK")


class Pair:
    """One Sync double, one PostgreSQL, and nodes that sync the same account."""
    def __init__(self, history, bookmarks):
        self.case = TestCase()
        self.service = self.case.service(load=False)
        self.postgres = Postgres()
        self.case.addCleanup(self.postgres.close)
        self.postgres.start()
        account = self.service.account(EMAIL, history=history, bookmarks=bookmarks, tabs=50)
        self.account, self.databases = json.dumps(account), 0

    def node(self, postgres):
        """A node that knows the account, and nothing of it yet."""
        config = CONFIG
        if postgres:
            self.databases += 1
            dsn = self.postgres.create(f"bench{self.databases}")
            config += f"[storage main]\nplugin = pg\ndsn = {dsn}\n"
        node = self.case.node(config)
        node.cli("account", "import", "-", text=self.account)
        return node

    def server_cpu(self):
        """Of all processes of PostgreSQL, also those that have ended."""
        pid = self.postgres.process.pid
        total = cpu_seconds(pid, (11, 12, 13, 14))
        for backend in self.postgres.backends():
            with contextlib.suppress(FileNotFoundError):  # it has ended meanwhile
                total += cpu_seconds(backend)
        return total

    def close(self):
        self.case.doCleanups()


class FirstSync:
    """records, seconds, CPU of hearthd, CPU of the server, peak memory."""
    def __init__(self, pair, postgres):
        self.node = pair.node(postgres)
        pid, before = self.node.process.pid, pair.server_cpu()
        cpu = cpu_seconds(pid)
        self.node.sync(EMAIL)
        self.cpu = cpu_seconds(pid) - cpu
        self.server = pair.server_cpu() - before
        records, ms = re.search(r"sync done .* records=(\d+) .*ms=(\d+)",
                                self.node.log_text()).groups()
        self.records, self.seconds = int(records), int(ms) / 1000
        self.peak = self.node.memory("VmHWM") / 1024


def middle(found, name):
    return statistics.median(getattr(one, name) for one in found)


def first_sync(history=100000, bookmarks=10000, rounds=3):
    pair, found = Pair(history, bookmarks), ([], [])
    try:
        for _ in range(rounds):
            for postgres in (0, 1):
                one = FirstSync(pair, postgres)
                one.node.stop()
                found[postgres].append(one)
        ratios = sorted(p.seconds / s.seconds for s, p in zip(*found))
        rows = []
        for name, runs in zip(("SQLite", "PostgreSQL, on the same machine"), found):
            rows.append((name, runs[0].records, f"{middle(runs, 'seconds'):.1f}",
                         f"{middle(runs, 'cpu'):.1f}", f"{middle(runs, 'server'):.1f}",
                         f"{max(run.peak for run in runs):.0f} MB", "1" if runs is found[0] else
                         f"{statistics.median(ratios):.2f} ({ratios[0]:.2f}–{ratios[-1]:.2f})"))
        return rows
    finally:
        pair.close()


def kinds(node):
    """name: paths that are all different, so that none comes from the cache of answers"""
    now = int(time.time() * 1000)
    some = [row["page"] for row in node.api("/search", EMAIL, q="e", limit=50)["results"]
            if row["page"] is not None]
    folders = [item["id"] for item in node.api("/bookmarks", EMAIL, folder="toolbar")["items"]
               if item["kind"] == "folder"]
    return {
        "history, 50 visits before a date":
        [f"/history?limit=50&to={now - i * 14400000}" for i in range(200)],
        "history, 50 visits of a word":
        [f"/history?limit=50&q={w}&to={now - i}" for w in WORDS for i in range(8)],
        "history, 50 visits of a host":
        [f"/history?limit=50&host=news.{w}.example&to={now - i}" for w in WORDS for i in range(8)],
        "days, 30 days": [f"/history/days?from={now - 30 * 86400000 - i}&to={now - i}"
                          for i in range(100)],
        "days, 400 days": [f"/history/days?from={now - 400 * 86400000 - i}&to={now - i}"
                           for i in range(50)],
        "sites": [f"/history/sites?limit={50 + i}" for i in range(50)],
        "search, 20 hits": [f"/search?limit=20&q={a}{b}" for a in "abcdefghiklmnoprstuvw"
                            for b in "aeiourst"],
        "search, 100 hits": [f"/search?limit=100&q={a}{b}" for a in "abcdefghiklmnopr"
                             for b in "aeiourst"],
        "a page": [f"/pages/{page}?round={i}" for i in range(3) for page in some],
        "bookmarks, newest": [f"/bookmarks?sort=added&limit={100 + i}" for i in range(60)],
        "bookmarks of a word": [f"/bookmarks?q={w}&limit={40 + i}" for w in WORDS
                                for i in range(6)],
        "a folder": [f"/bookmarks?folder={guid}&limit={100 + i}"
                     for guid in ["toolbar", "menu", "unfiled", *folders[:5]] for i in range(8)],
    }


class Reader:
    def __init__(self, node):
        self.node = node
        self.connection = http.client.HTTPConnection(urllib.parse.urlparse(node.address).netloc)
        self.headers = {"Authorization": f"Bearer {node.token(EMAIL)}"}

    def ms(self, path):
        begin = time.perf_counter()
        self.connection.request("GET", f"/api/v1{path}", headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        took = (time.perf_counter() - begin) * 1000
        if answer.status != 200:
            raise AssertionError(f"{path}: {answer.status} {body[:300]}")
        return took


def requests(history=100000, bookmarks=10000):
    """Each path on both, one after the other; the ratio is that of the medians. Cold: the first
    request of a kind after a start."""
    pair = Pair(history, bookmarks)
    try:
        nodes = [FirstSync(pair, postgres).node for postgres in (0, 1)]
        asked, rows, cold = kinds(nodes[0]), [], {}
        for node in nodes:
            node.stop()
        for name, paths in asked.items():
            for node in nodes:
                node.start()
            readers = [Reader(node) for node in nodes]
            cold[name] = [reader.ms(paths[0]) for reader in readers]
            times = [], []
            for path in paths[1:]:
                for reader, found in zip(readers, times):
                    found.append(reader.ms(path))
            medians = [statistics.median(found) for found in times]
            rows.append((name, f"{cold[name][0]:.1f}", f"{cold[name][1]:.1f}",
                         f"{medians[0]:.2f}", f"{medians[1]:.2f}",
                         f"{medians[1] / medians[0]:.2f}"))
            for reader in readers:
                reader.connection.close()
            for node in nodes:
                node.stop()
        return rows
    finally:
        pair.close()

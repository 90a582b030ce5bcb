"""A daemon around fault plugins (tests/doubles/fault), for tests that break its storage and its
queue."""
import os

from harness import ADA, HEARTHD, Node, TestCase

BUILD = os.path.dirname(os.path.abspath(HEARTHD))
CONFIG = f"""[hearth]
plugin_dir = {BUILD}/tests/doubles/fault
[storage main]
plugin = fault
inner = {BUILD}/plugins/storage-sqlite/storage-sqlite.so
rules = storage.rules
options = path=hearth.db;busy_timeout=5s
[queue]
plugin = fault
inner = {BUILD}/plugins/queue-inproc/queue-inproc.so
rules = queue.rules
[web]
drain_timeout = 500ms
storage_timeout = 2s
[scheduler]
jitter = 0
"""
DAILY = "interval = 1d\ninterval_week = 1d\ninterval_month = 1d\n"
OFTEN = "interval = 1s\ninterval_week = 1s\ninterval_month = 1s\n"


class FaultyNode(Node):
    """The daemon has the fault plugins; the command line works on the same data without them."""
    def __init__(self, config="", environment=None):
        super().__init__(CONFIG + config, environment)
        self.plain = os.path.join(self.folder, "plain.d")
        os.mkdir(self.plain)
        with open(os.path.join(self.plain, "plain.conf"), "w", encoding="utf-8") as f:
            f.write(f"[hearth]\nstate_dir = {self.state}\n[storage main]\npath = hearth.db\n")

    def cli(self, *words, **options):
        faulty, self.conf = self.conf, self.plain
        try:
            return super().cli(*words, **options)
        finally:
            self.conf = faulty

    def faults(self, kind, *rules):
        """Replaces the rules of a plugin, at once for all of its calls."""
        path = os.path.join(self.state, kind + ".rules")
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write("".join(rule + "\n" for rule in rules))
        os.replace(path + ".new", path)

    def held(self, kind):
        """Does a call wait because of a rule with `hold`? Its deadline then (monotonic ms, as
        text; "0": none). Forgets it."""
        path = os.path.join(self.state, kind + ".rules.held")
        if not os.path.exists(path):
            return None
        with open(path, encoding="ascii") as f:
            deadline = f.read()
        os.unlink(path)
        return deadline

    def clear(self):
        self.faults("storage")
        self.faults("queue")


class FaultCase(TestCase):
    def home(self, config=DAILY, sync=True, faults=None, environment=None, **options):
        """A node with Ada's data. faults: of the storage, from before she comes, as the daemon
        may sync her at once."""
        node = FaultyNode(config, environment)
        self.addCleanup(node.close)
        node.start()
        self.ada = self.service(**options)
        if faults is not None:
            node.faults("storage", faults)
        node.add_account(self.ada, sync=sync)
        return node

    def uncached(self, path):
        """The same resource under a query that was not asked before."""
        self.asked = getattr(self, "asked", 0) + 1
        return f"{path}{'&' if '?' in path else '?'}ask={self.asked}"

    def assert_unavailable(self, answer):
        self.assertEqual((answer.status, answer.headers["Content-Type"]),
                         (503, "application/problem+json"), answer.body)
        self.assertEqual((answer.json["status"], answer.json["code"]), (503, "unavailable"))
        self.assertGreater(int(answer.headers["Retry-After"]), 0)
        self.assertIsNone(answer.headers["ETag"])

    def assert_same_as_without_faults(self, node):
        """Nothing is missing, nothing is there twice."""
        if not hasattr(self, "control"):
            self.control = self.node(start=False)
            self.control.add_account(self.service())
        tables = ("pages", "page_guids", "visits", "bookmarks", "bookmark_tags",
                  "bookmark_claims", "devices", "tabs", "marks")
        with node.database(ADA) as faulty, self.control.database(ADA) as plain:
            counts = [{t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
                       for t in tables}
                      for db in (faulty, plain)]
        self.assertEqual(counts[0], counts[1])
        self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")

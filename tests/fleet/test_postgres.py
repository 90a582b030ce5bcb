"""What only PostgreSQL can do to the daemon: schemas of other releases, connections that are
ended, wrong addresses, several that migrate at once."""
import json
import os
import re
import signal
import subprocess
import threading
import unittest

from fleet import HEARTHD, ROOT, Postgres, PostgresCase, until
from harness import ADA
from servers import Hole


class WithPostgres(PostgresCase):
    def fresh(self, migrate=True, start=False):
        """A node on a database of its own; (node, database)."""
        database, dsn = self.new_database()
        node = self.node(f"[storage main]\nplugin = pg\ndsn = {dsn}\n", start=False)
        if migrate:
            node.cli("migrate")
        return (node.start() if start else node), database

    def test_schemas(self):
        node, database = self.fresh()
        node.cli("check")
        newest = int(self.postgres.sql(database, "SELECT max(version) FROM schema_version"))
        self.postgres.sql(database, f"INSERT INTO schema_version VALUES ({newest + 1}, {newest})")
        # a newer release has been here, and says that this one may go on
        self.assertIn("The configuration is good.", node.cli("check"))
        node.cli("migrate")
        self.postgres.sql(database,
                          f"INSERT INTO schema_version VALUES ({newest + 2}, {newest + 1})")
        self.assertIn("use a newer hearthd", node.cli("check", code=1))
        self.assertIn("use a newer hearthd", node.cli("migrate", code=1))

    def test_the_schema_is_the_documented_one(self):
        """docs/schema.md: the same tables and columns as SQLite's but for what it says, and
        examples that run."""
        node, database = self.fresh()
        columns = {}
        for line in self.postgres.sql(
                database,
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema "
                "= 'public'"
        ).splitlines():
            columns.setdefault(line.split("|")[0], set()).add(line.split("|")[1])
        single, service = self.node(), self.service()
        single.add_account(service)
        kinds = []  # of the shared file, and of a person's
        for email in (None, ADA):
            with single.database(email) as db:
                names = [
                    n for (n, ) in db.execute(
                        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name "
                        "NOT LIKE 'sqlite_%'"
                    )
                ]
                kinds.append({
                    name: {row[1]
                           for row in db.execute(f"PRAGMA table_info({name})")}
                    for name in names
                })
        expected, person = kinds
        counted = person.pop("account") - {"row", "id"}
        expected["accounts"] = expected["accounts"] - {"file"} | counted
        expected["readable_accounts"] = expected["readable_accounts"] - {"file"} | counted - {
            "forgotten", "removals_forgotten"
        }
        del expected["removed_files"]
        names = ("collections", "visit_types", "bookmark_kinds", "bookmark_roots", "removal_kinds")
        for name, of in person.items():
            expected[name] = of if name in names else of | {
                "email" if name.startswith("readable_") else "account"
            }
        for table, gone, new in (("pages", {"row"}, {"host_key"}), ("bookmarks", {"row"}, set()),
                                 ("visits", {"page_row"}, set()),
                                 ("page_guids", {"page_row"}, {"page"}), ("schema_version", set(),
                                                                          {"version", "oldest"})):
            expected[table] = expected.get(table, set()) - gone | new
        expected["removed_pages"] = {"account", "id", "generation"}
        expected["bookmark_moves"] = {"account", "parent", "children"}
        self.assertEqual(columns, expected)
        with open(os.path.join(ROOT, "docs", "schema.md"), encoding="utf-8") as f:
            examples = re.search(r"```postgresql\n(.*?)```", f.read(), re.S)[1].split(";\n")
        node.start()
        node.add_account(service)
        for sql in filter(None, examples):
            self.assertGreater(len(self.postgres.sql(database, sql).splitlines()), 1, sql)

    def test_many_migrate_at_once(self):
        node, database = self.fresh(migrate=False)
        command = [HEARTHD, "--config", node.conf, "migrate"]
        done = [
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            for _ in range(6)
        ]
        said = [p.communicate(timeout=60)[0] for p in done]
        self.assertEqual([p.returncode for p in done], [0] * 6, said)
        self.assertEqual(
            self.postgres.sql(database, "SELECT count(*) = max(version) FROM schema_version"),
            "t\n")

    def test_addresses_that_lead_nowhere(self):
        cases = {
            "postgresql://postgres@/nothere?host=" + self.postgres.folder: ("createdb", 2),
            "postgresql://nobody@/postgres?host=" + self.postgres.folder: ("createuser", 1),
            "postgresql://postgres@/postgres?host=/nonexistent": ("cannot be reached", 1),
            "postgresql://postgres@127.0.0.1:1/postgres": ("cannot be reached", 1), "nonsense":
            ("dsn", 2)
        }
        for dsn, (words, code) in cases.items():
            node = self.node(f"[storage main]\nplugin = pg\ndsn = {dsn}\n", start=False)
            said = node.cli("check", code=code)
            self.assertIn(words, said)
            self.assertLessEqual(said.count("\n"), 1)

    def test_the_password_is_not_shown(self):
        node = self.node(
            "[storage main]\nplugin = pg\ndsn = postgresql://someone:hunter2@127.0.0.1:1/x\n",
            start=False)
        for command in (["check"], ["migrate"]):
            self.assertNotIn("hunter2", node.cli(*command, code=1))
        self.assertNotIn("hunter2", node.cli("config"))

    PROBED = "[hearth]\nprobe_interval = 50ms\nprobe_timeout = 500ms\n[web]\nstorage_timeout = 1h\n"

    def test_changes_that_do_not_end(self):
        """A synchronous standby is missing, or somebody holds a lock: no commit ends, and
        everything can be read."""
        node, database = self.fresh(start=True)
        node.add_account(self.service())
        node.stop()
        node.configure("60-probes", self.PROBED)
        node.start()
        self.addCleanup(self.standby, None)
        self.standby("nobody")
        ready = until(lambda: (a := node.request("/readyz", email=None)).status == 503 and a,
                      "a probe notices it")
        self.assertEqual(ready.json["detail"],
                         "The storage cannot be written (input or output failed).")
        for i in range(10):  # probe after probe
            self.assertEqual(node.request(f"/api/v1/history?ask={i}").status, 200)
            self.assertEqual(
                node.request("/readyz", email=None).json["detail"], ready.json["detail"])
        self.assertIn("a change does not end", node.log_text())
        self.standby(None)
        until(lambda: node.request("/readyz", email=None).status == 200, "it can be written again")
        self.assertEqual(
            node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}).status, 200)

    def standby(self, name):
        self.postgres.sql(
            "postgres", f"ALTER SYSTEM SET synchronous_standby_names = '{name}'"
            if name else "ALTER SYSTEM RESET synchronous_standby_names")
        self.postgres.sql("postgres", "SELECT pg_reload_conf()")

    def test_a_table_that_is_locked(self):
        """The server answers, but nobody's request: they are told so at once instead of one by
        one after storage_timeout, an hour here."""
        node, database = self.fresh(start=True)
        node.add_account(self.service())
        node.stop()
        node.configure("60-probes", self.PROBED)
        node.start()
        command = [
            os.path.join(self.postgres.bin, "psql"), "-h", self.postgres.folder, "-U", "postgres",
            "-d", database, "-X", "-q"
        ]
        holder = subprocess.Popen(command, stdin=subprocess.PIPE, text=True,
                                  **self.postgres.options(), cwd=self.postgres.folder)
        try:
            holder.stdin.write("BEGIN; LOCK TABLE accounts;\n")
            holder.stdin.flush()
            ready = until(lambda: (a := node.request("/readyz", email=None)).status == 503 and a,
                          "a probe notices it")
            self.assertIn("does not answer", ready.json["detail"])
            self.assertEqual([node.request(f"/api/v1/history?ask={i}").status for i in range(12)],
                             [503] * 12)
        finally:
            holder.stdin.close()
            holder.wait(60)
        until(lambda: node.request("/readyz", email=None).status == 200, "it answers again")
        self.assertEqual(node.request("/api/v1/history?ask=13").status, 200)

    def test_a_command_whose_server_stops(self):
        """No deadline is set on the command line: a command that waits for a server that has
        stopped ends in words nevertheless."""
        node, database = self.fresh()
        node.add_account(self.service())
        dsn = self.postgres.dsn(database)
        node.configure("60-patience",
                       f"[storage main]\nplugin = pg\ndsn = {dsn}\nstatement_timeout = 5s\n")
        holder = subprocess.Popen([
            os.path.join(self.postgres.bin, "psql"), "-h", self.postgres.folder, "-U", "postgres",
            "-d", database, "-X", "-q"
        ], stdin=subprocess.PIPE, text=True, **self.postgres.options(), cwd=self.postgres.folder)
        try:
            holder.stdin.write("BEGIN; LOCK TABLE accounts;\n")
            holder.stdin.flush()
            held = ("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = relation WHERE "
                    "relname = 'accounts' AND granted = ")
            until(lambda: self.postgres.sql(database, held + "true").strip() != "0",
                  "the lock is held")
            command = subprocess.Popen([HEARTHD, "--config", node.conf, "account", "list"],
                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            until(
                lambda: self.postgres.sql(database, held + "false").strip() != "0" or command.poll(
                ) is not None, "the command waits for it")
            self.postgres.freeze()
            try:
                said = command.communicate(timeout=120)[1]
            finally:
                self.postgres.thaw()
                command.kill()
        finally:
            holder.stdin.close()
            holder.wait(60)
        self.assertEqual(command.returncode, 1)
        self.assertIn("_timeout", said)

    def test_connections_that_are_ended(self):
        """People read and syncs run while every connection is ended again and again: answers or
        clean errors, and nothing half done."""
        service = self.service(step=1)
        node, database = self.fresh(start=True)
        node.add_account(service)
        wrong, done = [], threading.Event()

        def read():
            while not done.is_set():
                answer = node.request("/api/v1/bookmarks")
                if answer.status not in (200, 503) or answer.headers["Content-Type"].split(
                        ";")[0] not in ("application/json", "application/problem+json"):
                    wrong.append((answer.status, answer.body))

        reader = threading.Thread(target=read)
        reader.start()
        for step in range(2, 8):
            service.step(step)
            syncing = subprocess.Popen(
                [HEARTHD, "--config", node.conf, "account", "sync", "ada@example.org"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            for _ in range(8):
                self.postgres.sql(
                    "postgres",
                    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname "
                    f"= '{database}'"
                )
            syncing.wait(60)
        done.set()
        reader.join()
        self.assertEqual(wrong, [])
        until(lambda: node.request("/readyz", email=None).status == 200, "ready again")
        node.sync()
        self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")
        single = self.node()
        single.add_account(service)
        for path in ("/bookmarks?folder=menu", "/bookmarks?sort=added&limit=500", "/tags", "/tabs",
                     "/devices"):
            self.assertEqual(
                node.request("/api/v1" + path).body,
                single.request("/api/v1" + path).body, path)

    def test_what_a_first_sync_reads(self):
        """Statements are planned while a table has a handful of rows, in which any index looks as
        good as the right one; as it fills, they are not to walk through all of an account. (A
        first sync of 100,000 pages behind one of ten bookmarks took two minutes.)"""
        email, pages, service = "first@example.org", 3000, self.service(load=False)
        account = service.account(email, history=pages, bookmarks=10, tabs=1)
        single, (node, database) = self.node(), self.fresh(start=True)
        for one in (single, node):
            one.cli("account", "import", "-", text=json.dumps(account))
            one.sync(email)
        node.stop()  # who leaves tells what it has counted

        def scans():
            lines = self.postgres.sql(
                database, "SELECT indexrelname, idx_scan FROM pg_stat_user_indexes WHERE relname "
                "IN ('pages', 'visits')").splitlines()
            return {name: int(count) for name, _, count in (li.partition("|") for li in lines)}

        until(lambda: scans()["pages_pkey"] > 0, "the statistics are there")
        for index, count in scans().items():
            if index not in ("pages_pkey", "visits_pkey"):
                self.assertLess(count, pages / 3, index)
        node.start()
        for path in ("/history?limit=500", "/history/sites?limit=500", "/history/days",
                     "/bookmarks?sort=added", "/search?q=garden&limit=100"):
            self.assertEqual(node.request("/api/v1" + path, email=email).body,
                             single.request("/api/v1" + path, email=email).body, path)
        self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")

    def test_how_often_a_request_waits(self):
        """What a request is going to read is asked for at once, however far away the server is."""
        email, service = "far@example.org", self.service(load=False)
        account = service.account(email, history=500, bookmarks=300, tabs=1)
        single, (database, _) = self.node(), self.new_database()
        hole = Hole(os.path.join(self.postgres.folder, ".s.PGSQL.5432"))
        self.addCleanup(hole.close)
        node = self.node(f"[storage main]\nplugin = pg\ndsn = postgresql://postgres@127.0.0.1:"
                         f"{hole.port}/{database}\n")
        for one in (single, node):
            one.cli("account", "import", "-", text=json.dumps(account))
            one.sync(email)
        page = node.api("/history", email, limit=1)["visits"][0]["page"]
        cursor = node.api("/history", email, limit=7)["next"]
        for path in (f"/pages/{page}?a=1", "/history?limit=50", "/history?limit=300",
                     f"/history?limit=20&cursor={cursor}",
                     "/history?limit=20&host=nowhere.example&to=1700000000000",
                     "/bookmarks?folder=toolbar", "/bookmarks?sort=added&limit=150",
                     "/pages/1?a=1", "/bookmarks?folder=nothing", "/history?limit=0"):
            waits = []
            for i in range(8):  # of different addresses: none is answered from memory
                before = hole.waits
                answer = node.request(f"/api/v1{path}&i={i}", email=email)
                waits.append(hole.waits - before)
            self.assertEqual(min(waits), 1, path)  # more: somebody else waited meanwhile
            self.assertEqual(answer.body, single.request(f"/api/v1{path}&i=8", email=email).body)

    def test_a_start_without_the_database(self):
        """A single node waits for its database as the nodes of a fleet do: it starts, says that
        it is not ready, and goes on when it is there."""
        server = Postgres().start()
        self.addCleanup(server.close)
        node = self.node(
            f"[storage main]\nplugin = pg\ndsn = {server.create('one')}\nconnect_timeout = 1s\n",
            start=False).prepare()
        node.add_account(self.service(), sync=False)
        token = node.token()

        def waits(words):
            self.assertIn(words, node.cli("check", code=1))
            self.assertIn(words, node.cli("node", "list", code=1))
            node.start()
            until(lambda: node.request("/readyz", email=None).status == 503, "it is not ready")
            self.assertEqual(node.request("/api/v1/me", email=None, token=token).status, 503)

        server.end(signal.SIGQUIT)
        waits("cannot be reached")
        server.start()
        until(lambda: node.request("/api/v1/me", email=None, token=token).status == 200,
              "it is back")
        until(lambda: node.request("/readyz", email=None).status == 200, "and ready")
        node.stop()
        server.freeze()
        try:
            waits("does not answer within 1000 ms")
        finally:
            server.thaw()
        until(lambda: node.request("/api/v1/me", email=None, token=token).status == 200,
              "it is back")


if __name__ == "__main__":
    unittest.main()

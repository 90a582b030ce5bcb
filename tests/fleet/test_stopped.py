"""What stops without dying: PostgreSQL and Redis halted by SIGSTOP, or behind a network that
swallows everything, for longer than every time-out (they are short here, by configuration).
Everything that is asserted happens before the server goes on: the stop ends when the answers are
there, not the other way round. The full forms, with 120 seconds and times, are
tests/long/stopped_servers.py."""
import concurrent.futures
import itertools
import json
import signal
import subprocess
import time
import unittest

from fleet import HEARTHD, PATIENCE, Fleet, TestCase, until

SHORT = (
    "[hearth]\nprobe_interval = 100ms\nprobe_timeout = 400ms\n[scheduler]\ninterval = 1s\ntick = "
    "100ms\nlease = 2s\n"
    "[worker]\nlease = 2s\nparallel = 4\n[web]\ndrain_timeout = 2s\nstorage_timeout = 3s\n")
ASKED = itertools.count()
LONGER_THAN_ALL = 6  # seconds: storage_timeout, connect_timeout, command_timeout are over
PAGES = [
    "/api/v1/me", "/api/v1/devices", "/api/v1/tabs", "/api/v1/bookmarks?folder=unfiled",
    "/api/v1/bookmarks?sort=added", "/api/v1/tags", "/api/v1/history", "/api/v1/history/days",
    "/api/v1/history/sites", "/api/v1/search?q=round", "/api/v1/suggest?q=r", "/api/v1/settings",
    "/api/v1/sessions", "/api/v1/tokens", "/api/v1/export/bookmarks.html"
]


def at_once(calls):
    """All calls at the same time; their answers in order."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [f.result() for f in [pool.submit(c) for c in calls]]


class Stopped(TestCase):
    def fleet(self, **options):
        fleet = Fleet(self, workers=1, schedulers=1, config=SHORT, **options)
        fleet.settle(8)
        until(lambda: all(row["last_sync_at"] for row in fleet.rows()), "everybody synced")
        places = {e: row["node"] for e, row in fleet.accounts.items()}
        self.here = {
            node: next(e
                       for e, n in places.items()
                       if n == node)
            for node in ("alder", "birch")
        }
        self.frozen = []
        self.addCleanup(self.thaw)  # before the servers are ended: what is frozen does not end
        return fleet

    def freeze(self, *servers):
        self.frozen += servers
        for server in servers:
            server.freeze()

    def thaw(self):
        while self.frozen:
            server = self.frozen.pop()
            if server.process is not None:
                server.thaw()

    def read(self, fleet, node, path):
        """What was not asked before: no cache knows the answer."""
        path += f"{'&' if '?' in path else '?'}ask={next(ASKED)}"
        return fleet.webs[node].request(path, email=None, token=fleet.tokens[self.here[node]])

    def wait_out(self, fleet, node, expected):
        """Asks for longer than every time-out: the answers are the expected ones all the time."""
        end = time.monotonic() + LONGER_THAN_ALL
        while time.monotonic() < end:
            self.assertEqual(self.read(fleet, node, "/api/v1/history").status, expected)

    def warm_up(self, fleet):
        """All threads have sessions: what hangs then is a statement,
        else it is the opening of a session."""
        for _ in range(4):
            for node in self.here:
                self.assertEqual([
                    a.status
                    for a in at_once([lambda p=p, n=node: self.read(fleet, n, p) for p in PAGES])
                ], [200] * len(PAGES))

    def check_hung_node(self, fleet):
        """alder's database hangs."""
        alder, birch = fleet.webs["alder"], fleet.webs["birch"]
        # More readers than storage threads, all at once, before anybody knows: each is answered
        # while the database hangs.
        answers = at_once([lambda p=p: self.read(fleet, "alder", p) for p in PAGES])
        self.assertEqual({(a.status, a.json["code"], a.headers["Retry-After"])
                          for a in answers}, {(503, "unavailable", "5")})
        until(lambda: alder.request("/readyz", email=None).status == 503,
              "alder says that it is not ready")
        self.assertEqual(
            alder.request("/readyz", email=None).json["detail"],
            "The storage does not answer (took too long).")
        self.assertEqual([
            n.request("/readyz", email=None).status
            for n in (birch, *fleet.workers, *fleet.schedulers)
        ], [200, 200, 200])
        # The other node: read, found by a process that asks both, written, synced.
        self.assertEqual(
            [a.status for a in at_once([lambda p=p: self.read(fleet, "birch", p) for p in PAGES])],
            [200] * len(PAGES))
        email = self.here["birch"]
        self.assertEqual(
            json.loads(birch.request(f"/api/v1/node?account={email}", email=None).body)["node"],
            "birch")
        self.assertEqual(
            birch.request("/api/v1/settings", "PATCH", email=None, token=fleet.tokens[email],
                          body={"theme": {"mode": "dark"}}).status, 200)
        # one after another, so that all workers would be stuck if one node could hold them
        for _ in range(3):
            fleet.next_round(email)
            number = fleet.rounds[email]
            until(
                lambda n=number: n in fleet.rounds_seen(
                    email, self.read(fleet, "birch", "/api/v1/history")), "birch is synced")
        self.wait_out(fleet, "alder", 503)
        # Through HAProxy: words of the daemon for alder, birch undisturbed.
        until(lambda: fleet.ask(self.here["alder"], "/api/v1/me").json.get("code") == "unavailable",
              "words")
        self.assertEqual(fleet.ask(email, "/api/v1/me").status, 200)

    def check_commands(self, fleet):
        """alder's database hangs: the command line serves the people of birch, names alder in
        words, and ends."""
        def command(*words, code):
            return subprocess.run([HEARTHD, "--config", fleet.operator.conf, *words],
                                  capture_output=True, text=True, timeout=PATIENCE), code

        here, there = self.here["birch"], self.here["alder"]
        done = at_once([
            lambda w=w, c=c: command(*w, code=c)
            for w, c in ((["account", "show", here], 0), (["account", "sync", here, "--wait"], 0),
                         (["token", "new", here, "--name", "x"],
                          0), (["export", here, "bookmarks.json"], 0), (["account", "list"], 1),
                         (["verify"], 1), (["migrate"], 1), (["account", "show", there], 1),
                         (["node", "drain", "alder", "--wait", "--yes"], 1), (["node", "list"], 1))
        ])
        for ran, code in done:
            self.assertEqual(ran.returncode, code, (ran.args, ran.stdout, ran.stderr))
            self.assertEqual("node alder" in ran.stderr, code == 1, ran)
        listed, verified, migrated = (ran.stdout for ran, _ in done[4:7])
        self.assertIn(here, listed)
        self.assertIn("Node birch:", verified)
        self.assertNotIn("sound", verified)
        self.assertIn("node birch has schema", migrated)
        self.assertRegex(done[-1][0].stdout, r"(?m)^birch .* answers$")

    def check_stops(self, *daemons):
        for daemon in daemons:
            daemon.stop()  # the exit code is 0, so all of its threads have ended in time
            self.assertNotIn("stop takes too long", daemon.log_text())

    def check_recovery(self, fleet):
        for node, email in self.here.items():
            until(lambda n=node: fleet.webs[n].request("/readyz", email=None).status == 200,
                  f"{node} is ready")
            until(lambda n=node: self.read(fleet, n, "/api/v1/me").status == 200, f"{node} is back")
            until(lambda e=email: fleet.ask(e, "/api/v1/me").status == 200,
                  f"{node} is back behind HAProxy")
            fleet.next_round(email)
            until(
                lambda e=email, n=node: fleet.rounds[e] in fleet.rounds_seen(
                    e, self.read(fleet, n, "/api/v1/history")), "syncs go on")

    def told(self, daemon, start):
        """What a process said since then of errors and outages: (level, what)."""
        rows = [json.loads(line) for line in daemon.log_text()[start:].splitlines()]
        return [(r["level"], f"{r['event']}: {r.get('backend')}")
                for r in rows
                if r["level"] in ("error", "warning") or r["event"] == "answers again"]

    def test_an_outage_is_told_once(self):
        """Redis, then a database is killed while everybody works, and comes back: each process
        says so in two lines."""
        fleet = self.fleet(apart=True)
        self.warm_up(fleet)
        for server, what, alder in ((fleet.redis, "the queue", 200),
                                    (fleet.databases["alder"], "the storage of node alder", 503)):
            starts = [(d, len(d.log_text())) for d in fleet.daemons()]
            server.end(signal.SIGKILL)
            until(
                lambda: all(f'"does not answer","backend":"{what}"' in d.log_text()[start:]
                            for d, start in starts), "everybody says that it begins")
            self.wait_out(fleet, "alder", alder)
            for node, email in self.here.items():
                web, token = fleet.webs[node], fleet.tokens[email]
                at_once([lambda p=p, n=node: self.read(fleet, n, p) for p in PAGES])
                web.request("/api/v1/sync", "POST", email=None, token=token)
                web.request("/basic/bookmarks", email=None, token=token)
                web.request(f"/api/v1/node?account={email}", email=None)
            server.start()
            until(lambda: all("answers again" in d.log_text()[start:] for d, start in starts),
                  "everybody says that it has ended")
            self.check_recovery(fleet)
            for daemon, start in starts:
                told = self.told(daemon, start)
                self.assertEqual(len(told), 2, told)
                self.assertEqual(told[0][0], "error")
                self.assertEqual(told[0][1], f"does not answer: {what}")
                self.assertEqual(told[1], ("info", f"answers again: {what}"))

    def test_started_in_an_outage(self):
        """Workers and schedulers that are started while Redis and a database are away."""
        fleet = self.fleet(apart=True)
        for server in (fleet.redis, fleet.databases["alder"]):
            server.end(signal.SIGKILL)
        late = fleet.workers + fleet.schedulers
        for daemon in late:
            daemon.kill()
        starts = [(d, len(d.log_text())) for d in late]
        for daemon in late:
            daemon.start()
        self.wait_out(fleet, "birch", 200)
        for server in (fleet.redis, fleet.databases["alder"]):
            server.start()
        until(lambda: all(d.log_text()[start:].count("answers again") == 2 for d, start in starts),
              "everybody says that it has ended")
        self.check_recovery(fleet)
        for daemon, start in starts:
            told = self.told(daemon, start)
            self.assertEqual(len(told), 4, told)
            for what in ("the queue", "the storage of node alder"):
                self.assertEqual(sum(text == f"does not answer: {what}" for _, text in told), 1,
                                 told)

    def test_started_while_redis_hangs(self):
        """Every role starts; reading works meanwhile; the command line says what hangs."""
        fleet = self.fleet()
        self.freeze(fleet.redis)
        for daemon in fleet.daemons():
            daemon.kill()
        at_once([daemon.start for daemon in fleet.daemons()])
        self.assertEqual({self.read(fleet, node, p).status
                          for node in fleet.webs
                          for p in PAGES}, {200})
        for words in (["check"], ["queue", "show"], ["queue", "clear", "--yes"]):
            said = fleet.webs["alder"].cli(*words, code=1)
            self.assertRegex(
                said, "the queue was asked for 5 seconds: Redis at .* did not answer in time")
        self.thaw()
        self.check_recovery(fleet)

    def test_postgres_stops(self):
        fleet = self.fleet(apart=True)
        self.warm_up(fleet)
        self.freeze(fleet.databases["alder"])
        self.check_hung_node(fleet)
        self.check_commands(fleet)
        self.thaw()
        self.check_recovery(fleet)
        # Told to stop while a database hangs, and before anybody knows that it does, everybody
        # ends.
        self.freeze(*fleet.databases.values())
        self.check_stops(*fleet.daemons())

    def test_network_swallows_everything(self):
        fleet = self.fleet(apart=True, hole="alder")
        self.warm_up(fleet)
        fleet.hole.swallow()
        self.check_hung_node(fleet)
        fleet.hole.release()
        self.check_recovery(fleet)
        fleet.hole.swallow()
        self.check_stops(*fleet.daemons())

    def check_without_queue(self, fleet, said):
        """Through the shipped HAProxy file."""
        for email in self.here.values():
            for _ in range(2):
                self.assertEqual([
                    a.status for a in at_once([lambda p=p, e=email: fleet.ask(e, p) for p in PAGES])
                ], [200] * len(PAGES))
        for web in fleet.webs.values():
            ready = until(
                lambda w=web:
                (a := w.request("/readyz", email=None)).json.get("queue") != "ok" and a,
                "the queue's absence is said")
            self.assertEqual((ready.status, ready.json), (200, {"ready": True, "queue": said}))
        for node in fleet.workers + fleet.schedulers:
            until(lambda n=node: n.request("/readyz", email=None).status == 503,
                  "who needs the queue is not ready")
        wish = fleet.webs["alder"].request("/api/v1/sync", "POST", email=None,
                                           token=fleet.tokens[self.here["alder"]])
        self.assertEqual((wish.status, wish.json["code"]), (503, "unavailable"))
        self.wait_out(fleet, "alder", 200)
        for email in self.here.values():
            self.assertEqual(
                [a.status for a in at_once([lambda p=p, e=email: fleet.ask(e, p) for p in PAGES])],
                [200] * len(PAGES))

    def test_redis_stops(self):
        fleet = self.fleet()
        self.freeze(fleet.redis)
        self.check_without_queue(fleet, "The queue does not answer (took too long).")
        self.thaw()
        self.check_recovery(fleet)
        self.freeze(fleet.redis)
        self.check_stops(*fleet.daemons())

    def test_redis_is_killed(self):
        fleet = self.fleet()
        fleet.redis.end(signal.SIGKILL)
        self.check_without_queue(fleet, "The queue does not answer (not available now).")
        fleet.redis.start()
        self.check_recovery(fleet)

    def test_all_look_down(self):
        """No database can be written: nobody is ready, but reading goes on,
        because HAProxy sends anyway."""
        fleet = self.fleet()
        fleet.postgres.sql("postgres", "ALTER SYSTEM SET default_transaction_read_only = on")
        fleet.postgres.sql("postgres", "SELECT pg_reload_conf()")
        for web in fleet.webs.values():
            until(lambda w=web: w.request("/readyz", email=None).status == 503, "nobody is ready")
            self.assertEqual(
                web.request("/readyz", email=None).json["detail"],
                "The storage cannot be written (not allowed).")
        until(lambda: fleet.haproxy.log_text().count("is DOWN") >= 2, "HAProxy knows it")
        for email in self.here.values():
            self.assertEqual([fleet.ask(email, p).status for p in PAGES], [200] * len(PAGES))
            self.assertIn(
                fleet.ask(email, "/api/v1/me", {"Hearth-Node": "", "Cookie": ""},
                          follow=False).status, (200, 307))
        fleet.postgres.sql("postgres", "ALTER SYSTEM RESET default_transaction_read_only")
        fleet.postgres.sql("postgres", "SELECT pg_reload_conf()")
        self.check_recovery(fleet)


if __name__ == "__main__":
    unittest.main()

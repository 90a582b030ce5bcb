"""Everything that can die does, while people read and their browsers go on uploading. Arguments:
the seed.

What has to hold: every account is synced again in time; no two workers sync one account at once;
a collection is seen whole or not at all; nobody sees another's rows; readers get answers or a
clean 503; /readyz tells the truth; all of it recovers without help (but that what was killed is
started again)."""
import datetime
import json
import os
import random
import signal
import sys
import threading
import unittest
import urllib.error
import urllib.request

from fleet import Fleet, PATIENCE, TestCase, until

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 1
ACCOUNTS = int(os.environ.get("FLEET_ACCOUNTS", 300))
ROUNDED = 2  # ms: the log's times are rounded
EVENTS = int(os.environ.get("FLEET_EVENTS", 25))
CONFIG = """[scheduler]
interval = 10s
tick = 200ms
lease = 20s
[worker]
parallel = 4
lease = 8s
"""


class Watch(threading.Thread):
    """Asks /readyz of every process, round by round, and remembers the statuses of each round.
    The test goes by these rounds, not by the clock."""
    def __init__(self, fleet):
        super().__init__(daemon=True)
        self.fleet, self.rounds, self.done = fleet, [], threading.Event()

    def run(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not self.done.wait(0.2):
            self.rounds.append(
                {node: self.ask(opener, node.address)
                 for node in self.fleet.daemons()})

    def ask(self, opener, address):
        try:
            with opener.open(address + "/readyz", timeout=60) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0  # it was killed

    def wait(self, rounds, what, meanwhile=lambda: None):
        """Until so many more rounds are complete."""
        wanted = len(self.rounds) + rounds
        until(lambda: meanwhile() or len(self.rounds) >= wanted, what,
              progress=lambda: len(self.rounds))

    def wait_for(self, good, what, meanwhile=lambda: None):
        """Until every process that runs has said in one round that
        begins from now on what it should."""
        begin = len(self.rounds) + 1
        until(
            lambda: meanwhile() or any(
                all(good(s)
                    for n, s in r.items()
                    if n.process is not None)
                for r in self.rounds[begin:]), what)


class Reader(threading.Thread):
    """A program that reads at random; whatever is wrong is kept in `wrong`."""
    def __init__(self, fleet, seed):
        super().__init__(daemon=True)
        self.fleet, self.random, self.done = fleet, random.Random(seed), threading.Event()
        self.wrong, self.answers, self.refusals = [], 0, 0

    def run(self):
        while not self.done.wait(0.02):
            try:
                self.read(self.random.choice(self.fleet.emails))
            except Exception as error:  # a broken connection is as wrong as a wrong answer
                self.wrong.append(repr(error))

    def read(self, email):
        path = self.random.choice([
            "/api/v1/bookmarks?folder=unfiled", "/api/v1/history?limit=20", "/api/v1/me",
            "/api/v1/search?q=round"
        ])
        answer = self.fleet.ask(email, path)
        if answer.status == 503 and answer.headers[
                "Content-Type"] == "application/problem+json" and answer.json["detail"]:
            self.refusals += 1
            return
        self.answers += 1
        if answer.status != 200:
            self.wrong.append(f"{path}: {answer.status} {answer.body[:300]}")
        elif "bookmarks" in path and len(answer.json["items"]) not in (0, 8):
            self.wrong.append(f"{email}: {len(answer.json['items'])} bookmarks of a round")
        elif "bookmarks" in path and len(self.fleet.rounds_seen(email, answer)) > 1:
            self.wrong.append(f"{email}: rounds {self.fleet.rounds_seen(email, answer)} at once")
        elif "history" in path:
            self.fleet.rounds_seen(email, answer)
        elif "me" in path and answer.json["account"]["email"] != email:
            self.wrong.append(f"{email} is told that it is {answer.json['account']['email']}")


class Chaos(TestCase):
    def setUp(self):
        self.random = random.Random(SEED)
        self.fleet = Fleet(self, config=CONFIG)
        self.fleet.settle(ACCOUNTS)
        self.rows = []
        until(self.all_synced, "everybody synced",
              progress=lambda: sum(1 for row in self.rows if row["last_sync_at"]))
        self.watch = Watch(self.fleet)
        self.restarts, self.events = [], []

    def all_synced(self):
        self.rows = self.fleet.rows()
        return all(row["last_sync_at"] for row in self.rows)

    # --- what goes wrong
    def kill(self, node, rounds):
        node.kill()
        self.restarts.append((len(self.watch.rounds) + rounds, node))

    def kill_worker(self):
        self.kill_one(self.fleet.workers)

    def kill_scheduler(self):
        self.kill_one(self.fleet.schedulers)

    def kill_web(self):
        self.kill_one(list(self.fleet.webs.values()))

    def kill_one(self, nodes):
        running = [n for n in nodes if n.process is not None]
        if running:
            self.kill(self.random.choice(running), self.random.randint(1, 10))

    def restart_redis(self):
        self.fleet.redis.end(signal.SIGKILL)
        self.watch.wait(self.random.randint(0, 6), "Redis is away for a while")
        self.fleet.redis.start()

    def flush_redis(self):
        self.fleet.redis.command("FLUSHALL")

    def stop_postgres(self):
        """Every process says that it is not ready, and says so until the server is back."""
        self.fleet.postgres.end()
        self.watch.wait_for(lambda status: status not in (0, 200),
                            "all processes say that PostgreSQL is away", self.start_again)
        since = len(self.watch.rounds) + 1
        self.watch.wait(5, "PostgreSQL is away for a while", self.start_again)
        self.assertEqual([s for r in self.watch.rounds[since:] for s in r.values() if s == 200], [],
                         "/readyz says ready while PostgreSQL is away")
        self.fleet.postgres.start()
        self.watch.wait_for(lambda status: status == 200, "all processes ready again",
                            self.start_again)

    def upload(self):
        for email in self.random.sample(self.fleet.emails, len(self.fleet.emails) // 10):
            self.fleet.next_round(email)

    def start_again(self):
        """As systemd would."""
        now = len(self.watch.rounds)
        for when, node in [r for r in self.restarts if r[0] <= now]:
            self.restarts.remove((when, node))
            node.start()

    def storm(self):
        for number in range(EVENTS):
            if number == EVENTS // 3:
                self.stop_postgres()
            what = self.random.choice([
                self.kill_worker, self.kill_worker, self.kill_scheduler, self.kill_web,
                self.restart_redis, self.flush_redis
            ])
            self.events.append(what.__name__)
            what()
            self.upload()
            self.watch.wait(self.random.randint(1, 8), "the processes answer", self.start_again)
        until(lambda: self.start_again() or not self.restarts, "all processes started")

    # --- what has to hold
    def check_exclusive(self):
        """From the workers' logs: (account, begin, end) of every sync. One that was starved for
        longer than its lease loses it, and fails: what it did is not stored. Two that are done
        must not have been under way at once."""
        spans = {}
        for worker in self.fleet.workers:
            for line in worker.log_text().splitlines():
                entry = json.loads(line) if line.startswith("{") else {}
                if entry.get("event") == "sync done":
                    end = datetime.datetime.fromisoformat(entry["time"]).timestamp() * 1000
                    spans.setdefault(entry["account"], []).append(
                        (end - int(entry["ms"]), end, worker.state))
        self.assertGreaterEqual(len(spans), ACCOUNTS)
        count = 0
        for account, found in spans.items():
            found.sort()
            count += len(found)
            for (_, end, first), (begin, _, second) in zip(found, found[1:]):
                self.assertFalse(first != second and begin + ROUNDED < end,
                                 f"account {account} was synced by two workers at once: {found}")
        return count

    def check_everybody(self):
        """A last round for everybody has to arrive, in the order of the intervals."""
        for email in self.fleet.emails:
            self.fleet.next_round(email)
        left = set(self.fleet.emails)

        def arrived():
            for email in list(left):
                answer = self.fleet.ask(email, "/api/v1/bookmarks?folder=unfiled")
                if answer.status == 200 and self.fleet.rounds_seen(email, answer) == {
                        self.fleet.rounds[email]
                } and len(answer.json["items"]) == 8:
                    left.discard(email)
            return not left

        until(arrived, "everybody sees the last round", progress=lambda: len(left))
        for email in self.fleet.emails:
            visits = self.fleet.ask(email, "/api/v1/history?q=round&limit=100")
            self.assertIn(self.fleet.rounds[email], self.fleet.rounds_seen(email, visits))
            self.assertEqual(self.fleet.ask(email, "/api/v1/me").json["account"]["state"], "ok")

    def test_chaos(self):
        watch = self.watch
        readers = [Reader(self.fleet, SEED * 10 + i) for i in range(3)]
        for thread in (watch, *readers):
            thread.start()
        self.storm()
        watch.wait_for(lambda status: status == 200, "all processes ready")
        self.check_everybody()
        watch.wait_for(lambda status: status == 200, "all processes still ready")
        for thread in (watch, *readers):
            thread.done.set()
        for thread in (watch, *readers):
            thread.join(PATIENCE)
            self.assertFalse(thread.is_alive(), "a reader hangs")
        wrong = [w for r in readers for w in r.wrong]
        self.assertEqual(wrong[:5], [],
                         f"{len(wrong)} of {sum(r.answers for r in readers)}; {self.events}")
        syncs = self.check_exclusive()
        rows = self.fleet.rows()
        self.assertEqual(len(rows), ACCOUNTS)
        self.assertEqual({r["email"]: r["node"]
                          for r in rows}, {e: r["node"]
                                           for e, r in self.fleet.accounts.items()})
        self.assertEqual(
            self.fleet.operator.cli("verify").splitlines()[-1], "The databases are sound.")
        print(
            f"seed {SEED}: {len(self.events)} events, {syncs} syncs, "
            f"{sum(r.answers for r in readers)} answers, "
            f"{sum(r.refusals for r in readers)} refusals, {len(watch.rounds)} rounds of /readyz",
            file=sys.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

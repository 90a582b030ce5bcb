"""Everything that can die does, while people read and their browsers go on uploading. Arguments: the seed.

What has to hold: every account is synced again in time; no two workers sync one account at once; a collection is seen whole or not at all; nobody sees
another's rows; readers get answers or a clean 503; /readyz tells the truth; all of it recovers without help (but that what was killed is started again)."""
import datetime
import json
import os
import random
import signal
import sys
import threading
import time
import unittest
import urllib.error
import urllib.request

from fleet import Fleet, TestCase, until

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 1
ACCOUNTS = int(os.environ.get("FLEET_ACCOUNTS", 300))
SECONDS = int(os.environ.get("FLEET_SECONDS", 60))
CONFIG = """[scheduler]
interval = 10s
tick = 200ms
claim = 20s
[worker]
parallel = 4
lease = 8s
"""
NOTICED = 3  # seconds after which /readyz has to have noticed that a server is away
RECOVERED = 20  # seconds after which it must have noticed that the server is back: the longest back-off, and a little


class Watch(threading.Thread):
    """Asks /readyz of every process, and remembers (time, process, status)."""
    def __init__(self, fleet):
        super().__init__(daemon=True)
        self.fleet, self.samples, self.done = fleet, [], threading.Event()

    def run(self):
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while not self.done.wait(0.2):
            for node in self.fleet.daemons():
                address, began = node.address, time.monotonic()
                try:
                    with opener.open(address + "/readyz", timeout=20) as answer:
                        status = answer.status
                except urllib.error.HTTPError as error:
                    with error:
                        status = error.code
                except OSError:
                    status = 0  # it was killed
                self.samples.append((began, time.monotonic(), node, status))


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
        path = self.random.choice(["/api/v1/bookmarks?folder=unfiled", "/api/v1/history?limit=20", "/api/v1/me", "/api/v1/search?q=round"])
        answer = self.fleet.ask(email, path)
        if answer.status == 503 and answer.headers["Content-Type"] == "application/problem+json" and answer.json["detail"]:
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
        until(lambda: all(row["last_sync_at"] for row in self.fleet.rows()), "everybody synced")
        self.away, self.restarts, self.events = [], [], []  # away: (what, from, to)

    # --- what goes wrong ---------------------------------------------------------------------------------------------------------------------
    def kill(self, node, seconds):
        node.kill()
        self.restarts.append((time.monotonic() + seconds, node))

    def kill_worker(self):
        self.kill_one(self.fleet.workers)

    def kill_scheduler(self):
        self.kill_one(self.fleet.schedulers)

    def kill_web(self):
        self.kill_one(list(self.fleet.webs.values()))

    def kill_one(self, nodes):
        running = [n for n in nodes if n.process is not None]
        if running:
            self.kill(self.random.choice(running), self.random.uniform(0.5, 3))

    def restart_redis(self):
        began = time.monotonic()
        self.fleet.redis.end(signal.SIGKILL)
        time.sleep(self.random.uniform(0, 2))
        self.fleet.redis.start()
        self.away.append(("redis", began, time.monotonic()))

    def flush_redis(self):
        self.fleet.redis.command("FLUSHALL")

    def stop_postgres(self):
        began = time.monotonic()
        self.fleet.postgres.end()
        time.sleep(10)
        self.fleet.postgres.start()
        self.away.append(("postgres", began, time.monotonic()))

    def upload(self):
        for email in self.random.sample(self.fleet.emails, len(self.fleet.emails) // 10):
            self.fleet.next_round(email)

    def start_again(self):
        """As systemd would."""
        now = time.monotonic()
        for when, node in [r for r in self.restarts if r[0] <= now]:
            self.restarts.remove((when, node))
            node.start()

    def storm(self):
        begin = time.monotonic()
        at_some_time = {begin + self.random.uniform(SECONDS / 4, SECONDS / 2): self.stop_postgres}
        while time.monotonic() < begin + SECONDS:
            for when in [w for w in at_some_time if w < time.monotonic()]:
                at_some_time.pop(when)()
            what = self.random.choice([self.kill_worker, self.kill_worker, self.kill_scheduler, self.kill_web, self.restart_redis, self.flush_redis])
            self.events.append(what.__name__)
            what()
            self.upload()
            end = time.monotonic() + self.random.uniform(0.5, 3)
            while time.monotonic() < end:
                self.start_again()
                time.sleep(0.05)
        self.assertEqual(at_some_time, {})
        until(lambda: self.start_again() or not self.restarts, "all processes started")

    # --- what has to hold --------------------------------------------------------------------------------------------------------------------
    def name_of(self, node):
        names = {**{w: f"web {n}" for n, w in self.fleet.webs.items()}, **{w: "a worker" for w in self.fleet.workers}}
        return names.get(node, "a scheduler")

    def check_readyz(self, samples):
        spans = [(b, e) for _, b, e in self.away]
        told = {"away": 0, "ready": 0}
        for begin, end, node, status in samples:
            # reading goes on without the queue
            needed = [(b, e) for what, b, e in self.away if what != "redis" or node not in self.fleet.webs.values()]
            if any(b + NOTICED < begin and end < e for b, e in needed):
                self.assertNotEqual(status, 200, f"/readyz of {self.name_of(node)} says ready {begin - self.away[0][1]:.1f} s after a server went: {self.away}")
                told["away"] += 1
            elif status != 0 and all(end < b or begin > e + RECOVERED for b, e in spans):
                self.assertEqual(status, 200, f"/readyz of {self.name_of(node)} says {status} while all is well")
                told["ready"] += 1
        self.assertGreater(min(told.values()), 10, told)

    def check_exclusive(self):
        """From the workers' logs: (account, begin, end) of every sync that came to its end."""
        spans = {}
        for worker in self.fleet.workers:
            for line in worker.log_text().splitlines():
                entry = json.loads(line) if line.startswith("{") else {}
                if entry.get("module") == "sync" and entry.get("event") in ("done", "failed"):
                    end = datetime.datetime.fromisoformat(entry["time"]).timestamp() * 1000
                    spans.setdefault(entry["account"], []).append((end - int(entry["ms"]), end, worker.state))
        self.assertGreaterEqual(len(spans), ACCOUNTS)
        count = 0
        for account, found in spans.items():
            found.sort()
            count += len(found)
            for (_, end, first), (begin, _, second) in zip(found, found[1:]):
                self.assertFalse(first != second and begin < end, f"account {account} was synced by two workers at once: {found}")
        return count

    def check_everybody(self):
        """A last round for everybody has to arrive, in the order of the intervals."""
        for email in self.fleet.emails:
            self.fleet.next_round(email)
        left = set(self.fleet.emails)

        def arrived():
            for email in list(left):
                answer = self.fleet.ask(email, "/api/v1/bookmarks?folder=unfiled")
                if answer.status == 200 and self.fleet.rounds_seen(email, answer) == {self.fleet.rounds[email]} and len(answer.json["items"]) == 8:
                    left.discard(email)
            return not left
        until(arrived, "everybody sees the last round")
        for email in self.fleet.emails:
            visits = self.fleet.ask(email, "/api/v1/history?q=round&limit=100")
            self.assertIn(self.fleet.rounds[email], self.fleet.rounds_seen(email, visits))
            self.assertEqual(self.fleet.ask(email, "/api/v1/me").json["account"]["state"], "ok")

    def test_chaos(self):
        watch = Watch(self.fleet)
        readers = [Reader(self.fleet, SEED * 10 + i) for i in range(3)]
        for thread in (watch, *readers):
            thread.start()
        self.storm()
        until(lambda: all(s[3] == 200 for s in watch.samples[-2 * len(self.fleet.daemons()):]), "all processes ready")
        time.sleep(RECOVERED / 4)
        self.check_everybody()
        time.sleep(2)
        for thread in (watch, *readers):
            thread.done.set()
        for thread in (watch, *readers):
            thread.join()
        wrong = [w for r in readers for w in r.wrong]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} of {sum(r.answers for r in readers)}; {self.events}")
        self.check_readyz(watch.samples)
        syncs = self.check_exclusive()
        rows = self.fleet.rows()
        self.assertEqual(len(rows), ACCOUNTS)
        self.assertEqual({r["email"]: r["node"] for r in rows}, {e: r["node"] for e, r in self.fleet.accounts.items()})
        self.assertEqual(self.fleet.operator.cli("verify").splitlines()[-1], "The databases are sound.")
        print(f"seed {SEED}: {len(self.events)} events, {syncs} syncs, {sum(r.answers for r in readers)} answers, "
              f"{sum(r.refusals for r in readers)} refusals, {len(watch.samples)} looks at /readyz", file=sys.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])

"""kill.py [--short] [--seed N] [--kills N]: kill -9 at random moments of a first start, a first
sync and a resync: the daemon starts again, `verify` finds nothing, and after the next sync
everything is as without the kill. Moments are spread over what was measured of the operation: a
start by time, a sync by the requests that the service has served and a moment after.
kill_migration.py does the same to the migration of a database."""
import argparse
import os
import random
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
import harness  # noqa: E402
import lifeline  # noqa: E402
from harness import HEARTHD, Node, SyncService, until  # noqa: E402
import subprocess  # noqa: E402

LIMIT = 3600
EMAIL = "reader@example.org"
CONFIG = "[scheduler]\ninterval = 1h\n"
LISTS = ("/export/bookmarks.json", "/export/history.json", "/tabs", "/devices")


class Round:
    """What the kills have in common: a service with one account, its clean state, and how long
    things take."""
    def __init__(self, short, seed):
        self.random, self.service = random.Random(seed), SyncService(load=False)
        size = {"history": 1000, "bookmarks": 100} if short else {"history": 4000, "bookmarks": 500}
        self.service.account(EMAIL, tabs=10, devices=2, seed=1, now=1795000000, **size)
        self.service.settings(max_page=100)  # many requests: many moments
        self.node, begun = Node(CONFIG), time.monotonic()
        self.node.start()
        self.start_takes = time.monotonic() - begun
        self.service.clear()
        begun = time.monotonic()
        self.node.add_account(self.service, EMAIL)
        self.sync_takes, self.requests = time.monotonic() - begun, len(self.service.log("storage/"))
        self.service.clear()
        self.node.cli("account", "resync", EMAIL)
        self.node.sync(EMAIL)
        self.requests = min(self.requests, len(self.service.log("storage/")))
        self.clean = self.data(self.node)

    def data(self, node):
        """All that a person can see, without what belongs to a database (numbers of rows,
        times of syncs)."""
        answers = [node.request("/api/v1" + path, email=EMAIL) for path in LISTS]
        devices = [
            sorted(str((d["name"], d["type"], d.get("tabs")))
                   for d in a.json["devices"])
            for a in answers[2:]
        ]
        return [a.status for a in answers], answers[0].body, answers[1].body, devices

    def is_sound(self, node):
        """Or there is no database yet, because the first start had not come to that:
        commands make none."""
        done = subprocess.run([HEARTHD, "--config", node.conf, "verify"], capture_output=True,
                              text=True, env=node.environment, timeout=300)
        return "sound" in done.stdout or (done.returncode == 1
                                          and "there is no database here yet" in done.stderr)

    def wrong(self, node):
        """What is wrong after a kill, in words; None: nothing."""
        try:
            if not self.is_sound(node):
                return "verify after the kill: " + node.cli("verify")
            node.start()
            if not any(row["email"] == EMAIL for row in node.cli_json("account", "list")):
                node.add_account(self.service, EMAIL, sync=False)
            node.sync(EMAIL)
            if self.data(node) != self.clean:
                return "the data differ after the next sync"
            if "sound" not in node.cli("verify"):
                return "verify after the next sync: " + node.cli("verify")
        except AssertionError as error:
            return str(error)
        return None

    def in_start(self):
        node = Node(CONFIG)
        moment = self.random.uniform(0, 1.1 * self.start_takes)
        process = subprocess.Popen([HEARTHD, "--config", node.conf, "serve"],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        lifeline.hold(process.pid)
        time.sleep(moment)  # the moment is the test
        process.kill()
        process.wait()
        lifeline.release(process.pid)
        return node, f"after {moment * 1000:.1f} ms"

    def in_sync(self, node, begin):
        """Lets it serve some requests, and a moment more."""
        asked, more = self.random.randint(0, self.requests), self.random.uniform(
            0, 2 * self.sync_takes / self.requests)
        ended = node.log_text().count("sync done")
        self.service.clear()
        begin()
        done = []

        def there():
            done[:] = [len(self.service.log("storage/"))]
            # how many there are is not the same each time: what is asked ahead can be in vain
            return done[0] >= asked or node.log_text().count("sync done") > ended

        until(there, f"{asked} requests", progress=lambda: done[0])
        time.sleep(more)  # the moment is the test
        node.kill()
        return node, f"after {asked} of {self.requests} requests and {more * 1000:.1f} ms"

    def in_first_sync(self):
        node = Node(CONFIG)
        node.start()
        return self.in_sync(node, lambda: node.add_account(self.service, EMAIL, sync=False))

    def in_resync(self):
        return self.in_sync(self.node, lambda: self.node.cli("account", "resync", EMAIL))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="a dozen kills")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--kills", type=int)
    options = parser.parse_args()
    kills = options.kills or (12 if options.short else 200)
    print(f"seed {options.seed}", flush=True)
    rounds, bad, failures = Round(options.short, options.seed), 0, []
    try:
        operations = {
            "first start": rounds.in_start, "first sync": rounds.in_first_sync, "resync":
            rounds.in_resync
        }
        print(
            f"clean: a start takes {rounds.start_takes * 1000:.0f} ms, a first sync "
            f"{rounds.sync_takes:.2f} s and {rounds.requests} requests\n"
        )
        print("| killed in | kills | started again, verify clean, data equal |\n|---|---|---|",
              flush=True)
        for i, (name, kill) in enumerate(operations.items()):
            count, good = kills * (i + 1) // len(operations) - kills * i // len(operations), 0
            for _ in range(count):
                node, moment = kill()
                wrong = rounds.wrong(node)
                good += wrong is None
                if wrong is not None:
                    failures.append(f"{name}, {moment}: {wrong}")
                if node is not rounds.node:
                    node.close()
            bad += count - good
            print(f"| {name} | {count} | {good} of {count} |", flush=True)
        print(f"| all | {kills} | {kills - bad} of {kills} |\n")
        print(*failures, sep="\n")
    finally:
        rounds.node.close()
        rounds.service.stop()
    return 1 if failures else 0


if __name__ == "__main__":
    harness.watchdog(LIMIT)
    sys.exit(main())

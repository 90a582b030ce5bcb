#!/usr/bin/env python3
"""first_sync.py [--short]: while 200,000 pages with 600,000 visits are stored for one person,
nobody's reads have a 99th percentile of 100 ms or more, nobody's small writes (hers included)
one of 500 ms or more, and what she has is as before or as after, never a part of it. Two
measurements: a real first sync through the double, seen over HTTP; and the storage plugin alone
(bench-first-sync). Times: to be run on a machine that has nothing else to do. --short: a small
account over HTTP, and no bounds."""
import http.client
import json
import os
import subprocess
import sys
import threading
import time
import urllib.parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
import harness  # noqa: E402
from browser import Browser  # noqa: E402
from harness import ADA, HEARTHD, Node, SyncService, until  # noqa: E402

LIMIT = 2400
NEW = "newcomer@example.org"
PAGES, SMALL = 303000, 2000  # of the double: they make 600,000 visits
READS, WRITES = 100, 500  # ms, the bounds of 99 of 100
READ_PATHS = ("/me", "/tabs", "/history?limit=50", "/bookmarks", "/search?q=a")


class Person(threading.Thread):
    """Somebody who uses Hearth all the time. `times`: (what, ms) each; `seen`: all counts that
    were ever answered; `wrong`: what was not as it should be."""
    def __init__(self, node, email):
        super().__init__(daemon=True)
        self.email, self.node, self.token = email, node, node.token(email)
        self.times, self.seen, self.wrong, self.over = [], [], [], threading.Event()
        self.connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(node.address).netloc, timeout=120)

    def ask(self, what, method, path, body=None, status=200):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        begun = time.monotonic()
        self.connection.request(method, "/api/v1" + path, headers=headers,
                                body=None if body is None else json.dumps(body))
        answer = self.connection.getresponse()
        content = answer.read()
        if what is not None:
            self.times.append((what, (time.monotonic() - begun) * 1000))
        if answer.status != status:
            self.wrong.append(f"{method} {path}: {answer.status} {content[:200]}")
            return None
        return json.loads(content) if content else None

    def sign_in(self):
        made = self.ask("link", "POST", "/links", body={}, status=201)
        if made is None:
            return
        browser = Browser(self.node.address)
        token = made["link"]["url"].partition("?t=")[2]
        begun = time.monotonic()
        browser.open(f"{self.node.address}/auth/link?t={token}&next=/history")
        browser.submit("Sign in", until=self.node.address + "/history")
        self.times.append(("signing in with it", (time.monotonic() - begun) * 1000))
        if browser.page.status != 303:
            self.wrong.append(f"the link: {browser.page.status}")

    def turn(self, number):
        for path in READ_PATHS:
            answer = self.ask("reads", "GET", path)
            if path == "/me" and answer is not None:
                counts = answer["account"]["counts"]
                if not self.seen or self.seen[-1] != counts:
                    self.seen.append(counts)
        self.ask("settings", "PATCH", "/settings",
                 body={"theme": {"mode": ("dark", "light")[number % 2]}})
        token = self.ask("token", "POST", "/tokens", body={"name": f"t{number}"}, status=201)
        if token is not None:
            self.ask(None, "DELETE", f"/tokens/{token['token']['id']}", status=204)
        if number % 10 == 0:
            self.sign_in()

    def run(self):
        number = 0
        try:
            while not self.over.wait(0.02):
                self.turn(number)
                number += 1
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append(repr(error))


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def show(people, bounds):
    bad = 0
    print("\n| meanwhile | whose | times | p50 | p99 | max |\n|---|---|---|---|---|---|")
    for what in ("reads", "settings", "token", "link", "signing in with it"):
        for whose, person in people:
            times = [ms for kind, ms in person.times if kind == what]
            over = bounds and percentile(times, 0.99) >= (READS if what == "reads" else WRITES)
            bad += over
            print(
                f"| {what} | {whose} | {len(times)} | {percentile(times, 0.5):.1f} ms | "
                f"{percentile(times, 0.99):.1f} ms{' !' if over else ''} | {max(times):.1f} ms |"
            )
    return bad


def over_http(pages, bounds):
    """How much was wrong."""
    service, node = SyncService(), Node("[scheduler]\ninterval = 1h\n")
    try:
        service.account(NEW, history=pages, bookmarks=50, tabs=5, devices=1, seed=1, now=1795000000)
        node.start()
        node.add_account(service, ADA)
        idle = node.memory()
        node.add_account(service, NEW, sync=False)
        people = [("the same person", Person(node, NEW)), ("another", Person(node, ADA))]
        before = node.api("/me", email=NEW)["account"]["counts"]
        begun = time.monotonic()
        for _, person in people:
            person.start()
        moved = []

        def done():
            moved[:] = [len(service.log("storage/"))]
            return node.api("/me", email=NEW)["account"]["counts"]["pages"] == pages

        until(done, "the first sync", patience=600, progress=lambda: moved[0])
        took = time.monotonic() - begun
        for _, person in people:
            person.over.set()
            person.join(120)
        after = node.api("/me", email=NEW)["account"]["counts"]
        peak = node.memory("VmHWM")
        print(
            f"over HTTP: {after['pages']} pages with {after['visits']} visits in {took:.0f} s; "
            f"resident before {idle >> 10} MiB, at its peak {peak >> 10} MiB"
        )
        bad = show(people, bounds)
        allowed = (before, after)
        parts = [
            c for c in people[0][1].seen
            if (c["pages"], c["visits"]) not in [(a["pages"], a["visits"]) for a in allowed]
        ]
        wrong = [f"counts that are neither before nor after: {c}"
                 for c in parts] + people[0][1].wrong + people[1][1].wrong
        print(*wrong[:20], sep="\n")
        node.stop()
        return bad + len(wrong)
    finally:
        node.close()
        service.stop()


def main():
    if "--short" in sys.argv:
        return 1 if over_http(SMALL, bounds=False) else 0
    bad = over_http(PAGES, bounds=True)
    build = os.path.dirname(HEARTHD)
    plugin = os.path.join(build, "plugins", "storage-sqlite", "storage-sqlite.so")
    program = os.path.join(build, "tests", "bench", "bench-first-sync")
    print("\nthe plugin alone:", flush=True)
    bad += subprocess.run([program, "200000", "100", "500"],
                          env=dict(os.environ, STORAGE_SQLITE=plugin), timeout=1200).returncode != 0
    return 1 if bad else 0


if __name__ == "__main__":
    harness.watchdog(LIMIT)
    sys.exit(main())

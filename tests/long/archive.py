#!/usr/bin/python3
"""Memory of `hearthd account archive` and `restore`: an account of 10,000 pages and one of
100,000 (three visits each, and 2,000 bookmarks), from SQLite to PostgreSQL and back. Prints the
greatest resident memory of each command; exit code 1 when the large account takes more than 48
MiB more than the small one (a batch of PostgreSQL remembers which pages it has put), or when the
archive of PostgreSQL and the one of the SQLite that it was restored into are not the same bytes.
--short: 2,000 and 10,000 pages. HEARTHD names the binary."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from flat import FILL, PLUGINS  # noqa: E402
from harness import ADA, HEARTHD, Node, SyncService  # noqa: E402
from servers import Postgres  # noqa: E402

SIZES = (2000, 10000) if "--short" in sys.argv else (10000, 100000)
MOST = int(os.environ.get("HEARTH_TEST_GROWTH_KIB", 48 << 10))  # a sanitizer keeps what was freed
COMMAND = ("import resource, subprocess, sys; r = subprocess.run(sys.argv[1:]).returncode; "
           "print('KIB', resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(r)")


def measured(node, *words):
    """KiB of the command at its greatest."""
    done = subprocess.run([sys.executable, "-c", COMMAND, HEARTHD, "--config", node.conf, *words],
                          capture_output=True, text=True, env=node.environment, timeout=900)
    if done.returncode != 0:
        raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
    return int(re.search(r"KIB (\d+)", done.stdout)[1])


def body(path):
    """The lines but what a command or a daemon writes beside the data: the account's times, the
    generation, which begins anew with each life, and so the last line."""
    with open(path, "rb") as f:
        lines = f.read().splitlines(keepends=True)
    account = json.loads(lines[1])
    return [{
        k: v
        for k, v in account.items()
        if k not in ("last_seen", "next_sync", "last_attempt", "state", "state_detail",
                     "generation")
    }, *lines[2:-1]]


def round_trip(pages, postgres):
    """{command: KiB}."""
    nodes = [Node() for _ in range(3)]
    service = SyncService(step=1)
    try:
        found = {}
        nodes[1].configure("50-test",
                           f"[storage main]\nplugin = pg\ndsn = {postgres.create(f'a{pages}')}\n")
        nodes[0].start()
        nodes[0].add_account(service)
        nodes[0].stop()
        subprocess.run([
            FILL, PLUGINS["sqlite"], f"[storage main]\npath = {nodes[0].state}/hearth.db\n", ADA,
            str(pages),
            str(3 * pages), "2000", "500", "10"
        ], check=True, timeout=900)
        for node in nodes[1:]:
            node.start()
            node.stop()
        files = [os.path.join(nodes[0].folder, f"{i}.hearth") for i in range(3)]
        for i, (node, name) in enumerate(zip(nodes, ("SQLite", "PostgreSQL", "SQLite again"))):
            if i > 0:
                found[f"restore, {name}"] = measured(node, "account", "restore", files[i - 1])
            found[f"archive, {name}"] = measured(node, "account", "archive", ADA, files[i])
        # the first restore has put the bookmarks where their records say
        first, last = body(files[1]), body(files[2])
        if first != last:
            raise AssertionError(
                f"{pages} pages: other bytes at the end: "
                f"{[(a, b) for a, b in zip(first, last) if a != b][:2]}"
            )
        return found
    finally:
        service.stop()
        for node in nodes:
            node.close()


def main():
    postgres, failed = Postgres(), False
    try:
        postgres.start()
        small, large = (round_trip(pages, postgres) for pages in SIZES)
    finally:
        postgres.close()
    for name, kib in large.items():
        grown = kib - small[name]
        print(
            f"{name}: {small[name] >> 10} MiB for {SIZES[0]:,} pages, {kib >> 10} MiB for "
            f"{SIZES[1]:,}"
        )
        failed = failed or grown > MOST
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

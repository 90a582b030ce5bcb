"""run.py FILE…: starts the Sync double and a hearthd with Ada's recorded account, and runs tests of Node's runner against them.

--pages N: a made-up account with so many pages of history instead. The tests learn where everything is from the environment: BASE, SERVICE, EMAIL, CONFIG,
HEARTHD."""
import argparse
import glob
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from harness import ADA, HEARTHD, Node, SyncService  # noqa: E402

# Dates of the screenshots would differ from place to place.
ENVIRONMENT = {"TZ": "Europe/Berlin", "LANG": "C.UTF-8"}


def fetch_packages():
    """What package-lock.json names, once."""
    stamp, lock = os.path.join(HERE, "node_modules", ".fetched"), os.path.join(HERE, "package-lock.json")
    if os.path.exists(stamp) and os.path.getmtime(stamp) >= os.path.getmtime(lock):
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE, check=True)
    with open(stamp, "w", encoding="utf-8"):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument("--at", help="hearthd believes that it is this time, UTC, 'YYYY-MM-DD hh:mm:ss', when they start")
    parser.add_argument("--fetch", action="store_true", help="only fetch the packages")
    options = parser.parse_args()
    fetch_packages()
    if options.fetch:
        return 0
    clock = {}
    if options.at:
        library = sorted(glob.glob("/usr/lib/*/faketime/libfaketime.so.1"))[0]
        clock = {"LD_PRELOAD": library, "FAKETIME": "@" + options.at, "FAKETIME_DONT_FAKE_MONOTONIC": "1", "TZ": "UTC"}
    service, node = SyncService(load=options.pages == 0), Node(environment=clock)
    try:
        email = ADA
        if options.pages:
            email = "reader@example.org"
            service.account(email, history=options.pages, bookmarks=options.pages // 20, devices=3, tabs=20, now=int(time.time()))
        node.start()
        node.add_account(service, email)
        environment = {**os.environ, **ENVIRONMENT, "BASE": node.address, "SERVICE": service.url, "EMAIL": email, "CONFIG": node.conf, "HEARTHD": HEARTHD}
        runner = ["node", "--test", "--test-reporter=spec"] if all(".test." in f for f in options.files) else ["node"]
        return subprocess.run([*runner, *options.files], env=environment, cwd=HERE).returncode
    finally:
        try:
            node.close()
        finally:
            service.stop()


if __name__ == "__main__":
    sys.exit(main())

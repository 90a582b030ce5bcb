"""run.py FILE…: starts the Sync double and a hearthd with Ada's recorded account, and runs tests
of Node's runner against them.

--pages N: a made-up account with so many pages of history instead. The tests learn where
everything is from the environment: BASE, SERVICE, EMAIL, CONFIG, HEARTHD."""
import argparse
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "e2e"), os.path.join(HERE, "..")]
import clock  # noqa: E402
import lifeline  # noqa: E402
from harness import ADA, HEARTHD, Node, SyncService  # noqa: E402

# Dates of the screenshots would differ from place to place.
ENVIRONMENT = {"TZ": "Europe/Berlin", "LANG": "C.UTF-8"}
LIMIT = 1500  # seconds for a file of tests, whatever hangs
NOW = "2026-11-23 17:39:30"  # an evening after Ada's last sync


def fetch_packages():
    """What package-lock.json names, once."""
    stamp, lock = os.path.join(HERE, "node_modules",
                               ".fetched"), os.path.join(HERE, "package-lock.json")
    if os.path.exists(stamp) and os.path.getmtime(stamp) >= os.path.getmtime(lock):
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=HERE,
                   check=True, timeout=600)
    with open(stamp, "w", encoding="utf-8"):
        pass


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="*")
    parser.add_argument("--pages", type=int, default=0)
    parser.add_argument(
        "--at", default=NOW,
        help="what time it is for services and browsers, UTC; without it: %(default)s")
    parser.add_argument("--app", help="the folder of another web app")
    parser.add_argument("--under", default="", help="a path: BASE ends in it")
    parser.add_argument("--fetch", action="store_true", help="only fetch the packages")
    options = parser.parse_args()
    fetch_packages()
    if options.fetch:
        return 0
    os.environ.update(clock.at(options.at))  # for all that is started from here
    config = f"[web]\napp_dir = {os.path.abspath(options.app)}\n" if options.app else ""
    service, node = SyncService(load=options.pages == 0), Node(config)
    try:
        email = ADA
        if options.pages:
            email = "reader@example.org"
            service.account(email, history=options.pages, bookmarks=options.pages // 20, devices=3,
                            tabs=20, now=int(clock.seconds(options.at)))
        node.start()
        if options.under:
            node.configure(
                "60-base", f"[listen main]\naddress = {node.address.partition('//')[2]}\n"
                f"[web]\nbase_url = {node.address}{options.under}\n")
            node.stop()
            node.start()
        node.add_account(service, email)
        environment = {
            **os.environ, **ENVIRONMENT, "BASE": node.address + options.under,
            "SERVICE": service.url, "EMAIL": email, "CONFIG": node.conf, "HEARTHD": HEARTHD
        }
        runner = ["node", "--test", "--test-reporter=spec"] if all(
            ".test." in f for f in options.files) else ["node"]
        process = subprocess.Popen([*runner, *options.files], env=environment, cwd=HERE,
                                   start_new_session=True)
        lifeline.hold(process.pid)  # with its browsers
        try:
            return process.wait(LIMIT)
        finally:
            lifeline.kill_group(process.pid)
            process.wait()
            lifeline.release(process.pid)
    finally:
        try:
            node.close()
        finally:
            service.stop()


if __name__ == "__main__":
    sys.exit(main())

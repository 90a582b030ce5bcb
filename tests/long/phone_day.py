#!/usr/bin/env python3
"""phone_day.py [--short] [--old COMMIT]: what a phone's day costs, 48 openings of the app and 30
small syncs (tests/web/day.mjs): bytes of all answers as they came, heads and the browser's own
look for a newer service worker included, HTTP/1.1. Exit code 1 when that is more than a tenth of
what it was at BEFORE. --old COMMIT: builds that commit in a folder of its own, and measures it as
well. --short: an eighth of a day; what a copy answers is not asked for."""
import argparse
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 3600
# {commit: bytes} by --old: a sync made every answer new; each collection by itself; before the copy
BEFORE = {"cd03e1f6": 885266, "2508c434": 421836}
FILES = {"files", "/me", "/settings", "/events", "/changes"}


def day(short, hearthd=None, app=None):
    """What day.mjs says."""
    environment = {**os.environ, **({"DAY_SHORT": "1"} if short else {})}
    if hearthd:
        environment["HEARTHD"] = hearthd
    said = subprocess.run([
        sys.executable, os.path.join(ROOT, "tests", "web", "run.py"), "day.mjs",
        *(["--app", app] if app else [])
    ], env=environment, stdout=subprocess.PIPE, text=True, check=True, timeout=LIMIT // 2).stdout
    return json.loads(said.splitlines()[-1])


def measure_old(commit, folder):
    """Its daemon and its app, with the packages of today's build."""
    files = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True, capture_output=True,
                           timeout=60).stdout
    subprocess.run(["tar", "-x", "-C", folder], input=files, check=True, timeout=60)
    build, web, app = (os.path.join(folder, name) for name in ("build", "web", "app"))
    for command in (["meson", "setup", build, "-Dtests=false", "-Dweb=false"],
                    ["ninja", "-C", build, "-j2"]):
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL,
                       timeout=LIMIT // 2)
    os.symlink(os.path.join(ROOT, "web", "node_modules"), os.path.join(web, "node_modules"))
    subprocess.run(["node", "build.mjs", "--out", app], cwd=web, check=True, timeout=300)
    return day(False, os.path.join(build, "hearthd"), app)


def row(name, said, of):
    kinds = ", ".join(f"`{k}` {n} × {b // n:,}" for k, (n, b) in sorted(said["kinds"].items()))
    print(f"| {name} | {said['requests']} | {said['bytes']:,} | {said['bytes'] / of:.3f} | "
          f"{kinds} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--old", action="append", default=[])
    options = parser.parse_args()
    said = day(options.short)
    first = next(iter(BEFORE.values()))
    print("| | requests | bytes | of the first | what was asked for × bytes each |\n" +
          "|---" * 5 + "|")
    for commit in options.old:
        with tempfile.TemporaryDirectory(prefix="hearth-day-") as folder:
            row(commit, measure_old(commit, folder), first)
    row("now", said, first)
    print(f"\n{said['openings']} openings, {said['syncs']} syncs; the first copy: "
          f"{said['fill']:,} bytes")
    asked = set(said["kinds"]) - FILES
    if asked:
        print(f"asked for, though the copy has it: {' '.join(sorted(asked))}")
    if not options.short:
        for commit, bytes_of in BEFORE.items():
            print(f"{commit}: {bytes_of:,} bytes, now {said['bytes'] / bytes_of:.3f} of it")
    return 1 if asked or (not options.short and said["bytes"] * 10 > first) else 0


if __name__ == "__main__":
    sys.exit(main())

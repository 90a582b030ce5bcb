#!/usr/bin/env python3
"""debian13.py [--tests | NAME…]: Debian 13, bootstrapped into .dev/debian-13/root and kept there
for the next run, builds this tree with `./dev setup` and meson, warnings being errors, runs the
suites unit and plugins, and compiles it with all its compilers (compilers.py). --tests: without
the latter; NAME…: only the tests of those names. Exit code 1 when one of them failed, was
skipped, or could not be.

tests/bootstrap.py says what of it is its own; it needs root."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import run_suites  # noqa: E402
from bootstrap import Refused, System, must_be_root  # noqa: E402

LIMIT = 7200
PACKAGES = {"bookworm": "debootstrap", "trixie": "debootstrap"}
TREE = "/srv/hearth"  # inside
SUITES = "--suite unit --suite plugins"
VERSIONS = (
    "gcc clang libh2o-evloop-dev libhiredis-dev libpq-dev libssl-dev libcurl4-openssl-dev "
    "libsqlite3-dev redis-server postgresql "
    "python3-jsonschema")


def main():
    must_be_root("debian13")
    system = System("trixie", os.path.join(ROOT, ".dev", "debian-13", "root")).make()
    system.copy_tree(TREE)
    system.use_network()

    def step(what, command):
        print(what, flush=True)
        return system.step(what, f"cd {TREE} && {command}")

    step("installing what the build needs, with ./dev setup", "./dev setup")
    print(step("what there is:", f"dpkg-query -W -f '${{Package}} ${{Version}}\\n' {VERSIONS}"),
          end="", flush=True)
    step(
        "building, warnings being errors",
        "{ [ -f build/build.ninja ] || meson setup build -Dweb=false -Dwerror=true; } && ninja -C "
        "build --quiet"
    )
    names = [name for name in sys.argv[1:] if name != "--tests"]
    which = " ".join(f"'{name}'" for name in names) if names else SUITES
    log = os.path.join(system.path(TREE), "build", "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    print("testing", flush=True)
    system.inside(
        f"cd {TREE} && meson test -C build --no-rebuild --print-errorlogs --timeout-multiplier 2 "
        f"{which}", stdout=sys.stdout)
    tests = run_suites.results(log)
    failed = [test["name"] for test in tests if not run_suites.passed(test)]
    for name in failed:
        print("failed in Debian 13:", name)
    print(f"{len(tests) - len(failed)} passed, {len(failed)} failed", flush=True)
    if failed or not tests:
        sys.exit(1)
    if len(sys.argv) == 1:
        step(
            "installing its compilers",
            "apt-get install -q -y --no-install-recommends $(python3 tests/run_long.py --packages "
            "compilers)"
        )
        print(step("compiling with each", "python3 -u tests/long/compilers.py"), end="", flush=True)


if __name__ == "__main__":
    try:
        main()
    except Refused as why:
        print(f"debian13: {why}")
        sys.exit(1)

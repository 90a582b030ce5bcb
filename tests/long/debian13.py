#!/usr/bin/env python3
"""debian13.py [--tests | NAME…]: Debian 13, bootstrapped into .dev/debian-13/root and kept there
for the next run, builds this tree with `./dev setup` and meson, warnings being errors, runs the
suites unit and plugins, and compiles it with all its compilers (compilers.py). --tests: without
the latter; NAME…: only the tests of those names. Exit code 1 when one of them failed, was
skipped, or could not be.

It has processes, mounts and a /tmp of its own and is seen by nothing outside; only the network
is the host's, from which apt fetches. So it needs root, and says so. Everything of it ends with
this program."""
import glob
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import run_suites  # noqa: E402

LIMIT = 7200
PACKAGES = {"bookworm": "debootstrap", "trixie": "debootstrap"}
CODENAME = "trixie"
HOME = os.path.join(ROOT, ".dev", "debian-13")
SYSTEM = os.path.join(HOME, "root")
TREE = "/srv/hearth"  # inside

# In mounts of its own, which go with it: what a program expects of a system that runs.
ENTER = """set -e
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \\
    DEBIAN_FRONTEND=noninteractive sh -c "$2"
"""
SUITES = "--suite unit --suite plugins"
VERSIONS = (
    "gcc clang libh2o-evloop-dev libhiredis-dev libpq-dev libssl-dev libcurl4-openssl-dev "
    "libsqlite3-dev redis-server postgresql "
    "python3-jsonschema")


def fail(words):
    print(f"debian13: {words}")
    sys.exit(1)


def mirror():
    """Where this system's own packages come from, which has Debian 13's as well."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Identifier: Packages"],
        stdout=subprocess.PIPE, text=True, check=False).stdout
    for line in listed.splitlines():
        release, _, uri = line.partition(" ")
        if "-" not in release and "/debian" in uri and "security" not in uri:
            return uri
    return "http://deb.debian.org/debian"


def bootstrap():
    """The system, made whole or not at all."""
    if os.path.isdir(SYSTEM):
        return
    begun = SYSTEM + ".new"
    shutil.rmtree(begun, ignore_errors=True)
    os.makedirs(HOME, exist_ok=True)
    print(f"bootstrapping Debian 13 from {mirror()}", flush=True)
    made = subprocess.run([
        "unshare", "--mount", "debootstrap", "--variant=minbase", "--include=ca-certificates",
        CODENAME, begun,
        mirror()
    ], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if made.returncode != 0:
        fail(f"debootstrap ends with {made.returncode}:\n{made.stdout[-3000:]}")
    with open(os.path.join(begun, "usr", "sbin", "policy-rc.d"), "w", encoding="utf-8") as f:
        # no service of a package is started: tests start their own
        f.write("#!/bin/sh\nexit 101\n")
    os.chmod(f.name, 0o755)
    os.rename(begun, SYSTEM)


def copy_tree():
    """What git knows of, or would add; what has not changed stays as it is, so that only the
    rest is built anew."""
    to = SYSTEM + TREE
    listed = subprocess.run([
        "git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others",
        "--exclude-standard"
    ], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
    wanted = {name for name in listed if name and os.path.lexists(os.path.join(ROOT, name))}
    for name in glob.iglob("**", root_dir=to, recursive=True, include_hidden=True):
        generated = name.split("/")[0] in ("build", ".dev", ".git") or "__pycache__" in name
        if not generated and name not in wanted and not os.path.isdir(os.path.join(to, name)):
            os.unlink(os.path.join(to, name))
    for name in sorted(wanted):
        source, target = os.path.join(ROOT, name), os.path.join(to, name)
        there, here = os.stat(target) if os.path.exists(target) else None, os.stat(source)
        if there is None or (there.st_size, there.st_mtime_ns) != (here.st_size, here.st_mtime_ns):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy2(source, target)


def inside(command, **options):
    """As root of that system, in its copy of the tree. It ends with unshare, and that with us."""
    entered = [
        "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-c",
        ENTER, "enter", SYSTEM, f"cd {TREE} && {command}"
    ]
    return subprocess.run(entered, stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT, check=False,
                          **options)


def step(what, command):
    print(what, flush=True)
    done = inside(command, stdout=subprocess.PIPE, text=True, errors="replace")
    if done.returncode != 0:
        fail(f"{what}: exit code {done.returncode}\n{done.stdout[-10000:]}")
    return done.stdout


def main():
    if os.geteuid() != 0:
        fail(
            "a system of its own needs root: run this as root (sudo ./dev test --long debian13). "
            "Nothing was tested."
        )
    if shutil.which("debootstrap") is None:
        fail(
            "debootstrap is not installed; ./dev test --long debian13 installs it. Nothing was "
            "tested."
        )
    bootstrap()
    copy_tree()
    shutil.copy("/etc/resolv.conf", SYSTEM + "/etc/resolv.conf")
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
    log = os.path.join(SYSTEM + TREE, "build", "meson-logs", "testlog.json")
    if os.path.exists(log):
        os.unlink(log)
    print("testing", flush=True)
    inside(f"meson test -C build --no-rebuild --print-errorlogs --timeout-multiplier 2 {which}",
           stdout=sys.stdout)
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
    main()

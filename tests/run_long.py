"""run_long.py NAME: runs tests/long/NAME.py within its limit (LIMIT = seconds in the file; else
half an hour), shows what it prints and keeps it in .dev/long/NAME.txt. Without a name: lists
all. `./dev test --long` calls it. run_long.py --packages NAME: the packages that it needs
besides those of the build, a line each: PACKAGES = {"codename of a Debian": "names"} in the
file."""
import ast
import os
import platform
import re
import subprocess
import sys
import threading
import time

import lifeline

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER, RESULTS = os.path.join(ROOT, "tests", "long"), os.path.join(ROOT, ".dev", "long")
LIMIT = 1800


def names():
    return sorted(f[:-3] for f in os.listdir(FOLDER) if f.endswith(".py"))


def limit_of(path):
    with open(path, encoding="utf-8") as f:
        found = re.search(r"^LIMIT = (\d+)", f.read(), re.M)
    return int(found[1]) if found else LIMIT


def packages_of(name):
    path = os.path.join(FOLDER, name + ".py")
    found = None
    if os.path.exists(path):
        with open(path, encoding="utf-8") as f:
            found = re.search(r"^PACKAGES = (\{.*?\})$", f.read(), re.M | re.S)
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    return ast.literal_eval(found[1]).get(codename, "").split() if found else []


def run(name):
    """0 when it passed."""
    path = os.path.join(FOLDER, name + ".py")
    if not os.path.exists(path):
        print(f"there is no {path}; there are: {' '.join(names())}")
        return 2
    limit, begun = limit_of(path), time.monotonic()
    os.makedirs(RESULTS, exist_ok=True)
    with open(os.path.join(RESULTS, name + ".txt"), "w", encoding="utf-8") as result:

        def say(line):
            for out in (sys.stdout, result):
                out.write(line)
                out.flush()

        process = subprocess.Popen([sys.executable, "-u", path], stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, start_new_session=True,
                                   errors="replace")
        lifeline.hold(process.pid)
        expired = threading.Event()

        def end():
            expired.set()
            lifeline.kill_group(process.pid)

        timer = threading.Timer(limit, end)
        timer.start()
        for line in process.stdout:
            say(line)
        code = process.wait()
        timer.cancel()
        lifeline.kill_group(process.pid)
        lifeline.release(process.pid)
        why = f"not done after its limit of {limit} s" if expired.is_set() else f"exit code {code}"
        say(f"{name}: {'passed' if code == 0 else 'failed, ' + why}, "
            f"{time.monotonic() - begun:.0f} s\n"
            )
    return 0 if code == 0 else 1


if __name__ == "__main__":
    if len(sys.argv) < 2:
        print(*names(), sep="\n")
        sys.exit(0)
    if sys.argv[1] == "--packages":
        print("".join(name + "\n" for name in packages_of(sys.argv[2])), end="")
        sys.exit(0)
    sys.exit(run(sys.argv[1]))

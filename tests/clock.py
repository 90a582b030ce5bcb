"""The time of tests: programs that are started with `at(…)` in their environment believe that it
is another day. Their wall clock is ahead (or behind) by one number of seconds for all of them,
and goes on; nothing else changes: tests/clock/later.c."""
import datetime
import os
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIBRARY = os.environ.get("HEARTH_LATER", os.path.join(ROOT, "build", "tests", "clock",
                                                      "liblater.so"))


def seconds(text):
    """Of "YYYY-MM-DD" or "YYYY-MM-DD hh:mm:ss", UTC."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.timezone.utc).timestamp()


def at(text):
    """The environment in which it is that time now."""
    # this process may itself live at another time
    real = time.time() - int(os.environ.get("HEARTH_TEST_LATER", 0))
    if not os.path.exists(LIBRARY):
        raise SystemExit(f"{LIBRARY} is missing: build it with ninja")
    return {"LD_PRELOAD": LIBRARY, "HEARTH_TEST_LATER": str(round(seconds(text) - real))}


if __name__ == "__main__":  # clock.py DATE: for env(1)
    print(*(f"{name}={value}" for name, value in at(sys.argv[1]).items()), sep="\n")

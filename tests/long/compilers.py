#!/usr/bin/env python3
"""compilers.py: everything in C is compiled, warnings being errors, by each compiler that this
Debian has of those that Hearth is written for: gcc 12 to 14, clang 14 to 19 (debian13.py runs it
in Debian 13, which has the others). A line for each; exit code 1 when one warns, or is not
installed."""
import os
import platform
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIMIT = 5400
PACKAGES = {
    "bookworm": "gcc-12 clang-14 clang-15 clang-16 clang-19", "trixie":
    "gcc-12 gcc-13 gcc-14 clang-17 clang-18 clang-19",
}


def compile_with(name):
    """None, or what went wrong."""
    if shutil.which(name) is None:
        return "it is not installed; ./dev test --long compilers installs it"
    folder = os.path.join(ROOT, ".dev", "compilers", name)
    if not os.path.exists(os.path.join(folder, "build.ninja")):
        shutil.rmtree(folder, ignore_errors=True)
        setup = subprocess.run(["meson", "setup", folder, ROOT, "-Dweb=false", "-Dwerror=true"],
                               env={**os.environ, "CC": name}, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace")
        if setup.returncode != 0:
            return setup.stdout[-3000:]
    # Without an end at the first fault: all of a compiler's warnings in one run.
    build = subprocess.run(["ninja", "-C", folder, "-k", "0", "--quiet"], stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True, errors="replace")
    return None if build.returncode == 0 else build.stdout[-10000:]


def main():
    codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    names, failed = PACKAGES.get(codename, "").split(), 0
    if not names:
        print(
            f"which compilers there are in {codename or 'this system'} is not known here: "
            f"compilers.py knows {' and '.join(PACKAGES)}"
        )
        return 1
    for name in names:
        begun, wrong = time.monotonic(), compile_with(name)
        failed += wrong is not None
        print(
            f"{name}: {'no warning' if wrong is None else wrong}, {time.monotonic() - begun:.0f} s",
            flush=True)
    print(f"{len(names) - failed} of {len(names)} compilers have nothing to say")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

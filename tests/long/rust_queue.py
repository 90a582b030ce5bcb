#!/usr/bin/env python3
"""rust_queue.py: the template in Rust (docs/templates/queue-rust) is built by the line of its
README with each rustc that is here, Debian's own among them, and passes the kit. Exit code 0
when all did."""
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
KIT = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "plugin-check").resolve()
LIMIT = 900
PACKAGES = {"bookworm": "rustc", "trixie": "rustc"}


def build_and_check(rustc, folder):
    """None, or what went wrong."""
    source = folder / "queue-rust"
    shutil.copytree(ROOT / "docs" / "templates" / "queue-rust", source)
    readme = (source / "README.md").read_text(encoding="utf-8")
    line = re.search(r"^rustc ((?:.*\\\n)*.*)$", readme, re.M)[1]
    built = subprocess.run(["sh", "-c", f"exec '{rustc}' {line}"], cwd=source, capture_output=True,
                           text=True, timeout=300)
    if built.returncode != 0 or "warning" in built.stderr:
        return built.stderr
    names = subprocess.run(["nm", "-D", "--defined-only", "queue-rust.so"], cwd=source,
                           capture_output=True, text=True, timeout=60,
                           check=True).stdout.split()[2::3]
    checked = subprocess.run([str(KIT), "./queue-rust.so"], cwd=source, capture_output=True,
                             text=True, timeout=300)
    said = checked.stdout + checked.stderr
    if checked.returncode != 0 or "not ok" in said or said.count("\nok ") < 30:
        return said
    return None if names == ["hearth_plugin_v2"] else f"it exports {names}"


def main():
    compilers = sorted({
        path
        for path in ("/usr/bin/rustc", shutil.which("rustc"))
        if path and os.path.exists(path)
    })
    failed = 0 if compilers else 1
    for rustc in compilers:
        version = subprocess.run([rustc, "--version"], capture_output=True, text=True, timeout=60,
                                 check=True).stdout.strip()
        with tempfile.TemporaryDirectory() as folder:
            wrong = build_and_check(rustc, pathlib.Path(folder))
        failed += wrong is not None
        print(f"{version}: {'the queue passes the kit' if wrong is None else wrong}", flush=True)
    print(f"{len(compilers) - failed} of {len(compilers)} compilers make a queue that passes"
          if compilers else "there is no rustc; ./dev test --long rust_queue installs it")
    return 0 if failed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())

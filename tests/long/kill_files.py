#!/usr/bin/env python3
"""kill_files.py [HEARTHD]: backup, restore and the removal of an account are killed at 60
moments each: no partial file has a backup's name, the database is the old or the new one, the
account is whole or gone; and nothing is left over."""
import os
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "plugins", "storage-sqlite"))
import kills  # noqa: E402

if __name__ == "__main__":
    hearthd = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "hearthd")
    with tempfile.TemporaryDirectory(prefix="hearth-kills-") as folder:
        kills.run(hearthd, folder, count=60, pages=3000)

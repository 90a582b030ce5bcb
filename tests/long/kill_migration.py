#!/usr/bin/env python3
"""kill_migration.py [HEARTHD]: a database of the release before moves into files of their own
and is killed at 60 moments; each time it goes on, and ends as a migration that nobody killed."""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "plugins", "storage-sqlite"))
import migration  # noqa: E402

if __name__ == "__main__":
    hearthd = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "hearthd")
    sys.exit(0 if migration.run(hearthd, kills=60, pages=6000) > 30 else 1)

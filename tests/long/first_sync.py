#!/usr/bin/env python3
"""first_sync.py [BUILD]: while 200,000 pages with 600,000 visits are stored for one person, nobody's reads have a 99th percentile of 100 ms or
more, and nobody's small writes (hers included) one of 500 ms or more. Times: to be run on a machine that has nothing else to do."""
import os
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

if __name__ == "__main__":
    build = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build")
    plugin = os.path.join(build, "plugins", "storage-sqlite", "storage-sqlite.so")
    program = os.path.join(build, "tests", "bench", "bench-first-sync")
    sys.exit(subprocess.run([program, "200000", "100", "500"], env=dict(os.environ, STORAGE_SQLITE=plugin), timeout=1200).returncode)

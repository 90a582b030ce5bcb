"""Counts passed and failed tests of a meson log: `passed failed`. A skipped test counts as failed: nothing may be skipped silently."""
import json
import sys

passed = failed = 0
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        if json.loads(line)["result"] in ("OK", "EXPECTEDFAIL"):
            passed += 1
        else:
            failed += 1
print(passed, failed)

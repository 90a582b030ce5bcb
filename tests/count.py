"""Counts the tests of a meson log: a line each with how many passed, how many failed, and the
name of each that failed. A skipped test counts as failed: nothing may be skipped silently."""
import json
import sys

passed, failed = 0, []
with open(sys.argv[1], encoding="utf-8") as log:
    for line in log:
        test = json.loads(line)
        if test["result"] in ("OK", "EXPECTEDFAIL"):
            passed += 1
        else:
            failed.append(f"{test['name']} ({test['result'].lower()})")
print(passed, len(failed), *failed, sep="\n")

"""Runs the tests of a build by meson, with the options given, and prints on standard output how
many passed, how many failed, and a line for each that did not pass at once.

A few that failed are run once more, each by itself: one that passes then is unsteady. It counts as
passed, so that a moment's load does not lose the work of many, and is named at the end, as it is a
fault of the test or of what it tests, and to be mended. One that ran out of its time has hung, and
is not run again."""
import json
import subprocess
import sys

FEW = 3


def results(log):
    with open(log, encoding="utf-8") as f:
        return [json.loads(line) for line in f]


def passed(test):
    """A skipped test has failed: nothing may be skipped silently."""
    return test["result"] in ("OK", "EXPECTEDFAIL")


def plain_name(test):
    """Without the suites, which meson puts before it."""
    return test["name"].rsplit(" / ", 1)[-1]


def run(folder, options, name="testlog"):
    subprocess.run(["meson", "test", "-C", folder, "--no-rebuild", "--print-errorlogs", "--logbase",
                    name, *options], stdout=sys.stderr, check=False)
    return results(f"{folder}/meson-logs/{name}.json")


def main(folder, *options):
    tests = run(folder, options)
    failed = [test for test in tests if not passed(test)]
    patience = [option for option in options if option.startswith("--timeout-multiplier=")]
    lines, again = [], 0
    for test in failed:
        said = f"{test['name']} ({test['result'].lower()})"
        if len(failed) <= FEW and test["result"] == "FAIL":
            print(f"once more, by itself: {test['name']}", file=sys.stderr, flush=True)
            second = run(folder, [*patience, plain_name(test)], "again")
            if second and all(map(passed, second)):
                again += 1
                lines.append(f"unsteady in {folder}: {test['name']} failed, and passed by itself")
                continue
        lines.append(f"failed in {folder}: {said}")
    print(len(tests) - len(failed) + again, len(failed) - again, *lines, sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

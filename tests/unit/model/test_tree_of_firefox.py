"""The repaired tree, made from the records of every step of the recorded Firefox, must be the
tree that the device which synced last had. Records are given in a shuffled order, and once more
with what the structure says taken away from the children, but for queries and roots, which need it.

usage: test_tree_of_firefox.py FIXTURES TREE-TOOL"""
import glob
import gzip
import json
import os
import random
import subprocess
import sys

KINDS = {"bookmark": 1, "folder": 2, "separator": 3, "query": 4, "livemark": 5}
ROOTS = {
    "menu________": "menu", "toolbar_____": "toolbar", "unfiled_____": "unfiled", "mobile______":
    "mobile", "root________": "places"
}


def records(fixtures, step):
    out = subprocess.run(
        [sys.executable, os.path.join(fixtures, "check.py"), "--plain",
         str(step)], capture_output=True, check=True, timeout=300)
    rows = map(json.loads, out.stdout.strip(b"\n").split(b"\n"))
    return [(r["modified"], r["plaintext"]) for r in rows if r["collection"] == "bookmarks"]


def repaired(tool, rows, with_parents):
    facts = []
    for modified, r in rows:
        if r.get("deleted"):
            continue
        needed = r["type"] == "query" or r["id"] in ROOTS.values()
        said = r["parentid"] if with_parents or needed else ""
        facts.append(
            f"N\t{r['id']}\t{KINDS[r['type']]}\t{said}\t{round(modified * 1000)}")
        facts += [f"C\t{r['id']}\t{i}\t{c}" for i, c in enumerate(r.get("children", []))]
    random.Random(1).shuffle(facts)
    out = subprocess.run([tool], input="\n".join(facts) + "\n", capture_output=True, check=True,
                         text=True, timeout=300)
    children = {}
    for line in out.stdout.splitlines():
        guid, parent, position = line.split("\t")
        children.setdefault(parent, []).append((int(position), guid))
    return {
        parent: [guid
                 for _, guid in sorted(c)]
        for parent, c in children.items()
        if parent != "places"
    }


def expected(node, into):
    kids = [ROOTS.get(c["guid"], c["guid"]) for c in node.get("children", [])]
    guid = ROOTS.get(node["guid"], node["guid"])
    if kids and guid != "places":
        into[guid] = kids
    for child in node.get("children", []):
        expected(child, into)
    return into


def main(fixtures, tool):
    trees = sorted(glob.glob(os.path.join(fixtures, "truth", "trees", "*.json.gz")))
    assert trees, "no trees in " + fixtures
    failures = 0
    for step, path in enumerate(trees):
        want = expected(json.load(gzip.open(path)), {})
        rows = records(fixtures, step)
        for with_parents in (True, False):
            got = repaired(tool, rows, with_parents)
            wrong = [k for k in set(want) | set(got) if want.get(k) != got.get(k)]
            failures += bool(wrong)
            print(
                f"{os.path.basename(path)}: {sum(map(len, got.values()))} placed in {len(got)} "
                f"folders, {len(wrong)} folders differ {wrong[:3]}"
            )
    return failures > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))

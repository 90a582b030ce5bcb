"""What the recorded Firefox had, in the shapes that Hearth serves."""
import collections
import functools
import gzip
import json
import os

from harness import FIXTURES  # first: it tells where the recorded data are
import check

ROOTS = {v: k for k, v in check.ROOTS.items()}


@functools.lru_cache(maxsize=None)
def steps():
    """[(name, {(collection, id): record})] after each step, decrypted."""
    with open(os.path.join(FIXTURES, "account.json"), encoding="utf-8") as f:
        key = bytes.fromhex(json.load(f)["syncKey"])
    return [(name, check.plain(bsos, key)) for name, _, bsos in check.steps()]


def tree(name):
    with gzip.open(os.path.join(FIXTURES, "truth", "trees", name + ".json.gz"), "rt",
                   encoding="utf-8") as f:
        return json.load(f)


def device(name):
    with gzip.open(os.path.join(FIXTURES, "truth", name + ".json.gz"), "rt", encoding="utf-8") as f:
        return json.load(f)


def simplify(node):
    """A node of Firefox's tree as nested tuples: kind, title, url, tags, keyword, children."""
    guid = ROOTS.get(node["guid"], node["guid"])
    if node["typeCode"] == 2:
        return (guid, "folder", None if guid in check.ROOTS else node.get("title", ""),
                [simplify(c) for c in node.get("children", [])])
    if node["typeCode"] == 3:
        return (guid, "separator")
    kind = "query" if node["uri"].startswith("place:") else "bookmark"
    tags = sorted(node["tags"].split(",")) if node.get("tags") else []
    return (guid, kind, node.get("title", ""), node["uri"], tags, node.get("keyword"))


def live_history(step):
    """url -> {(ms, type)} of the server's live records after a step."""
    pages = collections.defaultdict(set)
    for (collection, _), record in steps()[step][1].items():
        if collection == "history" and not record.get("deleted") and record["visits"]:
            pages[record["histUri"]] |= {(v["date"] // 1000, v["type"]) for v in record["visits"]}
    return dict(pages)


def tabs(step):
    """device id -> [(url, title, last used in ms)] as uploaded."""
    return {
        i: [(t["urlHistory"][0], t["title"], t["lastUsed"] * 1000)
            for t in r["tabs"]]
        for (collection, i), r in steps()[step][1].items()
        if collection == "tabs"
    }

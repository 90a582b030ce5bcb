#!/usr/bin/env python3
"""Every kind of damage that the Sync double knows, at 1, 3, 46 and 100 % of the records, in every collection and every way of reading it; whole
answers that are damaged as well. Prints a table; exit code 1 when a stored row was lost, or the next healthy sync did not mend everything.

tests/long/damage.py [--only TEXT]: cells whose name contains it ("resync, bookmarks"). HEARTHD names the binary (build/hearthd)."""
import argparse
import collections
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from damaged import ANSWERS, COLLECTIONS, WAYS, Damaged, damages  # noqa: E402
from harness import Node, SyncService  # noqa: E402

RARE = {"huge 1 %": {"damage": {"kind": "huge", "percent": 1}}, "deep 3 %": {"damage": {"kind": "deep", "percent": 3}}}


def cells():
    for way in WAYS:
        for collection in COLLECTIONS:
            for name, fault in {**damages(), **RARE, **ANSWERS}.items():
                if name.startswith("pass over") and collection in ("tabs", "clients"):
                    continue  # one page
                if name.startswith("pass over") and way == "incremental":
                    continue  # one page, too: tests/plugins/sync-fx/test_damage.c has it
                yield way, collection, name, fault


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    service, table = SyncService(load=False), collections.Counter()
    home = Node(f"[sync firefox]\naccounts_url = {service.url}\nclient_id = 0123456789abcdef\n")
    try:
        damaged = Damaged(service, home)
        for way, collection, name, fault in cells():
            if options.only not in f"{way}, {collection}, {name}":
                continue
            wrong = damaged.cell(way, collection, name, fault)
            column = name.rpartition(" ")[0].rpartition(" ")[2] + " %" if name.endswith("%") else "answers"
            table[way, collection, column, "cells"] += 1
            table[way, collection, column, "lost"] += "lost" in wrong
            table[way, collection, column, "wrong"] += bool(wrong)
            if wrong:
                print(damaged.failures[-1][:2000], flush=True)
    finally:
        home.close()
        service.stop()
    columns = ("1 %", "3 %", "46 %", "100 %", "answers")
    print(f"{'cells (with a lost row, wrong)':36}" + "".join(f"{c:>16}" for c in columns))
    for way in WAYS:
        for collection in COLLECTIONS:
            row = [tuple(table[way, collection, c, what] for what in ("cells", "lost", "wrong")) for c in columns]
            print(f"{way + ', ' + collection:36}" + "".join(f"{f'{n} ({lost}, {wrong})':>16}" for n, lost, wrong in row))
    total = {what: sum(n for key, n in table.items() if key[3] == what) for what in ("cells", "lost", "wrong")}
    print(f"{total['cells']} cells, {total['lost']} with lost rows, {total['wrong']} wrong")
    return 1 if total["wrong"] or not total["cells"] else 0


if __name__ == "__main__":
    sys.exit(main())

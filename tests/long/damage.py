#!/usr/bin/env python3
"""Every kind of damage that the Sync double knows, at 1, 3, 46 and 100 % of the records, in
every collection and every way of reading it; whole answers that are damaged as well. Prints a
table; exit code 1 when a stored row was lost, or the next healthy sync did not mend everything.

tests/long/damage.py [--only TEXT] [--parallel N]: cells whose name contains it ("resync,
bookmarks"). HEARTHD names the binary (build/hearthd)."""
import argparse
import collections
import concurrent.futures
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "e2e"))
from damaged import ANSWERS, COLLECTIONS, WAYS, Damaged, damages  # noqa: E402
from harness import Node, SyncService  # noqa: E402

RARE = {
    "huge 1 %": {"damage": {"kind": "huge", "percent": 1}}, "deep 3 %":
    {"damage": {"kind": "deep", "percent": 3}}
}


def cells():
    for way in WAYS:
        for collection in COLLECTIONS:
            for name, fault in {**damages(), **RARE, **ANSWERS}.items():
                if name.startswith("pass over") and collection in ("tabs", "clients"):
                    continue  # one page
                if name.startswith("pass over") and way == "incremental":
                    continue  # one page, too: tests/plugins/sync-fx/test_damage.c has it
                yield way, collection, name, fault


def run_group(way, collection, only):
    """All cells of one way of reading one collection, with an account of their own; a table and
    what went wrong, in words."""
    wanted = [
        cell for cell in cells()
        if cell[:2] == (way, collection) and only in f"{way}, {collection}, {cell[2]}"
    ]
    table, words = collections.Counter(), []
    if not wanted:
        return table, words
    service = SyncService(load=False)
    home = Node(f"[sync firefox]\naccounts_url = {service.url}\nclient_id = 0123456789abcdef\n")
    try:
        damaged = Damaged(service, home)
        for _, _, name, fault in wanted:
            wrong = damaged.cell(way, collection, name, fault, verify=False)
            column = name.rpartition(" ")[0].rpartition(" ")[2] + " %" if name.endswith(
                "%") else "answers"
            table[way, collection, column, "cells"] += 1
            table[way, collection, column, "lost"] += "lost" in wrong
            table[way, collection, column, "wrong"] += bool(wrong)
            if wrong:
                words.append(damaged.failures[-1][:2000])
        if home.cli("verify").splitlines()[-1] != "The database is sound.":
            words.append(f"{way}, {collection}: verify finds damage in the database")
            table[way, collection, "answers", "wrong"] += 1
    finally:
        home.close()
        service.stop()
    return table, words


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--parallel", type=int, default=2,
                        help="groups of cells (a way of reading a collection) at a time")
    options = parser.parse_args()
    table, begun = collections.Counter(), time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.parallel) as pool:
        groups = [
            pool.submit(run_group, way, collection, options.only)
            for way in WAYS
            for collection in COLLECTIONS
        ]
        for group in concurrent.futures.as_completed(groups):
            part, words = group.result()
            table.update(part)
            for line in [", ".join(key) + f": {n}" for key, n in part.items() if key[3] == "cells"
                         ] + words:
                print(line, flush=True)
    columns = ("1 %", "3 %", "46 %", "100 %", "answers")
    print(f"{'cells (with a lost row, wrong)':36}" + "".join(f"{c:>16}" for c in columns))
    for way in WAYS:
        for collection in COLLECTIONS:
            row = [
                tuple(table[way, collection, c, what]
                      for what in ("cells", "lost", "wrong"))
                for c in columns
            ]
            print(f"{way + ', ' + collection:36}" +
                  "".join(f"{f'{n} ({lost}, {wrong})':>16}" for n, lost, wrong in row))
    total = {
        what: sum(n
                  for key, n in table.items()
                  if key[3] == what)
        for what in ("cells", "lost", "wrong")
    }
    print(
        f"{total['cells']} cells, {total['lost']} with lost rows, {total['wrong']} wrong, in "
        f"{time.monotonic() - begun:.0f} s"
    )
    return 1 if total["wrong"] or not total["cells"] else 0


if __name__ == "__main__":
    sys.exit(main())

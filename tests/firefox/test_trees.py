"""Bookmark trees, tags and keywords as a real Firefox has them.

Random servers have records that contradict each other (disorder.py): what a Firefox that sees such
a server for the first time shows is what Hearth shows, synced step by step and anew. What Firefox
refuses is sane and complete.

HEARTH_SEED, any text, makes other trees; HEARTH_TREES says how many."""
import collections
import concurrent.futures
import json
import os
import sys
import unittest

import disorder
from model import PLACES, Model, guids, guid_of
from oracle import Oracle, Refused, final
from served import Hearth, Insane

SEED = os.environ.get("HEARTH_SEED", "2026")
COUNT = int(os.environ.get("HEARTH_TREES", 300))
AT_A_TIME = 4  # accounts
SHOWN = 3  # trees that differ


def unhidden(case):
    """The records that are there in the end. A Firefox whose folder for what belongs nowhere was
    buried shows none of it; Hearth shows it there all the same (docs/merging.md), so Firefox is
    asked without that tombstone."""
    records = final(case["steps"])[0]
    of_unfiled = [r for r in records if guid_of(r["id"]) == PLACES["unfiled"]]
    if of_unfiled and of_unfiled[-1].get("deleted"):
        records = [r for r in records if r not in of_unfiled]
    return records


def asked(found):
    """What a new Firefox shows of each."""
    with Oracle() as oracle:
        cases = [{**case, "steps": [unhidden(case)]} for case in found]
        return [answer[0] for answer in oracle.ask(cases, fresh=True)]


def apart(wanted, got):
    """Of two that differ, what does."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        names = [name for name in {**wanted, **got} if wanted.get(name) != got.get(name)]
        return {name: wanted.get(name) for name in names}, {name: got.get(name) for name in names}
    return wanted, got


def lines(case, wanted, got):
    """A difference, and the records that it may come from."""
    told = [case["name"], *(json.dumps(side, ensure_ascii=False) for side in apart(wanted, got))]
    for number, step in enumerate(case["steps"]):
        told += [f"  {number}: {json.dumps(record, ensure_ascii=False)}" for record in step]
    return told


class Random(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        print(f"HEARTH_SEED={SEED} HEARTH_TREES={COUNT}", file=sys.stderr)
        cls.cases = disorder.cases(SEED, COUNT)
        cls.models = [Model(unhidden(case)) for case in cls.cases]
        with Hearth() as hearth, concurrent.futures.ThreadPoolExecutor(AT_A_TIME + 1) as threads:
            firefox = threads.submit(asked, cls.cases)
            served = threads.map(lambda case: cls.served(hearth.person(), case), cls.cases)
            cls.hearth, cls.firefox = list(served), firefox.result()

    @staticmethod
    def served(person, case):
        """Step by step, and anew."""
        for records in case["steps"]:
            person.step(records)
        try:
            first = person.state()
            person.resync()
            return first, person.state()
        except Insane as error:
            return error, error

    def compare(self, rows, what):
        """`rows` of (case, wanted, got) that differ."""
        if rows:
            told = [line for row in rows[:SHOWN] for line in lines(*row)]
            self.fail(f"{what}: {len(rows)} of {COUNT} differ\n" + "\n".join(told))

    def test_rules(self):
        """model.py, by which the refused ones are judged, is what Firefox does; and it knows what
        Firefox refuses."""
        rows = zip(self.cases, self.firefox, self.models)
        self.compare([(case, "refused" if isinstance(told, Refused) else told.tree, model.tree)
                      for case, told, model in rows
                      if isinstance(told, Refused) == model.sane
                      or not isinstance(told, Refused) and told.tree != model.tree], "the model")
        refused = collections.Counter(
            told.text.partition(":")[0] for told in self.firefox if isinstance(told, Refused))
        print(f"refused by Firefox: {dict(refused)}", file=sys.stderr)

    def fresh(self, what, steps=3):
        """What `what` makes of the states of both, of those that Firefox takes, with not more
        `steps` than these."""
        rows = [(case, what(told), str(shown) if isinstance(shown, Insane) else what(shown))
                for case, told, (_, shown) in zip(self.cases, self.firefox, self.hearth)
                if not isinstance(told, Refused) and len(case["steps"]) <= steps]
        self.compare([row for row in rows if row[1] != row[2]], "Firefox and Hearth")

    def test_trees(self):
        self.fresh(lambda state: state.tree)

    def test_values(self):
        """No older version of a record stays, and no record is mixed with another's."""
        self.fresh(lambda state: {guid: [title or "", state.added[guid]]
                                  for guid, title in state.titles.items()})
        self.fresh(lambda state: {guid: url for guid, url in state.urls.items()
                                  if not url.startswith("place:")})

    def test_tags(self):
        """Of the copies of a URL that were uploaded together: who changed one of them later has
        changed them all, which a Firefox that sees all at once cannot know (docs/merging.md)."""
        self.fresh(lambda state: state.tags, steps=1)

    def test_keywords(self):
        self.fresh(lambda state: state.keywords)

    def test_incremental(self):
        def all_of(shown):
            return str(shown) if isinstance(shown, Insane) else {
                **shown.tree, **shown.items, "keywords": shown.keywords}

        rows = [(case, *map(all_of, shown)) for case, shown in zip(self.cases, self.hearth)]
        self.compare([row for row in rows if row[1] != row[2]], "step by step and anew")

    def test_refused(self):
        rows = [(case, sorted(guids(model.tree)),
                 str(shown) if isinstance(shown, Insane) else sorted(guids(shown.tree)))
                for case, told, model, (_, shown) in zip(self.cases, self.firefox, self.models,
                                                         self.hearth)
                if isinstance(told, Refused)]
        self.compare([row for row in rows if row[1] != row[2]], "complete")


if __name__ == "__main__":
    unittest.main()

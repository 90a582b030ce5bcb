"""Damage is not deletion: complete and incremental reads of damaged answers. The whole matrix is
tests/long/damage.py."""
import unittest

from damaged import ANSWERS, COLLECTIONS, WAYS, Damaged, damages
from harness import TestCase

RECORDS = {
    **damages(("hmac", "inner_id"), (3, )), **damages(("line", ), (46, )), **damages(("not_json", ),
                                                                                     (1, ))
}


class Damage(TestCase):
    def setUp(self):
        self.sync_service = self.service(load=False)
        self.home = self.node(
            f"[sync firefox]\naccounts_url = {self.sync_service.url}\nclient_id = "
            "0123456789abcdef\n",
            start=False)
        self.damaged = Damaged(self.sync_service, self.home, history=120, bookmarks=250)

    def run_cells(self, ways, collections, faults):
        for way in ways:
            for collection in collections:
                for name, fault in faults.items():
                    self.damaged.cell(way, collection, name, fault, verify=False)
        self.assertEqual(self.damaged.failures, [], "\n".join(self.damaged.failures))
        self.assertEqual(self.home.cli("verify").splitlines()[-1], "The database is sound.")

    def test_records(self):
        self.run_cells(("resync", ), COLLECTIONS, RECORDS)

    def test_all_records(self):
        self.run_cells(("resync", ), COLLECTIONS, damages(("empty", ), (100, )))

    def test_other_ways(self):
        self.run_cells([w for w in WAYS if w != "resync"], COLLECTIONS, damages(("hmac", ), (3, )))

    def test_answers(self):
        paged = {name for name in ANSWERS if name.startswith("pass")}
        self.run_cells(("resync", ), ("bookmarks", ), ANSWERS)
        self.run_cells(("resync", ), ("tabs", ),
                       {name: fault
                        for name, fault in ANSWERS.items()
                        if name not in paged})

    def test_wiped_between_two_requests(self):
        """A collection is deleted after info/collections was read: what is here stays until a
        Firefox has uploaded again."""
        before = self.damaged.rows()
        for collection in COLLECTIONS:
            self.sync_service.faults(
                {"match": f"storage/{collection}\\?", "wipe": collection, "times": 1})
            self.damaged.sync("resync")
            self.assertEqual(self.damaged.lost(before, self.damaged.rows()), {})
            self.sync_service.faults()
            self.damaged.sync()
            self.assertEqual(self.damaged.lost(before, self.damaged.rows()), {})

    def test_a_root_is_the_same_however_it_was_read(self):
        """Its record does not say when it was added, and comes again and again."""
        mobile = {
            "id": "mobile", "type": "folder", "parentid": "places", "title": "mobile", "children":
            []
        }
        for _ in range(2):
            self.sync_service.put_clear("bookmarks", mobile, email=self.damaged.email)
            self.damaged.sync()
        incremental = self.damaged.rows()
        self.damaged.sync("resync")
        self.assertEqual(self.damaged.differences(incremental, self.damaged.rows()), {})

    def test_devices_that_nobody_recognises(self):
        """They hold up the others three times; then what comes is united with what is stored,
        and the tabs of the others stay."""
        before = self.damaged.rows()
        self.home.start()  # one process: it counts
        self.sync_service.faults(
            {"match": "storage/tabs\\?", "damage": {"kind": "list", "percent": 46}})
        for attempt in range(4):
            self.damaged.change()
            said = self.damaged.sync()
            self.assertEqual("nobody can say which they are" in said, attempt < 3, said)
            self.assertEqual(self.damaged.lost(before, self.damaged.rows()), {})
        self.assertRegex(
            said, r"records of open tabs arrived damaged; earlier copies are kept, but for \d")
        self.sync_service.faults()
        self.damaged.sync()
        self.damaged.change()
        self.assertNotIn("arrived damaged", self.damaged.sync())
        healed = self.damaged.rows()
        self.damaged.sync("resync")
        self.assertEqual(self.damaged.differences(healed, self.damaged.rows()), {})

    def test_words(self):
        self.sync_service.faults(
            {"match": "storage/bookmarks", "damage": {"kind": "hmac", "percent": 3}})
        said = self.damaged.sync("resync")
        self.assertRegex(
            said,
            r"8 of \d+ records of bookmarks arrived damaged; earlier copies are kept, and they are "
            r"asked for again\."
        )
        said = self.damaged.sync()
        self.assertRegex(said, r"records? of bookmarks still arrives? damaged")
        self.sync_service.faults()
        self.assertNotIn("damaged;", self.damaged.sync())


if __name__ == "__main__":
    unittest.main()

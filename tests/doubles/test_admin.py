"""Changing data through the administration interface."""
import gzip
import json
import os
import time
import unittest

import synthetic
from case import Running
from client import ADA, FIXTURES
from storage import centiseconds


class Administration(Running):
    def test_steps_equal_the_recording(self):
        """Forwards one by one, back, and to the end in one go: always what was recorded."""
        counts = []
        for step in (0, 1, 2, 3, 4, 5, 6, 7, 3, 7):
            self.service.step(step)
            counts.append(self.reader().get("/info/collection_counts"))
        self.assertEqual(counts[3], counts[8])
        self.assertEqual(counts[7], counts[9])
        path = os.path.join(FIXTURES, "server", "07-final.full.jsonl.gz")
        recorded = {}
        with gzip.open(path, "rt", encoding="utf-8") as f:
            for bso in (json.loads(line, parse_float=str) for line in f):
                if bso.get("collection") == "history" and "id" in bso:
                    recorded[bso["id"]] = (centiseconds(bso["modified"]), bso["payload"])
        served = {}
        for page in self.reader().pages("history"):
            for bso in (json.loads(line, parse_float=str) for line in page):
                served[bso["id"]] = (centiseconds(bso["modified"]), bso["payload"])
        self.assertEqual(served, recorded)

    def test_step_after_put_keeps_time_growing(self):
        self.service.step(0)
        self.addCleanup(self.service.step, 7)
        self.addCleanup(self.service.step, 0)
        put = self.service.put_clear(
            "history",
            {"id": "mine", "histUri": "https://mine.example/", "title": "", "visits": []})
        self.service.step(1)
        reader = self.reader()
        self.assertGreater(centiseconds(reader.request("/info/collections")[1]["X-Last-Modified"]),
                           centiseconds(put))
        self.assertIn("mine", reader.records("history"))
        self.assertGreater(len(reader.get(f"/storage/bookmarks?newer={put}")), 0)

    def test_put_and_delete(self):
        reader = self.small("write@example.org", history=0)
        first = self.service.put_clear("history", {"id": "a"}, {"id": "b"},
                                       email="write@example.org")
        second = self.service.put("history",
                                  {"id": "c", "payload": "raw", "sortindex": 7, "ttl": 60},
                                  email="write@example.org")
        self.assertLess(centiseconds(first), centiseconds(second))
        self.assertEqual(reader.get(f"/storage/history?newer={first}"), ["c"])
        self.assertEqual(reader.get("/storage/history/c")["sortindex"], 7)
        third = self.service.remove("history", "a", email="write@example.org")
        self.assertEqual(reader.request("/storage/history")[1]["X-Last-Modified"], third)
        self.assertEqual(sorted(reader.get("/storage/history")), ["b", "c"])
        self.assertEqual(
            self.service.post("expire-records", email="write@example.org",
                              at=int(time.time()) + 7200), {"dropped": 1})

    def test_keys(self):
        email = "keys@example.org"
        reader = self.small(email)
        before = reader.records("history")
        self.service.post("rotate-keys", email=email)
        self.assertEqual(reader.records("history"), before)
        self.service.post("keys", email=email, collection="history")
        self.assertEqual((set(reader.keys()), reader.records("history")), ({"", "history"}, before))
        self.service.post("keys", email=email, rotate=True, reseal=False)
        self.assertEqual(reader.records("history"), before)  # has a key of its own
        with self.assertRaises(ValueError):
            reader.records("bookmarks")
        self.service.post("keys", email=email, remove=True)
        self.assertEqual(reader.request("/storage/crypto/keys")[0], 404)
        self.service.post("keys", email=email)
        self.assertEqual(reader.records("history"), before)

    def test_meta(self):
        email = "meta@example.org"
        reader = self.small(email)
        self.service.post("meta", email=email, syncID="another", storageVersion=6,
                          engines={"history": {"version": 2}, "forms": None})
        meta = json.loads(reader.get("/storage/meta/global")["payload"])
        self.assertEqual(
            (meta["syncID"], meta["storageVersion"], meta["engines"]["history"]["version"]),
            ("another", 6, 2))
        self.assertNotIn("forms", meta["engines"])
        self.service.post("meta", email=email, remove=True)
        self.assertEqual(reader.request("/storage/meta/global")[0], 404)

    def test_password_reset(self):
        email = "reset@example.org"
        reader, old = self.small(email), self.service.import_file(email)
        self.service.post("password-reset", email=email, reupload=True, keep_tokens=True)
        self.assertEqual(json.loads(reader.sign_in()[2])["status"], "invalid-client-state")
        fresh = self.reader(email)
        self.assertNotEqual((old["kid"], old["sync_key"]),
                            (fresh.credentials["kid"], fresh.credentials["sync_key"]))
        self.assertEqual(len(fresh.records("history")), 30)
        self.service.post("reset-password", email=email)
        self.assertEqual(json.loads(fresh.sign_in()[2])["status"], "invalid-credentials")
        self.assertEqual(self.reader(email).get("/info/collections"), {})

    def test_reassignment(self):
        email = "move@example.org"
        reader = self.small(email)
        self.service.post("reassign", email=email, prefix="/node2")
        self.assertEqual(reader.request("/info/collections")[0], 401)
        self.assertEqual(self.service.log("/info/")[-1]["refused"], "moved")
        reader.sign_in()
        self.assertIn("/node2/1.5/", reader.token["api_endpoint"])
        self.assertEqual(len(reader.records("history")), 30)

    def test_synthetic_accounts_repeat(self):
        one, two, other = (synthetic.make("s@example.org", 1, seed=s, history=50, bookmarks=60,
                                          tabs=4, devices=2, now=1800000000) for s in (1, 1, 2))
        lines = [{n: c.lines for n, c in a.collections.items()} for a in (one, two, other)]
        self.assertEqual(lines[0], lines[1])
        self.assertNotEqual(lines[0]["history"], lines[2]["history"])
        self.assertEqual(
            {n: len(c)
             for n, c in lines[0].items()},
            {"crypto": 1, "meta": 1, "clients": 2, "tabs": 2, "bookmarks": 66, "history": 50})
        self.assertLess(one.latest(), 180000000000)

    def test_nonsense_is_refused(self):
        for name, data in (("nothing", {}), ("step", {"step": 9}), ("put", {"email": ADA}),
                           ("meta", {"email": "nobody"
                                     }), ("settings", {"skwe":
                                                       1}), ("faults", {"rules": [{"mach": "x"}]}),
                           ("faults", {"rules":
                                       [{"damage":
                                         {"kind": "hmca", "every":
                                          1}}]}), ("accounts", {"email": "x@y", "histroy": 1})):
            with self.assertRaises(RuntimeError):
                self.service.post(name, **data)
        self.assertEqual(self.service.get("health")["status"], "ok")


if __name__ == "__main__":
    unittest.main()

"""Search through the whole daemon, against what a real Firefox answered for the same data."""
import contextlib
import hashlib
import json
import os
import sqlite3
import unittest

from harness import FIXTURES, TestCase


class Search(TestCase):
    @classmethod
    def setUpClass(cls):
        with open(os.path.join(FIXTURES, "awesomebar-ground-truth.json"), encoding="utf-8") as f:
            cls.truth = json.load(f)

    def test_agrees_with_firefox(self):
        """The first results of every query, as far as frecency orders them. (All matches are
        compared in tests/unit/search.)"""
        service, node = self.service(), self.node()
        node.add_account(service)
        compared = 0
        for query in self.truth["plain"]["queries"]:
            if "boundary" not in query or not query["boundary"] or query["boundary"]["count"] == 0:
                continue
            expected = [(u, f)
                        for u, f in query["boundary"]["first"]
                        if not u.startswith(("javascript:", "place:"))]
            results = node.api("/search", q=query["query"], limit=60,
                               **{"in": "bookmarks,history"})["results"]
            got = [(r["url"], r["frecency"]) for r in results if r["kind"] != "keyword"]
            with self.subTest(query=query["query"]):
                frecencies = [f for _, f in got[:min(len(expected), 20)]]
                self.assertEqual(frecencies, sorted(frecencies, reverse=True))
                # Variants of one address show once, so Firefox's list may hold more: every result
                # must be in it, in its order.
                known = dict(expected)
                for url, frecency in got[:15]:
                    if url in known:
                        self.assertEqual(frecency, known[url])
                self.assertGreaterEqual(len([u for u, _ in got[:15] if u in known]),
                                        min(15, len(expected)) * 2 // 3)
            compared += 1
        self.assertGreater(compared, 25)

    def test_restrictions(self):
        service, node = self.service(), self.node()
        node.add_account(service)
        kinds = lambda q, **more: {
            r["kind"]
            for r in node.api("/search", q=q, limit=100, **more)["results"]
        }
        self.assertEqual(kinds("% github"), {"tab"})
        self.assertEqual(kinds("* river"), {"bookmark"})
        self.assertNotIn("tab", kinds("^ river"))
        self.assertEqual(kinds("river", **{"in": "tabs"}), {"tab"})
        tagged = node.api("/search", q="+ science", limit=50)["results"]
        self.assertTrue(tagged and all(r["tags"] for r in tagged))
        for result in node.api("/search", q="# otter", limit=50)["results"]:
            self.assertIn("otter", result["title"].lower())
        empty = [
            r["frecency"]
            for r in node.api("/search", q="", limit=20, **{"in": "history,bookmarks"})["results"]
        ]
        self.assertEqual(empty, sorted(empty, reverse=True))
        self.assertEqual(len(empty), 20)

    def test_every_device_has_its_name(self):
        """However many there are."""
        service, node = self.service(), self.node()
        node.add_account(service)
        with node.database() as shared:
            person = shared.execute("SELECT id FROM accounts").fetchone()[0]
        with contextlib.closing(sqlite3.connect(f"{node.state}/accounts/{person}.db",
                                                timeout=60)) as file, file:
            for n in range(150):
                file.execute(
                    "INSERT INTO devices (id, name, type, last_upload) VALUES (?, ?, 'desktop', 1)",
                    (f"device-{n:03}", f"Name of {n:03}"))
                file.execute(
                    "INSERT INTO tabs (device, position, title, url, last_used, inactive, pinned) "
                    "VALUES (?, 0, ?, ?, 1, 0, 0)",
                    (f"device-{n:03}", f"Zebra {n:03}", f"https://zebra.example/{n:03}"))
        found = {}
        for n in range(150):
            for result in node.api("/search", q=f"% zebra {n:03}", limit=100)["results"]:
                found[result["title"]] = [device["name"] for device in result["devices"]]
        self.assertEqual(found, {f"Zebra {n:03}": [f"Name of {n:03}"] for n in range(150)})

    def test_sees_what_a_sync_brings(self):
        service, node = self.service(step=0), self.node()
        node.add_account(service)
        digest = lambda: hashlib.sha256(node.request("/api/v1/search?q=fresh&limit=100").body
                                        ).hexdigest()
        before = digest()
        for step in (1, 3, 4):
            service.step(step)
            node.sync()
        self.assertNotEqual(digest(), before)
        urls = {r["url"] for r in node.api("/search", q="fresh", limit=100)["results"]}
        self.assertTrue(any("fresh.example" in u for u in urls))


if __name__ == "__main__":
    unittest.main()

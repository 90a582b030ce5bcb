"""One page is one URL in its canonical form, whoever writes it how: of records that come, and of
rows that older releases have stored. And visits are what their records say."""
import contextlib
import hashlib
import json
import os
import sqlite3
import time
import unittest

from harness import ADA, ROOT, TestCase, until

CASES = os.path.join(ROOT, "tests", "fixtures", "cases")
MS = 1795800000000


def case(name):
    with open(os.path.join(CASES, name, "input.json"), encoding="utf-8") as f:
        return json.load(f)


def page_id(url):
    number = int.from_bytes(hashlib.sha256(url.encode()).digest()[:8], "big") & (2**63 - 1)
    return number or 1


def record(guid, url, *dates, title="t", kind=1):
    return {"id": guid.ljust(12, "x"), "histUri": url, "title": title,
            "visits": [{"date": d * 1000, "type": kind} for d in dates]}


def bookmark(guid, url):
    return {"id": guid.ljust(12, "x"), "type": "bookmark", "title": guid, "bmkUri": url,
            "parentid": "menu", "dateAdded": 1700000000000}


class Urls(TestCase):
    def setUp(self):
        self.sync_service = self.service(load=False)
        self.home = self.node("[scheduler]\ninterval = 1d\ninterval_week = 1d\n"
                              "interval_month = 1d\njitter = 0\n")
        self.sync_service.account(ADA, history=0, bookmarks=0, tabs=0, devices=0)
        self.home.add_account(self.sync_service)

    def put_history(self, *records):
        self.sync_service.put_clear("history", *records)

    def put_bookmarks(self, *bookmarks):
        menu = {"id": "menu", "type": "folder", "parentid": "places", "title": "menu",
                "children": [b["id"] for b in bookmarks], "dateAdded": 1700000000000}
        self.sync_service.put_clear("bookmarks", menu, *bookmarks)

    def visits(self, **parameters):
        return [(v["url"], v["date"]) for v in self.home.pages_of("/history", "visits",
                                                                  **parameters)]

    def test_forms_of_bookmarks(self):
        """Each pair is a bookmark and a history record of one page."""
        pairs = case("bookmark-url-forms")["pairs"]
        self.put_bookmarks(*(bookmark(f"b{i}", pair[0]) for i, pair in enumerate(pairs)))
        self.put_history(*(record(f"h{i}", pair[1], MS, MS + 1, MS + 2)
                           for i, pair in enumerate(pairs)))
        self.home.sync()
        items = self.home.pages_of("/bookmarks", "items", sort="added")
        self.assertEqual({(i["url"], i["visit_count"]) for i in items},
                         {(pair[1], 3) for pair in pairs})
        for _, url in pairs:
            host = url.split("/")[2]
            rows = self.home.pages_of("/history", "visits", host=host)
            self.assertEqual([(r["url"], r["bookmarked"]) for r in rows], [(url, True)] * 3)
            found = self.home.api("/search", q=host.split(".")[0])["results"]
            self.assertEqual([r["url"] for r in found].count(url), 1, host)

    def test_bookmarks_as_firefox_has_them(self):
        for step in case("bookmark-url-forms")["records"]["steps"]:
            self.sync_service.put_clear("bookmarks", *({k: v for k, v in r.items() if k != "_m"}
                                                       for r in step))
            self.home.sync()
        urls = {i["title"]: i["url"]
                for i in self.home.pages_of("/bookmarks", "items", sort="added")}
        self.assertEqual(urls, {
            "a": "https://upper.example/Path",
            "b": "https://xn--bcher-kva.example/%C3%A4?%C3%BC#%C3%B6",
            "c": "https://noslash.example/", "d": "https://port.example/x",
            "e": "https://dots.example/b/c", "f": "https://space.example/",
            "g": "https://sp.example/a%20b", "h": "https://slashless.example/"})

    def test_credentials(self):
        self.put_history(*case("history-credentials")["records"])
        self.put_bookmarks(bookmark("b", "https://ada:secret@cred.example/"))
        self.home.sync()
        self.assertEqual({url for url, _ in self.visits()}, {"https://cred.example/"})
        for path in ("/export/history.json", "/export/history.csv", "/search?q=cred&in=history"):
            self.assertNotIn(b"pw@", self.home.request("/api/v1" + path).body, path)
        self.assertEqual([i["url"] for i in self.home.pages_of("/bookmarks", "items",
                                                               sort="added")],
                         ["https://ada:secret@cred.example/"])

    def test_future_visit(self):
        """However often it comes it is one visit, which does not stand before all others."""
        future = int(time.time() * 1000) + 30 * 86400_000
        self.put_history(record("old", "https://now.example/", MS))
        for _ in range(4):
            self.put_history(record("futurevisit1", "https://future.example/", future))
            self.home.sync()
        self.home.cli("account", "resync", ADA)
        self.home.sync()
        wanted = [("https://now.example/", MS), ("https://future.example/", future)]
        self.assertEqual(self.visits(), wanted)
        first = self.home.api("/history", limit=1)
        self.assertEqual(first["visits"][0]["url"], wanted[0][0])
        second = self.home.api("/history", limit=1, cursor=first["next"])
        self.assertEqual(second["visits"][0]["url"], wanted[1][0])
        self.assertIsNone(second["next"])
        self.assertEqual(self.visits(q="example"), wanted)
        self.assertEqual(self.visits(q="future"), wanted[1:])
        self.assertEqual(self.visits(host="future.example"), wanted[1:])
        self.assertEqual(self.visits(**{"from": future}), wanted[1:])

    def test_odd_visits(self):
        """Before 1993 nobody had a browser; what was embedded is in no list."""
        self.put_history(
            record("neg", "https://neg.example/", -5),
            {"id": "half________", "histUri": " https://half.example", "title": None,
             "visits": [{"date": MS * 1000, "type": 1}, {"type": 1}, None, {"date": "x"}]},
            record("long", "https://long.example/" + "a" * 3000, MS + 1),
            record("embed", "https://embed.example/", MS + 2, kind=4),
            {"id": "both________", "histUri": "https://both.example/", "title": "both",
             "visits": [{"date": (MS + 4) * 1000, "type": 8}, {"date": (MS + 3) * 1000, "type": 4},
                        {"date": (MS + 2) * 1000, "type": 1}]},
            record("none", "https://[", MS))
        self.put_bookmarks(bookmark("b", "https://embed.example/"))
        self.home.sync()
        wanted = [("https://both.example/", MS + 2), ("https://long.example/" + "a" * 3000, MS + 1),
                  ("https://half.example/", MS), ("https://neg.example/", 727747200000)]
        self.assertEqual(self.visits(), wanted)
        self.assertEqual(self.visits(q="example"), wanted)
        days = self.home.api("/history/days", **{"from": MS - 86400_000, "to": MS + 86400_000})
        self.assertEqual(sum(d["visits"] for d in days["days"]), 3)
        rows = self.home.request("/api/v1/export/history.csv").body.decode().split("\r\n")
        self.assertEqual(len(rows), 1 + len(wanted) + 1)
        pages = self.home.request("/api/v1/export/history.json").json["pages"]
        self.assertEqual(sum(len(p["visits"]) for p in pages), len(wanted))
        self.home.cli("account", "resync", ADA)
        self.home.sync()
        self.assertEqual(self.visits(), wanted)

    def make_old(self, email, forms):
        """As an older release has left them: pages by the bytes of their URLs."""
        with self.home.database() as shared:
            name = shared.execute("SELECT id FROM accounts WHERE email = ?",
                                  (email, )).fetchone()[0]
        paths = (f"{self.home.state}/hearth.db", f"{self.home.state}/accounts/{name}.db")
        with contextlib.closing(sqlite3.connect(paths[0])) as db, db:
            db.execute("DELETE FROM properties WHERE name = 'upgraded_to'")
            db.execute("UPDATE accounts SET state = 3, next_sync = 0")  # paused
        with contextlib.closing(sqlite3.connect(paths[1])) as db, db:
            db.execute("DELETE FROM source_marks")
            for new, old in forms.items():
                for change in ("UPDATE pages SET id = :to, url = :url WHERE id = :id",
                               "UPDATE visits SET page = :to WHERE page = :id",
                               "UPDATE bookmarks SET page = :to, url = :url WHERE page = :id"):
                    db.execute(change, {"id": page_id(new), "to": page_id(old), "url": old})

    def test_old_rows(self):
        """Without anybody syncing: the account is paused. Nothing is lost, nothing twice."""
        forms = {"https://one.example/two": "https://one.example:443",
                 "https://two.example/": "https://two.example",
                 "https://three.example/a": "https://three.example/x/../a b"}
        self.put_history(record("one", "https://one.example/", MS),
                         record("one2", "https://one.example/two", MS + 1, title="newer"),
                         record("two", "https://two.example/", MS + 2))
        self.put_bookmarks(bookmark("b2", "https://two.example/"),
                           bookmark("b3", "https://three.example/a"))
        self.home.sync()
        self.home.stop()
        self.make_old(ADA, forms)
        self.home.start()
        wanted = [("https://two.example/", MS + 2), ("https://one.example/", MS + 1),
                  ("https://one.example/", MS)]
        until(lambda: self.visits() == wanted, "the pages are united")
        items = self.home.pages_of("/bookmarks", "items", sort="added")
        self.assertEqual({(i["url"], i["visit_count"]) for i in items},
                         {("https://two.example/", 1), ("https://three.example/a%20b", 0)})
        visit = self.home.api("/history", host="one.example")["visits"][1]
        self.assertEqual((visit["page"], visit["title"]),
                         (str(page_id("https://one.example/")), "newer"))
        found = self.home.api("/search", q="example", **{"in": "history"})["results"]
        self.assertEqual({r["url"] for r in found},
                         {"https://one.example/", "https://two.example/"})
        self.assertIn("sound", self.home.cli("verify"))
        until(lambda: "account upgraded" in self.home.log_text(), "a line of the log")
        # once: what is there is not looked at again
        self.home.stop()
        self.home.start()
        self.assertEqual(self.visits(), wanted)
        self.assertEqual(self.home.log_text().count("account upgraded"), 1)

    def test_old_archive(self):
        """An archive has the rows as they were: it is restored as what they are today."""
        self.put_history(record("one", "https://one.example/", MS),
                         record("two", "https://two.example/", MS + 2))
        self.put_bookmarks(bookmark("b2", "https://two.example/"))
        self.home.sync()
        self.home.stop()
        self.make_old(ADA, {"https://two.example/": "https://two.example"})
        path = os.path.join(self.home.folder, "ada.hearth")
        self.home.cli("account", "archive", ADA, path)
        self.home.cli("account", "remove", ADA, "--yes")
        self.home.cli("account", "restore", path)
        rows = json.loads(self.home.cli("export", ADA, "history.json"))["pages"]
        self.assertEqual({p["url"] for p in rows},
                         {"https://one.example/", "https://two.example/"})
        self.assertIn("sound", self.home.cli("verify"))


if __name__ == "__main__":
    unittest.main()

"""Every service, every answer held against docs/openapi.yaml."""
import contextlib
import csv
import datetime
import html.parser
import io
import json
import os
import sqlite3
import unittest
import urllib.parse
import zoneinfo

import openapi_check
from harness import ADA, SyncService, Node, TestCase, until


class Api(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sync_service, cls.home = SyncService(), Node()
        cls.addClassCleanup(cls.sync_service.stop)
        cls.addClassCleanup(cls.home.close)
        cls.home.start()
        cls.home.add_account(cls.sync_service)

    def ask(self, path, method="GET", status=200, **more):
        """One request; its answer is checked against the document."""
        answer = self.home.request(path, method, **more)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer.body[:300]}")
        openapi_check.check(method, path, answer)
        if status >= 400:
            for word in (b"SELECT", b"sqlite", b"/tmp", b".c:", b"0x"):
                self.assertNotIn(word, answer.body)
        return answer

    def get(self, path, **parameters):
        return self.ask("/api/v1" + path +
                        ("?" + urllib.parse.urlencode(parameters) if parameters else "")).json

    def test_document(self):
        self.assertEqual(openapi_check.faults_of_document(), [])

    def test_every_get(self):
        page = self.get("/history", limit=1)["visits"][0]["page"]
        for path in ("/me", "/devices", "/tabs", "/tabs?q=river", "/bookmarks",
                     "/bookmarks?folder=toolbar", "/bookmarks?sort=added&limit=500",
                     "/bookmarks?q=river", "/bookmarks?tag=science", "/bookmarks/toolbar", "/tags",
                     "/history?limit=500", "/history?host=www.bbc.co.uk",
                     "/history/days?tz=Europe/Berlin", f"/pages/{page}",
                     "/search?q=river&limit=500", "/search?q=", "/suggest?q=river", "/settings",
                     "/tokens"):
            self.ask("/api/v1" + path)
            self.ask("/api/v1" + path, "HEAD")
        for path in ("/healthz", "/readyz", "/version"):
            self.ask(path, email=None)
        for name in ("bookmarks.html", "bookmarks.json", "history.json", "history.csv", "tabs.html",
                     "tabs.json"):
            self.assertIn(name, self.ask(f"/api/v1/export/{name}").headers["Content-Disposition"])

    def test_groups_of_tabs(self):
        """A tab has its group's name; and it keeps it with one device, with a search, and when
        the group is not there or has none."""
        def named(**parameters):
            return {
                t["title"]: t["group"]
                for d in self.get("/tabs", **parameters)["devices"]
                for t in d["tabs"]
            }

        def person():
            return contextlib.closing(
                sqlite3.connect(f"{self.home.state}/accounts/{account}.db", timeout=60))

        account, groups = self.get("/me")["account"]["id"], named()
        self.assertEqual({g for g in groups.values() if g}, {"Trip", "Shopping 🛒"})
        self.assertEqual([
            groups["maps.example"], groups["Silver teapot – shop.example"],
            groups["news.ycombinator.com"]
        ], ["Trip", "Shopping 🛒", None])
        self.assertEqual(named(q="teapot"), {"Silver teapot – shop.example": "Shopping 🛒"})
        for device in self.get("/devices")["devices"]:
            self.assertEqual(
                named(device=device["id"]).items() & groups.items(),
                named(device=device["id"]).items())
        with person() as db:
            kept = db.execute("SELECT device, id, name, color, collapsed FROM tab_groups "
                              "ORDER BY id").fetchall()
            self.assertEqual([row[2] for row in kept], ["Shopping 🛒", "Trip"])
            self.assertEqual(
                db.execute('SELECT DISTINCT "window" FROM tabs ORDER BY 1').fetchall(), [(0, ),
                                                                                         (1, )])
        self.home.stop()
        with person() as db:
            db.execute("UPDATE tab_groups SET name = '' WHERE name = 'Trip'")
            db.execute("DELETE FROM tab_groups WHERE name <> ''")
            db.commit()
        try:
            self.home.start()
            self.assertEqual(set(named().values()), {None})
        finally:
            self.home.stop()
            with person() as db:
                db.execute("DELETE FROM tab_groups")
                db.executemany("INSERT INTO tab_groups VALUES (?, ?, ?, ?, ?)", kept)
                db.commit()
            self.home.start()
        self.assertEqual(named(), groups)

    def test_who_may(self):
        for headers in ({}, {"Authorization": "Bearer hth_" + "A" * 43},
                        {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            answer = self.ask("/api/v1/me", status=401, email=None, headers=headers)
            self.assertEqual(answer.json["code"], "unauthorized")
        made = self.ask("/api/v1/tokens", "POST", 201, body={"name": "reader", "scope":
                                                             "read"}).json["token"]
        self.ask("/api/v1/me", token=made["secret"])
        self.assertEqual(
            self.ask("/api/v1/me", "DELETE", 403, token=made["secret"]).json["code"], "read_only")
        # nor may it make the server do something
        refused = self.ask("/api/v1/sync", "POST", 403, token=made["secret"]).json
        self.assertEqual(refused["code"], "read_only")
        self.assertIn("may only look", refused["detail"])
        self.assertIn(made["id"], [t["id"] for t in self.get("/tokens")["tokens"]])
        self.ask(f"/api/v1/tokens/{made['id']}", "DELETE", 204)
        self.ask("/api/v1/me", status=401, token=made["secret"])
        self.ask(f"/api/v1/tokens/{made['id']}", "DELETE", 404)
        self.ask("/api/v1/tokens", "POST", 400, body={"name": ""})
        self.ask("/api/v1/tokens", "POST", 400, body={"name": "x", "scope": "root"})
        self.ask("/api/v1/tokens", "POST", 400, body={"name": "x", "expires": 5})

    def test_refusals(self):
        for path, name in (("/history?limit=0", "limit"), ("/history?limit=501", "limit"),
                           ("/history?limit=x", "limit"), ("/history?from=x", "from"),
                           ("/history?limit=", "limit"), ("/history?from=", "from"),
                           ("/history?to=1.5", "to"), ("/history?cursor=zzz", "cursor"),
                           ("/bookmarks?cursor=v1.1", "cursor"), ("/bookmarks?sort=size", "sort"),
                           ("/search?in=everything", "in"), ("/search?q=" + "x" * 5000, "q"),
                           ("/history/days?tz=../../etc/passwd",
                            "tz"), ("/history/days?tz=Mars/Base",
                                    "tz"), ("/history/days?from=0&to=99999999999999", "from")):
            detail = self.ask("/api/v1" + path, status=400).json["detail"]
            self.assertIn(name, detail)
        for path in ("/bookmarks/nobody", "/bookmarks?folder=nobody", "/pages/1", "/pages/x",
                     "/export/secrets.txt"):
            self.assertEqual(self.home.request("/api/v1" + path).status, 404)
        self.assertEqual(self.home.request("/api/v1/nowhere").json["code"], "not_found")
        answer = self.home.request("/api/v1/sync")
        self.assertEqual((answer.status, answer.headers["Allow"]), (405, "POST, OPTIONS"))
        self.ask("/api/v1/settings", "PATCH", 415, body=b"{}",
                 headers={"Content-Type": "text/plain"})
        for body in (b"[]", b"{", b"[" * 5000, b'{"a":1,"a":2}', b"\xff"):
            self.ask("/api/v1/settings", "PATCH", 400, body=body)
        self.assertEqual(
            self.home.request("/api/v1/settings", "PATCH", body=b" " * 20000).status, 413)
        for path in ("/api/v1/%00", "/api/v1/me%ff", "/api/v1/search?q=%ff",
                     "/api/v1/search?q=%zz"):
            self.assertEqual(self.home.request(path).status, 400)
        self.get("/history", whatever="ignored", limit=1)

    def test_validators(self):
        for path in ("/devices", "/bookmarks?sort=added", "/me", "/search?q=river"):
            answer = self.ask("/api/v1" + path)
            self.assertEqual(answer.headers["Cache-Control"], "private, no-cache")
            same = self.ask("/api/v1" + path, status=304,
                            headers={"If-None-Match": answer.headers["ETag"]})
            self.assertEqual(same.headers["ETag"], answer.headers["ETag"])
            self.ask("/api/v1" + path, headers={"If-None-Match": '"other"'})

    def test_paging_is_complete_and_stable(self):
        total = self.get("/me")["account"]["counts"]["bookmarks"]
        for limit in (7, 100, 500):
            ids, cursor = [], None
            while True:
                page = self.get("/bookmarks", sort="added", limit=limit,
                                **({"cursor": cursor} if cursor else {}))
                ids += [i["id"] for i in page["items"]]
                cursor = page["next"]
                if cursor is None:
                    break
            self.assertEqual((len(ids), len(set(ids))), (total, total))

    def test_paging_while_rows_arrive(self):
        first = self.get("/history", limit=50)
        self.sync_service.put_clear(
            "history", {
                "id": "CCCCCCCCCCCC", "histUri": "https://arrived.example/", "title": "Arrived",
                "visits": [{"date": 1795440000000000, "type": 1}]
            })
        self.home.sync()
        second = self.get("/history", limit=50, cursor=first["next"])
        rows = [(v["date"], v["page"], v["type"]) for v in first["visits"] + second["visits"]]
        self.assertEqual(len(set(rows)), 100)
        dates = [r[0] for r in rows]
        self.assertEqual(dates, sorted(dates, reverse=True))
        self.assertEqual(
            self.get("/history", limit=1)["visits"][0]["url"], "https://arrived.example/")
        self.sync_service.put_clear("history", {"id": "CCCCCCCCCCCC", "deleted": True})
        self.home.sync()
        self.assertNotEqual(
            self.get("/history", limit=1)["visits"][0]["url"], "https://arrived.example/")

    def test_history(self):
        visits = self.home.pages_of("/history", "visits", host="www.bbc.co.uk")
        self.assertTrue(visits and all("www.bbc.co.uk" in v["url"] for v in visits))
        everything = self.home.pages_of("/history", "visits")
        self.assertEqual(
            len(visits),
            len([
                v for v in everything if urllib.parse.urlsplit(v["url"]).hostname == "www.bbc.co.uk"
            ]))
        low, high = everything[500]["date"], everything[100]["date"]
        between = self.home.pages_of("/history", "visits", **{"from": low, "to": high})
        self.assertEqual(len(between), len([v for v in everything if low <= v["date"] < high]))
        found = self.home.pages_of("/history", "visits", q="QUIET river")
        self.assertTrue(
            found and all("quiet" in (v["title"] or "").lower() or "quiet" in v["url"].lower()
                          for v in found))

    def test_days(self):
        everything = self.home.pages_of("/history", "visits")
        last = everything[0]["date"] + 1
        first = last - 300 * 86400 * 1000
        for name in ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"):
            zone, days = zoneinfo.ZoneInfo(name), {}
            for v in everything:
                if first <= v["date"] < last:
                    day = datetime.datetime.fromtimestamp(v["date"] / 1000, zone).date().isoformat()
                    days.setdefault(day, []).append(v["page"])
            got = self.get("/history/days", **{"from": first, "to": last, "tz": name})["days"]
            self.assertEqual({d["day"]: (d["visits"], d["pages"])
                              for d in got}, {d: (len(p), len(set(p)))
                                              for d, p in days.items()})

    def test_sites(self):
        with self.home.database(ADA) as database:
            rows = database.execute(
                "SELECT host, count(*), sum(visit_count), max(last_visit) FROM pages WHERE hidden "
                "= 0 AND last_visit > 0 AND host != '' GROUP BY host"
            ).fetchall()
        wanted = [
            dict(zip(("host", "pages", "visits", "last_visit"), r))
            for r in sorted(rows, key=lambda r: (-r[2], r[0].encode()))
        ]
        self.assertEqual(self.home.pages_of("/history/sites", "sites"), wanted)
        first = self.get("/history/sites", limit=3)
        self.assertEqual(
            first["sites"] + self.get("/history/sites", limit=4, cursor=first["next"])["sites"],
            wanted[:7])
        part = self.get("/history/sites", q="WikiPedia", limit=500)["sites"]
        self.assertEqual(part, [s for s in wanted if "wikipedia" in s["host"]])
        self.assertTrue(part)
        self.assertIsNone(self.get("/history/sites", q="wikipedia", limit=500)["next"])
        for host in {s["host"] for s in wanted[:3]}:  # what /history?host= filters by
            self.assertTrue(self.get("/history", host=host, limit=1)["visits"], host)
        for wrong in ("s1.1", "s1.1~zz", "s1.x~6161", "v1.1.1.1", "s1.1~" + "61" * 256, "x"):
            self.ask("/api/v1/history/sites?cursor=" + wrong, status=400)

    def test_sites_with_long_names(self):
        """As long as names of hosts may be, equally often visited:
        the cursor finds its place among them."""
        hosts = [f"{c * 63}.{c * 63}.{c * 63}.example" for c in "abc"]
        ids = [c * 12 for c in "EFG"]
        self.sync_service.put_clear(
            "history",
            *({
                "id": i, "histUri": f"https://{h}:8443/x", "title": "", "visits":
                [{"date": 1795440000000000 + n, "type": 1}]
            } for n, (i, h) in enumerate(zip(ids, hosts))))
        self.home.sync()
        found, cursor = [], None
        while cursor is not None or not found:
            page = self.get("/history/sites", q=".EXAMPLE", limit=1,
                            **({"cursor": cursor} if cursor else {}))
            found += [s["host"] for s in page["sites"] if s["host"] in hosts]
            cursor = page["next"]
        self.assertEqual(found, hosts)
        self.sync_service.put_clear("history", *({"id": i, "deleted": True} for i in ids))
        self.home.sync()
        self.assertEqual([s for s in self.get("/history/sites", q=hosts[0])["sites"]], [])

    def test_very_many_sites(self):
        """More than fit into one table of the index at its beginning: all are counted."""
        service, node = self.service(), self.node()
        node.add_account(service)
        node.stop()
        count = 2**18 + 5
        with node.database() as shared:
            account = shared.execute("SELECT id FROM accounts").fetchone()[0]
        database = sqlite3.connect(os.path.join(node.state, "accounts", account + ".db"))
        with database:
            for table in ("visits", "page_guids", "pages", "bookmark_tags", "bookmark_claims",
                          "bookmarks"):
                database.execute(f"DELETE FROM {table}")
            database.executemany(
                "INSERT INTO pages (id, url, host, frecency, visit_count, last_visit, bookmarks, "
                "bookmark_added, typed, hidden, generation)"
                " VALUES (?1, ?2 || '/', substr(?2, 9), ?3, ?4, 1700000000000, 0, 0, 0, 0, 1)",
                ((i + 1, f"https://site{i:06}.many.example", count - i, 1 + i % 1000)
                 for i in range(count)))
        database.close()
        node.start()
        first = node.api("/history/sites", limit=3)["sites"]
        self.assertEqual([(s["host"], s["visits"]) for s in first],
                         [(f"site{i:06}.many.example", 1000) for i in (999, 1999, 2999)])
        for i in (0, 2**17, 2**18, count - 1):
            self.assertEqual(len(node.api("/history/sites", q=f"site{i:06}.")["sites"]), 1, i)

    def test_settings(self):
        self.assertEqual(self.get("/settings"),
                         {"theme": {"mode": "auto", "name": "hearth"}, "timezone": "UTC"})
        changed = self.ask("/api/v1/settings", "PATCH",
                           body={"theme": {"mode": "dark"}, "timezone": "Europe/Berlin"}).json
        self.assertEqual(changed,
                         {"theme": {"mode": "dark", "name": "hearth"}, "timezone": "Europe/Berlin"})
        self.assertEqual(self.get("/settings"), changed)
        for wrong in ({"colour": "red"}, {"theme": {"mode": "loud"}}, {"theme": "dark"},
                      {"timezone": "Nowhere"}, {"theme": {"name": "<script>"}}):
            self.ask("/api/v1/settings", "PATCH", 400, body=wrong)
        self.assertEqual(self.get("/settings"), changed)

    def test_picked_comes_first(self):
        results = self.get("/search", q="garden", limit=30, **{"in":
                                                               "history,bookmarks"})["results"]
        wanted = results[12]["url"]
        for _ in range(2):
            self.ask("/api/v1/search/picked", "POST", 204, body={"q": "garden", "url": wanted})
        self.assertEqual(
            self.get("/search", q="garden", limit=30,
                     **{"in": "history,bookmarks"})["results"][0]["url"], wanted)
        self.ask("/api/v1/search/picked", "POST", 404,
                 body={"q": "x", "url": "https://never.example/"})
        self.ask("/api/v1/search/picked", "POST", 400, body={"q": "x"})

    def test_exports(self):
        class Links(html.parser.HTMLParser):
            hrefs, folders, depth = [], 0, 0

            def handle_starttag(self, tag, attributes):
                if tag == "a":
                    self.hrefs.append(dict(attributes)["href"])
                self.folders += tag == "h3"
                self.depth += tag == "dl"

            def handle_endtag(self, tag):
                self.depth -= tag == "dl"

        links = Links()
        links.feed(self.ask("/api/v1/export/bookmarks.html").body.decode())
        flat = self.home.pages_of("/bookmarks", "items", sort="added")
        self.assertEqual(sorted(links.hrefs), sorted(i["url"] for i in flat))
        self.assertEqual((links.depth, links.folders),
                         (0, self.get("/me")["account"]["counts"]["folders"] + 3))
        text = self.ask("/api/v1/export/bookmarks.html").body.decode()
        self.assertIn("<H1>Bookmarks Menu</H1>\n\n<DL><p>\n    <DT>", text)
        self.assertNotIn(">Bookmarks Menu</H3>", text)
        backup = self.ask("/api/v1/export/bookmarks.json").json
        self.assertEqual(
            [c["root"] for c in backup["children"]],
            ["bookmarksMenuFolder", "toolbarFolder", "unfiledBookmarksFolder", "mobileFolder"])

        def count(node):
            return (node["typeCode"] == 1) + sum(count(c) for c in node.get("children", []))

        self.assertEqual(count(backup), len(flat))
        pages = self.ask("/api/v1/export/history.json").json["pages"]
        # without what was embedded, as lists are
        self.assertEqual((len(pages), sum(len(p["visits"]) for p in pages)),
                         (self.get("/me")["account"]["counts"]["pages"],
                          len(self.home.pages_of("/history", "visits"))))
        rows = list(
            csv.reader(io.StringIO(
                self.ask("/api/v1/export/history.csv").body.decode(), newline="")))
        self.assertEqual(rows[0], ["date", "type", "url", "title"])
        self.assertEqual(len(rows) - 1, len(self.home.pages_of("/history", "visits")))
        self.assertFalse([r for r in rows if r[3][:1] in ("=", "+", "@")])

    def test_tabs_to_take_along(self):
        """Window by window, in the order of the tab bar, with groups; in HTML a group is a
        folder."""
        laptop, phone = self.ask("/api/v1/export/tabs.json").json["devices"][:2]
        self.assertEqual([laptop["name"], phone["name"]], ["Ada laptop", "Ada phone"])
        groups = {g["id"]: (g["name"], g["color"], g["collapsed"]) for g in laptop["groups"]}
        self.assertEqual(sorted(groups.values()), [("Shopping 🛒", "blue", False),
                                                   ("Trip", "purple", True)])
        self.assertEqual([len(w["tabs"]) for w in laptop["windows"]], [4, 8])
        second = laptop["windows"][1]["tabs"]
        self.assertEqual([t["pinned"] for t in second], [True] * 2 + [False] * 6)
        self.assertEqual([t["group_id"] and groups[t["group_id"]][0] for t in second],
                         [None] * 4 + ["Shopping 🛒"] * 2 + ["Trip"] * 2)
        listed = {t["url"] for d in self.get("/tabs")["devices"] for t in d["tabs"]}
        self.assertEqual({t["url"]
                          for d in (laptop, phone)
                          for w in d["windows"]
                          for t in w["tabs"]}, listed)
        text = self.ask("/api/v1/export/tabs.html").body.decode()
        order = ["<H1>Tabs</H1>", ">Ada laptop</H3>", ">Window 1</H3>", "Tab 🚀 &lt;b&gt;&quot;",
                 ">Window 2</H3>", "PINNED=", ">Shopping 🛒</H3>", "silver-teapot", "</DL>",
                 ">Trip</H3>", "maps.example", ">Ada phone</H3>"]
        at = -1
        for word in order:
            self.assertIn(word, text[at + 1:])
            at = text.index(word, at + 1)
        self.assertEqual(text.count("<DL>"), text.count("</DL>"))
        self.assertEqual(text.count("<A HREF="), len(listed))

    def test_hostile_titles_are_text(self):
        self.sync_service.put_clear(
            "history", {
                "id": "DDDDDDDDDDDD", "histUri": "https://hostile.example/?<b>&\"'", "title":
                "=1+1\u202e</a><script>\u0000\n", "visits": [{"date": 1795430000000000, "type": 1}]
            })
        self.home.sync()
        result = self.get("/search", q="hostile.example")["results"][0]
        self.assertEqual(result["title"], "=1+1\u202e</a><script>\ufffd\n")
        row = [
            r for r in csv.reader(
                io.StringIO(self.ask("/api/v1/export/history.csv").body.decode(), newline=""))
            if "hostile" in r[2]
        ][0]
        self.assertTrue(row[3].startswith("'=1+1"))


if __name__ == "__main__":
    unittest.main()

"""Search through the whole daemon, against what a real Firefox answered for the same data."""
import contextlib
import hashlib
import json
import os
import sqlite3
import unittest

from harness import ADA, FIXTURES, TestCase

CASES = os.path.join(os.path.dirname(FIXTURES), "cases")


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
            if results and results[0]["kind"] == "keyword":
                continue
            got = [(r["url"], r["frecency"]) for r in results]
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

    def of_case(self, history=(), bookmarks=()):
        """A node that has synced (URL, title, visits) and bookmarks."""
        service, node = self.service(load=False), self.node()
        service.account(ADA, history=0, bookmarks=0, tabs=0, devices=0)
        service.put_clear("history", *({
            "id": f"h{n:011}", "histUri": url, "title": title,
            "visits": [{"date": 1795000000000000 - v * 1000000, "type": 1} for v in range(visits)]
        } for n, (url, title, visits) in enumerate(history)))
        rows = [{"id": f"b{n:011}", "type": "bookmark", "parentid": "menu", "parentName": "menu",
                 "hasDupe": True, "dateAdded": 1700000000000 + n, "title": f"Bookmark {n}", **row}
                for n, row in enumerate(bookmarks)]
        service.put_clear("bookmarks", {
            "id": "menu", "type": "folder", "parentid": "places", "parentName": "", "title": "menu",
            "hasDupe": True, "dateAdded": 1700000000000, "children": [row["id"] for row in rows]
        }, *rows)
        node.add_account(service)
        return service, node

    def test_www_variants(self):
        """Another title: another site; in search, suggestions, and what opens the bar."""
        with open(os.path.join(CASES, "search-www-variants/input.json"), encoding="utf-8") as f:
            case = json.load(f)
        _, node = self.of_case([*case["history"], ("http://same.test/", "Same", 2),
                                ("https://www.same.test/", "Same", 3)])
        both = {url for url, _, _ in case["history"]}
        urls = lambda path, **query: [r["url"] for r in node.api(path, **query)["results"]]
        self.assertEqual(set(urls("/search", q=case["query"])), both)
        self.assertEqual(urls("/search", q="same"), ["https://www.same.test/"])
        self.assertEqual(set(urls("/search", q="")), both | {"https://www.same.test/"})
        self.assertEqual(set(node.api("/suggest", q=case["query"])[3]), both)

    def test_tags_of_many_copies(self):
        """Each copy has the tags of all: what is stored does not grow with the square."""
        copies, each = 100, 30
        _, node = self.of_case([], [{"bmkUri": "https://many.test/", "tags": [
            f"{copy * each + number:090d}" for number in range(each)]} for copy in range(copies)])
        shown = node.api("/bookmarks", q="many.test", limit=copies)["items"]
        self.assertEqual(len(shown), copies)
        for item in shown:
            self.assertEqual(item["tags"], shown[0]["tags"])
        self.assertEqual(len(shown[0]["tags"]), (1 << 20) // copies // 91)

    def test_keywords(self):
        """The keyword's URL with the words in it stands first, and is no page."""
        with open(os.path.join(CASES, "search-keyword/input.json"), encoding="utf-8") as f:
            case = json.load(f)
        service, node = self.of_case([("https://kw.test/foo", "foo", 1),
                                      ("https://other.test/foo", "foo", 1)],
                                     [case["bookmark"],
                                      {"bmkUri": "javascript:x('%s')", "keyword": "bl"},
                                      {"bmkUri": "https://two.test/%S?%s", "keyword": " Üb "},
                                      {"bmkUri": "https://no.test/", "keyword": "none"},
                                      {"bmkUri": "https://big.test/?" + "%s" * 9000,
                                       "keyword": "big"}])
        ask = lambda q, **more: [(r["kind"], r["url"], r["keyword"])
                                 for r in node.api("/search", q=q, **more)["results"]]
        opens = lambda q: ask(q)[:1]
        keyword = ("keyword", "https://kw.test/search?q=foo", "kw")
        # the others are of its site
        # what would be longer than any address is no result, and costs none of the others
        self.assertEqual([kind for kind, _, _ in ask("big " + "/" * 290)], [])
        self.assertEqual(ask("kw foo"), [keyword, ("history", "https://kw.test/foo", None)])
        self.assertEqual(ask("kw foo", limit=1), [keyword])
        self.assertEqual(opens("kw"), [("keyword", "https://kw.test/search?q=", "kw")])
        self.assertEqual(opens(" KW  a  b&ü%"),
                         [("keyword", "https://kw.test/search?q=a%20%20b%26%C3%BC%25", "kw")])
        self.assertEqual(opens("ÜB a/b")[0][:2], ("keyword", "https://two.test/a/b?a%2Fb"))
        self.assertEqual(opens("none")[0][:2], ("keyword", "https://no.test/"))
        self.assertEqual([url for _, url, _ in ask("none")], ["https://no.test/"])  # once
        self.assertEqual(ask("none x"), [])
        self.assertEqual(opens("bl x")[0][:2], ("keyword", "javascript:x('x')"))
        for typed in ("foo kw", "? kw foo", "kw foo", "* kw foo"):
            self.assertNotIn("keyword", {kind for kind, _, _ in ask(typed, **{"in": "history"})})
        self.assertNotIn("keyword", {kind for kind, _, _ in ask("? kw foo") + ask("* kw foo")})
        self.assertEqual(node.api("/suggest", q="kw foo")[3],
                         ["https://kw.test/search?q=foo", "https://kw.test/foo"])
        self.assertEqual(node.api("/suggest", q="bl x")[3], [])  # nothing that would be run
        answer = node.request("/api/v1/search/picked", "POST",
                              body={"q": "kw foo", "url": "https://kw.test/search?q=foo"})
        self.assertEqual(answer.status, 404)
        # a keyword that another bookmark gets, and that one loses
        service.put_clear("bookmarks", {
            "id": "b00000000000", "type": "bookmark", "parentid": "menu", "parentName": "menu",
            "hasDupe": True, "dateAdded": 1700000000000, "title": "Bookmark 0",
            "bmkUri": case["bookmark"]["bmkUri"], "keyword": "new"
        })
        node.sync()
        self.assertEqual(opens("new foo"), [("keyword", "https://kw.test/search?q=foo", "new")])
        self.assertEqual(ask("kw foo")[0][0], "history")

    def test_addresses_in_other_forms(self):
        """Typed or picked: it is the page that Firefox would open."""
        pages = ["http://host.example/a", "https://host.example:8080/b",
                 "https://xn--bcher-kva.example/Weg"]
        _, node = self.of_case([(url, f"Page {n}", 1) for n, url in enumerate(pages)])
        forms = {
            pages[0]: ("HTTP://HOST.example/a", "http://host.example:80/a", " http://host.example/"
                       "x/../a ", "http://host.example/%61"),
            pages[1]: ("https://host.example:08080/b", "HTTPS://Host.Example:8080/./b"),
            pages[2]: ("https://Bücher.example/Weg", "BÜCHER.example", "https://bücher.example:443",
                       "bücher.example/Weg", "https://b%C3%BCcher.example/Weg")
        }
        for url, typed in forms.items():
            for q in typed:
                with self.subTest(typed=q):
                    for path in ("/search", "/suggest"):
                        found = node.api(path, q=q)
                        found = found[3] if path == "/suggest" else [
                            r["url"] for r in found["results"]]
                        self.assertEqual(found, [url])
                    if "://" in q:
                        picked = node.request("/api/v1/search/picked", "POST",
                                              body={"q": "pick", "url": q})
                        self.assertEqual(picked.status, 404 if q.endswith((":443", "%61")) else 204)
        for q in ("http://host.example:81/a", "https://bucher.example/Weg", "host.example:80/a b",
                  "ü.", "://", "http://[", "@bücher.example", "me@bücher.example",
                  "? bücher.example", "?bücher.example"):
            self.assertEqual(node.api("/search", q=q)["results"], [], q)

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

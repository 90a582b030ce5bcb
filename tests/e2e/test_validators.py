"""What a client has stays right until something else is right: validators, and events that say
what has changed."""
import gzip
import http.client
import json
import unittest

from harness import PATIENCE, TestCase

VIEWS = ("/devices", "/tabs", "/bookmarks", "/bookmarks?folder=toolbar", "/bookmarks?sort=added",
         "/bookmarks/toolbar", "/tags", "/history?host=www.bbc.co.uk", "/history?q=river",
         "/history/days?to=1700000000000", "/history/sites?limit=3", "/search?q=",
         "/search?q=river", "/suggest?q=river")
OF_HISTORY = ("/history", "/history/days", "/search?q=new+example")


class Home(TestCase):
    def setUp(self):
        self.provider = self.service()
        self.home = self.node()
        self.home.add_account(self.provider)

    def ask(self, path, had=None, status=None, encoding=None):
        headers = {"If-None-Match": had} if had else {}
        if encoding:
            headers["Accept-Encoding"] = encoding
        answer = self.home.request("/api/v1" + path, headers=headers)
        if status is not None:
            self.assertEqual(answer.status, status, (path, had, answer.headers["ETag"]))
        return answer

    def etags(self, paths):
        return {path: self.ask(path, status=200).headers["ETag"] for path in paths}

    def new(self, had):
        """Of these the ones that have another answer now."""
        return {path for path, etag in had.items() if self.ask(path, etag).status != 304}

    def visit(self, number, url=None):
        self.provider.put_clear(
            "history", {
                "id": f"NEWVISIT{number:04}", "histUri": url or f"https://new.example/{number}",
                "title": "New", "visits": [{"date": 1795440000000000 + number, "type": 1}]
            })
        self.home.sync()


class Validators(Home):
    def test_a_visit(self):
        """Of one page that is not bookmarked: only the views that show it are new."""
        had = self.etags(VIEWS + OF_HISTORY)
        self.visit(1)
        self.assertEqual(self.new(had), set(OF_HISTORY))
        # asked once more they come from memory
        self.assertEqual(self.new(had), set(OF_HISTORY))

    def test_a_visit_of_a_bookmark(self):
        """Bookmarks tell of visits: that one does, the others do not."""
        item = next(i for i in self.ask("/bookmarks?sort=added").json["items"]
                    if i["kind"] == "bookmark")
        other = next(i for i in self.ask("/bookmarks?sort=added").json["items"]
                     if i["kind"] == "bookmark" and i["url"] != item["url"])
        had = self.etags(["/bookmarks?sort=added", "/bookmarks/" + item["id"],
                          "/bookmarks/" + other["id"], "/tags", "/tabs"])
        self.visit(1, item["url"])
        self.assertEqual(self.new(had), {"/bookmarks?sort=added", "/bookmarks/" + item["id"]})

    def test_nothing_that_is_shown(self):
        """What is the same again has the validator that the client has."""
        had = self.etags(OF_HISTORY)
        self.visit(1)
        now = self.etags(OF_HISTORY)
        self.provider.put_clear("history", {"id": "NEWVISIT0001", "deleted": True})
        self.home.sync()
        self.assertEqual(self.new(had), set())
        self.assertEqual(self.ask("/history", had["/history"], 304).headers["ETag"],
                         had["/history"])
        self.assertEqual(self.new(now), set(OF_HISTORY))

    def test_what_was_picked(self):
        """It changes no generation, but what is found next."""
        search = "/search?q=river&in=history,bookmarks"
        had = self.etags([search, "/suggest?q=river", "/history?q=river"])
        other = self.ask(search).json["results"][5]["url"]
        answer = self.home.request("/api/v1/search/picked", "POST",
                                   body={"q": "river", "url": other})
        self.assertEqual(answer.status, 204)
        self.assertEqual(self.ask(search).json["results"][0]["url"], other)
        self.assertEqual(self.new(had), {search, "/suggest?q=river"})

    def test_any(self):
        """`*` is for what would be 2xx."""
        for path, status in (("/history", 304), ("/me", 304), ("/bookmarks/nothing", 404),
                             ("/pages/1", 404), ("/history?limit=no", 400), ("/nowhere", 404),
                             ("/settings", 304), ("/tokens", 304), ("/sessions", 304),
                             ("/removals", 304)):
            with self.subTest(path=path):
                self.ask(path, "*", status)

    def test_codings(self):
        plain = self.ask("/history").headers["ETag"]
        coded = self.ask("/history", encoding="gzip").headers["ETag"]
        self.assertNotEqual(plain, coded)
        self.ask("/history", plain, 200, "gzip")
        self.ask("/history", f'"x", W/{coded}', 304, "gzip")
        best = self.ask("/history", encoding="gzip, deflate, br").headers["ETag"]
        self.assertEqual(len({plain, coded, best}), 3)
        self.ask("/history", best, 304, "br")
        self.ask("/history", best, 200, "gzip")

    def test_after_a_restart(self):
        had = self.etags(VIEWS)
        self.home.stop()
        self.home.start()
        self.assertEqual(self.new(had), set())
        self.assertEqual(self.etags(VIEWS), had)


class Exports(Home):
    def export(self, name, **headers):
        """Status, ETag, bytes as they came, Content-Range."""
        answer = self.home.request(f"/api/v1/export/{name}",
                                   headers={k.replace("_", "-"): v for k, v in headers.items()})
        return answer.status, answer.headers["ETag"], answer.body, answer.headers["Content-Range"]

    def test_validators(self):
        had = {}
        for name in ("bookmarks.html", "bookmarks.json", "history.json", "history.csv",
                     "tabs.html", "tabs.json"):
            status, had[name], body, _ = self.export(name)
            self.assertEqual(status, 200)
            self.assertEqual(self.export(name, If_None_Match=had[name]),
                             (304, had[name], b"", None))
            self.assertEqual(self.export(name), (200, had[name], body, None))
        self.visit(1)
        self.assertEqual({n for n in had if self.export(n, If_None_Match=had[n])[0] != 304},
                         {"history.json", "history.csv"})

    def test_compressed(self):
        for name in ("history.json", "tabs.json"):
            _, plain_etag, plain, _ = self.export(name)
            status, etag, body, _ = self.export(name, Accept_Encoding="gzip")
            self.assertEqual((status, gzip.decompress(body)), (200, plain))
            self.assertLess(len(body), len(plain) / 2)
            self.assertNotEqual(etag, plain_etag)
            self.assertEqual(self.export(name, Accept_Encoding="gzip", If_None_Match=etag)[0], 304)

    def test_parts(self):
        """A download that is broken off goes on, in either coding, from memory and from a file."""
        for name in ("history.json", "tabs.json"):
            for coding in ("identity", "gzip", "br"):
                with self.subTest(name=name, coding=coding):
                    _, etag, whole, _ = self.export(name, Accept_Encoding=coding)
                    size, put = len(whole), b""
                    while len(put) < size:
                        status, same, part, where = self.export(
                            name, Accept_Encoding=coding, If_Range=etag,
                            Range=f"bytes={len(put)}-{len(put) + size // 3}")
                        end = min(len(put) + size // 3, size - 1)
                        self.assertEqual((status, same, where),
                                         (206, etag, f"bytes {len(put)}-{end}/{size}"))
                        put += part
                    self.assertEqual(put, whole)
                    _, _, end, _ = self.export(name, Accept_Encoding=coding, If_Range=etag,
                                               Range="bytes=-10")
                    self.assertEqual(end, whole[-10:])
                    status, none, _, where = self.export(name, Accept_Encoding=coding,
                                                         If_Range=etag, Range=f"bytes={size}-")
                    self.assertEqual((status, none, where), (416, None, f"bytes */{size}"))
            # who has no part yet could not read one that is compressed
            answer = self.home.request(f"/api/v1/export/{name}",
                                       headers={"Accept-Encoding": "gzip", "Range": "bytes=5-9"})
            self.assertEqual((answer.status, answer.headers["Content-Encoding"], answer.body),
                             (206, None, self.export(name)[2][5:10]))
        _, etag, whole, _ = self.export("history.json")
        self.visit(1)
        status, other, body, where = self.export("history.json", If_Range=etag, Range="bytes=5-")
        self.assertEqual((status, where), (200, None))
        self.assertNotEqual((other, body), (etag, whole))


class Events(Home):
    def first(self, last=None):
        """The first event of a new stream."""
        host, port = self.home.address.split("//")[1].split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE)
        self.addCleanup(connection.close)
        headers = {"Authorization": "Bearer " + self.home.token()}
        if last is not None:
            headers["Last-Event-ID"] = str(last)
        connection.request("GET", "/api/v1/events", headers=headers)
        stream, found = connection.getresponse(), {}
        while "data" not in found:  # comments come before
            name, _, value = stream.readline().decode().strip().partition(": ")
            found[name] = value
        return int(found["id"]), found["event"], json.loads(found["data"])

    def test_streams(self):
        start, name, data = self.first()
        self.assertEqual((name, data), ("ready", {"generation": start}))
        self.assertEqual(self.first(start), (start, "ready", {"generation": start}))
        self.visit(1)
        seen, name, data = self.first(start)
        self.assertGreater(seen, start)
        self.assertEqual((name, data), ("changed", {"generation": seen,
                                                    "collections": ["history"]}))
        self.provider.put_clear(
            "bookmarks", {
                "id": "NEWBOOKMARK1", "type": "bookmark", "parentid": "unfiled",
                "parentName": "Other Bookmarks", "title": "New", "bmkUri": "https://new.example/b"
            })
        self.home.sync()
        self.assertEqual(self.first(seen)[2]["collections"], ["bookmarks"])
        self.assertEqual(self.first(start)[2]["collections"], ["bookmarks", "history"])
        everything = ["devices", "tabs", "bookmarks", "history"]
        for odd in ("10000000", "-1", "x", ""):  # of another database, or of nobody
            with self.subTest(last=odd):
                _, name, data = self.first(odd)
                self.assertEqual((name, data.get("collections")),
                                 ("changed", everything) if odd else ("ready", None))


if __name__ == "__main__":
    unittest.main()

"""GET /changes: a copy that follows it is the account, whatever happens meanwhile, and is told of
nothing else."""
import os
import random
import unittest

import openapi_check
from copying import Copy, TooOld
from harness import ADA, TestCase, until

NOON = 1795176000000
SEED = 20261130


def visits(*dates):
    return [{"date": date * 1000, "type": 1} for date in dates]


class Changes(TestCase):
    def setUp(self):
        self.provider, self.home = self.service(), self.node()
        self.home.add_account(self.provider)
        self.copy = Copy(self.home, check=openapi_check.check)

    def expect_equal(self, copy=None):
        """Of a copy that has followed: it is what a new one is, and what the services say."""
        copy, anew = copy or self.copy, Copy(self.home)
        anew.follow()
        self.maxDiff = 4000
        self.assertEqual(copy.state(), anew.state())
        self.assertEqual(copy.history(), sorted(
            (v["date"], v["page"], v["type"], v["url"], v["title"], v["bookmarked"])
            for v in self.home.pages_of("/history", "visits")))
        flat = self.home.pages_of("/bookmarks", "items", sort="added")
        self.assertEqual({b["id"] for b in flat}, {
            b["id"]
            for b in copy.bookmarks.values() if b["kind"] in ("bookmark", "query", "livemark")
        })
        for row in flat:
            mine = copy.bookmarks[row["id"]]
            self.assertEqual({k: row[k] for k in mine if k != "page"},
                             {k: v for k, v in mine.items() if k != "page"})
        folders = ["menu", "toolbar", "unfiled", "mobile"]
        while folders:
            rows = self.home.pages_of("/bookmarks", "items", folder=folders.pop())
            if rows:
                self.assertEqual([r["id"] for r in rows], copy.children(rows[0]["parent"]))
            folders += [r["id"] for r in rows if r["kind"] == "folder"]
        shown = [d for d in copy.devices if not d["hidden"]]
        self.assertEqual(self.home.api("/tabs")["devices"], shown)

    def test_first(self):
        answers = self.copy.follow()
        self.assertEqual([a["removals"] for a in answers], [[]] * len(answers))
        self.assertEqual(self.copy.generation, self.home.api("/me")["generation"])
        self.expect_equal()

    def bytes_of(self, path, coding):
        """(answers, bytes on the wire) of a whole list."""
        count, size, cursor = 0, 0, None
        while count == 0 or cursor:
            more = f"&cursor={cursor}" if cursor else ""
            answer = self.home.request(f"/api/v1{path}{more}",
                                       headers={"Accept-Encoding": coding})
            count, size = count + 1, size + len(answer.body)
            cursor = self.home.request(f"/api/v1{path}{more}").json["next"]
        return count, size

    def test_first_in_bytes(self):
        """All visits and bookmarks in at most four answers, and in half of the bytes that their
        lists take."""
        history = self.bytes_of("/history?limit=500", "gzip")
        bookmarks = self.bytes_of("/bookmarks?sort=added&limit=500", "gzip")
        count, size = self.bytes_of("/changes?fields=url,title,frecency,hidden,visits", "br")
        self.assertLessEqual(count, 4)
        self.assertGreater(history[0] + bookmarks[0], 20)
        self.assertLessEqual(2 * size, history[1] + bookmarks[1])

    def test_fields(self):
        rows = self.home.api("/changes", fields="visits,url,")["pages"]
        self.assertEqual({tuple(row) for row in rows}, {("id", "url", "visits")})
        self.assertEqual({tuple(row) for row in self.home.api("/changes", fields="id")["pages"]},
                         {("id", )})
        for fields in ("urls", "url,,title", ",", "url, title", "ur", "generation"):
            answer = self.home.request(f"/api/v1/changes?fields={fields.replace(' ', '%20')}")
            self.assertEqual((answer.status, answer.json["message"]["id"]),
                             (400, "problem.bad_request.fields"), fields)

    def test_nothing(self):
        self.copy.follow()
        answer = self.copy.ask(None, None)
        self.assertEqual(answer, {
            "generation": self.copy.generation, "since": self.copy.generation, "pages": [],
            "bookmarks": [], "devices": None, "removals": [], "next": None
        })
        path = f"/api/v1/changes?since={self.copy.generation}"
        etag = self.home.request(path).headers["ETag"]
        self.assertEqual(self.home.request(path, headers={"If-None-Match": etag}).status, 304)
        # a sync that brings nothing new
        self.home.sync()
        self.assertEqual(self.copy.ask(None, None)["generation"], self.copy.generation)

    def test_one_of_each(self):
        """What changes, and nothing else."""
        self.copy.follow()
        url = "https://new.example/"
        self.provider.put_clear("history", {
            "id": "newnewnewnew", "histUri": url, "title": "New", "visits": visits(NOON, NOON + 1)
        })
        self.home.sync()
        (answer, ) = self.copy.follow()
        (page, ) = answer["pages"]
        self.assertEqual((page["url"], page["host"], page["title"], page["visit_count"],
                          sorted(page["visits"])),
                         (url, "new.example", "New", 2, [[NOON, 1], [NOON + 1, 1]]))
        self.assertEqual((answer["bookmarks"], answer["devices"], answer["removals"]),
                         ([], None, []))
        # one visit more: that alone
        self.provider.put_clear(
            "history", {
                "id": "newnewnewnew", "histUri": url, "title": "New",
                "visits": visits(NOON, NOON + 1, NOON + 2)
            })
        self.home.sync()
        (answer, ) = self.copy.follow()
        self.assertEqual([p["visits"] for p in answer["pages"]], [[[NOON + 2, 1]]])
        # a bookmark of it
        self.provider.put_clear(
            "bookmarks", {
                "id": "newbookmark_", "type": "bookmark", "parentid": "unfiled", "title": "Mark",
                "bmkUri": url, "tags": ["green"], "dateAdded": NOON
            })
        self.home.sync()
        (answer, ) = self.copy.follow()
        self.assertEqual([b["id"] for b in answer["bookmarks"]], ["newbookmark_"])
        self.assertEqual([(p["bookmark_title"], p["bookmarks"], p["visits"])
                          for p in answer["pages"]], [("Mark", 1, [])])
        # what changes nothing of its page
        for keyword in (None, "new"):
            self.provider.put_clear(
                "bookmarks", {
                    "id": "newbookmark_", "type": "bookmark", "parentid": "unfiled",
                    "title": "Mark", "bmkUri": url, "dateAdded": NOON, "keyword": keyword
                })
            self.home.sync()
            (answer, ) = self.copy.follow()
        self.assertEqual([b["keyword"] for b in answer["bookmarks"]], ["new"])
        self.assertEqual(answer["pages"], [])
        # and all of it gone
        self.provider.put_clear("bookmarks", {"id": "newbookmark_", "deleted": True})
        self.provider.put_clear("history", {"id": "newnewnewnew", "deleted": True})
        self.home.sync()
        (answer, ) = self.copy.follow()
        self.assertEqual((answer["pages"], answer["bookmarks"]), ([], []))
        self.assertCountEqual(answer["removals"], [
            {"kind": "page", "page": page["id"]},
            *({"kind": "visit", "page": page["id"], "date": NOON + n, "type": 1} for n in range(3)),
            {"kind": "bookmark", "id": "newbookmark_"}
        ])
        self.expect_equal()

    def test_everything_again(self):
        """A complete sync that finds what is there already brings a copy nothing."""
        self.provider.put_clear("bookmarks", {"id": "goneforlong_", "deleted": True},
                                {"id": "alsogone____", "deleted": True})
        self.home.sync()
        self.copy.follow()
        generation = self.copy.generation
        self.home.cli("account", "resync", ADA, "--wait")
        (answer, ) = self.copy.follow()
        self.assertEqual((answer["pages"], answer["bookmarks"], answer["devices"],
                          answer["removals"], self.copy.generation), ([], [], None, [], generation))

    def test_small_answers(self):
        """Each row once when nothing happens meanwhile, however small the answers are."""
        whole = Copy(self.home)
        whole.follow()
        answers = self.copy.follow(limit=37)
        self.assertEqual(self.copy.state(), whole.state())
        pages = [p["id"] for a in answers for p in a["pages"]]
        bookmarks = [b["id"] for a in answers for b in a["bookmarks"]]
        self.assertEqual((len(pages), len(bookmarks)), (len(set(pages)), len(set(bookmarks))))
        self.assertEqual([a["devices"] is not None for a in answers],
                         [True] + [False] * (len(answers) - 1))
        self.assertGreater(len(answers), (len(pages) + len(bookmarks)) // 37)

    def test_the_last_one_comes_back(self):
        """Between two answers the page that came last goes, and is there again."""
        self.copy.follow()
        records = {
            f"https://many.example/{n}": {
                "id": f"manymany{n:04}", "histUri": f"https://many.example/{n}", "title": "Many",
                "visits": visits(NOON + n)
            } for n in range(40)
        }
        self.provider.put_clear("history", *records.values())
        self.home.sync()
        gone = []

        def go_and_come():
            if not gone:
                record = records[list(self.copy.pages.values())[-1]["url"]]
                gone.append(record)
                for changed in ({"id": record["id"], "deleted": True}, record):
                    self.provider.put_clear("history", changed)
                    self.home.sync()

        self.copy.follow(limit=8, between=go_and_come)
        self.copy.follow()
        self.assertEqual(len(gone), 1)
        self.expect_equal()

    def test_removals_in_small_answers(self):
        self.copy.follow()
        dates = [v["date"] for v in self.home.pages_of("/history", "visits")]
        answer = self.home.request("/api/v1/removals", "POST",
                                   body={"kind": "span", "since": min(dates) + 1})
        self.assertEqual(answer.status, 201)
        answers = self.copy.follow(limit=50)
        rows = [tuple(sorted(r.items())) for a in answers for r in a["removals"]]
        self.assertEqual(len(rows), len(set(rows)))
        self.assertGreater(len(rows), 100)
        self.expect_equal()

    def test_unknown(self):
        """410: a generation that the account never had, or that is forgotten."""
        self.copy.generation = self.home.api("/me")["generation"] + 1
        with self.assertRaises(TooOld) as said:
            self.copy.follow()
        self.assertEqual(str(said.exception), "too_old")
        self.copy.clear()
        self.copy.follow()
        # another account of the same address has other generations
        self.home.cli("account", "remove", ADA, "--yes")
        self.home.tokens.clear()
        self.home.add_account(self.provider)
        self.copy.generation += 50
        with self.assertRaises(TooOld):
            self.copy.follow()
        self.copy.clear()
        self.copy.follow()
        self.expect_equal()

    def live_on(self, name):
        """Some syncs, each with a page of its own."""
        for n in range(5):
            self.provider.put_clear(
                "history", {
                    "id": f"{name}{n}".ljust(12, "_"), "histUri": f"https://{name}.example/{n}",
                    "title": name, "visits": visits(NOON + n)
                })
            self.home.sync()

    def expect_no_way_back(self, another):
        """The copy is of a life of the account that is no more. It is told so at once, and also
        when this one has gone on as long as that one had."""
        generation = self.copy.generation
        with self.assertRaises(TooOld):
            self.copy.follow()
        another()
        self.live_on("another")
        self.assertEqual(self.copy.generation, generation)
        with self.assertRaises(TooOld):
            self.copy.follow()
        self.copy.clear()
        self.copy.follow()
        self.expect_equal()
        self.assertIn("sound", self.home.cli("verify"))

    def test_an_older_backup(self):
        backup = os.path.join(self.home.folder, "copy.tar")
        self.home.cli("backup", backup)
        self.live_on("lost")
        self.copy.follow()
        self.home.stop()
        self.home.cli("restore", backup, "--replace")
        self.home.start()
        self.expect_no_way_back(lambda: None)
        # what a copy of now hears is what has changed since
        self.live_on("later")
        self.assertEqual(sum(len(a["pages"]) for a in self.copy.follow()), 5)
        self.expect_equal()

    def test_removed_and_added_again(self):
        """That is another account."""
        before = self.home.api("/me")["account"]["id"]
        self.copy.follow()
        self.home.cli("account", "remove", ADA, "--yes")
        self.home.tokens.clear()
        self.home.add_account(self.provider)
        self.assertNotEqual(self.home.api("/me")["account"]["id"], before)
        self.copy.clear()
        self.copy.follow()
        self.expect_equal()

    def test_an_older_archive(self):
        archive = os.path.join(self.home.folder, "ada.hearth")
        self.home.cli("account", "archive", ADA, archive, "--with-credentials", "--with-tokens")
        self.live_on("lost")
        self.copy.follow()
        self.home.cli("account", "remove", ADA, "--yes")
        self.home.cli("account", "restore", archive)
        self.expect_no_way_back(lambda: self.provider.put_clear(
            "history", {"id": "lost0".ljust(12, "_"), "deleted": True}))

    def test_bad_questions(self):
        self.copy.follow(limit=100)
        cursor = self.copy.ask(None, 100)["next"] or Copy(self.home).ask(None, 100)["next"]
        for query, status in (("since=-1", 400), ("since=x", 400), ("since=", 400),
                              ("limit=0", 400), ("limit=20001", 400), ("cursor=x", 400),
                              (f"cursor={cursor[:-1]}", 400), ("cursor=n1.0.0.0.0.0.0.0.0.0~", 200),
                              ("cursor=n1.7.0.0.0.0.0.0.0.0~", 400),
                              ("cursor=n1.2.5.1.0.0.0.0.0.0~", 400),
                              ("cursor=v1.1.1.1~", 400), (f"cursor={cursor}&since=99", 200)):
            with self.subTest(query=query):
                answer = self.home.request("/api/v1/changes?" + query)
                self.assertEqual(answer.status, status, answer.body[:300])
        self.assertEqual(self.home.request("/api/v1/changes", token="hth_none").status, 401)

    def test_anything(self):
        """Syncs, removals here, what comes back and complete syncs in any order, between the
        answers too."""
        rng = random.Random(SEED)
        steps = Steps(self, rng)
        for _ in range(9):
            for _ in range(rng.randrange(1, 4)):
                steps.take()
            self.copy.follow(limit=lambda: rng.choice((7, 60, 20000)),
                             between=lambda: rng.random() < 0.1 and steps.take())
            self.copy.follow()
            self.expect_equal()
        self.assertIn("sound", self.home.cli("verify"))
        self.assertEqual(set(steps.taken), set(Steps.ALL))


class Steps:
    """Things that happen to an account."""
    ALL = ("visit", "forget_page", "mark", "unmark", "move", "tab", "remove_here", "allow",
           "everything", "hide")

    def __init__(self, test, rng):
        self.test, self.rng, self.taken = test, rng, []
        self.provider, self.home = test.provider, test.home
        self.marks = {}

    def take(self):
        left = [s for s in self.ALL if s not in self.taken]
        step = self.rng.choice(left or self.ALL)
        self.taken.append(step)
        if getattr(self, step)() is None:
            self.home.sync()

    def number(self):
        return self.rng.randrange(1, 12)

    def record(self, n):
        return {"id": f"anything{n:04}", "histUri": f"https://site{n % 3}.example/{n}"}

    def visit(self):
        n = self.number()
        self.provider.put_clear(
            "history",
            dict(self.record(n), title=f"Title {self.rng.randrange(3)}",
                 visits=visits(*(NOON + self.rng.randrange(1000) for _ in range(3)))))

    def forget_page(self):
        self.provider.put_clear("history", {"id": self.record(self.number())["id"],
                                            "deleted": True})

    def mark(self):
        n, parent = self.number(), self.rng.choice(("unfiled", "toolbar", "folderfolder"))
        self.marks[n] = parent
        self.provider.put_clear("bookmarks", {
            "id": "folderfolder", "type": "folder", "parentid": "menu", "title": "Folder",
            "children": [f"bookmark{n:04}"]
        }, {
            "id": f"bookmark{n:04}", "type": "bookmark", "parentid": parent, "title": f"Mark {n}",
            "bmkUri": self.record(n)["histUri"], "dateAdded": NOON + n,
            "tags": self.rng.choice(([], ["red"], ["red", "blue"])),
            "keyword": self.rng.choice((None, f"k{n}"))
        })

    def unmark(self):
        if self.marks:
            n = self.rng.choice(sorted(self.marks))
            del self.marks[n]
            self.provider.put_clear("bookmarks", {"id": f"bookmark{n:04}", "deleted": True})

    def move(self):
        children = [f"bookmark{n:04}" for n in self.marks]
        self.rng.shuffle(children)
        self.provider.put_clear("bookmarks", {
            "id": "folderfolder", "type": "folder", "parentid": "menu", "title": "Folder",
            "children": children
        })

    def tab(self):
        self.provider.put_clear("tabs", {
            "id": "phonephone00", "clientName": "A phone", "tabs": [{
                "title": f"Tab {n}", "urlHistory": [self.record(n)["histUri"]], "icon": "",
                "lastUsed": NOON // 1000 + n
            } for n in range(self.number())]
        })

    def hide(self):
        devices = self.home.api("/devices", hidden=1)["devices"]
        if devices:
            device = self.rng.choice(devices)
            answer = self.home.request(f"/api/v1/devices/{device['id']}", "PATCH",
                                       body={"hidden": not device["hidden"]})
            self.test.assertEqual(answer.status, 200)
        return False

    def remove_here(self):
        rows = self.home.api("/history", limit=20)["visits"]
        if rows:
            row = self.rng.choice(rows)
            body = self.rng.choice(({"kind": "page", "page": row["page"]}, {
                "kind": "visit", "page": row["page"], "date": row["date"], "type": row["type"]
            }, {"kind": "site", "host": row["url"].split("/")[2], "until": row["date"]}))
            answer = self.home.request("/api/v1/removals", "POST", body=body)
            self.test.assertIn(answer.status, (201, 400), answer.body)
        return False

    def allow(self):
        for removal in self.home.api("/removals")["removals"]:
            answer = self.home.request(f"/api/v1/removals/{removal['id']}", "DELETE")
            self.test.assertEqual(answer.status, 204)

    def everything(self):
        self.home.cli("account", "resync", ADA, "--wait")
        return False


if __name__ == "__main__":
    unittest.main()

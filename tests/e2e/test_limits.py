"""[limits]: an account that would keep more than it may gets words, keeps what it has, and
disturbs nobody."""
import contextlib
import json
import os
import shutil
import sqlite3
import tempfile
import time
import unittest

from browser import Browser
from harness import PATIENCE, Node, TestCase, until

ANNA, BEN = "anna@example.org", "ben@example.org"


def page(number, title="T"):
    return {
        "id": f"limit{number:07d}", "histUri": f"https://limit.example/{number}", "title": title,
        "visits": [{"date": 1795432000000000 + number, "type": 1}]
    }


def bookmark(number):
    return {
        "id": f"bookm{number:07d}", "type": "bookmark", "bmkUri": f"https://b.example/{number}",
        "title": "B", "parentid": "menu", "parentName": "menu", "dateAdded": 1795432000000
    }


class Limits(TestCase):
    def home(self, limits, **size):
        service, node = self.service(
            load=False), self.node(f"[scheduler]\ninterval = 1h\n[limits]\n{limits}\n")
        for email in (ANNA, BEN):
            service.account(email, **{"history": 30, "bookmarks": 5, "tabs": 2, **size})
            node.add_account(service, email)
        return service, node

    def account(self, node, email):
        return node.api("/me", email)["account"]

    def refused(self, node, email, *words):
        """The next sync is refused with these words, and what was here is still here."""
        before = self.account(node, email)["counts"]
        node.sync(email, code=1)
        account = self.account(node, email)
        self.assertEqual(account["state"], "error")
        for word in words:
            self.assertIn(word, account["state_detail"])
        self.assertEqual(account["counts"], before)

    def test_pages(self):
        service, node = self.home("pages = 40")
        service.put_clear("history", *(page(n) for n in range(20)), email=ANNA)
        self.refused(node, ANNA, "50 pages", "40 is the most", "[limits] pages",
                     "everything that was here stays")
        self.assertEqual(self.account(node, ANNA)["counts"]["pages"], 30)
        service.put_clear("history", *(page(n) for n in range(5)), email=BEN)  # others go on
        node.sync(BEN)
        self.assertEqual(self.account(node, BEN)["counts"]["pages"], 35)
        # and so does she, once there is room
        service.remove("history", *(page(n)["id"] for n in range(15)), email=ANNA)
        node.sync(ANNA)
        self.assertEqual(
            (self.account(node, ANNA)["state"], self.account(node, ANNA)["counts"]["pages"]),
            ("ok", 35))
        self.assertIn("sound", node.cli("verify"))

    def test_bookmarks(self):
        service, node = self.home("bookmarks = 40")
        service.put_clear("bookmarks", *(bookmark(n) for n in range(60)), email=ANNA)
        self.refused(node, ANNA, "bookmarks and folders", "40 is the most", "[limits] bookmarks")

    def test_space(self):
        service, node = self.home("space = 700KiB")
        service.put_clear(
            "history",
            *({**page(n), "histUri": f"https://limit.example/{n}/{'x' * 20000}"}
              for n in range(20)), email=ANNA)
        self.refused(node, ANNA, "bytes, and 716800 is the most", "[limits] space",
                     "everything that was here stays")

    def test_what_is_on_its_way_is_bounded(self):
        """Records that would be stored as next to nothing fill the disk on their way: the same
        page again and again."""
        service, node = self.home("space = 700KiB")
        service.put_clear(
            "history",
            *({**page(0), "histUri": "https://limit.example/" + "x" * 30000, "id": f"same{n:08d}"}
              for n in range(40)), email=ANNA)
        self.refused(node, ANNA, "gives more than 716800 bytes at once", "[limits] space")

    def test_devices(self):
        service, node = self.home("pages = 0")
        service.put_clear(
            "clients",
            *({"id": f"device{n:06}", "name": f"D {n}", "type": "desktop"} for n in range(1010)),
            email=ANNA)
        node.sync(ANNA)
        account = self.account(node, ANNA)
        self.assertEqual(account["counts"]["devices"], 1000)
        self.assertRegex(account["state_detail"], "11 of [0-9]+ records arrived damaged")

    def test_tabs(self):
        service, node = self.home("pages = 0")
        for device in range(4):
            tabs = [{"title": "", "urlHistory": [f"https://t.example/{n}"], "lastUsed": 1795432000}
                    for n in range(25001)]
            service.put_clear("tabs", {"id": f"device{device:06}", "clientName": "D", "tabs": tabs},
                              email=ANNA)
        node.sync(ANNA, code=1)
        account = self.account(node, ANNA)
        self.assertRegex(
            account["state_detail"],
            "100006 open tabs, and 100000 is the most .* everything that was here stays")
        self.assertEqual(account["counts"]["tabs"], 2)

    def test_tags(self):
        """As many as a person could look through:
        the answer does not grow with what a server sends."""
        service, node = self.home("pages = 0")
        service.put_clear(
            "bookmarks",
            *({**bookmark(n), "tags": [f"{n:03} {i:03}" for i in range(110)]} for n in range(100)),
            email=ANNA)
        node.sync(ANNA)
        self.assertEqual(len(node.api("/tags", ANNA)["tags"]), 10000)

    def test_free_space(self):
        """No disk has as much free as this asks for."""
        service, node = self.home("free_space = 0")
        node.stop()
        node.configure("50-test", "[scheduler]\ninterval = 1h\n[limits]\nfree_space = 1000000GiB\n")
        node.start()
        service.put_clear("history", *(page(n) for n in range(5)), email=ANNA)
        self.refused(node, ANNA, "nearly full", "[limits] free_space",
                     "everything that was here stays")

    def test_free_space_where_the_database_is(self):
        """The state directory is on a disk with more room than this asks for, the database on
        one with less."""
        def free(place):
            disk = os.statvfs(place)
            return disk.f_bavail * disk.f_frsize

        small, large = sorted(("/dev/shm", tempfile.gettempdir()), key=free)
        database = tempfile.mkdtemp(prefix="hearth-e2e-", dir=small)
        self.addCleanup(shutil.rmtree, database)
        before, tempfile.tempdir = tempfile.gettempdir(), large
        self.addCleanup(setattr, tempfile, "tempdir", before)
        service, node = self.service(load=False), Node(
            f"[storage main]\npath = {database}/hearth.db\n[limits]\nfree_space = 0\n")
        self.addCleanup(node.close)
        node.start()
        service.account(ANNA, history=30, bookmarks=5, tabs=2)
        node.add_account(service, ANNA)
        node.stop()
        node.configure("60-test", f"[limits]\nfree_space = {(free(small) + free(large)) // 2}\n")
        node.start()
        service.put_clear("history", *(page(n) for n in range(5)), email=ANNA)
        self.refused(node, ANNA, "The disk of this server is nearly full", "[limits] free_space")


class Doors(TestCase):
    """What a person makes themselves has bounds, too."""
    def home(self):
        service, node = self.service(load=False), self.node("[scheduler]\ninterval = 1d\n")
        service.account(ANNA, history=30)
        node.add_account(service, ANNA)
        return node

    def rows(self, node, scope):
        with node.database() as db:
            return [
                row[0] for row in db.execute(
                    "SELECT id FROM tokens WHERE scope = ? ORDER BY last_used, created", (scope, ))
            ]

    def change(self, node, sql, *rows):
        with contextlib.closing(sqlite3.connect(f"{node.state}/hearth.db",
                                                timeout=PATIENCE)) as db, db:
            db.executemany(sql, rows)

    def fill(self, node, scope, count, expires=0):
        """Rows that were made long ago, the first one first."""
        now = int(time.time() * 1000)
        self.change(
            node,
            "INSERT INTO tokens (id, account, name, hash, scope, created, last_used, expires) "
            "SELECT ?, row, 'n', ?, ?, ?, ?, ? FROM accounts WHERE email = ?",
            *((f"filled{scope}{n:05}", os.urandom(32), scope, now - 3600000 + n, now - 3600000 + n,
               expires, ANNA) for n in range(count)))

    def make(self, node):
        return node.request("/api/v1/tokens", "POST", email=ANNA, body={"name": "one more"})

    def test_api_tokens(self):
        node = self.home()
        node.token(ANNA)
        self.fill(node, 1, 98)
        self.assertEqual(self.make(node).status, 201)
        refused = self.make(node)
        self.assertEqual((refused.status, refused.json["code"]), (409, "too_many_tokens"))
        self.assertIn("has 100 API tokens, and 100 is the most", refused.json["detail"])
        self.assertIn("revoke one that is not needed any more",
                      node.cli("token", "new", ANNA, "--name", "x", code=1))
        # one that is over makes room
        self.change(node, "UPDATE tokens SET expires = 1 WHERE id = ?", ("filled100007", ))
        self.assertEqual([self.make(node).status, self.make(node).status], [201, 409])
        self.assertNotIn("filled100007", self.rows(node, 1))
        node.cli("token", "revoke", "filled100003", "--yes")
        self.assertEqual([self.make(node).status, self.make(node).status], [201, 409])

    def sign_in(self, node):
        browser = Browser(node.address)
        browser.open(node.address + "/auth/link?t=" +
                     json.loads(node.cli("link", ANNA, "--json"))["url"].partition("?t=")[2])
        browser.submit("Sign in", until=node.address + "/")
        self.assertEqual(browser.page.status, 303)
        return browser

    def test_browsers(self):
        node = self.home()
        first = self.sign_in(node)
        session, = self.rows(node, 2)
        self.fill(node, 2, 99, int(time.time() * 1000) + 3600000)
        yesterday = int(time.time() * 1000) - 86400000  # longest ago, and still good
        age = lambda: self.change(node, "UPDATE tokens SET created = ?, last_used = ? WHERE id = ?",
                                  (yesterday, yesterday, session))
        age()
        self.assertEqual(first.request("GET", "/api/v1/me").status, 200)
        until(lambda: self.rows(node, 2)[0] != session,
              "its use is written, once a minute and after the answer")
        age()
        newest = self.sign_in(node)
        self.assertEqual(len(self.rows(node, 2)), 100)
        self.assertEqual(newest.request("GET", "/api/v1/me").status, 200)
        # at once, although it was known a moment ago
        self.assertEqual(first.request("GET", "/api/v1/me").status, 401)
        self.assertIn(f"session={session} reason=\"too many browsers\"", node.log_text())
        self.sign_in(node)
        self.assertNotIn("filled200000", self.rows(node, 2))
        self.assertIn("filled200001", self.rows(node, 2))

    def test_links(self):
        node = self.home()
        for _ in range(25):
            made = node.request("/api/v1/links", "POST", email=ANNA)
            self.assertEqual(made.status, 201)
        self.assertEqual((len(self.rows(node, 3)), len(self.rows(node, 4))), (20, 20))
        # over: they are not kept either
        self.change(node, "UPDATE tokens SET expires = ? WHERE scope >= 3", (1, ))
        last = node.request("/api/v1/links", "POST", email=ANNA).json
        self.assertEqual((len(self.rows(node, 3)), len(self.rows(node, 4))), (1, 1))
        browser = Browser(node.address)
        browser.open(node.address + "/auth/link?t=" + last["link"]["url"].partition("?t=")[2])
        browser.submit("Sign in", until=node.address + "/")
        self.assertEqual(browser.page.status, 303)

    def test_picks(self):
        """What has faded most is forgotten."""
        node = self.home()
        url = node.api("/history", ANNA)["visits"][0]["url"]
        now = int(time.time() * 1000)
        self.change(
            node,
            "INSERT INTO picks (account, input, page, use_count, used) SELECT row, ?, 7, 1, ? FROM "
            "accounts WHERE email = ?",
            *((f"typed {n}", now - 1000000 + n, ANNA) for n in range(10000)))

        def pick(typed):
            self.assertEqual(
                node.request("/api/v1/search/picked", "POST", email=ANNA,
                             body={"q": typed, "url": url}).status, 204)
            with node.database() as db:
                return [row[0] for row in db.execute("SELECT input FROM picks")]

        inputs = pick("new")
        self.assertEqual((len(inputs), "new" in inputs, "typed 0" in inputs, "typed 1" in inputs),
                         (10000, True, False, True))
        self.assertEqual(len(pick("new")), 10000)  # the same once more takes nobody's place
        self.assertIn("typed 1", pick("new"))

    def test_settings(self):
        node = self.home()
        long = "x" * 33
        for change in ({"other": "x"}, {"theme": {"name": long}}, {"theme": {"more": "x"}},
                       {"timezone": long * 30}, {"timezone": "../" * 50 + "etc/passwd"}):
            self.assertEqual(
                node.request("/api/v1/settings", "PATCH", email=ANNA, body=change).status, 400,
                change)
        self.assertEqual(
            node.request("/api/v1/settings", "PATCH", email=ANNA,
                         body={"timezone": "Europe/Berlin"}).status, 200)
        with node.database() as db:
            self.assertLess(db.execute("SELECT max(length(json)) FROM settings").fetchone()[0], 200)


if __name__ == "__main__":
    unittest.main()

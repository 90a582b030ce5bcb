"""What is removed here by the services and the basic pages, and stays removed although the Sync
service still has it; nothing is ever written there."""
import contextlib
import http.client
import json
import sqlite3
import threading
import unittest
import urllib.parse

import openapi_check
from browser import Browser
from harness import ADA, PATIENCE, TestCase, until
from test_forgotten import DAY, LATER, NEIGHBOUR, NOON, SECRET, SHOP, record


BEN = "ben@example.org"
MOST = 10000  # removals of an account


class Home(TestCase):
    """Each test has a person with the same few pages."""
    def setUp(self):
        self.sync_service, self.home = self.service(load=False), self.node()
        self.sync_service.account(ADA, history=9, bookmarks=2, tabs=1)
        self.sync_service.put_clear("history", record("secretaaaaaa", SECRET, NOON, NOON - DAY),
                                    record("secretbbbbbb", NEIGHBOUR, NOON),
                                    record("shopaaaaaaaa", SHOP, NOON),
                                    record("lateraaaaaaa", LATER, NOON + 1000, NOON - 5 * DAY))
        self.home.add_account(self.sync_service)

    def tearDown(self):
        """The double saw what a reader sends, and nothing else."""
        written = [
            line for line in self.sync_service.log("storage/")
            if line["method"] != "GET"
        ]
        self.assertEqual(written, [])
        self.assertIn("sound", self.home.cli("verify"))

    def dates(self, url):
        host = url.split("/")[2]
        return sorted(v["date"]
                      for v in self.home.pages_of("/history", "visits", host=host)
                      if v["url"] == url)

    def everything_again(self):
        self.home.cli("account", "resync", ADA, "--wait")

    def ask(self, method, path, body=None, status=200, **options):
        answer = self.home.request("/api/v1" + path, method, body=body, **options)
        self.assertEqual(answer.status, status, answer.body)
        openapi_check.check(method, "/api/v1" + path, answer)
        return answer.json if answer.body else None

    def remove(self, status=201, **what):
        return self.ask("POST", "/removals", what, status)

    def crowd(self, count):
        """As many removals of pages as that, from other days."""
        with contextlib.closing(sqlite3.connect(f"{self.home.state}/hearth.db")) as db, db:
            db.executemany(
                "INSERT INTO removed_here VALUES ((SELECT row FROM accounts WHERE email = ?), ?, "
                "2, ?, 0, 0, '', 0, 0, 1000)",
                ((ADA, f"crowd{n:011}", n + 1) for n in range(count)))

    def page(self, url):
        host = url.split("/")[2]
        return next(v["page"]
                    for v in self.home.pages_of("/history", "visits", host=host)
                    if v["url"] == url)


class Removals(Home):
    def test_a_visit(self):
        page = self.page(SECRET)
        made = self.remove(kind="visit", page=page, date=NOON, type=1)
        self.assertEqual((made["pages"], made["visits"]), (1, 1))
        self.assertEqual((made["removal"]["kind"], made["removal"]["page"],
                          made["removal"]["date"], made["removal"]["type"]),
                         ("visit", page, NOON, 1))
        self.assertEqual(self.dates(SECRET), [NOON - DAY])
        self.everything_again()
        self.assertEqual(self.dates(SECRET), [NOON - DAY])
        # another device uploads the same record with one visit more
        self.sync_service.put_clear(
            "history", record("secretaaaaaa", SECRET, NOON + DAY, NOON, NOON - DAY))
        self.home.sync()
        self.assertEqual(self.dates(SECRET), [NOON - DAY, NOON + DAY])

    def test_a_page(self):
        """By its id, or its address in any form; the record of another form is out, too."""
        self.assertEqual(self.home.api("/search", q="secret.example/a")["results"][0]["url"],
                         SECRET)
        made = self.remove(kind="page", url="HTTPS://user@Secret.EXAMPLE:443/x/../a")
        self.assertEqual((made["pages"], made["visits"]), (1, 2))
        self.assertNotIn(SECRET,
                         [r["url"] for r in self.home.api("/search", q="secret")["results"]])
        self.assertEqual(self.remove(kind="page", page=self.page(NEIGHBOUR))["visits"], 1)
        self.everything_again()
        self.sync_service.put_clear(
            "history", record("othersecreta", "https://SECRET.example:443/a", NOON + DAY))
        self.home.sync()
        self.assertEqual((self.dates(SECRET), self.dates(NEIGHBOUR)), ([], []))
        again = self.remove(kind="page", url=SECRET)  # says the same: takes its place
        self.assertEqual((again["pages"], again["visits"], again["removal"]["id"]),
                         (0, 0, made["removal"]["id"]))
        self.assertEqual(len(self.ask("GET", "/removals")["removals"]), 2)

    def test_a_site(self):
        made = self.remove(kind="site", host="Secret.EXAMPLE", until=NOON)
        self.assertEqual((made["pages"], made["visits"], made["removal"]["host"]),
                         (1, 1, "secret.example"))
        self.everything_again()
        self.assertEqual((self.dates(SECRET), self.dates(NEIGHBOUR)), ([NOON], [NOON]))
        self.assertEqual(self.remove(kind="site", host="secret.example")["visits"], 2)
        self.everything_again()
        self.assertEqual((self.dates(SECRET), self.dates(SHOP)), ([], [NOON]))

    def test_a_span(self):
        self.remove(kind="span", since=NOON, until=NOON + 1000)
        self.everything_again()
        self.assertEqual((self.dates(SECRET), self.dates(SHOP), self.dates(LATER)),
                         ([NOON - DAY], [], [NOON - 5 * DAY, NOON + 1000]))
        self.remove(kind="span", until=NOON + DAY)
        self.everything_again()
        self.assertEqual(self.home.pages_of("/history", "visits", to=NOON + DAY), [])
        self.sync_service.put_clear("history", record("shopaaaaaaaa", SHOP, NOON + 2 * DAY, NOON))
        self.home.sync()
        self.assertEqual(self.dates(SHOP), [NOON + 2 * DAY])

    def test_a_batch_under_way(self):
        """The service answers slowly: what is removed meanwhile is not in the sync's end."""
        self.sync_service.faults({"match": "GET .*storage/history", "delay": 1.5, "times": 1})
        syncing = threading.Thread(target=self.everything_again)
        syncing.start()
        try:
            until(lambda: self.home.api("/me")["account"]["syncing"], "the sync has begun")
            self.remove(kind="site", host="secret.example")
        finally:
            syncing.join()
        self.assertEqual((self.dates(SECRET), self.dates(SHOP)), ([], [NOON]))

    def test_taken_back_while_a_sync_runs(self):
        """That sync, which began before, is not the complete one that brings it back."""
        made = self.remove(kind="site", host="secret.example")
        self.sync_service.put_clear("history", record("lateraaaaaaa", LATER, NOON + 2000))
        self.sync_service.faults({"match": "GET .*storage/history", "delay": 1.5, "times": 1})
        syncing = threading.Thread(target=self.home.sync)
        syncing.start()
        try:
            until(lambda: self.home.api("/me")["account"]["syncing"], "the sync has begun")
            self.ask("DELETE", "/removals/" + made["removal"]["id"], status=204)
        finally:
            syncing.join()
        until(lambda: self.dates(SECRET) == [NOON - DAY, NOON], "what was removed is back")

    def test_the_list(self):
        """Newest first, page by page; the address of a page only while the page is here."""
        self.sync_service.put_clear("bookmarks", {
            "id": "shopmarkaaaa", "type": "bookmark", "parentid": "unfiled", "title": "Shop",
            "bmkUri": SHOP, "tags": []
        })
        self.home.sync()
        made = [
            self.remove(**what)["removal"]
            for what in (dict(kind="page", url=SHOP), dict(kind="page", url=SECRET),
                         dict(kind="site", host="later.example"), dict(kind="span", until=5))
        ]
        for one, url in zip(made, (SHOP, None, None, None)):
            one["url"] = url
        rows, cursor = [], ""
        while cursor is not None:
            part = self.ask("GET", f"/removals?limit=1&cursor={cursor}")
            self.assertEqual(len(part["removals"]), 1)
            rows += part["removals"]
            cursor = part["next"]
        # of the same millisecond in the order of their ids
        self.assertEqual(rows, sorted(made, key=lambda r: (r["created"], r["id"]), reverse=True))
        self.assertEqual(self.ask("GET", "/removals"), {"removals": rows, "next": None})
        self.ask("GET", "/removals?cursor=v1.1.1.1", status=400)

    def test_taken_back(self):
        made = self.remove(kind="page", url=SECRET)["removal"]
        self.ask("DELETE", "/removals/" + made["id"], status=204)
        self.assertEqual(self.dates(SECRET), [])
        self.ask("DELETE", "/removals/" + made["id"], status=404)
        self.assertEqual(self.ask("GET", "/removals"), {"removals": [], "next": None})
        self.home.sync()  # the next one reads everything anew
        self.assertEqual(self.dates(SECRET), [NOON - DAY, NOON])
        log = self.home.log_text()
        self.assertIn("history removed here", log)
        self.assertIn("history kept out no longer", log)

    def test_whose(self):
        """Each person has their own; a token that may only read removes nothing."""
        made = self.remove(kind="page", url=SECRET)["removal"]
        self.sync_service.account(BEN, history=5, bookmarks=1, tabs=1)
        self.home.add_account(self.sync_service, email=BEN)
        self.assertEqual(self.ask("GET", "/removals", email=BEN)["removals"], [])
        self.ask("DELETE", "/removals/" + made["id"], status=404, email=BEN)
        reader = self.home.cli("token", "new", ADA, "--read-only", "--name", "r").split()[0]
        self.ask("POST", "/removals", dict(kind="page", url=SHOP), 403, token=reader)
        self.ask("DELETE", "/removals/" + made["id"], status=403, token=reader)
        self.assertEqual(len(self.ask("GET", "/removals", token=reader)["removals"]), 1)
        self.ask("POST", "/removals", dict(kind="page", url=SHOP), 401, token="hth_no")
        browser = Browser(self.home.address)
        browser.open(self.home.cli("link", ADA).split()[0])
        browser.submit("Sign in", until=self.home.address + "/")
        foreign = browser.request("POST", self.home.address + "/api/v1/removals",
                                  '{"kind":"page","url":"https://shop.example/basket"}',
                                  {"Content-Type": "application/json"})
        self.assertEqual(foreign.status, 403)
        self.assertEqual(self.dates(SHOP), [NOON])

    def test_what_is_refused(self):
        page = self.page(SECRET)
        for what, code in (({}, "kind"), ({"kind": "tab"}, "kind"), ({"kind": 7}, "kind"),
                           ({"kind": "page"}, "page"), ({"kind": "page", "page": "x"}, "page"),
                           ({"kind": "page", "page": "0"}, "page"), ({"kind": "page", "page": 5},
                                                                     "page"),
                           ({"kind": "page", "url": "secret"}, "page"),
                           ({"kind": "page", "url": SECRET, "page": page}, "page"),
                           ({"kind": "visit", "page": page}, "visit"),
                           ({"kind": "visit", "page": page, "date": 1, "type": 10}, "visit"),
                           ({"kind": "visit", "page": page, "date": 1, "type": 0}, "visit"),
                           ({"kind": "visit", "date": 1, "type": 1}, "page"),
                           ({"kind": "site"}, "host"), ({"kind": "site", "host": ""}, "host"),
                           ({"kind": "site", "host": "https://a.example/"}, "host"),
                           ({"kind": "span"}, "open"), ({"kind": "span", "since": None}, "open"),
                           ({"kind": "span", "since": 5, "until": 5}, "span"),
                           ({"kind": "span", "since": "5"}, "span"),
                           ({"kind": "span", "since": 0}, "span"),
                           ({"kind": "span", "until": -5}, "span")):
            answer = self.remove(400, **what)
            self.assertEqual(answer["message"]["id"], f"problem.bad_request.removal_{code}", what)
        self.assertEqual(self.dates(SECRET), [NOON - DAY, NOON])
        self.assertEqual(self.ask("GET", "/removals")["removals"], [])

    def test_as_many_as_there_can_be(self):
        self.crowd(MOST - 1)
        last = self.remove(kind="page", url=SECRET)["removal"]["id"]
        for what in (dict(kind="page", url=SHOP), dict(kind="site", host="shop.example"),
                     dict(kind="span", since=NOON)):
            answer = self.remove(409, **what)
            self.assertEqual(
                (answer["message"]["id"], answer["detail"]),
                ("problem.too_many_removals",
                 "This account has 10000 removals, and 10000 is the most. Remove a site or a "
                 "span of time instead of single pages, or allow some again."))
        said = self.home.cli("account", "forget", ADA, "--page", SHOP, "--yes", code=1)
        self.assertIn("the account has 10000 removals already", said)
        self.assertEqual(self.dates(SHOP), [NOON])
        self.remove(kind="page", url=SECRET)  # says the same as one of them
        self.ask("DELETE", "/removals/" + last, status=204)
        self.remove(kind="page", url=SHOP)
        self.assertEqual(self.dates(SHOP), [])
        self.remove(409, kind="page", url=LATER)


class Told(Home):
    def changed(self, do):
        """The generation that an open event stream and the readers have after it."""
        before = self.home.api("/me")["generation"]
        path = "/history?host=secret.example"
        self.assertEqual(len(self.ask("GET", path)["visits"]), 3)  # kept by now, and for sure
        connection = http.client.HTTPConnection(
            urllib.parse.urlsplit(self.home.address).netloc, timeout=PATIENCE)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events",
                           headers={"Authorization": f"Bearer {self.home.token()}"})
        stream = connection.getresponse()
        self.assertEqual(stream.readline(), b": welcome\n")
        do()
        line = b"\n"
        while line not in (b"event: changed\n", b""):  # "": it has ended
            line = stream.readline()
        heard = json.loads(stream.readline().partition(b": ")[2])
        self.assertEqual(heard, {"generation": before + 1, "collections": ["history"]})
        return self.ask("GET", path)["visits"]

    def test_by_the_service(self):
        self.assertEqual(self.changed(lambda: self.remove(kind="site", host="secret.example")), [])

    def test_by_the_command_line(self):
        """Whoever looks sees it at once, and nobody is signed out."""
        self.assertEqual(
            self.changed(lambda: self.home.cli("account", "forget", ADA, "--site",
                                               "secret.example", "--yes")), [])


class BasicPages(Home):
    def setUp(self):
        super().setUp()
        self.browser = self.signed_in()

    def signed_in(self):
        browser = Browser(self.home.address)
        browser.open(self.home.cli("link", ADA).split()[0])
        browser.submit("Sign in", until=self.home.address + "/")
        return browser

    def open(self, path):
        page = self.browser.open(self.home.address + path)
        self.assertEqual(page.status, 200, page.text)
        return page

    def remove(self, path, label, words):
        """The page asks, and says what that means; its button does it."""
        page = self.open(path)
        self.assertIn("not removed from Firefox or from the Sync server", page.text)
        page = self.browser.submit(label)
        self.assertEqual((page.status, page.title), (200, "It is removed here \u2013 Hearth"))
        self.assertIn(words, page.text)

    def test_from_history(self):
        """A visit by its link, then its page, then its site."""
        self.open("/basic/history?host=secret.example")
        link = self.browser.page.links["Remove"]  # of the last one: the oldest
        page = self.open(link)
        self.assertIn(SECRET, page.text)
        self.remove(link, "Remove the visit of 2026-11-19 12:00 (UTC)", "1 visit of 1 page went")
        self.assertEqual(self.dates(SECRET), [NOON])
        self.remove(link, "Remove all visits of this page", "1 visit of 1 page went")
        self.assertEqual((self.dates(SECRET), self.dates(NEIGHBOUR)), ([], [NOON]))
        self.open("/basic/history?host=secret.example")
        self.remove(self.browser.page.links["Remove this site"],
                    "Remove all visits of the site secret.example", "1 visit of 1 page went")
        self.everything_again()
        self.assertEqual((self.dates(SECRET), self.dates(NEIGHBOUR), self.dates(SHOP)),
                         ([], [], [NOON]))
        self.assertEqual(self.open("/basic/history").status, 200)

    def test_from_search(self):
        page = self.open("/basic/search?q=shop.example%2Fbasket")
        self.remove(page.links["Remove"], "Remove all visits of this page", "1 visit of 1 page")
        self.assertEqual(self.dates(SHOP), [])

    def test_a_time_and_the_list(self):
        self.remove("/auth/remove?from=2026-11-20&to=2026-11-20",
                    "Remove all visits from 2026-11-20 00:00 until 2026-11-21 00:00 (UTC)", "went")
        self.assertEqual((self.dates(SECRET), self.dates(SHOP)), ([NOON - DAY], []))
        page = self.open("/auth/removals")
        self.assertIn("from 2026-11-20 00:00 until 2026-11-21 00:00", page.text)
        page = self.browser.submit("Allow again")
        self.assertIn("not kept out any more", page.title)
        self.assertNotIn("Allow again", self.open("/auth/removals").text)
        self.home.sync()
        self.assertEqual(self.dates(SHOP), [NOON])
        page = self.open("/auth/remove?all=1")
        label = page.forms[-1]["buttons"][0]["label"]
        self.remove("/auth/remove?all=1", page.form(label)[1]["label"], "went")

    def test_as_many_as_there_can_be(self):
        self.crowd(MOST)
        self.open("/auth/remove?page=" + self.page(SHOP))
        page = self.browser.submit("Remove all visits of this page")
        self.assertEqual(page.status, 409)
        self.assertIn("This account has 10000 removals", page.text)
        self.assertEqual(self.dates(SHOP), [NOON])
        self.assertNotIn(" error ", self.home.log_text())

    def test_what_is_refused(self):
        for path in ("/auth/remove", "/auth/remove?page=x", "/auth/remove?page=5&date=5",
                     "/auth/remove?from=2026-11-20", "/auth/remove?from=2026-02-31&to=2026-03-05",
                     "/auth/remove?from=2026-11-20&to=2026-11-19"):
            self.assertEqual(self.browser.open(self.home.address + path).status, 400, path)
        self.assertEqual(self.browser.open(self.home.address + "/auth/remove?page=5").status, 404)
        fields = {"kind": "page", "page": self.page(SHOP)}
        for headers in ({}, {"Sec-Fetch-Site": "cross-site"}):  # not by a form of ours
            answer = self.browser.request("POST", self.home.address + "/auth/remove", fields,
                                          headers)
            self.assertEqual(answer.status, 403)
        token = self.home.cli("token", "new", ADA, "--read-only", "--name", "r").split()[0]
        reader = Browser(self.home.address, {"Authorization": f"Bearer {token}"})
        reader.open(self.home.address + "/auth/remove?page=" + self.page(SHOP))
        self.assertEqual(reader.submit("Remove all visits of this page").status, 403)
        reader.open(self.home.address + "/auth/account")
        form = {"form": reader.page.forms[-1]["fields"]["form"]}
        for path in ("link", "browser", "everywhere", "device"):  # a link would be a session
            answer = reader.request("POST", self.home.address + "/auth/account/" + path, form)
            self.assertEqual(answer.status, 403, path)
        form = self.open("/auth/remove?page=" + self.page(SHOP)).forms[-2]["fields"]
        for wrong in ({"kind": "all"}, {"kind": "visit"}, {"kind": "span"}, {"kind": "page",
                                                                             "page": "-5"}):
            answer = self.browser.request("POST", self.home.address + "/auth/remove",
                                          {"form": form["form"], **wrong})
            self.assertEqual(answer.status, 400, wrong)
        self.assertEqual(self.dates(SHOP), [NOON])
        self.assertEqual(self.home.api("/removals")["removals"], [])


if __name__ == "__main__":
    unittest.main()

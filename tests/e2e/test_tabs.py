"""Open tabs as a Firefox has them, with their windows and groups; and devices that their person
does not want to see. Every answer is held against docs/openapi.yaml."""
import http.client
import json
import re
import unittest
import urllib.parse

import openapi_check
import valid_html
from browser import Browser
from harness import TestCase, until

EMAIL = "reader@example.org"
NOW = 1795000000  # seconds
# (title, window, index, group, more): in the order in which Firefox uploads them, last used first.
UPLOADED = [("Night trains", "w1", 4, "g-purple", {}), ("Mail", "w1", None, None, {"pinned": True}),
            ("Letter", "w2", None, None, {}), ("Ferries", "w1", 7, "g-green", {}),
            ("Unsorted", "w2", 3, "g-red", {}), ("Between", "w1", 5, None, {}),
            ("Hotels", "w1", 6, "g-green", {}), ("Calendar", "w1", 1, None, {"pinned": True}),
            ("Timetable", "w1", 3, "g-purple", {}), ("Old", "w2", 2, None, {"inactive": True})]
WINDOWS = {"w1": {"id": "w1", "lastUsed": NOW * 1000, "index": 1, "windowType": 0},
           "w2": {"id": "w2", "lastUsed": NOW * 1000 - 5, "index": 2, "windowType": 0}}
GROUPS = {"g-purple": {"id": "g-purple", "name": "Reise", "color": "purple", "collapsed": True},
          "g-green": {"id": "g-green", "name": "Reise", "color": "green", "collapsed": False},
          "g-red": {"id": "g-red", "name": "", "color": "red", "collapsed": False}}
FIRST = ["Mail", "Calendar", "Timetable", "Night trains", "Between", "Hotels", "Ferries"]
SECOND = ["Letter", "Old", "Unsorted"]


def url(title):
    return f"https://{title.lower().replace(' ', '-')}.example/"


def record(device, windows=WINDOWS):
    """What Firefox uploads: an index of 0 is left out."""
    tabs = []
    for n, (title, window, index, group, more) in enumerate(UPLOADED):
        tab = {"title": title, "urlHistory": [url(title)], "icon": "", "lastUsed": NOW - n * 60,
               "inactive": False, "windowId": window, **more}
        tab.update({} if index is None else {"index": index})
        tab.update({} if group is None else {"tabGroupId": group})
        tabs.append(tab)
    return {"id": device, "clientName": "Laptop", "tabs": tabs, "tabGroups": GROUPS,
            **({} if windows is None else {"windows": windows})}


class Tabs(TestCase):
    def setUp(self):
        self.sync_service, self.home = self.service(load=False), self.node()
        self.sync_service.account(EMAIL, history=5, bookmarks=2, tabs=4, devices=2, now=NOW)
        self.home.add_account(self.sync_service, EMAIL)
        self.laptop, self.other = (d["id"] for d in sorted(
            self.devices(), key=lambda d: d["type"] != "desktop"))
        self.upload(record(self.laptop))

    def upload(self, tabs, collection="tabs"):
        self.sync_service.put_clear(collection, tabs, email=EMAIL)
        self.home.sync(EMAIL)

    def ask(self, path, method="GET", status=200, **more):
        answer = self.home.request("/api/v1" + path, method, email=EMAIL, **more)
        self.assertEqual(answer.status, status, f"{method} {path}: {answer.body[:300]}")
        openapi_check.check(method, "/api/v1" + path, answer)
        return answer

    def devices(self, **parameters):
        return self.ask("/devices?" + urllib.parse.urlencode(parameters)).json["devices"]

    def tabs_of(self, device, /, **parameters):
        found, = (d for d in self.ask("/tabs?" + urllib.parse.urlencode(parameters)).json["devices"]
                  if d["id"] == device)
        return found

    def hide(self, device, hidden=True, status=200, **more):
        return self.ask("/devices/" + urllib.parse.quote(device, safe=""), "PATCH", status,
                        body={"hidden": hidden}, **more)

    def browser(self):
        browser = Browser(self.home.address)
        browser.open(re.sub(r"^.*?/auth", self.home.address + "/auth",
                            self.home.cli("link", EMAIL).split()[0]))
        browser.submit("Sign in", until=self.home.address + "/")
        return browser


class Windows(Tabs):
    def test_as_firefox_has_them(self):
        laptop = self.tabs_of(self.laptop)
        self.assertEqual([t["title"] for t in laptop["tabs"]], FIRST + SECOND)
        self.assertEqual([t["window"] for t in laptop["tabs"]], [0] * 7 + [1] * 3)
        self.assertEqual([t["place"] for t in laptop["tabs"]], [0, 1, 3, 4, 5, 6, 7, 0, 2, 3])
        self.assertEqual([t["title"] for t in laptop["tabs"] if t["pinned"]], ["Mail", "Calendar"])
        self.assertEqual([t["title"] for t in laptop["tabs"] if t["inactive"]], ["Old"])
        self.assertEqual({t["active"] for t in laptop["tabs"]}, {False})  # no record says it
        self.assertEqual([t["group_id"] for t in laptop["tabs"]], [
            None, None, "g-purple", "g-purple", None, "g-green", "g-green", None, None, "g-red"
        ])
        self.assertEqual([t["group"] for t in laptop["tabs"]],
                         [None, None, "Reise", "Reise", None, "Reise", "Reise", None, None, None])
        self.assertEqual(sorted(laptop["groups"], key=lambda g: g["id"]),
                         [GROUPS[g] for g in sorted(GROUPS)])
        windows = [{"number": 0, "tabs": 7}, {"number": 1, "tabs": 3}]
        self.assertEqual(laptop["windows"], windows)
        listed, = (d for d in self.devices() if d["id"] == self.laptop)
        self.assertEqual((listed["windows"], listed["groups"], listed["tabs"], listed["hidden"]),
                         (windows, laptop["groups"], 10, False))
        found = self.tabs_of(self.laptop, q="trains")
        self.assertEqual([t["title"] for t in found["tabs"]], ["Night trains"])
        self.assertEqual((found["windows"], found["groups"]), (windows, laptop["groups"]))
        self.assertEqual(self.tabs_of(self.laptop, device=self.laptop), laptop)

    def test_windows_that_nobody_numbers(self):
        """In the order in which the tabs name them."""
        for windows in (None, {}, {"w1": 5}, []):
            with self.subTest(windows=windows):
                self.upload(record(self.laptop, windows))
                self.assertEqual([t["title"] for t in self.tabs_of(self.laptop)["tabs"]],
                                 FIRST + SECOND)
        swapped = {w: {**WINDOWS[w], "index": 9 - WINDOWS[w]["index"]} for w in WINDOWS}
        self.upload(record(self.laptop, swapped))
        self.assertEqual([t["title"] for t in self.tabs_of(self.laptop)["tabs"]], SECOND + FIRST)

    def test_without_any_of_it(self):
        """As older Firefoxes upload them: in the order of the upload."""
        plain = record(self.laptop, None)
        del plain["tabGroups"]
        for tab in plain["tabs"]:
            for name in ("windowId", "index", "tabGroupId", "pinned", "inactive"):
                tab.pop(name, None)
        self.upload(plain)
        laptop = self.tabs_of(self.laptop)
        self.assertEqual([t["title"] for t in laptop["tabs"]], [t[0] for t in UPLOADED])
        self.assertEqual((laptop["windows"], laptop["groups"]), ([{"number": 0, "tabs": 10}], []))
        self.assertEqual({t["group_id"] for t in laptop["tabs"]}, {None})

    def test_basic_pages(self):
        browser = self.browser()
        page = browser.open(self.home.address + f"/basic/tabs?device={self.laptop}")
        valid_html.check(self, page)
        at = -1
        for text in ("<h3>Window 1</h3>", ">Mail</a>", "(pinned)", ">Calendar</a>",
                     "<b>Reise</b> <small>(group, purple, folded)</small>\n<ul>", ">Timetable</a>",
                     ">Night trains</a>", "</ul></li>\n<li>", ">Between</a>",
                     "<b>Reise</b> <small>(group, green)</small>\n<ul>", ">Hotels</a>",
                     ">Ferries</a>", "<h3>Window 2</h3>", ">Letter</a>",
                     "<b>Unnamed</b> <small>(group, red)</small>", ">Unsorted</a>",
                     "<h3>Inactive</h3>", ">Old</a>"):
            self.assertIn(text, page.body[at + 1:])
            at = page.body.index(text, at + 1)
        page = browser.open(self.home.address + "/basic/")  # those that were used last
        valid_html.check(self, page)
        self.assertEqual([t for t in page.links if t in dict.fromkeys(FIRST + SECOND)],
                         [t[0] for t in UPLOADED[:5]])
        self.assertNotIn("Window", page.body)


class Hidden(Tabs):
    def seen(self):
        """In how many of the places the laptop is."""
        names = [d["id"] for d in self.devices()]
        devices = [d["id"] for d in self.ask("/tabs").json["devices"]]
        found = [r for q in ("Ferries", "% Ferries")
                 for r in self.ask("/search?" + urllib.parse.urlencode({"q": q})).json["results"]]
        suggested = self.ask("/suggest?q=Ferries").json[1]
        typed = self.home.cli("search", EMAIL, "Ferries")
        return [self.laptop in names, self.laptop in devices,
                self.laptop in [d["id"] for d in self.ask(
                    f"/tabs?device={self.laptop}").json["devices"]], len(found) == 2,
                any("Ferries" in s for s in suggested), url("Ferries") in typed,
                self.laptop in self.home.cli("export", EMAIL, "tabs.json")]

    def test_nowhere_and_everywhere_again(self):
        self.sync_service.clear()
        self.assertEqual(self.seen(), [True] * 7)
        before = {
            p: self.ask(p).headers["ETag"]
            for p in ("/devices", "/tabs", "/search?q=Ferries")
        }
        bookmarks = self.ask("/bookmarks").json
        answer = self.hide(self.laptop).json["device"]
        self.assertEqual((answer["id"], answer["hidden"], answer["tabs"]),
                         (self.laptop, True, 10))
        for path, tag in before.items():  # what was kept is out of date at once
            self.ask(path, headers={"If-None-Match": tag})
        self.assertEqual(self.seen(), [False] * 7)
        self.assertEqual({d["id"]: d["hidden"] for d in self.devices(hidden=1)},
                         {self.laptop: True, self.other: False})
        self.assertEqual([d["id"] for d in self.devices(hidden=0)], [self.other])
        generation = self.ask("/me").json["generation"]
        self.hide(self.laptop)  # again: nothing changes
        self.assertEqual(self.ask("/me").json["generation"], generation)
        self.assertEqual(self.ask("/bookmarks").json, bookmarks)
        self.assertEqual([r for r in self.sync_service.log() if r["method"] not in ("GET", "HEAD")],
                         [])  # nothing of it is written to Sync
        self.assertFalse(self.hide(self.laptop, False).json["device"]["hidden"])
        self.assertEqual(self.seen(), [True] * 7)

    def test_it_stays_hidden(self):
        self.hide(self.laptop)
        self.upload({**record(self.laptop), "clientName": "Another name"})
        self.home.cli("account", "sync", EMAIL, "--wait")
        self.home.cli("account", "resync", EMAIL, "--wait")
        self.assertEqual(self.seen(), [False] * 7)
        client, = (d for d in self.devices(hidden=1) if d["hidden"])
        # its records expire, and it comes back
        self.sync_service.remove("clients", self.laptop, email=EMAIL)
        self.sync_service.remove("tabs", self.laptop, email=EMAIL)
        for word in ("sync", "resync"):
            self.home.cli("account", word, EMAIL, "--wait")
            kept, = (d for d in self.devices(hidden=1) if d["hidden"])
            self.assertEqual((kept["id"], kept["tabs"]), (self.laptop, 0))
        self.upload({"id": self.laptop, "name": client["name"], "type": "desktop",
                     "protocols": ["1.5"]}, "clients")
        self.upload(record(self.laptop))
        self.assertEqual(self.seen(), [False] * 7)
        # one that is buried, too
        self.upload({"id": self.laptop, "deleted": True}, "clients")
        self.assertEqual(self.seen(), [False] * 7)
        self.home.stop()
        self.home.start()
        self.assertEqual(self.seen(), [False] * 7)

    def test_shown_again_what_is_gone_goes(self):
        self.hide(self.laptop)
        self.sync_service.remove("clients", self.laptop, email=EMAIL)
        self.sync_service.remove("tabs", self.laptop, email=EMAIL)
        self.home.cli("account", "resync", EMAIL, "--wait")
        self.hide(self.laptop, False)
        self.home.cli("account", "resync", EMAIL, "--wait")
        self.assertEqual([d["id"] for d in self.devices(hidden=1)], [self.other])

    def test_refused(self):
        self.hide("nobody", status=404)
        self.assertEqual(self.home.request("/api/v1/devices/", "PATCH", EMAIL,
                                           body={"hidden": True}).status, 404)
        for body in ({}, {"hidden": 1}, {"hidden": None}, {"hidden": True, "name": "x"},
                     {"name": "x"}):
            answer = self.ask(f"/devices/{self.laptop}", "PATCH", 400, body=body)
            self.assertEqual(answer.json["message"]["id"], "problem.bad_request.device")
        for wrong in ("2", "-1", "yes"):
            self.ask("/devices?hidden=" + wrong, status=400)
        made = self.ask("/tokens", "POST", 201, body={"name": "reader", "scope":
                                                      "read"}).json["token"]
        self.assertEqual(self.hide(self.laptop, status=403, token=made["secret"]).json["code"],
                         "read_only")
        self.assertEqual(self.seen(), [True] * 7)

    def test_event_streams_hear_of_it(self):
        connection = http.client.HTTPConnection(self.home.address.split("//")[1], timeout=60)
        self.addCleanup(connection.close)
        connection.request("GET", "/api/v1/events",
                           headers={"Authorization": "Bearer " + self.home.token(EMAIL)})
        stream = connection.getresponse()
        self.hide(self.laptop)
        line = ""
        while not line.startswith("event: changed"):
            line = stream.readline().decode()
        said = json.loads(stream.readline().decode().removeprefix("data: "))
        self.assertEqual((said["generation"], said["collections"]),
                         (self.ask("/me").json["generation"], ["devices", "tabs"]))

    def test_basic_pages(self):
        browser = self.browser()
        address = self.home.address
        browser.open(address + "/basic/tabs")
        valid_html.check(self, browser.page)
        self.assertIn("Ferries", browser.page.body + browser.open(
            address + f"/basic/tabs?device={self.laptop}").body)
        browser.click("Hide or show devices")
        name, = (d["name"] for d in self.devices() if d["id"] == self.laptop)
        form, _ = browser.page.form("Hide " + name)
        browser.submit("Hide " + name)
        self.assertEqual(self.seen(), [False] * 7)
        self.assertIn("(hidden)", browser.page.body)
        self.assertIn("Nothing is changed on the device", browser.page.text)
        for path in ("/basic/", "/basic/tabs", f"/basic/tabs?device={self.laptop}",
                     "/basic/search?q=Ferries"):
            page = browser.open(address + path)
            valid_html.check(self, page)
            self.assertNotIn(url("Ferries"), page.body)
        # another site's form
        other = Browser(address)
        other.jars = {h: dict(j) for h, j in browser.jars.items()}
        for fields in ({"show": self.laptop}, {"show": self.laptop, "form": "A" * 22}):
            answer = other.request("POST", address + form["action"], fields)
            self.assertEqual(answer.status, 403)
        self.assertEqual(self.seen(), [False] * 7)
        browser.open(address + "/auth/account")
        browser.submit("Show again: " + name)
        self.assertEqual(self.seen(), [True] * 7)

    def test_on_the_command_line(self):
        node = self.home
        self.assertEqual({d["id"]: d["hidden"] for d in node.cli_json("account", "devices", EMAIL)},
                         {self.laptop: False, self.other: False})
        self.assertEqual(self.seen(), [True] * 7)
        self.assertIn("shown nowhere", node.cli("account", "hide", EMAIL, self.laptop))
        until(lambda: "device hidden" in node.log_text(), "the audit trail has it")
        self.assertEqual(self.seen(), [False] * 7)
        self.assertIn("hidden already", node.cli("account", "hide", EMAIL, self.laptop))
        self.assertIn("has no device with the id nobody",
                      node.cli("account", "hide", EMAIL, "nobody", code=1))
        self.assertIn("shown again", node.cli("account", "unhide", EMAIL, self.laptop))
        until(lambda: "device shown" in node.log_text(), "the audit trail has it")
        self.assertEqual(self.seen(), [True] * 7)


if __name__ == "__main__":
    unittest.main()

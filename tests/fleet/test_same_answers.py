"""Ada's account on SQLite and on PostgreSQL: every answer of the API is the same, byte for byte,
after each step of her recorded life."""
import json
import re
import sys
import os
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from copying import Copy, TooOld  # noqa: E402
from harness import ADA, ROOT, TestCase  # noqa: E402

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from servers import Postgres, Redis  # noqa: E402

# All of her days: the last thirty, which are asked for else, begin at another moment in each
# request.
DAYS = "/history/days?from=1790000000000&to=1800000000000"
PATHS = [
    "/devices", "/tabs", "/bookmarks", "/bookmarks?sort=added&limit=50", "/tags",
    "/history?limit=100", DAYS, DAYS + "&tz=Asia/Kathmandu", "/history/sites",
    "/history/sites?q=w&limit=7", "/bookmarks?folder=toolbar&q=e",
    "/bookmarks?folder=menu&q=o&limit=3", "/bookmarks?tag=science&q=e", "/settings", "/suggest?q=a",
    "/export/bookmarks.html", "/export/bookmarks.json", "/export/history.json",
    "/export/history.csv", "/export/tabs.json", "/export/tabs.html"
]
WORDS = [
    "a", "e", "ex", "exam", "firefox", "moz wiki", "wikipedia.org", "ü", "straße", "^ red",
    "* news", "% tab", "http://", "nothing like it"
]
# of this installation, not of Ada's data
TIMES = re.compile(
    rb'"(created|last_sync|last_attempt|next_sync|next_sync_detail|time|id|node|last_seen|'
    rb'generation)":("[^"]*"|-?[0-9]+|null)')


class SameAnswers(TestCase):
    maxDiff = 4000

    def answers(self, node, deep):
        """{path: (status, body, generation)} of what Ada can ask for, each listing to its end.
        deep: every item by itself, too."""
        found, newest = {}, node.api("/me")["generation"]
        pending = list(PATHS) + [f"/search?q={urllib.parse.quote(w)}&limit=50" for w in WORDS
                                 ] + [f"/history?q={urllib.parse.quote(w)}" for w in WORDS]
        pending += [f"/bookmarks?limit=20&q={urllib.parse.quote(w)}" for w in WORDS]
        while pending:
            path = pending.pop()
            if path in found:
                continue
            answer = node.request("/api/v1" + path)
            self.assertIn(answer.status, (200, 400), path)
            # how many changes ago; the rest names the account
            tag = (answer.headers["ETag"] or "").split("-")[0].strip('"')
            found[path] = (answer.status, answer.body,
                           newest - int(tag) if tag.isdigit() else tag)
            if answer.status != 200 or not answer.headers["Content-Type"].startswith(
                    "application/json") or path.startswith("/export"):
                continue
            value = answer.json
            if value.get("next"):
                base = path.split("&cursor=")[0]
                pending.append(base + ("&" if "?" in base else "?") + "cursor=" +
                               urllib.parse.quote(value["next"]))
            pending += [
                f"/bookmarks?folder={i['id']}" for i in value.get("items", [])
                if i["kind"] == "folder"
            ]
            if not deep:
                continue
            pending += [f"/bookmarks/{i['id']}" for i in value.get("items", [])[::5]]
            pending += [f"/pages/{v['page']}" for v in value.get("visits", [])[:20]]
            pending += [
                f"/bookmarks?tag={urllib.parse.quote(t['name'])}" for t in value.get("tags", [])
            ]
        found["/me"] = (200, TIMES.sub(rb"", node.request("/api/v1/me").body), None)
        return found

    def both(self, service):
        """Ada on a single node, and on one with the servers of a fleet."""
        postgres, redis = Postgres(), Redis()
        for server in (postgres, redis):
            self.addCleanup(server.close)
            server.start()
        single = self.node()
        other = self.node(
            f"[storage main]\nplugin = pg\ndsn = {postgres.create('ada')}\n[queue]\nplugin = "
            f"redis\nurl = {redis.url}\n"
        )
        for node in (single, other):
            node.add_account(service, sync=False)
        self.postgres = postgres
        return single, other

    def check_copies(self, copies):
        """Those that follow are those that are made anew, on both."""
        for copy in copies:
            copy.follow(limit=400)
        anew = Copy(copies[1].node)
        anew.follow()
        self.assertEqual(copies[0].state(), copies[1].state())
        self.assertEqual(anew.state(), copies[1].state())

    def test_every_step(self):
        service = self.service(step=1)
        single, other = self.both(service)
        copies, count = [Copy(single), Copy(other)], 0
        for step in range(1, 8):
            service.step(step)
            for node in (single, other):
                node.sync()
            expected, got = self.answers(single, step == 7), self.answers(other, step == 7)
            for path in sorted(expected):
                self.assertEqual(got.get(path), expected[path], f"step {step}: {path}")
            self.assertEqual(len(got), len(expected))
            self.check_copies(copies)
            count += len(expected)
        self.assertGreater(count, 1000)
        self.assertGreater(len(json.loads(expected["/bookmarks"][1])["items"]), 3)

    def test_an_older_database(self):
        """PostgreSQL's own tools have brought back an older state, and the statement of
        docs/operating.md has been said: copies of what was in between load anew."""
        service = self.service(step=3)
        other = self.both(service)[1]
        other.sync()
        with open(os.path.join(ROOT, "docs", "operating.md"), encoding="utf-8") as f:
            restored = re.search(r"```sql\n(UPDATE accounts.*?)```", f.read(), re.S)[1]
        copy, since = Copy(other), other.api("/me")["generation"]
        copy.follow()
        self.postgres.sql("ada", restored)
        other.stop()
        other.start()
        for step in (3, 4, 5):
            service.step(step)
            other.sync()
            for generation in range(since, since + 4):
                copy.generation = generation
                with self.assertRaises(TooOld):
                    copy.follow()
        copy.clear()
        copy.follow()
        service.step(7)
        other.sync()
        copy.follow()
        anew = Copy(other)
        anew.follow()
        self.assertEqual(copy.state(), anew.state())
        self.assertIn("sound", other.cli("verify"))

    def test_what_a_person_changes(self):
        """A device is hidden and shown again, what is removed stays away."""
        service = self.service(step=7)
        nodes = self.both(service)
        for node in nodes:
            node.sync()
        copies = [Copy(node) for node in nodes]
        device = nodes[0].api("/devices")["devices"][0]["id"]
        visits = nodes[0].api("/history")["visits"]
        visit = next(v for v in visits if v["url"] != visits[0]["url"])
        before = self.answers(nodes[0], False)

        def hide(node, hidden):
            answer = node.request(f"/api/v1/devices/{device}", "PATCH", body={"hidden": hidden})
            self.assertEqual(answer.status, 200, answer.body)
            return answer.json

        def remove(node, **what):
            answer = node.request("/api/v1/removals", "POST", body=what)
            self.assertEqual(answer.status, 201, answer.body)
            self.assertGreater(answer.json["visits"], 0)
            return answer.json["pages"], answer.json["visits"]

        steps = [
            lambda node: hide(node, True), lambda node: hide(node, True), lambda node: remove(
                node, kind="visit", page=visit["page"], date=visit["date"], type=visit["type"]),
            lambda node: remove(node, kind="page", page=visits[0]["page"]), lambda node: remove(
                node, kind="site", host="en.wikipedia.org"), lambda node: remove(
                    node, kind="span", since=visits[-1]["date"]),
            lambda node: node.cli("account", "resync", ADA, "--wait"),
            lambda node: hide(node, False)
        ]
        for number, step in enumerate(steps):
            self.assertEqual(*(step(node) for node in nodes), f"step {number}")
            self.check_copies(copies)
            if 0 < number < 5:
                continue
            expected, got = (self.answers(node, False) for node in nodes)
            for path in sorted(expected):
                self.assertEqual(got.get(path), expected[path], f"step {number}: {path}")
            self.assertEqual(len(got), len(expected))
            shown = device in expected["/devices"][1].decode()
            self.assertEqual(shown, number == len(steps) - 1)
        self.assertLess(len(expected["/export/history.json"][1]),
                        len(before["/export/history.json"][1]))
        for node in nodes:
            self.assertIn("sound", node.cli("verify"))


if __name__ == "__main__":
    unittest.main()

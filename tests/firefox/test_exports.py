"""What Hearth exports, a real Firefox imports to where it was; what that one then exports, and
syncs, is the same again. And Hearth's files are Firefox's own."""
import json
import os
import re
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "e2e"))
import harness  # noqa: E402
from bookmark_file import ROOTS, flat, only, places_nodes, without_changes  # noqa: E402
from synced import SyncedFirefox  # noqa: E402

EVE, EVA, PASSWORD = "eve@example.org", "eva@example.org", "a password"
CONFIG = "[scheduler]\ntick = 10ms\ninterval = 1d\njitter = 0\n"
CASE = os.path.join(TREE, "tests", "fixtures", "cases", "html-export-menu", "input.json")
MENU, TOOLBAR, UNFILED, MOBILE = "menu________", "toolbar_____", "unfiled_____", "mobile______"
IMPORT = """
const [kind, path] = arguments;
await load(kind).importFromFile(path, { replace: true });
"""
EXPORT = "await load(arguments[0]).exportToFile(arguments[1]);"
VISITS = [("https://plain.example/", "Plain page", [1, 2, 3]),
          ("https://typed.example/%C3%A4", "", [2]),
          ("https://quoted.example/?a=%27%22%3Cb%3E", "=1+1 <script>\n\"'&amp;", [5, 6, 1])]


def tab(url, title, window="", index=0, group="", **more):
    return {"urlHistory": [url], "title": title, "icon": "", "lastUsed": 1795000000 + index,
            "windowId": window, "index": index, "tabGroupId": group, **more}


# As Firefox uploads them: what was used last in front.
DESK = {
    "id": "desk--------", "clientName": "Desk </H3><script>", "tabs": [
        tab("https://e.example/", "E", "w2", 4, "g1"),
        tab("gopher://v.example/\"x\"", "<i>", "w2", 2),
        tab("https://b.example/", "", "w1", 3, "g2"),
        tab("https://d.example/", "</A><DD>\"D\" & 'd'", "w2", 3, "g1"),
        tab("https://c.example/?a=%22%3Cb%3E%22&d=%27", "C", "w2", 0, pinned=True),
        tab("https://a.example/", "A", "w1", 1)
    ], "windows": {
        "w2": {"id": "w2", "index": 2, "lastUsed": 0}, "w1": {"id": "w1", "index": 1}
    }, "tabGroups": {
        "g1": {"id": "g1", "name": "Trip & <more>", "color": "purple", "collapsed": True},
        "g2": {"id": "g2", "name": "", "color": "red", "collapsed": False}
    }
}
PHONE = {"id": "phone-------", "clientName": "Phone", "tabs": [
    {"urlHistory": ["https://phone.example/"], "title": "P", "icon": "", "lastUsed": 1795000000}]}


class Exports(harness.TestCase):
    maxDiff = 6000

    @classmethod
    def setUpClass(cls):
        with open(CASE, encoding="utf-8") as f:
            cls.records = json.load(f)["records"]

    def setUp(self):
        self.server = self.service(load=False)
        self.server.settings(writable=True)
        self.node_ = self.node(CONFIG)

    def firefox(self):
        firefox = SyncedFirefox(self.server)
        self.addCleanup(firefox.quit)
        return firefox

    def path(self, name):
        return os.path.join(self.node_.folder, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as f:
            return f.read()

    def exported(self, email, name):
        """Hearth's file: its text, and where it lies."""
        path = self.path(f"hearth-{email}-{name}")
        text = self.node_.cli("export", email, name)
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text)
        return text, path

    def person(self, firefox):
        """The case's bookmarks, and some history, as another Firefox has uploaded them: with its
        spelling of their URLs."""
        urls = [r["bmkUri"] for r in self.records if "bmkUri" in r]
        spelled = dict(zip(urls, firefox.chrome("return arguments[0].map(u => new URL(u).href);",
                                                urls)))
        records = [{**r, "bmkUri": spelled[r["bmkUri"]]} if "bmkUri" in r else r
                   for r in self.records]
        self.server.account(EVE, history=0, bookmarks=0, tabs=0)
        self.server.put_clear("bookmarks", *records, email=EVE)
        now = int(self.server.get(f"accounts/{EVE}")["collections"]["bookmarks"]["modified"]
                  .split(".")[0])
        for number, (url, title, kinds) in enumerate(VISITS):
            self.server.put_clear(
                "history", {
                    "id": f"page-{number}------", "histUri": url, "title": title, "visits": [{
                        "date": (now - 3600 * n) * 1000000 + number, "type": kind
                    } for n, kind in enumerate(kinds, 1)]
                }, email=EVE)
        self.node_.add_account(self.server, EVE)

    def checked_html(self, truth, tree):
        """Every item is back in its root, in its order, with all that such a file can carry."""
        facts = ("type", "title", "url", "tags", "keyword")

        def carried(nodes):
            """A separator has no date in such a file; titles lose the blanks around them."""
            return [{
                **node, "title": node["title"].strip()
            } if "title" in node else node for node in only(nodes, *facts)]

        def deep(nodes):
            return [{
                **node,
                **({"children": deep(node["children"])} if "children" in node else {})
            } for node in carried(nodes)]

        for guid in (TOOLBAR, UNFILED):
            self.assertEqual(deep(tree[guid]), deep(truth[guid]))
        *menu, mobile = deep(tree[MENU])
        self.assertEqual(menu, deep(truth[MENU]))
        self.assertEqual((mobile["title"], mobile["children"], tree[MOBILE]),
                         ("Mobile Bookmarks", deep(truth[MOBILE]), []))
        added = {n["url"]: n["added"] // 1000 for nodes in truth.values() for n in flat(nodes)
                 if "url" in n}
        self.assertEqual({n["url"]: n["added"] // 1000 for nodes in tree.values()
                          for n in flat(nodes) if "url" in n}, added)

    def test_bookmarks(self):
        firefox = self.firefox()
        self.person(firefox)
        firefox.chrome("await load('PlacesUtils').bookmarks.eraseEverything();")
        firefox.sign_in(EVE, PASSWORD)
        firefox.sync()
        truth = places_nodes(firefox.tree())
        self.assertEqual(sum(1 for nodes in truth.values() for _ in flat(nodes)), 31)
        for kind, name in (("BookmarkHTMLUtils", "own.html"), ("BookmarkJSONUtils", "own.json")):
            firefox.chrome(EXPORT, kind, self.path(name))
        html, html_path = self.exported(EVE, "bookmarks.html")
        backup, backup_path = self.exported(EVE, "bookmarks.json")

        # Hearth's file is Firefox's, but for the folder that holds what Firefox leaves out
        ours, own = without_changes(html), without_changes(self.read("own.html"))
        mobile = ours.index("    <DT><H3>Mobile Bookmarks</H3>\n")
        self.assertEqual(ours[:mobile] + ours[ours.rindex("</DL>"):], own)
        self.assertEqual(places_nodes(json.loads(backup)), truth)
        roots = [(n["guid"], n["title"], n["index"], n["root"])
                 for n in json.loads(backup)["children"]]
        self.assertEqual(roots, [(n["guid"], n["title"], n["index"], n["root"])
                                 for n in json.loads(self.read("own.json"))["children"]])

        other = self.firefox()  # that nobody is signed in to
        other.chrome(IMPORT, "BookmarkHTMLUtils", html_path)
        tree = places_nodes(other.tree())
        self.checked_html(truth, tree)
        other.chrome(EXPORT, "BookmarkHTMLUtils", self.path("again.html"))
        other.chrome(IMPORT, "BookmarkHTMLUtils", self.path("again.html"))
        facts = ("type", "title", "url", "tags", "keyword")
        self.assertEqual({g: only(n, *facts) for g, n in places_nodes(other.tree()).items()},
                         {g: only(n, *facts) for g, n in tree.items()})

        other.chrome(IMPORT, "BookmarkJSONUtils", backup_path)
        self.assertEqual(places_nodes(other.tree()), truth)
        other.chrome(EXPORT, "BookmarkJSONUtils", self.path("again.json"))
        self.assertEqual(places_nodes(json.loads(self.read("again.json"))), truth)

    def test_tabs(self):
        """tabs.html is a file of bookmarks: a folder for each device, window and group."""
        self.server.account(EVE, history=0, bookmarks=0, tabs=0)
        self.server.put_clear("tabs", DESK, PHONE, email=EVE)
        self.node_.add_account(self.server, EVE)
        other = self.firefox()
        other.chrome(IMPORT, "BookmarkHTMLUtils", self.exported(EVE, "tabs.html")[1])

        def told(nodes):
            return [[n["title"], told(n["children"])] if "children" in n else n["url"]
                    for n in nodes]

        desk = [
            "Desk </H3><script>", [
                ["Window 1", ["https://a.example/", ["Group", ["https://b.example/"]]]],
                ["Window 2", ["https://c.example/?a=%22%3Cb%3E%22&d=%27",
                              ["Trip & <more>", ["https://d.example/", "https://e.example/"]]]]
            ]
        ]
        tree = places_nodes(other.tree())[MENU]
        self.assertEqual(sorted(told(tree)), [desk, ["Phone", ["https://phone.example/"]]])
        self.assertEqual({n["url"]: n["title"] for n in flat(tree) if "url" in n}, {
            tab["urlHistory"][0]: tab["title"] or tab["urlHistory"][0]
            for tab in DESK["tabs"] + PHONE["tabs"] if "gopher:" not in tab["urlHistory"][0]
        })
        # and who has no bookmarks has an empty file of them
        text, path = self.exported(EVE, "bookmarks.html")
        self.assertTrue(text.endswith("<H1>Bookmarks Menu</H1>\n\n<DL><p>\n</DL>\n"), text)
        other.chrome(IMPORT, "BookmarkHTMLUtils", path)
        self.assertEqual(places_nodes(other.tree()), dict.fromkeys(ROOTS, []))
        self.assertEqual(places_nodes(json.loads(self.exported(EVE, "bookmarks.json")[0])),
                         dict.fromkeys(ROOTS, []))
        text = self.exported(EVE, "tabs.html")[0]
        self.assertIn("&lt;i&gt; &ndash; gopher://v.example/%22x%22\n", text)

    def test_round_trip(self):
        """Bookmarks and history go from one account through Hearth's files, a Firefox and its
        sync into another one, and are there what they were here."""
        firefox = self.firefox()
        self.person(firefox)
        backup, backup_path = self.exported(EVE, "bookmarks.json")
        history, history_path = self.exported(EVE, "history.json")
        firefox.chrome(IMPORT, "BookmarkJSONUtils", backup_path)
        firefox.chrome(self.recipe(history_path))
        visits = sorted((p["url"], p["title"], v["date"], v["type"])
                        for p in json.loads(history)["pages"] for v in p["visits"])
        self.assertEqual(len(visits), 7)
        self.assertEqual(sorted((url, title, date, kind)
                                for url, title, _, date, kind in firefox.visits()), visits)
        self.server.account(EVA, empty=True)
        firefox.sign_in(EVA, PASSWORD)
        firefox.sync()
        self.node_.add_account(self.server, EVA)
        again = json.loads(self.exported(EVA, "bookmarks.json")[0])
        self.assertEqual(places_nodes(again), places_nodes(json.loads(backup)))
        again = json.loads(self.exported(EVA, "history.json")[0])["pages"]
        signing_in = re.compile(re.escape(self.server.url))
        self.assertEqual(sorted((p["url"], p["title"], v["date"], v["type"])
                                for p in again for v in p["visits"]
                                if not signing_in.match(p["url"])), visits)
        one, other = (without_changes(self.exported(email, "bookmarks.html")[0])
                      for email in (EVE, EVA))
        self.assertEqual(one, other)

    @staticmethod
    def recipe(path):
        """What docs/api.md tells people to do with history.json."""
        with open(os.path.join(TREE, "docs", "api.md"), encoding="utf-8") as f:
            script = re.search(r"```js\n(.*?)```", f.read(), re.S)[1]
        return script.replace('"/home/ada/history.json"', json.dumps(path))


if __name__ == "__main__":
    unittest.main()

"""A real Firefox signs in, syncs what its person has done, and Hearth serves what Firefox has:
bookmarks, history, open tabs; and again after its person has changed, moved and removed. Hearth
only reads."""
import http.server
import json
import os
import sys
import threading
import unittest
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "e2e"))
import harness  # noqa: E402
from bookmark_file import flat, places_nodes  # noqa: E402
from synced import SyncedFirefox  # noqa: E402

EMAIL, PASSWORD = "eve@example.org", "a password"
CONFIG = "[scheduler]\ntick = 10ms\ninterval = 1d\njitter = 0\n"
ROOTS = {
    "menu": "menu________", "toolbar": "toolbar_____", "unfiled": "unfiled_____", "mobile":
    "mobile______"
}
KINDS = {"bookmark": 1, "query": 1, "folder": 2, "separator": 3}
MANY = 230
MARKUP = "<b>\"Markup\"</b> & 'quotes' </A><script>alert(1)</script>"

# [parent, [item, …]]; an item is [guid, url or null, title, children, tags, keyword]
BOOKMARKS = [
    ["menu________", [
        ["plain-------", "https://plain.example/", "Plain", None, ["red", "Blue", "über"], None],
        ["copy--------", "https://plain.example/", "A copy of it", None, None, None],
        ["line--------", None, None, None, None, None],
        ["markup------", "https://markup.example/?a=\"b\"&c='d'<e>", MARKUP, None,
         ["<t>", "a&b", "\"q\""], None],
        ["outer-------", None, "Outer & outer", [
            ["inner-------", None, "Inner", [
                ["deep--------", "https://deep.example/a/../b", "Deep", None, None, None]
            ], None, None],
            ["keyword-----", "https://find.example/?q=%s", "Find", None, ["red"], "Fünd"],
            ["line2-------", None, None, None, None, None],
        ], None, None],
        ["empty-------", None, "", [], None, None],
        ["script------", "javascript:alert('<hi>')", "Bookmarklet", None, None, None],
        ["data--------", "data:text/html,<b>x</b>", "Data", None, None, None],
    ]],
    ["toolbar_____", [
        ["query-------", "place:tag=red&sort=8", "Tagged red", None, None, None],
        ["idn---------", "https://BÜCHER.example:443/ä b", "🦊 日本語 עברית", None, None, None],
        ["file--------", "file:///home/eve/a%20b.txt", "File", None, None, None],
        ["notitle-----", "https://notitle.example/", "", None, None, None],
    ]],
    ["unfiled_____", [
        ["other-------", "http://user:pw@other.example/", "Line one\nline two\ttab", None, None,
         None],
        ["about-------", "about:config", "Config", None, None, "cfg"],
        ["many--------", None, "More than an upload holds", [
            [f"many{n:08}", f"https://many.example/{n}", f"No. {n}", None, None, None]
            for n in range(MANY)
        ], None, None],
    ]],
    ["mobile______", [
        ["phone-------", "https://phone.example/", "On the phone", None, ["red"], None],
    ]],
]

BOOKMARK = """
const PlacesUtils = load("PlacesUtils"), { bookmarks, tagging, keywords } = PlacesUtils;
let second = Math.floor(Date.now() / 1000) - 86400;
async function insert(parentGuid, [guid, url, title, children, tags, keyword]) {
  const type = url !== null ? bookmarks.TYPE_BOOKMARK
    : children !== null ? bookmarks.TYPE_FOLDER : bookmarks.TYPE_SEPARATOR;
  const item = { parentGuid, guid, type, dateAdded: new Date(second++ * 1000 + 7) };
  if (url !== null) item.url = url;
  if (title !== null) item.title = title;
  const made = await bookmarks.insert(item);
  for (const child of children ?? []) await insert(guid, child);
  if (tags) tagging.tagURI(Services.io.newURI(made.url.href), tags);
  if (keyword) await keywords.insert({ keyword, url: made.url.href });
}
for (const [parent, items] of arguments[0])
  for (const item of items) await insert(parent, item);
"""

# [url, title, [[minutes ago, type], …]]
HISTORY = [
    ["https://visited.example/", "Visited", [[1, 1], [100, 2], [2000, 1]]],
    ["https://often.example/", "Often", [[n * 7 + 3, 1 + n % 2] for n in range(20)]],
    ["https://plain.example/", "Plain page", [[10, 3]]],
    ["https://moved.example/from", "Moved", [[21, 5], [22, 6]]],
    ["https://moved.example/to", "Moved here", [[20, 1]]],
    ["https://saved.example/file.zip", "Saved", [[30, 7]]],
    ["https://again.example/", "Loaded again", [[40, 1], [39, 9]]],
    ["https://framed.example/", "In a frame", [[50, 8], [51, 1]]],
    ["https://picture.example/", "Embedded", [[60, 4], [61, 1]]],
    ["https://hidden.example/", "Only in a frame", [[70, 8]]],
    ["https://user:pw@secret.example/", MARKUP, [[80, 2]]],
    ["https://BÜCHER.example/ä b?x=%61", "Bücher\n🦊", [[90, 1]]],
    ["https://untitled.example/", "", [[95, 1]]],
    *([f"https://many.example/{n}", f"No. {n}", [[3000 + n, 1]]] for n in range(MANY))
]

VISIT = """
const now = Math.floor(Date.now() / 60000) * 60000;
await load("PlacesUtils").history.insertMany(arguments[0].map(([url, title, visits], page) => ({
  url, title, visits: visits.map(([ago, transition]) => ({
    date: new Date(now - ago * 60000 + page), transition }))
})));
"""

# What its person does then.
CHANGES = """
const PlacesUtils = load("PlacesUtils"), { bookmarks, tagging, keywords, history } = PlacesUtils;
await bookmarks.update({ guid: "outer-------", parentGuid: bookmarks.toolbarGuid, index: 1 });
await bookmarks.update({ guid: "deep--------", parentGuid: bookmarks.mobileGuid, index: 0 });
await bookmarks.update({ guid: "plain-------", parentGuid: bookmarks.menuGuid, index: 5,
  title: "Plain, renamed" });
await bookmarks.update({ guid: "notitle-----", url: "https://notitle.example/elsewhere" });
await bookmarks.remove("markup------");
await bookmarks.remove("inner-------");
await bookmarks.remove("line--------");
await bookmarks.insert({ parentGuid: "empty-------", guid: "new---------",
  url: "https://new.example/", title: "New" });
await bookmarks.reorder(bookmarks.unfiledGuid, ["about-------", "other-------"]);
tagging.untagURI(Services.io.newURI("https://plain.example/"), ["red"]);
tagging.tagURI(Services.io.newURI("https://new.example/"), ["new", "red"]);
await keywords.remove("cfg");
await keywords.insert({ keyword: "again", url: "https://find.example/?q=%s" });
await history.remove("https://visited.example/");
await history.insert({ url: "https://visited.example/later", title: "Later",
  visits: [{ date: new Date(Date.now() - 1000), transition: 1 }] });
await history.insert({ url: "https://often.example/", title: "Often, renamed",
  visits: [{ date: new Date(Date.now() - 2000), transition: 2 }] });
const [first] = Services.wm.getEnumerator("navigator:browser");
const tabs = [...first.gBrowser.tabs];
first.gBrowser.moveTabTo(tabs.at(-1), { tabIndex: 1 });
first.gBrowser.removeTab(tabs.find(tab => tab.linkedBrowser.contentTitle === "Page two"));
"""


class Pages(http.server.BaseHTTPRequestHandler):
    """/TITLE is a page of that title."""
    def do_GET(self):
        title = urllib.parse.unquote(self.path[1:]).replace("<", "&lt;")
        body = f"<!DOCTYPE html><meta charset=utf-8><title>{title}</title><p>text".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Sync(harness.TestCase):
    maxDiff = 6000

    def setUp(self):
        self.server = self.service(load=False)
        self.server.settings(writable=True)
        self.server.account(EMAIL, empty=True)
        self.pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.pages.daemon_threads = True
        self.addCleanup(self.pages.server_close)
        self.addCleanup(self.pages.shutdown)
        threading.Thread(target=self.pages.serve_forever, daemon=True).start()

    def firefox(self):
        firefox = SyncedFirefox(self.server)
        self.addCleanup(firefox.quit)
        return firefox

    def page(self, title):
        return f"http://127.0.0.1:{self.pages.server_port}/{urllib.parse.quote(title)}"

    # --- what Hearth serves
    def served_tree(self, node):
        """As bookmark_file.places_nodes() has Firefox's."""
        def nodes(folder):
            told = []
            for item in node.pages_of("/bookmarks", "items", EMAIL, folder=folder):
                one = {
                    "guid": item["id"], "type": KINDS[item["kind"]], "title": item["title"], "url":
                    item["url"], "tags": ",".join(sorted(item["tags"])), "keyword": item["keyword"],
                    "added": item["added"]
                }
                if item["kind"] == "folder":
                    one["children"] = nodes(item["id"])
                told.append({n: v for n, v in one.items() if v not in (None, "")})
            return told

        return {guid: nodes(name) for name, guid in ROOTS.items()}

    def check_bookmarks(self, node, firefox):
        tree = places_nodes(firefox.tree())
        self.assertEqual(self.served_tree(node), tree)
        return tree

    def check_history(self, node, firefox):
        """Every visit that Firefox uploads and that is none of a frame, with its page's title; and
        the list, as its library shows it. It does not upload hidden pages, and those that were only
        framed or downloaded."""
        visits = firefox.visits()
        shown = {url for url, _, hidden, _, kind in visits if not hidden and kind not in (4, 7, 8)}
        expected = sorted((url, title, date, kind) for url, title, _, date, kind in visits
                          if url in shown and kind not in (4, 8))
        pages = json.loads(node.cli("export", EMAIL, "history.json"))["pages"]
        self.assertEqual(sorted((p["url"], p["title"], v["date"], v["type"])
                                for p in pages
                                for v in p["visits"]), expected)
        framed = {(url, date) for url, _, _, date, kind in visits if kind == 8}
        listed = [(v["url"], v["title"] or "", v["date"])
                  for v in node.pages_of("/history", "visits", EMAIL)]
        self.assertEqual([row for row in listed if (row[0], row[2]) not in framed],
                         [row for row in firefox.library()
                          if row[0] in shown and (row[0], row[2]) not in framed])

    def check_tabs(self, node, firefox):
        windows = firefox.tabs()
        device, = node.api("/devices", EMAIL)["devices"]
        exported, = json.loads(node.cli("export", EMAIL, "tabs.json"))["devices"]
        self.assertEqual((device["id"], device["name"], device["type"]),
                         (exported["id"], exported["name"], exported["type"]))
        groups = {g["id"]: [g["name"], g["color"], g["collapsed"]] for g in exported["groups"]}
        self.assertEqual([[{
            "url": tab["url"], "title": tab["title"], "pinned": tab["pinned"], "group":
            groups.get(tab["group_id"])
        } for tab in window["tabs"]] for window in exported["windows"]],
                         [[{n: tab[n] for n in ("url", "title", "pinned", "group")}
                           for tab in window] for window in windows if window])
        listed = [(t["url"], t["title"]) for d in node.api("/tabs", EMAIL)["devices"]
                  for t in d["tabs"]]
        self.assertEqual(sorted(listed),
                         sorted((t["url"], t["title"]) for window in windows for t in window))
        return windows

    def test_what_firefox_has(self):
        firefox, node = self.firefox(), self.node(CONFIG)
        firefox.chrome(BOOKMARK, BOOKMARKS)
        firefox.chrome(VISIT, HISTORY)
        firefox.open_windows(
            [{"url": self.page("Pinned"), "pinned": True}, {"url": self.page("Page one")},
             {"url": self.page("Page two"), "group": ["Trip", "purple"]},
             {"url": self.page("Page three"), "group": ["Trip", "purple"]},
             {"url": self.page(MARKUP)}],
            [{"url": self.page("Elsewhere")}, {"url": self.page("🦊 日本語"), "group": ["", "red"]}])
        firefox.sign_in(EMAIL, PASSWORD)
        firefox.sync()
        node.add_account(self.server, EMAIL)
        tree = self.check_bookmarks(node, firefox)
        self.assertEqual(sum(1 for nodes in tree.values() for _ in flat(nodes)), 25 + MANY)
        self.assertEqual([item["title"] for item in node.pages_of("/bookmarks", "items", EMAIL)],
                         firefox.roots())
        self.check_history(node, firefox)
        windows = self.check_tabs(node, firefox)
        self.assertEqual([len(w) for w in windows], [2, 5])
        device, = node.api("/devices", EMAIL)["devices"]
        name, version = firefox.chrome("return [load('Weave').Service.clientsEngine.localName, "
                                       "Services.appinfo.version];")
        self.assertEqual((device["name"], device["version"], device["type"]),
                         (name, version, "desktop"))

        firefox.chrome(CHANGES)
        firefox.sync()
        node.sync(EMAIL)
        self.assertNotEqual(self.check_bookmarks(node, firefox), tree)
        self.check_history(node, firefox)
        self.assertNotEqual(self.check_tabs(node, firefox), windows)

        node.cli("account", "resync", EMAIL, "--wait")
        self.check_bookmarks(node, firefox)
        self.check_history(node, firefox)
        self.check_tabs(node, firefox)
        self.nothing_written()
        self.assertTrue([r for r in self.server.log("storage/bookmarks?batch=")
                         if r["status"] == 202])

    def test_two_devices(self):
        """Another one joins with bookmarks and history of its own, some of them the same: when
        both agree, Hearth has what they have."""
        first, second, node = self.firefox(), self.firefox(), self.node(CONFIG)
        first.chrome(BOOKMARK, BOOKMARKS)
        first.chrome(VISIT, HISTORY)
        first.sign_in(EMAIL, PASSWORD)
        first.sync()
        node.add_account(self.server, EMAIL)
        second.chrome(BOOKMARK, [["menu________", [
            ["samesamesame", "https://plain.example/", "Plain", None, ["green"], None],
            ["outeragain--", None, "Outer & outer", [
                ["keywordagain", "https://find.example/?q=%s", "Find", None, None, "other"],
            ], None, None],
        ]], ["unfiled_____", [
            ["second------", "https://second.example/", "Second's own", None, ["red"], None],
        ]]])
        second.chrome(VISIT, [["https://often.example/", "Often", [[4, 1], [5, 1], [6, 1]]],
                              ["https://second.example/", "Second's own", [[8, 1]]]])
        second.sign_in(EMAIL, PASSWORD)
        for firefox in (second, first, second):
            firefox.sync()
        node.sync(EMAIL)
        tree = self.check_bookmarks(node, first)
        self.assertEqual(self.check_bookmarks(node, second), tree)
        # the one that joined keeps its own visits of pages that were there already to itself
        self.check_history(node, first)
        self.assertEqual(len(node.api("/devices", EMAIL)["devices"]), 2)
        node.cli("account", "resync", EMAIL, "--wait")
        self.check_bookmarks(node, first)
        self.check_history(node, first)
        self.nothing_written()

    def nothing_written(self):
        """To the storage: what was written there, Firefox wrote."""
        storage = [r for r in self.server.log() if r["kind"] == "storage"]
        writers = {r["headers"]["User-Agent"].split("/")[0]
                   for r in storage if r["method"] != "GET"}
        readers = {r["headers"]["User-Agent"].split("/")[0] for r in storage}
        self.assertEqual((writers, readers), ({"Firefox"}, {"Firefox", "Hearth"}))


if __name__ == "__main__":
    unittest.main()

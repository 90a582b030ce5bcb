"""The address bar of a real Firefox and Hearth's search: the same odd pages, the same odd strings,
the same results in the same order. What differs on purpose is listed in address_bar_pages.py, and
must differ."""
import os
import sys
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[1:1] = [os.path.join(os.path.dirname(HERE), name) for name in ("e2e", "doubles")]

from address_bar_pages import BOOKMARKS, DIFFERENCES, HISTORY, QUERIES  # noqa: E402
from firefox import Firefox  # noqa: E402
from harness import TestCase  # noqa: E402

EMAIL = "bar@example.org"
DAY = 86400
LIMIT = 120  # more than there are pages

FILL = """
const PlacesUtils = load("PlacesUtils"), [history, bookmarks] = arguments;
await PlacesUtils.history.clear();
await PlacesUtils.bookmarks.eraseEverything();
await PlacesUtils.bookmarks.insertTree({
  guid: PlacesUtils.bookmarks.unfiledGuid,
  children: bookmarks.map(([url, title, added]) =>
    ({url, title, dateAdded: new Date(added), lastModified: new Date(added)})),
});
for (const [url, , , tags, keyword] of bookmarks) {
  if (tags.length) PlacesUtils.tagging.tagURI(Services.io.newURI(url), tags);
  if (keyword) await PlacesUtils.keywords.insert({keyword, url});
}
await PlacesUtils.history.insertMany(history.map(([url, title, dates]) => ({
  url, title: title ?? undefined,
  visits: dates.map(date => ({date: new Date(date), transition: 1})),
})));
await PlacesUtils.withConnectionWrapper("test", db =>
  db.execute("UPDATE moz_places SET recalc_frecency = 1"));
await Cc["@mozilla.org/places/frecency-recalculator;1"].getService(Ci.nsIObserver)
  .wrappedJSObject.recalculateAnyOutdatedFrecencies();
const db = await PlacesUtils.promiseDBConnection(), frecencies = {};
for (const row of await db.execute("SELECT url, frecency FROM moz_places WHERE frecency <> 0"))
  frecencies[row.getResultByName("url")] = row.getResultByName("frecency");
return frecencies;
"""

# What a person sees who types: "* " and the like turn the bar to one source, and the rest is then
# asked of it.
ASK = """
const [queries, maxResults] = arguments;
const UrlbarUtils = load("UrlbarUtils");
const UrlbarQueryContext = load("UrlbarQueryContext",
  "moz-src:///browser/components/urlbar/UrlbarUtils.sys.mjs",
  "resource:///modules/UrlbarUtils.sys.mjs");
const {controller} = Services.wm.getMostRecentWindow("navigator:browser").gURLBar;
async function ask(searchString, more) {
  const context = new UrlbarQueryContext({
    allowAutofill: true, isPrivate: false, maxResults, sapName: "urlbar", searchString, ...more });
  await controller.startQuery(context);
  return context.results;
}
const answers = [];
for (const query of queries) {
  let results = await ask(query), first = results[0];
  const mode = first?.heuristic && first.providerName.endsWith("HeuristicFallback") &&
    UrlbarUtils.LOCAL_SEARCH_MODES.find(m => m.restrict == first.payload.keyword);
  if (mode)
    results = await ask(first.payload.query ?? "", {
      searchMode: {source: mode.source, entry: "typed", isPreview: false},
      sources: [mode.source] });
  answers.push(results.filter(r => r.payload.url).map(r =>
    [r.providerName.replace("UrlbarProvider", ""), r.payload.url]));
}
return answers;
"""


def of_firefox(now):
    """Frecencies by URL; for each query its rows as (provider, URL)."""
    history = [(url, title, [(now - days * DAY - 3600) * 1000 for days in visits])
               for url, title, visits in HISTORY]
    bookmarks = [(url, title, (now - days * DAY) * 1000, tags, keyword)
                 for url, title, days, tags, keyword in BOOKMARKS]
    with Firefox(prefs={
            "browser.urlbar.suggest.searches": False,
            "browser.search.suggest.enabled": False
    }) as firefox:
        frecencies = firefox.chrome(FILL, history, bookmarks)
        answers = []
        for n in range(0, len(QUERIES), 50):
            answers += firefox.chrome(ASK, QUERIES[n:n + 50], LIMIT)
    return frecencies, answers


def fill(service, now):
    """The same records as another device would have uploaded them."""
    service.account(EMAIL, history=0, bookmarks=0, tabs=0, devices=0)
    service.put_clear("history", *({
        "id": f"h{n:011}", "histUri": url, "title": title,
        "visits": [{"date": (now - days * DAY - 3600) * 1_000_000, "type": 1} for days in visits]
    } for n, (url, title, visits) in enumerate(HISTORY)), email=EMAIL)
    bookmarks = [{
        "id": f"b{n:011}", "type": "bookmark", "parentid": "unfiled", "parentName": "",
        "hasDupe": True, "dateAdded": (now - days * DAY) * 1000, "bmkUri": url, "title": title,
        "tags": tags, "keyword": keyword
    } for n, (url, title, days, tags, keyword) in enumerate(BOOKMARKS)]
    service.put_clear("bookmarks", {
        "id": "unfiled", "type": "folder", "parentid": "places", "parentName": "", "title": "",
        "hasDupe": True, "dateAdded": 1700000000000, "children": [b["id"] for b in bookmarks]
    }, *bookmarks, email=EMAIL)


class AddressBar(TestCase):
    def test_as_firefox(self):
        now = int(time.time())
        frecencies, answers = of_firefox(now)
        service, node = self.service(load=False), self.node()
        fill(service, now)
        node.add_account(service, EMAIL)
        agreed = 0
        for query, rows in zip(QUERIES, answers, strict=True):
            results = node.api("/search", EMAIL, q=query, limit=LIMIT)["results"]
            with self.subTest(query=query[:80]):
                agreed += self.compare(query, rows, results, frecencies)
        self.assertGreaterEqual(len(QUERIES), 200)
        self.assertEqual(agreed, len(QUERIES) - len(DIFFERENCES))

    def compare(self, query, rows, results, frecencies):
        """True: the sets are the same."""
        keywords = [url for provider, url in rows if provider == "BookmarkKeywords"]
        completed = [u for p, u in rows if p == "Autofill" and u in frecencies]
        pages = [url for provider, url in rows if provider == "Places"]
        got = [r["url"] for r in results]
        self.assertEqual([r["url"] for r in results if r["kind"] == "keyword"], keywords)
        self.assertEqual(len(set(got)), len(got))
        for result in results:
            if result["kind"] != "keyword":
                self.assertEqual(result["frecency"], frecencies[result["url"]])
        common = [frecencies[url] for url in pages if url in got and url not in keywords]
        self.assertEqual([frecencies[url] for url in got if url in pages and url not in keywords],
                         common)
        wanted = set(keywords + completed + pages)
        if query in DIFFERENCES:
            self.assertNotEqual(set(got), wanted, "does no longer differ")
            return False
        self.assertEqual(set(got), wanted)
        return True


if __name__ == "__main__":
    unittest.main()

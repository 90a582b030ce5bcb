"""What a real Firefox makes of bookmark records, asked without any server: its mirror of the
bookmarks is fed with the records, merges them, and says which tree and which tags it has then.

    with Oracle() as oracle:
        oracle.ask([{"steps": [[record, …], …]}, …])

answers for each case a list with what stood there after each step: a `State`, or a `Refused` with
Firefox's own words. A record is the cleartext, with `_m`, the server's modified time in seconds.
Each case begins on a device that has nothing; `ask(cases, fresh=True)` shows it the last step's
state alone, as `final()` makes it."""
import dataclasses

from firefox import Firefox

ROOTS = {
    "menu": "menu________",
    "toolbar": "toolbar_____",
    "unfiled": "unfiled_____",
    "mobile": "mobile______"
}
AT_ONCE = 25  # cases in one message

# For each case: empty Places and the mirror, then step by step store and apply. What Firefox would
# upload after a step is taken for uploaded and forgotten, or it would change the next one.
SCRIPT = """
const [cases] = arguments;
const PlacesUtils = load("PlacesUtils"), PlacesSyncUtils = load("PlacesSyncUtils");
const Mirror = load("SyncedBookmarksMirror");
const db = await PlacesUtils.promiseUnsafeWritableDBConnection();
const rows = async (sql, names) => (await db.execute(sql)).map(
  row => Object.fromEntries(names.map(name => [name, row.getResultByName(name)])));
const state = async () => ({
  items: await rows(`SELECT b.guid, p.guid AS parent, b.type, b.title, h.url,
      b.dateAdded / 1000 AS added
    FROM moz_bookmarks b JOIN moz_bookmarks p ON p.id = b.parent
    LEFT JOIN moz_places h ON h.id = b.fk ORDER BY b.parent, b.position`,
    ["guid", "parent", "type", "title", "url", "added"]),
  keywords: await rows(`SELECT k.keyword, h.url FROM moz_keywords k
    JOIN moz_places h ON h.id = k.place_id ORDER BY k.keyword`, ["keyword", "url"]),
});
const roots = [...PlacesUtils.bookmarks.userContentRoots, PlacesUtils.bookmarks.tagsGuid,
  PlacesUtils.bookmarks.rootGuid].map(guid => `'${guid}'`).join();
const mirror = await Mirror.open({ path: "oracle.sqlite", recordStepTelemetry() {},
  recordValidationTelemetry() {} });
const answers = [];
try {
  for (const steps of cases) {
    await mirror.reset();
    await PlacesUtils.bookmarks.eraseEverything();
    await PlacesSyncUtils.bookmarks.reset();
    await db.execute(`DELETE FROM moz_bookmarks WHERE guid NOT IN (${roots})`);
    await db.execute("DELETE FROM moz_bookmarks_deleted");
    await db.execute("DELETE FROM moz_keywords");
    await db.execute("DELETE FROM moz_places");
    const answer = [];
    let time = 0;
    for (const records of steps) {
      for (const record of records) time = Math.max(time, record._m + 1);
      try {
        await mirror.store(records.map(({ _m, ...cleartext }) => ({ ...cleartext, cleartext,
          modified: _m, cleartextToString: () => JSON.stringify(cleartext) })));
        await mirror.apply({ localTimeSeconds: time, remoteTimeSeconds: time });
        answer.push(await state());
      } catch (error) {
        answer.push({ refused: `${error.name}: ${error.message}` });
      }
      await db.execute("UPDATE moz_bookmarks SET syncChangeCounter = 0, syncStatus = 2");
      await db.execute("DELETE FROM moz_bookmarks_deleted");
    }
    answers.push(answer);
  }
} finally {
  await mirror.finalize();
}
return answers;
"""


@dataclasses.dataclass
class Refused:
    """Firefox left its bookmarks as they were."""
    text: str


def pieces(tag):
    """Firefox keeps a tag with commas as it came, and takes it for several as soon as a person
    sees it among others in a field."""
    return {piece.strip() for piece in tag.split(",")} - {""}


class State:
    """`tree` is {"menu": [guid of an item or [guid, children] of a folder, …], …}; the others
    are by guid, keywords by keyword. Times are in milliseconds."""
    def __init__(self, said):
        below = {}
        for item in said["items"]:
            below.setdefault(item["parent"], []).append(item)

        def children(guid):
            return [[item["guid"], children(item["guid"])] if item["type"] == 2 else item["guid"]
                    for item in below.get(guid, [])]

        tags = {}
        for tag in below.get("tags________", []):
            for entry in below.get(tag["guid"], []):
                tags.setdefault(entry["url"], set()).update(pieces(tag["title"]))
        self.tree = {name: children(guid) for name, guid in ROOTS.items()}
        items, self.items = below, {}
        waiting = list(ROOTS.values())
        while waiting:
            for item in items.get(waiting.pop(), []):
                self.items[item["guid"]] = item
                waiting.append(item["guid"])
        bookmarks = {guid: item for guid, item in self.items.items() if item["url"] is not None}
        self.urls = {guid: item["url"] for guid, item in bookmarks.items()}
        self.titles = {guid: item["title"] for guid, item in self.items.items()}
        self.added = {guid: item["added"] for guid, item in self.items.items()}
        self.tags = {guid: sorted(tags.get(url, [])) for guid, url in self.urls.items()}
        self.keywords = {row["keyword"]: row["url"] for row in said["keywords"]}


def final(steps):
    """One step with the records as the server has them after all steps."""
    last = {}
    for record in (record for step in steps for record in step):
        last.pop(record["id"], None)
        last[record["id"]] = record
    return [sorted(last.values(), key=lambda record: record["_m"])]


class Oracle:
    def __init__(self, firefox=None):
        self.own = firefox is None
        self.firefox = firefox or Firefox()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.own:
            self.firefox.quit()

    def ask(self, cases, fresh=False):
        """For each case its states after each step."""
        asked = [final(case["steps"]) if fresh else case["steps"] for case in cases]
        answers = []
        for at in range(0, len(asked), AT_ONCE):
            answers += self.firefox.chrome(SCRIPT, asked[at:at + AT_ONCE])
        return [[Refused(said["refused"]) if "refused" in said else State(said) for said in answer]
                for answer in answers]

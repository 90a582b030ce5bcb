"""Bookmark records on their whole way through Hearth: put on the Sync double, synced by hearthd,
read from its API. In the shapes of oracle.py, so that both can be compared."""
import itertools
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, os.path.join(os.path.dirname(HERE), "e2e"))
from harness import Node, SyncService, until  # noqa: E402
from oracle import ROOTS  # noqa: E402

CONFIG = "[scheduler]\ntick = 10ms\ninterval = 1d\njitter = 0\n"
BORN = 1700000000  # seconds
MAX_DEPTH = 100  # no tree of a test has more


class Insane(AssertionError):
    """What no list of bookmarks may be: without end, or with an item twice."""


class Hearth:
    """One node and one double; each `Person` of it is an account of its own."""
    def __init__(self):
        self.service = SyncService(load=False)
        self.node = Node(CONFIG)
        try:
            self.node.prepare().start()
        except BaseException:
            self.close()
            raise
        self.numbers = itertools.count()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        try:
            self.node.close()
        finally:
            self.service.stop()

    def person(self):
        return Person(self)


class Person:
    def __init__(self, hearth):
        self.node, self.service = hearth.node, hearth.service
        self.email = f"p{next(hearth.numbers)}@example.org"
        self.imported = False
        # the account is older than its records, as on any server: time there never goes back
        self.service.account(self.email, history=0, bookmarks=0, tabs=0, now=BORN)

    def step(self, records):
        """The records come to the server, all at once, and are synced."""
        def time(record):
            return record["_m"]

        for modified, group in itertools.groupby(sorted(records, key=time), time):
            cleartexts = [{name: value for name, value in record.items() if name != "_m"}
                          for record in group]
            self.service.post("put", email=self.email, collection="bookmarks", modified=modified,
                              records=[{"id": c["id"], "cleartext": c} for c in cleartexts])
        if self.imported:
            self.node.sync(self.email)
            return
        self.imported = True
        self.node.cli("account", "import", "-",
                      text=json.dumps(self.service.import_file(self.email)))
        until(lambda: self.node.api("/me", email=self.email)["account"]["last_sync"],
              "the first sync")

    def resync(self):
        """Forgets all that was read, and reads it anew."""
        self.node.cli("account", "resync", self.email, "--wait")

    def items(self, folder):
        return self.node.pages_of("/bookmarks", "items", email=self.email, folder=folder)

    def state(self):
        return Shown(self)


class Shown:
    """What the API shows a person: `tree`, and by guid `urls`, `titles`, `added`, `tags`, and
    keywords. Insane when an item stands twice or folders have no end."""
    def __init__(self, person):
        self.items = {}
        self.tree = {name: self.children(person, name, MAX_DEPTH) for name in ROOTS}
        bookmarks = {guid: item for guid, item in self.items.items() if item["url"] is not None}
        self.urls = {guid: item["url"] for guid, item in bookmarks.items()}
        self.titles = {guid: item["title"] for guid, item in self.items.items()}
        self.added = {guid: item["added"] for guid, item in self.items.items()}
        self.tags = {guid: sorted(item["tags"]) for guid, item in bookmarks.items()}
        self.keywords = {item["keyword"]: item["url"] for item in bookmarks.values()
                         if item["keyword"]}

    def children(self, person, folder, depth):
        if depth == 0:
            raise Insane(f"folders without end, at {folder}")
        told = []
        for item in person.items(folder):
            guid = item["id"]
            if guid in self.items:
                raise Insane(f"{guid} stands in {self.items[guid]['parent']} and in {folder}")
            if item["parent"] != folder:
                raise Insane(f"{guid} is listed by {folder} and says {item['parent']}")
            self.items[guid] = item
            told.append(guid if item["children"] is None else
                        [guid, self.children(person, guid, depth - 1)])
        return told

"""Random servers' bookmarks whose records contradict each other, as old clients, lost uploads and
faults leave them: the same for the same seed. A case is {"name", "steps": [[record, …], …]}; the
records of a step come to the server after those of the one before."""
import random

from oracle import ROOTS

BASE = 1795800000  # seconds
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
URLS = ["https://one.example/", "https://two.example/", "https://three.example/x?y#z",
        "http://four.example/", "ftp://five.example/"]
UNUSABLE = ["not a url", "", None, 5, "http://", "https://a b/", "//relative/", ["https://x/"]]
QUERIES = [{"bmkUri": "place:sort=8&maxResults=10"}, {"bmkUri": "place:parent=menu________"},
           {"bmkUri": "place:folder=TOOLBAR"}, {"bmkUri": "place:type=7&folder=5",
                                                "folderName": "a tag"},
           {"bmkUri": "place:type=7&folder=5"}, {"bmkUri": None}]
WORDS = ["red", "blue", "Ünï", "two words", "Red"]


class Case:
    def __init__(self, seed, number):
        self.random = random.Random(f"{seed}/{number}")
        self.name = f"{seed}/{number}"
        self.wild = self.random.random()  # how much contradicts in this one
        self.records, self.gone, self.forms = {}, [], {}
        self.steps = [self.first()]
        for step in range(1, self.random.choice([1, 1, 1, 2, 2, 3])):
            self.steps.append(self.later(step))

    def case(self):
        return {"name": self.name, "steps": self.steps}

    # --- small choices
    def maybe(self, chance):
        return self.random.random() < chance * (0.3 + self.wild)

    def new_guid(self):
        return "".join(self.random.choice(LETTERS) for _ in range(12))

    def time(self, step):
        """Few different ones: equal times matter."""
        return BASE + 100 * step + self.random.choice([0, 0, 1, 2, 3])

    def name_of(self, folder):
        """A root has two names; most clients use one of them always."""
        if folder in ROOTS and self.random.random() < self.forms.get(folder, 0):
            return ROOTS[folder]
        return folder

    def folders(self):
        return [guid for guid, r in self.records.items() if r.get("type") == "folder"]

    def plain(self):
        """What may be moved, deleted, changed: all but the roots."""
        return [guid for guid in self.records if guid not in ROOTS]

    # --- items
    def add(self, parent, step):
        guid, kind = self.new_guid(), self.random.choices(
            ["bookmark", "folder", "separator", "query", "livemark", "unusable", "unknown"],
            [50, 25, 6, 6, 3, 4, 2])[0]
        record = {"id": guid, "type": kind, "parentid": parent, "dateAdded": 1700000000000,
                  "title": f"{kind} {guid[:3]}", "hasDupe": True, "_m": self.time(step)}
        if kind == "folder":
            record["children"] = []
        elif kind == "separator":
            del record["title"]
        elif kind == "livemark":
            record.update(feedUri="https://feed.example/", children=[])
        elif kind == "query":
            record.update(self.random.choice(QUERIES))
        elif kind == "unknown":
            record["type"] = self.random.choice(["item", "mystery", "microsummary", None])
            record["bmkUri"] = URLS[0]
        else:
            record.update(type="bookmark", bmkUri=self.random.choice(URLS))
            if kind == "unusable":
                record["bmkUri"] = self.random.choice(UNUSABLE)
            if self.random.random() < 0.3:
                record["tags"] = self.random.sample(WORDS, self.random.choice([1, 1, 2]))
            if self.random.random() < 0.15:
                record["keyword"] = self.random.choice(WORDS)
        self.records[guid] = record
        if parent in self.records and "children" in self.records[parent]:
            children = self.records[parent]["children"]
            children.insert(self.random.randint(0, len(children)), guid)
        return guid

    def first(self):
        """A tree in order, then what contradicts it."""
        for root in ROOTS:
            self.forms[root] = self.random.choice([0, 0, 0, 0.5, 1])
            if self.random.random() < 0.8:
                self.records[root] = {"id": root, "type": "folder", "parentid": "places",
                                      "title": root, "children": [], "_m": self.time(0)}
        for _ in range(self.random.randint(4, 22)):
            self.add(self.random.choice(self.folders() + list(ROOTS)), 0)
        for _ in range(self.random.choice([0, 0, 0, 1, 2])):
            custom = self.new_guid()
            self.records[custom] = {"id": custom, "type": "folder", "parentid": "places",
                                    "title": "left pane", "children": [], "_m": self.time(0)}
            for _ in range(self.random.randint(0, 3)):
                self.add(custom, 0)
        for _ in range(self.random.randint(1, 6)):
            self.contradict(0)
        return self.written(self.records)

    def contradict(self, step):
        """One disagreement, without telling the other side."""
        items, folders = self.plain(), self.folders()
        if not items or not folders:
            return None
        guid, folder = self.random.choice(items), self.random.choice(folders)
        children = self.records[folder]["children"]
        what = self.random.choices(
            ["name", "list", "unlist", "hole", "bury", "root listed", "swap", "time", "null",
             "twice", "root bury", "odd list", "places"], [24, 24, 16, 6, 8, 3, 4, 8, 3, 1, 1, 1,
                                                           0.3])[0]
        if what == "name":
            self.records[guid]["parentid"] = self.random.choice(
                [*folders, *folders, *self.plain(), *ROOTS, *self.gone, "places", self.new_guid(),
                 "tags"])
        elif what == "list" and guid not in children:
            children.insert(self.random.randint(0, len(children)), guid)
        elif what == "unlist" and children:
            del children[self.random.randrange(len(children))]
        elif what == "hole":
            children.insert(self.random.randint(0, len(children)), self.new_guid())
        elif what == "bury":
            self.bury(guid, step)
            return guid
        elif what == "root listed":
            root = self.random.choice(list(ROOTS))
            if root not in children:
                children.insert(self.random.randint(0, len(children)), root)
        elif what == "swap":
            self.random.shuffle(children)
        elif what == "time":
            self.records[folder]["_m"] = self.time(step)
        elif what == "null":
            self.records[guid]["parentid"] = None
        elif what == "twice" and children:
            children.append(self.random.choice(children))
        elif what == "root bury" and self.maybe(0.7):
            root = self.random.choice(list(ROOTS))
            self.bury(root, step)
            return root
        elif what == "odd list":
            self.records[folder] = {**self.records[folder], "children": self.random.choice(
                [[*children, 5], [*children, ""]])}
            return folder
        elif what == "places":
            self.records["places"] = {"id": "places", "type": "folder", "title": "",
                                      "children": list(ROOTS), "_m": self.time(step)}
            return "places"
        return folder if what in ("list", "unlist", "hole", "root listed", "swap", "time",
                                  "twice") else guid

    def bury(self, guid, step):
        """A tombstone; whoever lists or names it stays as it is."""
        self.records.pop(guid, None)
        self.gone.append(guid)
        self.records[guid] = {"id": guid, "deleted": True, "_m": self.time(step)}

    # --- what happens afterwards
    def later(self, step):
        changed = set()
        for _ in range(self.random.randint(1, 5)):
            changed.update(self.random.choice([self.move, self.delete, self.create, self.edit,
                                               self.disturb, self.revive])(step))
        told = {guid: record for guid, record in self.records.items() if guid in changed}
        for record in told.values():
            record["_m"] = self.time(step)
        return self.written(told)

    def living(self):
        return [guid for guid in self.plain() if not self.records[guid].get("deleted")]

    def move(self, step):
        items, folders = self.living(), self.folders()
        if not items or not folders:
            return []
        guid, target = self.random.choice(items), self.random.choice(folders)
        old = [folder for folder in folders if guid in self.records[folder]["children"]]
        said = list(dict.fromkeys([guid, target, *old]))
        for folder in old:
            self.records[folder]["children"].remove(guid)
        if guid not in self.records[target]["children"]:
            self.records[target]["children"].append(guid)
        self.records[guid]["parentid"] = target
        # some of it is never uploaded
        return [one for one in said if self.random.random() < 0.75]

    def delete(self, step):
        items = self.living()
        if not items:
            return []
        guid = self.random.choice(items)
        self.bury(guid, step)
        told = [guid]
        for folder in self.folders():
            if guid in self.records[folder]["children"] and self.random.random() < 0.6:
                self.records[folder]["children"].remove(guid)
                told.append(folder)
        return told

    def create(self, step):
        parent = self.random.choice(self.folders() + list(ROOTS))
        guid = self.add(parent, step)
        alone = parent not in self.records or self.random.random() < 0.3
        return [guid] if alone else [guid, parent]

    def edit(self, step):
        """Of its value; a bookmark may become one that nobody can open, or what nobody knows."""
        items = [guid for guid in self.living() if self.records[guid].get("type") == "bookmark"]
        if not items:
            return []
        guid = self.random.choice(items)
        record = self.records[guid]
        what = self.random.randrange(6)
        if what == 0:
            record["bmkUri"] = self.random.choice(UNUSABLE)
        elif what == 1:
            record["type"] = "mystery"
        elif what == 2:
            record.pop("tags", None)
        else:
            record["bmkUri"], record["title"] = self.random.choice(URLS), f"edited {step}"
        return [guid]

    def disturb(self, step):
        guid = self.contradict(step)
        return [guid] if guid else []

    def revive(self, step):
        """What was deleted comes again, perhaps as something else."""
        if not self.gone:
            return []
        guid = self.random.choice(self.gone)
        if guid in ROOTS:
            self.records[guid] = {"id": guid, "type": "folder", "parentid": "places",
                                  "children": self.random.sample(self.living(),
                                                                 min(2, len(self.living())))}
        else:
            self.records[guid] = {"id": guid, "type": "bookmark", "title": "again",
                                  "bmkUri": self.random.choice(URLS),
                                  "parentid": self.random.choice([*self.folders(), *ROOTS])}
        return [guid]

    # --- as it is uploaded
    def written(self, records):
        told = []
        for guid, record in records.items():
            record = dict(record)
            record["id"] = self.name_of(guid)
            if record.get("parentid") in ROOTS:
                record["parentid"] = self.name_of(record["parentid"])
            if isinstance(record.get("children"), list):
                record["children"] = [self.name_of(child) for child in record["children"]]
            if record.get("type", "") is None:
                del record["type"]
            told.append(record)
        self.random.shuffle(told)
        return told


def cases(seed, count):
    return [Case(seed, number).case() for number in range(count)]

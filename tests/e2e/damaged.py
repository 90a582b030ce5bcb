"""Reads of an account while the double's answers are damaged: nothing stored may be lost, and
the next healthy sync mends the rest.

A cell is (way of reading, collection, fault). Used in small by test_damage.py, in full by
tests/long/damage.py."""
import subprocess

from harness import HEARTHD, PATIENCE

WAYS = ("first", "incremental", "resync", "syncid")
COLLECTIONS = ("bookmarks", "history", "tabs", "clients")
KINDS = ("hmac", "no_hmac", "base64", "padding", "short", "iv", "payload", "empty", "null", "id",
         "inner_id", "line", "not_json", "list", "utf8", "nul")
PERCENTS = (1, 3, 46, 100)
# Whole answers. "pass_over" needs several pages.
ANSWERS = {
    "gzip": {"gzip":
             "always"}, "empty body": {"body": "", "without": ["X-Weave-Records"]}, "empty list": {
                 "body": "[]", "without": ["X-Weave-Records", "X-Last-Modified"], "add_headers":
                 {"Content-Type": "application/json"}
             }, "no time":
    {"body": "", "without": ["X-Last-Modified"], "add_headers": {"X-Weave-Records": "0"}}, "time 0":
    {"body": "", "add_headers":
     {"X-Weave-Records": "0", "X-Last-Modified":
      "0"}}, "old": {"add_headers": {"X-Last-Modified": "1600000000.00"}}, "cut": {"truncate": 300},
    "encoding": {"add_headers":
                 {"Content-Encoding":
                  "x-unheard-of"}}, "pass over": {"pass_over":
                                                  7}, "pass over all": {"pass_over": 999999},
}
TABLES = ("pages", "visits", "bookmarks", "bookmark_tags", "bookmark_claims", "devices", "tabs")
LEFT_OUT = {"account", "row", "page_row", "generation", "host_key"}  # numbers of the database
KEYS = {
    "pages": ("id", ), "visits": ("page", "date", "type"), "bookmarks": ("guid", ), "bookmark_tags":
    ("guid", "tag"), "bookmark_claims": ("folder", "child"), "devices": ("id", ), "tabs":
    ("device", "url")
}


def damages(kinds=KINDS, percents=PERCENTS):
    return {
        f"{kind} {percent} %": {"damage": {"kind": kind, "percent": percent}}
        for kind in kinds
        for percent in percents
    }


class Damaged:
    def __init__(self, service, home, email="damaged@example.org", history=300, bookmarks=250,
                 tabs=12, devices=4):
        self.service, self.home, self.email, self.round = service, home, email, 0
        service.account(email, history=history, bookmarks=bookmarks, tabs=tabs, devices=devices)
        service.post("settings", max_page=100)  # several pages
        self.add()
        self.sync()
        self.good = self.rows()
        self.failures = []

    def add(self):
        self.home.add_account(self.service, self.email, sync=False)

    def sync(self, verb="sync"):
        """One attempt, however it ends."""
        words = [HEARTHD, "--config", self.home.conf, "account", verb, self.email, "--wait"]
        done = subprocess.run(words, capture_output=True, text=True, env=self.home.environment,
                              timeout=PATIENCE, check=False)
        if done.returncode not in (0, 1):
            raise AssertionError(
                f"hearthd ended with {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def rows(self):
        """{table: [row]} of all that can be seen, in order."""
        result = {table: [] for table in TABLES}
        if not self.home.has_file(self.email):
            return result  # nothing was ever stored
        with self.home.database(self.email) as db:
            for table in TABLES:
                cursor = db.execute(f"SELECT * FROM {table}")
                names = [d[0] for d in cursor.description]
                result[table] = sorted(({n: v
                                         for n, v in zip(names, row)
                                         if n not in LEFT_OUT}
                                        for row in cursor), key=repr)
        return result

    @staticmethod
    def lost(before, after):
        """What was there and is no more."""
        def keys(rows, table):
            return {tuple(row[k] for k in KEYS[table]) for row in rows[table]}

        return {
            table: sorted(gone, key=repr)[:3]
            for table in TABLES
            if (gone := keys(before, table) - keys(after, table))
        }

    @staticmethod
    def differences(one, other):
        result = {}
        for table in TABLES:
            a, b = [[repr(r) for r in rows[table]] for rows in (one, other)]
            if a != b:
                result[table] = sorted(set(a) ^ set(b))[:4]
        return result

    def change(self):
        """A Firefox uploads: forty bookmarks and pages, two devices with tabs,
        each time with other titles."""
        self.round += 1
        ids = [f"new{n:09d}" for n in range(40)]
        put = {
            "bookmarks": [{
                "id": "newfolder000", "type": "folder", "parentid": "menu", "title":
                f"Folder {self.round}", "children": ids, "dateAdded": 1600000000000
            }] + [{
                "id": i, "type": "bookmark", "parentid": "newfolder000", "title":
                f"{i} {self.round}", "bmkUri": f"https://new.example/{i}", "dateAdded":
                1600000000000
            } for i in ids], "history": [{
                "id":
                i, "histUri":
                f"https://new.example/h/{i}", "title":
                f"{i} {self.round}", "visits":
                [{"date": (1700000000 + self.round) * 1000000, "type": 1}]
            } for i in ids], "clients":
            [{"id": f"device{n}", "name": f"Device {n} {self.round}", "type": "desktop"}
             for n in range(2)], "tabs": [{
                 "id":
                 f"device{n}", "clientName":
                 f"Device {n}", "tabs": [{
                     "title": f"{self.round}", "urlHistory": [f"https://tab.example/{n}"],
                     "lastUsed": 1
                 }]
             } for n in range(2)],
        }
        for collection, records in put.items():
            self.service.put_clear(collection, *records, email=self.email)

    def begin(self, way):
        """Makes the next sync one of this kind."""
        if way == "first":
            self.home.cli("account", "remove", self.email, "--yes")
            self.add()
        elif way == "incremental":
            self.change()
        elif way == "syncid":
            self.round += 1
            self.service.post("meta", email=self.email, syncID=f"again{self.round}")

    def cell(self, way, collection, name, fault, verify=True):
        """Runs one; what is wrong with it, in words; "" nothing."""
        before = self.rows() if way != "first" else {table: [] for table in TABLES}
        self.begin(way)
        self.service.faults({"match": f"storage/{collection}\\?", **fault})
        said = self.sync("resync" if way == "resync" else "sync")
        damaged, struck = self.rows(), self.service.get("faults")[0]["struck"]
        self.service.faults()
        healed_by = self.sync()
        after, wrong = self.rows(), []
        if struck == 0:
            wrong.append("the fault did not strike")
        if lost := self.lost(before, damaged):
            wrong.append(f"lost {lost}")
        if way == "incremental":
            self.sync("resync")
            self.good = self.rows()
        if different := self.differences(after, self.good):
            wrong.append(f"not healed {different}")
            self.sync("resync")
        if verify and self.home.cli("verify").splitlines()[-1] != "The database is sound.":
            wrong.append("verify")
        if "everything else is here" in said:
            wrong.append("untrue words")
        if wrong:
            self.failures.append(
                f"{way}, {collection}, {name}: {'; '.join(wrong)}\n    {said.strip()}\n    "
                f"{healed_by.strip()}"
            )
        return "; ".join(wrong)

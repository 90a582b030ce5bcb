"""One account of the double: keys, tokens and an in-memory Sync 1.5 storage."""
import base64
import bisect
import gzip
import hashlib
import json
import os
import random
import time

from crypto import KeyBundle

ENGINES = {"bookmarks": 2, "history": 1, "tabs": 1, "clients": 1, "forms": 1, "passwords": 1, "prefs": 1, "addons": 1}


def centiseconds(text):
    """A timestamp as an integer of 10 ms; never through a binary float."""
    whole, _, part = str(text).partition(".")
    return int(whole) * 100 + int((part + "00")[:2])


def decimal(cs):
    return f"{cs // 100}.{cs % 100:02d}"


class Collection:
    """BSOs by id, and their rendered lines sorted by (modified, id), so that a page is a slice."""

    def __init__(self):
        self.modified = 0
        self.bsos = {}
        self.order = []  # (modified, id)
        self.lines = {}  # id -> bytes

    def put(self, bso_id, modified, payload, sortindex=None):
        self.discard(bso_id)
        body = {"id": bso_id, "modified": None, "payload": payload}
        if sortindex is not None:
            body["sortindex"] = sortindex
        text = json.dumps(body, separators=(",", ":")).replace('"modified":null', f'"modified":{decimal(modified)}', 1)
        self.bsos[bso_id] = (modified, payload, sortindex)
        self.lines[bso_id] = text.encode()
        if not self.order or self.order[-1] < (modified, bso_id):
            self.order.append((modified, bso_id))
        else:
            bisect.insort(self.order, (modified, bso_id))
        self.modified = max(self.modified, modified)

    def discard(self, bso_id):
        if bso_id not in self.bsos:
            return False
        self.order.pop(bisect.bisect_left(self.order, (self.bsos[bso_id][0], bso_id)))
        del self.bsos[bso_id], self.lines[bso_id]
        return True


class Account:
    def __init__(self, email, uid, sync_key, kid, storage_uid, name=None):
        self.email, self.uid, self.name = email, uid, name or email.split("@")[0].title()
        self.sync_key, self.kid, self.storage_uid = sync_key, kid, storage_uid
        self.prefix = ""  # of the node's path, after a reassignment
        slug = email.split("@")[0]
        self.access_token, self.refresh_token = f"{slug}-access-token", hashlib.sha256(email.encode()).hexdigest()
        self.dead = False  # refresh and access tokens refused
        self.collections = {}
        self.bulk = KeyBundle(hashlib.sha512(b"bulk" + sync_key).digest())
        self.per_collection = {}
        self.random = random.Random(email)
        self.clock = 0

    def now(self):
        """Server time in centiseconds, strictly growing so that every write has a time of its own."""
        self.clock = max(self.clock + 1, int(time.time() * 100))
        return self.clock

    def collection(self, name):
        return self.collections.setdefault(name, Collection())

    def info(self):
        return "{" + ",".join(f'"{n}":{decimal(c.modified)}' for n, c in sorted(self.collections.items())) + "}"

    def latest(self):
        return max((c.modified for c in self.collections.values()), default=0)

    def import_file(self, base_url, auth="access"):
        """What `hearthd account import` takes."""
        data = {"email": self.email, "uid": self.uid, "name": self.name, "sync_key": self.sync_key.hex(), "kid": self.kid,
                "token_server": f"{base_url}/1.0/sync/1.5"}
        data["access_token" if auth == "access" else "refresh_token"] = self.access_token if auth == "access" else self.refresh_token
        return data

    # --- writing, as a Firefox would ---------------------------------------------------------------------------------------------
    def iv(self):
        return self.random.randbytes(16)

    def keys_of(self, collection):
        return self.per_collection.get(collection, self.bulk)

    def put(self, collection, records):
        """records: [{"id", "cleartext": {…} | "payload": raw text, "sortindex"?}]; one time for all, as one POST has."""
        modified = self.now()
        for r in records:
            payload = r["payload"] if "payload" in r else self.keys_of(collection).seal(r["cleartext"], self.iv())
            self.collection(collection).put(r["id"], modified, payload, r.get("sortindex"))
        self.collection(collection).modified = modified

    def delete(self, collection, ids):
        c = self.collection(collection)
        for i in ids:
            c.discard(i)
        c.modified = self.now()

    def put_keys(self):
        record = {"id": "keys", "collection": "crypto", "default": self.bulk.base64_pair(),
                  "collections": {n: k.base64_pair() for n, k in self.per_collection.items()}}
        modified = self.now()
        self.collection("crypto").put("keys", modified, KeyBundle(self.sync_key).seal(record, self.iv()))

    def put_meta(self, meta=None):
        if meta is None:
            meta = {"syncID": f"global-{self.storage_uid:05d}", "storageVersion": 5, "declined": [],
                    "engines": {n: {"version": v, "syncID": f"{n[:6]}-sync-{self.storage_uid}"} for n, v in ENGINES.items()}}
        self.collection("meta").put("global", self.now(), json.dumps(meta))

    def meta(self):
        return json.loads(self.collections["meta"].bsos["global"][1])

    def reseal(self, names):
        """Encrypts the collections anew under the keys of now."""
        for name in names:
            c = self.collection(name)
            old = [(i, b) for i, b in c.bsos.items()]
            self.put(name, [{"id": i, "cleartext": self.old_bulk.open(b[1]), "sortindex": b[2]} for i, b in old])

    def rotate_keys(self, reseal):
        self.old_bulk = self.bulk
        self.bulk = KeyBundle(hashlib.sha512(b"rotated" + self.bulk.aes).digest())
        self.put_keys()
        if reseal:
            self.reseal([n for n in self.collections if n not in ("meta", "crypto")])

    def reset_password(self, storage_uid):
        """Without a recovery key: a new Sync key, an empty storage, the old tokens dead."""
        self.sync_key = hashlib.sha512(b"reset" + self.sync_key).digest()
        self.kid = make_kid(self.sync_key, 1800000000000)
        self.storage_uid = storage_uid
        self.collections = {}
        self.dead = True


def make_kid(sync_key, ms):
    return f"{ms}-" + base64.urlsafe_b64encode(hashlib.sha256(b"kid" + sync_key).digest()[:16]).decode().rstrip("=")


class Ada(Account):
    """The recorded account: what a real Firefox put on the server, step by step."""

    def __init__(self, folder, storage_uid):
        with open(os.path.join(folder, "account.json"), encoding="utf-8") as f:
            data = json.load(f)
        super().__init__(data["email"], data["uid"], bytes.fromhex(data["syncKey"]), data["kid"], storage_uid, "Ada")
        self.folder, self.step = folder, -1

    def load_step(self, step):
        """Applies the recorded changes up to and including `step`; going back starts anew."""
        if step < self.step:
            self.collections, self.step = {}, -1
        for name in sorted(os.listdir(os.path.join(self.folder, "server"))):
            number = int(name[:2])
            if not self.step < number <= step or (name.endswith(".full.jsonl.gz") and number != 0):
                continue
            self._apply(os.path.join(self.folder, "server", name))
            self.step = number
        keys = KeyBundle(self.sync_key).open(self.collections["crypto"].bsos["keys"][1])
        self.bulk = KeyBundle(b"".join(base64.b64decode(k) for k in keys["default"]))
        self.clock = max(self.clock, self.latest())

    def _apply(self, path):
        with gzip.open(path, "rt", encoding="utf-8") as f:
            for line in f:
                bso = json.loads(line, parse_float=str)
                collection = self.collection(bso["collection"])
                if "deleted_ids" in bso:
                    for i in bso["deleted_ids"]:
                        collection.discard(i)
                elif "id" in bso:
                    collection.put(bso["id"], centiseconds(bso["modified"]), bso["payload"], bso["sortindex"])
                if "collection_modified" in bso:
                    collection.modified = centiseconds(bso["collection_modified"])

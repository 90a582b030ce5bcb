"""One account of the double: its keys, its tokens, and its data as a Firefox would write them."""
import base64
import hashlib
import json
import random
import secrets
import time
from typing import NamedTuple

from clients import OLDSYNC
from crypto import KeyBundle, kid_of, sync_key_of
from login import SignIn
from storage import Collection, decimal

ENGINES = {
    "bookmarks": 2, "history": 1, "tabs": 1, "clients": 1, "forms": 1, "passwords": 1, "prefs": 1,
    "addons": 1
}
HOUSEKEEPING = ("meta", "crypto")


class Access(NamedTuple):
    """What an access token is good for. `until`: seconds; None: always."""
    until: float = None
    scope: str = f"profile {OLDSYNC}"
    client_id: str = ""


class Refresh(NamedTuple):
    """The same of a refresh token; one of an import file is any client's."""
    client_id: str = ""
    scope: str = f"profile {OLDSYNC}"


class Account:
    def __init__(self, email, uid, k_b, kid, storage_uid, name=None):
        self.email, self.uid, self.name = email, uid, name or email.split("@")[0].title()
        self.k_b, self.sync_key, self.kid, self.storage_uid = k_b, sync_key_of(
            k_b), kid, storage_uid
        self.prefix = ""  # of the node's path, after a reassignment
        self.set_tokens(*(hashlib.sha256(word + email.encode()).hexdigest()
                          for word in (b"refresh", b"access")))
        self.dead = {}  # tokens that are refused, and the number with which
        self.devices = {}  # id -> what the client said of it, and its "token"
        self.signin = SignIn(self)
        self.collections = {}
        self.bulk = KeyBundle(hashlib.sha512(b"bulk" + k_b).digest())
        self.per_collection = {}
        self.random = random.Random(email)
        self.clock = 0

    # --- tokens
    def set_tokens(self, refresh, access=None):
        """These are the only ones from now on; import files name them. Sign-ins add theirs."""
        self.refresh_token, self.refreshes = refresh, {refresh: Refresh()}
        self.access_tokens = {access: Access()} if access else {}

    def new_access_token(self, life=None, scope=Access().scope, client_id="", token=None):
        token = token or secrets.token_hex(32)
        self.access_tokens[token] = Access(None if life is None else time.time() + life, scope,
                                           client_id)
        return token

    def accepts(self, access_token, scope=None):
        """Whether a server that wants this scope would take it."""
        access = self.access_tokens.get(access_token)
        if access is None or access_token in self.dead or (scope
                                                           and scope not in access.scope.split()):
            return False
        return access.until is None or time.time() < access.until

    def revoke(self, errno):
        """Refuses every token there is; those of later sign-ins are good."""
        self.dead.update(dict.fromkeys([*self.refreshes, *self.access_tokens], errno))

    def rotate_refresh(self, old):
        fresh = secrets.token_hex(32)
        self.refreshes[fresh] = self.refreshes.pop(old)
        for device in self.devices.values():
            device["token"] = fresh if device["token"] == old else device["token"]
        if old == self.refresh_token:
            self.refresh_token = fresh
        return fresh

    def end_refresh(self, token):
        """With its device, if it has one."""
        del self.refreshes[token]
        self.forget_devices(token)

    # --- devices
    def device_of(self, token):
        return next((d for d in self.devices.values() if d["token"] == token), None)

    def forget_devices(self, token):
        self.devices = {i: d for i, d in self.devices.items() if d["token"] != token}

    def change_password(self, password):
        """kB stays; whoever was signed in is not any more."""
        self.signin.set_password(password)
        self.set_tokens(secrets.token_hex(32))

    def import_file(self, base_url, auth="access"):
        """What `hearthd account import` takes."""
        if auth not in ("access", "refresh"):
            raise ValueError('auth is "access" or "refresh"')
        data = {
            "email": self.email, "uid": self.uid, "name": self.name, "sync_key":
            self.sync_key.hex(), "kid": self.kid, "token_server": f"{base_url}/1.0/sync/1.5"
        }
        if auth == "refresh":
            data["refresh_token"] = self.refresh_token
        else:
            data["access_token"] = next(iter(self.access_tokens), None) or self.new_access_token()
        return data

    # --- reading
    def latest(self):
        return max((c.modified for c in self.collections.values()), default=0)

    def keys_of(self, collection):
        return KeyBundle(self.sync_key) if collection == "crypto" else self.per_collection.get(
            collection, self.bulk)

    def cleartext(self, collection, bso_id):
        payload = self.collections[collection].bsos[bso_id].payload
        return json.loads(payload) if collection == "meta" else self.keys_of(collection).open(
            payload)

    # --- writing, as a Firefox would
    def now(self):
        """Server time in centiseconds, strictly growing so that
        every write has a time of its own."""
        self.clock = max(self.clock + 1, self.wall())
        return self.clock

    @staticmethod
    def wall():
        """Centiseconds of the real clock."""
        return int(time.time() * 100)

    def collection(self, name):
        return self.collections.setdefault(name, Collection())

    def seal(self, collection, record):
        if collection == "meta":
            return json.dumps(record)
        return self.keys_of(collection).seal(record, self.random.randbytes(16))

    def put(self, collection, records, modified=None):
        """records: [{"id", "cleartext": {…} | "payload": raw text, "sortindex"?, "ttl"?}]; one
        time for all, as one POST has."""
        modified = self.now() if modified is None else modified
        self.clock = max(self.clock, modified)
        c = self.collection(collection)
        for r in records:
            payload = r["payload"] if "payload" in r else self.seal(collection, r["cleartext"])
            c.put(r["id"], modified, payload, r.get("sortindex"), r.get("ttl"))
        c.modified = max(c.modified, modified)
        return modified

    def delete(self, collection, ids):
        c = self.collection(collection)
        for i in ids:
            c.discard(i)
        c.modified = self.now()
        return c.modified

    def touch(self, collection):
        """Another client wrote something: only the collection's time changes."""
        c = self.collection(collection)
        c.modified = self.now()
        return c.modified

    def expire(self, now):
        """Drops what the server would have dropped by then.
        Times of collections do not change by it."""
        dropped = 0
        for c in self.collections.values():
            for i in c.expired(now):
                dropped += c.discard(i)
        return dropped

    # --- housekeeping records
    def put_keys(self):
        record = {
            "id": "keys", "collection": "crypto", "default": self.bulk.base64_pair(), "collections":
            {n: k.base64_pair()
             for n, k in sorted(self.per_collection.items())}
        }
        return self.put("crypto", [{"id": "keys", "cleartext": record}])

    def adopt_keys(self):
        """A client has written crypto/keys: the bundles are the ones in it."""
        record = self.cleartext("crypto", "keys")
        self.bulk = KeyBundle.from_pair(record["default"])
        self.per_collection = {
            n: KeyBundle.from_pair(pair)
            for n, pair in record.get("collections", {}).items()
        }

    def fresh_meta(self):
        return {
            "syncID": self.guid(), "storageVersion": 5, "declined": [], "engines":
            {n: {"version": v, "syncID": self.guid()}
             for n, v in ENGINES.items()}
        }

    def guid(self):
        """12 characters of base64url, from the account's own random numbers so that a seed gives
        the same account again."""
        return base64.urlsafe_b64encode(self.random.randbytes(9)).decode()

    def put_meta(self, meta=None):
        return self.put(
            "meta", [{"id": "global", "cleartext": self.fresh_meta() if meta is None else meta}])

    def meta(self):
        """meta/global, or a fresh one where there is none."""
        c = self.collections.get("meta")
        return self.cleartext("meta", "global") if c and "global" in c.bsos else self.fresh_meta()

    # --- changes of keys and places
    def new_bundle(self):
        return KeyBundle(self.random.randbytes(64))

    def _change_keys(self, names, change, reseal):
        """`change` replaces bundles; the records of these collections are encrypted anew, or
        left under the old keys."""
        clear = {}
        if reseal:
            clear = {
                n: [(i, self.keys_of(n).open_bytes(b.payload))
                    for i, b in self.collections[n].bsos.items()]
                for n in names
            }
        change()
        modified = self.put_keys()
        for name, records in clear.items():
            self.put(name, [{"id": i, "cleartext": text} for i, text in records])
        return modified

    def data_collections(self):
        return [n for n in self.collections if n not in HOUSEKEEPING]

    def rotate_keys(self, reseal):
        """A new default bundle."""
        names = [n for n in self.data_collections() if n not in self.per_collection]

        def change():
            self.bulk = self.new_bundle()

        return self._change_keys(names, change, reseal)

    def own_key(self, collection, reseal):
        """A new bundle for one collection only."""
        names = [collection] if collection in self.collections else []

        def change():
            self.per_collection[collection] = self.new_bundle()

        return self._change_keys(names, change, reseal)

    def reset_password(self, storage_uid, reupload, keep_tokens):
        """Without a recovery key: new kB and therefore a new kid, another storage. `reupload`: a
        Firefox has already filled it again (with its old bulk keys, sealed anew, and new sync
        ids)."""
        old_ms = int(self.kid.partition("-")[0])
        self.k_b = hashlib.sha256(b"reset" + self.k_b).digest()
        self.sync_key, self.kid, self.storage_uid = sync_key_of(self.k_b), kid_of(
            self.k_b, old_ms + 86400000), storage_uid
        if not keep_tokens:
            self.set_tokens(secrets.token_hex(32))
        if not reupload:
            self.collections = {}
            return
        self.put_keys()
        self.put_meta(self.fresh_meta())

    def describe(self):
        return {
            "email": self.email, "uid": self.uid, "kid": self.kid, "storage_uid": self.storage_uid,
            "prefix": self.prefix, "collections": {
                n: {"records": len(c.bsos), "modified": decimal(c.modified)}
                for n, c in sorted(self.collections.items())
            }
        }

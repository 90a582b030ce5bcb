"""Everything the double knows, apart from HTTP: accounts, tokens, Hawk, faults, counters."""
import base64
import collections
import hashlib
import hmac
import json
import re
import secrets
import threading
import time

import storage_api
import synthetic
from account import Ada
from crypto import hawk_mac
from faults import Faults, damage
from storage_api import Answer

TOKEN_ERRORS = {"invalid-credentials", "invalid-timestamp", "invalid-generation", "invalid-client-state", "invalid-keysChangedAt", "invalid-key-id"}
HAWK_FIELD = re.compile(r'(\w+)="([^"]*)"')


def problem(status, word):
    body = json.dumps({"status": word, "errors": [{"location": "body", "name": "", "description": word}]})
    return Answer(status, body, {"Content-Type": "application/json"})


class Service:
    def __init__(self, fixtures=None, step=7):
        self.lock = threading.RLock()
        self.accounts, self.base = {}, ""
        self.hawk = {}           # token id -> (key, account, storage uid, prefix, expires)
        self.nonces = set()
        self.faults = Faults()
        self.log, self.counters = [], collections.Counter()
        self.busy = collections.Counter()
        self.next_uid = 1
        self.settings = {"skew": 0, "duration": 3600, "max_page": 10000, "hawk_window": 60}
        if fixtures:
            ada = self.add(Ada(fixtures, self.take_uid()))
            ada.load_step(step)

    def take_uid(self):
        self.next_uid += 1
        return self.next_uid - 1

    def add(self, account):
        self.accounts[account.email] = account
        return account

    def time(self):
        return time.time() + self.settings["skew"]

    # --- OAuth and token server ----------------------------------------------------------------------------------------------------
    def oauth_token(self, body):
        data = json.loads(body or b"{}")
        for account in self.accounts.values():
            if data.get("grant_type") == "refresh_token" and data.get("refresh_token") == account.refresh_token and not account.dead:
                account.access_token = "access-" + secrets.token_hex(16)
                return Answer(200, json.dumps({"access_token": account.access_token, "expires_in": 21600, "token_type": "bearer",
                                               "scope": "https://identity.mozilla.com/apps/oldsync"}), {"Content-Type": "application/json"})
        return Answer(400, json.dumps({"code": 400, "errno": 108, "error": "Bad Request", "message": "Invalid token"}),
                      {"Content-Type": "application/json"})

    def sync_token(self, headers):
        bearer = headers.get("Authorization", "").removeprefix("Bearer ")
        account = next((a for a in self.accounts.values() if a.access_token == bearer and not a.dead), None)
        if account is None:
            return problem(401, "invalid-credentials")
        if headers.get("X-KeyID") is None:
            return problem(401, "invalid-key-id")
        if headers["X-KeyID"] != account.kid:
            return problem(401, "invalid-client-state")
        token_id, key = secrets.token_urlsafe(60) + "=", secrets.token_urlsafe(32)
        duration = self.settings["duration"]
        self.hawk[token_id] = (key, account, account.storage_uid, account.prefix, time.time() + duration)
        body = {"id": token_id, "key": key, "uid": account.storage_uid, "duration": duration, "hashalg": "sha256",
                "api_endpoint": f"{self.base}{account.prefix}/1.5/{account.storage_uid}", "hashed_fxa_uid": hashlib.sha256(account.uid.encode()).hexdigest(),
                "node_type": "double"}
        return Answer(200, json.dumps(body), {"Content-Type": "application/json", "X-Timestamp": str(int(self.time()))})

    # --- storage -------------------------------------------------------------------------------------------------------------------
    def authenticate(self, method, path, headers):
        """The account of a Hawk-signed request, or an Answer."""
        refused = Answer(401, "0", {"WWW-Authenticate": f'Hawk ts="{int(self.time())}"', "Content-Type": "application/json"})
        text = headers.get("Authorization", "")
        fields = dict(HAWK_FIELD.findall(text))
        known = self.hawk.get(fields.get("id"))
        if not text.startswith("Hawk ") or known is None:
            return refused
        key, account, uid, prefix, expires = known
        host, _, port = headers.get("Host", "").partition(":")
        mac = hawk_mac(key, fields.get("ts", ""), fields.get("nonce", ""), method, path, host, port or "80", fields.get("hash", ""), fields.get("ext", ""))
        stale = abs(int(fields.get("ts", "0")) - self.time()) > self.settings["hawk_window"]
        replayed = (fields.get("id"), fields.get("nonce")) in self.nonces
        self.nonces.add((fields.get("id"), fields.get("nonce")))
        current = uid == account.storage_uid and prefix == account.prefix
        if not hmac.compare_digest(mac, fields.get("mac", "")) or stale or replayed or expires < time.time() or not current:
            self.counters["hawk_refused"] += 1
            return refused
        return account

    def storage(self, method, path, headers, fault):
        match = re.match(r"^(/node\d+)?/1\.5/(\d+)(/[^?]*)(?:\?(.*))?$", path)
        if not match:
            return Answer(404, "0")
        account = self.authenticate(method, path, headers)
        if isinstance(account, Answer):
            return account
        if str(account.storage_uid) != match.group(2) or account.prefix != (match.group(1) or ""):
            return Answer(401, "0")
        if method != "GET":
            self.counters["writes"] += 1
            return Answer(405, "1")
        if "bump" in fault:
            account.collection(fault["bump"]).modified = account.now()
        answer = storage_api.get(account, match.group(3), match.group(4) or "", headers, self.settings["max_page"])
        answer.headers.setdefault("X-Weave-Timestamp", f"{self.time():.2f}")
        if "damage" in fault and answer.status == 200:
            answer.body = spoil(answer.body, fault["damage"])
        return answer

    # --- administration ------------------------------------------------------------------------------------------------------------
    def admin(self, method, path, body):
        data = json.loads(body) if body else {}
        name = path.removeprefix("/__admin/")
        with self.lock:
            if method == "GET":
                return self.admin_get(name)
            function = getattr(self, "admin_" + name.replace("-", "_"), None)
            if function is None:
                return {"error": f"no {name}"}
            if "email" in data:
                data["account"] = self.accounts[data.pop("email")] if name != "accounts" else data.pop("email")
            return function(**data) or {}

    def admin_get(self, name):
        if name == "log":
            return self.log
        if name == "counters":
            return dict(self.counters)
        match = re.match(r"^import/([^?]+)(?:\?auth=(\w+))?$", name)
        if match:
            return self.accounts[match.group(1)].import_file(self.base, match.group(2) or "access")
        return {"error": f"no {name}"}

    def admin_accounts(self, account, auth="access", **size):
        made = self.add(synthetic.make(account, self.take_uid(), **size))
        return made.import_file(self.base, auth)

    def admin_step(self, step, account=None):
        (account or self.accounts["ada@example.org"]).load_step(step)

    def admin_put(self, account, collection, records):
        account.put(collection, records)

    def admin_delete(self, account, collection, ids):
        account.delete(collection, ids)

    def admin_drop(self, account, collection):
        account.collections.pop(collection, None)

    def admin_meta(self, account, **changes):
        """Merges into meta/global: {"syncID": …} or {"engines": {"history": {"version": 2}}}."""
        meta = account.meta()
        for name, engine in changes.pop("engines", {}).items():
            meta["engines"].setdefault(name, {}).update(engine)
        meta.update(changes)
        account.put_meta(meta)

    def admin_rotate_keys(self, account, reseal=True):
        account.rotate_keys(reseal)

    def admin_reset_password(self, account):
        account.reset_password(self.take_uid())

    def admin_reassign(self, account, prefix="/node2"):
        account.prefix, account.storage_uid = prefix, self.take_uid()

    def admin_revoke(self, account, dead=True):
        account.dead = dead

    def admin_expire(self, account):
        """Forgets the Hawk tokens and the access token of an account."""
        self.hawk = {i: h for i, h in self.hawk.items() if h[1] is not account}
        account.access_token = "expired-" + secrets.token_hex(8)

    def admin_faults(self, rules):
        self.faults.set(rules)

    def admin_settings(self, **settings):
        self.settings.update(settings)

    def admin_clear(self):
        self.log.clear()
        self.counters.clear()


def spoil(body, rule):
    lines = body.split(b"\n")
    for n, line in enumerate(lines):
        if not line:
            continue
        hit = n % rule["every"] == 0 if "every" in rule else any(f'"id":"{i}"'.encode() in line for i in rule["ids"])
        if hit:
            lines[n] = damage(line, rule["kind"])
    return b"\n".join(lines)

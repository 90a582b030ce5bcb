"""The token server: from an access token to Hawk credentials."""
import base64
import hashlib
import hmac
import json
import re
import secrets
import time
import urllib.parse
from typing import NamedTuple

from account import Account
from clients import OLDSYNC
from crypto import hkdf
from storage_api import json_answer

TOKENLIB = b"services.mozilla.com/tokenlib/v1/"
KID = re.compile(r"^(\d{1,15})-([A-Za-z0-9_-]{22})$")
# Status words of the token server and the HTTP status that goes with each.
TOKEN_ERRORS = {
    "invalid-credentials": 401, "invalid-timestamp": 401, "invalid-generation": 401,
    "invalid-client-state": 401, "invalid-keysChangedAt": 401, "invalid-key-id": 401, "error": 401,
    "new-users-disabled": 403, "not-found": 404, "internal-error": 500, "unavailable": 503,
    "elapsed": 504
}


def token_error(word, status=None):
    """An error body of the token server. The bodies of 404 and 503 say "error", like that of a
    bad header."""
    said = "error" if word in ("not-found", "unavailable") else word
    body = {"status": said, "errors": [{"location": "body", "name": "", "description": word}]}
    headers = {"Retry-After": "10"} if word == "unavailable" else {}
    return json_answer(body, status or TOKEN_ERRORS.get(word, 401), headers)


def derive_key(secret, token_id, salt):
    """The Hawk secret that belongs to a token id, as tokenlib makes it."""
    return base64.urlsafe_b64encode(
        hkdf(secret, TOKENLIB + b"derive/" + token_id.encode(), 32, salt.encode())).decode()


class Grant(NamedTuple):
    """What Hawk credentials stand for."""
    key: str
    account: Account
    storage_uid: int
    prefix: str
    expires: float


class Tokens:
    def __init__(self, service):
        self.service = service
        self.secret = secrets.token_bytes(32)
        self.grants = {}  # Hawk id -> Grant

    # --- token server
    def sync(self, path, headers, fault):
        """Every answer has the server's time."""
        answer = self._sync(path, headers, fault)
        answer.headers.setdefault("X-Timestamp", str(int(self.service.time(fault))))
        return answer

    def _sync(self, path, headers, fault):
        url = urllib.parse.urlsplit(path)
        if url.path != "/1.0/sync/1.5":
            return token_error("not-found")
        scheme, _, bearer = (headers.get("Authorization") or "").partition(" ")
        if scheme != "Bearer" or not bearer:
            return token_error("error")
        account = self.owner(bearer)
        if account is None or not account.accepts(bearer, OLDSYNC):
            return token_error("invalid-credentials")
        problem = self._key_problem(account, headers.get("X-KeyID"), headers.get("X-Client-State"))
        if problem:
            return token_error(problem)
        return self._issue(account, self._duration(url.query, fault))

    def owner(self, bearer):
        """The account whose access token this is or was."""
        return next((a for a in self.service.all_accounts()
                     if bearer in a.access_tokens), None) if isinstance(bearer, str) else None

    @staticmethod
    def _key_problem(account, kid, client_state):
        match = KID.match(kid or "")
        if not match:
            return "invalid-key-id"
        changed, fingerprint = account.kid.split("-", 1)
        if match[2] != fingerprint:
            return "invalid-client-state"
        if int(match[1]) != int(changed):
            return "invalid-keysChangedAt"
        if client_state is not None and client_state != base64.urlsafe_b64decode(fingerprint +
                                                                                 "==").hex():
            return "invalid-client-state"
        return None

    def _duration(self, query, fault):
        """The client may only shorten it."""
        ours = fault.get("duration", self.service.settings["duration"])
        asked = urllib.parse.parse_qs(query).get("duration", [""])[0]
        return min(ours, int(asked)) if asked.isdigit() else ours

    def _issue(self, account, duration):
        expires = time.time() + duration
        node = f"{self.service.base}{account.prefix}"
        salt = secrets.token_hex(3)
        user = hashlib.sha256(account.uid.encode()).hexdigest()
        claims = {
            "uid": account.storage_uid, "node": node, "expires": expires, "fxa_uid": account.uid,
            "fxa_kid": account.kid, "hashed_fxa_uid": user, "salt": salt
        }
        text = json.dumps(claims).encode()
        seal = hmac.digest(hkdf(self.secret, TOKENLIB + b"signing", 32), text, "sha256")
        token_id = base64.urlsafe_b64encode(text + seal).decode()
        grant = Grant(derive_key(self.secret, token_id, salt), account, account.storage_uid,
                      account.prefix, expires)
        with self.service.lock:
            if len(self.grants) > 20000:
                self.grants = {i: g for i, g in self.grants.items() if g.expires > time.time()}
            self.grants[token_id] = grant
        return json_answer({
            "id": token_id, "key": grant.key, "api_endpoint": f"{node}/1.5/{account.storage_uid}",
            "uid": account.storage_uid, "duration": duration, "hashalg": "sha256", "hashed_fxa_uid":
            user, "node_type": "mysql"
        })

    def forget(self, account):
        """Its Hawk credentials are worthless from now on."""
        with self.service.lock:
            self.grants = {i: g for i, g in self.grants.items() if g.account is not account}

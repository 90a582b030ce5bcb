"""Sessions and key-fetch tokens: who a request of the accounts server comes from, by Bearer or
by Hawk."""
import re
import secrets
import time

import hawk
from errors import Failure
from onepw import Derived

BEARER = re.compile(r"^Bearer (fxs|fxk)_([0-9a-f]{64})$")
KIND = {"fxs": "sessionToken", "fxk": "keyFetchToken"}


class Session:
    """`open`: (method, reason) of what is not proven yet; None: verified."""
    def __init__(self, account, open_question):
        self.derived = Derived(secrets.token_bytes(32), "sessionToken")
        self.account, self.open, self.created, self.destroyed = account, open_question, time.time(
        ), False

    @property
    def verified(self):
        return self.open is None

    def describe(self):
        return {
            "id": self.derived.id, "verified": self.verified, "method": self.open and self.open[0],
            "created": self.created, "destroyed": self.destroyed
        }


class KeyFetch:
    """`session`: whose verification it shares. `version`: of the stretching that its wrapped key
    is for."""
    def __init__(self, session, version):
        self.derived = Derived(secrets.token_bytes(32), "keyFetchToken")
        self.account, self.session = session.account, session
        self.version, self.destroyed = version, False


class Sessions:
    def __init__(self, service):
        self.service = service
        self.known = {}  # id -> Session or KeyFetch; dead ones too, for tests that ask

    def new(self, account, open_question):
        return self._add(Session(account, open_question))

    def new_key_fetch(self, session, version):
        return self._add(KeyFetch(session, version))

    def _add(self, thing):
        self.known[thing.derived.id] = thing
        return thing

    def of(self, account):
        return [s for s in self.known.values() if isinstance(s, Session) and s.account is account]

    def end_all(self, account):
        for thing in self.known.values():
            thing.destroyed |= thing.account is account

    def named(self, text):
        """What an Authorization header names, without any check; None: nothing here."""
        match = BEARER.match(text or "")
        thing = self.known.get(match[2] if match else hawk.fields_of(text).get("id"))
        return thing

    def authenticated(self, request, body, kind, fault):
        """The living token of this kind that the request proves; Failure otherwise."""
        text, old = request.headers.get("Authorization") or "", self.service.settings["old_server"]
        match = BEARER.match(text)
        if match and (old or KIND[match[1]] != kind):
            raise Failure(110)
        thing = self.named(text)
        if thing is None or thing.derived.kind != kind or thing.destroyed:
            raise Failure(110)
        if not match:
            self._check_hawk(request, body, thing, old, fault)
        return thing

    def _check_hawk(self, request, body, thing, old, fault):
        fields, now = hawk.fields_of(request.headers["Authorization"]), self.service.time(fault)
        word = self.service.hawk.refusal(fields, thing.derived.hawk_key, request.method,
                                         request.path, request.headers.get("Host", ""), now,
                                         self.service.settings["hawk_window"])
        if word is None and old and (request.method == "POST" or "hash" in fields):
            right = hawk.payload_hash(request.headers.get("Content-Type", ""), body)
            word = None if fields.get("hash") == right else "payload"
        if word is not None:
            request.entry["refused"] = word
            raise Failure({"stale": 111, "replay": 115}.get(word, 109),
                          **({"serverTime": int(now)} if word == "stale" else {}))

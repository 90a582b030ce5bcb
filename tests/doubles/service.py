"""Everything the double knows, apart from HTTP: accounts, settings, faults, the log and the
counters; and who may read what."""
import collections
import json
import re
import threading
import time
import urllib.parse

import fixtures
import storage_api
import storage_writes
from accounts_server import AccountsServer
from clients import Clients
from errors import Failure, OAuthFailure
from faults import Faults, spoiler
from hawk import Verifier, fields_of
from oauth import OAuth
from sessions import Sessions
from storage_api import Answer, Options, json_answer
from tokens import Tokens, token_error

STORAGE = re.compile(
    r"^(?P<prefix>(?:/[^/?]+)*?)/1\.5/(?P<uid>\d+)(?P<rest>/[^?]*)?(?:\?(?P<query>.*))?$")
DISCOVERY = "/.well-known/"
WRITING = ("PUT", "POST", "DELETE", "PATCH")
COUNTERS = ("requests", "token", "oauth", "discovery", "accounts", "storage", "other", "writes",
            "hawk_refused", "connections")
LOG_LIMIT = 200000  # requests; a benchmark must not fill the memory
LOGGED = ("X-If-Modified-Since", "X-If-Unmodified-Since", "X-KeyID", "X-Client-State", "Accept",
          "Accept-Encoding", "Content-Type", "User-Agent", "Origin", "Cookie", "Referer")


def is_page(headers):
    """A fault that says so is not the server's own answer, but that of a proxy or portal."""
    return any(n.lower() == "content-type" and v.startswith("text/html")
               for n, v in headers.items())


class Request:
    """One request of a client, and the line of the log about it."""
    def __init__(self, method, path, headers, kind, email):
        self.method, self.path, self.headers = method, path, headers
        self.kind, self.email = kind, email
        self.entry = {
            "method": method, "path": path, "kind": kind, "status": None, "account": email, "time":
            time.time(), "headers": {h: headers[h]
                                     for h in LOGGED
                                     if h in headers}
        }

    def busy_keys(self):
        """Under what it is counted while it is under way: all together, and its account."""
        return ("", self.email) if self.email else ("", )


class Service:
    def __init__(self, folder=None, step=7):
        self.lock = threading.RLock()
        self.accounts, self.base, self.next_uid = {}, "", 1
        self.settings = {
            "skew": 0, "duration": 3600, "access_life": 21600, "max_page": 10000, "hawk_window": 60,
            "short_times": False, "rotate_refresh": False, "old_server": False,
            "credentials_status": True, "writable": False
        }
        self.faults, self.tokens, self.hawk = Faults(), Tokens(self), Verifier()
        self.sessions, self.clients, self.oauth = Sessions(self), Clients(self), OAuth(self)
        self.accounts_server = AccountsServer(self)
        self.log = collections.deque(maxlen=LOG_LIMIT)
        self.busy, self.batches = collections.Counter(), storage_writes.Batches()
        self.clear()
        if folder:
            self.add(fixtures.Ada(folder, self.take_uid())).load_step(step)

    # --- accounts
    def take_uid(self):
        with self.lock:
            self.next_uid += 1
            return self.next_uid - 1

    def add(self, account):
        with self.lock:
            self.accounts[account.email] = account
            return account

    def find(self, email):
        """The account whatever the case of the letters; None."""
        if not isinstance(email, str):
            return None
        return self.accounts.get(email) or next(
            (a for a in self.all_accounts() if a.email.lower() == email.lower()), None)

    def confirm(self, account):
        """Somebody followed the mailed link: the account is theirs, and so are the sign-ins that
        wait for it."""
        account.signin.settings["verified"] = True
        for session in self.sessions.of(account):
            if session.open and session.open[0] == "email" and session.open[1] != "change_password":
                session.open = None

    def sign_out(self, account):
        """As a new password does: sessions and whatever else is under way end."""
        self.sessions.end_all(account)
        self.oauth.forget(account)
        account.devices = {i: d for i, d in account.devices.items() if d["token"] is None}

    def all_accounts(self):
        with self.lock:
            return list(self.accounts.values())

    def time(self, fault=None):
        """Server time in seconds, as wrong as asked."""
        return time.time() + (fault or {}).get("skew", self.settings["skew"])

    # --- counting
    def clear(self):
        """Empties counters and log; requests that are under way keep counting as such."""
        with self.lock:
            self.counters = collections.Counter({name: 0 for name in COUNTERS})
            self.max_busy = collections.Counter()
            self.log.clear()

    def kind(self, path):
        if path.startswith("/1.0/"):
            return "token"
        if path.split("?")[0] == "/v1/token":
            return "oauth"
        if STORAGE.match(path):
            return "storage"
        if AccountsServer.serves(path):
            return "accounts"
        return "discovery" if path.startswith(DISCOVERY) else "other"

    def begin(self, method, path, headers, body, new_connection):
        """Notes a request; answers it with the faults that strike it."""
        kind = self.kind(path)
        said = said_in(body) if kind in ("accounts", "oauth") else {}
        request = Request(method, path, headers, kind, self.account_of(headers, said))
        if said:
            request.entry["body"] = said
        with self.lock:
            self.log.append(request.entry)
            self.counters["requests"] += 1
            self.counters[request.kind] += 1
            self.counters["connections"] += new_connection
            self.counters["writes"] += request.kind == "storage" and method in WRITING
            for who in request.busy_keys():
                self.busy[who] += 1
                self.max_busy[who] = max(self.max_busy[who], self.busy[who])
        return request, self.faults.for_request(method, path, request.email)

    def end(self, request):
        with self.lock:
            for who in request.busy_keys():
                self.busy[who] -= 1

    def count(self):
        with self.lock:
            by_account = {who: n for who, n in self.max_busy.items() if who}
            return {
                **self.counters, "max_concurrent": self.max_busy[""], "max_concurrent_by_account":
                by_account
            }

    def account_of(self, headers, said):
        """Whose request it says to be, without any check: for log, counters and rules.
        `said`: in its body."""
        text = headers.get("Authorization") or ""
        owner = self.tokens.grants.get(fields_of(text).get("id")) or self.sessions.named(text)
        if owner is not None:
            account = owner.account
        elif text.startswith("Bearer "):
            account = self.tokens.owner(text[7:]) or self.oauth.account_of_refresh(text[7:])
        else:
            account = self.find(said.get("email")) or self.oauth.account_of_refresh(
                said.get("refresh_token") or said.get("token"))
        return account.email if account else None

    # --- answering
    def answer(self, request, body, fault):
        method, path, kind = request.method, request.path, request.kind
        self.strike(request, fault)
        if "token_error" in fault:
            answer = token_error(fault["token_error"], fault.get("status"))
        elif "oauth_error" in fault:
            answer = OAuthFailure(fault["oauth_error"], fault.get("status", 400)).answer()
        elif "auth_error" in fault:
            answer = Failure(fault["auth_error"], fault.get("status"), fault.get("headers"),
                             **fault.get("extra", {})).answer()
        elif "status" in fault:
            answer = self.made_up(kind, fault)
        elif kind == "token" and method == "GET":
            answer = self.tokens.sync(path, request.headers, fault)
        elif kind in ("accounts", "oauth"):
            answer = self.accounts_server.answer(request, body, fault)
        elif kind == "storage":
            answer = self.storage(request, body, fault)
        else:
            answer = self.discovery(path)
        if "status" not in fault and "body" in fault:
            answer.body = made_up_body(fault["body"])
        if "pad" in fault and answer.body.startswith(b"{"):
            answer.body = json.dumps({**json.loads(answer.body), "padding":
                                      "x" * fault["pad"]}).encode()
        answer.headers.update(fault.get("add_headers", {}))
        for name in fault.get("without", ()):
            answer.headers.pop(name, None)
        if kind == "storage" and not ("status" in fault and is_page(answer.headers)):
            answer.headers.setdefault("X-Weave-Timestamp", f"{self.time(fault):.2f}")
        return answer

    def strike(self, request, fault):
        """What a fault does to the data before the request is answered."""
        with self.lock:
            account = self.accounts.get(request.email)
            if "step" in fault:
                step = fault["step"]
                self.accounts[fixtures.EMAIL].load_step(
                    step["step"] if isinstance(step, dict) else step)
            if "bump" in fault and account:
                account.touch(fault["bump"])
            if "wipe" in fault and account:
                for name in list(account.collections) if fault["wipe"] is True else [fault["wipe"]]:
                    account.collections.pop(name, None)

    def made_up(self, kind, fault):
        status = fault["status"]
        headers = {"Content-Type": "application/json", **fault.get("headers", {})}
        if status == 401 and kind == "storage" and not is_page(headers):
            headers.setdefault("WWW-Authenticate", self.challenge(fault))
        return Answer(status, made_up_body(fault.get("body", "0")), headers)

    def discovery(self, path):
        base = self.base
        if path == DISCOVERY + "fxa-client-configuration":
            return json_answer({
                "auth_server_base_url": base, "oauth_server_base_url": base,
                "profile_server_base_url": base, "pairing_server_base_uri": base,
                "sync_tokenserver_base_url": base
            })
        if path == DISCOVERY + "openid-configuration":
            return json_answer({
                "issuer": base, "authorization_endpoint": base + "/authorization", "token_endpoint":
                base + "/v1/token", "userinfo_endpoint": base + "/v1/profile", "jwks_uri":
                base + "/v1/jwks", "introspection_endpoint": base + "/v1/introspect",
                "revocation_endpoint": base + "/v1/destroy", "response_types_supported": ["code"],
                "scopes_supported": ["openid", "profile"], "claims_supported": ["sub"],
                "subject_types_supported": ["public"
                                            ], "id_token_signing_alg_values_supported": ["RS256"]
            })
        return json_answer(
            {"code": 404, "errno": 116, "error": "Not Found", "message": "Not Found"}, 404)

    # --- storage
    def challenge(self, fault):
        return f'Hawk ts="{int(self.time(fault))}"'

    def refusal(self, request, match, fault):
        """Why this request may not read, in a word, and the account otherwise."""
        fields = fields_of(request.headers.get("Authorization"))
        grant = self.tokens.grants.get(fields.get("id"))
        if grant is None:
            return "unknown id", None
        word = self.hawk.refusal(fields, grant.key, request.method, request.path,
                                 request.headers.get("Host", ""), self.time(fault),
                                 self.settings["hawk_window"])
        if word is None and grant.expires < time.time():
            word = "expired"
        account = grant.account
        if word is None and (grant.storage_uid, grant.prefix) != (account.storage_uid,
                                                                  account.prefix):
            word = "moved"
        if word is None and (match["uid"], match["prefix"]) != (str(
                account.storage_uid), account.prefix):
            word = "another's storage"
        return word, account

    def storage(self, request, body, fault):
        match = STORAGE.match(request.path)
        writes = request.method in WRITING
        if request.method != "GET" and not (writes and self.settings["writable"]):
            return json_answer("1", 405, {"Allow": "GET"})
        word, account = self.refusal(request, match, fault)
        if word is not None:
            request.entry["refused"] = word
            with self.lock:
                self.counters["hawk_refused"] += 1
            return json_answer("0", 401, {"WWW-Authenticate": self.challenge(fault)})
        path = match["rest"] or "/"
        if writes:
            with self.lock:
                return storage_writes.write(account, request, path, match["query"] or "", body,
                                            self.batches)
        spoil = spoiler(
            fault["damage"], account,
            path.split("/")[2]) if "damage" in fault and path.startswith("/storage/") else None
        options = Options(self.settings["max_page"], self.settings["short_times"], spoil,
                          fault.get("pass_over", 0))
        with self.lock:
            return storage_api.get(account, path, match["query"] or "", request.headers, options)


def said_in(body):
    """The JSON object or the form of a request's body; {} if it is neither."""
    try:
        said = json.loads(body) if body[:1] == b"{" else dict(urllib.parse.parse_qsl(body.decode()))
    except ValueError:
        return {}
    return {name: "…" if name == "password" else value for name, value in said.items()}


def made_up_body(body):
    """A rule's body: text as it is, anything else as JSON."""
    return (body if isinstance(body, str) else json.dumps(body)).encode()

"""OAuth of the accounts double: codes, refresh and access tokens, what can be asked about them."""
import base64
import hashlib
import hmac
import json
import re
import secrets
import time
from typing import NamedTuple

from account import Account, Refresh
from clients import OLDSYNC, SESSION
from errors import Failure, OAuthFailure
from storage_api import json_answer

MAX_LIFE = 86400
CODE_LIFE = 15 * 60
HEX64 = re.compile(r"^[0-9a-f]{64}$")
VERIFIER = re.compile(r"^[A-Za-z0-9._~-]{43,128}$")
# The same refusal has one number on the accounts server and another on its OAuth server.
NUMBERS = {
    "client": (162, 101), "scope": (163, 114), "private": (166, 116), "code": (172, 105),
    "code_client": (173, 106), "code_old": (174, 107), "pkce": (175, 117), "no_pkce": (169, 118),
    "token": (182, 108), "json": (106, 109), "parameter": (107, 109), "missing": (108, 109)
}


class Code(NamedTuple):
    account: Account
    client_id: str
    scope: str
    challenge: str
    offline: bool
    keys_jwe: str
    until: float


def refusal(word, oauth):
    auth_number, oauth_number = NUMBERS[word]
    return OAuthFailure(oauth_number) if oauth else Failure(auth_number)


def challenge_of(verifier):
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def long_token(token):
    """Shaped like the signed access tokens of some clients,
    whose contents are nobody's business."""
    parts = (json.dumps({"alg": "RS256", "typ":
                         "at+jwt"}), json.dumps({"jti": token, "padding":
                                                 "x" * 300}), secrets.token_hex(128))
    return ".".join(base64.urlsafe_b64encode(p.encode()).decode().rstrip("=") for p in parts)


class OAuth:
    def __init__(self, service):
        self.service = service
        self.codes = {}

    # --- codes
    def new_code(self, account, client, scope, challenge, offline, keys_jwe):
        code = secrets.token_hex(32)
        self.codes[code] = Code(account, client.id, scope, challenge, offline, keys_jwe,
                                time.time() + CODE_LIFE)
        return code

    def expire_codes(self, account):
        self.codes = {
            c: v._replace(until=0) if v.account is account else v
            for c, v in self.codes.items()
        }

    def forget(self, account):
        self.codes = {c: v for c, v in self.codes.items() if v.account is not account}

    # --- the token endpoints
    def token(self, data, oauth, session=None):
        """`oauth`: which of the two servers was asked. `session`: a function that proves one."""
        grant = data.get("grant_type", "authorization_code" if "code" in data else None)
        if grant == "refresh_token":
            return self._refresh(data, oauth)
        if grant == "authorization_code":
            return self._exchange(data, oauth)
        if grant == "fxa-credentials" and not oauth:
            return self._from_session(data, session())
        raise refusal("parameter", oauth)

    def _life(self, data, oauth):
        ttl = data.get("ttl", MAX_LIFE)
        if not isinstance(ttl, int) or isinstance(ttl, bool) or ttl < 0:
            raise refusal("parameter", oauth)
        return min(ttl, MAX_LIFE, self.service.settings["access_life"])

    def _refresh(self, data, oauth):
        token, life = data.get("refresh_token"), self._life(data, oauth)
        account = self.account_of_refresh(token)
        if account is None:
            raise refusal("token", oauth)
        if token in account.dead:
            raise OAuthFailure(account.dead[token]) if oauth else Failure(account.dead[token])
        refresh = account.refreshes[token]
        if refresh.client_id and data.get("client_id") not in (None, refresh.client_id):
            raise refusal("token", oauth)
        scope = data.get("scope", refresh.scope)
        if not isinstance(scope, str) or not set(scope.split()) <= set(refresh.scope.split()):
            raise refusal("scope", oauth)
        answer = self._answer(account, refresh.client_id, scope, life)
        if self.service.settings["rotate_refresh"]:
            answer["refresh_token"] = account.rotate_refresh(token)
        return json_answer(answer)

    def _exchange(self, data, oauth):
        client, code, verifier = self._client(data,
                                              oauth), data.get("code"), data.get("code_verifier")
        if not isinstance(code, str) or not HEX64.match(code):
            raise refusal("parameter", oauth)
        life, known = self._life(data, oauth), self.codes.get(code)
        if known is None:
            raise refusal("code", oauth)
        if known.client_id != client.id:
            raise refusal("code_client", oauth)
        if known.until < time.time():
            raise refusal("code_old", oauth)
        if not isinstance(verifier, str) or not VERIFIER.match(verifier):
            raise refusal("no_pkce", oauth)
        if not hmac.compare_digest(challenge_of(verifier), known.challenge):
            raise refusal("pkce", oauth)
        del self.codes[code]
        answer = self._answer(known.account, client.id, known.scope, life, known.offline)
        if known.keys_jwe is not None:
            answer["keys_jwe"] = known.keys_jwe
        if SESSION in known.scope.split():
            answer["session_token"] = self.service.sessions.new(known.account,
                                                                None).derived.token.hex()
        return json_answer(answer)

    def _client(self, data, oauth):
        if "client_id" not in data:
            raise refusal("missing", oauth)
        client = self.service.clients.get(data["client_id"])
        if client is None:
            raise refusal("client", oauth)
        return client

    def _from_session(self, data, session):
        client, scope = self._client(data, False), data.get("scope")
        if not client.public or not client.can_grant:
            raise refusal("private", False)
        if not isinstance(scope, str) or data.get("access_type",
                                                  "online") not in ("online", "offline"):
            raise refusal("parameter", False)
        if not scope.split() or not set(scope.split()) <= set(client.scopes):
            raise refusal("scope", False)
        if OLDSYNC in scope.split() and not session.verified:
            raise Failure(138)
        return json_answer(
            self._answer(session.account, client.id, scope, self._life(data, False),
                         data.get("access_type") == "offline"))

    def _answer(self, account, client_id, scope, life, offline=False):
        client = self.service.clients.get(client_id)
        token = secrets.token_hex(32)
        token = account.new_access_token(life, scope, client_id,
                                         long_token(token) if client and client.jwt else token)
        answer = {
            "access_token": token, "expires_in": life, "token_type": "bearer", "scope": scope,
            "auth_at": int(time.time())
        }
        if offline:
            answer["refresh_token"] = secrets.token_hex(32)
            account.refreshes[answer["refresh_token"]] = Refresh(client_id, scope)
        return answer

    # --- who and what
    def account_of_refresh(self, token):
        return next((a for a in self.service.all_accounts()
                     if token in a.refreshes), None) if isinstance(token, str) else None

    def living_refresh(self, token):
        """The account whose good refresh token this is."""
        account = self.account_of_refresh(token)
        return account if account and token not in account.dead else None

    def destroy(self, token):
        """Ends a token of either kind, with the device that a refresh token has;
        False: nobody's."""
        account = self.account_of_refresh(token)
        if account is not None:
            account.end_refresh(token)
            return True
        owner = self.service.tokens.owner(token)
        return owner is not None and owner.access_tokens.pop(token) is not None

    def introspect(self, token):
        account = self.living_refresh(token)
        if account is not None:
            refresh = account.refreshes[token]
            return {
                "active": True, "scope": refresh.scope, "client_id": refresh.client_id,
                "token_type": "refresh_token", "sub": account.uid
            }
        owner = self.service.tokens.owner(token)
        if owner is None or not owner.accepts(token):
            return {"active": False}
        access = owner.access_tokens[token]
        return {
            "active": True, "scope": access.scope, "client_id": access.client_id, "token_type":
            "access_token", "sub": owner.uid,
            **({"exp": int(access.until * 1000)} if access.until else {})
        }

"""The accounts server: sign-in by password, sessions, keys; its OAuth and profile servers. The
pages are in pages.py."""
import json
import re
import time
import urllib.parse

import onepw
from clients import OLDSYNC
from devices import Devices
from errors import Failure, OAuthFailure
from pages import Pages
from storage_api import Answer, json_answer
from webchannel import WebChannel

AUTH_PW = re.compile(r"^[0-9a-f]{64}$")
UNBLOCK = re.compile(r"^[A-Za-z0-9]{8}$")
DIGITS = re.compile(r"^\d{6}$")
METHODS = ("email", "email-otp", "email-2fa", "email-captcha", "totp-2fa")
SLOW = ("/v1/account/login", "/v1/session/reauth", "/authorization", "/v1/account/keys")
PAGES = ("/authorization", "/oauth/success/", "/complete_signin")
# What is asked without a session: "open". Else the token that proves it, or both kinds for devices.
ROUTES = {
    "POST /account/credentials/status": "open", "POST /account/login": "open",
    "POST /account/login/send_unblock_code": "open", "POST /recovery_email/verify_code": "open",
    "POST /session/verify_code": "session", "POST /session/verify/totp": "session",
    "POST /session/verify/recoveryCode": "session", "POST /session/resend_code": "session",
    "GET /session/status": "session", "GET /recovery_email/status": "session",
    "POST /session/reauth": "session", "POST /session/destroy": "session",
    "POST /account/scoped-key-data": "session", "GET /account/keys": "key_fetch",
    "POST /account/device": "device", "GET /account/devices": "device",
    "POST /account/device/destroy": "device", "POST /account/devices/notify": "device",
    "GET /account/attached_clients": "device", "POST /oauth/token": "token", "POST /oauth/destroy":
    "open", "POST /token": "oauth", "POST /destroy": "oauth", "POST /introspect": "oauth",
    "GET /profile": "oauth", "GET /jwks": "oauth"
}


class Call:
    """One request on its way: the parsed body, the query, and who asks."""
    def __init__(self, request, body, fault):
        url = urllib.parse.urlsplit(request.path)
        self.request, self.raw, self.fault, self.path = request, body, fault, url.path
        self.query, self.data = dict(urllib.parse.parse_qsl(url.query)), {}

    def parse(self, failure):
        if self.request.method == "POST":
            try:
                self.data = json.loads(self.raw or b"{}")
            except ValueError:
                raise failure(106) from None
            if not isinstance(self.data, dict):
                raise failure(106)

    def text(self, name, pattern=None, missing=108):
        """A field that must be there."""
        if name not in self.data:
            raise Failure(missing)
        value = self.data[name]
        if not isinstance(value, str) or (pattern and not pattern.match(value)):
            raise Failure(107, validation={"keys": [name]})
        return value


class AccountsServer:
    def __init__(self, service):
        self.service, self.pages, self.devices = service, Pages(service), Devices(service)
        self.channel = WebChannel(service, self.pages)

    @staticmethod
    def serves(path):
        return path.startswith("/v1/") or path.split("?")[0].startswith(
            PAGES) or WebChannel.serves(path)

    def answer(self, request, body, fault):
        call, account = Call(request, body, fault), self.service.accounts.get(request.email)
        if account and call.path.startswith(SLOW):
            account.signin.prepare()
        with self.service.lock:
            if account and self._challenged(account, call):
                answer = Answer(406)
            elif WebChannel.serves(request.path):
                answer = self.channel.answer(request, body)
            elif call.path.startswith(PAGES):
                return self.pages.answer(request, body)
            else:
                answer = self._api(call)
        answer.headers.setdefault("Timestamp", str(int(self.service.time(fault))))
        return answer

    @staticmethod
    def _challenged(account, call):
        """The puzzle that only browsers solve: pages are not behind it."""
        wanted = account.signin.settings["anti_bot"]
        return wanted and call.path.startswith("/v1/") and (
            wanted == "all" or call.path in ("/v1/account/login", "/v1/session/reauth"))

    def _api(self, call):
        name = f"{call.request.method} {call.path.removeprefix('/v1')}"
        kind = ROUTES.get(name)
        oauth = kind == "oauth"
        try:
            if kind is None or (name.endswith("credentials/status")
                                and not self.service.settings["credentials_status"]):
                raise Failure(116)
            call.parse(OAuthFailure if oauth else Failure)
            function = getattr(self.devices if kind == "device" else self,
                               re.sub(r"[^a-z]+", "_", name.lower()))
            if kind in ("session", "key_fetch"):
                token = {"session": "sessionToken", "key_fetch": "keyFetchToken"}[kind]
                result = function(
                    call,
                    self.service.sessions.authenticated(call.request, call.raw, token, call.fault))
            elif kind == "device":
                result = function(call, *self.devices.owner(call))
            else:
                result = function(call)
        except Failure as failure:
            return failure.answer()
        return result if isinstance(result, Answer) else json_answer(result)

    def _session(self, call):
        return self.service.sessions.authenticated(call.request, call.raw, "sessionToken",
                                                   call.fault)

    # --- signing in
    def _account(self, email):
        account = self.service.find(email)
        if account is None:
            raise Failure(102)
        return account

    def post_account_credentials_status(self, call):
        signin = self._account(call.text("email")).signin
        version = signin.settings["version"]
        return {
            "currentVersion": version, "upgradeNeeded": version == "v1",
            **({"clientSalt": signin.salt} if version == "v2" else {})
        }

    def post_account_login(self, call):
        data, email, auth_pw = call.data, call.text("email"), call.text("authPW", AUTH_PW)
        if data.get("verificationMethod", "email") not in METHODS or data.get(
                "reason", "login") not in ("login", "signin", "reconnect"):
            raise Failure(107)
        unblock = call.text("unblockCode", UNBLOCK) if "unblockCode" in data else None
        account = self._account(email)
        account.signin.check_way(unblock)
        version = self._check_password(account, email, auth_pw)
        asked = account.signin.open_question(data.get("verificationMethod"))
        session = self.service.sessions.new(account, asked)
        if asked and asked[0] in ("email-2fa", "email-otp"):
            account.signin.mail("login")
        elif asked and asked[0] == "email":
            account.signin.mail("link")
        return {
            "uid": account.uid, "sessionToken": session.derived.token.hex(),
            **self._fetch_tokens(call, session, version), "authAt": int(time.time()),
            "metricsEnabled": True, **self._standing(session)
        }

    @staticmethod
    def _check_password(account, email, auth_pw):
        """The version that was right. An e-mail in another spelling gives another authPW,
        and a hint."""
        if account.signin.password is None:
            raise Failure(210)
        version = account.signin.matching(auth_pw)
        if version is None and email != account.email:
            raise Failure(120, email=account.email)
        if version is None:
            raise Failure(103, email=account.email)
        return version

    def _fetch_tokens(self, call, session, version):
        if call.query.get("keys") != "true":
            return {}
        versions = session.account.signin.versions(
        ) if session.account.signin.settings["both_fetch_tokens"] else (version, )
        names = {"v1": "keyFetchToken", "v2": "keyFetchTokenVersion2"}
        return {
            names[v]: self.service.sessions.new_key_fetch(session, v).derived.token.hex()
            for v in versions
        }

    @staticmethod
    def _standing(session):
        """What is proven, and what is still open."""
        proven = session.account.signin.settings["verified"]
        standing = {
            "emailVerified": proven, "sessionVerified": session.verified, "verified": proven
            and session.verified
        }
        if session.open:
            standing["verificationMethod"], standing["verificationReason"] = session.open
        return standing

    def post_session_reauth(self, call, session):
        email, auth_pw = call.text("email"), call.text("authPW", AUTH_PW)
        if self._account(email) is not session.account:
            raise Failure(102)
        version = self._check_password(session.account, email, auth_pw)
        return {
            "uid": session.account.uid, **self._fetch_tokens(call, session, version), "authAt":
            int(time.time()), "metricsEnabled": True, **self._standing(session)
        }

    def post_account_login_send_unblock_code(self, call):
        self._account(call.text("email")).signin.mail("unblock")
        return {}

    # --- verification
    def post_session_verify_code(self, call, session):
        code, signin = call.text("code", DIGITS), session.account.signin
        if not session.verified:
            signin.take_code("login", code, signin.settings["code_errno"])
            self._prove(session)
        return {}

    def post_session_verify_totp(self, call, session):
        code = call.text("code", DIGITS)
        if session.account.signin.settings["second_factor"] != "totp":
            raise Failure(155)
        right = session.account.signin.totp_right(code)
        if right:
            self._prove(session)
        return {"success": right}

    def post_session_verify_recoverycode(self, call, session):
        if session.account.signin.settings["second_factor"] != "totp":
            raise Failure(155)
        remaining = session.account.signin.take_recovery_code(call.text("code"))
        self._prove(session)
        return {"remaining": remaining}

    @staticmethod
    def _prove(session):
        """A code does not confirm a new account, nor does it lift a lock."""
        if session.open and session.open[1] == "login":
            session.open = None

    def post_session_resend_code(self, call, session):
        if session.open and session.open[0] in ("email", "email-2fa", "email-otp"):
            session.account.signin.mail("link" if session.open[0] == "email" else "login")
        return {}

    def post_recovery_email_verify_code(self, call):
        """What the page behind a mailed link does."""
        account = next((a for a in self.service.all_accounts() if a.uid == call.text("uid")), None)
        if account is None:
            raise Failure(102)
        account.signin.take_code("link", call.text("code"), 105)
        self.service.confirm(account)
        return {}

    def get_session_status(self, call, session):
        standing = self._standing(session)
        return {
            "state": "verified" if session.verified else "unverified", "uid": session.account.uid,
            "details": {
                "accountEmailVerified": standing["emailVerified"], "sessionVerificationMethod":
                session.open and session.open[0], "sessionVerified": session.verified,
                "sessionVerificationMeetsMinimumAAL": session.verified, "verified":
                standing["verified"]
            }
        }

    def get_recovery_email_status(self, call, session):
        standing = self._standing(session)
        return {
            "email": session.account.email,
            **{name: standing[name]
               for name in ("verified", "sessionVerified", "emailVerified")}
        }

    def post_session_destroy(self, call, session):
        session.destroyed = True
        session.account.forget_devices(session.derived.id)
        return {}

    # --- keys
    def get_account_keys(self, call, fetch):
        signin = fetch.account.signin
        if not signin.settings["verified"]:
            raise Failure(104)
        if not fetch.session.verified:
            raise Failure(138)
        fetch.destroyed = True
        return {
            "bundle":
            onepw.seal_keys(fetch.derived.bundle_key, signin.k_a, signin.wrap_kb(fetch.version))
        }

    def post_account_scoped_key_data(self, call, session):
        client, scope = self.service.clients.get(call.text("client_id")), call.text("scope")
        if client is None:
            raise Failure(162)
        if not session.verified:
            raise Failure(138)
        if not set(scope.split()) <= set(client.scopes):
            raise Failure(163)
        if OLDSYNC not in scope.split():
            return {}
        return {
            OLDSYNC: {
                "identifier": OLDSYNC, "keyRotationSecret": "0" * 64, "keyRotationTimestamp":
                int(session.account.kid.partition("-")[0])
            }
        }

    # --- OAuth and profile
    def post_oauth_token(self, call):
        return self.service.oauth.token(call.data, False, lambda: self._session(call))

    def post_token(self, call):
        return self.service.oauth.token(call.data, True)

    def post_oauth_destroy(self, call):
        if self.service.clients.get(call.text("client_id")) is None:
            raise Failure(162)
        self.service.oauth.destroy(call.text("token"))
        return {}

    def post_destroy(self, call):
        token = next((call.data[name]
                      for name in ("token", "refresh_token", "access_token")
                      if name in call.data), None)
        if token is None:
            raise OAuthFailure(109)
        if not self.service.oauth.destroy(token):
            raise OAuthFailure(108)
        return {}

    def post_introspect(self, call):
        if not isinstance(call.data.get("token"), str):
            raise OAuthFailure(109)
        return self.service.oauth.introspect(call.data["token"])

    def get_jwks(self, call):
        return {"keys": []}

    def get_profile(self, call):
        token = (call.request.headers.get("Authorization") or "").removeprefix("Bearer ")
        account = self.service.tokens.owner(token)
        if account is None or not account.accepts(token):
            return json_answer(
                {"code": 401, "errno": 100, "error": "Unauthorized", "message": "Unauthorized"},
                401)
        if "profile" not in account.access_tokens[token].scope.split():
            return json_answer(
                {"code": 403, "errno": 101, "error": "Forbidden", "message": "Forbidden"}, 403)
        two = account.signin.settings["second_factor"] == "totp"
        return {
            "uid": account.uid, "sub": account.uid, "email": account.email, "locale": "en",
            "displayName": account.name, "avatar": f"{self.service.base}/avatar/a", "avatarDefault":
            True, "amrValues": ["pwd", "otp"] if two else ["pwd"], "twoFactorAuthentication": two
        }

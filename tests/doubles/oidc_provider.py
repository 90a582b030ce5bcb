"""An OpenID Connect provider for tests, on one loopback port: code flow with PKCE, and every way
to be wrong about who somebody is.

Prints `ready http://127.0.0.1:PORT` when it listens; the issuer is that, and `--prefix` behind
it. README.md has the administration interface.
"""
import argparse
import base64
import hmac
import html
import json
import os
import re
import secrets
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from faults import Faults  # noqa: E402
from oauth import VERIFIER, challenge_of  # noqa: E402
from oidc_tokens import ALGORITHMS, Keys, id_token  # noqa: E402
from pages import FORM, fields_of, page  # noqa: E402
from service import made_up_body, said_in  # noqa: E402
from storage_api import Answer, json_answer  # noqa: E402
from sync_service import Handler, Server, end_with_parent  # noqa: E402

USER = {
    "sub": "ada-1815", "email": "ada@example.org", "email_verified": True, "name": "Ada",
    "preferred_username": "ada"
}
CLIENT = {"client_id": "hearth", "client_secret": "a secret of the client", "redirects": []}
SETTINGS = {
    "approve": True, "iss": None, "aud": None, "azp": None, "nonce": None, "exp": 3600, "iat": 0,
    "alg": "RS256", "kid": None, "claims": {}, "in_userinfo": {}, "require_pkce": True,
    "auth_methods": ["client_secret_basic", "client_secret_post"], "discovery": {}, "id_token":
    True, "answer_iss": None, "skew": 0, "auth_age": 0, "heeds_prompt": True
}
CODE_LIFE = 60


class Wrong(Exception):
    """An error of OAuth: its word, and the status of the answer."""
    def __init__(self, word, status=400, headers=None):
        super().__init__(word)
        self.word, self.status, self.headers = word, status, headers


class Request:
    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body
        said = said_in(body)
        self.entry = {
            "method": method, "path": path, "status": None, "time": time.time(), "body": said,
            "auth": (headers.get("Authorization") or "").partition(" ")[0] or None
        }


class Provider:
    """What `Handler` serves: it notes requests, answers them, and knows the time."""
    def __init__(self, prefix=""):
        self.lock, self.prefix, self.base = threading.RLock(), prefix, ""
        self.user, self.client, self.settings = dict(USER), dict(CLIENT), dict(SETTINGS)
        self.keys, self.faults, self.log = Keys(), Faults(), []
        self.codes, self.access = {}, {}

    @property
    def issuer(self):
        return self.base + self.prefix

    def time(self, fault=None):
        return time.time() + (fault or {}).get("skew", self.settings["skew"])

    def begin(self, method, path, headers, body, new_connection):
        request = Request(method, path, headers, body)
        with self.lock:
            self.log.append(request.entry)
        return request, self.faults.for_request(method, path, None)

    def end(self, request):
        pass

    def answer(self, request, body, fault):
        if "status" in fault:
            return Answer(fault["status"], made_up_body(fault.get("body", "")),
                          {"Content-Type": "application/json", **fault.get("headers", {})})
        try:
            with self.lock:
                answer = self._route(request, fault)
        except Wrong as wrong:
            answer = json_answer({"error": wrong.word}, wrong.status, wrong.headers)
        if "body" in fault:
            answer.body = made_up_body(fault["body"])
        elif "pad" in fault and answer.body.startswith(b"{"):
            answer.body = json.dumps({**json.loads(answer.body), "padding":
                                      "x" * fault["pad"]}).encode()
        answer.headers.update(fault.get("add_headers", {}))
        return answer

    def _route(self, request, fault):
        url = urllib.parse.urlsplit(request.path)
        name = f"{request.method} {url.path.removeprefix(self.prefix)}"
        if name == "GET /.well-known/openid-configuration":
            return self._discovery()
        if name == "GET /jwks":
            return json_answer(self.keys.jwks())
        if name in ("GET /authorize", "POST /authorize"):
            return self._authorize(request, url.query)
        if name == "POST /token":
            return self._token(request, fault)
        if name == "GET /userinfo":
            return self._userinfo(request)
        raise Wrong("not_found", 404)

    def _discovery(self):
        issuer = self.issuer
        document = {
            "issuer": issuer, "authorization_endpoint": issuer + "/authorize", "token_endpoint":
            issuer + "/token", "userinfo_endpoint": issuer + "/userinfo", "jwks_uri":
            issuer + "/jwks", "response_types_supported": ["code"], "subject_types_supported":
            ["public"], "scopes_supported": ["openid", "profile",
                                             "email"], "id_token_signing_alg_values_supported":
            ["RS256", "ES256"], "token_endpoint_auth_methods_supported":
            self.settings["auth_methods"], "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True
        }
        return json_answer(merged(document, self.settings["discovery"]))

    # --- the browser's part
    def _authorize(self, request, query):
        asked = fields_of(query)
        if asked.get("client_id") != self.client["client_id"] or asked.get(
                "redirect_uri") not in self.client["redirects"]:
            return page("Bad request", '<p id="error">Unknown client or redirect_uri</p>', 400)
        word = self._mistake(asked)
        if word:
            return self._back(asked, error=word)
        form = fields_of(request.body.decode("utf-8", "replace"))
        if not self.settings["approve"] and request.method == "GET":
            return page(
                "Sign in",
                FORM.format(problem="", action=html.escape(request.path), email="", password="",
                            code="", client="the test"))
        if form.get("answer") == "no":
            return self._back(asked, error="access_denied")
        code = secrets.token_urlsafe(24)
        self.codes[code] = {
            "asked": asked, "until": time.time() + CODE_LIFE, "user": dict(self.user)
        }
        return self._back(asked, code=code)

    def _mistake(self, asked):
        """The word of the first thing that a client should have said otherwise."""
        if asked.get("response_type") != "code":
            return "unsupported_response_type"
        if "openid" not in asked.get("scope", "").split():
            return "invalid_scope"
        challenged = asked.get("code_challenge_method") == "S256" and re.match(
            r"^[A-Za-z0-9_-]{43}$", asked.get("code_challenge", ""))
        return None if challenged or ("code_challenge" not in asked
                                      and not self.settings["require_pkce"]) else "invalid_request"

    def _back(self, asked, **query):
        if "state" in asked:
            query["state"] = asked["state"]
        said = self.settings["answer_iss"]
        query.update({"iss": self.issuer} if said is None else {"iss": said} if said else {})
        joint = "&" if "?" in asked["redirect_uri"] else "?"
        return Answer(302, b"",
                      {"Location": asked["redirect_uri"] + joint + urllib.parse.urlencode(query)})

    # --- the client's part
    def _authenticate(self, request, form):
        scheme, _, text = (request.headers.get("Authorization") or "").partition(" ")
        method, client, secret = "client_secret_post", form.get("client_id"), form.get(
            "client_secret", "")
        if scheme == "Basic":
            try:
                client, _, secret = map(
                    urllib.parse.unquote_plus,
                    base64.b64decode(text, validate=True).decode().partition(":"))
            except ValueError:
                raise Wrong("invalid_client", 401) from None
            method = "client_secret_basic"
        right = client == self.client["client_id"] and hmac.compare_digest(
            secret.encode(), self.client["client_secret"].encode())
        if not right or method not in self.settings["auth_methods"]:
            raise Wrong("invalid_client", 401,
                        {"WWW-Authenticate": "Basic"} if scheme == "Basic" else None)
        request.entry["method_of_client"] = method

    def _token(self, request, fault):
        form = fields_of(request.body.decode("utf-8", "replace"))
        if (request.headers.get("Content-Type")
                or "").split(";")[0] != "application/x-www-form-urlencoded":
            raise Wrong("invalid_request")
        self._authenticate(request, form)
        if form.get("grant_type") != "authorization_code":
            raise Wrong("unsupported_grant_type")
        code = self.codes.pop(form.get("code"), None)
        if code is None or code["until"] < time.time() or code["asked"]["redirect_uri"] != form.get(
                "redirect_uri"):
            raise Wrong("invalid_grant")
        challenge, verifier = code["asked"].get("code_challenge"), form.get("code_verifier", "")
        if challenge and not (VERIFIER.match(verifier)
                              and hmac.compare_digest(challenge_of(verifier), challenge)):
            raise Wrong("invalid_grant")
        token = secrets.token_urlsafe(24)
        self.access[token] = code["user"]
        answer = {
            "access_token": token, "token_type": "Bearer", "expires_in": 3600, "scope":
            code["asked"]["scope"]
        }
        if self.settings["id_token"]:
            answer["id_token"] = id_token(self.keys, self._claims(code, fault),
                                          self.settings["alg"], self.settings["kid"])
        return json_answer(answer, headers={"Cache-Control": "no-store"})

    def _claims(self, code, fault):
        settings, now = self.settings, int(self.time(fault))
        claims = {
            "iss": settings["iss"] or self.issuer, "aud": settings["aud"]
            or self.client["client_id"], "iat": now + settings["iat"], "exp": now + settings["exp"],
            "auth_time": now - self._age(code["asked"]), **code["user"]
        }
        nonce = code["asked"].get("nonce") if settings["nonce"] is None else settings["nonce"]
        if nonce:
            claims["nonce"] = nonce
        if settings["azp"]:
            claims["azp"] = settings["azp"]
        return merged(claims, settings["claims"])

    def _age(self, asked):
        """Seconds since the person typed their password: there may be a session of before,
        unless the client wants none of it."""
        again = asked.get("prompt") == "login" or asked.get("max_age") == "0"
        return 0 if again and self.settings["heeds_prompt"] else self.settings["auth_age"]

    def _userinfo(self, request):
        user = self.access.get((request.headers.get("Authorization") or "").removeprefix("Bearer "))
        if user is None:
            raise Wrong("invalid_token", 401, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return json_answer(merged(user, self.settings["in_userinfo"]))


def merged(document, changes):
    """With these fields changed, and those that are null left out."""
    return {name: value for name, value in {**document, **changes}.items() if value is not None}


class Admin:
    """`POST /__admin/NAME`, as of the Sync double."""
    def __init__(self, provider):
        self.provider = provider

    def call(self, method, path, body):
        provider, name = self.provider, path.removeprefix("/__admin/")
        try:
            with provider.lock:
                if method == "GET":
                    values = {
                        "log": provider.log, "settings": provider.settings, "user": provider.user,
                        "faults": provider.faults.state(), "client": provider.client
                    }
                    return (200, values[name]) if name in values else (404, {"error": f"no {name}"})
                data = json.loads(body) if body else {}
                return 200, getattr(self, "post_" + name.replace("-", "_"))(**data)
        except AttributeError:
            return 404, {"error": f"no {name}"}
        except (TypeError, KeyError, ValueError, re.error) as error:
            return 400, {"error": f"{type(error).__name__}: {error}"}

    def post_settings(self, **settings):
        unknown = set(settings) - set(SETTINGS)
        if unknown:
            raise ValueError(f"no setting {', '.join(sorted(unknown))}")
        if settings.get("alg", "RS256") not in ALGORITHMS:
            raise ValueError(f"alg is one of {', '.join(ALGORITHMS)}")
        self.provider.settings.update(settings)
        return self.provider.settings

    def post_user(self, **claims):
        self.provider.user = merged(USER, claims)
        return self.provider.user

    def post_client(self, **client):
        if set(client) - set(CLIENT):
            raise ValueError("client_id, client_secret, redirects")
        self.provider.client.update(client)
        return self.provider.client

    def post_rotate(self, keep_old=False):
        self.provider.keys.rotate(keep_old)
        return self.provider.keys.jwks()

    def post_expire_codes(self):
        for code in self.provider.codes.values():
            code["until"] = 0
        return {}

    def post_faults(self, rules):
        self.provider.faults.set(rules)
        return {}

    def post_clear(self):
        self.provider.log.clear()
        return {}

    def post_restore(self):
        """User, client's methods and settings as in the beginning; the client's redirects stay."""
        self.provider.user, self.provider.settings = dict(USER), dict(SETTINGS)
        self.provider.faults.set([])
        return {}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--prefix", default="", metavar="PATH",
                        help="of the issuer, like /realms/home")
    parser.add_argument("--until-eof", action="store_true",
                        help="end when standard input is closed")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    provider = server.service = Provider(options.prefix)
    server.admin = Admin(provider)
    provider.base = f"http://127.0.0.1:{server.server_address[1]}"
    if options.until_eof:
        end_with_parent()
    print("ready", provider.base, flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()

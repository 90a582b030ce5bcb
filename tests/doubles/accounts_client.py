"""A small client of the accounts server, that does both ways of signing in as a Firefox would:
for the double's own tests."""
import http.client
import json
import secrets
import time
import urllib.parse

import hawk
import jwe
import onepw
from clients import OLDSYNC
from crypto import kid_of, sync_key_of
from oauth import challenge_of

CLIENT = "3c49430b43dfba77"


class Refusal(Exception):
    """An answer that is no 200: `status`, `errno`, `body`, `headers`."""
    def __init__(self, status, body, headers):
        self.status, self.headers = status, headers
        self.body = json.loads(body) if body else {}
        self.errno = self.body.get("errno") if isinstance(self.body, dict) else None
        super().__init__(f"{status} {body[:200]}")


class Firefox:
    def __init__(self, base, hawk_only=False):
        self.server, self.hawk_only = urllib.parse.urlsplit(base), hawk_only
        self.session = self.fetch = self.unwrap_key = None

    # --- requests
    def call(self, path, data=None, token=None, bearer=None, headers=None):
        """The JSON of the answer. `token`: a Derived; `bearer`: a token of OAuth."""
        method, body = ("GET", b"") if data is None else ("POST", json.dumps(data).encode())
        sent = {"Content-Type": "application/json"} if body else {}
        if token is not None:
            sent["Authorization"] = self.signed(method, path, body,
                                                token) if self.hawk_only else token.bearer()
        if bearer is not None:
            sent["Authorization"] = f"Bearer {bearer}"
        connection = http.client.HTTPConnection(self.server.netloc, timeout=60)
        try:
            connection.request(method, path, body or None, {**sent, **(headers or {})})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != 200:
                raise Refusal(answer.status, text, answer.headers)
            return json.loads(text)
        finally:
            connection.close()

    def signed(self, method, path, body, token, ts=None, nonce=None, with_hash=True):
        digest = hawk.payload_hash("application/json", body) if body and with_hash else ""
        return hawk.header(token.id, token.hawk_key, str(int(ts or time.time())), nonce
                           or secrets.token_urlsafe(6), method, path, self.server.hostname,
                           self.server.port, digest)

    # --- by password
    def stretch(self, email, password, version=None):
        if version is None:
            status = self.call("/v1/account/credentials/status", {"email": email})
            version = status["currentVersion"]
        return onepw.stretch_v2(status["clientSalt"],
                                password) if version == "v2" else onepw.stretch_v1(email, password)

    def login(self, email, password, version=None, method="email-2fa", **more):
        """The answer; session and key-fetch token are kept."""
        stretched = self.stretch(email, password, version)
        self.unwrap_key = stretched.unwrap_key
        answer = self.call(
            "/v1/account/login?keys=true", {
                "email": email, "authPW": stretched.auth_pw, "reason": "login", "service": "sync",
                "verificationMethod": method, **more
            })
        self.session = onepw.Derived(bytes.fromhex(answer["sessionToken"]), "sessionToken")
        self.take_fetch(answer)
        return answer

    def reauth(self, email, password):
        stretched = self.stretch(email, password)
        self.unwrap_key = stretched.unwrap_key
        self.take_fetch(
            self.call("/v1/session/reauth?keys=true", {"email": email, "authPW": stretched.auth_pw},
                      self.session))

    def take_fetch(self, answer):
        token = answer.get("keyFetchTokenVersion2") or answer.get("keyFetchToken")
        self.fetch = onepw.Derived(bytes.fromhex(token), "keyFetchToken")

    def verify(self, what, code):
        return self.call(f"/v1/session/{what}", {"code": code}, self.session)

    def k_b(self):
        _, wrapped = onepw.open_keys(self.fetch.bundle_key,
                                     self.call("/v1/account/keys", token=self.fetch)["bundle"])
        return onepw.xor(wrapped, self.unwrap_key)

    def finish(self, name="A test"):
        """From a verified session to an import file with a refresh token; the session ends."""
        k_b = self.k_b()
        scoped = self.call("/v1/account/scoped-key-data", {"client_id": CLIENT, "scope": OLDSYNC},
                           self.session)[OLDSYNC]
        tokens = self.call(
            "/v1/oauth/token", {
                "client_id": CLIENT, "grant_type": "fxa-credentials", "scope": f"profile {OLDSYNC}",
                "access_type": "offline"
            }, self.session)
        self.call("/v1/account/device", {"name": name, "type": "desktop"},
                  bearer=tokens["refresh_token"])
        self.call("/v1/session/destroy", {}, self.session)
        return self.credentials(tokens, sync_key_of(k_b), kid_of(k_b,
                                                                 scoped["keyRotationTimestamp"]))

    def credentials(self, tokens, sync_key, kid):
        """As `Reader` takes them."""
        return {
            **tokens, "sync_key": sync_key.hex(), "kid": kid, "token_server":
            f"{self.server.geturl()}/1.0/sync/1.5"
        }


class Relier:
    """The other way: one attempt to sign in on the accounts server's pages."""
    def __init__(self, base, client=CLIENT, redirect=None, **changes):
        self.base, self.client, self.key, self.verifier = base, client, jwe.new_key(
        ), secrets.token_urlsafe(40)
        self.state = secrets.token_urlsafe(16)
        jwk = {name: value for name, value in jwe.jwk_of(self.key.public_key()).items()}
        self.query = {
            "client_id": client, "scope": f"profile {OLDSYNC}", "state": self.state,
            "code_challenge": challenge_of(self.verifier), "code_challenge_method": "S256",
            "access_type": "offline", "keys_jwk": jwe.b64u(json.dumps(jwk).encode()),
            "response_type": "code", "action": "email", "redirect_uri": redirect
            or f"{base}/oauth/success/{client}"
        }
        self.query.update(changes)

    def address(self):
        return f"{self.base}/authorization?" + urllib.parse.urlencode(
            {k: v
             for k, v in self.query.items()
             if v is not None})

    def exchange(self, code, path="/v1/token", **changes):
        """The tokens; with "keys" for whoever may have them."""
        data = {
            "client_id": self.client, "grant_type": "authorization_code", "code": code,
            "code_verifier": self.verifier, **changes
        }
        tokens = Firefox(self.base).call(path, data)
        if "keys_jwe" in tokens:
            tokens["keys"] = json.loads(jwe.decrypt(self.key, tokens["keys_jwe"]))[OLDSYNC]
        return tokens


def query_of(address):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))

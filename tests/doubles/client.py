"""Starts the double as a child process and talks to its administration interface."""
import json
import os
import select
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "..", "fixtures", "firefox-esr")
ADA = "ada@example.org"
PATIENCE = int(os.environ.get("HEARTH_PATIENCE", 120))  # seconds for a double to start and to end


class _Stay(urllib.request.HTTPRedirectHandler):
    """Redirects are looked at, not followed."""
    def redirect_request(self, *_):
        return None


def fetch(url, form=None):
    """(status, Location or None, text) of one page."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())
    try:
        answer = opener.open(urllib.request.Request(url, data=form), timeout=60)
    except urllib.error.HTTPError as error:
        answer = error
    with answer:
        return answer.status, answer.headers["Location"], answer.read().decode()


class Double:
    """A running double. Ends with stop(), with a `with` block, or when this process ends in
    whatever way."""
    def __init__(self, script, *options, stderr=None):
        command = [sys.executable, os.path.join(HERE, script), *options, "--until-eof"]
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=stderr, text=True)
        # it says one line, at once
        line = self.process.stdout.readline() if select.select([self.process.stdout], [], [],
                                                               PATIENCE)[0] else ""
        if not line.startswith("ready "):
            self.stop()
            raise RuntimeError(f"{script} did not start: {line!r}")
        self.url = line.split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Ends the double; a second time does nothing."""
        if self.process.poll() is not None and self.process.stdin.closed:
            return
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    # --- any call
    def _call(self, method, name, data=None):
        body = None if data is None else json.dumps(data).encode()
        request = urllib.request.Request(
            f"{self.url}/__admin/{urllib.parse.quote(name, safe='/?=&@')}", method=method,
            data=body)
        try:
            with self.opener.open(request, timeout=600) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise RuntimeError(json.load(error)["error"]) from None

    def get(self, name):
        return self._call("GET", name)

    def post(self, name, **data):
        return self._call("POST", name, data)

    def delete(self, name):
        return self._call("DELETE", name)

    # --- what all doubles have
    def log(self, text=""):
        """Requests since the last clear() whose path has the text."""
        return [r for r in self.get("log") if text in r["path"]]

    def clear(self):
        """Empties the log, and the counters where there are some."""
        self.post("clear")

    def faults(self, *rules):
        """Replaces the rules; without any, all is well again."""
        self.post("faults", rules=list(rules))

    def settings(self, **settings):
        return self.post("settings", **settings)


class SyncService(Double):
    """Accounts, token and storage servers. `load`: with Ada, at this step of her story."""
    def __init__(self, load=True, step=7, port=0, stderr=None):
        super().__init__("sync_service.py", "--step", str(step), "--port", str(port),
                         *(["--load", FIXTURES] if load else []), stderr=stderr)

    # --- accounts and their data
    def import_file(self, email=ADA, auth="access"):
        """The JSON that `hearthd account import` takes."""
        return self.get(f"import/{email}?auth={auth}")

    def account(self, email, **size):
        """Makes a synthetic account (history=, bookmarks=, tabs=, devices=, seed=, now=, auth=,
        sign_in={…}); answers its import file."""
        return self.post("accounts", email=email, **size)

    def step(self, step):
        self.post("step", step=step)

    def put(self, collection, *records, email=ADA):
        """Records are {"id", "cleartext" or "payload", "sortindex"?, "ttl"?}; all get one time,
        which is answered."""
        return self.post("put", email=email, collection=collection,
                         records=list(records))["modified"]

    def put_clear(self, collection, *cleartexts, email=ADA):
        """The same, of cleartext objects alone."""
        return self.put(collection, *({"id": c["id"], "cleartext": c} for c in cleartexts),
                        email=email)

    def remove(self, collection, *ids, email=ADA):
        """Deletes for real, without tombstones."""
        return self.post("delete", email=email, collection=collection, ids=list(ids))["modified"]

    # --- signing in
    def sign_in(self, email=ADA, **settings):
        """How the account lets people in: password=, version="v1", second_factor="totp",
        blocked=True, …: README.md. Answers all of it."""
        return self.post("sign-in", email=email, **settings)

    def new_client(self, redirect, **client):
        """Registers an OAuth client (id=, scopes=, keys=, public=, can_grant=, jwt=);
        answers its id."""
        return self.post("clients", redirect=redirect, **client)["client_id"]

    def mails(self, email=ADA, kind=None):
        """What was sent to the account, oldest first:
        {"kind": "login", "unblock" or "link", "code", …}."""
        return [m for m in self.get(f"mails/{email}") if kind in (None, m["kind"])]

    def code(self, email=ADA, kind="login"):
        """The one mailed last."""
        return self.mails(email, kind)[-1]["code"]

    def totp(self, email=ADA):
        """What the account's authenticator shows now."""
        return self.get(f"totp/{email}")["code"]

    def confirm(self, email=ADA):
        """Follows the mailed link."""
        self.post("confirm", email=email)

    def devices(self, email=ADA):
        """The account's list of devices; `of` says whose it is: "refresh", "session", or
        nobody's that is known here."""
        return self.get(f"devices/{email}")

    def sessions(self, email=ADA):
        """All that ever were: id, verified, destroyed."""
        return self.get(f"sessions/{email}")

    def tokens(self, email=ADA):
        """Good {"refresh": […], "access": […]} tokens that came of sign-ins."""
        return self.get(f"tokens/{email}")

    def change_password(self, password, email=ADA):
        self.post("change-password", email=email, password=password)

    def reset(self, email=ADA, **how):
        """password=, keep_key=, reupload=, keep_tokens=."""
        return self.post("reset", email=email, **how)

    def fail(self, path, errno, status=None, times=1, account=None, headers=None, **extra):
        """Adds to the rules: the next calls of this path (of this account) get this errno.
        `extra`: further fields of the body."""
        rule = {
            "path": path, "auth_error": errno, "times": times, "extra": extra, "status": status,
            "account": account, "headers": headers
        }
        self.post("add-fault",
                  rule={name: value
                        for name, value in rule.items()
                        if value is not None})

    def visit(self, url, email=ADA, password=None, code=None, answer="yes"):
        """Fills in the sign-in page at this address, as a person in a browser would (without a
        password: the right one). (status, address it leads to, text of the page)."""
        form = {
            "email": email, "password": password or self.get(f"sign-in/{email}")["password"] or "",
            "answer": answer
        }
        if code is not None:
            form["code"] = code
        return fetch(url, urllib.parse.urlencode(form).encode())

    # --- looking
    def counters(self):
        return self.get("counters")


class OidcProvider(Double):
    """An OpenID Connect provider, at `issuer`. `redirect`: the client's callback, or several;
    also later, by client()."""
    def __init__(self, redirect=None, prefix="", port=0, stderr=None):
        super().__init__("oidc_provider.py", "--port", str(port), "--prefix", prefix, stderr=stderr)
        self.issuer = self.url + prefix
        self.client(redirect)

    def client(self, redirect=None, **client):
        """Who may ask (client_id=, client_secret=); answers it."""
        if redirect is not None:
            client["redirects"] = [redirect] if isinstance(redirect, str) else list(redirect)
        return self.post("client", **client)

    def user(self, **claims):
        """Who signs in from now on: Ada with these changes; None leaves a claim out."""
        return self.post("user", **claims)

    def rotate(self, keep_old=False):
        return self.post("rotate", keep_old=keep_old)

    def restore(self):
        """User, settings and rules as in the beginning."""
        self.post("restore")

    def visit(self, url, answer="yes"):
        """What a browser does at the authorization endpoint, with its form filled in if there is
        one: the address it is led to, or None."""
        status, address, text = fetch(url)
        return fetch(url,
                     urllib.parse.urlencode({
                         "answer": answer
                     }).encode())[1] if status == 200 and "<form" in text else address

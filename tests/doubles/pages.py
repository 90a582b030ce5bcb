"""The web pages of the accounts server: where a person signs in for an OAuth client, and where
some clients' redirects end."""
import html
import json
import re
import urllib.parse

from clients import OLDSYNC
from errors import Failure
from jwe import keys_jwe, public_of, unb64u
from storage_api import Answer

CHALLENGE = re.compile(r"^[A-Za-z0-9_-]{43}$")
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><h1>{title}</h1>
{content}
</body></html>
"""
FORM = """<p id="error">{problem}</p>
<form method="post" action="{action}">
<p><label>Email <input type="email" name="email" value="{email}" required></label></p>
<p><label>Password <input type="password" name="password" value="{password}" required></label></p>
{code}<p><button name="answer" value="yes">Sign in to {client}</button>
<button name="answer" value="no" formnovalidate>Cancel</button></p>
</form>"""
CODE = ('<p><label>Code <input name="code" autocomplete="one-time-code" autofocus '
        'required></label></p>\n')


class Refused(Exception):
    """The relier's request is wrong; `word` goes back to it."""


def page(title, content, status=200):
    return Answer(status, PAGE.format(title=html.escape(title), content=content),
                  {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})


def wrong_request(text):
    """For what must not be sent back to anybody: nobody knows who asks."""
    return page("Bad request", f"<p id=\"error\">{html.escape(text)}</p>", 400)


def fields_of(text):
    return dict(urllib.parse.parse_qsl(text, keep_blank_values=True))


class Pages:
    def __init__(self, service):
        self.service = service

    def answer(self, request, body):
        url = urllib.parse.urlsplit(request.path)
        if url.path.startswith("/oauth/success/"):
            return page("You are signed in", "<p>You may close this page.</p>")
        if url.path == "/complete_signin":
            return self._complete(fields_of(url.query))
        if url.path != "/authorization" or request.method not in ("GET", "POST"):
            return page("Not found", "", 404)
        return self._authorization(request, url.query, fields_of(body.decode("utf-8", "replace")))

    def _complete(self, query):
        """Where a mailed link leads."""
        account = next((a for a in self.service.all_accounts() if a.uid == query.get("uid")), None)
        try:
            if account is None:
                raise Failure(102)
            account.signin.take_code("link", query.get("code", ""), 105)
        except Failure as failure:
            return wrong_request(failure.message)
        self.service.confirm(account)
        return page("Sign-in confirmed", "<p>You may close this page.</p>")

    # --- for an OAuth client
    def _authorization(self, request, query, form):
        asked = fields_of(query)
        client = self.service.clients.get(asked.get("client_id"))
        if client is None:
            return wrong_request("Unknown client")
        redirect = self.service.clients.redirect(client, asked.get("redirect_uri"))
        if redirect is None:
            return wrong_request("Incorrect redirect_uri")
        try:
            self.check(client, asked)
            if request.method == "GET":
                return self._form(client, query, asked.get("email", ""))
            if form.get("answer") == "no":
                raise Refused("access_denied")
            return self._sign_in(client, query, asked, form, redirect)
        except Refused as refused:
            return self._back(redirect, asked, error=str(refused))

    @staticmethod
    def _back(redirect, asked, **query):
        if "state" in asked:
            query["state"] = asked["state"]
        joint = "&" if "?" in redirect else "?"
        return Answer(302, b"", {
            "Location": redirect + joint + urllib.parse.urlencode(query), "Cache-Control":
            "no-store"
        })

    @staticmethod
    def check(client, asked):
        """Everything a client must say; the word of the first thing that is wrong."""
        scope = asked.get("scope", "").split()
        if asked.get("response_type", "code") != "code":
            raise Refused("unsupported_response_type")
        if not scope or not set(scope) <= set(client.scopes):
            raise Refused("invalid_scope")
        if not asked.get("state") or len(asked["state"]) > 512 or asked.get(
                "access_type", "online") not in ("online", "offline"):
            raise Refused("invalid_request")
        if asked.get("code_challenge_method") != "S256" or not CHALLENGE.match(
                asked.get("code_challenge", "")):
            raise Refused("invalid_request")
        if "keys_jwk" in asked:
            Pages._key(asked)

    @staticmethod
    def _key(asked):
        try:
            return public_of(json.loads(unb64u(asked["keys_jwk"])))
        except ValueError:
            raise Refused("invalid_request") from None

    def _form(self, client, query, email="", password="", problem="", code=False):
        return page(
            "Sign in",
            FORM.format(problem=html.escape(problem), action=html.escape("/authorization?" + query),
                        email=html.escape(email), password=html.escape(password),
                        code=CODE if code else "", client=html.escape(client.name)))

    def _sign_in(self, client, query, asked, form, redirect):
        """The password, then the second factor,
        in one form that comes back until it is complete."""
        email, password = form.get("email", ""), form.get("password", "")
        account, problem = self.person(email, password, form.get("code"))
        if problem is not None:
            return self._form(client, query, email, password if account else "", problem,
                              code=account is not None)
        return self._back(redirect, asked, code=self.code_for(account, client, asked),
                          action="signin")

    def person(self, email, password, code):
        """(account, None) of who proves to be it; else (account, what to show) when the code is
        what is missing, (None, what to show) when it is something else."""
        account = self.service.find(email)
        known = None if account is None else account.signin.password
        if known is None or password != known:
            return None, "Unknown account" if account is None else "Incorrect password"
        question = account.signin.open_question("email-2fa")
        if question and question[1] != "login":
            return None, ("Unverified account"
                          if question[1] == "signup" else "Account must be reset")
        return account, self._second_factor(account.signin, question, code)

    def code_for(self, account, client, asked):
        """An OAuth code; with the sync key, if the client may have it and has sent a key."""
        jwe, scope = None, asked["scope"].split()
        if OLDSYNC in scope and client.keys and "keys_jwk" in asked:
            jwe = keys_jwe(self._key(asked), OLDSYNC, account.sync_key, account.kid,
                           account.signin.settings["jwe"])
        return self.service.oauth.new_code(account, client, " ".join(scope),
                                           asked["code_challenge"],
                                           asked.get("access_type") == "offline", jwe)

    @staticmethod
    def _second_factor(signin, question, code):
        """None: proven. Else what to show beside the field for the code. (A mailed link is a
        mailed code here.)"""
        if question is None:
            return None
        totp = question[0] == "totp-2fa"
        if not code:
            if not totp:
                signin.mail("login")
            return ""
        try:
            if totp and not signin.totp_right(code):
                signin.take_recovery_code(code)
            elif not totp:
                signin.take_code("login", code, 183)
        except Failure as failure:
            return failure.message
        return None

"""The page where Firefox itself signs a person in: a form that speaks with the browser over its
WebChannel, as the accounts server's own pages do."""
import html
import json
import urllib.parse

from pages import Refused, fields_of, page, wrong_request
from storage_api import json_answer

FIREFOX = "5882386c6d801776"
REDIRECT = "urn:ietf:wg:oauth:2.0:oob:oauth-redirect-webchannel"
ENGINES = ("bookmarks", "history", "tabs", "passwords", "addons", "prefs")
CONTENT = """<p id="problem"></p>
<form id="signin">
<p><label>Email <input type="email" id="email" required value="{email}"></label></p>
<p><label>Password <input type="password" id="password" required></label></p>
<p><label>Code <input id="code"></label></p>
<p><button id="submit">Sign in</button></p>
</form>
<script>
const waiting = new Map();
addEventListener("WebChannelMessageToContent", event => {{
  const {{ id, message }} = event.detail;
  const answer = id === "account_updates" && waiting.get(message.messageId);
  if (!answer) return;
  waiting.delete(message.messageId);
  message.data?.error ? answer.no(message.data.error) : answer.yes(message.data);
}});
function send(command, data) {{
  const messageId = String(Math.random());
  return new Promise((yes, no) => {{
    waiting.set(messageId, {{ yes, no }});
    dispatchEvent(new CustomEvent("WebChannelMessageToChrome", {{ detail: JSON.stringify(
      {{ id: "account_updates", message: {{ command, messageId, data }} }}) }}));
  }});
}}
async function signIn() {{
  const said = {{}};
  for (const name of ["email", "password", "code"])
    said[name] = document.getElementById(name).value;
  const answer = await (await fetch(location.href, {{
    method: "POST", body: JSON.stringify(said), headers: {{ "Content-Type": "application/json" }},
  }})).json();
  if (answer.problem) throw answer.problem;
  const {{ login, oauth }} = answer, {{ uid, email }} = login;
  if (!(await send("fxaccounts:can_link_account", {{ uid, email }})).ok) throw "Not here";
  await send("fxaccounts:login", login);
  await send("fxaccounts:oauth_login", oauth);
}}
document.getElementById("signin").addEventListener("submit", event => {{
  event.preventDefault();
  signIn().then(() => {{ document.title = "You are signed in"; }}, problem => {{
    document.title = "Not signed in";
    document.getElementById("problem").textContent = JSON.stringify(problem);
  }});
}});
send("fxaccounts:fxa_status", {{ service: "sync", context: "{context}" }}).then(
  status => {{ document.title = "Sign in to Firefox"; }},
  problem => {{ document.title = "Not a Firefox"; }});
</script>"""


class WebChannel:
    def __init__(self, service, pages):
        self.service, self.pages = service, pages

    @staticmethod
    def serves(path):
        url = urllib.parse.urlsplit(path)
        return url.path == "/" and "context" in fields_of(url.query)

    def answer(self, request, body):
        asked = fields_of(urllib.parse.urlsplit(request.path).query)
        client = self.service.clients.get(asked.get("client_id"))
        if client is None or client.id != FIREFOX:
            return wrong_request("This page is for Firefox")
        try:
            self.pages.check(client, asked)
        except Refused as refused:
            return wrong_request(str(refused))
        if request.method != "POST":
            return page(
                "Sign in",
                CONTENT.format(email=html.escape(asked.get("email", "")),
                               context=json.dumps(asked["context"])[1:-1].replace("<", "")))
        try:
            said = json.loads(body)
        except ValueError:
            return wrong_request("no JSON")
        account, problem = self.pages.person(said.get("email", ""), said.get("password", ""),
                                             said.get("code"))
        return json_answer({"problem": problem} if problem is not None else self._signed_in(
            account, client, asked))

    def _signed_in(self, account, client, asked):
        """What the page tells Firefox in two messages: who it is, and the code for its keys."""
        session = self.service.sessions.new(account, None)
        return {
            "login": {
                "uid": account.uid, "email": account.email, "sessionToken":
                session.derived.token.hex(), "verified": True, "services": {
                    "sync": {"offeredEngines": ENGINES, "declinedEngines": []}
                }
            }, "oauth": {
                "action": "signin", "code": self.pages.code_for(account, client, asked), "state":
                asked["state"], "redirect": REDIRECT
            }
        }

"""Answers that are not the server's own, or are of no use, to each request that a sign-in and a
sync make: what a person reads is true, blames nobody who has no part in it, says what comes next,
and passes; HEARTH_SENTENCES=FILE writes all of them down."""
import json
import os
import re
import unittest

from browser import Browser
from harness import ADA, TestCase, until

CLIENT = "3c49430b43dfba77"
HTML = {"Content-Type": "text/html"}
JSON = {"Content-Type": "application/json"}
PAGE = "<html><h1>Log in to the network</h1></html>"
OURS = "(Something between here and the|something in between answered in its place)"
BROKEN = "(cut off|connection to the .* broke off|cannot be reached: the connection to)"

# what comes instead: the fault, what a sign-in says of it
ANSWERS = {
    "page 200": ({"status": 200, "headers": HTML, "body": PAGE}, OURS),
    "page 400": ({"status": 400, "headers": HTML, "body": PAGE}, OURS),
    "page 401": ({"status": 401, "headers": HTML, "body": PAGE}, OURS),
    "page 403": ({"status": 403, "headers": HTML, "body": PAGE}, OURS),
    "page 407": ({"status": 407, "headers": HTML, "body": PAGE}, OURS),
    "page 502": ({"status": 502, "headers": HTML, "body": PAGE}, r"failed \(502|not work at the"),
    "page 513": ({"status": 513, "headers": HTML, "body": PAGE}, r"failed \(513|not work at the"),
    "empty 401": ({"status": 401, "body": ""}, OURS),
    "empty 403": ({"status": 403, "body": ""}, OURS),
    "JSON 403 of a gateway": ({"status": 403, "headers": JSON, "body": '{"message":"Forbidden"}'},
                              OURS),
    "empty 200": ({"status": 200, "headers": JSON, "body": ""}, "(empty or was )?cut off"),
    "JSON cut off": ({"status": 200, "headers": JSON, "body": '{"uid": "12'}, "cut off"),
    "broken off": ({"truncate": 5}, BROKEN),
    "of another shape": ({"status": 200, "headers": JSON, "body": '{"hello": "world"}'}, None),
    "huge": ({"status": 200, "headers": JSON, "flood": {"byte": "[", "count": 3 << 20}},
             "larger than Hearth accepts"),
}

BLAMES_THE_PERSON = "(?i)(password|code) is not right|sign in again|was reset|no Mozilla account"
NEXT = ("(?i)try again|tried again|whoever runs|ask (whoever|its)|looks again|start again|mends it|"
        "next sync|report it")


class Answers(TestCase):
    def setUp(self):
        super().setUp()
        self.said = []

    def note(self, where, kind, text):
        self.said.append(f"{where:28} {kind:22} {text}")
        path = os.environ.get("HEARTH_SENTENCES")
        if path:
            with open(path, "a", encoding="utf-8") as f:
                f.write(self.said[-1] + "\n")

    def home(self):
        service = self.service()
        return service, self.node(
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = {service.url}"
            f"/1.0/sync/1.5\nclient_id = {CLIENT}\n[scheduler]\nretry = 1h\njitter = 0\n"
            "[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nallow = *\n")

    def answer(self, node, password):
        browser = Browser(node.address,
                          {"X-Forwarded-For": "192.0.2.66", "Sec-Fetch-Site": "same-origin"})
        browser.open(node.address + "/auth/signin?next=/tabs")
        fields = {"setup": node.setup_code} if "belongs to nobody" in browser.page.text else {}
        browser.submit("Sign in with a password", email=ADA, until=node.address + "/tabs", **fields)
        if browser.page.status == 200:
            browser.submit("Continue", f_password=password, until=node.address + "/tabs")
        return browser

    def test_signing_in(self):
        """All of it from one address, which has ten guesses: none of it is one."""
        service, node = self.home()
        password = service.get(f"sign-in/{ADA}")["password"]
        for path in ("/.well-known/fxa-client-configuration", "/v1/account/credentials/status",
                     "/v1/account/login", "/v1/account/keys", "/v1/account/scoped-key-data",
                     "/v1/oauth/token"):
            for kind, (fault, words) in ANSWERS.items():
                if path.endswith("/status") and kind in ("page 400", "of another shape"):
                    continue  # an older server does not know the question
                with self.subTest(path=path, kind=kind):
                    service.faults({"path": re.escape(path) + "$|" + re.escape(path) + r"\?",
                                    **fault})
                    page = self.answer(node, password).page
                    text = " ".join(page.text.split())
                    self.note(path, kind, f"{page.status} {text}")
                    self.assertEqual(page.status, 503, text)
                    self.assertNotRegex(text, BLAMES_THE_PERSON)
                    self.assertRegex(text, NEXT)
                    if words and not path.startswith("/.well-known"):
                        self.assertRegex(text, words)
        self.assertNotIn("sign-in failed", node.log_text())
        self.assertIn("sign-in ended address=192.0.2.66 reason=server_error", node.log_text())
        service.faults()
        browser = self.answer(node, password)
        self.assertEqual(browser.page.status, 303, browser.page.text)

    def test_syncing(self):
        service, node = self.home()
        number = 0
        for match in (r"\.well-known/", "v1/token", "1.0/sync/1.5", "info/collections",
                      "storage/meta/global", "storage/crypto/keys", "info/configuration",
                      "storage/clients", "storage/tabs", "storage/bookmarks", "storage/history"):
            for kind, (fault, words) in ANSWERS.items():
                number += 1
                email = f"p{number}@example.org"
                with self.subTest(match=match, kind=kind):
                    service.account(email, history=3, bookmarks=3, tabs=2)
                    service.faults({"match": match, **fault})
                    node.cli("account", "import", "-",
                             text=json.dumps(service.import_file(email, "refresh")))
                    until(lambda e=email: node.cli_json("account", "show", e)["last_attempt_at"],
                          "an attempt")
                    row = node.cli_json("account", "show", email)
                    text = row["detail"] or ""
                    self.note(match, kind, f"{row['state']} {text}")
                    if match == "info/configuration" or (kind == "of another shape"
                                                         and row["state"] == "ok"):
                        continue
                    self.assertNotEqual(row["state"], "signin_needed", text)
                    self.assertNotRegex(text, BLAMES_THE_PERSON)
                    self.assertRegex(text, NEXT)
        service.faults()


if __name__ == "__main__":
    unittest.main()

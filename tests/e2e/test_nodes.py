"""Several nodes: where newcomers go, what happens at the wrong node, and moving accounts away.
One process with all roles serves node alder; its workers serve both nodes."""
import contextlib
import hashlib
import json
import math
import pathlib
import sqlite3
import subprocess
import unittest
import urllib.error
import urllib.parse
import urllib.request

from browser import Browser
from harness import HEARTHD, PATIENCE, TestCase, until

CONFIG = """[scheduler]
interval = 1s
[storage alder]
path = alder.db
[storage birch]
path = birch.db
[node alder]
url = https://alder.example.org/
[node birch]
url = https://birch.example.org
weight = 100
[web]
node = alder
"""


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def ask(node, path, method="GET", token=None, headers=None):
    """(status, headers, body), redirects not followed."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect())
    headers = dict(headers or {}, **({"Authorization": f"Bearer {token}"} if token else {}))
    try:
        with opener.open(
                urllib.request.Request(node.address + path, method=method, headers=headers,
                                       data=b"" if method == "POST" else None)) as a:
            return a.status, a.headers, a.read()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.headers, e.read()


class Nodes(TestCase):
    def fleet(self, count=8):
        service = self.service(load=False)
        node = self.node(CONFIG)
        emails = [f"person{i}@example.org" for i in range(count)]
        for email in emails:
            data = service.account(email, history=30, bookmarks=10, tabs=5, seed=len(email))
            node.cli("account", "import", "-", text=json.dumps(data))
            node.sync(email)
        places = {row["email"]: row["node"] for row in node.cli_json("account", "list")}
        self.assertEqual(set(places), set(emails))
        self.assertEqual(set(places.values()), {"alder", "birch"})
        return service, node, places

    def test_where_accounts_are(self):
        _, node, places = self.fleet()
        for email, place in places.items():
            status, _, body = ask(node, "/api/v1/node?account=" + urllib.parse.quote(email.upper()))
            self.assertEqual((status, json.loads(body)["node"]), (200, place))
        strangers = [f"stranger{i}@example.net" for i in range(40)]
        answers = [json.loads(ask(node, f"/api/v1/node?account={e}")[2]) for e in strangers]
        self.assertEqual({a["node"] for a in answers}, {"alder", "birch"})
        self.assertEqual(answers,
                         [json.loads(ask(node, f"/api/v1/node?account={e}")[2]) for e in strangers])
        self.assertEqual(ask(node, "/api/v1/node")[0], 400)

    def test_wrong_node(self):
        _, node, places = self.fleet()
        here = next(e for e, p in places.items() if p == "alder")
        there = next(e for e, p in places.items() if p == "birch")
        status, headers, body = ask(node, "/api/v1/me", token=node.token(here))
        self.assertEqual((status, json.loads(body)["account"]["node"]), (200, "alder"))
        self.assertIn("hearth_node=alder;", headers["Set-Cookie"])
        self.assertIsNone(
            ask(node, "/api/v1/me", token=node.token(here),
                headers={"Cookie": "hearth_node=alder"})[1]["Set-Cookie"])
        for _ in range(2):  # the second from what is remembered
            status, headers, _ = ask(node, "/api/v1/bookmarks/caf%C3%A9%2F?a=b%26c",
                                     token=node.token(there))
            self.assertEqual(status, 307)
            self.assertEqual(headers["Location"],
                             "https://birch.example.org/api/v1/bookmarks/caf%C3%A9/?a=b%26c")
            self.assertIn("hearth_node=birch;", headers["Set-Cookie"])
        status, headers, body = ask(node, "/api/v1/sync", "POST", token=node.token(there))
        self.assertEqual((status, json.loads(body)["code"]), (421, "wrong_node"))
        self.assertIn("https://birch.example.org/api/v1/sync", json.loads(body)["detail"])
        self.assertEqual(ask(node, "/api/v1/me", token="hth_" + "a" * 43)[0], 401)

    def test_signing_in(self):
        """At whichever node somebody begins: the account is made where it belongs, and the
        browser is taken there by a link."""
        service, node = self.service(load=False), self.node()
        node.configure(
            "40-nodes",
            CONFIG.replace("url = https://birch.example.org", "url = https://birch.example.org/") +
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = 3c49430b43dfba77\n[auth]\nallow = *\n"
        )
        node.stop()
        node.start()
        ends = {}
        for i in range(8):
            email = f"person{i}@example.org"
            service.account(email, history=3)
            browser = Browser(node.address)
            browser.open(node.address + "/auth/signin?next=/history")
            browser.submit("Sign in with a password", email=email)
            self.assertEqual(browser.cookies()["hearth_node"], "alder")  # where the attempt is
            browser.submit("Continue", until="http", f_password="a password")
            target = browser.page.headers["Location"]
            place = json.loads(ask(node, f"/api/v1/node?account={email}")[2])["node"]
            ends[place] = target
            self.assertEqual(browser.cookies()["hearth_node"], place)
            if place == "alder":
                self.assertEqual(target, "/history")
                self.assertIn("hearth_session", browser.cookies())
            else:
                self.assertRegex(
                    target,
                    r"^https://birch\.example\.org/auth/link\?t=hthl_[\w-]{43}&next=/history$")
                self.assertNotIn("hearth_session", browser.cookies())
        self.assertEqual(set(ends), {"alder", "birch"})
        places = {row["email"]: row["node"] for row in node.cli_json("account", "list")}
        self.assertEqual(len(places), 8)

    def test_drain(self):
        service, node, places = self.fleet()
        leaving = [e for e, p in places.items() if p == "birch"]
        tokens = {e: node.token(e) for e in leaving}
        service.faults({"match": "info/collections", "status": 500, "times": 1})
        said = node.cli("node", "drain", "birch", "--wait", "--yes", both=True)
        self.assertIn("node drained", said + node.log_text())
        self.assertIn("Newcomers still go there: set weight = 0", said)
        self.assertEqual({row["node"] for row in node.cli_json("account", "list")}, {"alder"})
        self.assertEqual({row["node"]: row["accounts"]
                          for row in node.cli_json("node", "list")},
                         {"alder": len(places), "birch": 0})
        for email in leaving:
            status, _, body = ask(node, "/api/v1/me", token=tokens[email])
            self.assertEqual(status, 200)
            account = json.loads(body)["account"]
            self.assertEqual((account["node"], account["state"], account["counts"]["bookmarks"]),
                             ("alder", "ok", 10))
            self.assertGreater(account["counts"]["visits"], 0)
        self.assertEqual(node.cli("verify").splitlines()[-1], "The databases are sound.")

    def test_what_the_service_forgot_moves_along(self):
        """Pages that only Hearth still has; and the sync on the new node goes on from where the
        old one had read."""
        service, node, places = self.fleet(4)
        email = next(e for e, p in places.items() if p == "birch")

        def archived(name):
            path = f"{node.folder}/{name}"
            node.cli("account", "archive", email, path)
            with open(path, encoding="utf-8") as f:
                return [json.loads(line) for line in f]

        before = archived("before")
        service.remove("history", *[r["guid"] for r in before if r["record"] == "page_guid"],
                       email=email)
        node.cli("node", "drain", "birch", "--wait", "--yes")
        after = archived("after")
        self.assertEqual(node.cli_json("account", "show", email)["node"], "alder")
        kinds = {"device", "tab", "page", "page_guid", "visit", "bookmark", "tombstone", "children"}
        self.assertGreater(len([r for r in before if r["record"] == "visit"]), 20)
        self.assertEqual([r for r in after if r["record"] in kinds],
                         [r for r in before if r["record"] in kinds])

    def test_who_moves_along(self):
        """How somebody signs in, what the operator said, and that the server is owned, come to
        the new node."""
        service, node, places = self.fleet(4)
        email = next(e for e, p in places.items() if p == "birch")
        node.cli("account", "adopt", email, "--proxy", "the-name", "--yes")
        node.cli("account", "adopt", email, "--yes")
        with contextlib.closing(sqlite3.connect(f"{node.state}/alder.db")) as db, db:
            self.assertEqual(db.execute("DELETE FROM properties WHERE name = 'owned'").rowcount, 1)
        before = self.identities(node, "birch", email)
        self.assertEqual({i[0].partition(":")[0] for i in before}, {"sync", "proxy", "adopt"})
        node.cli("node", "drain", "birch", "--wait", "--yes")
        self.assertEqual(self.identities(node, "alder", email), before)
        with contextlib.closing(sqlite3.connect(f"{node.state}/alder.db")) as db:
            self.assertEqual(
                db.execute("SELECT text FROM properties WHERE name = 'owned'").fetchall(),
                [("yes", )])
        # by the operator's word
        node.cli("account", "import", "-",
                 text=json.dumps({**service.import_file(email, "access"), "uid": "9" * 32}))
        self.assertEqual(node.cli_json("account", "show", email)["uid"], "9" * 32)

    def test_what_was_removed_stays_removed(self):
        """The new node syncs everything anew: what was removed on the old one is not among it,
        and does not come later."""
        service, node, places = self.fleet(4)
        email = next(e for e, p in places.items() if p == "birch")
        sites = lambda: [
            page["url"].split("/")[2]
            for page in json.loads(node.cli("export", email, "history.json"))["pages"]
        ]
        site = sites()[0]
        said = node.cli("account", "forget", email, "--site", site, "--yes")
        self.assertRegex(said, "removed [0-9,]+ visits? of")
        before = node.cli_json("account", "show", email)["counts"]
        node.cli("node", "drain", "birch", "--wait", "--yes")
        for _ in range(2):
            self.assertNotIn(site, sites())
            after = node.cli_json("account", "show", email)
            self.assertEqual((after["node"], after["counts"]["visits"], after["counts"]["pages"]),
                             ("alder", before["visits"], before["pages"]))
            node.cli("account", "resync", email, "--wait")
        self.assertEqual(node.cli("verify").splitlines()[-1], "The databases are sound.")

    def test_other_sources_move_along(self):
        """With their credentials, their cursors, and what each has brought."""
        service, node, places = self.fleet(4)
        email = next(e for e, p in places.items() if p == "birch")
        with contextlib.closing(sqlite3.connect(f"{node.state}/birch.db")) as db, db:
            row, name = db.execute("SELECT row, id FROM accounts WHERE email = ?",
                                   (email, )).fetchone()
            db.executemany(
                "INSERT INTO sources VALUES (?, ?, ?, ?, 'other', 'u', 5, ?, 1, 'words', 6, 7, 0, "
                "1, 0, ?)",
                [(row, 2, "Old laptop", 1, 0, b"sealed"), (row, 65535, "A file", 2, 9, None)])
        (path, ) = pathlib.Path(node.state).glob(f"**/{name}.db")
        with contextlib.closing(sqlite3.connect(path)) as db, db:
            self.assertGreater(
                db.execute("UPDATE visits SET source = 2 WHERE date % 2 = 0").rowcount, 0)
            db.execute("INSERT INTO source_marks VALUES (2, 4, 'as far as this')")
        said = node.cli("account", "show", email)
        for words in ("Old laptop", "A file", "import", "words"):
            self.assertIn(words, said)
        self.assertEqual([(s["id"], s["kind"], s["state"])
                          for s in node.cli_json("account", "show", email)["sources"]],
                         [(2, "sync", "waiting"), (65535, "import", "waiting")])

        def archived(name):
            path = f"{node.folder}/{name}"
            node.cli("account", "archive", email, path, "--with-credentials")
            with open(path, encoding="utf-8") as f:
                return [
                    r for r in map(json.loads, f)
                    if r["record"] != "end" and (r["record"] in ("source",
                                                                 "visit") or r.get("source", 0) > 0)
                ]

        before = archived("before")
        self.assertEqual([r["sealed"] for r in before if r["record"] == "credentials"],
                         [b"sealed".hex()])
        self.assertIn({"record": "cursor", "collection": 4, "text": "as far as this", "source": 2},
                      before)
        node.cli("node", "drain", "birch", "--wait", "--yes")
        self.assertEqual(node.cli_json("account", "show", email)["node"], "alder")
        self.assertEqual(archived("after"), before)
        # of the account's own provider: what others brought stays
        node.cli("account", "resync", email, "--wait")
        self.assertEqual(
            [r for r in archived("again") if r.get("source", 0) > 0 or r["record"] == "source"],
            [r for r in before if r.get("source", 0) > 0 or r["record"] == "source"])
        self.assertEqual(node.cli("verify").splitlines()[-1], "The databases are sound.")

    def test_who_took_over_before_a_move_was_done(self):
        """An earlier attempt has left a row on the new node: who opened it then does not open it
        there afterwards."""
        service, node, places = self.fleet(4)
        email = next(e for e, p in places.items() if p == "birch")
        before = service.import_file(email, "access")
        service.faults({"match": "info/collections", "status": 500})
        node.cli("node", "drain", "birch", "--yes")
        until(lambda: self.identities(node, "alder", email), "the row on the new node")
        node.cli("account", "adopt", email, "--yes")
        node.cli("account", "import", "-", text=json.dumps({**before, "uid": "9" * 32}))
        service.faults()
        node.cli("node", "drain", "birch", "--wait", "--yes")
        there = [i[:2] for i in self.identities(node, "alder", email)]
        self.assertEqual([i for i in there if not i[0].startswith("closed:")],
                         [("sync:firefox", "9" * 32)])
        # the marks of the takeover move along
        self.assertEqual([i[1] for i in there if i[0].startswith("closed:")], ["all", "all again"])
        self.assertIn("opened by another sign-in",
                      node.cli("account", "import", "-", text=json.dumps(before), code=1))

    def identities(self, node, name, email):
        with contextlib.closing(sqlite3.connect(f"{node.state}/{name}.db")) as db:
            return db.execute(
                "SELECT issuer, subject, i.created FROM identities i JOIN accounts a ON a.row = "
                "i.account WHERE email = ? ORDER BY 1, 2",
                (email, )).fetchall()

    def home_of(self, placement, weights):
        """The greatest -weight / ln(draw), the draw being the first 52 bits of SHA-256 over
        name, NUL, address."""
        def score(name):
            bits = int.from_bytes(
                hashlib.sha256(f"{name}\0{placement.lower()}".encode()).digest()[:8], "big") >> 12
            return -weights[name] / math.log((bits + 0.5) / 2**52)

        return max(weights, key=score)

    def test_an_address_that_changed_moves_nobody_elsewhere(self):
        """A drain hashes the address that the account was made with."""
        service, node = self.service(load=False), self.node(
            CONFIG +
            "[storage cedar]\npath = cedar.db\n[node cedar]\nurl = https://cedar.example.org\n"
            "weight = 100\n"
        )
        ends, others = {}, {"alder": 100, "cedar": 100}
        for i in range(60):
            old, new = f"person{i}@example.org", f"moved{i}@example.net"
            if self.home_of(old, {**others, "birch": 100}) != "birch" or self.home_of(
                    old, others) == self.home_of(new, others):
                continue
            data = service.account(old, history=3, bookmarks=3, tabs=1, seed=i)
            node.cli("account", "import", "-", text=json.dumps(data))
            node.cli("account", "import", "-", text=json.dumps({**data, "email": new}))
            self.assertEqual(node.cli_json("account", "show", new)["node"], "birch")
            ends[new] = self.home_of(old, others)
            if len(ends) == 4:
                break
        self.assertEqual(len(ends), 4)
        node.cli("node", "drain", "birch", "--wait", "--yes")
        self.assertEqual({row["email"]: row["node"]
                          for row in node.cli_json("account", "list")}, ends)

    def test_newcomers_do_not_hold_up_a_drain(self):
        """Who came after it began does not leave: it ends, and says why there is somebody."""
        service, node, _ = self.fleet(4)
        service.faults({"match": "info/collections", "status": 500})
        words = [HEARTHD, "--config", node.conf, "node", "drain", "birch", "--wait", "--yes"]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=node.environment) as drain:
            try:
                until(lambda: "left to move" in drain.stdout.readline(), "the drain has begun")
                for i in range(16):
                    data = service.account(f"newcomer{i}@example.org", history=3, bookmarks=3,
                                           tabs=1)
                    node.cli("account", "import", "-", text=json.dumps(data))
                service.faults()
                said = drain.communicate(timeout=PATIENCE)[0]
            finally:
                drain.kill()
        self.assertEqual(drain.returncode, 1)
        self.assertRegex(
            said,
            r"new here since the drain began and do(es)? not move; set weight = 0 in \[node "
            r"birch\], and drain it again"
        )

    def test_an_account_that_cannot_move_stays(self):
        service, node, places = self.fleet(4)
        stays = next(e for e, p in places.items() if p == "birch")
        node.cli("account", "pause", stays)
        self.assertIn("cannot move", node.cli("node", "drain", "birch", "--wait", "--yes", code=1))
        self.assertEqual(
            [r["email"] for r in node.cli_json("account", "list") if r["node"] == "birch"], [stays])
        node.cli("account", "resume", stays)
        until(lambda: all(r["node"] == "alder" for r in node.cli_json("account", "list")),
              "the resumed account moved")

    def test_configuration_errors(self):
        node = self.node(CONFIG + "[storage oak]\npath = oak.db\n", start=False)
        self.assertIn("no [node] is kept in [storage oak]", node.cli("check", code=2))
        node = self.node(CONFIG.replace("node = alder", ""), start=False)
        self.assertIn("say which one's people this process serves", node.cli("serve", code=2))
        node = self.node(CONFIG.replace("node = alder", "node = elm"), start=False)
        self.assertIn("there is no [node elm]", node.cli("check", code=2))
        node = self.node("[hearth]\nroles = worker\n", start=False)
        self.assertIn("storage-sqlite cannot be shared by several processes",
                      node.cli("serve", code=2))
        node.prepare()
        self.assertIn("there is no [node x]", node.cli("node", "drain", "x", code=2))


if __name__ == "__main__":
    unittest.main()

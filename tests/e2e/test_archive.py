"""hearthd account archive and restore on single nodes: what comes back, what is refused and in
which words, and that nothing is changed then."""
import hashlib
import json
import os
import subprocess
import unittest

from harness import ADA, HEARTHD, TestCase, until
from test_forgotten import DAY, LATER, NEIGHBOUR, NOON, SECRET, SHOP, record

OTHER = "other@example.org"


class Archive(TestCase):
    def ada(self):
        service = self.service(step=7)
        node = self.node()
        node.add_account(service)
        return service, node

    def with_key_of(self, first):
        node = self.node(start=False)
        with open(os.path.join(first.state, "hearth.key"), "rb") as f:
            key = f.read()
        with open(os.path.join(node.state, "hearth.key"), "wb") as f:
            f.write(key)
        os.chmod(os.path.join(node.state, "hearth.key"), 0o600)
        return node.start()

    def archive(self, node, *words, name="ada.hearth"):
        path = os.path.join(node.folder, name)
        self.assertIn(f"{ADA} is archived in {path}: ",
                      node.cli("account", "archive", ADA, path, *words))
        return path

    def edited(self, path, edit):
        """A copy whose lines were changed by somebody who knows how to count and hash."""
        with open(path, encoding="utf-8") as f:
            records = [json.loads(line) for line in f][:-1]
        lines = [
            json.dumps(r, separators=(",", ":"), ensure_ascii=False) + "\n" for r in edit(records)
        ]
        body = "".join(lines).encode()
        copy = path + ".edited"
        with open(copy, "wb") as f:
            f.write(body + b'{"record":"end","lines":%d,"sha256":"%s"}\n' %
                    (len(lines), hashlib.sha256(body).hexdigest().encode()))
        return copy

    def accounts(self, node):
        return [(row["email"], row["state"]) for row in node.cli_json("account", "list")]

    def test_removed_and_restored(self):
        """What a person removed by mistake comes back, signed in or not; her tokens only when
        they were asked for."""
        service, node = self.ada()
        token, pages = node.token(), node.api("/history/sites")
        bare, whole = self.archive(node), self.archive(node, "--with-credentials", "--with-tokens",
                                                       name="whole.hearth.gz")
        with open(bare, encoding="utf-8") as f:
            kinds = {json.loads(line)["record"] for line in f}
        self.assertTrue(
            {"account", "device", "tab", "page", "visit", "bookmark", "children", "cursor"} <= kinds
            and not kinds & {"credentials", "token"}, kinds)
        node.cli("account", "remove", ADA, "--yes")
        self.assertEqual(node.request("/api/v1/history/sites", token=token).status, 401)
        node.cli("account", "restore", whole)
        self.assertEqual(node.request("/api/v1/history/sites", token=token).json, pages)
        node.sync()  # with the credentials it had, from where it had read
        self.assertEqual(node.request("/api/v1/history/sites", token=token).json, pages)
        node.cli("account", "remove", ADA, "--yes")
        node.tokens.clear()
        node.cli("account", "restore", bare)
        self.assertEqual(self.accounts(node), [(ADA, "signin_needed")])
        self.assertEqual(node.request("/api/v1/history/sites", token=token).status, 401)
        self.assertEqual(node.api("/history/sites"), pages)
        node.tokens.clear()
        node.add_account(service)  # her sign-in
        self.assertEqual(node.api("/history/sites"), pages)
        self.assertEqual(self.accounts(node), [(ADA, "ok")])
        self.assertIn("sound", node.cli("verify"))
        for event in ("account archived", "account restored"):
            self.assertIn(event, node.log_text())

    def test_what_is_removed_here(self):
        """It is in the archive, and keeps out what a source brings: the one it was removed of,
        and another whose records somebody has put into the archive."""
        service, node = self.service(load=False), self.node()
        service.account(ADA, history=9, bookmarks=2, tabs=1)
        service.put_clear("history", record("secretaaaaaa", SECRET, NOON, NOON - DAY),
                          record("secretbbbbbb", NEIGHBOUR, NOON),
                          record("shopaaaaaaaa", SHOP, NOON),
                          record("lateraaaaaaa", LATER, NOON + 1000, NOON - 5 * DAY))
        node.add_account(service)
        pages = {v["url"]: v["page"] for v in node.pages_of("/history", "visits")}

        def seen():
            return sorted((v["url"], v["date"])
                          for v in node.pages_of("/history", "visits", to=NOON + DAY)
                          if v["url"] in pages and v["date"] > NOON - 9 * DAY)

        whole = self.archive(node, name="whole.hearth")
        for what in ({"kind": "visit", "page": pages[SECRET], "date": NOON - DAY, "type": 1},
                     {"kind": "page", "page": pages[NEIGHBOUR]},
                     {"kind": "site", "host": "shop.example"},
                     {"kind": "span", "since": NOON + 500, "until": NOON + DAY}):
            self.assertEqual(node.request("/api/v1/removals", "POST", body=what).status, 201)
        before, removals = seen(), node.api("/removals")
        self.assertIn((SECRET, NOON), before)
        self.assertIn((LATER, NOON - 5 * DAY), before)
        for gone in ((SECRET, NOON - DAY), (NEIGHBOUR, NOON), (SHOP, NOON), (LATER, NOON + 1000)):
            self.assertNotIn(gone, before)
        path = self.archive(node, "--with-credentials")

        def back(path):
            node.cli("account", "remove", ADA, "--yes")
            node.tokens.clear()
            node.cli("account", "restore", path)
            self.assertEqual(node.api("/removals"), removals)
            self.assertEqual(seen(), before)
            self.assertIn("sound", node.cli("verify"))

        back(path)
        node.cli("account", "resync", ADA, "--wait")  # the service has all of it
        self.assertEqual(seen(), before)

        def with_laptop(records):
            """Half of what was there is of another source, which is still in the archive."""
            at = next(i for i, r in enumerate(records) if r["record"] == "device")
            visits = [r for r in records if r["record"] == "visit"]
            for visit in visits[::2]:
                visit["source"] = 2
            with open(path, encoding="utf-8") as f:
                kept = [r for r in map(json.loads, f) if r["record"] == "removed_here"]
            laptop = {"record": "source", "id": 2, "name": "Laptop", "kind": 1, "provider":
                      "firefox", "uid": "", "created": 1, "ended": 0, "state": 0, "last_sync": 1}
            return records[:at] + [laptop] + kept + records[at:]

        back(self.edited(whole, with_laptop))

    def test_another_server(self):
        """Under another address, where somebody else has the id: sealed again when the key is
        the same, else she signs in."""
        _, first = self.ada()
        whole = self.archive(first, "--with-credentials")
        same = self.with_key_of(first)
        id = first.cli_json("account", "show", ADA)["id"]
        other = self.edited(
            self.archive(first, name="bare.hearth"),
            lambda records: [{**r, "uid": "1" * 32, "email": OTHER}
                             if r["record"] == "account" else r
                             for r in records
                             if r["record"] != "account_identity"])
        same.cli("account", "restore", other)
        self.assertEqual(same.cli_json("account", "show", OTHER)["id"], id)
        same.cli("account", "restore", whole, "--email", "ada@example.net")
        self.assertNotEqual(same.cli_json("account", "show", "ada@example.net")["id"], id)
        self.assertEqual(sorted(self.accounts(same)), [("ada@example.net", "ok"),
                                                       (OTHER, "signin_needed")])
        same.sync("ada@example.net")
        strange = self.node()
        said = strange.cli("account", "restore", whole, both=True)
        self.assertIn("warning: the credentials are kept out: ", said)
        self.assertEqual(self.accounts(strange), [(ADA, "signin_needed")])

    def test_refused(self):
        _, node = self.ada()
        path = self.archive(node)
        before = node.cli_json("account", "show", ADA)["counts"]
        self.assertIn("is there already", node.cli("account", "archive", ADA, path, code=1))
        self.assertIn("nobody@example.org",
                      node.cli("account", "archive", "nobody@example.org", path + "x", code=1))
        self.assertIn("has data already", node.cli("account", "restore", path, code=1))
        self.assertIn(f"has the account {ADA} here",
                      node.cli("account", "restore", path, "--email", OTHER, code=1))
        self.assertIn("is no e-mail address",
                      node.cli("account", "restore", path, "--email", "nonsense", code=2))
        self.assertIn(
            "none.hearth",
            node.cli("account", "restore", os.path.join(node.folder, "none.hearth"), code=1))
        node.cli("account", "archive", ADA, code=2)
        self.assertIn("- is none", node.cli("account", "archive", ADA, "-", code=2))
        node.cli("account", "restore", code=2)
        self.assertEqual(node.cli_json("account", "show", ADA)["counts"], before)
        node.cli("account", "remove", ADA, "--yes")

        def change(kind, **fields):
            def edit(records):
                at = next(i for i, r in enumerate(records) if r["record"] == kind)
                self.line = at + 1
                return records[:at] + [{**records[at], **fields}] + records[at + 1:]

            return edit

        for edit, words in (
            (change("page", id=5), "line {}: its id is 5, and that of its URL is another"),
            (change("visit", type=12), "line {}: its type is 12, outside of 0 to 9"),
            (change("visit", page=5),
             "the visits before it: no page 5"), (change("account", id="../../etc"),
                                                  "line {}: its id is none of an account"),
            (change("account", generation=2**63 - 1),
             "line {}: its generation is 9223372036854775807, and no account has had so many"),
            (change("account", provider="none"),
             "one of [sync none]"), (change("archive", version=7), "an archive of version 7")):
            copy = self.edited(path, edit)
            said = node.cli("account", "restore", copy,
                            code=2 if "no page" not in words and "version" not in words else 1)
            self.assertIn(words.format(self.line), said)
            self.assertEqual(self.accounts(node), [])
        with open(path, "rb") as f:
            whole = f.read()
        for name, text in (("cut", whole[:len(whole) // 2]),
                           ("flipped", whole.replace(b'"date":1', b'"date":2',
                                                     1)), ("twice", whole + whole), ("empty", b"")):
            copy = os.path.join(node.folder, name)
            with open(copy, "wb") as f:
                f.write(text)
            self.assertIn("nothing was changed", node.cli("account", "restore", copy, code=2))
            self.assertEqual(self.accounts(node), [])
        self.assertEqual(sorted(f for f in os.listdir(node.folder) if "part" in f), [])
        node.cli("account", "restore", path)
        self.assertEqual(node.cli_json("account", "show", ADA)["counts"], before)

    def test_killed_while_it_is_written(self):
        """Nothing stays beside the place where the archive would have been: it had no name."""
        _, node = self.ada()
        folder = os.path.join(node.folder, "archives")
        os.mkdir(folder)
        command = subprocess.Popen(
            [HEARTHD, "--config", node.conf, "account", "archive", ADA, f"{folder}/ada.hearth"],
            env=node.environment)

        def opened():
            try:
                return any(
                    os.readlink(f"/proc/{command.pid}/fd/{fd}").startswith(folder)
                    for fd in os.listdir(f"/proc/{command.pid}/fd"))
            except FileNotFoundError:
                return command.poll() is not None

        until(opened, "the archive is being written")
        command.kill()
        command.wait()
        self.assertEqual([name for name in os.listdir(folder) if name != "ada.hearth"], [])

    def test_of_somebody_who_is_not_trusted(self):
        """It makes no backup of everybody impossible, takes nothing that another account needs,
        and says who comes in by it."""
        _, node = self.ada()
        path = self.archive(node, "--with-tokens")
        id = node.cli_json("account", "show", ADA)["id"]
        row = {"record": "account_identity", "created": 1}
        hostile = self.edited(
            path, lambda records:
            [{**r, "id": "m1", "email": OTHER, "uid": "1" * 32}
             if r["record"] == "account" else {**r, "visit_count": 77, "last_visit": 1}
             if r["record"] == "page" else r for r in [
                 *records[:2], *({**row, "issuer": issuer, "subject": subject}
                                 for issuer, subject in
                                 ((f"closed:{id}", "browsers"), (f"closed:{id}", "browsers again"),
                                  ("oidc:https://login.example", "someone"),
                                  ("nonsense", "x"))), *(r for r in records[2:]
                                                         if r["record"] != "account_identity")
             ]])
        said = node.cli("account", "restore", hostile, both=True)
        self.assertIn(f"{OTHER} is opened by oidc:https://login.example: someone", said)
        self.assertIn("by the tokens and browsers of the archive", said)
        # each issuer once
        self.assertEqual(said.count("is kept out: it is none of this account's"), 2)
        self.assertIn("sound", node.cli("verify"))
        node.cli("backup", os.path.join(node.folder, "all.tar"))
        node.cli("account", "signout", ADA, "--yes")


if __name__ == "__main__":
    unittest.main()

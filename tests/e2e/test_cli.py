"""The command line as a self-hoster meets it."""
import json
import os
import unittest

from harness import ADA, TestCase, until


class CommandLine(TestCase):
    def test_errors_say_what_and_where(self):
        node = self.node(start=False)
        node.configure("90-wrong", "[worker]\nparallell = 3\n")
        message = node.cli("check", code=2)
        self.assertIn("90-wrong.conf:2", message)
        self.assertIn("did you mean parallel?", message)
        node.configure("90-wrong", "[storage main]\npath = x.db\npath = y.db\n")
        self.assertIn("90-wrong.conf:3", node.cli("check", code=2))
        node.configure("90-wrong", "[storage main]\nplugin = oracle\n")
        self.assertIn("storage-oracle.so", node.cli("check", code=1))
        node.configure("90-wrong", "[hearth]\nroles = web\n")
        self.assertIn("cannot be shared by several processes", node.cli("serve", code=2))
        node.configure("90-wrong", "")
        self.assertIn("there is no database",
                      node.cli("account", "show", "nobody@example.org", code=1))
        node.prepare()
        self.assertIn("there is no command", node.cli("dance", code=2))
        self.assertIn("there is no account",
                      node.cli("account", "show", "nobody@example.org", code=1))
        self.assertIn("usage:", node.cli("account", "show", code=2))

    def test_an_empty_configuration_is_a_single_node(self):
        node = self.node(start=False)
        config = node.cli_json("config")
        values = {(e["section"], e["key"]): e["value"] for e in config}
        self.assertEqual(values[("storage main", "plugin")], "sqlite")
        self.assertEqual(values[("queue", "plugin")], "inproc")
        self.assertEqual(values[("sync firefox", "plugin")], "fx")
        self.assertEqual(values[("scheduler", "interval")], "15min")
        origins = {e["from"] for e in config}
        self.assertIn("default", origins)
        self.assertTrue(any("00-test.conf:" in o for o in origins))

    def test_import_refuses_in_words(self):
        node, service = self.node(start=False).prepare(), self.service()
        data = service.import_file()
        for field, value, word in (("sync_key", "12", "sync_key"), ("email", None, "email"),
                                   ("kid", "x", "kid"), ("access_token", None, "token")):
            broken = dict(data)
            broken.pop(field) if value is None else broken.__setitem__(field, value)
            self.assertIn(word, node.cli("account", "import", "-", text=json.dumps(broken), code=2))
        self.assertTrue(node.cli("account", "import", "-", text="not json", code=2))
        self.assertEqual(node.cli_json("account", "list"), [])

    def test_without_a_daemon(self):
        """import, sync, search, export, backup, verify work by themselves."""
        node, service = self.node(start=False).prepare(), self.service()
        node.cli("account", "import", "-", text=json.dumps(service.import_file()))
        self.assertIn("ok", node.sync())
        found = node.cli_json("search", ADA, "quiet", "river")
        self.assertEqual(found[0]["url"], "https://en.wikipedia.org/wiki/Quiet_river")
        self.assertIn("Quiet river", node.cli("search", ADA, "quiet", "river"))
        html = node.cli("export", ADA, "bookmarks.html")
        self.assertTrue(html.startswith("<!DOCTYPE NETSCAPE-Bookmark-file-1>"))
        self.assertEqual(len(json.loads(node.cli("export", ADA, "history.json"))["pages"]), 5095)
        copy = os.path.join(node.folder, "copy.tar")
        node.cli("backup", copy)
        self.assertTrue(os.path.getsize(copy) > 100000)
        self.assertEqual(os.stat(copy).st_mode & 0o777, 0o600)
        self.assertIn("exist", node.cli("backup", copy, code=1))
        self.assertIn("sound", node.cli("verify"))
        self.restored(node, copy, html)
        self.assertIn("no hearthd runs", node.cli("queue", "show", code=1))
        self.assertIn("no hearthd runs", node.cli("healthcheck", code=1))

    def restored(self, node, copy, html):
        """The way back: into an empty place, or in another one's place, which is put aside;
        never under a running daemon."""
        self.assertIn("--replace", node.cli("restore", copy, code=1))
        self.assertIn("is now", node.cli("restore", copy, "--replace"))
        aside = [
            n for n in os.listdir(node.state)
            if n.startswith("hearth.db.replaced-") and not n.endswith(("-accounts", "-wal"))
        ]
        self.assertEqual(len(aside), 1)
        self.assertEqual(len(os.listdir(os.path.join(node.state, aside[0] + "-accounts"))), 1)
        self.assertEqual(node.cli("export", ADA, "bookmarks.html"), html)
        self.assertIn("sound", node.cli("verify"))
        with open(copy, "rb") as f:
            whole = f.read()
        for name, part in (("cut", whole[:len(whole) // 2]), ("short", whole[:-1024]),
                           ("letter", b"Dear Hearth" * 100)):
            broken = os.path.join(node.folder, name)
            with open(broken, "wb") as f:
                f.write(part)
            self.assertIn("damaged, cut off", node.cli("restore", broken, "--replace", code=1))
        self.assertEqual(node.cli("export", ADA, "bookmarks.html"), html)
        self.assertEqual([n for n in os.listdir(node.state) if "restore" in n], [])
        node.start()
        self.assertIn("another hearthd runs", node.cli("restore", copy, "--replace", code=1))
        node.stop()

    def test_beside_a_daemon(self):
        node, service = self.node(), self.service()
        node.add_account(service)
        self.assertEqual(node.cli("healthcheck"), "")
        node.cli("queue", "show")
        self.assertIn("no job \"sync\" of account nobody",
                      node.cli("queue", "remove", "nobody", "--yes", code=1))
        node.cli("queue", "clear", "--yes")
        until(lambda: node.metric("accounts") == 1 and node.metric("queue_dead_jobs") == 0,
              "accounts and the queue are measured")
        node.cli("account", "pause", ADA)
        self.assertIn("paused", node.sync(code=1))
        self.assertEqual(node.api("/me")["account"]["state"], "paused")
        node.cli("account", "resume", ADA)
        node.sync()
        tokens = node.cli_json("token", "list", ADA)
        self.assertEqual([t["name"] for t in tokens], ["test"])
        node.cli("token", "revoke", tokens[0]["id"], "--yes")
        self.assertEqual(node.cli_json("token", "list", ADA), [])
        self.assertIn("another hearthd runs", node.cli("serve", code=1))
        with open(os.path.join(node.state, "hearth.key"), encoding="utf-8") as f:
            key = f.read()
        self.assertEqual(os.stat(os.path.join(node.state, "hearth.key")).st_mode & 0o777, 0o600)
        self.assertNotIn(key.split(":")[1].strip(), node.log_text())
        node.cli("account", "remove", ADA, "--yes")
        self.assertEqual(node.cli_json("account", "list"), [])

    def test_secrets_are_nowhere_in_clear(self):
        service = self.service()
        node = self.node(
            f"[hearth]\nlog_level = debug\n[sync firefox]\naccounts_url = {service.url}\nclient_id "
            "= 0123456789abcdef\n"
        )
        data = service.import_file(auth="refresh")
        node.cli("account", "import", "-", text=json.dumps(data))
        node.sync()
        token = node.token()
        node.api("/me")
        node.stop()
        everything = node.log_text().encode()
        for folder, _, names in os.walk(node.state):
            for name in names:
                if name != "hearth.key" and not name.endswith(".sock"):
                    with open(os.path.join(folder, name), "rb") as f:
                        everything += f.read()
        for secret in (data["sync_key"], data["refresh_token"], token):
            self.assertNotIn(secret.encode(), everything)
        self.assertNotIn(bytes.fromhex(data["sync_key"])[:32], everything)

    def test_plugins(self):
        node = self.node(start=False)
        names = {(p["kind"], p["name"]) for p in node.cli_json("plugin", "list")}
        self.assertEqual(
            names, {("storage", "sqlite"), ("storage", "pg"), ("queue", "inproc"),
                    ("queue", "redis"), ("sync", "fx")})
        self.assertIn("token_server", node.cli("plugin", "show", "fx"))
        version = node.cli_json("version")
        self.assertIn("storage-sqlite", version["plugins"])


if __name__ == "__main__":
    unittest.main()

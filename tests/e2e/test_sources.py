"""Sources that are not a Sync service: a file of this machine, which knows no e-mail address, is
a snapshot, and is watched."""
import json
import os
import unittest

from browser import Browser
from harness import ADA, HEARTHD, TestCase, until

BOB = "bob@example.org"
DOUBLE = os.path.join(os.path.dirname(os.path.abspath(HEARTHD)), "tests", "doubles", "file")
CONFIG = f"""[hearth]
plugin_dir = {DOUBLE}
[sync firefox]
plugin = fx
[sync files]
plugin = file
[scheduler]
interval = 1d
interval_week = 1d
interval_month = 1d
jitter = 0
"""


def line(name, date=1_700_000_000_000):
    return f"guid{name} https://{name}.example/ {date} Title of {name}\n"


def changes(node, result):
    return node.metric("source_changes_total", result=result)


def syncs_done(node):
    return node.metric("syncs_total", outcome="ok")


class Sources(TestCase):
    def home(self, start=True):
        node = self.node(CONFIG, start=start)
        return node if start else node.prepare()

    def file(self, node, name, *pages):
        """Put in place as a whole, as whoever writes a file well does it."""
        path = os.path.join(node.folder, name)
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.write("".join(line(p) for p in pages))
        os.replace(path + ".new", path)
        return path

    def imported(self, node, path, email=ADA, code=0, provider="files"):
        words = ["--account", email] if email else []
        return node.cli("account", "import", "-", "--provider", provider, *words, text=path + "\n",
                        code=code)

    def urls(self, node, email=ADA):
        return sorted(v["url"].split("/")[2].split(".")[0]
                      for v in node.pages_of("/history", "visits", email=email))

    def test_the_operator_says_whose_it_is(self):
        node = self.home(start=False)
        path = self.file(node, "a", "one")
        said = self.imported(node, path, email=None, code=2)
        for word in ("--account EMAIL", "[sync files] (sync-file)"):
            self.assertIn(word, said)
        self.assertIn("no e-mail address", self.imported(node, path, email="ada", code=2))
        self.assertIn("absolute path", self.imported(node, "a", code=2))
        self.assertIn("[sync files] (sync-file)", self.imported(node, "a", code=2))
        said = self.imported(node, path, code=2, provider="nosuch")
        self.assertIn("there is no [sync nosuch] section; there is [sync firefox], [sync files]",
                      said)
        self.assertEqual(node.cli_json("account", "list"), [])
        self.assertIn(f"{ADA} is imported", self.imported(node, path))
        account = node.cli_json("account", "show", ADA)
        self.assertEqual((account["email"], account["provider"], account["uid"]),
                         (ADA, "files", path))
        # again, and the same to everybody who reads it
        self.imported(node, path, email="Ada@example.org")
        self.assertIn("already", self.imported(node, path, email=BOB, code=1))
        self.assertIn("opened by another sign-in", self.imported(node, self.file(node, "b"),
                                                                 code=1))
        self.assertEqual(len(node.cli_json("account", "list")), 1)
        self.assertIn("ok", node.sync())  # without a daemon nobody listens to what it says
        self.assertIn("one.example", node.cli("export", ADA, "history.csv"))

    def test_errors_say_whose_they_are(self):
        """Several sections may be of one plugin: what it says of one of them names it."""
        node = self.home(start=False)
        said = node.cli("account", "add", ADA, "--provider", "files", text="fault\n", code=1)
        self.assertIn("hearthd: [sync files] (sync-file): the disk of this machine says no", said)
        said = node.cli("account", "add", ADA, "--provider", "files", "--browser", code=1)
        self.assertIn("hearthd: [sync files] does not offer this way of signing in", said)
        node.configure("60-other", "[sync other]\nplugin = fx\nclient_id = a b\n")
        said = node.cli("account", "add", ADA, "--provider", "files", text="\n", code=2)
        self.assertIn("[sync other]: sync-fx: client_id is not an OAuth client id", said)

    def test_an_account_of_another_section(self):
        node, service = self.home(start=False), self.service()
        data = json.dumps(service.import_file())
        self.assertIn("not of bob",
                      node.cli("account", "import", "-", "--account", BOB, text=data, code=1))
        node.cli("account", "import", "-", "--account", ADA.upper(), text=data)
        path = self.file(node, "a", "one")
        self.assertIn(f"hearthd account adopt {ADA} --provider files",
                      self.imported(node, path, code=1))
        self.assertEqual(node.cli_json("account", "show", ADA)["provider"], "firefox")
        node.cli("account", "adopt", ADA, "--provider", "files", "--yes")
        self.imported(node, path)
        self.assertEqual(node.cli_json("account", "show", ADA)["provider"], "files")

    def test_a_sign_in_that_ends_without_an_address(self):
        node = self.home(start=False)
        said = node.cli("account", "add", ADA, "--provider", "files",
                        text=self.file(node, "a") + "\n", code=1)
        self.assertIn("nothing there says which e-mail address is yours", said)
        self.assertIn("no_address", said)
        self.assertEqual(node.cli_json("account", "list"), [])
        node = self.node(
            CONFIG.replace("[sync firefox]\nplugin = fx\n", "") + "[auth]\nallow = *\n")
        browser = Browser(node.address)
        browser.open(node.address + "/auth/signin")
        browser.submit("Sign in with a password", until=node.address + "/tabs", email=ADA)
        browser.submit("Continue", until=node.address + "/tabs", f_path=self.file(node, "a"))
        self.assertIn("which e-mail address is yours", browser.page.text)
        self.assertNotIn("hearth_session", browser.cookies())
        self.assertEqual(node.cli_json("account", "list"), [])

    def test_what_changes_is_synced_at_once(self):
        node = self.home()
        path = self.file(node, "a", "one", "two")
        self.imported(node, path)
        node.sync()
        self.assertEqual(self.urls(node), ["one", "two"])
        self.file(node, "a", "two", "three")
        until(lambda: self.urls(node) == ["three", "two"], "the change, with what is gone",
              progress=lambda: syncs_done(node))
        for i in range(50):
            self.file(node, "a", "three", f"p{i}")
        until(lambda: self.urls(node) == ["p49", "three"], "the last of fifty changes",
              progress=lambda: syncs_done(node))
        self.assertLessEqual(changes(node, "published"), changes(node, "noted"))
        self.assertGreaterEqual(changes(node, "published"), 2)
        self.assertEqual(node.cli_json("account", "show", ADA)["state"], "ok")

    def test_a_file_that_comes_later(self):
        node = self.home()
        path = os.path.join(node.folder, "later")
        self.imported(node, path)
        node.sync()
        self.assertEqual(node.cli_json("account", "show", ADA)["state"], "waiting")
        self.file(node, "later", "one")
        until(lambda: self.urls(node) == ["one"], "the file that is there now")
        until(lambda: node.cli_json("account", "show", ADA)["state"] == "ok", "the state")

    def test_whom_a_change_does_not_sync(self):
        node = self.home()
        for email, name in ((ADA, "a"), (BOB, "b")):
            self.imported(node, self.file(node, name, "one"), email)
            node.sync(email)
        node.cli("account", "pause", ADA)
        syncs = syncs_done(node)
        self.file(node, "a", "two")
        until(lambda: changes(node, "ignored") == 1,
              "a change of a paused account that is noticed")
        self.assertEqual((changes(node, "published"), syncs_done(node)), (0, syncs))
        self.assertEqual(self.urls(node), ["one"])
        node.cli("account", "resume", ADA)
        until(lambda: self.urls(node) == ["two"], "the resumed account")
        # Who was removed is watched no more: its file and Bob's change, and nothing is noticed but
        # Bob's.
        node.cli("account", "remove", ADA, "--yes")
        self.file(node, "a", "three")
        self.file(node, "b", "two")
        until(lambda: self.urls(node, BOB) == ["two"], "the change of the other",
              progress=lambda: syncs_done(node))
        self.assertEqual((changes(node, "ignored"), changes(node, "noted")), (1, 2))


if __name__ == "__main__":
    unittest.main()

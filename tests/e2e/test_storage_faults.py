"""What people and the operator see while the storage fails: clean answers, nothing half done,
and recovery without a restart."""
import concurrent.futures
import http.client
import json
import os
import time
import unittest

from faulty import BUILD, DAILY, OFTEN, FaultCase, FaultyNode
from harness import ADA, TestCase, until


class Reading(FaultCase):
    def test_storage_is_unavailable_for_a_while(self):
        node = self.home()
        paths = [
            "/me", "/tabs", "/devices", "/bookmarks", "/tags", "/history", "/history/days",
            "/search?q=a", "/suggest?q=a", "/settings", "/tokens"
        ]
        before = {p: node.api(p) for p in paths}
        for error in ("UNAVAILABLE", "TIMEOUT"):
            node.faults("storage", f"* error={error} words=the disk has gone fishing")
            for path in paths:
                answer = node.request("/api/v1" + self.uncached(path))
                self.assert_unavailable(answer)
                self.assertNotIn(b"fishing", answer.body)
            ready = until(lambda: (a := node.request("/readyz", email=None)).status == 503 and a,
                          "a probe notices it")
            self.assertEqual(ready.json["code"], "not_ready")

            def logged():
                return sum(node.log_text().count(begin) for begin in ("/api/v1/", "/basic/"))

            lines = logged()
            for path in paths + ["/basic/bookmarks"]:
                url = path if path.startswith("/basic") else "/api/v1" + path
                self.assertEqual(node.request(self.uncached(url)).status, 503)
            self.assertEqual(logged(), lines)  # it was said once, not for each request
            self.assertIn("storage does not answer", ready.json["detail"])
            self.assertEqual(node.request("/healthz", email=None).status, 200)
            self.assertEqual(
                node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}).status,
                503)
            node.clear()
            until(lambda: node.request("/readyz", email=None).status == 200,
                  "a probe notices that it is back")
            for path in paths:
                self.assertEqual(
                    node.api(path).keys() if path == "/me" else node.api(path),
                    before[path].keys() if path == "/me" else before[path])
        self.assertIn("the disk has gone fishing", node.log_text())

    def test_what_each_request_meets_is_told_once(self):
        """The same trouble, which no probe finds, in one line; another one in its own."""
        node = self.home()
        for words in ("a bad sector", "another bad sector"):
            node.faults("storage", f"device_list error=IO words={words}")
            for _ in range(5):
                self.assertEqual(node.request(self.uncached("/api/v1/devices")).status, 500)
                node.request(self.uncached("/basic/devices"))
        lines = [line for line in node.log_text().splitlines() if "bad sector" in line]
        self.assertEqual(len(lines), 2, lines)

    def test_one_who_cannot_be_written(self):
        """That it cannot be written is told when it begins and when it ends."""
        node = self.home("interval = 1d\n[hearth]\nprobe_interval = 50ms\n")
        for error in ("FULL", "IO"):
            node.faults("storage", f"ping error={error}")
            until(lambda: node.request("/readyz", email=None).status == 503, "a probe notices it")
            node.clear()
            until(lambda: node.request("/readyz", email=None).status == 200,
                  "a probe notices that it is back")
        text = node.log_text()
        self.assertEqual((text.count(" error plug cannot be used in full "),
                          text.count("can be used in full again")), (2, 2), text)

    def test_no_session_to_be_had(self):
        node = self.home(sync=False)
        node.token()
        node.faults("storage", "handle_open error=UNAVAILABLE", "* error=UNAVAILABLE")
        self.assert_unavailable(node.request("/api/v1/me"))
        until(lambda: node.request("/readyz", email=None).status == 503, "a probe notices it")
        node.clear()
        until(lambda: node.request("/readyz", email=None).status == 200,
              "a probe notices that it is back")
        self.assertEqual(node.request("/api/v1/me").status, 200)

    def test_queue_does_not_answer(self):
        node = self.home()
        node.faults("queue", "ping error=UNAVAILABLE")
        ready = until(
            lambda: (a := node.request("/readyz", email=None)).json["queue"] != "ok" and a,
            "a probe notices it")
        self.assertEqual(
            (ready.status, ready.json),
            (200, {"ready": True, "queue": "The queue does not answer (not available now)."}))
        self.assertEqual(node.request("/api/v1/tabs").status, 200)
        node.clear()
        until(lambda: node.request("/readyz", email=None).json["queue"] == "ok",
              "a probe notices that it is back")

    def test_a_storage_that_cannot_write(self):
        """Reading goes on, whatever keeps it from writing;
        /readyz says so; it is never "sign in"."""
        node = self.home()
        for error, words in (("FULL", "full"), ("DENIED", "not allowed"),
                             ("CORRUPT", "damaged data"), ("IO", "input or output failed")):
            node.faults("storage", f"ping error={error}")
            ready = until(lambda: (a := node.request("/readyz", email=None)).status == 503 and a,
                          "a probe notices it")
            self.assertEqual(ready.json["detail"], f"The storage cannot be written ({words}).")
            self.assertEqual(node.request("/api/v1/tabs").status, 200)
            node.clear()
            until(lambda: node.request("/readyz", email=None).status == 200,
                  "a probe notices that it is back")
        fresh = node.cli("token", "new", ADA, "--name", "fresh").strip()
        node.faults("storage", "* error=DENIED")
        for path in ("/basic/", "/basic/bookmarks"):
            for token in (fresh, node.token()):  # not known yet, known
                # follows redirects: the sign-in page would be a 200
                answer = node.request(path, token=token)
                self.assertIn(answer.status, (500, 503))

    def test_many_readers_of_a_storage_that_hangs(self):
        """All storage threads are stuck before anybody knows: everybody gets an answer
        nevertheless, and nobody waits once it is known."""
        node = self.home()
        node.stop()
        node.configure(
            "60-patience",
            "[hearth]\nprobe_interval = 50ms\nprobe_timeout = 300ms\n[web]\nstorage_timeout = 1h\n")
        node.start()
        paths = [self.uncached("/api/v1/history") for _ in range(12)]
        node.faults("storage", "* delay=600000")
        with concurrent.futures.ThreadPoolExecutor(len(paths)) as pool:
            # not after an hour: the probe has freed the threads
            answers = list(pool.map(node.request, paths))
        for answer in answers:
            self.assert_unavailable(answer)
        node.clear()
        until(lambda: node.request("/api/v1/history").status == 200, "it is back")

    def test_the_wait_for_a_thread_counts(self):
        """storage_timeout is for a request, not for its wait in the
        queue and then for its work once more."""
        node = self.home()
        node.stop()
        hour = 3600 * 1000
        node.configure("60-patience", "[web]\nstorage_timeout = 1h\nstorage_threads = 1\n")
        node.start()
        for path in ("/api/v1/history", "/basic/history"):
            node.faults("storage", "account_get thread=storage hold")
            with concurrent.futures.ThreadPoolExecutor(2) as pool:
                first = pool.submit(node.request, self.uncached("/api/v1/history"))
                until(lambda: node.held("storage"), "the thread is held up")
                second = pool.submit(node.request, self.uncached(path))
                until(lambda: node.metric("pool_waiting", pool="storage") == 1,
                      "the second one waits for it")
                before = time.monotonic() * 1000
                node.faults("storage", "account_get thread=storage hold words=again")
                deadline = until(lambda: node.held("storage"), "the second one has the thread")
                node.clear()
                self.assertEqual((first.result().status, second.result().status), (200, 200))
            self.assertLessEqual(int(deadline), before + hour, path)

    def test_listings_that_break_off(self):
        node = self.home()
        page = node.api("/history", limit=1)["visits"][0]["page"]
        tag = node.api("/tags")["tags"][0]["name"]
        paths = {
            "/devices": "device_list", "/tabs": "tab_list", "/tabs?q=e": "tab_group_list",
            "/bookmarks": "bookmark_list", "/bookmarks?sort=added": "bookmark_list",
            "/bookmarks?q=a": "bookmark_list", f"/bookmarks?tag={tag}": "bookmark_list", "/tags":
            "tag_list", "/history": "visit_list", "/history?q=e": "visit_dates", "/history/sites":
            "pages_by_frecency", "/bookmarks?q=e&folder=toolbar": "bookmark_items",
            "/history/days?from=1790000000000&to=1800000000000": "visit_dates", f"/pages/{page}":
            "page_visits", "/search?q=a": "pages_by_frecency", "/suggest?q=a": "tab_list",
            "/tokens": "token_list"
        }
        for path, listing in paths.items():
            for rows in (0, 1):
                for error, status in (("UNAVAILABLE", 503), ("IO", 500), ("NOMEM", 500)):
                    with self.subTest(path=path, rows=rows, error=error):
                        node.faults("storage", f"{listing} short={rows} error={error}")
                        answer = node.request("/api/v1" + self.uncached(path))
                        self.assertEqual((answer.status, answer.headers["Content-Type"]),
                                         (status, "application/problem+json"), answer.body[:300])
                        self.assertEqual(answer.json["status"], status)
        node.clear()
        for path in paths:
            self.assertEqual(node.request("/api/v1" + path).status, 200)
        # nothing that broke off was kept
        self.assertGreater(len(node.api("/bookmarks", sort="added")["items"]), 1)

    def deep_folder(self, node, folder="places", depth=0):
        for item in node.pages_of("/bookmarks", "items", folder=folder):
            if item["kind"] == "folder":
                found = item["id"] if depth == 2 else self.deep_folder(node, item["id"], depth + 1)
                if found:
                    return found
        return None

    def test_answers_made_of_several_readings(self):
        node = self.home()
        folder = self.deep_folder(node)
        page = next(v["page"] for v in node.api("/history")["visits"] if v["bookmarked"])
        rules = {
            "/search?q=a&limit=20": ("page_get", "page_get after=2", "bookmarks_of_page short=0",
                                     "pick_list short=0"), f"/bookmarks?folder={folder}":
            ("bookmark_get", "bookmark_get after=1"), f"/bookmarks/{folder}": ("bookmark_get", ),
            f"/pages/{page}": ("page_get", "bookmarks_of_page short=0"), "/me":
            ("counts", "account_get after=1"), "/settings": ("settings_get", )
        }
        for path, those in rules.items():
            whole = node.request("/api/v1" + path).json
            for rule in those:
                with self.subTest(path=path, rule=rule):
                    node.faults("storage", rule + " error=UNAVAILABLE")
                    self.assert_unavailable(node.request("/api/v1" + self.uncached(path)))
                    node.clear()
                    self.assertEqual(node.request("/api/v1" + path).json, whole)

    def test_exports_that_break_off(self):
        node = self.home()
        for name, listing in (("bookmarks.html", "bookmark_list"),
                              ("bookmarks.json", "bookmark_list"), ("history.json",
                                                                    "pages_by_frecency"),
                              ("history.json", "page_visits"), ("history.csv", "visit_list"),
                              ("tabs.json", "device_list"), ("tabs.html", "tab_list"),
                              ("tabs.json", "tab_group_list")):
            with self.subTest(name):
                whole = node.request("/api/v1/export/" + name).body
                node.faults("storage", f"{listing} short=2 error=IO")
                answer = node.request("/api/v1/export/" + name)  # nothing of it is sent
                self.assertEqual(
                    (answer.status, answer.json["code"], answer.headers["Content-Disposition"]),
                    (500, "internal", None))
                node.clear()
                self.assertEqual(node.request("/api/v1/export/" + name).body, whole)

    def test_lost_answers_to_changes(self):
        node = self.home()
        node.faults("storage", "settings_put lost", "token_create lost")
        for answer in (node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}),
                       node.request("/api/v1/tokens", "POST", body={"name": "x"})):
            self.assertEqual((answer.status, answer.json["code"]), (500, "uncertain"))
        node.clear()
        self.assertEqual(node.api("/settings")["theme"]["mode"], "dark")  # it was done

    def test_slow_storage(self):
        node = self.home()
        node.faults("storage", "account_get delay=600000")
        # within the harness's patience; the storage answers after ten minutes
        self.assert_unavailable(node.request("/api/v1/me"))
        node.faults("storage", "ping delay=600000")
        until(lambda: node.request("/readyz", email=None).status == 503, "a probe notices it")
        node.faults("storage", "account_get delay=200")
        until(lambda: node.request("/readyz", email=None).status == 200,
              "a probe notices that it is back")
        self.assertEqual(node.request("/api/v1/me").status, 200)


class Syncing(FaultCase):
    def test_errors_in_the_middle_of_a_first_sync(self):
        """Of tabs, which are written only when they are others than before."""
        for rule in ("tab_put after=2", "tab_group_put", "tab_group_put after=1"):
            with self.subTest(rule):
                node = self.home(sync=False, step=7,
                                 faults=f"{rule} error=IO words=the disk hums in {rule.split()[0]}")
                node.cli("account", "sync", ADA, "--wait", code=1)
                self.assertEqual(node.api("/me")["account"]["state"], "error")
                until(lambda n=node, r=rule: f"the disk hums in {r.split()[0]}" in n.log_text(),
                      "the operator hears why, a moment after the row says that it failed")
                self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")
                node.clear()
                node.sync()
                self.assert_same_as_without_faults(node)

    def test_errors_in_the_middle_of_a_batch(self):
        node = self.home(sync=False, step=3)
        node.sync()
        rules = [
            "batch_begin", "page_put after=3", "visits_put after=1", "bookmark_put after=2",
            "bookmark_place after=1", "bookmark_items short=3", "sync_cursor_put",
            "sync_cursor_put after=2", "batch_commit", "batch_commit after=1", "sync_cursor_list",
            "credentials_get", "removed_here_list"
        ]
        node.cli("account", "resync", ADA, "--wait")
        for i, rule in enumerate(rules):
            with self.subTest(rule):
                self.ada.post("step", step=3 if i % 2 else 7)
                node.faults("storage", f"{rule} error=IO words=the disk hums in {rule.split()[0]}")
                node.cli("account", "sync" if rule == "sync_cursor_list" else "resync", ADA,
                         "--wait", code=1)
                me = node.api("/me")["account"]
                self.assertEqual(me["state"], "error")
                self.assertTrue(me["state_detail"])
                until(lambda r=rule: f"the disk hums in {r.split()[0]}" in node.log_text(),
                      "the operator hears why, a moment after the row says that it failed")
                self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")
                node.clear()
                node.sync()
                self.assertEqual(node.api("/me")["account"]["state"], "ok")
        self.ada.post("step", step=7)
        node.cli("account", "resync", ADA, "--wait")
        self.assert_same_as_without_faults(node)

    def test_a_removal_that_fails_says_so(self):
        """It is kept already, and what it says may be there still: the operator hears that it is
        to be repeated."""
        node = self.home()
        visits = node.cli_json("account", "show", ADA)["counts"]["visits"]
        for operation in ("removed_here_put", "visits_remove", "batch_commit"):
            node.faults("storage", f"{operation} error=IO words=the disk hums")
            said = super(FaultyNode, node).cli("account", "forget", ADA, "--since", "1971-01-01",
                                               "--yes", code=1)
            self.assertIn("not all of it may be removed: run this again: the disk hums", said)
            self.assertEqual(node.cli_json("account", "show", ADA)["counts"]["visits"], visits)
            node.clear()
        self.assertIn(f"removed {visits:,} visits",
                      node.cli("account", "forget", ADA, "--since", "1971-01-01", "--yes"))

    def test_the_person_hears_which_trouble(self):
        """Full, read-only or failing, damaged, another key:
        four sentences; the log has the cause."""
        node = self.home(sync=False)
        node.sync()
        for error, words in (("FULL", "is full"), ("IO", "read-only or fails"),
                             ("DENIED", "read-only or fails"), ("CORRUPT", "is damaged")):
            for operation in ("sync_cursor_list", "batch_commit", "credentials_get"):
                with self.subTest(error=error, operation=operation):
                    node.faults("storage", f"{operation} error={error} words=/srv/cause of {error}")
                    node.cli("account", "sync" if operation == "sync_cursor_list" else "resync",
                             ADA, "--wait", code=1)
                    detail = node.api("/me")["account"]["state_detail"]
                    self.assertIn(words, detail)
                    self.assertNotIn("/srv", detail)
                    self.assertIn(f"/srv/cause of {error}", node.log_text())
                    node.clear()
                    node.sync()
        node.stop()
        with open(os.path.join(node.state, "hearth.key"), encoding="utf-8") as f:
            kept = f.read()
        with open(os.path.join(node.state, "hearth.key"), "w", encoding="utf-8") as f:
            f.write("1:" + "d" * 64 + "\n")
        self.assertIn("Bring that key file back", node.cli("account", "sync", ADA, code=1))
        with open(os.path.join(node.state, "hearth.key"), "w", encoding="utf-8") as f:
            f.write(kept)
        node.start()
        node.sync()

    def test_lost_answers_to_commits(self):
        for rule in ("times=1", "times=2", "after=1 times=1", "after=2 times=2", "after=3 times=3"):
            with self.subTest(rule):
                node = self.home(sync=False)
                node.faults("storage", f"batch_commit lost {rule}")
                node.cli("account", "sync", ADA)
                until(lambda: node.api("/me")["account"]["last_attempt"], "the first attempt")
                node.clear()
                node.sync()
                self.assertEqual(node.api("/me")["account"]["state"], "ok")
                self.assert_same_as_without_faults(node)
                node.close()

    def test_the_outcome_cannot_be_written(self):
        node = self.home(OFTEN + "lease = 2s\n")
        node.faults("storage", "account_update times=3 error=UNAVAILABLE words=no pen")
        until(lambda: "no pen" in node.log_text(), "it is told")
        attempt = node.api("/me")["account"]["last_attempt"]
        node.clear()
        until(lambda: node.api("/me")["account"]["last_attempt"] > attempt, "it goes on")


class Rules(FaultCase):
    def test_mistakes_in_rules_are_told(self):
        node = self.home(sync=False)
        for rule, why in (("no_such error=IO", "there is no such operation"),
                          ("ping lost", "this cannot happen to the operation"),
                          ("account_get short=1", "this cannot happen"),
                          ("ping error=NEVER", "a word of the rule is wrong"),
                          ("ping", "the rule does nothing"), ("account_get error=UNCERTAIN",
                                                              "this cannot happen")):
            node.faults("storage", "# rules", rule)
            self.assertIn("rules:2: " + why, node.request("/api/v1/me").json["detail"])

    def test_rules_know_accounts(self):
        node = self.home()
        service = self.service(load=False)
        bob = service.account("bob@example.org", history=5, bookmarks=5, tabs=1)
        node.cli("account", "import", "-", text=json.dumps(bob))
        bob_id = node.api("/me", "bob@example.org")["account"]["id"]
        node.faults("storage", f"account_get account={bob_id} error=UNAVAILABLE")
        self.assertEqual(node.request("/api/v1/me", email="bob@example.org").status, 503)
        self.assertEqual(node.request("/api/v1/me").status, 200)


class Drain(TestCase):
    """`node drain --wait`, seen from a command line whose database is away for a moment."""
    NODES = "".join(f"[node {name}]\nurl = https://{name}.example.org\n" for name in ("alder",
                                                                                      "birch"))

    def test_lives_through_a_hiccup(self):
        plain = ("[storage alder]\npath = alder.db\n[storage birch]\npath = birch.db\n[web]\n"
                 "node = alder\n[scheduler]\ninterval = 1s\n")
        service, node = self.service(load=False), self.node(self.NODES + plain)
        for i in range(6):
            node.cli(
                "account", "import", "-", text=json.dumps(
                    service.account(f"person{i}@example.org", history=5, bookmarks=5, tabs=1)))
        faulty = os.path.join(node.folder, "faulty.d")
        os.mkdir(faulty)
        storages = "".join(
            f"[storage {name}]\nplugin = fault\ninner = "
            f"{BUILD}/plugins/storage-sqlite/storage-sqlite.so\nrules = {name}.rules\n"
            f"options = path={name}.db\n" for name in ("alder", "birch"))
        with open(os.path.join(faulty, "faulty.conf"), "w", encoding="utf-8") as f:
            f.write(
                f"[hearth]\nstate_dir = {node.state}\nplugin_dir = {BUILD}/tests/doubles/fault\n"
                f"{storages}{self.NODES}"
                f"[queue]\nplugin = fault\ninner = {BUILD}/plugins/queue-inproc/queue-inproc.so\n")
        with open(os.path.join(node.state, "birch.rules"), "w", encoding="utf-8") as f:
            # the first lists who has to leave
            f.write("account_list after=1 times=2 error=UNAVAILABLE words=the database restarts\n")
        node.conf, own = faulty, node.conf
        try:
            said = node.cli("node", "drain", "birch", "--wait", "--yes")
        finally:
            node.conf = own
        self.assertIn("The database does not answer (", said)
        self.assertIn("The database answers again.\n", said)
        self.assertIn("0 accounts left to move", said)


class Meanwhile(FaultCase):
    def test_somebody_takes_over_during_a_sync(self):
        """A sync with the credentials of before stores nothing any more: neither these, renewed,
        nor a state, nor data."""
        service = self.service()
        service.settings(rotate_refresh=True)
        service.account("eve@example.org", history=3, bookmarks=3, tabs=1, devices=1)
        sync = (f"[sync firefox]\naccounts_url = {service.url}\n"
                f"token_server = {service.url}/1.0/sync/1.5\nclient_id = 3c49430b43dfba77\n")
        node = FaultyNode(DAILY + sync)
        self.addCleanup(node.close)
        with open(f"{node.plain}/sync.conf", "w", encoding="utf-8") as f:
            f.write(sync)
        node.start()
        # the first one looks whether there is anything of an older release
        node.faults("storage", "sync_cursor_list hold after=1")
        node.cli(
            "account", "import", "-",
            text=json.dumps({**service.import_file("eve@example.org", "refresh"), "email": ADA}))
        until(lambda: node.held("storage"), "the first person's sync is under way")
        node.cli("account", "adopt", ADA, "--yes")
        mine = service.import_file(ADA, "refresh")
        node.cli("account", "import", "-", text=json.dumps(mine))
        node.clear()
        node.sync()
        self.assertEqual(node.cli_json("account", "show", ADA)["uid"], mine["uid"])
        self.assertGreater(len(node.api("/devices")["devices"]), 1)  # Ada's, not the one before's
        until(lambda: node.api("/me")["account"]["state"] == "ok", "her sync has ended")


if __name__ == "__main__":
    unittest.main()

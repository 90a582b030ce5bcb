"""What people and the operator see while the storage fails: clean answers, nothing half done, and recovery without a restart."""
import http.client
import json
import time
import unittest

from faulty import DAILY, OFTEN, FaultCase
from harness import ADA, until


class Reading(FaultCase):
    def test_storage_is_unavailable_for_a_while(self):
        node = self.home()
        paths = ["/me", "/tabs", "/devices", "/bookmarks", "/tags", "/history", "/history/days", "/search?q=a", "/suggest?q=a", "/settings", "/tokens"]
        before = {p: node.api(p) for p in paths}
        for error in ("UNAVAILABLE", "TIMEOUT"):
            node.faults("storage", f"* error={error} words=the disk has gone fishing")
            for path in paths:
                answer = node.request("/api/v1" + self.uncached(path))
                self.assert_unavailable(answer)
                self.assertNotIn(b"fishing", answer.body)
            ready = node.request("/readyz", email=None)
            self.assertEqual((ready.status, ready.json["code"]), (503, "not_ready"))
            self.assertIn("storage does not answer", ready.json["detail"])
            self.assertEqual(node.request("/healthz", email=None).status, 200)
            self.assertEqual(node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}).status, 503)
            node.clear()
            self.assertEqual(node.request("/readyz", email=None).status, 200)
            for path in paths:
                self.assertEqual(node.api(path).keys() if path == "/me" else node.api(path), before[path].keys() if path == "/me" else before[path])
        self.assertIn("the disk has gone fishing", node.log_text())

    def test_no_session_to_be_had(self):
        node = self.home(sync=False)
        node.token()
        node.faults("storage", "session_open error=UNAVAILABLE", "* error=UNAVAILABLE")
        self.assert_unavailable(node.request("/api/v1/me"))
        self.assertEqual(node.request("/readyz", email=None).status, 503)
        node.clear()
        self.assertEqual(node.request("/api/v1/me").status, 200)
        self.assertEqual(node.request("/readyz", email=None).status, 200)

    def test_queue_does_not_answer(self):
        node = self.home()
        node.faults("queue", "ping error=UNAVAILABLE")
        ready = node.request("/readyz", email=None)
        self.assertEqual(ready.status, 503)
        self.assertEqual(ready.json["detail"], "The queue does not answer (not available now).")
        self.assertEqual(node.request("/api/v1/tabs").status, 200)
        node.clear()
        self.assertEqual(node.request("/readyz", email=None).status, 200)

    def test_listings_that_break_off(self):
        node = self.home()
        page = node.api("/history", limit=1)["visits"][0]["page"]
        tag = node.api("/tags")["tags"][0]["name"]
        paths = {"/devices": "device_list", "/tabs": "tab_list", "/bookmarks": "bookmark_list", "/bookmarks?sort=added": "bookmark_list",
                 "/bookmarks?q=a": "bookmark_list", f"/bookmarks?tag={tag}": "bookmark_list", "/tags": "tag_list", "/history": "visit_list",
                 "/history?q=e": "visit_dates", "/history/sites": "pages_by_frecency", "/bookmarks?q=e&folder=toolbar": "bookmark_nodes", "/history/days?from=1790000000000&to=1800000000000": "visit_dates", f"/pages/{page}": "page_visits",
                 "/search?q=a": "pages_by_frecency", "/suggest?q=a": "tab_list", "/tokens": "token_list"}
        for path, listing in paths.items():
            for rows in (0, 1):
                for error, status in (("UNAVAILABLE", 503), ("IO", 500), ("NOMEM", 500)):
                    with self.subTest(path=path, rows=rows, error=error):
                        node.faults("storage", f"{listing} short={rows} error={error}")
                        answer = node.request("/api/v1" + self.uncached(path))
                        self.assertEqual((answer.status, answer.headers["Content-Type"]), (status, "application/problem+json"), answer.body[:300])
                        self.assertEqual(answer.json["status"], status)
        node.clear()
        for path in paths:
            self.assertEqual(node.request("/api/v1" + path).status, 200)
        self.assertGreater(len(node.api("/bookmarks", sort="added")["items"]), 1)  # nothing that broke off was kept

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
        rules = {"/search?q=a&limit=20": ("page_get", "page_get after=2", "bookmarks_of_page short=0", "pick_list short=0"),
                 f"/bookmarks?folder={folder}": ("bookmark_get", "bookmark_get after=1"), f"/bookmarks/{folder}": ("bookmark_get",),
                 f"/pages/{page}": ("page_get", "bookmarks_of_page short=0"), "/me": ("counts", "account_get after=1"), "/settings": ("settings_get",)}
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
        for name, listing in (("bookmarks.html", "bookmark_list"), ("bookmarks.json", "bookmark_list"), ("history.json", "pages_by_frecency"), ("history.json", "page_visits"),
                              ("history.csv", "visit_list")):
            with self.subTest(name):
                whole = node.request("/api/v1/export/" + name).body
                node.faults("storage", f"{listing} short=2 error=IO")
                with self.assertRaises((http.client.HTTPException, OSError)):  # the client can tell
                    node.request("/api/v1/export/" + name)
                node.clear()
                self.assertEqual(node.request("/api/v1/export/" + name).body, whole)

    def test_lost_answers_to_changes(self):
        node = self.home()
        node.faults("storage", "settings_put lost", "token_create lost")
        for answer in (node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}), node.request("/api/v1/tokens", "POST", body={"name": "x"})):
            self.assertEqual((answer.status, answer.json["code"]), (500, "uncertain"))
        node.clear()
        self.assertEqual(node.api("/settings")["theme"]["mode"], "dark")  # it was done

    def test_slow_storage(self):
        node = self.home()
        node.faults("storage", "account_get delay=600000")
        begun = time.monotonic()
        self.assert_unavailable(node.request("/api/v1/me"))
        self.assertLess(time.monotonic() - begun, 20)
        node.faults("storage", "ping delay=600000")
        self.assertEqual(node.request("/readyz", email=None).status, 503)
        node.faults("storage", "account_get delay=200")
        self.assertEqual(node.request("/api/v1/me").status, 200)


class Syncing(FaultCase):
    def test_errors_in_the_middle_of_a_batch(self):
        node = self.home(sync=False, step=3)
        node.sync()
        rules = ["batch_begin", "tab_put after=2", "page_put after=3", "visits_put after=1", "bookmark_put after=2",
                 "bookmark_place after=1", "bookmark_nodes short=3", "mark_put", "mark_put after=2", "batch_commit", "batch_commit after=1",
                 "mark_list", "credentials_get"]
        node.cli("account", "resync", ADA, "--wait")
        for i, rule in enumerate(rules):
            with self.subTest(rule):
                self.ada.post("step", step=3 if i % 2 else 7)
                node.faults("storage", f"{rule} error=IO words=the disk hums in {rule.split()[0]}")
                node.cli("account", "sync" if rule == "mark_list" else "resync", ADA, "--wait", code=1)
                me = node.api("/me")["account"]
                self.assertEqual(me["state"], "error")
                self.assertTrue(me["state_detail"])
                self.assertIn(f"the disk hums in {rule.split()[0]}", node.log_text())  # the operator hears why
                self.assertEqual(node.cli("verify").splitlines()[-1], "The database is sound.")
                node.clear()
                node.sync()
                self.assertEqual(node.api("/me")["account"]["state"], "ok")
        self.ada.post("step", step=7)
        node.cli("account", "resync", ADA, "--wait")
        self.assert_same_as_without_faults(node)

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
        node = self.home(OFTEN + "claim = 2s\n")
        node.faults("storage", "account_update times=3 error=UNAVAILABLE words=no pen")
        until(lambda: "no pen" in node.log_text(), "it is told")
        attempt = node.api("/me")["account"]["last_attempt"]
        node.clear()
        until(lambda: node.api("/me")["account"]["last_attempt"] > attempt, "it goes on")


class Rules(FaultCase):
    def test_mistakes_in_rules_are_told(self):
        node = self.home(sync=False)
        for rule, why in (("no_such error=IO", "there is no such operation"), ("ping lost", "this cannot happen to the operation"),
                          ("account_get short=1", "this cannot happen"), ("ping error=NEVER", "a word of the rule is wrong"), ("ping", "the rule does nothing"),
                          ("account_get error=UNCERTAIN", "this cannot happen")):
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


if __name__ == "__main__":
    unittest.main()

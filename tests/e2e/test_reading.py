"""Reading only reads: no request that only looks makes the storage write or the queue take
anything, nor waits for those who do."""
import concurrent.futures
import http.client
import json
import os
import re
import time
import unittest
import urllib.parse

from faulty import DAILY, OFTEN, FaultCase, FaultyNode
from harness import ADA, PATIENCE, until
from routes import API, PAGES, source

# Every sync is due at once for a visitor, and nobody else asks for one.
STALE = OFTEN
NO_SCHEDULE = "account_lease_due error=UNAVAILABLE words=the schedule rests"
# What a thread that serves requests may never do.
READS_ONLY = {
    "storage": [
        "changes thread=storage die", "batch_begin thread=storage die", "changes thread=signin die",
        "batch_begin thread=signin die"
    ], "queue": [
        "changes thread=storage die", "publish thread=storage die",
        "event_publish thread=storage die", "reserve thread=storage die",
        "publish thread=signin die", "changes thread=signin die"
    ]
}
# For the last part of a path that names something, and for parameters without which there is
# nothing to look at.
ARGUMENTS = {
    "/api/v1/bookmarks/*": "menu", "/api/v1/export/*": "history.csv", "/auth/oidc/*": "nobody"
}
QUERIES = {
    "/api/v1/search": "q=a", "/api/v1/suggest": "q=a", "/api/v1/node": f"account={ADA}",
    "/api/v1/history/days": "from=1790000000000&to=1800000000000", "/basic/search": "q=a",
    "/auth/link": "t=nothing", "/auth/remove": "kind=site&host=nobody.example"
}
# Without a sign-in that is under way these have nothing to show.
ELSE = {
    "/auth/step": (303, 410), "/auth/callback": (303, 410), "/auth/oidc/*": (404, 410),
    "/auth/oidc/callback": (410, ), "/auth/link": (410, ), "/metrics": (200, 404), "/readyz":
    (200, 503),
    # the storage that fails has no such rows; test_push.py looks that nothing of them is written
    "/api/v1/push": (404, )
}


def routes():
    """(path, may be asked for without an account) of each GET in the tables of core."""
    found = []
    for name in (API, PAGES):
        text = source(name)
        table = text[text.index("} table[] = {"):]
        table = table[:table.index("\n};")]
        found += re.findall(r'^    \{"([^"]+)",\s*HTTP_GET\b', table, re.M)
    return found


class Visits(FaultCase):
    def look(self, node, path, method="GET", headers=None):
        """Only the beginning of the answer: an event stream has no end."""
        address = urllib.parse.urlsplit(node.address)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        try:
            connection.request(
                method, path,
                headers={"Authorization": f"Bearer {node.token()}", **(headers or {})})
            answer = connection.getresponse()
            if not path.startswith("/api/v1/events"):
                answer.read()
            return answer.status
        finally:
            connection.close()

    def account(self, node, email=ADA):
        return node.cli_json("account", "show", email)

    def wait_until_stale(self, node, email=ADA):
        until(lambda: time.time() * 1000 - self.account(node, email)["last_sync_at"] > 1500,
              "its data are stale")

    def people(self, node, count):
        service = self.service(load=False)
        emails = [f"p{i}@example.org" for i in range(count)]
        for email in emails:
            node.cli("account", "import", "-",
                     text=json.dumps(service.account(email, history=2, bookmarks=2, tabs=1)))
            node.token(email)
        return emails

    def test_no_get_writes_or_publishes(self):
        """While every write is refused and the queue takes nothing, all that only looks is
        answered; a thread that serves people and writes or publishes ends the daemon."""
        node = self.home(STALE)
        page = node.api("/history", limit=1)["visits"][0]["page"]
        ARGUMENTS["/api/v1/pages/*"] = page
        node.stop()
        node.start()  # it has noted nobody yet
        node.faults("storage", NO_SCHEDULE, *READS_ONLY["storage"],
                    "changes error=DENIED words=read-only", "batch_begin error=DENIED")
        node.faults("queue", *READS_ONLY["queue"], "publish error=UNAVAILABLE words=nobody there",
                    "* error=UNAVAILABLE words=nobody there")
        paths = routes()
        self.assertTrue({
            "/api/v1/me", "/api/v1/export/*", "/readyz", "/basic/tabs", "/auth/link",
            "/opensearch.xml"
        } <= set(paths), paths)
        for path in paths:
            allowed = ELSE.get(path, (200, ))
            concrete = path.replace("*", str(ARGUMENTS[path])) if "*" in path else path
            for method in ("GET", "HEAD", "GET"):
                with self.subTest(path=path, method=method):
                    query = QUERIES.get(path, "")
                    self.assertIn(
                        self.look(node, f"{concrete}?{query}&ask={time.monotonic_ns()}", method),
                        allowed)
        until(lambda: "presence not noted step=\"writing who was here\"" in node.log_text(),
              "the note of the visit is refused")
        node.clear()
        until(lambda: self.account(node)["last_seen_at"] > 0, "and written when it can be")

    def test_reading_while_a_batch_is_written(self):
        node = self.home(STALE + "[worker]\nparallel = 1\n", step=3)
        emails = self.people(node, 12)
        for email in emails:
            until(lambda e=email: self.account(node, e)["last_sync_at"] > 0,
                  f"the first sync of {email}")
        node.faults("storage", "batch_commit hold")
        self.ada.post("step", step=7)
        until(lambda: node.held("storage"), "a batch is open")
        before = [self.account(node, email)["generation"] for email in (ADA, *emails)]
        with concurrent.futures.ThreadPoolExecutor(12) as threads:
            answers = list(
                threads.map(lambda email: node.request("/api/v1/me", email=email).status, emails))
            first = node.request("/api/v1/history").status
        self.assertEqual(answers, [200] * 12)
        self.assertEqual(first, 200)
        # it was open all the time
        self.assertEqual([self.account(node, email)["generation"] for email in (ADA, *emails)],
                         before)
        node.clear()
        for email in (ADA, *emails):
            until(lambda e=email: self.account(node, e)["last_seen_at"] > 0,
                  f"the visit of {email} is written")

    def test_reading_while_the_queue_hangs(self):
        node = self.home(STALE)
        emails = self.people(node, 11)
        for email in emails:
            until(lambda e=email: self.account(node, e)["last_sync_at"] > 0,
                  f"the first sync of {email}")
        node.faults("storage", NO_SCHEDULE)
        for email in emails:
            self.wait_until_stale(node, email)
        node.faults("queue", "publish thread=storage die", "publish hold")
        with concurrent.futures.ThreadPoolExecutor(11) as threads:
            answers = list(
                threads.map(lambda email: node.request("/api/v1/history", email=email).status,
                            emails))
        self.assertEqual(answers, [200] * 11)
        until(lambda: node.held("queue"), "somebody else publishes, and waits")
        self.assertEqual([node.request("/api/v1/tabs", email=email).status for email in emails],
                         [200] * 11)
        before = {email: self.account(node, email)["last_sync_at"] for email in emails}
        node.clear()
        for email in emails:
            until(lambda e=email: self.account(node, e)["last_sync_at"] > before[e],
                  f"{email} is synced")

    def test_one_who_asks_waits_for_nobody_else(self):
        """Each call of the queue has a session and a deadline of its own: one that hangs fails,
        and others are made meanwhile."""
        node = self.home(DAILY)
        bob, = self.people(node, 1)
        ada_id = node.api("/me")["account"]["id"]
        node.faults("queue", f"publish account={ada_id} hold")
        with concurrent.futures.ThreadPoolExecutor(1) as threads:
            asked = threads.submit(node.request, "/api/v1/sync", "POST")
            until(lambda: node.held("queue"), "the call hangs")
            self.assertEqual(node.request("/api/v1/sync", "POST", email=bob).status, 202)
            self.assertTrue(node.cli("queue", "show"))
            self.assert_unavailable(asked.result(PATIENCE))
        until(lambda: self.account(node, bob)["last_sync_at"] > 0,
              "the other is synced: workers' events go on, too")

    def test_what_could_not_be_written_is_written_at_the_stop(self):
        node = self.home(DAILY)
        node.faults("storage", "account_update thread=presence error=FULL",
                    "token_used thread=presence error=FULL")
        self.assertEqual(node.request("/api/v1/me").status, 200)
        until(lambda: "presence not noted step=\"writing who was here\"" in node.log_text(),
              "it is refused")
        node.clear()
        node.stop()
        node.start()
        self.assertGreater(self.account(node)["last_seen_at"], 0)

    def test_a_token_is_used(self):
        node = self.home(DAILY)
        until(
            lambda: next(t for t in node.api("/tokens")["tokens"]
                         if t["name"] == "test")["last_used"] is not None, "its use is written")


class Refused(FaultCase):
    """A storage that refuses is another thing than a person who is not known: nobody is sent to
    sign in."""
    TOLD = {
        "DENIED": (500, "storage_refused", "own database"), "FULL": (503, "full", "no room left"),
        "CORRUPT": (500, "damaged", "damaged"), "IO": (500, "storage_failed", "disk failed"),
        "UNAVAILABLE": (503, "unavailable", "does not answer")
    }
    READS = {
        "account_get": "/me", "tab_list": "/tabs", "tab_group_list": "/tabs", "device_list":
        "/devices", "counts": "/me", "visit_list": "/history", "bookmark_list": "/bookmarks",
        "tag_list": "/tags", "settings_get": "/settings", "token_list": "/tokens", "token_by_hash":
        "/me"
    }
    WRITES = {
        "settings_put": ("/settings", "PATCH", {"theme": {"mode": "dark"}}), "token_create":
        ("/tokens", "POST", {"name": "x"})
    }

    def assert_told(self, answer, error):
        status, code, words = self.TOLD[error]
        self.assertEqual((answer.status, answer.json["code"]), (status, code), answer.body)
        self.assertIn(words, answer.json["detail"])
        self.assertNotIn("gone fishing", answer.json["detail"])
        self.assertIsNone(answer.headers["WWW-Authenticate"])

    def test_words_for_each_refusal(self):
        node = self.home(DAILY)
        for error in self.TOLD:
            for operation, path in self.READS.items():
                with self.subTest(error=error, operation=operation):
                    token = node.cli("token", "new", ADA, "--name",
                                     "fresh").strip() if operation == "token_by_hash" else None
                    node.faults("storage", f"{operation} error={error} words=gone fishing")
                    self.assert_told(node.request("/api/v1" + self.uncached(path), token=token),
                                     error)
            for operation, (path, method, body) in self.WRITES.items():
                with self.subTest(error=error, operation=operation):
                    node.faults("storage", f"{operation} error={error} words=gone fishing")
                    self.assert_told(node.request("/api/v1" + path, method, body=body), error)
            node.clear()
        self.assertEqual(node.request("/api/v1/me", token="hth_" + "a" * 43).status, 401)

    def test_pages_do_not_send_to_the_sign_in(self):
        node = self.home(DAILY)
        for error, (status, _, _) in self.TOLD.items():
            for operation in ("token_by_hash", "account_get", "tab_list"):
                with self.subTest(error=error, operation=operation):
                    token = node.cli("token", "new", ADA, "--name", "fresh").strip()
                    node.faults("storage", f"{operation} error={error}")
                    self.assertEqual(node.request("/basic/tabs", token=token).status, status)
            node.clear()


class Leases(FaultCase):
    def test_a_sync_that_a_kill_ended_is_taken_up_at_the_start(self):
        """Without a word from anybody, and long before the lease runs out."""
        node = FaultyNode(DAILY + "lease = 1h\n")
        self.addCleanup(node.close)
        node.faults("storage", "batch_commit hold")
        node.start()
        node.cli("account", "import", "-", text=json.dumps(self.service().import_file()))
        until(lambda: node.held("storage"), "a sync is stored")
        with node.database() as database:
            claimed = database.execute("SELECT claimed_until FROM accounts").fetchone()[0]
        self.assertGreater(claimed, time.time() * 1000 + 30 * 60 * 1000)
        node.kill()
        node.clear()
        node.start()
        until(lambda: node.cli_json("account", "show", ADA)["last_sync_at"] > 0, "the sync is done",
              60)


if __name__ == "__main__":
    unittest.main()

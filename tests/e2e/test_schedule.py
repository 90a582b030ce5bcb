"""The daemon syncs by itself: on time, when a person looks at stale data,
and at once when asked."""
import json
import os
import sqlite3
import subprocess
import time
import unittest

from harness import HEARTHD, PATIENCE, TestCase, until

SMALL = "small@example.org"


class Schedule(TestCase):
    def own(self, config):
        """A node whose accounts server is the double."""
        service = self.service(load=False)
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        return service, self.node(f"[sync firefox]\naccounts_url = {service.url}\nclient_id = "
                                  f"0123456789abcdef\n{config}")

    def requests(self, service):
        return len(service.log("info/collections"))

    def test_due_accounts_are_synced(self):
        service, node = self.service(
            load=False), self.node("[scheduler]\ninterval = 1s\njitter = 0\n")
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL, sync=False)
        until(lambda: node.api("/me", SMALL)["account"]["counts"]["pages"] == 30,
              "the first sync, without being asked")
        service.put_clear(
            "history", {
                "id": "AAAAAAAAAAAA", "histUri": "https://later.example/", "title": "Later",
                "visits": [{"date": 1795432000000000, "type": 1}]
            }, email=SMALL)
        until(lambda: node.api("/me", SMALL)["account"]["counts"]["pages"] == 31,
              "the next sync brings what is new")
        account = node.api("/me", SMALL)["account"]
        # half an interval is the least
        self.assertGreaterEqual(account["next_sync"], account["last_attempt"] + 500)

    def test_a_visit_to_stale_data_goes_first(self):
        service, node = self.service(load=False), self.node(
            "[scheduler]\ninterval = 1s\ninterval_week = 1h\ninterval_month = 1h\njitter = 0\n",
            start=False)
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL)
        node.cli("account", "pause", SMALL)
        node.start()
        until(lambda: node.api("/me", SMALL)["account"]["state"] == "paused", "the daemon is up")
        service.clear()
        node.cli("account", "resume", SMALL)
        until(lambda: self.requests(service) >= 1, "a sync after the resume")

    def test_asked_for_over_the_api(self):
        service, node = self.service(), self.node("[scheduler]\ninterval = 1d\n")
        node.add_account(service)
        service.clear()
        self.assertEqual(node.request("/api/v1/sync", "POST").json, {"queued": True})
        until(lambda: self.requests(service) == 1, "one sync")
        again = node.request("/api/v1/sync", "POST")
        self.assertEqual(again.status, 429)
        self.assertLessEqual(int(again.headers["Retry-After"]), 30)

    def slow(self, config=""):
        """A node whose next sync is under way: the service answers it late."""
        service, node = self.service(load=False), self.node(
            f"[scheduler]\ninterval = 1d\ntick = 10ms\n{config}")
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL)
        service.faults({"match": "info/collections", "delay": 1, "times": 1})
        service.clear()
        node.cli("account", "sync", SMALL)
        until(lambda: self.requests(service) == 1, "it is under way")
        return service, node

    def test_wait_is_for_what_begins_later(self):
        """The sync that is under way may have read the server before the request."""
        for verb in ("sync", "resync"):
            with self.subTest(verb=verb):
                service, node = self.slow()
                node.cli("account", verb, SMALL, "--wait")
                self.assertEqual(self.requests(service), 2)
                # what is asked for anew is fetched anew, not what was under way
                self.assertEqual(len(service.log("storage/history")), int(verb == "resync"))
                node.close()

    def test_asked_for_while_one_ends(self):
        service, node = self.slow()
        self.assertEqual(node.request("/api/v1/sync", "POST", email=SMALL).status, 202)
        until(lambda: self.requests(service) == 2, "the request is answered by one of its own")

    def test_paused_while_one_ends(self):
        _, node = self.slow()
        node.cli("account", "pause", SMALL)
        until(lambda: not node.api("/me", SMALL)["account"]["syncing"], "it has ended")
        self.assertEqual(node.cli_json("account", "show", SMALL)["next_sync_at"], 0)

    def test_wait_again_and_again(self):
        """Each reads what was written before it, whatever the schedule does meanwhile."""
        service, node = self.service(load=False), self.node(
            "[scheduler]\ninterval = 1s\njitter = 50\ntick = 10ms\n")
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL)
        service.faults({"match": "info/collections", "delay_ms": 30})
        for n in range(200 if os.environ.get("HEARTH_LONG") else 40):
            service.put_clear(
                "history", {
                    "id": f"AAAAAAAA{n:04}", "histUri": f"https://{n}.example/", "title": "",
                    "visits": [{"date": 1795432000000000, "type": 1}]
                }, email=SMALL)
            node.sync(SMALL)
            self.assertEqual(node.api("/me", SMALL)["account"]["counts"]["pages"], 31 + n)

    def test_survives_a_restart(self):
        service, node = self.service(
            load=False), self.node("[scheduler]\ninterval = 1s\nlease = 1s\njitter = 0\n")
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL)
        node.kill()  # the queue is lost with the process; the schedule is not
        service.clear()
        node.start()
        until(lambda: self.requests(service) >= 1, "the account is synced again")

    def test_a_clock_that_was_wrong(self):
        """The account was synced while the clock was a year ahead."""
        service, node = self.service(load=False), self.node(
            "[scheduler]\ninterval = 1h\njitter = 0\n", start=False)
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL)
        year = int(time.time() * 1000) + 365 * 86400000
        for change in (f"next_sync = {year}, last_sync = {year}",
                       f"next_sync = 2, claimed_until = {year}"):
            with sqlite3.connect(os.path.join(node.state, "hearth.db")) as db:
                db.execute(f"UPDATE accounts SET {change}")
            db.close()
            service.clear()
            node.start()
            until(lambda: self.requests(service) >= 1, "a sync as if nothing had been")
            node.stop()

    def told_to_wait(self, retry_after):
        """A node whose Sync service has asked for a pause."""
        service, node = self.service(load=False), self.node("[scheduler]\ninterval = 1d\n",
                                                            start=False)
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL)
        node.start()
        service.faults({
            "match": "info/collections", "status": 503, "times": 1, "add_headers":
            {"Retry-After": retry_after}
        })
        node.sync(SMALL, code=1)
        return node

    def test_a_pause_is_said_once(self):
        """It counts down, and who waits knows that."""
        node = self.told_to_wait("4")
        words = [HEARTHD, "--config", node.conf, "account", "sync", SMALL, "--wait"]
        waiting = subprocess.run(words, capture_output=True, text=True, env=node.environment,
                                 timeout=PATIENCE, check=True)
        self.assertEqual(waiting.stderr.count("The Sync service asked for a pause"), 1,
                         waiting.stderr)

    def test_a_long_pause_is_not_waited_for(self):
        node = self.told_to_wait("1e4")
        said = node.sync(SMALL, code=1)
        self.assertIn("The Sync service asked for a pause, which ends in about 1", said)
        self.assertIn("The daemon syncs the account then", said)
        # asking for a sync hides nothing of it
        me = node.api("/me", SMALL)["account"]
        self.assertEqual(me["next_sync_message"]["id"], "account.next.pause")
        self.assertIn("has asked for a pause. The next sync is at 20", me["next_sync_detail"])
        self.assertGreater(me["next_sync"] - me["last_attempt"], 9000 * 1000)

    def test_a_short_pause_within_a_long_interval(self):
        """Asked for with a good answer: the next sync is when the interval says, and the pause is
        over long before."""
        service, node = self.own("[scheduler]\ninterval = 1d\njitter = 0\n")
        service.faults({"match": "info/collections", "add_headers": {"X-Weave-Backoff": "600"}})
        node.add_account(service, SMALL, sync=False)
        until(lambda: node.api("/me", SMALL)["account"]["last_sync"], "the first sync")
        me = node.api("/me", SMALL)["account"]
        said = me["next_sync_message"]
        self.assertEqual(said["id"], "account.next.after_pause", me["next_sync_detail"])
        self.assertEqual(said["parameters"]["time"], me["next_sync"])
        self.assertIn(said["parameters"]["until"] - me["last_attempt"],
                      range(590 * 1000, 800 * 1000))
        self.assertGreater(me["next_sync"] - me["last_attempt"], 86000 * 1000)
        # whoever asks for one gets it when the pause ends
        self.assertEqual(node.request("/api/v1/sync", "POST", SMALL).status, 202)
        until(lambda: 1 < (node.api("/me", SMALL)["account"]["next_sync"] or 0) <
              me["next_sync"] - 80000 * 1000, "it is put off to the end of the pause")
        self.assertEqual(node.api("/me", SMALL)["account"]["next_sync_message"]["id"],
                         "account.next.pause")

    def test_a_refused_sign_in_is_looked_at_again(self):
        service, node = self.own("[scheduler]\ninterval = 1d\njitter = 0\nsignin_retry = 1s\n"
                                 "signin_retry_max = 2s\n")
        node.add_account(service, SMALL, auth="refresh")
        refusal = json.dumps({"code": 401, "errno": 110, "error": "Unauthorized"})
        service.faults({
            "match": "v1/token", "status": 401, "body": refusal, "headers":
            {"Content-Type": "application/json"}
        })
        service.post("expire", email=SMALL)
        service.clear()
        node.sync(SMALL, code=1)
        me = node.api("/me", SMALL)["account"]
        self.assertEqual((me["state"], me["next_sync_message"]["id"]),
                         ("signin_needed", "account.next.signin"))
        until(lambda: len(service.log("v1/token")) >= 3, "it is looked at again by itself")
        # one request each time, and no password
        self.assertEqual({r["path"].rpartition("/")[2] for r in service.log()
                          if r["method"] == "POST"}, {"token"})
        service.faults()
        until(lambda: node.api("/me", SMALL)["account"]["state"] == "ok", "it is well by itself")

    def test_a_page_of_a_proxy_is_no_refusal(self):
        """Case token-401-page, at both servers, with what a sign-in and what an import stored."""
        page = {"status": 401, "headers": {"Content-Type": "text/html"},
                "body": "<html>401 Authorization Required</html>"}
        for auth, match in (("refresh", "1.0/sync"), ("refresh", "v1/token"),
                            ("access", "1.0/sync"), ("access", "info/collections")):
            with self.subTest(auth=auth, match=match):
                service, node = self.own(
                    "[scheduler]\ninterval = 1s\nretry_max = 1s\njitter = 0\n")
                node.add_account(service, SMALL, auth=auth)
                service.faults({"match": match, **page})
                if match != "info/collections":
                    service.post("expire", email=SMALL, what="all" if auth == "refresh" else "hawk")
                until(lambda n=node: n.api("/me", SMALL)["account"]["state"] != "ok", "trouble")
                me = node.api("/me", SMALL)["account"]
                self.assertEqual(me["state"], "error", me["state_detail"])
                self.assertIn("Something between here and the ", me["state_detail"])
                service.faults()
                until(lambda n=node: n.api("/me", SMALL)["account"]["state"] == "ok",
                      "it is well by itself")
                node.close()

    def test_wait_ends_when_nobody_will_sync(self):
        service, node = self.service(load=False), self.node(
            "[scheduler]\ninterval = 1d\ntick = 1h\n", start=False)
        service.account(SMALL, history=30, bookmarks=5, tabs=2)
        node.add_account(service, SMALL)
        node.start()  # its scheduler has looked once, and will not look again
        words = [HEARTHD, "--config", node.conf, "account", "sync", SMALL, "--wait"]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True,
                              env=node.environment) as waiting:
            try:
                first = waiting.stderr.readline()
                self.assertIn("Waiting for the scheduler", first)
                node.cli("account", "pause", SMALL)
                rest = waiting.communicate(timeout=PATIENCE)[1]
            finally:
                waiting.kill()
        self.assertEqual(waiting.returncode, 1)
        self.assertIn("was paused meanwhile", rest)


if __name__ == "__main__":
    unittest.main()

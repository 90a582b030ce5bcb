"""What a person sees when the Sync service misbehaves. (Every row of the protocol's tables is
tested in tests/plugins/sync-fx.)"""
import unittest

from harness import ADA, TestCase, until

SMALL = "small@example.org"


class Faults(TestCase):
    def setUp(self):
        self.sync_service = self.service(load=False)
        self.sync_service.account(SMALL, history=200, bookmarks=50, tabs=5)
        self.home = self.node(
            f"[sync firefox]\naccounts_url = {self.sync_service.url}\nclient_id = "
            "0123456789abcdef\n"
        )

    def me(self):
        return self.home.api("/me", SMALL)["account"]

    def test_unchanged_is_one_request(self):
        self.home.add_account(self.sync_service, SMALL)
        generation = self.home.api("/me", SMALL)["generation"]
        self.sync_service.clear()
        self.home.sync(SMALL)
        requests = self.sync_service.log()
        self.assertEqual([(r["method"], r["path"].rpartition("/")[2], r["status"])
                          for r in requests], [("GET", "collections", 304)])
        self.assertEqual(self.home.api("/me", SMALL)["generation"], generation)

    def test_refresh_token(self):
        self.home.add_account(self.sync_service, SMALL, auth="refresh")
        self.assertEqual(self.me()["counts"]["pages"], 200)
        self.sync_service.post("expire", email=SMALL)
        self.home.sync(SMALL)
        self.assertEqual(self.me()["state"], "ok")
        self.sync_service.post("revoke", email=SMALL)
        self.sync_service.post("expire", email=SMALL)
        message = self.home.sync(SMALL, code=1)
        self.assertIn("sign in", message.lower())
        self.assertEqual(self.me()["state"], "signin_needed")
        self.assertEqual(self.me()["counts"]["pages"], 200)  # the data stay readable
        me = self.me()  # it is looked at again, once in a while
        self.assertGreater(me["next_sync"] - me["last_attempt"], 7 * 3600 * 1000)
        self.assertEqual(me["next_sync_message"]["id"], "account.next.signin")

    def test_damaged_records_are_counted_and_told(self):
        self.sync_service.faults(
            {"match": "storage/history", "damage": {"kind": "hmac", "nth": [3, 50, 120]}})
        # its first sync comes by itself; a second one would find nothing new
        self.home.add_account(self.sync_service, SMALL, sync=False)
        until(lambda: self.me()["last_sync"], "the first sync")
        me = self.me()
        self.assertEqual(me["counts"]["pages"], 197)
        self.assertEqual(me["state"], "ok")
        self.assertIn("3 of 200 records of history arrived damaged", me["state_detail"])
        self.assertIn("damaged record", self.home.log_text())

    def test_server_asks_to_wait(self):
        self.home.add_account(self.sync_service, SMALL)
        self.sync_service.faults({
            "match": "info/collections", "status": 503, "headers": {"Retry-After": "3600"}, "times":
            1
        })
        self.home.sync(SMALL, code=1)
        me = self.me()
        self.assertEqual(me["state"], "error")
        self.assertTrue(me["state_detail"])
        self.assertGreater(me["next_sync"] - me["last_attempt"], 3500 * 1000)
        self.assertEqual(me["next_sync_message"]["id"], "account.next.pause")
        self.sync_service.clear()
        # a person asks: the server's word still counts
        self.assertEqual(self.home.request("/api/v1/sync", "POST", SMALL).status, 202)
        until(lambda: any(j["state"] == "delayed" for j in self.home.cli_json("queue", "show")),
              "the job waits as long as the server asked")
        self.assertEqual(self.sync_service.log(), [])

    def test_changes_while_reading(self):
        self.sync_service.account("busy@example.org", history=3000, bookmarks=10, tabs=1)
        self.sync_service.faults(
            {"match": "storage/history.*offset=", "bump": "history", "times": 1})
        self.home.add_account(self.sync_service, "busy@example.org")
        self.assertEqual(
            self.home.api("/me", "busy@example.org")["account"]["counts"]["pages"], 3000)
        self.assertIn(412, [r["status"] for r in self.sync_service.log("storage/history")])

    def test_connection_breaks(self):
        for fault in ({"truncate": 5000}, {"drop": True}, {"reset": True}):
            with self.subTest(fault=fault):
                email = f"{list(fault)[0]}@example.org"
                self.sync_service.account(email, history=200, bookmarks=20, tabs=2)
                self.sync_service.faults({"match": "storage/history", "times": 1, **fault})
                self.home.add_account(self.sync_service, email, sync=False)
                until(lambda: self.home.api("/me", email)["account"]["last_attempt"],
                      "the first attempt")
                counts = self.home.api("/me", email)["account"]["counts"]
                self.assertIn(counts["pages"], (0, 200))
                self.assertEqual(counts["bookmarks"], 20)
                self.sync_service.faults()
                self.home.sync(email)
                self.assertEqual(self.home.api("/me", email)["account"]["counts"]["pages"], 200)

    def test_keys_and_nodes_change(self):
        self.home.add_account(self.sync_service, SMALL)
        self.sync_service.post("rotate-keys", email=SMALL, reseal=True)
        self.home.sync(SMALL)
        self.assertEqual(self.me()["counts"]["pages"], 200)
        self.sync_service.post("reassign", email=SMALL)
        self.home.sync(SMALL)
        self.assertEqual((self.me()["state"], self.me()["counts"]["pages"]), ("ok", 200))
        self.sync_service.post("meta", email=SMALL, syncID="another")
        self.home.sync(SMALL)
        self.assertEqual((self.me()["state"], self.me()["counts"]["bookmarks"]), ("ok", 50))

    def test_waiting_for_a_first_device(self):
        self.sync_service.account("new@example.org", history=0, bookmarks=0, tabs=0)
        self.sync_service.post("meta", email="new@example.org", remove=True)
        self.home.add_account(self.sync_service, "new@example.org")
        me = self.home.api("/me", "new@example.org")["account"]
        self.assertEqual(me["state"], "waiting")
        self.assertTrue(me["state_detail"])

    def test_server_is_gone(self):
        self.home.add_account(self.sync_service, SMALL)
        self.sync_service.stop()
        self.assertIn("reach", self.home.sync(SMALL, code=1))
        self.assertEqual(self.me()["state"], "error")
        self.assertEqual(self.home.api("/search", SMALL, q="river").keys(), {"results"})

    def test_never_writes(self):
        self.home.add_account(self.sync_service, SMALL)
        self.home.cli("account", "resync", SMALL, "--wait")
        counters = self.sync_service.counters()
        self.assertEqual(counters.get("writes", 0), 0)
        self.assertTrue(all(r["method"] == "GET" for r in self.sync_service.log("/1.5/")))


if __name__ == "__main__":
    unittest.main()

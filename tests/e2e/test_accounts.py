"""Two accounts at once: nobody ever sees another's rows."""
import concurrent.futures
import unittest

from harness import ADA, TestCase

EVE, BOB = "eve@example.org", "bob@example.org"


class Isolation(TestCase):
    def everything(self, node, email):
        """All that the services tell an account, as one set of URLs."""
        urls = {v["url"] for v in node.pages_of("/history", "visits", email=email)}
        urls |= {t["url"] for d in node.api("/tabs", email=email)["devices"] for t in d["tabs"]}
        urls |= {i["url"] for i in node.pages_of("/bookmarks", "items", email=email, sort="added")}
        return urls

    def test_rows_stay_apart(self):
        service, node = self.service(), self.node("[worker]\nparallel = 4\n")
        # the same data under two names: equal ids and URLs
        for email, seed in ((EVE, 5), (BOB, 5)):
            service.account(email, history=300, bookmarks=40, tabs=5, seed=seed)
        emails = (ADA, EVE, BOB)
        for email in emails:
            node.add_account(service, email, sync=False)
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            list(pool.map(node.sync, emails))
        ada, eve = self.everything(node, ADA), self.everything(node, EVE)
        self.assertEqual(ada & eve, set())
        page = node.pages_of("/history", "visits", email=EVE)[0]["page"]
        self.assertEqual(node.request(f"/api/v1/pages/{page}", email=EVE).status, 200)
        self.assertEqual(node.request(f"/api/v1/pages/{page}", email=ADA).status, 404)
        bookmark = node.pages_of("/bookmarks", "items", email=EVE, sort="added")[0]["id"]
        self.assertEqual(node.request(f"/api/v1/bookmarks/{bookmark}", email=ADA).status, 404)
        folder = node.request("/api/v1/bookmarks?folder=toolbar", email=EVE).json["items"]
        for item in folder:
            self.assertEqual(
                node.request(f"/api/v1/bookmarks?folder={item['id']}", email=ADA).status, 404)
        # A cursor of one account is worth nothing to another: it yields that other's own rows.
        cursor = node.api("/history", EVE, limit=10)["next"]
        self.assertTrue(
            {v["url"]
             for v in node.api("/history", ADA, limit=10, cursor=cursor)["visits"]} <= ada)
        results = node.api("/search", ADA, q="river", limit=500)["results"]
        self.assertTrue(results)
        self.assertEqual({r["url"] for r in results} & eve, set())

    def test_one_removal_leaves_the_other(self):
        service, node = self.service(), self.node()
        service.account(EVE, history=50, bookmarks=10, tabs=2)
        for email in (ADA, EVE):
            node.add_account(service, email)
        before = self.everything(node, EVE)
        self.assertEqual(
            node.request("/api/v1/me", "DELETE", email=ADA, headers={"Cookie":
                                                                     node.fresh()}).status, 204)
        self.assertEqual(node.request("/api/v1/me", email=ADA).status, 401)
        self.assertEqual(self.everything(node, EVE), before)
        self.assertEqual([a["email"] for a in node.cli_json("account", "list")], [EVE])
        with node.database() as db:
            self.assertEqual(db.execute("SELECT count(*) FROM accounts").fetchone()[0], 1)
        self.assertIn("sound", node.cli("verify"))

    def test_many_at_once_share_connections(self):
        """Twenty accounts on one service, synced together, over a few connections; unchanged
        ones cost one request each."""
        service, node = self.service(load=False), self.node(
            "[worker]\nparallel = 8\nconnections_per_host = 3\n", start=False)
        emails = [f"user{i}@example.org" for i in range(20)]
        for i, email in enumerate(emails):
            service.account(email, history=30, bookmarks=5, tabs=2, seed=i)
        node.start()
        for email in emails:
            node.add_account(service, email, sync=False)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(node.sync, emails))
        states = {a["email"]: a["state"] for a in node.cli_json("account", "list")}
        self.assertEqual(states, {e: "ok" for e in emails})
        self.assertEqual(max(service.counters()["max_concurrent_by_account"].values()), 1)
        self.assertLessEqual(service.counters()["connections"], 12)
        service.clear()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(node.sync, emails))
        counters = service.counters()
        self.assertEqual(counters["storage"], len(emails))
        self.assertEqual(counters.get("writes", 0), 0)


if __name__ == "__main__":
    unittest.main()

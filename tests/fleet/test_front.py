"""The front end: HAProxy with the package's configuration before two nodes."""
import http.cookiejar
import json
import unittest
import urllib.request

from fleet import Fleet, TestCase, until


class Front(TestCase):
    def setUp(self):
        self.fleet = Fleet(self, workers=1, schedulers=1,
                           config="[scheduler]\ninterval = 2s\ntick = 200ms\n")
        self.fleet.settle(8)
        places = {e: row["node"] for e, row in self.fleet.accounts.items()}
        self.assertEqual(set(places.values()), {"alder", "birch"})
        self.here = {
            node: next(e
                       for e, n in places.items()
                       if n == node)
            for node in ("alder", "birch")
        }
        until(lambda: all(row["last_sync_at"] for row in self.fleet.rows()), "everybody synced")

    def browse(self, email):
        """As a browser: keeps cookies, follows redirects, knows nothing of nodes."""
        handlers = [
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPSHandler(context=self.fleet.context),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        ]
        opener = urllib.request.build_opener(*handlers)
        statuses = []
        for _ in range(4):
            request = urllib.request.Request(
                self.fleet.haproxy.url + "/api/v1/me",
                headers={"Authorization": f"Bearer {self.fleet.tokens[email]}"})
            with opener.open(request, timeout=60) as answer:
                statuses.append((answer.status, json.load(answer)["account"]["email"]))
        self.assertEqual(statuses, [(200, email)] * 4)

    def test_everybody_reaches_their_node(self):
        fleet = self.fleet
        for node, email in self.here.items():
            self.browse(email)
            other = "birch" if node == "alder" else "alder"
            self.assertEqual(fleet.ask(email, "/api/v1/me").status, 200)
            wrong = fleet.ask(email, "/api/v1/me?x=1", {"Hearth-Node": other}, follow=False)
            self.assertEqual((wrong.status, wrong.headers["Location"]),
                             (307, fleet.haproxy.url + "/api/v1/me?x=1"))
            self.assertIn(f"hearth_node={node};", "".join(wrong.headers.get_all("Set-Cookie")))
            self.assertEqual(
                fleet.ask(email, "/api/v1/me", {"Hearth-Node": "", "Cookie": f"hearth_node={node}"},
                          follow=False).status, 200)
            told = json.loads(fleet.ask(email, f"/api/v1/node?account={email}").body)
            self.assertEqual(told, {"node": node, "url": fleet.haproxy.url})

    def test_what_the_daemon_learns_and_what_stays_inside(self):
        fleet, email = self.fleet, self.here["alder"]
        # the daemon knows that the client spoke TLS, and from where: nobody can tell it otherwise
        answer = fleet.ask(
            email, "/api/v1/me", {
                "X-Forwarded-Proto": "http", "X-Forwarded-For": "192.0.2.1", "Forwarded":
                "for=192.0.2.2;proto=http", "Hearth-Node": "", "Cookie": ""
            }, follow=False)
        cookie = next(c for c in answer.headers.get_all("Set-Cookie")
                      if c.startswith("hearth_node="))
        self.assertIn("; Secure", cookie)
        self.assertIn("max-age", answer.headers["Strict-Transport-Security"])
        self.assertEqual(fleet.ask(email, "/metrics").status, 404)
        self.assertEqual((fleet.ask(email, "/readyz").status, fleet.ask(email, "/healthz").status),
                         (404, 200))

    def test_a_node_that_is_away(self):
        fleet = self.fleet
        fleet.webs["birch"].stop()
        away = fleet.ask(self.here["birch"], "/api/v1/me")
        self.assertEqual((away.status, away.headers["Content-Type"], away.headers["Retry-After"]),
                         (503, "application/problem+json", "5"))
        self.assertEqual(away.json["code"], "unavailable")
        self.assertEqual(fleet.ask(self.here["alder"], "/api/v1/me").status, 200)
        fleet.webs["birch"].start()
        until(lambda: fleet.ask(self.here["birch"], "/api/v1/me").status == 200, "birch is back")

    def test_a_start_without_the_queue(self):
        """A web process that comes up while Redis is away serves readers, says what it lacks,
        and recovers by itself."""
        fleet, web, email = self.fleet, self.fleet.webs["alder"], self.here["alder"]
        web.stop()
        fleet.redis.end()
        self.assertIn("cannot connect to Redis", web.cli("check", code=1))
        web.start()
        ready = web.request("/readyz", email=None)
        self.assertEqual((ready.status, ready.json["queue"]),
                         (200, "The queue does not answer (not available now)."))
        self.assertEqual(
            web.request("/api/v1/me", email=None, token=fleet.tokens[email]).status, 200)
        wish = web.request("/api/v1/sync", "POST", email=None, token=fleet.tokens[email])
        self.assertEqual((wish.status, wish.json["code"]), (503, "unavailable"))
        fleet.redis.start()
        until(lambda: web.request("/readyz", email=None).json["queue"] == "ok", "the queue is back")

    def test_draining(self):
        """People keep reading while their accounts move;
        afterwards they are found on the other node."""
        fleet = self.fleet
        before = {
            e: fleet.ask(e, "/api/v1/bookmarks?folder=unfiled").json["items"]
            for e in fleet.emails
        }
        self.assertIn("0 accounts left to move",
                      fleet.operator.cli("node", "drain", "birch", "--wait", "--yes"))
        self.assertEqual({row["node"] for row in fleet.rows()}, {"alder"})
        for email in fleet.emails:
            self.browse(email)
            after = fleet.ask(email, "/api/v1/bookmarks?folder=unfiled",
                              {"Hearth-Node": "alder"}).json["items"]
            self.assertEqual([i["title"] for i in after], [i["title"] for i in before[email]])


if __name__ == "__main__":
    unittest.main()

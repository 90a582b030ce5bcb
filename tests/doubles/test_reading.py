"""The double as a client sees it: storage, Hawk, tokens."""
import base64
import http.client
import json
import threading
import time
import unittest
import urllib.parse

from case import Running
from client import ADA
from storage import centiseconds, decimal


class Reading(Running):
    def test_ada_at_the_end(self):
        reader = self.reader()
        keys = reader.keys()
        counts = {}
        for name in ("bookmarks", "history", "tabs", "clients", "forms", "passwords"):
            records = reader.records(name, keys)
            counts[name] = (len(records), sum(1 for r in records.values() if r.get("deleted")))
        self.assertEqual(
            counts, {
                "bookmarks": (861, 93), "history": (5229, 134), "tabs": (2, 0), "clients":
                (2, 0), "forms": (10, 1), "passwords": (5, 1)
            })
        self.assertEqual(reader.get("/info/collection_counts")["history"], 5229)
        self.assertEqual(self.service.counters()["writes"], 0)

    def test_formats(self):
        reader = self.reader()
        _, headers, body = reader.request("/storage/bookmarks?full=1&limit=3")
        self.assertEqual(
            (headers["Content-Type"], headers["X-Weave-Records"], len(body.splitlines())),
            ("application/newlines", "3", 3))
        _, headers, body = reader.request("/storage/bookmarks?limit=3",
                                          headers={"Accept": "application/json"})
        self.assertEqual((headers["Content-Type"], len(json.loads(body))), ("application/json", 3))
        for header in ("X-Weave-Timestamp", "X-Last-Modified", "X-Weave-Next-Offset"):
            self.assertIn(header, headers)
        self.assertEqual(reader.get("/storage/nothing"), [])
        self.assertEqual(reader.request("/storage/nothing?full=1")[2], b"")
        self.assertEqual(reader.request("/storage/history/nosuchid")[0], 404)
        for path in ("limit=0", "limit=x", "sort=sideways", "newer=abc", "newer=1.234", "offset=7",
                     "offset=-1:2", "ids=" + ",".join("a" * 101)):
            self.assertEqual(reader.request(f"/storage/history?full=1&{path}")[0], 400, path)

    def test_ids(self):
        reader = self.reader()
        some = reader.get("/storage/bookmarks?limit=5")
        self.assertEqual(
            sorted(reader.get("/storage/bookmarks?ids=" + ",".join(some + ["missing"]))),
            sorted(some))
        odd = [i for i in reader.get("/storage/forms") if "/" in i or "+" in i
               ] + reader.get("/storage/passwords")
        for collection, i in [("passwords", i) for i in odd if "{" in i
                              ] + [("forms", i) for i in odd if "{" not in i]:
            self.assertEqual(
                reader.get(f"/storage/{collection}/{urllib.parse.quote(i, safe='')}")["id"], i)

    def test_unlimited_is_capped(self):
        self.service.settings(max_page=2000)
        self.addCleanup(self.service.settings, max_page=10000)
        pages = [len(p) for p in self.reader().pages("history", limit=None)]
        self.assertEqual(pages, [2000, 2000, 1229])

    def test_conditions(self):
        reader = self.reader()
        latest = reader.request("/info/collections")[1]["X-Last-Modified"]
        before = decimal(centiseconds(latest) - 1)
        for path in ("/info/collections", "/storage/tabs?full=1"):
            self.assertEqual(reader.request(path, headers={"X-If-Modified-Since": latest})[0], 304)
            self.assertEqual(reader.request(path, headers={"X-If-Modified-Since": before})[0], 200)
            self.assertEqual(
                reader.request(path, headers={"X-If-Unmodified-Since": latest})[0], 200)
            self.assertEqual(
                reader.request(path, headers={"X-If-Unmodified-Since": before})[0], 412)
            self.assertEqual(
                reader.request(
                    path, headers={"X-If-Unmodified-Since": latest, "X-If-Modified-Since":
                                   latest})[0], 400)
            self.assertEqual(
                reader.request(path, headers={"X-If-Modified-Since": "yesterday"})[0], 400)

    def test_short_times(self):
        self.service.put("forms", {"id": "shorttime", "cleartext": {"id": "shorttime"}})
        self.service.post("put", email=ADA, collection="x", records=[{"id": "a", "payload": "p"}],
                          modified="1900000000.50")
        self.addCleanup(self.service.post, "drop", email=ADA, collection="x")
        self.addCleanup(self.service.remove, "forms", "shorttime")
        self.service.settings(short_times=True)
        self.addCleanup(self.service.settings, short_times=False)
        reader = self.reader()
        self.assertIn(b'"x":1900000000.5}',
                      reader.request("/info/collections")[2].replace(b",", b"}"))
        _, headers, body = reader.request("/storage/x/a")
        self.assertIn(b'"modified":1900000000.5,', body)
        self.assertEqual(headers["X-Last-Modified"], "1900000000.50")

    def test_writes_are_refused_and_counted(self):
        reader = self.reader()
        for method, path in (("POST", "/storage/history"), ("PUT", "/storage/history/abc"),
                             ("DELETE", "/storage/history"), ("DELETE", "")):
            self.assertEqual(reader.request(path, method, body=b"[]")[0], 405)
        self.assertEqual(self.service.counters()["writes"], 4)
        self.assertEqual(len(reader.get("/storage/history?limit=1")), 1)

    def test_one_connection_and_its_log(self):
        reader = self.reader()
        for _ in range(5):
            reader.get("/info/collections")
        counters = self.service.counters()
        self.assertEqual((counters["connections"], counters["token"], counters["storage"],
                          counters["max_concurrent"]), (1, 1, 5, 1))
        line = self.service.log("/info/collections")[0]
        self.assertEqual((line["method"], line["status"], line["account"], line["kind"]),
                         ("GET", 200, ADA, "storage"))

    def test_concurrency_is_seen(self):
        readers = [self.reader() for _ in range(3)]
        self.service.clear()
        self.service.faults({"match": "info/collections", "delay_ms": 600})
        threads = [threading.Thread(target=r.get, args=("/info/collections", )) for r in readers]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(self.service.counters()["max_concurrent_by_account"], {ADA: 3})


class HawkChecks(Running):
    def test_refusals(self):
        reader = self.reader()
        good = reader.signed("GET", "/info/collections")
        cases = {
            "mac": good.replace('mac="', 'mac="A'), "stale":
            reader.signed("GET", "/info/collections", ts=int(time.time()) - 120), "unknown id":
            good.replace('id="', 'id="x'), "incomplete": good.split(", mac")[0]
        }
        for word, header in cases.items():
            status, headers, _ = reader.request("/info/collections", authorization=header)
            self.assertEqual(status, 401, word)
            self.assertRegex(headers["WWW-Authenticate"], r'^Hawk ts="\d+"$')
            self.assertEqual(self.service.log("/info/collections")[-1]["refused"], word)
        # signed for another path
        self.assertEqual(reader.request("/info/quota", authorization=good)[0], 401)

    def test_replay(self):
        reader = self.reader()
        header = reader.signed("GET", "/info/collections")
        self.assertEqual(reader.request("/info/collections", authorization=header)[0], 200)
        self.assertEqual(reader.request("/info/collections", authorization=header)[0], 401)
        self.assertEqual(self.service.log("/info/collections")[-1]["refused"], "replay")

    def test_another_storage(self):
        reader, other = self.reader(), self.small("neighbour@example.org")
        reader.endpoint = other.endpoint
        self.assertEqual(reader.request("/info/collections")[0], 401)

    def test_skewed_server(self):
        self.service.settings(skew=86400)
        self.addCleanup(self.service.settings, skew=0)
        reader = self.reader()
        status, headers, _ = reader.request("/info/collections")
        self.assertEqual(status, 401)
        ts = int(headers["WWW-Authenticate"].split('"')[1])
        self.assertAlmostEqual(ts, time.time() + 86400, delta=5)
        status, headers, _ = reader.request(
            "/info/collections", authorization=reader.signed("GET", "/info/collections", ts=ts))
        self.assertEqual(status, 200)
        self.assertAlmostEqual(float(headers["X-Weave-Timestamp"]), ts, delta=5)

    def test_short_life(self):
        self.service.settings(duration=0)
        self.addCleanup(self.service.settings, duration=3600)
        reader = self.reader()
        self.assertEqual(reader.request("/info/collections")[0], 401)
        self.assertEqual(self.service.log("/info/collections")[-1]["refused"], "expired")


class TokenChecks(Running):
    def word(self, reader, **headers):
        status, answered, body = reader.sign_in(**headers)
        self.assertIn("X-Timestamp", answered)
        return status, json.loads(body).get("status")

    def test_answer(self):
        reader = self.reader()
        token = reader.token
        self.assertEqual((token["uid"], token["duration"], token["hashalg"]), (1, 3600, "sha256"))
        self.assertEqual(token["api_endpoint"], f"{self.service.url}/1.5/1")

    def test_errors(self):
        reader = self.reader(sign_in=False)
        kid = reader.credentials["kid"]
        ms, fingerprint = kid.split("-", 1)
        bearer = f"Bearer {reader.credentials['access_token']}"
        for changes, expected in (({"Authorization":
                                    None}, "error"), ({"Authorization":
                                                       "Bearer nonsense"}, "invalid-credentials"),
                                  ({"X-KeyID":
                                    None}, "invalid-key-id"), ({"X-KeyID":
                                                                "nonsense"}, "invalid-key-id"),
                                  ({"X-KeyID":
                                    f"{ms}-AAAAAAAAAAAAAAAAAAAAAA"}, "invalid-client-state"),
                                  ({"X-KeyID": f"1{ms}-{fingerprint}"},
                                   "invalid-keysChangedAt"), ({"X-Client-State":
                                                               "00" * 16}, "invalid-client-state")):
            self.assertEqual(self.word(reader, **changes), (401, expected), changes)
        state = base64.urlsafe_b64decode(fingerprint + "==").hex()
        self.assertEqual(self.word(reader, **{"Authorization": bearer, "X-Client-State": state}),
                         (200, None))
        reader.token_path = "/1.0/sync/1.1"
        self.assertEqual(self.word(reader), (404, "error"))

    def test_duration_is_only_shortened(self):
        reader = self.reader(sign_in=False)
        for asked, given in ((60, 60), (99999, 3600)):
            reader.token_path = f"/1.0/sync/1.5?duration={asked}"
            reader.sign_in()
            self.assertEqual(reader.token["duration"], given)

    def oauth(self, **body):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.service.url).netloc)
        self.addCleanup(connection.close)
        connection.request("POST", "/v1/token", json.dumps(body),
                           {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.load(answer)

    def test_refresh(self):
        token = self.service.import_file(auth="refresh")["refresh_token"]
        self.assertEqual(token, "ada-refresh-token")
        status, answer = self.oauth(grant_type="refresh_token", refresh_token=token, client_id="c",
                                    ttl=600)
        self.assertEqual((status, answer["expires_in"], len(answer["access_token"])),
                         (200, 600, 64))
        reader = self.reader(sign_in=False)
        self.assertEqual(reader.sign_in(Authorization=f"Bearer {answer['access_token']}")[0], 200)
        self.assertEqual(reader.sign_in()[0], 200)  # the older one is still good
        self.assertEqual(
            self.oauth(grant_type="refresh_token", refresh_token="other")[1]["errno"], 108)
        self.assertEqual(self.oauth(grant_type="password")[1]["errno"], 109)

    def test_revoked(self):
        reader = self.reader()
        self.service.post("revoke", email=ADA, errno=182)
        self.addCleanup(self.service.post, "revoke", email=ADA, dead=False)
        self.assertEqual(
            self.oauth(grant_type="refresh_token", refresh_token="ada-refresh-token")[1]["errno"],
            182)
        self.assertEqual(self.word(reader), (401, "invalid-credentials"))

    def test_expire(self):
        reader = self.small("lapse@example.org")
        self.service.post("expire", email="lapse@example.org")
        self.assertEqual(reader.request("/info/collections")[0], 401)
        self.assertEqual(self.word(reader), (401, "invalid-credentials"))
        self.assertEqual(self.reader("lapse@example.org").request("/info/collections")[0], 200)

    def test_discovery(self):
        connection = http.client.HTTPConnection(urllib.parse.urlsplit(self.service.url).netloc)
        self.addCleanup(connection.close)
        for name, field, value in (("openid-configuration", "token_endpoint",
                                    self.service.url + "/v1/token"),
                                   ("fxa-client-configuration", "oauth_server_base_url",
                                    self.service.url)):
            connection.request("GET", "/.well-known/" + name)
            self.assertEqual(json.load(connection.getresponse())[field], value)


if __name__ == "__main__":
    unittest.main()

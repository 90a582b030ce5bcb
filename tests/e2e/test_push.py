"""Push messages: an app without a stream is told that something changed, by an https service that
it names; nothing else is asked for it."""
import base64
import contextlib
import json
import os
import sqlite3
import tempfile
import time
import unittest

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import openapi_check
from browser import Browser
from harness import ADA, TestCase, until
from push_service import PushService
from test_forgotten import DAY, NOON, SECRET, record

BEN = "ben@example.org"
CONTACT = "mailto:push@example.org"


def unpacked(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def claims_of(authorization, key):
    """What is said in "vapid t=…, k=…", when the key has signed it."""
    scheme, _, rest = authorization.partition(" ")
    parts = dict(p.strip().split("=", 1) for p in rest.split(","))
    assert scheme == "vapid" and parts["k"] == key, authorization
    head, claims, signature = parts["t"].split(".")
    assert json.loads(unpacked(head)) == {"typ": "JWT", "alg": "ES256"}, head
    pair = unpacked(signature)
    assert len(pair) == 64
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpacked(key)).verify(
        encode_dss_signature(int.from_bytes(pair[:32], "big"), int.from_bytes(pair[32:], "big")),
        f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(unpacked(claims))


class Home(TestCase):
    allow = "127.0.0.0/8"
    interval = "200ms"
    more = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.push = PushService(folder.name)
        self.addCleanup(self.push.stop)
        self.sync_service = self.service(load=False)
        self.home = self.node(
            f"[hearth]\nlog_level = debug\n[push]\nca_file = {self.push.ca_file}\n"
            f"interval = {self.interval}\ncontact = {CONTACT}\n"
            + (f"allow = {self.allow}\n" if self.allow else "") + self.more)
        self.sync_service.account(ADA, history=3, bookmarks=1, tabs=1)
        self.home.add_account(self.sync_service)
        self.visits, self.told = 0, {}

    def ask(self, method, path="", body=None, status=200, **options):
        path = "/api/v1/push" + path
        answer = self.home.request(path, method, body=body, **options)
        self.assertEqual(answer.status, status, answer.body)
        openapi_check.check(method, path, answer)
        return answer.json if answer.body else None

    def register(self, path, status=201, url=None, **options):
        return self.ask("POST", body={"endpoint": (url or self.push.url) + path}, status=status,
                        **options).get("endpoint")

    def change(self):
        """One visit more on the server, and a sync that brings it."""
        self.visits += 1
        self.sync_service.put_clear(
            "history", record("secretaaaaaa", SECRET, *(NOON + n * DAY
                                                        for n in range(self.visits))))
        self.home.sync()

    def database(self, sql, *values):
        with contextlib.closing(sqlite3.connect(f"{self.home.state}/hearth.db",
                                                timeout=60)) as db, db:
            return db.execute(sql, values).fetchall()

    def row(self, made):
        columns = "last_sent, failures, failing, generation, not_before"
        rows = self.database(f"SELECT {columns} FROM push WHERE id = ?", made["id"])
        return dict(zip(columns.split(", "), rows[0])) if rows else None

    def generation(self):
        return self.home.api("/me")["generation"]

    def until_told(self, made):
        """The app knows of what is there now, by a message that it had not got before."""
        before = self.told.get(made["id"], 0)

        def told():
            row = self.row(made) or {}
            return row.get("generation") == self.generation() and row["last_sent"] > before

        until(told, "the app is told")
        self.told[made["id"]] = self.row(made)["last_sent"]


class Messages(Home):
    def test_a_sync_with_changes_is_one_message(self):
        made = self.register("/ok/one?x=1")
        self.change()
        self.until_told(made)
        self.assertEqual(len(self.push.of("/ok/one?x=1")), 1)
        noted = self.home.metric("push_notes_total", result="noted")
        self.home.sync()  # brings nothing
        self.assertEqual(self.home.metric("push_notes_total", result="noted"), noted)
        self.change()
        self.until_told(made)
        self.assertEqual(len(self.push.of("/ok/one?x=1")), 2)
        self.assertEqual(len(self.push.messages), 2)
        self.assertEqual(self.home.metric("push_messages_total", outcome="sent"), 2)

    def test_what_a_message_is(self):
        key = self.ask("GET")["vapid_key"]
        made = self.register("/ok/signed")
        self.change()
        self.until_told(made)
        message = self.push.of("/ok/signed")[0]
        headers = {name.lower(): value for name, value in message["headers"].items()}
        self.assertEqual(message["body"], b"")
        self.assertEqual({n: headers.get(n) for n in (
            "ttl", "urgency", "topic", "content-length", "content-type", "cookie")},
            {"ttl": "86400", "urgency": "normal", "topic": "hearth", "content-length": "0",
             "content-type": None, "cookie": None})
        claims = claims_of(headers["authorization"], key)
        self.assertEqual((claims["aud"], claims["sub"]), (self.push.origin, CONTACT))
        self.assertTrue(0 < claims["exp"] - time.time() <= 86400, claims)
        self.home.stop()
        self.home.start()
        self.assertEqual(until(lambda: self.home.request("/api/v1/push").json.get("vapid_key"),
                               "the key is read"), key)
        # nobody finds the address, nor the key
        with open(f"{self.home.state}/hearth.db", "rb") as f:
            stored = f.read()
        for what in (b"/ok/signed", self.push.origin.encode()):
            self.assertNotIn(what, stored)
            self.assertNotIn(what.decode(), self.home.log_text())

    def test_somebody_here_changes_something(self):
        made = self.register("/ok/removed")
        self.change()
        self.until_told(made)
        before = len(self.push.of("/ok/removed"))
        answer = self.home.request("/api/v1/removals", "POST",
                                   body={"kind": "page", "url": SECRET})
        self.assertEqual(answer.status, 201)
        self.until_told(made)
        self.assertEqual(len(self.push.of("/ok/removed")), before + 1)

    def test_a_token_that_ends(self):
        def token(scope):
            return self.home.request("/api/v1/tokens", "POST",
                                     body={"name": "app", "scope": scope}).json["token"]
        full, read = token("full"), token("read")
        ends = self.register("/ok/ends", token=full["secret"])
        stays = self.register("/ok/stays", token=read["secret"])
        self.assertEqual((ends["token"], stays["token"]), (full["id"], read["id"]))
        self.assertEqual(self.home.request(f"/api/v1/tokens/{full['id']}", "DELETE").status, 204)
        self.assertEqual([e["id"] for e in self.ask("GET")["endpoints"]], [stays["id"]])
        self.assertIsNotNone(self.row(ends))  # who reads writes nothing
        self.change()
        self.until_told(stays)
        self.assertEqual(self.push.of("/ok/ends"), [])
        self.assertIsNone(self.row(ends))

    def test_a_browser_that_is_signed_out(self):
        browser = Browser(self.home.address)
        browser.open(self.home.address + "/auth/link?t=" + json.loads(
            self.home.cli("link", ADA, "--json"))["url"].partition("?t=")[2])
        browser.submit("Sign in", until=self.home.address + "/")
        cookie = {"Cookie": "; ".join(f"{n}={v}" for n, v in browser.cookies().items()),
                  "X-Hearth-CSRF": "1", "Sec-Fetch-Site": "same-origin"}
        self.assertEqual(self.home.request(
            "/api/v1/push", "POST", email=None, headers={**cookie, "X-Hearth-CSRF": "0"},
            body={"endpoint": self.push.url + "/ok/forged"}).status, 403)
        made = self.register("/ok/browser", email=None, headers=cookie)
        stays = self.register("/ok/stays")
        self.change()
        self.until_told(made)
        self.assertEqual(len(self.push.of("/ok/browser")), 1)
        self.home.request("/api/v1/session", "DELETE", email=None, headers=cookie)
        self.change()
        self.until_told(stays)
        self.assertEqual(len(self.push.of("/ok/browser")), 1)
        self.assertIsNone(self.row(made))

    def test_an_endpoint_that_is_gone(self):
        gone, missing, stays = (self.register(p) for p in ("/gone/1", "/missing/1", "/ok/1"))
        self.change()
        until(lambda: self.row(gone) is None and self.row(missing) is None, "both are removed")
        self.until_told(stays)
        self.change()
        self.until_told(stays)
        self.assertEqual([len(self.push.of(p)) for p in ("/gone/1", "/missing/1", "/ok/1")],
                         [1, 1, 2])
        self.assertIn("push endpoint gone", self.home.log_text())
        self.assertEqual([e["id"] for e in self.ask("GET")["endpoints"]], [stays["id"]])

    def test_one_that_fails_is_tried_more_rarely(self):
        busy, refused = self.register("/busy/1"), self.register("/refused/1")
        self.change()
        until(lambda: self.row(busy)["failures"] == 1, "it was asked")
        row = self.row(busy)
        self.assertGreater(row["not_before"] - row["failing"], 3599_000)  # as it wants
        self.assertNotEqual(row["generation"], self.generation())
        until(lambda: self.row(refused)["failures"] >= 3, "it is asked again")
        row = self.row(refused)
        self.assertGreater(row["not_before"] - row["failing"], 200 * 2**row["failures"] - 1)
        listed = {e["id"]: e for e in self.ask("GET")["endpoints"]}
        self.assertGreaterEqual(listed[refused["id"]]["failures"], 3)
        self.assertEqual(len(self.push.of("/busy/1")), 1)

    def test_a_redirect_is_not_followed(self):
        made = self.register("/elsewhere/1")
        self.change()
        until(lambda: self.row(made)["failures"] >= 1, "it was asked")
        self.assertEqual(self.push.of("/ok/redirected"), [])

    def test_an_answer_without_an_end(self):
        made = self.register("/large/1")
        self.change()
        self.until_told(made)

    def test_those_that_hang_fail(self):
        hang = [self.register(f"/hang/{n}") for n in range(9)]
        self.change()
        until(lambda: all(self.row(h)["failures"] >= 1 for h in hang), "their time is over")


class Hanging(Home):
    more = "connect_timeout = 10min\ntimeout = 10min\n"

    def test_those_that_hang_hold_up_nobody(self):
        """More than are asked at a time of an account, whose messages wait for each other."""
        for n in range(9):
            self.register(f"/hang/{n}")
        self.sync_service.account(BEN, history=2)
        self.home.add_account(self.sync_service, BEN)
        made = self.register("/ok/ben", email=BEN)
        self.change()
        until(lambda: self.hanging() >= 8, "as many hang as may")
        device = self.home.api("/devices", email=BEN)["devices"][0]["id"]
        self.assertEqual(self.home.request(f"/api/v1/devices/{device}", "PATCH",
                                           email=BEN, body={"hidden": True}).status, 200)
        until(lambda: self.push.of("/ok/ben"), "the other one is told")
        self.assertIn(made["id"], [e["id"] for e in self.ask("GET", email=BEN)["endpoints"]])
        self.assertEqual(self.hanging(), 8)

    def hanging(self):
        return sum(m["path"].startswith("/hang/") for m in self.push.messages)


class Coalesced(Home):
    interval = "1h"

    def test_what_comes_meanwhile_is_one(self):
        made = self.register("/ok/many")
        self.change()
        self.assertEqual(self.push.messages, [])  # the first comes after an interval, too
        for expected in (1, 2):
            noted = self.home.metric("push_notes_total", result="noted")
            self.change()
            self.change()
            self.assertEqual(self.home.metric("push_notes_total", result="noted"), noted + 2)
            self.assertEqual(len(self.push.messages), expected - 1)
            # the hour is over
            self.database("UPDATE push SET not_before = 1 WHERE id = ?", made["id"])
            self.change()
            until(lambda: len(self.push.messages) >= expected, "one message")
            until(lambda: self.row(made)["not_before"] > 1 and self.row(made)["last_sent"] > 0,
                  "it was taken")
            self.assertEqual(len(self.push.of("/ok/many")), expected)


class AtTheEnd(Home):
    interval = "3s"

    def test_it_comes_by_itself(self):
        made = self.register("/ok/later")
        self.change()
        self.until_told(made)
        before = len(self.push.messages)
        self.change()
        self.until_told(made)
        self.assertEqual((before, len(self.push.messages)), (1, 2))


class Endpoints(Home):
    def test_registering(self):
        made = self.register("/ok/1")
        self.assertEqual((made["host"], made["last_sent"], made["failures"]),
                         ("127.0.0.1", None, 0))
        listed = self.ask("GET")
        self.assertEqual(listed["endpoints"], [made])
        again = self.register("/ok/1", status=200)
        self.assertEqual(again, made)
        self.assertEqual(len(self.ask("GET")["endpoints"]), 1)
        self.ask("DELETE", "/" + made["id"], status=204)
        self.ask("DELETE", "/" + made["id"], status=404)
        self.assertEqual(self.ask("GET")["endpoints"], [])
        for n in range(10):
            self.register(f"/ok/{n}")
        self.assertEqual(self.ask("POST", body={"endpoint": self.push.url + "/ok/x"},
                                  status=409)["code"], "too_many_endpoints")
        self.register("/ok/3", status=200)
        log = self.home.log_text()
        for event in ("push registered", "push ended"):
            self.assertRegex(log, rf" audit {event} address=\S+ account=\S+ endpoint={made['id']}")
        self.assertNotIn("/ok/", log)
        self.home.cli("account", "remove", ADA, "--yes")
        self.assertEqual(self.database("SELECT count(*) FROM push"), [(0,)])
        self.assertIn("sound", self.home.cli("verify"))

    def test_what_is_no_endpoint(self):
        for body, message in (
                ({"endpoint": "http://push.example.org/"}, "push_https"),
                ({"endpoint": "ftp://push.example.org/"}, "push_https"),
                ({"endpoint": "https://ada:secret@push.example.org/"}, "push_credentials"),
                ({"endpoint": "https://10.1.2.3/"}, "push_address"),
                ({"endpoint": "https://[::1]/"}, "push_address"),
                ({"endpoint": "https://[::ffff:192.168.1.1]/"}, "push_address"),
                ({"endpoint": "https://0xa9fea9fe/latest"}, "push_address"),
                ({"endpoint": "https://push.example.org/" + "x" * 2000}, "push_url"),
                ({"endpoint": "https://push.example.org/\r\nx"}, "push_url"),
                ({"endpoint": "not a URL"}, "push_url"), ({"endpoint": 7}, "push_url"),
                ({}, "push_url")):
            said = self.ask("POST", body=body, status=400)
            self.assertEqual(said["message"]["id"], "problem.bad_request." + message, body)
        self.assertEqual(self.ask("GET")["endpoints"], [])

    def test_a_token_that_reads(self):
        read = self.home.request("/api/v1/tokens", "POST",
                                 body={"name": "app", "scope": "read"}).json["token"]["secret"]
        own, other = self.register("/ok/own", token=read), self.register("/ok/other")
        self.assertEqual(self.ask("DELETE", "/" + other["id"], status=403, token=read)["code"],
                         "read_only")
        self.ask("DELETE", "/" + own["id"], status=204, token=read)
        self.assertEqual([e["id"] for e in self.ask("GET", token=read)["endpoints"]],
                         [other["id"]])


class NotAllowed(Home):
    """Without [push] allow nothing of this machine is reached, by numbers or by name."""
    allow = ""

    def test_a_name_of_this_machine(self):
        self.ask("POST", body={"endpoint": self.push.url + "/ok/1"}, status=400)
        self.ask("POST", body={"endpoint": f"https://localhost:{self.push.port}/ok/1"}, status=400)
        made = self.register("/ok/1", url=f"https://push.localhost:{self.push.port}")
        self.change()
        until(lambda: self.row(made)["failures"] >= 2, "it was tried")
        self.assertEqual((self.push.connections, self.push.messages), (0, []))
        self.assertIn("no public address", self.home.log_text())


class Off(Home):
    more = "enabled = no\n"

    def test_nothing_is_there(self):
        self.ask("GET", status=404)
        self.ask("POST", body={"endpoint": self.push.url + "/ok/1"}, status=404)
        self.change()
        self.assertEqual(self.push.connections, 0)


class GivenUp(Home):
    more = "give_up = 1s\n"

    def test_one_that_fails_for_long_is_removed(self):
        made = self.register("/refused/1")
        self.change()
        until(lambda: self.row(made) is None, "it is removed")
        self.assertIn("push endpoint given up", self.home.log_text())
        self.assertGreaterEqual(len(self.push.of("/refused/1")), 5)


if __name__ == "__main__":
    unittest.main()

"""What a real Firefox does to the double: uploads with conditions and batches, and the page where
it signs in."""
import json
import re
import secrets
import unittest
import urllib.parse
import urllib.request

import jwe
from account import KeyBundle
from case import Running
from client import fetch
from oauth import challenge_of
from storage import centiseconds
from webchannel import FIREFOX


class Writing(Running):
    def setUp(self):
        super().setUp()
        self.service.settings(writable=True)
        self.addCleanup(self.service.settings, writable=False)
        self.email = f"{secrets.token_hex(4)}@example.org"
        self.service.account(self.email, empty=True)
        self.writer = self.reader(self.email)

    def send(self, method, path, value=None, **headers):
        """(status, headers, JSON)."""
        body = None if value is None else json.dumps(value)
        status, answered, text = self.writer.request(
            path, method, {n.replace("_", "-"): v for n, v in headers.items()}, body)
        return status, answered, json.loads(text) if text else None

    def times(self):
        return self.writer.get("/info/collections")

    def test_one_record(self):
        status, headers, modified = self.send("PUT", "/storage/history/a",
                                              {"id": "a", "payload": "one", "sortindex": 5})
        self.assertEqual((status, float(headers["X-Last-Modified"])), (200, modified))
        self.assertEqual(self.times(), {"history": modified})
        # what is not said stays
        self.assertEqual(self.send("PUT", "/storage/history/a", {"sortindex": 6})[0], 200)
        record = self.writer.get("/storage/history/a")
        self.assertEqual((record["payload"], record["sortindex"]), ("one", 6))
        # an older time than the record's is a conflict
        old = headers["X-Last-Modified"]
        self.assertEqual(self.send("PUT", "/storage/history/a", {"payload": "two"},
                                   X_If_Unmodified_Since=old)[0], 412)
        self.assertEqual(self.send("PUT", "/storage/history/b", {"payload": "new"},
                                   X_If_Unmodified_Since="0")[0], 200)
        for wrong in ({"id": "other", "payload": ""}, {"payload": 5}, {"sortindex": "x"}, [], "x"):
            self.assertEqual(self.send("PUT", "/storage/history/a", wrong)[0], 400, wrong)

    def test_many(self):
        status, headers, answer = self.send("POST", "/storage/history", [
            {"id": "a", "payload": "1"}, {"id": "b", "payload": 2}, {"id": "c,d", "payload": "3"}
        ])
        self.assertEqual((status, answer["success"], sorted(answer["failed"])),
                         (200, ["a"], ["b", "c,d"]))
        self.assertEqual(centiseconds(answer["modified"]),
                         centiseconds(headers["X-Last-Modified"]))
        lines = b'{"id": "x", "payload": "1"}\n{"id": "y", "payload": "2"}\n'
        self.assertEqual(self.writer.request("/storage/history", "POST",
                                             {"Content-Type": "application/newlines"}, lines)[0],
                         200)
        self.assertEqual(sorted(self.writer.get("/storage/history")), ["a", "x", "y"])
        self.assertEqual(self.send("POST", "/storage/history", [{"id": "z", "payload": ""}],
                                   X_If_Unmodified_Since="1.00")[0], 412)
        self.assertEqual(self.send("POST", "/storage/history",
                                   [{"id": str(n), "payload": ""} for n in range(101)])[0], 400)
        self.assertEqual(self.send("POST", "/storage/bad!name", [])[0], 400)

    def test_batch(self):
        """Nothing of it is there before it is committed; then all, with one time."""
        status, _, first = self.send("POST", "/storage/bookmarks?batch=true",
                                     [{"id": "a", "payload": "1"}])
        self.assertEqual((status, first["success"]), (202, ["a"]))
        batch = first["batch"]
        self.assertEqual(self.times(), {})
        self.assertEqual(self.send("POST", f"/storage/bookmarks?batch={batch}",
                                   [{"id": "b", "payload": "2"}])[0], 202)
        self.assertEqual(self.send("POST", f"/storage/history?batch={batch}", [])[0], 400)
        status, _, last = self.send("POST", f"/storage/bookmarks?batch={batch}&commit=true",
                                    [{"id": "c", "payload": "3"}])
        self.assertEqual(status, 200)
        self.assertEqual({r["modified"] for r in self.writer.get("/storage/bookmarks?full=1")},
                         {last["modified"]})
        self.assertEqual(sorted(self.writer.get("/storage/bookmarks")), ["a", "b", "c"])
        self.assertEqual(
            self.send("POST", f"/storage/bookmarks?batch={batch}&commit=true", [])[0], 400)
        self.assertEqual(self.send("POST", "/storage/bookmarks?batch=true&commit=true",
                                   [{"id": "d", "payload": "4"}])[0], 200)

    def test_deleting(self):
        self.send("POST", "/storage/history", [{"id": i, "payload": i} for i in "abcd"])
        before = self.times()["history"]
        self.assertEqual(self.send("DELETE", "/storage/history?ids=a,b")[0], 200)
        self.assertEqual(self.send("DELETE", "/storage/history/c")[0], 200)
        self.assertEqual(self.send("DELETE", "/storage/history/c")[0], 404)
        self.assertEqual(self.writer.get("/storage/history"), ["d"])
        self.assertGreater(self.times()["history"], before)
        self.send("PUT", "/storage/tabs/t", {"payload": "t"})
        self.assertEqual(self.send("DELETE", "/storage/history")[0], 200)
        self.assertEqual(list(self.times()), ["tabs"])
        self.assertEqual(self.send("DELETE", "/storage")[0], 200)
        self.assertEqual(self.times(), {})

    def test_keys_of_a_client(self):
        """Whoever writes crypto/keys says how the rest is encrypted: what tests put, too."""
        sync_key = KeyBundle(bytes.fromhex(self.service.import_file(self.email)["sync_key"]))
        bulk = KeyBundle(secrets.token_bytes(64))
        record = {"id": "keys", "collection": "crypto", "default": bulk.base64_pair(),
                  "collections": {}}
        self.assertEqual(self.send("PUT", "/storage/crypto/keys",
                                   {"id": "keys", "payload": sync_key.seal(record, bytes(16))})[0],
                         200)
        self.service.put_clear("history", {"id": "x", "title": "ü"}, email=self.email)
        self.assertEqual(bulk.open(self.writer.get("/storage/history/x")["payload"]),
                         {"id": "x", "title": "ü"})

    # --- signing in
    def address(self, private, verifier, **changes):
        """Where Firefox leads to; None leaves a parameter out."""
        jwk = json.dumps(jwe.jwk_of(private.public_key())).encode()
        query = {
            "context": "oauth_webchannel_v1", "client_id": FIREFOX, "response_type": "code",
            "access_type": "offline", "scope":
            "https://identity.mozilla.com/apps/oldsync profile", "state": "S", "code_challenge":
            challenge_of(verifier), "code_challenge_method": "S256", "keys_jwk": jwe.b64u(jwk),
            **changes
        }
        return f"{self.service.url}/?" + urllib.parse.urlencode(
            {n: v for n, v in query.items() if v is not None})

    def test_page_of_firefox(self):
        private, verifier = jwe.new_key(), "v" * 43
        address = self.address(private, verifier)
        status, _, text = fetch(address)
        self.assertEqual((status, len(re.findall("<form", text))), (200, 1))
        for changes in ({"client_id": "a2270f727f45f648"}, {"client_id": None},
                        {"code_challenge": None}, {"scope": "nothing"}):
            self.assertEqual(fetch(self.address(private, verifier, **changes))[0], 400, changes)

        def said(**form):
            return json.loads(fetch(address, json.dumps(form).encode())[2])

        self.assertEqual(said(email=self.email, password="wrong"),
                         {"problem": "Incorrect password"})
        self.service.sign_in(self.email, second_factor="email-2fa")
        self.assertEqual(said(email=self.email, password="a password"), {"problem": ""})
        answer = said(email=self.email, password="a password", code=self.service.code(self.email))
        self.assertEqual((answer["login"]["email"], answer["oauth"]["state"]), (self.email, "S"))
        token = self.exchange(answer["oauth"]["code"], verifier)
        keys = json.loads(jwe.decrypt(private, token["keys_jwe"]))
        key = next(iter(keys.values()))
        self.assertEqual(jwe.unb64u(key["k"]).hex(),
                         self.service.import_file(self.email)["sync_key"])

    def exchange(self, code, verifier):
        body = {"client_id": FIREFOX, "grant_type": "authorization_code", "code": code,
                "code_verifier": verifier}
        request = urllib.request.Request(f"{self.service.url}/v1/oauth/token",
                                         json.dumps(body).encode(),
                                         {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)


if __name__ == "__main__":
    unittest.main()

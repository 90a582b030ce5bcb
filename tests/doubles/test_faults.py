"""Fault rules, and clients that misbehave."""
import gzip
import http.client
import json
import socket
import subprocess
import unittest
import urllib.parse

from case import Running
from client import SyncService
from reader import Reader


class FaultRules(Running):
    def status(self, reader, path="/info/collections", **headers):
        return reader.request(path, headers=headers)[0]

    def test_status_headers_body(self):
        reader = self.reader()
        self.service.faults({
            "match": "GET .*/info/collections", "times": 1, "status": 503, "headers":
            {"Retry-After": "120"}, "body": "busy"
        })
        status, headers, body = reader.request("/info/collections")
        self.assertEqual((status, headers["Retry-After"], body), (503, "120", b"busy"))
        self.assertEqual(self.status(reader), 200)

    def test_which_requests(self):
        reader = self.reader()
        self.service.faults({"path": "info/", "nth": [2, 4], "status": 500},
                            {"path": "info/", "skip": 4, "times": 1, "status": 409},
                            {"method": "POST", "status": 418},
                            {"account": "somebody@example.org", "status": 418})
        self.assertEqual([self.status(reader) for _ in range(6)], [200, 500, 200, 500, 409, 200])

    def test_backoff_on_a_good_answer(self):
        reader = self.reader()
        self.service.faults({"path": "info/", "add_headers": {"X-Weave-Backoff": "75"}})
        status, headers, _ = reader.request("/info/collections")
        self.assertEqual((status, headers["X-Weave-Backoff"]), (200, "75"))

    def test_tokens(self):
        reader = self.reader()
        self.service.faults({"path": "^/1.0/", "nth": 1, "token_error": "invalid-generation"},
                            {"path": "^/1.0/", "nth": 2, "token_error": "new-users-disabled"},
                            {"path": "^/1.0/", "nth": 3, "token_error": "unavailable"},
                            {"path": "^/1.0/", "nth": 4, "duration": 5})
        got = [reader.sign_in() for _ in range(4)]
        self.assertEqual([(s, json.loads(b).get("status")) for s, _, b in got],
                         [(401, "invalid-generation"), (403, "new-users-disabled"), (503, "error"),
                          (200, None)])
        self.assertEqual((got[2][1]["Retry-After"], reader.token["duration"]), ("10", 5))

    def test_401_brings_a_challenge(self):
        reader = self.reader()
        self.service.faults({"path": "storage/", "status": 401})
        self.assertIn("Hawk ts=", reader.request("/storage/tabs")[1]["WWW-Authenticate"])

    def test_412_in_the_middle(self):
        reader = self.small("middle@example.org", history=250)
        self.service.faults({"path": "storage/history", "nth": 2, "bump": "history"})
        _, headers, _ = reader.request("/storage/history?full=1&limit=100")
        path = f"/storage/history?full=1&limit=100&offset={headers['X-Weave-Next-Offset']}"
        self.assertEqual(
            self.status(reader, path, **{"X-If-Unmodified-Since": headers["X-Last-Modified"]}), 412)

    def test_cut_connections(self):
        for rule, error in (({"drop": True}, http.client.RemoteDisconnected),
                            ({"reset": True}, ConnectionError), ({"truncate":
                                                                  10}, http.client.IncompleteRead)):
            reader = self.reader()
            self.service.faults({"path": "info/", "times": 1, **rule})
            with self.assertRaises(error):
                reader.request("/info/collections")
            reader.close()
            self.assertEqual(self.status(reader), 200)

    def test_ways_to_send(self):
        reader = self.reader()
        plain = reader.request("/info/collections")[2]
        self.service.faults(
            {"path": "info/", "chunked": True, "drip": {"bytes": 50, "pause_ms": 1}})
        self.assertEqual(reader.request("/info/collections")[2], plain)
        self.service.faults({"path": "info/", "gzip": True})
        _, headers, body = reader.request("/info/collections", headers={"Accept-Encoding": "gzip"})
        self.assertEqual((headers["Content-Encoding"], gzip.decompress(body)), ("gzip", plain))
        self.service.faults({"path": "info/", "body": "<html>captive portal</html>"})
        status, _, body = reader.request("/info/collections")
        self.assertEqual((status, body), (200, b"<html>captive portal</html>"))

    def test_damage(self):
        reader = self.small("damage@example.org", history=5)
        bundle = reader.keys()[""]

        def verdict(line, wanted):
            """What is wrong with a line, as a careful reader finds out."""
            try:
                bso = json.loads(line)
                record = bundle.open(bso["payload"])
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                return type(error).__name__
            return "good" if record["id"] == bso["id"] == wanted else "id"

        ids = reader.get("/storage/history")
        for kind, found in (("hmac", "ValueError"), ("base64", "Error"), ("payload",
                                                                          "JSONDecodeError"),
                            ("empty", "JSONDecodeError"), ("no_hmac", "KeyError"),
                            ("iv", "ValueError"), ("padding", "ValueError"), ("id", "id"),
                            ("inner_id", "id"), ("line", "JSONDecodeError"),
                            ("not_json", "JSONDecodeError"), ("huge", "JSONDecodeError"),
                            ("deep", "RecursionError"), ("utf8", "UnicodeDecodeError"),
                            ("nul", "JSONDecodeError"), ("list", "TypeError")):
            with self.subTest(kind=kind):
                self.service.faults({
                    "path": "storage/history", "damage": {"kind": kind, "nth": 2, "bytes": 100000}
                })
                lines = reader.request("/storage/history?full=1")[2].split(b"\n")[:-1]
                got = [verdict(line, i) for line, i in zip(lines, ids)]
                self.assertEqual(got[:1] + got[2:], ["good"] * 4)
                self.assertEqual(got[1], found)
        self.service.faults(
            {"path": "storage/history", "damage": {"kind": "hmac", "ids": [ids[3]]}})
        body = reader.request("/storage/history?full=1", headers={"Accept": "application/json"})[2]
        self.assertEqual([verdict(json.dumps(b), i) for b, i in zip(json.loads(body), ids)],
                         ["good"] * 3 + ["ValueError", "good"])

    def test_step_in_the_middle(self):
        self.service.step(6)
        reader = self.reader()
        before = reader.request("/info/collections")[1]["X-Last-Modified"]
        self.service.faults({"path": "storage/tabs", "step": 7, "times": 1})
        self.assertGreater(reader.request("/storage/tabs")[1]["X-Last-Modified"], before)

    def test_rude_clients_leave_no_trace(self):
        """Nothing is printed, whatever a client does and wherever it hangs up."""
        with SyncService(load=False, stderr=subprocess.PIPE) as service:
            service.account("big@example.org", history=20000)
            address = urllib.parse.urlsplit(service.url)
            reader = Reader(service.import_file("big@example.org"))
            reader.sign_in()
            signed = (f"Authorization: {reader.signed('GET', '/storage/history?full=1')}\r\n"
                      f"Host: {address.netloc}\r\n\r\n")
            big = f"GET {reader.endpoint.path}/storage/history?full=1 HTTP/1.1\r\n{signed}".encode()
            reader.close()
            for text in (b"", b"GET", b"\x16\x03\x01\x00\x00\r\n\r\n",
                         b"GET / HTTP/1.1\r\nContent-Length: many\r\n\r\n",
                         b"POST /v1/token HTTP/1.1\r\nContent-Length: 9\r\n\r\n{", big):
                with socket.create_connection((address.hostname, address.port)) as s:
                    s.sendall(text)
                    if text == big:
                        self.assertTrue(s.recv(100).startswith(b"HTTP/1.1 200"))
            service.faults({"path": "x", "status": 200})
            service.stop()
            with service.process.stderr as printed:
                self.assertEqual(printed.read(), "")


if __name__ == "__main__":
    unittest.main()

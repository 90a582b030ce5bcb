"""HTTP/1 as RFC 9112 writes it: what two programs could read in two ways is refused, what is
only odd goes on. Each request of the tables is sent alone, behind a good one on the same
connection, and cut into pieces: the server says the same."""
import os
import re
import socket
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import TestCase  # noqa: E402

HOST = b"Host: localhost\r\n"
GET = b"GET /version HTTP/1.1\r\n"
POST = b"POST /auth/start HTTP/1.1\r\n" + HOST
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = POST + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /version HTTP/1.1\r\n" + HOST + b"\r\n"  # what a smuggler hides

# (what, bytes): 400, and nothing behind it is answered
REFUSED = [
    ("length and chunked",
     POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("chunked and length",
     POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + NEXT),
    ("two lengths", POST + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde" + NEXT),
    ("two equal lengths", POST + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd" + NEXT),
    ("a list of lengths", POST + b"Content-Length: 4, 4\r\n\r\nabcd" + NEXT),
    ("a length with a sign", POST + b"Content-Length: +4\r\n\r\nabcd" + NEXT),
    ("a negative length", POST + b"Content-Length: -4\r\n\r\n" + NEXT),
    ("a hexadecimal length", POST + b"Content-Length: 0x4\r\n\r\nabcd" + NEXT),
    ("a length with a blank", POST + b"Content-Length: 4 4\r\n\r\nabcd" + NEXT),
    ("an empty length", POST + b"Content-Length:\r\n\r\n" + NEXT),
    ("a length beyond numbers", POST + b"Content-Length: 18446744073709551620\r\n\r\nabcd" + NEXT),
    ("two codings",
     POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("an unknown coding", POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("chunked, identity", POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + NEXT),
    ("chunked behind a tab", POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("identity", POST + b"Transfer-Encoding: identity\r\n\r\n" + NEXT),
    ("an empty coding", POST + b"Transfer-Encoding:\r\n\r\n" + NEXT),
    ("chunked in HTTP/1.0", b"POST /auth/start HTTP/1.0\r\n" + HOST +
     b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("two hosts", GET + HOST + b"Host: 127.0.0.1\r\n\r\n" + NEXT),
    ("two equal hosts", GET + HOST + HOST + b"\r\n" + NEXT), ("no host", GET + b"\r\n" + NEXT),
    ("a host with a path", GET + b"Host: localhost/x\r\n\r\n" + NEXT),
    ("a host with a user", GET + b"Host: a@localhost\r\n\r\n" + NEXT),
    ("a host with a blank", GET + b"Host: local host\r\n\r\n" + NEXT),
    ("a list of hosts", GET + b"Host: localhost, example.org\r\n\r\n" + NEXT),
    ("a host with a wrong port", GET + b"Host: localhost:80x\r\n\r\n" + NEXT),
    ("line feeds alone", b"GET /version HTTP/1.1\nHost: localhost\n\n" + NEXT),
    ("a line feed alone in headers", GET + b"Host: localhost\nX: y\r\n\r\n" + NEXT),
    ("a line feed alone behind the request line",
     b"GET /version HTTP/1.1\n" + HOST + b"\r\n" + NEXT),
    ("a line feed alone at the end", GET + HOST + b"\n" + NEXT),
    ("a line feed alone before the request", b"\n" + GET + HOST + b"\r\n" + NEXT),
    ("a carriage return alone", GET + b"Host: localhost\rX: y\r\n\r\n" + NEXT),
    ("a header on two lines", GET + HOST + b"X: a\r\n b\r\n\r\n" + NEXT),
    ("Transfer-Encoding on two lines",
     POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + NEXT),
    ("a blank before the colon", GET + b"Host : localhost\r\n\r\n" + NEXT),
    ("a blank before the colon of a length", POST + b"Content-Length : 4\r\n\r\nabcd" + NEXT),
    ("a blank before the first header", GET + b" " + HOST + b"\r\n" + NEXT),
    ("a header without a name", GET + HOST + b": x\r\n\r\n" + NEXT),
    ("a header without a colon", GET + HOST + b"nothing\r\n\r\n" + NEXT),
    ("a name with a control character", GET + HOST + b"X\x01: y\r\n\r\n" + NEXT),
    ("a name in another alphabet", GET + HOST + "Ä: y\r\n\r\n".encode() + NEXT),
    ("a value with a zero byte", GET + HOST + b"X: a\x00b\r\n\r\n" + NEXT),
    ("HTTP/1.2", b"GET /version HTTP/1.2\r\n" + HOST + b"\r\n" + NEXT),
    ("HTTP/1.10", b"GET /version HTTP/1.10\r\n" + HOST + b"\r\n" + NEXT),
    ("HTTP/1.01", b"GET /version HTTP/1.01\r\n" + HOST + b"\r\n" + NEXT),
    ("HTTP/2.0", b"GET /version HTTP/2.0\r\n" + HOST + b"\r\n" + NEXT),
    ("HTTP/0.9", b"GET /version\r\n\r\n" + NEXT),
    ("lower-case http", b"GET /version http/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("two blanks", b"GET  /version HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("a blank in the address", b"GET /ver sion HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("a method that is no token", b"G(T /version HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("our own mark", b"? /version HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("a fragment", b"GET /version#x HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("no slash", b"GET version HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("an address of another server",
     b"GET http://example.org/version HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("an address with a user",
     b"GET http://a@localhost/version HTTP/1.1\r\nHost: a@localhost\r\n\r\n" + NEXT),
    ("an address of another kind",
     b"GET ftp://localhost/version HTTP/1.1\r\n" + HOST + b"\r\n" + NEXT),
    ("a chunk of 0x4", CHUNKED + b"0x4\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk with a sign", CHUNKED + b"+4\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk without a size", CHUNKED + b"\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk with ;", CHUNKED + b";x\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk size with letters", CHUNKED + b"4x\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk size of two words", CHUNKED + b"4 4\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk size behind a blank", CHUNKED + b" 4\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk size beyond numbers", CHUNKED + b"10000000000000004\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a chunk size before a line feed", CHUNKED + b"4\nabcd\r\n0\r\n\r\n" + NEXT),
    ("an extension with a line feed", CHUNKED + b"4;a\nb\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("a long extension", CHUNKED + b"4;" + b"a" * 200 + b"\r\nabcd\r\n0\r\n\r\n" + NEXT),
    ("data that is too long", CHUNKED + b"4\r\nabcde\r\n0\r\n\r\n" + NEXT),
    ("data before a line feed", CHUNKED + b"4\r\nabcd\n0\r\n\r\n" + NEXT),
    ("data before two carriage returns", CHUNKED + b"4\r\nabcd\r\r\n0\r\n\r\n" + NEXT),
    ("a trailer with a line feed", CHUNKED + b"4\r\nabcd\r\n0\r\nX: y\n\r\n" + NEXT),
    ("an end with a line feed", CHUNKED + b"4\r\nabcd\r\n0\r\n\n" + NEXT),
]
# (what, bytes, status): and the next request on the connection is answered too
GOOD = [
    ("plain", GET + HOST + b"\r\n", 200),
    ("an empty line before", b"\r\n" + GET + HOST + b"\r\n", 200),
    ("a host with a port", GET + b"Host: localhost:8080\r\n\r\n", 200),
    ("a host with an empty port", GET + b"Host: localhost:\r\n\r\n", 200),
    ("capitals", GET + b"HOST: LocalHost\r\n\r\n", 200),
    ("an address as a host", GET + b"Host: [::1]:8080\r\n\r\n", 200),
    ("no blank behind the colon", GET + b"Host:localhost\r\n\r\n", 200),
    ("blanks and tabs around a value", GET + b"Host: \t localhost \t \r\n\r\n", 200),
    ("an empty value", GET + HOST + b"X-Empty:\r\n\r\n", 200),
    ("names of odd characters", GET + HOST + b"!#$%&'*+-.^_`|~09: y\r\n\r\n", 200),
    ("a value in another alphabet", GET + HOST + "X: Ä\r\n\r\n".encode("latin-1"), 200),
    ("the whole address", b"GET http://localhost/version HTTP/1.1\r\n" + HOST + b"\r\n", 200),
    ("the whole address, secure, with a port",
     b"GET HTTPS://LOCALHOST:81/version HTTP/1.1\r\nHost: localhost:81\r\n\r\n", 200),
    ("the whole address without a path", b"DELETE http://localhost HTTP/1.1\r\n" + HOST + b"\r\n",
     405), ("an unknown method", b"BREW /version HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    ("HEAD", b"HEAD /version HTTP/1.1\r\n" + HOST + b"\r\n", 200),
    ("a length of nothing", GET + HOST + b"Content-Length: 0\r\n\r\n", 200),
    ("a length with zeros", POST + FORM + b"Content-Length: 004\r\n\r\na=bc", 403),
    ("a length behind blanks", POST + FORM + b"Content-Length:   4  \r\n\r\na=bc", 403),
    ("chunks", CHUNKED + b"4\r\na=bc\r\n0\r\n\r\n", 403),
    ("Chunked", POST + FORM + b"Transfer-Encoding: Chunked \r\n\r\n4\r\na=bc\r\n0\r\n\r\n", 403),
    ("chunks with zeros, capitals", CHUNKED + b"0004\r\na=bc\r\nA\r\n0123456789\r\n000\r\n\r\n",
     403), ("chunks with blanks behind", CHUNKED + b"4 \t \r\na=bc\r\n0  \r\n\r\n", 403),
    ("chunks with extensions", CHUNKED + b"4;a=b;c=\"d e\"\r\na=bc\r\n0 ; x\r\n\r\n", 403),
    ("a trailer", CHUNKED + b"4\r\na=bc\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n", 403),
]
ONCE = [  # answered, as HTTP/1, and the connection ends
    ("HTTP/1.0", b"GET /version HTTP/1.0\r\n\r\n", 200),
    ("HTTP/1.0 with a host", b"GET /version HTTP/1.0\r\n" + HOST + b"\r\n", 200),
    ("HTTP/1.0 with a body",
     b"POST /auth/start HTTP/1.0\r\n" + HOST + FORM + b"Content-Length: 4\r\n\r\na=bc", 403),
    ("an upgrade to HTTP/2", GET + HOST +
     b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
     b"\r\n",
     200),
    ("an upgrade with a body", POST + FORM +
     b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
     b"Content-Length: 4\r\n\r\na=bc",
     403),
    ("an upgrade to a web socket",
     GET + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n", 200),
    ("Connection: close", GET + HOST + b"Connection: close\r\n\r\n", 200),
]


class Strict(TestCase):
    def daemon(self):
        return self.node("[web]\nthreads = 1\nmax_connections_per_address = 1000\n")

    def talk(self, daemon, pieces, more=b""):
        """Statuses of all answers until the server ends the connection, or has answered `more`."""
        host, port = daemon.address.split("//")[1].split(":")
        with socket.create_connection((host, int(port)), timeout=60) as sock:
            try:
                for piece in pieces:
                    sock.sendall(piece)
                    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                pass  # refused before all of it was sent
            data = bytearray()
            try:
                if more:
                    sock.sendall(more)
                while True:
                    got = sock.recv(65536)
                    if not got or (data := data + got).endswith(b"the last\n"):
                        break
            except OSError:
                pass
        return [int(s) for s in re.findall(rb"HTTP/1\.1 (\d{3}) ", data)], bytes(data)

    def test_refused(self):
        daemon = self.daemon()
        for what, request in REFUSED:
            with self.subTest(what=what):
                statuses, data = self.talk(daemon, [request])
                self.assertEqual(statuses, [400], data)
                self.assertIn(b"\r\nConnection: close\r\n", data)
                self.assertIn(b"\r\nx-content-type-options: nosniff\r\n", data)
                statuses, data = self.talk(daemon, [NEXT + request])  # pipelined: both at once
                self.assertEqual(statuses, [200, 400], data)
                middle = request.index(b"\r\n\r\n" if b"\r\n\r\n" in
                                       request[:-len(NEXT)] else b"\n") - 1
                statuses, data = self.talk(daemon, [request[:middle], request[middle:]])
                self.assertEqual(statuses, [400], data)

    def test_good(self):
        daemon = self.daemon()
        last = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        for what, request, status in GOOD:
            with self.subTest(what=what):
                for pieces in ([request],
                               [request[:len(request) // 2],
                                request[len(request) // 2:]], [bytes((b, )) for b in request]):
                    statuses, data = self.talk(daemon, pieces, NEXT + last)
                    self.assertEqual(statuses, [status, 200, 200], data)
        for what, request, status in ONCE:
            with self.subTest(what=what):
                statuses, data = self.talk(daemon, [request + NEXT])
                self.assertEqual(statuses, [status], data)
                self.assertIn(b"\r\nConnection: close\r\n", data)

    def test_the_reason_is_told(self):
        daemon = self.daemon()
        for request, words in ((REFUSED[0][1],
                                b"There are both Content-Length and Transfer-Encoding."),
                               (GET + b"\r\n", b"There is no Host."),
                               (GET + HOST + HOST + b"\r\n", b"There is more than one Host."),
                               (b"nonsense\r\n\r\n", b"The request is malformed.")):
            _, data = self.talk(daemon, [request])
            self.assertIn(words, data)
            self.assertIn(b"application/problem+json", data)


if __name__ == "__main__":
    unittest.main()

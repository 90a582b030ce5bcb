"""fuzz_server.py [--short] [--seed N] [--seconds N] [--batches N]: hearthd as a whole under
requests of HTTP/1 and frames of HTTP/2 that are nearly right, over TCP, TLS, a unix socket and
the control socket. The table of test_strict.py is the corpus of the one; the other has shapes of
its own. After each batch of connections the daemon answers on all four, no sanitizer has
reported, memory is bounded, and nothing was answered with 500; at the end no connection is left
and it stops with 0. The same seed says the same bytes; what the daemon makes of them also
depends on the moment.

tests/long/fuzz_http.py is the form of half an hour, with a sanitized build when there is one."""
import argparse
import contextlib
import os
import random
import re
import select
import socket
import ssl
import struct
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "e2e")]
from harness import ADA, Node, SyncService, until, watchdog  # noqa: E402
from routes import API, APP, CONTROL, PAGES, source  # noqa: E402
import h2frames as h2  # noqa: E402
import test_strict  # noqa: E402

SECONDS, SHORT_SECONDS, PATIENCE = 1500, 15, 60
# KiB of memory; sanitizers keep what was freed for a while
GROWTH = int(os.environ.get("HEARTH_TEST_GROWTH_KIB", 48 * 1024))
# connections of a batch; sends of one; bytes of answers that are looked at
AT_A_TIME, PIECES, KEPT = 20, 300, 1 << 20
REPORTS = re.compile(
    r"Sanitizer|runtime error:|Assertion|assertion|stack smashing|free\(\)|malloc\(\)|corrupted")
CONFIG = """[web]
threads = 2
request_timeout = 1s
idle_timeout = 3s
stall_timeout = 2s
drain_timeout = 2s
max_connections = 120
max_connections_per_address = 100
max_pending_requests = 64
[listen tls]
address = 127.0.0.1:0
tls_certificate = {0}/cert.pem
tls_key = {0}/key.pem
[listen unix]
address = unix:{0}/people.sock
"""
NUMBERS = [
    0, 1, 2, 3, 9, 255, 256, 16383, 16384, 16385, 65535, 65536, (1 << 24) - 1, (1 << 31) - 1,
    1 << 31, (1 << 32) - 1
]
TOKENS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"%", b"%00", b"%2e%2e/", b"\xff",
    "ä".encode(), b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"Content-Length: 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Connection: close\r\n",
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade, HTTP2-Settings\r\n",
    b"Range: bytes=0-\r\n", b"If-None-Match: *\r\n", b"Accept-Encoding: gzip, br;q=0\r\n",
    b"Cookie: hearth_session=hths_x; a=b; =; ;\r\n", b"X-Forwarded-For: 1.2.3.4, ::1\r\n",
    b"Host: localhost\r\n", b"Last-Event-ID: 99999999999999999999\r\n", b"HTTP/1.1", h2.PREFACE,
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
]
QUERIES = [
    "", "?", "?q=a", "?limit=5", "?limit=-1", "?cursor=AAAA", "?q=%ff", "?q=%00",
    "?" + "a=b&" * 300, "?folder=menu________", "?next=//x", "?from=0&to=99999999999999999999"
]


def routes():
    found = []
    for name in (API, PAGES, CONTROL, APP):
        found += re.findall(r'^    \{(?:\.path = )?"(/[^"]*)"', source(name), re.M)
    return sorted(set(found))


class Speaker:
    """What a client says: lists of pieces, from a generator of random numbers."""
    def __init__(self, seed, token):
        self.random, self.token, self.routes, self.next, self.oddness = random.Random(
            seed), token, routes(), 1, 1
        self.corpus = [
            row[1]
            for table in (test_strict.REFUSED, test_strict.GOOD, test_strict.ONCE)
            for row in table
        ]
        self.shapes = [
            self.mix, self.mix, self.mix, self.resets, self.broken_rules, self.continuations,
            self.bomb, self.priorities, self.windows, self.settings, self.bodies, self.trailers,
            self.many
        ]

    def chance(self, percent):
        return self.random.randrange(100) < percent

    def odd(self, percent):
        """The same for what is against the rules: some conversations keep them, so that others
        than the first frame are heard."""
        return self.random.random() * 100 < percent * self.oddness

    def number(self):
        return self.random.choice(NUMBERS) if self.chance(60) else self.random.getrandbits(
            self.random.randrange(1, 32))

    def noise(self, most):
        return self.random.randbytes(self.random.randrange(most + 1))

    def path(self):
        path = self.random.choice(self.routes).replace(
            "*", self.random.choice(["x", "", "history.json", "menu________", "0", "%2e%2e",
                                     "a/b"]))
        return path + self.random.choice(QUERIES)

    def method(self):
        return self.random.choice(
            ["GET"] * 6 + ["POST", "POST", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW", ""])

    def mutated(self, data, most):
        data = bytearray(data)
        for _ in range(self.random.randrange(most + 1)):
            at = self.random.randrange(len(data) + 1)
            end = min(len(data), at + self.random.choice([1, 1, 2, 4, 16, 200]))
            way = self.random.randrange(7)
            if way == 0 and at < len(data):
                data[at] ^= 1 << self.random.randrange(8)
            elif way == 1:
                del data[at:end]
            elif way == 2:
                data[at:at] = data[at:end] * self.random.choice([1, 1, 3, 40])
            elif way == 3:
                data[at:at] = self.noise(8)
            elif way == 4:
                data[at:at] = self.random.choice(TOKENS)
            elif way == 5:
                data[at:at] = str(self.number()).encode()
            else:
                data[at:end] = self.random.choice(self.corpus)[:64]
        return bytes(data)

    def cut(self, data):
        """Whole, in two, in frames' size, or byte by byte."""
        size = self.random.choice([len(data), len(data), len(data) // 2, 1000, 9, 1]) or 1
        many = size * PIECES
        return [data[i:i + size]
                for i in range(0, min(many, len(data)), size)] + [data[many:]] * (len(data) > many)

    # --- HTTP/1 ---
    def request(self):
        if self.chance(50):
            return self.random.choice(self.corpus)
        method, path, body = self.method(), self.path(), self.noise(300)
        head = f"{method} {path} HTTP/1.{self.random.choice('1110')}\r\nHost: localhost\r\n"
        head += f"Authorization: Bearer {self.token}\r\n" * self.chance(
            60) + "X-Hearth-CSRF: 1\r\n" * self.chance(30)
        head += self.random.choice([
            "", "Content-Type: application/json\r\n",
            "Content-Type: application/x-www-form-urlencoded\r\n"
        ])
        if self.chance(40):
            return head.encode(
            ) + b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(body):x}\r\n".encode(
            ) + body + b"\r\n0\r\n\r\n"
        if self.chance(50) or method in ("POST", "PUT", "PATCH"):
            return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body
        return head.encode() + b"\r\n"

    def one(self):
        data = b"".join(
            self.mutated(self.request(), self.random.choice([0, 1, 2, 6]))
            for _ in range(self.random.choice([1, 1, 2, 5, 30])))
        if self.chance(5):
            data = b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(
                b"X-%d: %s\r\n" % (i, b"y" * self.random.choice([0, 10, 4000]))
                for i in range(self.random.randrange(140)))
        return self.cut(data)

    # --- HTTP/2: blocks of header fields ---
    def integer(self, first, bits, value):
        out = h2.integer(value, bits)
        out = bytes([out[0] | first]) + out[1:]
        return out + b"\xff" * self.random.randrange(12) if self.odd(2) else out

    def string(self, text):
        text = text if isinstance(text, bytes) else text.encode()
        size = len(text) if not self.odd(3) else self.number()
        return self.integer(0x80 if self.odd(3) else 0, 7, size) + text

    def field(self, name, value):
        first, bits = self.random.choice([(0x00, 4), (0x00, 4), (0x10, 4), (0x40, 6)])
        return self.integer(first, bits, 0) + self.string(name) + self.string(value)

    def odd_field(self):
        way = self.random.randrange(8)
        if way == 0:
            return self.integer(0x80, 7, self.random.randrange(80))  # of the tables, or beyond
        if way == 1:
            return self.integer(0x20, 5, self.number())  # another size of the table
        if way == 2:
            return self.integer(0x40, 6, self.random.randrange(70)) + self.string(self.noise(40))
        if way == 3:
            # Huffman's code, broken
            return self.integer(0, 4, 0) + self.integer(0x80, 7,
                                                        8) + self.noise(8) + self.string("x")
        if way == 4:
            return self.field(
                self.random.choice([
                    ":path", ":method", ":status", ":authority", "connection", "te", "host",
                    "content-length", "cookie", "Upper", "", "a b", "x\r\ny"
                ]),
                self.random.choice(
                    ["", "/", "x", "0", "18446744073709551616", "trailers", "a\r\nb", "\0"]))
        if way == 5:
            return self.noise(12)
        return self.field("x-" + "a" * self.random.choice([0, 1, 100]),
                          "b" * self.random.choice([0, 1, 100, 5000]))

    def block(self, path=None, method=None):
        fields = [
            self.field(":method", method or self.method()),
            self.field(":scheme", "https"),
            self.field(":path", path or self.path()),
            self.field(":authority", "localhost")
        ]
        if self.chance(60):
            fields.append(self.field("authorization", f"Bearer {self.token}"))
        if self.chance(30):
            fields.append(
                self.field("x-hearth-csrf", "1") + self.field("content-type", "application/json"))
        if self.odd(35):
            fields += [self.odd_field() for _ in range(self.random.choice([1, 1, 3, 20]))]
        if self.odd(10):
            self.random.shuffle(fields)
        if self.odd(5):
            fields.pop(self.random.randrange(len(fields)))
        return b"".join(fields)

    # --- frames ---
    def stream(self):
        if not self.odd(50):
            self.next += 2
            return self.next
        return self.random.choice([
            1, self.next, self.next,
            max(1, self.next - 2), self.next + 8, 0, 2, (1 << 31) - 1,
            self.random.randrange(1 << 31)
        ])

    def headers(self, flags=None, block=None):
        block, flags = self.block() if block is None else block, self.random.choice(
            [5, 5, 5, 4, 1, 0]) if flags is None else flags
        if self.chance(10):
            flags, block = flags | 0x20, struct.pack(">IB",
                                                     self.number() & 0xffffffff,
                                                     self.random.randrange(256)) + block
        if self.odd(8):
            padding = self.random.choice([0, 1, 255])
            flags, block = flags | 8, bytes([padding]) + block + bytes(
                self.random.choice([padding, padding, 0]))
        at = self.random.randrange(len(block) + 1)
        stream = self.stream()
        if flags & 4 and self.odd(10):
            return h2.frame(h2.HEADERS, flags & ~4, stream, block[:at]) + h2.frame(
                h2.CONTINUATION, 4, stream if self.chance(90) else self.stream(), block[at:])
        return h2.frame(h2.HEADERS, flags, stream, block)

    def any_frame(self):
        kind = self.random.choice([h2.HEADERS] * 8 + [h2.DATA] * 4 + list(range(10)) +
                                  [10, 0x77, 255])
        number = struct.pack(">I", self.number() & 0xffffffff)
        if kind == h2.HEADERS:
            out = self.headers()
        elif kind == h2.DATA:
            out = h2.frame(kind, self.random.choice([0, 1, 1, 8, 9]), self.stream(),
                           self.noise(self.random.choice([0, 10, 2000])))
        elif kind == h2.PRIORITY:
            out = h2.frame(kind, 0, self.stream(), number + b"\x10")
        elif kind == h2.SETTINGS:
            pairs = [
                struct.pack(">HI", self.random.randrange(8),
                            self.number() & 0xffffffff) for _ in range(self.random.randrange(4))
            ]
            out = h2.frame(kind, self.random.choice([0, 0, 1]), self.random.choice([0, 0, 0, 1]),
                           b"".join(pairs))
        elif kind == h2.PING:
            out = h2.frame(kind, self.random.choice([0, 1]), 0, self.random.randbytes(8))
        elif kind == h2.GOAWAY:
            out = h2.frame(kind, 0, 0, number + number + self.noise(20)) if self.chance(20) else b""
        elif kind in (h2.RST_STREAM, h2.WINDOW_UPDATE):
            out = h2.frame(kind, 0, self.stream(), number)
        else:
            out = h2.frame(kind, self.random.randrange(256), self.stream(), self.noise(60))
        if self.odd(3) and out:
            out = self.mutated(out, 2)
        if self.odd(2) and out:  # a wrong length
            out = bytes([0, *self.random.randbytes(2)]) + out[3:]
        if self.odd(3) and len(out) > 5:
            out = out[:4] + bytes([self.random.randrange(256)]) + out[5:]
        return out

    # --- shapes of conversations ---
    def mix(self):
        return [self.any_frame() for _ in range(self.random.choice([3, 20, 100]))]

    def many(self):
        return [self.headers(5) for _ in range(self.random.choice([20, 150]))]

    def resets(self):
        out = []
        for _ in range(self.random.choice([20, 90, 300])):
            out.append(self.headers(self.random.choice([4, 5]), self.block(method="GET")))
            out.append(
                h2.frame(h2.RST_STREAM, 0, self.next if not self.odd(10) else self.stream(),
                         struct.pack(">I", 8)))
        return out

    def broken_rules(self):
        """The server is made to reset streams."""
        breaks = [
            lambda s: h2.frame(h2.WINDOW_UPDATE, 0, s, bytes(4)),
            lambda s: h2.frame(h2.WINDOW_UPDATE, 0, s, b"\x7f\xff\xff\xff") * 2,
            lambda s: h2.frame(h2.PRIORITY, 0, s, struct.pack(">IB", s, 1)),
            lambda s: h2.frame(h2.DATA, 0, s, b"x"),
            lambda s: h2.frame(h2.HEADERS, 5, s, self.block()),
            lambda s: h2.frame(h2.PRIORITY, 0, s, b"x"),
            lambda s: h2.frame(h2.RST_STREAM, 0, s, b"x")
        ]
        return [
            part for _ in range(self.random.choice([5, 60]))
            for part in (self.headers(5), self.random.choice(breaks)(self.next))
        ]

    def continuations(self):
        self.next += 2
        parts = [
            self.field("a", "b" *
                       self.random.choice([0, 10, 4000])) if not self.odd(5) else self.odd_field()
            for _ in range(self.random.choice([1, 10, 60]))
        ]
        last = [h2.frame(h2.CONTINUATION, 4, self.next)] * self.chance(70)
        return [
            h2.frame(h2.HEADERS, 1, self.next, self.block()),
            *(h2.frame(h2.CONTINUATION, 0, self.next, part) for part in parts), *last
        ]

    def bomb(self):
        value = "x" * self.random.choice([100, 3900, 4050])
        out = [self.headers(5, self.block("/healthz") + b"\x40" + h2.literal("a", value)[1:])]
        return out + [
            self.headers(
                5,
                self.block("/healthz") + bytes([0x80 | self.random.choice([62, 62, 63])]) *
                self.random.choice([10, 120, 15000])) for _ in range(5)
        ]

    def priorities(self):
        """Streams that hang on each other, in circles too."""
        out = []
        for _ in range(self.random.choice([30, 400])):
            a, b = 1 + 2 * self.random.randrange(20), self.random.choice(
                [0, 1 + 2 * self.random.randrange(20)])
            out.append(
                h2.frame(
                    h2.PRIORITY, 0, a,
                    struct.pack(">IB", b | (self.random.randrange(2) << 31),
                                self.random.randrange(256))))
            if self.chance(20):
                out.append(self.headers(self.random.choice([4, 5])))
            if self.chance(5):
                out.append(h2.frame(h2.RST_STREAM, 0, a, bytes(4)))
        return out

    def windows(self):
        out = [
            h2.frame(h2.SETTINGS, 0, 0,
                     struct.pack(">HI", 4, self.random.choice([0, 1, 100, (1 << 31) - 1])))
        ]
        for _ in range(self.random.choice([10, 60])):
            out.append(
                self.random.choice([
                    self.headers(5),
                    h2.frame(h2.WINDOW_UPDATE, 0, self.random.choice([0, self.next]),
                             struct.pack(">I", self.random.choice([1, 7, 1000, (1 << 31) - 1]))),
                    h2.frame(
                        h2.SETTINGS, 0, 0,
                        struct.pack(">HI", self.random.choice([4, 5]),
                                    self.number() & 0xffffffff))
                ]))
        return out

    def settings(self):
        sizes = [0, 1, 100, 4096, 65536, (1 << 32) - 1]
        out = []
        for _ in range(self.random.choice([5, 200])):
            out += [
                h2.frame(h2.SETTINGS, 0, 0, struct.pack(">HI", 1, self.random.choice(sizes))),
                self.headers(5) if self.chance(30) else h2.frame(h2.SETTINGS, 1, 0)
            ]
        return out

    def bodies(self):
        out = []
        for _ in range(self.random.choice([1, 5, 20])):
            size = self.random.choice([0, 1, 300, 20000, 70000])
            said = self.random.choice([None, size, size, size + 1, max(0, size - 1), -1])
            block = self.block(method=self.random.choice(["POST", "PATCH", "GET"])) + (
                b"" if said is None else self.field("content-length", str(said)))
            out.append(self.headers(4, block))
            stream, left = self.next, size
            while left > 0:
                n = min(left, self.random.choice([1 + left // 3, 16384]))
                left -= n
                out.append(h2.frame(h2.DATA, 0, stream, b"a" * n))
            out.append(h2.frame(h2.DATA, self.random.choice([1, 1, 1, 0]), stream))
        return out

    def trailers(self):
        out = []
        for _ in range(self.random.choice([1, 20])):
            out.append(self.headers(4))
            out.append(h2.frame(h2.DATA, 0, self.next, self.noise(20)))
            out.append(
                h2.frame(
                    h2.HEADERS, self.random.choice([5, 5, 4, 1]), self.next, b"".join(
                        self.random.choice([
                            self.odd_field(),
                            self.field("x", "y"),
                            self.field("authorization", "x")
                        ]) for _ in range(self.random.choice([1, 5, 200])))))
        return out

    def two(self):
        self.next, self.oddness = 1, self.random.choice([0, 0, 0.1, 1])
        preface = h2.PREFACE + h2.frame(h2.SETTINGS, 0, 0) if not self.odd(5) else self.mutated(
            h2.PREFACE, 2) + h2.frame(h2.SETTINGS, 0, 0)
        frames = [preface, *self.random.choice(self.shapes)()]
        return frames if len(frames) <= PIECES and self.chance(50) else self.cut(b"".join(frames))

    def says(self):
        return self.two() if self.chance(65) else self.one()


class Wire:
    """One connection of a batch: sends what goes without waiting, reads what is there."""
    def __init__(self, sock, pieces, reads):
        self.socket, self.pieces, self.reads = sock, pieces, reads
        self.data, self.over, self.steps = bytearray(), False, 0
        self.socket.setblocking(False)

    def step(self):
        """False: there is nothing more to send, or nobody to send it to."""
        self.steps += 1
        if self.reads and self.steps % 16 == 0:
            self.drain()
        if self.pieces and not self.over:
            try:
                sent = self.socket.send(self.pieces[0])
                self.pieces[0] = self.pieces[0][sent:]
                if not self.pieces[0]:
                    self.pieces.pop(0)
            except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                return True
            except OSError:
                self.over = True
        return bool(self.pieces) and not self.over

    def drain(self):
        try:
            while not self.over:
                data = self.socket.recv(65536)
                self.over = data == b""
                if len(self.data) < KEPT:
                    self.data += data
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError:
            self.over = True

    def faults(self):
        """Statuses that say that the server did not understand itself."""
        if self.data.startswith(b"HTTP/1."):
            return re.findall(rb"HTTP/1\.1 500[^\n]*", self.data)
        connection = h2.Connection.__new__(h2.Connection)
        connection.data = self.data
        return [
            payload for kind, _, _, payload in connection.frames()
            if kind == h2.HEADERS and payload[:1] == b"\x8e"
        ]

    def close(self, rudely):
        with contextlib.suppress(OSError):
            if rudely:
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Fuzz:
    def __init__(self, seed):
        self.service, self.node, self.seed = SyncService(), Node(), seed
        folder = self.node.folder
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-out", f"{folder}/cert.pem",
            "-keyout", f"{folder}/key.pem"
        ], check=True, capture_output=True, timeout=300)
        self.node.configure("50-test", CONFIG.format(folder))
        self.node.start()
        self.addresses = self.node.ready.split()[1:]
        self.node.add_account(self.service)
        self.speaker = Speaker(seed, self.node.token())
        # so that what is said does not depend on how far connections come
        self.choice = random.Random(f"{seed} connections")
        self.contexts = [
            self.tls(None),
            self.tls(["http/1.1"]),
            self.tls(["h2"]),
            self.tls(["h2", "http/1.1"]),
            self.tls(["spdy/1"])
        ]
        outgoing = ssl.MemoryBIO()
        with contextlib.suppress(ssl.SSLWantReadError):
            self.contexts[3].wrap_bio(ssl.MemoryBIO(), outgoing,
                                      server_hostname="localhost").do_handshake()
        self.hello = outgoing.read()
        self.log_seen, self.sent, self.connections = 0, 0, 0

    @staticmethod
    def tls(protocols):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if protocols:
            context.set_alpn_protocols(protocols)
        return context

    def open(self, transport, context=0):
        if transport in ("unix", "control"):
            sock = socket.socket(socket.AF_UNIX)
            sock.settimeout(PATIENCE)
            sock.connect(f"{self.node.folder}/people.sock" if transport ==
                         "unix" else f"{self.node.state}/hearthd.sock")
            return sock
        scheme = "https://" if transport in ("tls", "no tls") else "http://"
        host, port = next(a for a in self.addresses
                          if a.startswith(scheme))[len(scheme):].split(":")
        sock = socket.create_connection((host, int(port)), timeout=PATIENCE)
        return self.contexts[context].wrap_socket(sock) if transport == "tls" else sock

    def healthy(self, transport):
        with contextlib.suppress(OSError), self.open(transport) as sock:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return b"".join(iter(lambda: sock.recv(65536), b"")).startswith(b"HTTP/1.1 200 ")
        return False

    def talk(self, wires):
        """Each sends a piece in turn; what is left unsent after a while was not taken, what is
        not answered is not waited for."""
        end = time.monotonic() + 2
        left = wires
        while left and time.monotonic() < end:
            left = [wire for wire in left if wire.step()]
        # seldom until the server's patience ends
        end = time.monotonic() + (1.5 if self.choice.randrange(50) == 0 else 0.03)
        waiting = [w for w in wires if w.reads and not w.over]
        while waiting and time.monotonic() < end:
            select.select([w.socket for w in waiting], [], [], 0.01)
            for wire in waiting:
                wire.drain()
            waiting = [w for w in waiting if not w.over and not w.data]

    def batch(self):
        wires = []
        for _ in range(AT_A_TIME):
            pieces, transport = self.speaker.says(), self.choice.choice(["tcp"] * 6 + ["tls"] * 4 +
                                                                        ["unix"] * 3 +
                                                                        ["control"] * 3 +
                                                                        ["no tls"])
            # a handshake that is nearly right, and whatever comes instead of one
            if transport == "no tls":
                pieces[:0] = self.speaker.cut(self.speaker.mutated(
                    self.hello, 3)) if self.choice.randrange(2) else []
            context, reads = self.choice.randrange(len(
                self.contexts)), self.choice.randrange(100) < 80
            self.sent += sum(len(p) for p in pieces)
            with contextlib.suppress(OSError):
                wires.append(Wire(self.open(transport, context), pieces, reads))
        self.talk(wires)
        self.connections += len(wires)
        for wire in wires:
            faults = wire.faults()
            wire.close(self.choice.randrange(2))
            if faults:
                raise AssertionError(
                    f"answered with 500: {bytes(wire.data[:600])!r}\n{self.node.log_text()[-3000:]}"
                )

    def check(self, base):
        for transport in ("tcp", "tls", "unix", "control"):
            until(lambda t=transport: self.healthy(t), f"/healthz answers over {transport}",
                  PATIENCE)
        text = self.node.log_text()
        report = REPORTS.search(text, self.log_seen)
        if report:
            raise AssertionError(
                f"a report in the log:\n{text[max(0, report.start() - 200):][:8000]}")
        self.log_seen = len(text)
        grown = self.node.memory() - base
        if grown > GROWTH:
            raise AssertionError(f"memory has grown by {grown} KiB, more than {GROWTH}")
        return grown

    def run(self, seconds, batches):
        self.check(self.node.memory())
        base, end, n, most = self.node.memory(), time.monotonic() + seconds, 0, 0
        while n < batches and time.monotonic() < end:
            self.batch()
            most = max(most, self.check(base))
            n += 1
            # a session was ended by it
            if n % 40 == 0 and self.node.request("/api/v1/me", email=None,
                                                 token=self.speaker.token).status == 401:
                self.speaker.token = self.node.cli("token", "new", ADA, "--name", "fuzz").strip()
        until(lambda: self.node.metric("http_connections") == 1,
              "all connections but the one that asks are gone", PATIENCE)
        requests = self.node.metric("http_requests_total")
        killed = self.node.metric("http_connections_killed_total")
        print(
            f"seed {self.seed}: {n} batches, {self.connections} connections, {self.sent // 1024} "
            f"KiB, {requests} requests reached a handler, {killed} connections killed, memory "
            f"+{most} KiB at most"
        )
        if requests < self.connections // 4:
            raise AssertionError("hardly anything reached a handler: the generator is at fault")

    def close(self):
        try:
            self.node.close()
        finally:
            self.service.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--batches", type=int, default=1 << 60)
    options = parser.parse_args()
    seconds = options.seconds or (SHORT_SECONDS if options.short else SECONDS)
    print(f"seed {options.seed}", flush=True)
    watchdog(2 * seconds + 600)
    fuzz = Fuzz(options.seed)
    try:
        fuzz.run(seconds, options.batches)
    except BaseException:
        print(f"failed after {fuzz.connections} connections; again with --seed {options.seed}",
              flush=True)
        raise
    finally:
        fuzz.close()


if __name__ == "__main__":
    main()

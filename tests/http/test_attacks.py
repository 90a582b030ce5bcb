"""Attacks on the HTTP server, bounded in count and time, on loopback. Each measures memory and
what reached the handlers, and that a well-behaved client is served meanwhile and afterwards."""
import os
import socket
import struct
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
from harness import TestCase, until  # noqa: E402
import h2frames as h2  # noqa: E402

CONFIG = """[web]
threads = 2
request_timeout = 1s
idle_timeout = 2s
stall_timeout = 2s
drain_timeout = 2s
max_connections = 60
max_connections_per_address = 40
max_pending_requests = 64
"""
# KiB that the daemon may grow by in an attack; sanitizers need more
GROWTH = int(os.environ.get("HEARTH_TEST_GROWTH_KIB", 160 * 1024))


class Attacks(TestCase):
    def setUp(self):
        self.daemon = self.node(CONFIG)
        self.connections = []
        self.addCleanup(lambda: [c.close() for c in self.connections])
        self.served()
        self.memory_before = self.daemon.memory()

    def connect(self, **options):
        connection = h2.Connection(self.daemon.address, **options)
        self.connections.append(connection)
        return connection

    def raw(self):
        host, port = self.daemon.address.split("//")[1].split(":")
        sock = socket.create_connection((host, int(port)), timeout=20)
        self.connections.append(sock)
        return sock

    def served(self):
        """The well-behaved client."""
        answer = self.daemon.request("/healthz", email=None)
        self.assertEqual(answer.status, 200, answer.body)

    def metric(self, name):
        return self.daemon.metric(name)

    def unharmed(self):
        self.served()
        self.assertLess(self.daemon.memory() - self.memory_before, GROWTH)

    def flood(self, connection, piece, count, patience=20):
        """Sends until the server ends the connection or everything was sent;
        False: it never minded."""
        for n in range(count):
            if not connection.send(piece) or (n % 8 == 0 and connection.drain()):
                return True
        until(lambda: connection.drain(), "the server ends the connection", patience)
        return True

    # --- cancelled streams
    def test_rapid_reset(self):
        before = self.metric("http_requests_total")
        killed = self.metric("http_connections_killed_total")
        connection = self.connect()
        stream = 1
        while stream < 200000 and not connection.closed:
            piece = b""
            for _ in range(100):
                piece += h2.get(stream, "/readyz") + h2.frame(h2.RST_STREAM, 0, stream,
                                                              struct.pack(">I", 8))
                stream += 2
            if not connection.send(piece) or connection.drain():
                break
        until(connection.drain, "the connection is killed")
        self.assertGreater(self.metric("http_connections_killed_total"), killed)
        self.assertLess(self.metric("http_requests_total") - before, 2000)
        self.unharmed()

    def test_made_you_reset(self):
        """The server is made to reset streams by breaking rules on them: what it does not finish
        counts, whoever cancels."""
        connection = self.connect()
        stream = 1
        while stream < 100000 and not connection.closed:
            piece = b""
            for _ in range(50):
                piece += h2.get(stream, "/readyz") + h2.frame(h2.WINDOW_UPDATE, 0, stream,
                                                              struct.pack(">I", 0))
                stream += 2
            if not connection.send(piece) or connection.drain():
                break
        until(connection.drain, "the connection ends")
        self.unharmed()

    def test_jobs_are_counted_until_they_are_done(self):
        connection = self.connect()
        for batch in range(10):
            piece = b"".join(h2.get(1 + 2 * (batch * 100 + i), "/readyz") for i in range(100))
            if not connection.send(piece):
                break
            connection.drain()
        self.unharmed()

    # --- headers
    def test_hpack_bomb(self):
        """A large field is put into the table once and referred to thousands of times."""
        value = "x" * 3900
        first = h2.request("/healthz") + b"\x40" + h2.integer(1, 7) + b"a" + h2.integer(
            len(value), 7) + value.encode()
        before = self.metric("http_requests_total")
        for _ in range(5):
            connection = self.connect()
            connection.send(h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, 1, first))
            for n in range(20):
                block = h2.request("/healthz") + b"\xbe" * 15000
                if not connection.send(
                        h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, 3 + 2 * n, block)):
                    break
            until(connection.drain, "the connection is refused")
        self.assertLess(self.metric("http_requests_total") - before, 20)
        self.unharmed()

    def test_endless_continuation(self):
        connection = self.connect()
        connection.send(h2.frame(h2.HEADERS, h2.END_STREAM, 1, h2.request("/healthz")))
        self.flood(connection, h2.frame(h2.CONTINUATION, 0, 1,
                                        h2.literal("a", "b" * 4000) * 4), 5000)
        self.unharmed()

    def test_oversized_headers(self):
        for size, expected in ((20000, b"200"), (60000, b"431")):
            sock = self.raw()
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"a" * size +
                         b"\r\n\r\n")
            self.assertIn(expected, sock.recv(64))
        sock = self.raw()
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" +
                     b"".join(b"X-%d: a\r\n" % i for i in range(99)) + b"\r\n")
        self.assertIn(b" 200 ", sock.recv(64))
        self.unharmed()

    # --- floods of frames
    def test_floods(self):
        ping = h2.frame(h2.PING, 0, 0, b"12345678") * 4000
        settings = h2.frame(h2.SETTINGS, 0, 0) * 8000
        priority = b"".join(
            h2.frame(h2.PRIORITY, 0, 1 + 2 * i, struct.pack(">IB", 0, 9)) for i in range(4000))
        unknown = h2.frame(0x77, 0, 0, b"x" * 8) * 4000
        for name, piece in (("ping", ping), ("settings", settings), ("priority", priority),
                            ("unknown", unknown)):
            with self.subTest(flood=name):
                self.flood(self.connect(), piece, 1500)
                self.unharmed()

    def test_empty_data(self):
        connection = self.connect()
        connection.send(h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request("/api/v1/sync", "POST")))
        self.flood(connection, h2.frame(h2.DATA, 0, 1) * 8000, 1500)
        self.unharmed()

    # --- slowness
    def test_slow_headers_and_bodies(self):
        slow = [self.raw() for _ in range(6)]
        for sock in slow[:3]:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
        for sock in slow[3:]:
            sock.sendall(
                b"POST /api/v1/sync HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n"
                b"Content-Length: 1000\r\n\r\nabc"
            )
        two = [self.connect() for _ in range(4)]
        for connection in two[:2]:
            connection.send(h2.frame(h2.HEADERS, 0, 1, h2.request("/healthz")))
        for connection in two[2:]:
            connection.send(
                h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request("/api/v1/sync", "POST")))
        self.served()

        def ended(sock):
            sock.setblocking(False)
            try:
                return sock.recv(4096) == b""
            except BlockingIOError:
                return False
            except OSError:
                return True

        until(lambda: all(ended(s) for s in slow), "slow HTTP/1 clients are disconnected", 20)
        until(lambda: all(c.drain() for c in two), "slow HTTP/2 clients are disconnected", 20)
        self.unharmed()

    def test_idle_but_pinging(self):
        """Whoever pings and asks for nothing is told that this is the end, also who never did."""
        for asks in (True, False):
            connection = self.connect()
            if asks:
                connection.send(h2.get(1, "/healthz"))

            def over(c=connection):
                c.send(h2.frame(h2.PING, 0, 0, b"12345678"))
                return c.drain()

            until(over, "it is ended")
            ends = [payload for kind, _, _, payload in connection.frames() if kind == h2.GOAWAY]
            self.assertEqual(ends, [struct.pack(">II", 1 if asks else 0, 0)])

    def test_readers_that_never_read(self):
        """They ask for more than the kernel's buffers hold and read nothing."""
        self.daemon.stop()
        self.daemon.configure("70-metrics",
                              "[listen metrics]\naddress = 127.0.0.1:0\nserves = metrics\n")
        self.daemon.start()
        self.daemon.address = self.daemon.ready.split()[2]
        killed = self.metric("http_connections_killed_total")
        for _ in range(4):
            sock = self.raw()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            try:
                for _ in range(2000):
                    sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10)
                    sock.settimeout(1)
            except OSError:
                pass
            connection = self.connect()
            connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.send(b"".join(h2.get(1 + 2 * i, "/metrics") for i in range(90)))
        until(lambda: self.metric("http_connections_killed_total") > killed,
              "stalled connections are killed", 30)
        # of this address, too: what they did not fetch counts until they are gone
        until(lambda: self.daemon.request("/healthz", email=None).status == 200, "all are gone")
        self.unharmed()

    def test_slow_handshake(self):
        silent = [self.raw() for _ in range(10)]
        self.served()
        for sock in silent:
            sock.settimeout(20)
            try:
                self.assertEqual(sock.recv(1), b"")
            except OSError:
                pass
        self.unharmed()

    # --- bodies and caps
    def test_oversized_bodies(self):
        sock = self.raw()
        sock.sendall(
            b"POST /api/v1/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n"
            + b"x" * 1000)
        self.assertIn(b" 413 ", sock.recv(64))
        connection = self.connect()
        connection.send(
            h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request("/api/v1/tokens", "POST")))
        for _ in range(200):
            if not connection.send(h2.frame(h2.DATA, 0, 1, b"x" * 16000)):
                break
            connection.drain()
        self.unharmed()

    def test_connections_of_one_address(self):
        sockets = [self.raw() for _ in range(45)]
        refused = 0
        for sock in sockets:
            try:
                sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                refused += sock.recv(64) == b""
            except OSError:
                refused += 1
        self.assertGreaterEqual(refused, 4)
        self.assertLessEqual(refused, 6)
        for sock in sockets:
            sock.close()

        def free():
            try:
                return self.metric("http_connections") < 5
            # this client comes from the same address, and is refused as long as the others are
            # there
            except OSError:
                return False

        until(free, "the places are free again")
        self.unharmed()


def roomier(config):
    """For many connections that wait for long."""
    for before, then in (("max_connections = 60", "max_connections = 400"),
                         ("max_connections_per_address = 40", "max_connections_per_address = 300"),
                         ("stall_timeout = 2s", "stall_timeout = 60s"),
                         ("idle_timeout = 2s", "idle_timeout = 60s"),
                         ("max_pending_requests = 64", "max_pending_requests = 2000")):
        config = config.replace(before, then)
    return config + "max_pending_requests_per_account = 2000\n"


class Promised(TestCase):
    def test_as_many_streams_as_promised(self):
        """However few threads there are."""
        node = self.node("[web]\nthreads = 1\n")
        node.add_account(self.service())
        extra = [("authorization", "Bearer " + node.token())]
        connection = h2.Connection(node.address)
        self.addCleanup(connection.close)
        connection.send(b"".join(
            h2.get(1 + 2 * i, f"/api/v1/search?q=different{i}", extra=extra) for i in range(100)))
        until(lambda: connection.drain() or len(connection.ended()) == 100, "each is answered")
        limits = [
            struct.unpack(">HI", payload[i:i + 6])
            for kind, flags, _, payload in connection.frames() if kind == h2.SETTINGS and not flags
            for i in range(0, len(payload), 6)
        ]
        self.assertEqual(dict(limits)[3], 100)  # MAX_CONCURRENT_STREAMS
        self.assertEqual(list(connection.statuses().values()), [200] * 100)
        node = self.node("[web]\nmax_pending_requests_per_connection = 99\n", start=False)
        self.assertIn("max_pending_requests_per_connection", node.cli("config", code=2))


class Parked(TestCase):
    """Answers that nobody fetches: streams with window 0. Who parks them pays, and nobody else."""
    CONFIG = roomier(CONFIG)
    COST = 12 * 1024  # of an answer, besides its bytes (core/http/internal.h)

    def setUp(self):
        self.connections = []
        self.addCleanup(lambda: [c.close() for c in self.connections])

    def home(self, config):
        node = self.node(self.CONFIG + config)
        node.add_account(self.service())
        self.assertEqual(node.request("/api/v1/me").status, 200)
        self.before = node.memory()
        return node

    def park(self, node, path, connections, streams, token=None):
        """Answers that were accepted; -1 for a connection that was ended."""
        accepted = 0
        extra = [("authorization", "Bearer " + token)] if token else []
        for n in range(connections):
            connection = h2.Connection(node.address, struct.pack(">HI", 4, 0))
            self.connections.append(connection)
            connection.send(b"".join(
                h2.get(1 + 2 * i, path.format(n * streams + i), extra=extra)
                for i in range(streams)))
            until(lambda: connection.drain() or len(connection.statuses()) == streams,
                  "each is answered, or the connection ended")
            accepted += sum(status == 200 for status in connection.statuses().values())
        return accepted

    def gives_back(self, node):
        for connection in self.connections:
            connection.close()
        if "HEARTH_TEST_GROWTH_KIB" not in os.environ:  # sanitizers keep what was freed
            until(lambda: node.memory() - self.before < 10 * 1024, "memory goes back to the system",
                  60)

    def test_of_one_account(self):
        node = self.home("unsent_per_account = 4MiB\n")
        budget = 4 * 1024 * 1024 // self.COST
        accepted = self.park(node, "/api/v1/search?q=different{}", 100, 100, node.token())
        self.assertLessEqual(accepted, budget + 1)
        self.assertGreater(accepted, budget // 4)
        self.assertLess(node.memory() - self.before,
                        min(GROWTH, 48 * 1024) if GROWTH < 200000 else GROWTH)

        def asked():
            """None while connections that left their refusals too are being ended: then whoever
            asks for that account is as well."""
            try:
                return node.request("/api/v1/me")
            except ConnectionError:
                return None

        answer = until(asked, "an answer")
        self.assertEqual((answer.status, answer.json["code"]), (503, "unfetched"))
        self.assertIn("Retry-After", answer.headers)
        self.assertEqual(node.request("/auth/signin", email=None).status, 200, "others are served")
        self.gives_back(node)
        self.assertEqual(node.request("/api/v1/me").status, 200)

    def test_of_the_same_cached_answer(self):
        """Shared bytes are paid once."""
        node = self.home("unsent_per_account = 4MiB\n")
        path = "/api/v1/history?limit=500"
        size = len(node.request(path).body)
        self.assertGreater(size, 60 * 1024)
        accepted = self.park(node, path, 1, 100, node.token())
        self.assertEqual(accepted, 100)

    def test_of_strangers(self):
        node = self.home("unsent_per_account = 4MiB\n")
        budget = 4 * 1024 * 1024 // self.COST
        accepted = self.park(node, "/auth/signin?{}", 30, 100)
        self.assertLessEqual(accepted, budget + 1)
        self.assertEqual(
            node.request("/api/v1/me").status, 200, "who is signed in pays for herself")
        self.gives_back(node)

    def test_of_one_connection(self):
        node = self.home("unsent_per_connection = 256KiB\n")
        accepted = self.park(node, "/auth/signin?{}", 1, 100)
        self.assertLessEqual(accepted, 256 // 12 + 1)
        self.assertTrue(self.connections[0].drain(), "at twice as much it is ended")
        self.assertEqual(node.request("/auth/signin", email=None).status, 200)

    def test_behind_a_proxy(self):
        """A proxy's connection carries many people:
        of them only who has stopped reading is given up."""
        node = self.home("trusted_proxies = 127.0.0.1/32\n")
        node.configure(
            "60-stall",
            "[web]\nstall_timeout = 1s\nidle_timeout = 60s\nunsent_per_connection = 64KiB\n")
        node.stop()
        node.start()
        connection = h2.Connection(node.address, struct.pack(">HI", 4, 0))
        self.connections.append(connection)
        auth = [("authorization", "Bearer " + node.token())]
        streams = range(1, 60, 2)
        connection.send(b"".join(
            h2.get(stream, "/api/v1/history?limit=500", extra=auth) for stream in streams))
        resets = lambda: {
            stream
            for kind, _, stream, _ in connection.frames()
            if kind == h2.RST_STREAM
        }
        until(lambda: connection.drain() or resets() == set(streams), "the streams are given up")
        self.assertFalse(connection.drain(), "the connection goes on")
        connection.send(
            h2.get(61, "/healthz") + h2.frame(h2.WINDOW_UPDATE, 0, 61, struct.pack(">I", 1000)))
        until(lambda: connection.drain() or 61 in connection.ended(), "others are served on it")
        self.assertEqual(connection.statuses()[61], 200)

    def test_in_total(self):
        """All together: those who hold most are ended, until there is room."""
        node = self.home("unsent_total = 1MiB\n")
        for n in range(10):
            connection = h2.Connection(node.address, struct.pack(">HI", 4, 0))
            self.connections.append(connection)
            connection.send(b"".join(h2.get(1 + 2 * i, "/auth/signin") for i in range(15)))
        until(lambda: sum(connection.drain() for connection in self.connections) > 0,
              "the most stalled are ended")
        until(lambda: node.request("/auth/signin", email=None).status == 200, "there is room again")
        self.assertLess(sum(connection.drain() for connection in self.connections), 10,
                        "not all of them")


class TotalCap(TestCase):
    def test_waiting_clients_are_served_when_others_have_gone(self):
        node = self.node(
            CONFIG.replace("max_connections_per_address = 40",
                           "max_connections_per_address = 1000").replace(
                               "idle_timeout = 2s",
                               "idle_timeout = 60s").replace("request_timeout = 1s",
                                                             "request_timeout = 60s"))
        host, port = node.address.split("//")[1].split(":")
        sockets = [socket.create_connection((host, int(port)), timeout=20) for _ in range(90)]
        answered = set()
        for sock in sockets:
            sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")

        def collect():
            for i, sock in enumerate(sockets):
                if i not in answered:
                    sock.setblocking(False)
                    try:
                        if sock.recv(4096):
                            answered.add(i)
                    except OSError:
                        pass
            return len(answered)

        until(lambda: collect() >= 55, "those inside the cap are served")
        self.assertLessEqual(collect(), 61)
        for i in list(answered):
            sockets[i].close()
        until(lambda: collect() == 90, "the others are served when places are free")
        for sock in sockets:
            sock.close()


if __name__ == "__main__":
    unittest.main()

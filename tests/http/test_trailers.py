"""What comes behind a body is never a header: no proxy has looked at it."""
import socket
import unittest

from believed import IDENTITY, UNREAD, World, as_header, as_trailer, parsed
from harness import TestCase, until
import h2frames as h2


class Trailers(TestCase):
    def setUp(self):
        service = self.service()
        self.daemon = self.node(
            f"[web]\ntrusted_proxies = 127.0.0.1/32\n[auth]\nproxy_header = {IDENTITY.title()}\n")
        self.daemon.add_account(service)
        self.world = World(self.daemon, lambda: h2.Connection(self.daemon.address))

    def test_every_header_is_watched(self):
        self.assertEqual(parsed() | {IDENTITY, "host"}, set(World.OBSERVATIONS) | UNREAD)

    def test_http2(self):
        # the observations see what they are to see; a Host beside or without :authority does not
        # count over HTTP/2
        self.assertEqual(self.world.believed(as_header), set(World.OBSERVATIONS) - {"host"})
        self.assertEqual(self.world.believed(as_trailer), set())

    def test_connection_goes_on(self):
        """The table of header fields is shared by all requests of a connection: what trailers
        put into it counts."""
        connection = h2.Connection(self.daemon.address)
        self.addCleanup(connection.close)
        # literal with indexing: entry 62
        indexed = b"\x40" + h2.literal("authorization", f"Bearer {self.world.token}")[1:]
        connection.send(
            h2.frame(h2.HEADERS, h2.END_HEADERS, 1, h2.request("/api/v1/me")) +
            h2.frame(h2.DATA, 0, 1) +
            h2.frame(h2.HEADERS, h2.END_STREAM | h2.END_HEADERS, 1, indexed))
        connection.send(
            h2.frame(h2.HEADERS, h2.END_HEADERS | h2.END_STREAM, 3,
                     h2.request("/api/v1/me") + b"\xbe"))
        until(lambda: connection.drain() or {1, 3} <= connection.ended(), "both answers")
        self.assertEqual(connection.statuses(), {1: 0, 3: 200})

    def test_many_are_refused(self):
        connection = h2.Connection(self.daemon.address)
        self.addCleanup(connection.close)
        connection.send(h2.exchange(1, "/healthz", trailers=[(f"x-{i}", "1") for i in range(200)]))
        until(connection.drain, "the connection ends")
        self.assertEqual(connection.statuses(), {})

    def test_http1(self):
        world = self.world
        host, port = self.daemon.address.split("//")[1].split(":")
        world.connect1 = lambda: socket.create_connection((host, int(port)))
        world.ask = world.ask_http1
        # a request without Host is none; an event stream does not end
        names = set(World.OBSERVATIONS) - {"host", "last-event-id"}
        self.assertEqual(world.believed(as_header, names), names)
        self.assertEqual(world.believed(as_trailer, names), set())


if __name__ == "__main__":
    unittest.main()

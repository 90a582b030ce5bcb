"""HTTP/2 by hand: frames as an attacker would make them. Headers are HPACK literals without
indexing, unless a test says otherwise."""
import socket
import ssl
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE,
 CONTINUATION) = range(10)
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes(
        (kind, flags)) + struct.pack(">I", stream) + payload


def literal(name, value):
    name, value = (text if isinstance(text, bytes) else text.encode() for text in (name, value))
    return b"\x00" + integer(len(name), 7) + name + integer(len(value), 7) + value


def integer(value, bits):
    limit = (1 << bits) - 1
    if value < limit:
        return bytes((value, ))
    out, value = [limit], value - limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def request(path, method="GET", extra=()):
    fields = [(":method", method), (":scheme", "http"), (":path", path),
              (":authority", "localhost"), *extra]
    return b"".join(literal(n, v) for n, v in fields)


def exchange(stream, path, method="GET", extra=(), body=b"", trailers=None, authority="localhost"):
    """A request in frames; with `trailers` (name, value) it ends in a second block of fields."""
    fields = [(":method", method), (":scheme", "http"), (":path", path),
              *([(":authority", authority)] if authority else []), *extra]
    out = frame(HEADERS, END_HEADERS, stream, b"".join(literal(n, v) for n, v in fields))
    if trailers is None:
        return out + frame(DATA, END_STREAM, stream, body)
    return out + frame(DATA, 0, stream, body) + frame(HEADERS, END_STREAM | END_HEADERS, stream,
                                                      b"".join(literal(n, v) for n, v in trailers))


def get(stream, path, flags=END_STREAM | END_HEADERS, extra=()):
    return frame(HEADERS, flags, stream, request(path, extra=extra))


class Connection:
    """A connection that has sent preface and settings; over TLS with a `context` (ssl)."""
    def __init__(self, address, settings=b"", context=None):
        host, port = address.split("//")[1].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname=host)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
        self.closed, self.data = False, bytearray()

    def send(self, data):
        """False when the other side has ended the connection."""
        try:
            self.socket.sendall(data)
        except OSError:
            self.closed = True
        return not self.closed

    def drain(self):
        """Reads what is there without waiting; notices the end."""
        self.socket.setblocking(False)
        try:
            while True:
                data = self.socket.recv(65536)
                if not data:
                    self.closed = True
                    break
                self.data += data
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except OSError:
            self.closed = True
        finally:
            self.socket.settimeout(20)
        return self.closed

    def frames(self):
        """(kind, flags, stream, payload) of what was drained."""
        at = 0
        while at + 9 <= len(self.data):
            size = int.from_bytes(self.data[at:at + 3], "big")
            if at + 9 + size > len(self.data):
                break
            yield self.data[at + 3], self.data[at + 4], int.from_bytes(
                self.data[at + 5:at + 9], "big") & 0x7fffffff, bytes(self.data[at + 9:at + 9 +
                                                                               size])
            at += 9 + size

    def statuses(self):
        """{stream: status} of the answers that have begun: 200, or 0 for any that is not in
        HPACK's static table."""
        self.drain()
        indexed = {0x88: 200, 0x89: 204, 0x8a: 206, 0x8b: 304, 0x8c: 400, 0x8d: 404, 0x8e: 500}
        return {
            stream: indexed.get(payload[0], 0)
            for kind, _, stream, payload in self.frames()
            if kind == HEADERS
        }

    def ended(self):
        return {
            stream
            for kind, flags, stream, _ in self.frames()
            if kind in (DATA, HEADERS) and flags & END_STREAM
        }

    def over(self):
        """Streams of which nothing more will come: answered, or reset."""
        return self.ended() | {stream for kind, _, stream, _ in self.frames() if kind == RST_STREAM}

    def bodies(self):
        found = {}
        for kind, _, stream, payload in self.frames():
            if kind == DATA:
                found[stream] = found.get(stream, b"") + payload
        return found

    def close(self):
        self.socket.close()

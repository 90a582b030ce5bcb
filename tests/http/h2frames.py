"""HTTP/2 by hand: frames as an attacker would make them. Headers are HPACK literals without indexing, unless a test says otherwise."""
import socket
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
END_STREAM, END_HEADERS = 1, 4


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes((kind, flags)) + struct.pack(">I", stream) + payload


def literal(name, value):
    name, value = name.encode(), value.encode()
    return b"\x00" + integer(len(name), 7) + name + integer(len(value), 7) + value


def integer(value, bits):
    limit = (1 << bits) - 1
    if value < limit:
        return bytes((value,))
    out, value = [limit], value - limit
    while value >= 128:
        out.append(value % 128 + 128)
        value //= 128
    return bytes(out + [value])


def request(path, method="GET", extra=()):
    fields = [(":method", method), (":scheme", "http"), (":path", path), (":authority", "x"), *extra]
    return b"".join(literal(n, v) for n, v in fields)


def get(stream, path, flags=END_STREAM | END_HEADERS, extra=()):
    return frame(HEADERS, flags, stream, request(path, extra=extra))


class Connection:
    """A TCP connection that has sent preface and settings."""

    def __init__(self, address, settings=b""):
        host, port = address.split("//")[1].split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=20)
        self.socket.sendall(PREFACE + frame(SETTINGS, 0, 0, settings))
        self.closed = False

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
        except BlockingIOError:
            pass
        except OSError:
            self.closed = True
        finally:
            self.socket.settimeout(20)
        return self.closed

    def close(self):
        self.socket.close()

"""Whom each listener serves, and that an address has one daemon: who comes second is told, and
the first one notices nothing."""
import os
import re
import socket
import subprocess
import sys
import threading
import unittest

from harness import HEARTHD, PATIENCE, ROOT, TestCase, until
import routes

sys.path.insert(0, os.path.join(ROOT, "tests", "http"))
import h2frames as h2  # noqa: E402

CONTROL = [("GET", "/control/queue"), ("DELETE", "/control/queue")]


class Audiences(TestCase):
    def test_each_serves_its_own(self):
        node = self.node("[listen metrics]\naddress = 127.0.0.1:0\nserves = metrics\n")
        people, metrics = node.ready.split()[1:]

        def served(base):
            node.address = base
            paths = [
                "/healthz", "/readyz", "/metrics", "/version", "/api/v1/me", "/auth/signin",
                "/basic/", "/"
            ]
            found = {path for path in paths if node.request(path, email=None).status != 404}
            return found | {
                path
                for method, path in CONTROL
                if node.request(path, method, email=None).status != 404
            }

        self.assertEqual(
            served(people),
            {"/healthz", "/readyz", "/version", "/api/v1/me", "/auth/signin", "/basic/", "/"})
        self.assertEqual(served(metrics), {"/healthz", "/readyz", "/metrics"})
        self.assertEqual(
            {
                p
                for p in ("/healthz", "/readyz", "/metrics", "/control/queue")
                if node.control("GET", p).status == 200
            }, {"/healthz", "/readyz", "/metrics", "/control/queue"})
        self.assertEqual(
            {
                p: node.control("GET", p).status
                for p in ("/api/v1/me", "/auth/signin", "/version", "/")
            }, {"/api/v1/me": 404, "/auth/signin": 404, "/version": 404, "/": 404})
        self.assertEqual(node.control("DELETE", "/control/queue").status, 204)

    def test_control_routes_are_nowhere_else(self):
        """Each internal route of the tables, with each method, on a listener for people and one
        for metrics."""
        rows = re.findall(r'\{\.path = "([^"]+)".*\}', routes.source(routes.CONTROL))
        self.assertGreaterEqual(len(rows), 2)
        node = self.node("[listen metrics]\naddress = 127.0.0.1:0\nserves = metrics\n")
        for base in node.ready.split()[1:]:
            node.address = base
            for path in rows:
                for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
                    self.assertEqual(
                        node.request(path, method, email=None).status, 404, (base, method, path))

    def test_old_keys_name_the_new_one(self):
        for text, key in (("[listen main]\ninternal = yes\n", "internal"),
                          ("[web]\nmetrics = yes\n", "metrics")):
            words = self.node(text, start=False).cli("serve", code=2)
            self.assertRegex(
                words,
                rf"50-test\.conf:2: \[.*\] has no key {key} since 0\.2\.0: .*"
                r"\[listen metrics\] with serves = metrics"
            )


class Starts(TestCase):
    def refused(self, node, code=1):
        """Starts it: it says why not, and ends."""
        done = subprocess.run([HEARTHD, "--config", node.conf, "serve"], capture_output=True,
                              text=True, env=node.environment, timeout=PATIENCE)
        self.assertEqual((done.returncode, done.stdout), (code, ""), done.stderr)
        return done.stderr

    def beside(self, address, more=""):
        node = self.node(more, start=False)
        node.configure("60-address", f"[listen main]\naddress = {address}\n")
        return node


class OneAddress(Starts):
    def test_another_daemon(self):
        """Another state directory, the same address: also as a wildcard, and by IPv6."""
        first = self.node("[web]\nthreads = 4\n")
        port = first.address.rpartition(":")[2]
        for address in (f"127.0.0.1:{port}", f"0.0.0.0:{port}", f"[::]:{port}",
                        f"localhost:{port}"):
            self.assertIn(f"cannot listen on {address}: Address already in use",
                          self.refused(self.beside(address)))
        self.assertEqual([first.request("/healthz", email=None).status for _ in range(40)],
                         [200] * 40)
        self.beside(f"127.0.0.2:{port}").start()  # another address is another address

    def test_a_wildcard_first(self):
        first = self.beside("[::]:0").start()
        port = first.address.rpartition(":")[2]
        for address in (f"127.0.0.1:{port}", f"[::1]:{port}", f"0.0.0.0:{port}"):
            self.assertIn("Address already in use", self.refused(self.beside(address)))

    def test_two_sections(self):
        """One could speak TLS, and one not."""
        with socket.create_server(("127.0.0.1", 0)) as s:
            address = "127.0.0.1:%d" % s.getsockname()[1]
        node = self.beside(
            address,
            f"[listen other]\naddress = {address}\n[listen third]\naddress = 127.0.0.1:0\n")
        self.assertRegex(self.refused(node, code=2),
                         r"\[listen (main|other)\] has the address of \[listen (main|other)\]")

    def test_both_at_once(self):
        """Of several that start at the same moment one gets it."""
        for _ in range(5):
            with socket.create_server(("127.0.0.1", 0)) as s:
                address = "127.0.0.1:%d" % s.getsockname()[1]
            nodes = [self.beside(address) for _ in range(3)]

            def start(node):
                try:
                    node.start()
                except AssertionError:
                    pass  # refused

            threads = [threading.Thread(target=start, args=(node, )) for node in nodes]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            self.assertLessEqual(sum(node.process is not None for node in nodes), 1)
            for node in nodes:
                node.stop()

    def test_while_the_old_one_drains(self):
        """It has given its address back, though it still serves who is connected."""
        service, first = self.service(), self.node("[web]\ndrain_timeout = 1h\n")
        first.add_account(service)
        host, port = first.address.split("//")[1].split(":")
        sock = socket.create_connection((host, int(port)), timeout=PATIENCE)
        self.addCleanup(sock.close)
        sock.sendall(
            b"POST /api/v1/sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nExpect: "
            b"100-continue\r\n\r\n"
        )
        self.assertIn(b"100 Continue", sock.recv(64))  # it has begun to read
        first.process.terminate()
        until(lambda: "stopping" in first.log_text(), "it stops")
        second = self.beside(f"{host}:{port}")

        def starts():
            try:
                return second.start()
            except AssertionError:
                return None

        until(starts, "the address is free")
        self.assertEqual(second.request("/healthz", email=None).status, 200)
        self.assertIsNone(first.process.poll())
        sock.sendall(b"0123456789")
        self.assertIn(b" 401 ", b"".join(iter(lambda: sock.recv(4096), b"")))
        first.stop()

    def wait_until_read(self, sock, node):
        """The daemon has accepted this connection, and has read what was sent so far."""
        ends = [f"{sock.getpeername()[1]:04X}", f"{sock.getsockname()[1]:04X}"]

        def is_read():
            with open(f"/proc/{node.process.pid}/net/tcp", encoding="ascii") as table:
                rows = [line.split() for line in list(table)[1:]]
            return [
                row for row in rows if [row[1][-4:], row[2][-4:]] == ends
                and row[4].endswith(":00000000") and row[9] != "0"
            ]

        until(is_read, "it has read what was sent")

    def stop_when_read(self, node, sock):
        self.wait_until_read(sock, node)
        node.process.terminate()
        until(lambda: "stopping" in node.log_text(), "it stops")

    def test_a_request_that_is_being_sent(self):
        """Of a request half is there when the daemon is told to stop: it gets its answer."""
        for half, rest in ((b"POST /api/v1/sync HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Length: 10\r\n\r\n01234", b"56789"),
                           (b"GET /api/v1/me HTTP/1.1\r\nHost: loc", b"alhost\r\n\r\n")):
            node = self.node("[web]\ndrain_timeout = 1h\n")
            host, port = node.address.split("//")[1].split(":")
            with socket.create_connection((host, int(port)), timeout=PATIENCE) as sock:
                sock.sendall(half)
                self.stop_when_read(node, sock)
                sock.sendall(rest)
                self.assertIn(b" 401 ", b"".join(iter(lambda s=sock: s.recv(4096), b"")))
            node.stop()

    def test_a_connection_without_a_request(self):
        """It does not keep the daemon."""
        node = self.node("[web]\ndrain_timeout = 1h\n")
        host, port = node.address.split("//")[1].split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as idle:
            idle.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertIn(b" 200 ", idle.recv(4096))
            c = h2.Connection(node.address)
            self.addCleanup(c.close)
            self.wait_until_read(c.socket, node)
            node.stop()

    def test_all_loops_are_asked(self):
        """The kernel deals connections out to the sockets of all loops, though the first one was
        there before."""
        node = self.node("[web]\nthreads = 4\n")
        inodes = set()
        for fd in os.listdir(f"/proc/{node.process.pid}/fd"):
            inodes.add(os.readlink(f"/proc/{node.process.pid}/fd/{fd}"))
        with open(f"/proc/{node.process.pid}/net/tcp", encoding="ascii") as table:
            rows = [line.split() for line in list(table)[1:]]
        listening = [r for r in rows if r[3] == "0A" and f"socket:[{r[9]}]" in inodes]
        self.assertEqual(len(listening), 4)


class UnixSockets(Starts):
    def asks(self, path):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(PATIENCE)
            s.connect(path)
            s.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            return b"".join(iter(lambda: s.recv(4096), b"")).partition(b"\r\n\r\n")[2]

    def home(self):
        node = self.node(start=False)
        path = os.path.join(node.folder, "home.sock")
        node.configure("60-address", f"[listen main]\naddress = unix:{path}\n")
        return node, path

    def test_a_living_socket_stays(self):
        first, path = self.home()
        first.start()
        second = self.beside(f"unix:{path}")
        words = self.refused(second)
        self.assertIn(f"cannot listen on {path}: Address already in use, by another", words)
        self.assertEqual(self.asks(path), b'{"ok":true}')
        first.stop()
        self.assertFalse(os.path.exists(path))

    def test_of_another_program(self):
        node, path = self.home()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen(16)
            self.assertIn("Address already in use", self.refused(node))
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)

    def test_of_a_program_that_is_busy(self):
        """Its backlog is full: it lives."""
        node, path = self.home()
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
            other.listen(0)
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(path)
                self.assertIn("Address already in use", self.refused(node))
        self.assertTrue(os.path.exists(path))

    def test_of_one_that_was_killed(self):
        node, path = self.home()
        node.start()
        node.kill()
        self.assertTrue(os.path.exists(path))
        node.start()
        self.assertEqual(self.asks(path), b'{"ok":true}')

    def test_a_file_that_is_no_socket(self):
        node, path = self.home()
        with open(path, "w", encoding="utf-8") as f:
            f.write("a letter")
        self.assertIn("a file that is no socket", self.refused(node))
        with open(path, encoding="utf-8") as f:
            self.assertEqual(f.read(), "a letter")

    def test_only_its_own_is_removed(self):
        """Somebody has removed its socket, and another one listens at the path when it ends."""
        first, path = self.home()
        first.start()
        os.unlink(path)
        second = self.beside(f"unix:{path}").start()
        first.stop()
        self.assertEqual(self.asks(path), b'{"ok":true}')
        second.stop()

    def test_nothing_is_left_of_a_start_that_failed(self):
        node, path = self.home()
        with socket.create_server(("127.0.0.1", 0)) as taken:
            node.configure("70-taken",
                           "[listen other]\naddress = 127.0.0.1:%d\n" % taken.getsockname()[1])
            self.assertIn("Address already in use", self.refused(node))
        self.assertFalse(os.path.exists(path))

    def test_permissions(self):
        """Whatever the umask is: people's 0660, the control socket 0600."""
        for mask in (0o000, 0o022, 0o077):
            node, path = self.home()
            before = os.umask(mask)
            try:
                node.start()
            finally:
                os.umask(before)
            self.assertEqual([
                oct(os.stat(p).st_mode & 0o777)
                for p in (path, os.path.join(node.state, "hearthd.sock"))
            ], ["0o660", "0o600"], oct(mask))
            node.stop()

    def test_the_control_socket(self):
        """It is there as long as the daemon, and the command line finds it."""
        node = self.node()
        node.cli("healthcheck")
        second = self.node(start=False)
        second.configure("60-state", f"[hearth]\nstate_dir = {node.state}\n")
        self.assertIn("another hearthd runs on", self.refused(second))
        node.cli("healthcheck")


if __name__ == "__main__":
    unittest.main()

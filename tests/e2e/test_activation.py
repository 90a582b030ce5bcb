"""Sockets that the service manager has opened: a restart refuses nobody, and no privilege is needed
for a port."""
import os
import socket
import subprocess
import unittest

from harness import HEARTHD, PATIENCE, ROOT, TestCase

REQUEST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"


class Activation(TestCase):
    def listening(self, family=socket.AF_INET, address=("127.0.0.1", 0)):
        sock = socket.socket(family, socket.SOCK_STREAM)
        self.addCleanup(sock.close)
        sock.bind(address)
        sock.listen(64)
        return sock

    def connect(self, sock):
        client = socket.socket(sock.family, socket.SOCK_STREAM)
        client.settimeout(PATIENCE)
        self.addCleanup(client.close)
        client.connect(sock.getsockname())
        client.sendall(REQUEST)
        return client

    def answers(self, clients):
        """The status lines; each connection is read to its end."""
        lines = []
        for client in clients:
            with client.makefile("rb") as answer:
                lines.append(answer.read().split(b"\r\n")[0])
        return lines

    def test_by_name(self):
        """Its port counts, not the one in the configuration; all loops accept."""
        sock = self.listening()
        node = self.node("[web]\nthreads = 4\n", start=False)
        node.sockets = {"main": sock}
        node.start()
        self.assertEqual(node.address, f"http://127.0.0.1:{sock.getsockname()[1]}")
        clients = [self.connect(sock) for _ in range(40)]
        self.assertEqual(self.answers(clients), [b"HTTP/1.1 200 OK"] * 40)

    def test_by_address(self):
        """As a socket unit without a name has it."""
        sock, other = self.listening(), self.listening(socket.AF_INET6, ("::1", 0))
        node = self.node(
            f"[listen main]\naddress = 127.0.0.1:{sock.getsockname()[1]}\n[listen six]\naddress = "
            f"[::1]:{other.getsockname()[1]}\n[listen own]\naddress = 127.0.0.1:0\n", start=False)
        node.sockets = {"hearthd.socket": sock, "hearthd": other}
        node.start()
        self.assertEqual(len(node.ready.split()), 4)
        for each in (sock, other):
            self.assertEqual(self.answers([self.connect(each)]), [b"HTTP/1.1 200 OK"])

    def test_a_restart_refuses_nobody(self):
        """Who comes while there is no daemon waits for the next one."""
        sock = self.listening()
        node = self.node(start=False)
        node.sockets = {"main": sock}
        for _ in range(3):
            clients = [self.connect(sock) for _ in range(20)]
            node.start()
            self.assertEqual(self.answers(clients), [b"HTTP/1.1 200 OK"] * 20)
            node.stop()
        clients = [self.connect(sock) for _ in range(20)]
        node.start()
        self.assertEqual(self.answers(clients), [b"HTTP/1.1 200 OK"] * 20)

    def test_a_unix_socket(self):
        """The file is the service manager's, and stays."""
        node = self.node(start=False)
        path = os.path.join(node.folder, "http.sock")
        sock = self.listening(socket.AF_UNIX, path)
        node.configure("60-listen", f"[listen file]\naddress = unix:{path}\n")
        node.sockets = {"unknown": sock}
        for _ in range(2):
            node.start()
            self.assertEqual(self.answers([self.connect(sock)]), [b"HTTP/1.1 200 OK"])
            node.stop()
            self.assertTrue(os.path.exists(path))

    def refused(self, sockets):
        node = self.node(start=False)
        node.sockets = sockets
        with self.assertRaises(AssertionError) as said:
            node.start()
        return str(said.exception)

    def test_what_belongs_to_nobody(self):
        self.assertIn(
            "the socket other of the service manager belongs to no [listen] section: give it the "
            "name of one (FileDescriptorName=) or its address", self.refused(
                {"main": self.listening(), "other": self.listening()}))

    def test_what_is_no_such_socket(self):
        silent = socket.socket(socket.AF_INET, socket.SOCK_STREAM)  # it does not listen
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        for sock in (silent, datagrams):
            with sock:
                self.assertIn("is none that listens for connections", self.refused({"main": sock}))

    def test_the_unit(self):
        """The socket unit that is shipped names the listener that is shipped."""
        with open(os.path.join(ROOT, "packaging", "systemd", "hearthd.socket"),
                  encoding="utf-8") as f:
            unit = f.read().split()
        with open(os.path.join(ROOT, "conf.d", "00-hearth.conf"), encoding="utf-8") as f:
            self.assertIn("[listen main]", f.read())
        self.assertIn("FileDescriptorName=main", unit)
        self.assertIn("ListenStream=127.0.0.1:8080", unit)

    def test_variables_of_another_process(self):
        """Who has inherited them takes nothing."""
        done = subprocess.run([HEARTHD, "--version"], capture_output=True, timeout=PATIENCE,
                              env={**os.environ, "LISTEN_PID": "1", "LISTEN_FDS": "3"})
        self.assertEqual(done.returncode, 0)
        node = self.node(start=False)
        node.environment.update({"LISTEN_PID": "1", "LISTEN_FDS": "3"})
        node.start()
        self.assertEqual(node.request("/healthz", email=None).status, 200)


if __name__ == "__main__":
    unittest.main()

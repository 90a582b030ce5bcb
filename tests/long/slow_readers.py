"""Four people read exports slowly for two minutes, and one parks 20,000 streams, while others
read. The full form of tests/e2e/test_pace.py and of `Parked` in tests/http/test_attacks.py.
Prints what it measured; exit code 1 when somebody was kept waiting.

    python3 tests/long/slow_readers.py [SECONDS]      HEARTHD: the binary, default build/hearthd"""
import os
import struct
import sys
import time
import unittest

for folder in ("e2e", "http"):
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", folder))
from harness import TestCase, until  # noqa: E402
import h2frames as h2  # noqa: E402

SECONDS = int(sys.argv.pop(1)) if len(sys.argv) > 1 and sys.argv[1].isdigit() else 120
# ms, times what the machine needs for an idle server: loaded machines are slow for everybody
P99 = 100
NO_WINDOW = struct.pack(">HI", 4, 0)
PATHS = ("/readyz", "/api/v1/me", "/api/v1/search?q=a{}", "/api/v1/history?limit={}",
         "/auth/signin")


class SlowReaders(TestCase):
    def reads(self, node, seconds, then=lambda: None):
        """ms of requests for so long; each must be answered with 200."""
        times, end, n = [], time.monotonic() + seconds, 0
        while time.monotonic() < end:
            path = PATHS[n % len(PATHS)].format(n % 400 + 1)
            began = time.monotonic()
            answer = node.request(path)
            times.append((time.monotonic() - began) * 1000)
            self.assertEqual(answer.status, 200, (path, answer.body[:300]))
            n += 1
            then()
        times.sort()
        return times

    @staticmethod
    def p99(times):
        return times[len(times) * 99 // 100]

    def test_four_slow_readers(self):
        node = self.node("[web]\nexports_per_account = 4\n")
        node.add_account(self.service())
        node.request("/api/v1/search?q=a")
        idle = self.reads(node, min(10, SECONDS))
        connection = h2.Connection(node.address, NO_WINDOW)
        self.addCleanup(connection.close)
        auth = [("authorization", "Bearer " + node.token())]
        streams = (1, 3, 5, 7)
        connection.send(b"".join(
            h2.get(stream, "/api/v1/export/history.json", extra=auth) for stream in streams))
        until(lambda: len(connection.statuses()) == 4, "the exports have begun")
        self.assertEqual(set(connection.statuses().values()), {200})
        due = [0.0]

        def slowly():
            if time.monotonic() >= due[0]:
                due[0] = time.monotonic() + 10
                connection.send(
                    h2.frame(h2.WINDOW_UPDATE, 0, 0, struct.pack(">I", 4 * 4200)) + b"".join(
                        h2.frame(h2.WINDOW_UPDATE, 0, stream, struct.pack(">I", 4200))
                        for stream in streams))
                connection.drain()

        busy = self.reads(node, SECONDS, slowly)
        print(
            f"requests {len(busy)}, p50 {busy[len(busy) // 2]:.1f} ms, p99 {self.p99(busy):.1f} "
            f"ms, max {busy[-1]:.1f} ms; without slow readers p99 {self.p99(idle):.1f} ms"
        )
        self.assertFalse(connection.drain(), "the slow readers are still there")
        self.assertLess(self.p99(busy), max(P99, 5 * self.p99(idle)))

    def test_parked_streams(self):
        node = self.node()
        node.add_account(self.service())
        node.request("/api/v1/me")
        before, peak, accepted, ended, connections = node.memory(), 0, 0, 0, []
        auth = [("authorization", "Bearer " + node.token())]
        for n in range(200):
            connection = h2.Connection(node.address, NO_WINDOW)
            connections.append(connection)
            connection.send(b"".join(
                h2.get(1 + 2 * i, f"/api/v1/search?q=different{n * 100 + i}", extra=auth)
                for i in range(100)))
            until(lambda: connection.drain() or len(connection.statuses()) == 100,
                  "each is answered, or the connection ended")
            accepted += sum(status == 200 for status in connection.statuses().values())
            ended += connection.closed
            peak = max(peak, node.memory())
            self.assertEqual(node.request("/auth/signin", email=None).status, 200)
        for connection in connections:
            connection.close()
        print(
            f"20,000 parked: accepted {accepted}, connections ended {ended}, memory "
            f"+{(peak - before) // 1024} MiB"
        )
        self.assertLess(peak - before, 64 * 1024)
        until(lambda: node.memory() - before < 12 * 1024, "memory goes back to the system", 60)
        print(f"afterwards +{(node.memory() - before) // 1024} MiB")


if __name__ == "__main__":
    unittest.main()

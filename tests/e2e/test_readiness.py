"""/readyz of a single node on SQLite: what cannot be written any more is seen, whatever the
reason, and so is that it is mended."""
import os
import resource
import unittest

from harness import ADA, TestCase, until

PROBES = "[hearth]\nprobe_interval = 50ms\n"


class Readiness(TestCase):
    def home(self):
        node = self.node(PROBES)
        node.add_account(self.service())
        self.ready(node)
        return node

    def ready(self, node):
        until(lambda: node.request("/readyz", email=None).status == 200, "ready")

    def not_ready(self, node, *words):
        answer = until(lambda: (a := node.request("/readyz", email=None)).status == 503 and a,
                       "not ready")
        self.assertIn(answer.json["detail"],
                      [f"The storage cannot be written ({w})." for w in words])
        self.assertEqual(node.request("/healthz", email=None).status, 200)

    def test_the_database_is_deleted(self):
        node = self.home()
        os.rename(os.path.join(node.state, "hearth.db"), os.path.join(node.state, "away"))
        self.not_ready(node, "input or output failed")
        os.rename(os.path.join(node.state, "away"), os.path.join(node.state, "hearth.db"))
        self.ready(node)

    def test_the_database_is_overwritten(self):
        node = self.home()
        node.stop()  # all of it is in the file then
        node.start()
        self.ready(node)
        with open(os.path.join(node.state, "hearth.db"), "r+b") as f:
            kept = f.read(100)
            f.seek(0)
            f.write(b"\xaa" * 100)
            f.flush()
            self.not_ready(node, "damaged data", "input or output failed")
            f.seek(0)
            f.write(kept)
        self.ready(node)

    def test_the_database_is_cut(self):
        """Requests are answered from what is in memory or the log, or say that it is damaged;
        nothing is taken for new."""
        for part in (0, 2):
            node = self.home()
            node.stop()
            node.start()
            self.ready(node)
            path = os.path.join(node.state, "hearth.db")
            with open(path, "r+b") as f:
                f.truncate(os.path.getsize(path) // part if part else 0)
                self.not_ready(node, "damaged data", "input or output failed")
                answer = node.request("/api/v1/me")
                self.assertIn((answer.status, answer.json.get("code")), [(200, None),
                                                                         (500, "damaged"),
                                                                         (500, "storage_failed")])

    def test_an_emptied_database_is_not_a_new_one(self):
        node = self.home()
        node.stop()
        path = os.path.join(node.state, "hearth.db")
        with open(path, "rb") as f:
            kept = f.read()
        open(path, "wb").close()
        for command in (["check"], ["serve"], ["migrate"], ["account", "list"], ["setup"]):
            said = "".join(node.cli(*command, code=1, both=True))
            self.assertIn("hearth.db: the database is empty, but there are persons' files in", said,
                          command)
        self.assertEqual(os.path.getsize(path), 0)
        with open(path, "wb") as f:
            f.write(kept)
        node.start()
        self.assertEqual(node.request("/api/v1/me").status, 200)

    def test_nothing_can_be_written(self):
        """As on a full disk; the process lives, though the kernel has a signal for it, and what
        can be read is read."""
        node = self.home()
        before = resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, (0, before[1]))
        self.not_ready(node, "full", "input or output failed")
        self.assertNotEqual(
            node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}).status, 401)
        self.assertEqual(node.request("/api/v1/tabs", email=ADA).status, 200)
        resource.prlimit(node.process.pid, resource.RLIMIT_FSIZE, before)
        self.ready(node)
        self.assertEqual(
            node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}).status, 200)


if __name__ == "__main__":
    unittest.main()

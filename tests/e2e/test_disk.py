"""A disk that is really full, and one that the kernel makes read-only: /readyz says so, reading
goes on, writing is refused in words, nothing has to be restarted once there is room. The file
systems are mounted in a mount namespace of this test, so that they end with it, whatever
happens. Where that is not permitted, the tests skip themselves and say why."""
import os
import subprocess
import sys
import tempfile
import unittest

from harness import PATIENCE, TestCase, until

PROBES = "[hearth]\nprobe_interval = 50ms\n[scheduler]\ninterval = 1h\n[limits]\nfree_space = 0\n"
INSIDE = "HEARTH_TEST_MOUNTS"  # set in the namespace: "yes", or why there is none


def enter_namespace():
    """Runs this file again where it may mount."""
    why = "no user may make a mount namespace here"
    for options in (["-m"], ["-Urm"]):
        try:
            probe = subprocess.run(["unshare", *options, "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
                                   capture_output=True, text=True, timeout=PATIENCE)
        except FileNotFoundError:
            why = "there is no unshare (util-linux)"
            break
        if probe.returncode == 0:
            os.environ[INSIDE] = "yes"
            os.execvp("unshare", ["unshare", *options, sys.executable, *sys.argv])
    os.environ[INSIDE] = why


class Disk(TestCase):
    def setUp(self):
        if os.environ[INSIDE] != "yes":
            self.skipTest(os.environ[INSIDE])

    def run_or_skip(self, *words):
        done = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode != 0:
            self.skipTest(f"{' '.join(words)} is not permitted here: {done.stderr.strip()}")
        return done.stdout.strip()

    def home(self, *mount):
        """A node whose state directory is a file system of its own, with Ada's data."""
        node = self.node(PROBES, start=False)
        self.run_or_skip("mount", *(word.format(folder=node.folder) for word in mount), node.state)
        self.addCleanup(subprocess.run, ["umount", "-l", node.state], timeout=PATIENCE,
                        stderr=subprocess.DEVNULL)
        self.addCleanup(node.stop)  # before the mount goes
        os.chmod(node.state, 0o700)
        node.start()
        node.add_account(self.service())
        self.assertEqual(
            node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "light"}}).status,
            200)
        self.becomes(node, 200)
        return node

    def becomes(self, node, status):
        return until(lambda: (a := node.request("/readyz", email=None)).status == status and a,
                     f"/readyz {status}")

    def small_writes(self, node):
        """Statuses and codes of a setting that changes nothing any more,
        of a new token, and of a sync."""
        answers = [
            node.request("/api/v1/settings", "PATCH", body={"theme": {"mode": "dark"}}),
            node.request("/api/v1/tokens", "POST", body={"name": "more"})
        ]
        return [(a.status, a.json.get("code")) for a in answers]

    def reads(self, node):
        paths = ("/tabs", "/bookmarks", "/history?limit=50", "/search?q=a", "/settings")
        answers = [node.request("/api/v1" + path) for path in paths]
        self.assertEqual([a.status for a in answers], [200] * len(paths))
        return [a.body for a in answers]

    def test_the_disk_is_full(self):
        node = self.home("-t", "tmpfs", "-o", "size=12m", "tmpfs")
        before, process = self.reads(node), node.process.pid
        filler = os.path.join(node.state, "filler")
        with open(filler, "wb", buffering=0) as f, self.assertRaises(OSError):
            while True:
                f.write(bytes(4096))
        answer = self.becomes(node, 503)
        self.assertEqual(answer.json["detail"], "The storage cannot be written (full).")
        self.assertEqual(node.request("/healthz", email=None).status, 200)
        # what room the log has is used first
        refused = until(lambda: (s := self.small_writes(node))[1][0] == 503 and s,
                        "a token is refused")
        self.assertEqual(refused[1], (503, "full"))
        self.assertIn("the disk is full: make room", node.sync(code=1))
        now = self.reads(node)
        self.assertEqual(now[:4], before[:4])
        os.unlink(filler)
        self.becomes(node, 200)
        self.assertEqual([s for s, _ in self.small_writes(node)], [200, 201])
        node.sync()
        self.assertEqual(self.reads(node)[:4], before[:4])
        self.assertEqual(node.process.pid, process)
        node.stop()
        self.assertIn("sound", node.cli("verify"))

    def fill(self, folder, leave=0):
        """All room but so much."""
        filler = os.path.join(folder, "filler")
        with open(filler, "wb", buffering=0) as f, self.assertRaises(OSError):
            while True:
                f.write(bytes(4096))
        os.truncate(filler, max(0, os.path.getsize(filler) - leave))
        return filler

    def names(self, folder):
        return sorted(n for n in os.listdir(folder)
                      if not n.endswith(("lock", "-wal", "-shm", ".sock")))

    def test_backup_and_restore_without_room(self):
        """Neither leaves anything of its own behind, and the database is what it was;
        with room they do it."""
        node = self.home("-t", "tmpfs", "-o", "size=24m", "tmpfs")
        archive = os.path.join(node.folder, "copy.tar")
        node.cli("backup", archive)
        node.stop()
        size = os.path.getsize(archive)
        before = self.names(node.state)
        for leave in (8192, size // 2, size - 65536):
            filler = self.fill(node.state, leave)
            with self.subTest(leave=leave):
                self.assertIn("the disk is full: make room",
                              node.cli("restore", archive, "--replace", code=1))
                self.assertIn("the disk is full",
                              node.cli("backup", os.path.join(node.state, "there.tar"), code=1))
                self.assertEqual(self.names(node.state), sorted([*before, "filler"]))
            os.unlink(filler)
            self.assertIn("sound", node.cli("verify"))
        node.cli("restore", archive, "--replace")
        self.assertIn("sound", node.cli("verify"))

    def test_backup_and_restore_where_nothing_may_be_written(self):
        node = self.home("-t", "tmpfs", "-o", "size=24m", "tmpfs")
        archive = os.path.join(node.folder, "copy.tar")
        node.cli("backup", archive)
        node.stop()
        before = self.names(node.state)
        self.run_or_skip("mount", "-o", "remount,ro", node.state)
        for words in (["restore", archive,
                       "--replace"], ["backup", os.path.join(node.state, "there.tar")]):
            with self.subTest(words=words):
                self.assertIn("Read-only file system", node.cli(*words, code=1))
        self.assertEqual(self.names(node.state), before)
        self.run_or_skip("mount", "-o", "remount,rw", node.state)
        self.assertIn("sound", node.cli("verify"))
        node.cli("restore", archive, "--replace")
        self.assertIn("sound", node.cli("verify"))

    def test_the_kernel_makes_it_read_only(self):
        """As ext4 does when its disk fails. Nothing but a check of the unmounted file system
        helps then, so hearthd has to be stopped for it."""
        folder = tempfile.TemporaryDirectory(prefix="hearth-e2e-")
        self.addCleanup(folder.cleanup)
        image = os.path.join(folder.name, "image")
        with open(image, "wb") as f:
            f.truncate(40 << 20)
        self.run_or_skip("mkfs.ext4", "-q", image)
        node = self.home("-o", "loop,errors=remount-ro", image)
        before = self.reads(node)
        # or else the last writes may be lost, as at a power cut
        self.run_or_skip("sync", "-f", node.state)
        device = os.path.basename(self.run_or_skip("findmnt", "-n", "-o", "SOURCE", node.state))
        try:
            with open(f"/sys/fs/ext4/{device}/trigger_fs_error", "w", encoding="utf-8") as f:
                f.write("1")
        except OSError as error:
            self.skipTest(f"the kernel does not let an error be made: {error}")
        answer = self.becomes(node, 503)
        self.assertEqual(answer.json["detail"],
                         "The storage cannot be written (input or output failed).")
        self.assertEqual(node.request("/healthz", email=None).status, 200)
        self.assertEqual(self.small_writes(node), [(500, "storage_failed")] * 2)
        self.assertIn("read-only", node.sync(code=1))
        self.assertEqual(self.reads(node), before)
        node.stop()
        self.run_or_skip("umount", node.state)
        subprocess.run(["e2fsck", "-fy", image], capture_output=True, timeout=PATIENCE)
        self.run_or_skip("mount", "-o", "loop", image, node.state)
        self.assertIn("sound", node.cli("verify"))
        node.start()
        self.becomes(node, 200)
        self.assertEqual(self.reads(node), before)
        self.assertEqual([s for s, _ in self.small_writes(node)], [200, 201])


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter_namespace()
    unittest.main()

"""The first start may be killed at any moment, and whatever it or others left in the state
directory, the next one works or says what to do."""
import os
import random
import subprocess
import time
import unittest

from harness import HEARTHD, PATIENCE, TestCase, lifeline

ROUNDS = int(os.environ.get("HEARTH_FIRST_STARTS", 20))  # 200 in the long form


class FirstStart(TestCase):
    def test_killed_at_any_moment(self):
        seed = int(os.environ.get("HEARTH_SEED", random.randrange(1 << 30)))
        print(f"seed {seed}", flush=True)
        moments = random.Random(seed)
        for i in range(ROUNDS):
            with self.subTest(seed=seed, round=i):
                node = self.node(start=False)
                process = subprocess.Popen([HEARTHD, "--config", node.conf, "serve"],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                           env=node.environment, start_new_session=True)
                lifeline.hold(process.pid)
                time.sleep(moments.uniform(0, 0.08))  # the moment itself is what is tried
                process.kill()
                process.wait()
                lifeline.release(process.pid)
                node.start()
                self.assertEqual(node.cli_json("account", "list"), [])
                self.assertEqual(
                    len([
                        row for row in node.cli_json("key", "show") if row["use"] == "in the file"
                    ]), 1)
                node.stop()
                self.assertIn("sound", node.cli("verify"))
                node.close()

    def test_what_others_left(self):
        for name, content in (("hearth.key.new", b""), ("hearth.key.new-0123456789abcdef", b"1:"),
                              ("hearthd.lock", b""), ("hearth.db", b""), ("hearth.db-lock", b""),
                              ("hearth.db-wal", b""), ("hearth.db-shm", bytes(32768)),
                              ("hearth.db.restore-00000000/hearth.db",
                               b"x"), ("accounts/x.db.new-1", b"x")):
            with self.subTest(left=name):
                node = self.node(start=False)
                path = os.path.join(node.state, name)
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                with open(path, "wb") as f:
                    f.write(content)
                node.start()
                self.assertEqual(node.cli_json("account", "list"), [])
                node.stop()
                node.close()

    def test_what_cannot_be_gone_on_with(self):
        for name, content, words in (
            ("hearth.db", b"Dear Hearth" * 100, "hearth.db"), ("hearth.key", b"", "no key in it"),
            ("hearth.key", b"1:zz",
             "a line must be"), ("accounts/0123456789abcdef.db", b"x",
                                 "the database file is missing, but there are persons' files")):
            with self.subTest(left=name):
                node = self.node(start=False)
                path = os.path.join(node.state, name)
                os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
                with open(path, "wb") as f:
                    f.write(content)
                os.chmod(path, 0o600)
                done = subprocess.run([HEARTHD, "--config", node.conf, "serve"],
                                      capture_output=True, text=True, env=node.environment,
                                      timeout=PATIENCE)
                self.assertIn(done.returncode, (1, 2))
                self.assertIn(words, done.stderr)
                with open(path, "rb") as f:
                    self.assertEqual(f.read(), content)  # nothing of it was overwritten


if __name__ == "__main__":
    unittest.main()

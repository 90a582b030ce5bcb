"""Memory runs out (RLIMIT_DATA of a running process, RLIMIT_AS of one that starts): hearthd goes
on and says so, or ends with a last word in its log and not with 0; whichever, the next start is
whole. Not under sanitizers, which reserve terabytes and end the process in their own way."""
import concurrent.futures
import http.client
import os
import resource
import signal
import subprocess
import unittest

from harness import ADA, HEARTHD, PATIENCE, Node, TestCase, until

MIB = 1 << 20
WORDS = ("out of memory", "memory is exhausted")
PATHS = ["/api/v1/search?q=" + q for q in ("a", "ex", "hist", "foo+bar")] + [
    "/api/v1/history?limit=500", "/api/v1/bookmarks", "/api/v1/export/history.json",
    "/api/v1/export/bookmarks.html", "/api/v1/tabs", "/readyz", "/auth/signin"
]


class Memory(TestCase):
    def setUp(self):
        self.sync_service = self.service(load=False)
        self.sync_service.account(ADA, history=6000, bookmarks=1000, tabs=30)
        self.home = self.node("[hearth]\nprobe_interval = 200ms\n", start=False)
        # as it is used; this test is for no sanitizer
        self.home.environment.pop("HEARTH_KEEP_STDERR", None)
        self.home.add_account(self.sync_service, ADA)
        self.home.token(ADA)
        self.whole = self.rows()

    def rows(self):
        with self.home.database(ADA) as db:
            return {
                t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
                for t in ("pages", "visits", "bookmarks", "tabs", "devices")
            }

    def ask(self, number):
        """The status, or None: nobody answered."""
        try:
            return self.home.request(PATHS[number % len(PATHS)] +
                                     ("&n=%d" % number if "?" in PATHS[number %
                                                                       len(PATHS)] else "")).status
        except (OSError, http.client.HTTPException):
            return None

    def load(self):
        """Readers side by side, and a complete sync, whose result may be anything."""
        self.home.cli("account", "resync", ADA)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            return list(pool.map(self.ask, range(240)))

    def squeezed(self, slack):
        """Under load with only so much more memory than it has; what became of it."""
        self.home.start()
        process, before = self.home.process, len(self.home.log_text())
        Node.running.discard(self.home)  # it may end
        self.ask(0)
        # not RLIMIT_AS: malloc has reserved much more than it has
        limits = resource.prlimit(process.pid, resource.RLIMIT_DATA)
        resource.prlimit(process.pid, resource.RLIMIT_DATA,
                         (self.home.memory("VmData") * 1024 + slack, limits[1]))
        answers = self.load()
        try:
            code = process.wait(0 if None not in answers else 5)
        except subprocess.TimeoutExpired:
            code = None
        if code is None:
            resource.prlimit(process.pid, resource.RLIMIT_DATA, limits)
            answers = [a for a in answers if a is not None]
            # what a probe or a thread met in between may last until it looks again
            until(lambda: [self.ask(i) for i in range(len(PATHS))] == [200] * len(PATHS),
                  "everything is answered again")
            self.home.stop()
        else:
            self.home.process = None
            self.home.ended(process)
            self.assertEqual(code, -signal.SIGABRT)  # and not SIGSEGV
        log = self.home.log_text()[before:]
        hungry = code is not None or any(a in (500, 503, None) for a in answers)
        if hungry:
            self.assertTrue(any(w in log for w in WORDS), log[-3000:])
        if code is not None:
            self.assertIn(WORDS[1], log.rstrip().splitlines()[-1])
        self.assertIn("sound", self.home.cli("verify"))
        self.home.start()
        self.home.sync()
        self.assertEqual(self.rows(), self.whole)
        self.assertEqual([self.ask(i) for i in range(len(PATHS))], [200] * len(PATHS))
        self.home.stop()
        if code is not None:
            return "ended with a last word"
        return "went on, and said so" if hungry else "went on"

    def test_under_load(self):
        results = {
            slack: self.squeezed(int(slack * MIB))
            for slack in (0, 0.25, 1, 2, 4, 8, 16, 32)
        }
        print(results)
        self.assertNotEqual(set(results.values()), {"went on"})  # else this test has tested nothing

    def test_at_the_start(self):
        """With whatever little memory: ready, or words and not 0."""
        ready, refused = [], []
        for mib in (8, 16, 24, 32, 48, 64, 80, 96, 128, 160, 192, 224, 256, 384, 512, 1024):
            process = subprocess.Popen(
                [HEARTHD, "--config", self.home.conf, "serve"], stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, text=True, env=self.home.environment,
                preexec_fn=lambda mib=mib: resource.setrlimit(resource.RLIMIT_AS,
                                                              (mib * MIB, mib * MIB)))
            try:
                line = process.stdout.readline()
                if line.startswith("ready "):
                    ready.append(mib)
                    process.send_signal(signal.SIGTERM)
                said = process.communicate(timeout=PATIENCE)[1]
            finally:
                process.kill()
                process.wait()
            if not line.startswith("ready "):
                refused.append(mib)
                self.assertNotIn(process.returncode, (0, -signal.SIGSEGV), mib)
                self.assertNotEqual(said.strip(), "", mib)
                print(f"{mib} MiB: {process.returncode}: {said.strip().splitlines()[-1][:150]}")
        print("ready with", ready)
        self.assertTrue(ready and refused)
        self.assertIn("sound", self.home.cli("verify"))


if __name__ == "__main__":
    unittest.main()

"""Runs hearthd as a user would, for the tests of this folder: each node has its own directory
and port 0.

Every wait is here and has a limit that only a hang reaches. The environment: HEARTHD (the
binary, default build/hearthd), set by meson; HEARTH_PATIENCE, HEARTH_TEST_LIMIT (seconds)."""
import contextlib
import faulthandler
import hashlib
import http.client
import json
import os
import re
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
FIXTURES = os.path.join(ROOT, "tests", "fixtures", "firefox-esr")
sys.path[:0] = [os.path.join(ROOT, "tests", "doubles"), os.path.join(ROOT, "tests")]
sys.path.insert(0, FIXTURES)
import lifeline  # noqa: E402
from client import SyncService  # noqa: E402

HEARTHD = os.environ.get("HEARTHD", os.path.join(ROOT, "build", "hearthd"))
ADA = "ada@example.org"
# seconds without any progress until a wait is given up
PATIENCE = int(os.environ.get("HEARTH_PATIENCE", 120))
# seconds after which a test ends, whatever hangs
LIMIT = int(os.environ.get("HEARTH_TEST_LIMIT", 900))


def watchdog(seconds):
    """Ends this process after so long with the stacks of its threads, whatever hangs; the
    lifeline then ends what it started."""
    faulthandler.dump_traceback_later(seconds, exit=True)


def first_line(process, patience=PATIENCE):
    """The first line that a child says; what it has said so far
    when it does not end the line in time."""
    said, end = b"", time.monotonic() + patience
    while not said.endswith(b"\n"):
        left = end - time.monotonic()
        if left <= 0 or not select.select([process.stdout], [], [], left)[0]:
            break
        byte = os.read(process.stdout.fileno(), 1)
        if byte == b"":
            break
        said += byte
    return said.decode(errors="replace")


def until(condition, what, patience=PATIENCE, progress=None):
    """Polls until the condition holds; the only place where tests wait. With `progress` (a
    function) the patience begins anew whenever it answers something else than before: a loaded
    machine is slow, but something moves."""
    end, seen = time.monotonic() + patience, None
    while True:
        for node in Node.running:
            if node.process.poll() is not None:
                raise AssertionError(
                    f"hearthd ended by itself with {node.process.returncode}\n"
                    f"{node.log_text()[-6000:]}"
                )
        result = condition()
        if result:
            return result
        if progress is not None:
            now = progress()
            if now != seen:
                end, seen = time.monotonic() + patience, now
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s for: {what}" + (
                "" if progress is None else f"; nothing moved any more: {str(seen)[:500]}"))
        time.sleep(0.02)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class Node:
    """One hearthd with its own state directory."""
    running = set()

    def __init__(self, config="", environment=None):
        self.folder = tempfile.mkdtemp(prefix="hearth-e2e-")
        lifeline.folder(self.folder)
        self.conf = os.path.join(self.folder, "conf.d")
        self.state = os.path.join(self.folder, "state")
        os.mkdir(self.conf)
        os.mkdir(self.state, 0o700)
        self.environment = {
            **os.environ, "HEARTH_KEEP_STDERR": "1", "HEARTH_DUMPABLE": "1", **(environment or {})
        }
        self.process, self.address, self.tokens = None, None, {}
        self.sockets = {}  # opened for it, by name: see activate.py
        self.configure(
            "00-test",
            f"[hearth]\nstate_dir = {self.state}\n[listen main]\naddress = 127.0.0.1:0\n"
            "[scheduler]\ntick = 100ms\n"
        )
        if config:
            self.configure("50-test", config)

    def configure(self, name, text):
        path = os.path.join(self.conf, name + ".conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o600)  # secrets may stand in it

    def start(self):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        command = [HEARTHD, "--config", self.conf, "serve"]
        fds = [sock.fileno() for sock in self.sockets.values()]
        if fds:
            activate = os.path.join(os.path.dirname(os.path.abspath(__file__)), "activate.py")
            command = [
                sys.executable, activate, ",".join(map(str, fds)), ":".join(self.sockets), *command
            ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log,
                                        pass_fds=fds, env=self.environment, start_new_session=True)
        lifeline.hold(self.process.pid)
        line = first_line(self.process)
        if not line.startswith("ready "):
            self.kill()
            raise AssertionError(f"hearthd did not start: {line!r}\n{self.log_text()}")
        self.ready, self.address = line, line.split()[1]
        self.setup_line = None
        Node.running.add(self)
        return self

    def prepare(self):
        """Database and key without a daemon, for commands that work by themselves."""
        self.cli("migrate")
        self.cli("key", "new")
        return self

    def is_new(self):
        return not os.path.exists(os.path.join(self.state, "hearth.key")) and not any(
            n.endswith(".db") for n in os.listdir(self.state))

    @property
    def setup_code(self):
        """Of a server that belongs to nobody: what stands in the line behind the ready line."""
        if self.setup_line is None:
            self.setup_line = first_line(self.process)
        return self.setup_line.partition("?setup=")[2].strip()

    def log_text(self):
        """Whole lines: half of one may be there while it is written."""
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            text = f.read()
        return text[:text.rfind("\n") + 1]

    def stop(self, expected=0):
        """Asks it to stop; its exit code is part of the test (a sanitizer's finding is one)."""
        if self.process is None:
            return
        process, self.process = self.process, None
        Node.running.discard(self)
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            code = "timeout"
        self.ended(process)
        if code != expected:
            raise AssertionError(f"hearthd ended with {code}\n{self.log_text()[-6000:]}")

    def kill(self):
        process, self.process = self.process, None
        Node.running.discard(self)
        process.send_signal(signal.SIGKILL)
        self.ended(process)

    def ended(self, process):
        """Nothing of it is left, of its children neither."""
        lifeline.kill_group(process.pid)
        process.wait()
        lifeline.release(process.pid)
        process.stdout.close()
        self.log.close()

    def close(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def cli(self, *words, text=None, code=0, both=False):
        """What a command says: on standard output, or when it fails on standard error;
        `both`: on either."""
        done = subprocess.run([HEARTHD, "--config", self.conf, *words], input=text,
                              capture_output=True, text=True, env=self.environment,
                              timeout=PATIENCE)
        if done.returncode != code:
            raise AssertionError(
                f"hearthd {' '.join(words)}: exit code {done.returncode}, expected {code}\n"
                f"{done.stdout}{done.stderr}"
            )
        if both:
            return done.stdout + done.stderr
        return done.stdout if code == 0 else done.stderr

    def cli_json(self, *words):
        return json.loads(self.cli(*words, "--json"))

    def add_account(self, service, email=ADA, auth="access", sync=True):
        if self.process is None and self.is_new():
            self.prepare()
        self.cli("account", "import", "-", text=json.dumps(service.import_file(email, auth)))
        if sync:
            self.sync(email)
        return self.token(email)

    def sync(self, email=ADA, code=0):
        return self.cli("account", "sync", email, "--wait", code=code)

    def token(self, email=ADA):
        if email not in self.tokens:
            self.tokens[email] = self.cli("token", "new", email, "--name", "test").strip()
        return self.tokens[email]

    def fresh(self, email=ADA):
        """A cookie as a complete sign-in of a moment ago leaves it, without one."""
        secret, now = "hthf_" + os.urandom(30).hex()[:43], int(time.time() * 1000)
        with contextlib.closing(sqlite3.connect(f"{self.state}/hearth.db",
                                                timeout=PATIENCE)) as db, db:
            db.execute(
                "INSERT INTO tokens (id, account, name, hash, scope, created, last_used, expires) "
                "SELECT ?, row, 'none', ?, 5, ?, 0, ? FROM accounts WHERE email = ?",
                (secret[5:17], hashlib.sha256(secret.encode()).digest(), now, now + 600_000, email))
        return f"hearth_fresh={secret}"

    def request(self, path, method="GET", email=ADA, headers=None, body=None, token=None):
        headers = dict(headers or {})
        if email is not None or token is not None:
            headers.setdefault("Authorization", f"Bearer {token or self.token(email)}")
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        if data is not None:
            headers.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.address + path, method=method, headers=headers,
                                         data=data)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=PATIENCE) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.headers, error.read())
        except (OSError, http.client.HTTPException) as error:
            code = self.process and self.process.poll()
            error.add_note(f"{method} {path}: hearthd has ended with {code}"
                           if code is not None else f"{method} {path}: hearthd runs")
            error.add_note(self.log_text()[-4000:])
            raise

    def api(self, path, email=ADA, **parameters):
        """The JSON of a successful GET below /api/v1."""
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        answer = self.request(f"/api/v1{path}{query}", email=email)
        if answer.status != 200:
            raise AssertionError(f"{path}{query}: {answer.status} {answer.body[:500]}")
        return answer.json

    def pages_of(self, path, key, email=ADA, **parameters):
        """All rows of a paged listing."""
        rows, cursor = [], None
        while True:
            more = {"cursor": cursor} if cursor else {}
            answer = self.api(path, email, limit=500, **parameters, **more)
            rows += answer[key]
            cursor = answer["next"]
            if cursor is None:
                return rows

    @contextlib.contextmanager
    def database(self, email=None):
        """A SQLite file, as somebody with the sqlite3 shell sees it:
        the shared one, or that of a person."""
        connection = sqlite3.connect(f"file:{self.state}/hearth.db?mode=ro", uri=True)
        if email is not None:
            name = connection.execute("SELECT id FROM accounts WHERE email = ?",
                                      (email, )).fetchone()[0]
            connection.close()
            connection = sqlite3.connect(f"file:{self.state}/accounts/{name}.db?mode=ro", uri=True)
        try:
            yield connection
        finally:
            connection.close()

    def has_file(self, email):
        """Something of this person was stored."""
        with self.database() as shared:
            name = shared.execute("SELECT id FROM accounts WHERE email = ?",
                                  (email, )).fetchone()[0]
        return os.path.exists(f"{self.state}/accounts/{name}.db")

    def control(self, method, path):
        """Asks on the control socket, as the command line does."""
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(PATIENCE)
        with contextlib.closing(connection):
            connection.sock.connect(os.path.join(self.state, "hearthd.sock"))
            connection.request(method, path)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())

    def metrics(self):
        """What /metrics says: (name, labels, value) of each sample."""
        text = self.control("GET", "/metrics").body.decode()
        sample = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
        for line in text.splitlines():
            if not line.startswith("#"):
                name, labels, value = sample.fullmatch(line).groups()
                yield name, dict(re.findall(r'(\w+)="([^"]*)"', labels or "")), float(value)

    def metric(self, name, **labels):
        """The sum of hearth_NAME over its series with these labels; 0 when there is none."""
        return sum(value for found, has, value in self.metrics()
                   if found == f"hearth_{name}" and labels.items() <= has.items())

    def memory(self, field="VmRSS"):
        """KiB."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as f:
            return int(next(line for line in f if line.startswith(field + ":")).split()[1])


class TestCase(unittest.TestCase):
    """Gives tests `service()` and `node()`, ended and cleaned up afterwards. A test that hangs
    ends with the stacks of its threads; the lifeline then ends what it started."""
    def run(self, result=None):
        watchdog(LIMIT)
        try:
            return super().run(result)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def service(self, **options):
        service = SyncService(**options)
        self.addCleanup(service.stop)
        return service

    def node(self, config="", start=True, **options):
        node = Node(config, **options)
        self.addCleanup(node.close)
        return node.start() if start else node

"""PostgreSQL, Redis and HAProxy of a test's own: each in a folder and on a Unix socket or free
ports of its own, ended with the test.

PostgreSQL refuses to run as root; then it runs as the user `postgres` that its package makes."""
import contextlib
import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import lifeline

PATIENCE = int(os.environ.get("HEARTH_PATIENCE", 120))  # seconds for a server to start or to end


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """A process with a folder; kill, pause and start again as a test likes."""
    def __init__(self, prefix):
        self.folder = tempfile.mkdtemp(prefix=prefix)
        lifeline.folder(self.folder)
        os.chmod(self.folder, 0o755)  # PostgreSQL's user passes through
        self.process = None

    def spawn(self, command, **options):
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=subprocess.STDOUT,
                                        start_new_session=True, **options)
        lifeline.hold(self.process.pid)
        self.wait_until_ready()
        return self

    def wait_until_ready(self):
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(
                    f"{type(self).__name__} did not start\n{self.log_text()[-3000:]}")
            time.sleep(0.02)

    def log_text(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def send(self, number):
        os.killpg(self.process.pid, number)

    def freeze(self):
        """Stops the process (SIGSTOP): its sockets stay open, the kernel even accepts
        connections for it, and nobody answers."""
        self.send(signal.SIGSTOP)
        lifeline.halt(self.process.pid)

    def thaw(self):
        self.send(signal.SIGCONT)

    def end(self, number=signal.SIGTERM):
        """Ends the process; its data stay for another start()."""
        if self.process is None:
            return
        self.thaw()
        process, self.process = self.process, None
        for attempt in (number, signal.SIGKILL):
            try:
                os.killpg(process.pid, attempt)
                process.wait(PATIENCE)
                break
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        lifeline.kill_group(process.pid)
        process.wait()
        lifeline.release(process.pid)
        self.log.close()

    def crash(self):
        """It ends without a word to anybody, as by a fault of its own."""
        self.end(signal.SIGKILL)

    def close(self):
        self.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Server):
    """`dsn(database)` names a database; `create(database)` makes one. Its files are not flushed:
    it is for tests."""
    def __init__(self):
        super().__init__("hearth-pg-")
        self.bin = sorted(glob.glob("/usr/lib/postgresql/*/bin"),
                          key=lambda p: int(p.split("/")[-2]))[-1]
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.data = os.path.join(self.folder, "data")
        os.mkdir(self.data)
        if os.geteuid() == 0:
            for folder in (self.folder, self.data):
                shutil.chown(folder, self.user)
        self.run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8",
                 "--locale=C.UTF-8", "--no-sync")

    def backends(self):
        """The processes of the sessions and helpers: each leads a group of its own."""
        done = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True,
            timeout=PATIENCE)
        return [int(pid) for pid in done.stdout.split()]

    def freeze(self):
        super().freeze()  # first: it makes no new ones then
        for pid in self.backends():
            with contextlib.suppress(ProcessLookupError, FileNotFoundError):
                lifeline.halt(pid)

    def thaw(self):
        for pid in self.backends():
            with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
                os.kill(pid, signal.SIGCONT)
        super().thaw()

    def crash(self):
        # with its children, which would hold its memory; it has a handler, also where its parent
        # ignores that signal
        self.end(signal.SIGQUIT)

    def options(self):
        return {"user": self.user, "extra_groups": []} if os.geteuid() == 0 else {}

    def run(self, program, *words):
        done = subprocess.run([os.path.join(self.bin, program), *words], capture_output=True,
                              text=True, cwd=self.folder, timeout=PATIENCE * 2, **self.options())
        if done.returncode != 0:
            raise AssertionError(f"{program}: {done.stdout}{done.stderr}")
        return done.stdout

    def start(self):
        return self.spawn([
            os.path.join(self.bin,
                         "postgres"), "-D", self.data, "-k", self.folder, "-c", "listen_addresses=",
            "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200"
        ], cwd=self.folder, **self.options())

    def answers(self):
        try:
            self.sql("postgres", "SELECT 1")
            return True
        except AssertionError:
            return False

    def sql(self, database, text):
        """What psql prints: one line a row, columns separated by |."""
        return self.run("psql", "-h", self.folder, "-U", "postgres", "-d", database, "-X", "-A",
                        "-t", "-v", "ON_ERROR_STOP=1", "-c", text)

    def create(self, database):
        self.sql("postgres", f"CREATE DATABASE {database}")
        return self.dsn(database)

    def dsn(self, database):
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def end(self, number=signal.SIGINT):  # "fast": sessions are ended, nothing is lost
        super().end(number)


class Hole:
    """A TCP proxy before a server on a Unix socket. swallow(): from then on nothing that is sent
    through it arrives, in either direction, and nobody is told; new connections are accepted and
    lead nowhere. release(): the swallowed connections are gone, new ones get through. `waits`: how
    often PostgreSQL was told that its answers are waited for (Sync), by anybody."""
    def __init__(self, path):
        self.waits = 0
        self.path, self.open, self.pairs, self.lock = path, True, set(), threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            with self.lock:
                if self.open:
                    server = socket.socket(socket.AF_UNIX)
                    try:
                        server.connect(self.path)
                    except OSError:
                        client.close()
                        continue
                    pair = (client, server)
                    for source, target in (pair, pair[::-1]):
                        threading.Thread(target=self.pump, args=(pair, source, target),
                                         daemon=True).start()
                else:
                    pair = (client, )
                self.pairs.add(pair)

    def pump(self, pair, source, target):
        while True:
            try:
                data = source.recv(65536)
            except OSError:
                data = b""
            with self.lock:
                if source is pair[0]:
                    self.waits += data.count(b"S\0\0\0\4")
                if not self.open or pair not in self.pairs:
                    return  # neither data nor the end get through
            try:
                if not data:
                    self.forget(pair)
                    return
                target.sendall(data)
            except OSError:
                self.forget(pair)
                return

    def forget(self, pair):
        with self.lock:
            self.pairs.discard(pair)
        for s in pair:
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()

    def swallow(self):
        with self.lock:
            self.open = False

    def release(self):
        with self.lock:
            pairs, self.open = list(self.pairs), True
        for pair in pairs:
            self.forget(pair)

    def close(self):
        self.listener.close()
        self.release()


class Redis(Server):
    def __init__(self):
        super().__init__("hearth-redis-")
        self.socket = os.path.join(self.folder, "s")
        self.url = f"unix:{self.socket}"

    def start(self):
        return self.spawn([
            "redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
            "--appendonly", "no", "--dir", self.folder
        ])

    def command(self, *words):
        done = subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True,
                              text=True, timeout=PATIENCE)
        if done.returncode != 0:
            raise AssertionError(done.stdout + done.stderr)
        return done.stdout.strip()

    def answers(self):
        try:
            return self.command("PING") == "PONG"
        except AssertionError:
            return False


def self_signed(folder):
    """(certificate, key, both in one file) of localhost, made in this folder."""
    certificate, key, both = (os.path.join(folder, name)
                              for name in ("cert.pem", "key.pem", "both.pem"))
    subprocess.run([
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out",
        certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
        "subjectAltName=DNS:localhost,IP:127.0.0.1"
    ], check=True, capture_output=True, timeout=300)
    with open(both, "w", encoding="utf-8") as out:
        for part in (certificate, key):
            with open(part, encoding="utf-8") as f:
                out.write(f.read())
    return certificate, key, both


class Front(Server):
    """A proxy that listens with TLS on a port of its own."""
    def __init__(self, name):
        super().__init__(f"hearth-{name}-")
        self.port = free_port()
        self.certificate, self.key, self.both = self_signed(self.folder)
        self.url = f"https://localhost:{self.port}"

    def answers(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False


class HAProxy(Front):
    """Runs the configuration that the package ships, with addresses of its own."""
    def __init__(self, config, **addresses):
        super().__init__("haproxy")
        self.config = config
        self.environment = {
            **os.environ, "HEARTH_BIND": f"127.0.0.1:{self.port}", "HEARTH_CERTIFICATE": self.both,
            **addresses
        }

    def start(self):
        return self.spawn(["haproxy", "-db", "-f", self.config], env=self.environment)

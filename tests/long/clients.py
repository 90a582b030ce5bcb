#!/usr/bin/env python3
"""clients.py [NAME…]: foreign HTTP/2 clients and conformance suites against hearthd with an
account of the double, with and without TLS; a line for each, and exit code 1 when one of them
failed, could not be built, or did not end within its limit. NAME: only what begins so.

- Go net/http, Python httpx, Node http2 and undici, OkHttp (programs of tests/clients): each pages
  through all of /history, gets a 304, reads an export compressed, resumes one that was cut off,
  has 100 requests at once on one connection, and follows /events until `ready`.
- h2spec: as many pass as when its counts were written down here.
- schemathesis: no answer differs from docs/openapi.yaml, no status of 500 and above.

Their versions are pinned beside the programs. What they are built of is kept in .dev/clients; the
registries of Go, PyPI, npm and Maven are asked only when something of it is missing. On Debian 12
Node is too old for undici, which is said and is no failure."""
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
import harness  # noqa: E402
from harness import ADA, Node, SyncService  # noqa: E402
import lifeline  # noqa: E402

LIMIT = 3600
PACKAGES = {
    "bookworm": "golang-go maven openjdk-17-jdk-headless python3-venv",
    "trixie": "golang-go maven openjdk-21-jdk-headless python3-venv"
}
SOURCES, HOME = os.path.join(ROOT, "tests", "clients"), os.path.join(ROOT, ".dev", "clients")
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
MACHINE = "machine@example.org"  # whom schemathesis changes
PAGES = 8400  # of the double: they make 16,800 visits or so
CLIENT_SECONDS, H2SPEC_SECONDS, SCHEMA_SECONDS, BUILD_SECONDS = 300, 300, 1200, 900
# section: (tests, passed at least). The two of http2 that fail over h2c, and one of them over TLS,
# are answers that are as good: 400 to an empty :path, and HTTP/1's 400 to a preface that is none.
H2SPEC = {
    "h2c": {"generic": (44, 44), "http2": (94, 92), "hpack": (7, 7)},
    "tls": {"generic": (44, 44), "http2": (94, 93), "hpack": (7, 7)},
}
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance",
          "response_headers_conformance", "response_schema_conformance")
# Those that end the account or the session; /events has no end, and each client follows it;
# /metrics is on listeners of its own.
LEFT_OUT = ("deleteMe", "deleteOwnSession", "deleteSessions", "deleteSession", "deleteToken",
            "getEvents", "getMetrics")
# To check this answer it writes the schema's prefixItems as an array of items, which JSON Schema no
# longer has, and refuses that as a fault of the document (4.32.5). `e2e api` checks the answer.
TUPLE = "getSuggest"
SEED, EXAMPLES = 1, 60
# undici 6, for older ones, repeats a request when another one on its connection is given up
UNDICI_NEEDS = (20, 18, 1)


class NotHere(Exception):
    """What cannot be run on this machine, and why."""


def run(command, seconds, **options):
    """(exit code, or None after the limit; what it said)"""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                               errors="replace", start_new_session=True, **options)
    lifeline.hold(process.pid)
    try:
        said = process.communicate(timeout=seconds)[0]
        code = process.returncode
    except subprocess.TimeoutExpired:
        lifeline.kill_group(process.pid)
        said, code = process.communicate()[0], None
    lifeline.kill_group(process.pid)
    lifeline.release(process.pid)
    return code, said


def build(command, **options):
    code, said = run(command, BUILD_SECONDS, **options)
    if code != 0:
        raise RuntimeError(f"{' '.join(command)}: exit code {code}\n{said[-3000:]}")


def needed(*programs):
    missing = [p for p in programs if shutil.which(p) is None]
    if missing:
        raise RuntimeError(f"{', '.join(missing)} is missing; `./dev test --long clients` installs "
                           f"what it needs: {' '.join(sorted(set(PACKAGES['bookworm'].split())))}")


def once(name, make):
    """Calls make(folder) unless that folder of .dev/clients was made of the same sources."""
    source, folder = os.path.join(SOURCES, name), os.path.join(HOME, name)
    digest = hashlib.sha256()
    for file in sorted(os.listdir(source)):
        path = os.path.join(source, file)
        if os.path.isfile(path):
            with open(path, "rb") as f:
                digest.update(file.encode() + b"\0" + f.read())
    stamp = os.path.join(folder, "made-of")
    if os.path.exists(stamp):
        with open(stamp, encoding="ascii") as f:
            if f.read() == digest.hexdigest():
                return folder
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(source, folder)
    make(folder)
    with open(stamp, "w", encoding="ascii") as f:
        f.write(digest.hexdigest())
    return folder


def go(name, package):
    needed("go")
    program = os.path.join(HOME, name, "program")
    # neither another toolchain than the one that is there, nor other versions than go.mod's
    environment = dict(os.environ, GOTOOLCHAIN="local", GOFLAGS="-mod=readonly")
    once(name, lambda folder: build(["go", "build", "-o", program, package], cwd=folder,
                                    env=environment))
    return program


def python():
    def make(folder):
        build([sys.executable, "-m", "venv", os.path.join(folder, "venv")])
        build([os.path.join(folder, "venv", "bin", "pip"), "install", "-q", "-r",
               os.path.join(folder, "requirements.txt")])

    return os.path.join(once("python", make), "venv", "bin")


def node_programs():
    needed("node", "npm")
    return once("node", lambda folder: build(
        ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder))


def node_for_undici():
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True,
                          timeout=60).stdout.strip()
    if tuple(int(n) for n in re.findall(r"\d+", said)[:3]) < UNDICI_NEEDS:
        raise NotHere(f"needs Node {'.'.join(map(str, UNDICI_NEEDS))} or later, here is {said}")


def checked(folder, sums):
    """Whether the files of a folder are those of a list of sha256sum, no more and no fewer."""
    with open(sums, encoding="ascii") as f:
        wanted = dict(reversed(line.split()) for line in f)
    found = {}
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), "rb") as f:
            found[name] = hashlib.sha256(f.read()).hexdigest()
    if found != wanted:
        raise RuntimeError(f"what Maven fetched is not what {sums} says: "
                           f"{sorted(set(found.items()) ^ set(wanted.items()))}")


def java():
    needed("java", "javac", "keytool", "mvn")

    def make(folder):
        jars = os.path.join(folder, "jars")
        build(["mvn", "-q", "-B", "-f", os.path.join(folder, "pom.xml"), COPY,
               f"-DoutputDirectory={jars}"])
        checked(jars, os.path.join(folder, "SHA256SUMS"))
        build(["javac", "-d", folder, "-cp", os.path.join(jars, "*"),
               os.path.join(folder, "Hearth.java"), os.path.join(folder, "Check.java")])

    return once("okhttp", make)


class Home:
    """hearthd with an account to read, and one for whoever changes things."""
    def __init__(self):
        self.service = SyncService()
        self.node = Node("[scheduler]\ninterval = 1h\n")
        folder = self.node.folder
        self.ca, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run([
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
            "subjectAltName=IP:127.0.0.1", "-out", self.ca, "-keyout", key
        ], check=True, capture_output=True, timeout=300)
        self.node.configure("60-tls", f"[listen tls]\naddress = 127.0.0.1:0\ntls_certificate = "
                            f"{self.ca}\ntls_key = {key}\n")
        for email, pages in ((ADA, PAGES), (MACHINE, 300)):
            self.service.account(email, history=pages, bookmarks=50, tabs=20, devices=3, seed=1,
                                 now=1795000000)
            self.node.add_account(self.service, email, sync=False)
        self.node.start()
        for email in (ADA, MACHINE):
            self.node.sync(email)
        addresses = self.node.ready.split()[1:]
        self.bases = {"h2c": next(a for a in addresses if a.startswith("http:")),
                      "tls": next(a for a in addresses if a.startswith("https:"))}
        self.visits = self.node.api("/me")["account"]["counts"]["visits"]

    def client(self, command, how):
        """(whether all held, what it was)"""
        code, said = run([*command, self.bases[how], self.node.token(), str(self.visits), self.ca],
                         CLIENT_SECONDS)
        lines = said.splitlines()
        if code == 0 and lines and all(line.startswith("ok ") for line in lines):
            return True, "; ".join(line[3:] for line in lines)
        return False, f"exit code {code}\n{said[-3000:]}"

    def okhttp(self, how):
        folder = java()
        store = os.path.join(self.node.folder, "store.p12")
        if not os.path.exists(store):
            build(["keytool", "-importcert", "-noprompt", "-storetype", "PKCS12", "-alias", "test",
                   "-storepass", "changeit", "-keystore", store, "-file", self.ca])
        return self.client(["java", f"-Djavax.net.ssl.trustStore={store}",
                            "-Djavax.net.ssl.trustStorePassword=changeit", "-cp",
                            f"{folder}:{folder}/jars/*", "Check"], how)

    def h2spec(self, how):
        program = go("h2spec", "github.com/summerwind/h2spec/cmd/h2spec")
        port = self.bases[how].rpartition(":")[2]
        good, words, failed = True, [], []
        for section, (tests, least) in H2SPEC[how].items():
            report = os.path.join(HOME, f"h2spec-{how}-{section}.xml")
            if os.path.exists(report):
                os.remove(report)
            _, said = run([program, section, "-h", "127.0.0.1", "-p", port, "-o", "5", "-P",
                           "/healthz", "-j", report, *(["-t", "-k"] if how == "tls" else [])],
                          H2SPEC_SECONDS)
            if not os.path.exists(report):
                return False, f"{section}: no report\n{said[-3000:]}"
            cases = list(ElementTree.parse(report).iter("testcase"))
            bad = [c for c in cases if any(c.find(w) is not None
                                           for w in ("failure", "error", "skipped"))]
            failed += [f"{c.get('package')} {c.get('classname')}" for c in bad]
            good = good and len(cases) == tests and tests - len(bad) >= least
            words.append(f"{section} {len(cases) - len(bad)}/{len(bad)}")
        return good, "passed/failed " + ", ".join(words) + "".join(f"\n    {f}" for f in failed)

    def schemathesis(self, _):
        left_out = [w for name in (*LEFT_OUT, TUPLE) for w in ("--exclude-operation-id", name)]
        runs = ((CHECKS, left_out), ([c for c in CHECKS if c != "response_schema_conformance"],
                                     ["--include-operation-id", TUPLE]))
        cases = 0
        for checks, chosen in runs:
            code, said = run([
                os.path.join(python(), "schemathesis"), "--no-color", "--config-file",
                os.path.join(SOURCES, "python", "schemathesis.toml"), "run",
                os.path.join(ROOT, "docs", "openapi.yaml"), "--url", self.bases["h2c"],
                "-H", f"Authorization: Bearer {self.node.token(MACHINE)}",
                "--checks", ",".join(checks), "--seed", str(SEED), "--max-examples", str(EXAMPLES),
                "--request-timeout", "30", "--warnings", "off", *chosen
            ], SCHEMA_SECONDS, cwd=self.node.folder)
            alive = self.node.request("/api/v1/me", email=MACHINE).status
            found = re.search(r"(\d+) generated, (\d+) passed", said)
            if code != 0 or alive != 200 or not found:
                return False, f"exit code {code}, the account then {alive}\n{said[:6000]}"
            cases += int(found[1])
        return True, f"{cases} cases, nothing found"

    def all(self):
        """What is run: (name, transport, what runs it)."""
        def with_python(how):
            return self.client([os.path.join(python(), "python"),
                                os.path.join(SOURCES, "python", "check.py")], how)

        def with_node(program):
            return lambda how: self.client(["node", os.path.join(node_programs(), program)], how)

        def with_undici(how):
            needed("node")
            node_for_undici()
            return with_node("undici.mjs")(how)

        clients = (("go", ("tls", ), lambda how: self.client([go("go", ".")], how)),
                   ("httpx", ("h2c", "tls"), with_python),
                   ("node-http2", ("h2c", "tls"), with_node("node-http2.mjs")),
                   ("undici", ("tls", ), with_undici),
                   ("okhttp", ("h2c", "tls"), self.okhttp), ("h2spec", ("h2c", "tls"), self.h2spec),
                   ("schemathesis", ("HTTP/1.1", ), self.schemathesis))
        return [(name, how, call) for name, hows, call in clients for how in hows]


def main():
    os.makedirs(HOME, exist_ok=True)
    wanted, home, bad, left = sys.argv[1:], None, 0, 0
    try:
        home = Home()
        print(f"an account with {home.visits} visits")
        chosen = [c for c in home.all()
                  if not wanted or any(c[0].startswith(name) for name in wanted)]
        if not chosen:
            print(f"there is no client {' '.join(wanted)}")
            return 1
        for name, how, call in chosen:
            begun = time.monotonic()
            try:
                good, what = call(how)
            except NotHere as why:
                left += 1
                print(f"NOT RUN {name}, {how}: {why}")
                continue
            except (RuntimeError, OSError) as error:
                good, what = False, str(error)
            bad += not good
            print(f"{'ok' if good else 'FAILED'} {name}, {how}, "
                  f"{time.monotonic() - begun:.0f} s: {what}")
        print(f"{len(chosen) - bad - left} of {len(chosen)} hold, {bad} failed, {left} not run")
        home.node.stop()
        return 1 if bad else 0
    finally:
        if home is not None:
            home.node.close()
            home.service.stop()


if __name__ == "__main__":
    harness.watchdog(LIMIT)
    sys.exit(main())

#!/usr/bin/env python3
"""packages.py [RELEASE…]: makes the packages of the commit that is checked out for Debian 12 and
13 (bookworm, trixie) in bootstrapped systems, twice, and compares the bytes; asks lintian and
blhc; installs them in fresh systems, syncs the double's account with the unit's command, upgrades
from 0.1.0 with a backup, removes and purges. docs/packages.md. Needs root, and says so."""
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / name) for name in ("packaging", "tests/doubles", "tests/e2e")]
import release  # noqa: E402
import systems  # noqa: E402
from harness import first_line  # noqa: E402
from client import SyncService  # noqa: E402

LIMIT = 5400
PACKAGES = {"bookworm": "debootstrap", "trixie": "debootstrap"}
FIXTURE = ROOT / "tests" / "fixtures" / "schema-1"
OLD = "98c4435"  # 0.1.0, with whose schema the fixture was recorded
EMAIL = "ada@example.org"
STATE = "var/lib/hearth"


def check(what, holds, shown=""):
    print(f"  {'ok  ' if holds else 'FAIL'} {what}", flush=True)
    if not holds:
        raise systems.Failed(f"{what}: {shown}")


# --- made ---


def sums(folder, which="*.deb"):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.glob(which)}


def make_twice(codename, source):
    """The packages; made again elsewhere, on another day, by somebody with other habits, they
    are the same."""
    system = systems.builder(codename)
    out = systems.make_packages(system, source)
    other = systems.make_packages(
        system, source, "again",
        "umask 077 && export TMPDIR=/var/tmp LC_ALL=POSIX TZ=Asia/Kolkata USER=somebody")
    first, second = sums(out), sums(other)
    check(f"{len(first)} packages are the same bytes twice", first == second and len(first) > 4,
          sorted(name for name in first if first[name] != second.get(name)))
    said = system.run("cd /srv/out && lintian --allow-root --fail-on error,warning *.changes", None)
    check("lintian has no error and no warning", not re.search(r"^[EW]:", said, re.M), said)
    said = system.run("cd /srv/out && blhc --bindnow build.log", None)
    check("blhc: every compiler was given every flag", said.strip() == "", said[:2000])
    return out


# --- installed ---


def install(system, packages, *names, code=0, before=""):
    for name in names:
        found = [p for p in packages.glob(f"{name}_*.deb")]
        system.put(found[0], f"srv/{found[0].name}")
    files = " ".join(f"/srv/{next(packages.glob(f'{name}_*.deb')).name}" for name in names)
    return system.run(f"{before} apt-get install -q -y --reinstall --allow-downgrades {files}",
                      code)


def as_hearth(system, command, code=0):
    return system.run(f"cd / && runuser -u hearth -- {command}", code)


def owner_of(system, path):
    return system.run(f"stat -c '%U %G %a' {path}").strip()


class Daemon:
    """The unit's command, by hand, as its user: there is no systemd as PID 1."""

    def __init__(self, system):
        unit = system.run("cat /usr/lib/systemd/system/hearthd.service")
        command = re.search(r"^ExecStart=(.*)$", unit, re.M)[1]
        user = re.search(r"^User=(.*)$", unit, re.M)[1]
        begun = time.monotonic()
        self.process = subprocess.Popen(
            system.words(f"cd / && exec setpriv --reuid {user} --regid {user} --init-groups "
                         f"{command} 2>/srv/daemon.log"), stdout=subprocess.PIPE)
        line = first_line(self.process)
        self.took = time.monotonic() - begun
        check("the unit's command says ready on 127.0.0.1:8080",
              line.startswith("ready http://127.0.0.1:8080"),
              line + (system.folder / "srv/daemon.log").read_text(errors="replace"))

    def get(self, path, token=None):
        connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=60)
        connection.request("GET", path,
                           headers={"Authorization": f"Bearer {token}"} if token else {})
        answer = connection.getresponse()
        return answer.status, answer.read()

    def children(self):
        """Of unshare: the first process inside, which is the daemon."""
        text = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(text.read_text().split()[0])

    def memory(self):
        status = pathlib.Path(f"/proc/{self.children()}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+)", status, re.M)[1]) / 1024

    def stop(self):
        os.kill(self.children(), signal.SIGTERM)
        self.process.wait(120)


@contextlib.contextmanager
def daemon(system):
    running = Daemon(system)
    try:
        yield running
        running.stop()
    finally:
        if running.process.poll() is None:
            running.process.kill()  # and with it all inside
            running.process.wait()


def look_at_what_is_installed(system):
    check("the user's folder is its own", owner_of(system, "/" + STATE) == "hearth hearth 700")
    enabled = "etc/systemd/system/multi-user.target.wants/hearthd.service"
    check("hearthd.service is enabled, hearthd.socket is not",
          os.path.islink(system.folder / enabled) and
          "hearthd.socket" not in os.listdir(system.folder / "etc/systemd/system"))
    units = "/usr/lib/systemd/system/hearthd"
    system.run(f"systemd-analyze verify {units}.service {units}.socket {units}@web.service")
    said = system.run(f"systemd-analyze security --offline=yes --no-pager {units}.service", None)
    exposure = re.search(r"exposure level.*?: ([0-9.]+)", said)
    check("systemd-analyze: units verify, exposure below 2",
          exposure is not None and float(exposure[1]) < 2, said[-1000:])
    plugins = json.loads(as_hearth(system, "hearthd plugin list --json"))
    check("five plugins can be loaded", len(plugins) == 5, plugins)
    linked = system.run("ldd /usr/bin/hearthd | grep h2o")
    check("libh2o is where the release has it",
          ("/usr/lib/hearth/" in linked) == (system.release == "trixie"), linked)


def first_sync(system):
    service = SyncService()
    try:
        service.sign_in(EMAIL, password="a password")
        (system.folder / "etc/hearth/conf.d/50-double.conf").write_text(
            f"[sync firefox]\naccounts_url = {service.url}\ntoken_server = "
            f"{service.url}/1.0/sync/1.5\nclient_id = 3c49430b43dfba77\n", encoding="utf-8")
        file = system.folder / STATE / "import.json"
        file.write_text(json.dumps(service.import_file()), encoding="utf-8")
        system.run(f"chown hearth: /{STATE}/import.json && chmod 600 /{STATE}/import.json")
        with daemon(system) as running:
            as_hearth(system, f"hearthd account import /{STATE}/import.json")
            as_hearth(system, f"hearthd account sync {EMAIL} --wait")
            token = as_hearth(system, f"hearthd token new {EMAIL} --name test").strip()
            status, body = running.get("/api/v1/search?q=river&limit=5", token)
            check("a first sync, and a search in it", status == 200 and b"http" in body, body)
            status, body = running.get("/")
            check("the app is served", status in (200, 303), (status, body[:200]))
            print(f"       resident {running.memory():.1f} MB with her account", flush=True)
        with daemon(system) as running:
            print(f"       ready after {running.took * 1000:.0f} ms, resident "
                  f"{running.memory():.1f} MB", flush=True)
        file.unlink()
    finally:
        service.stop()


def scenario_install(system):
    look_at_what_is_installed(system)
    first_sync(system)


def accounts(system):
    return {a["email"] for a in json.loads(as_hearth(system, "hearthd account list --json"))}


def remove_and_purge(system, packages):
    system.run("apt-get remove -q -y hearth")
    check("remove keeps data, the key and the configuration",
          (system.folder / STATE / "hearth.key").is_file() and
          (system.folder / "etc/hearth/conf.d/00-hearth.conf").is_file() and
          not (system.folder / "usr/bin/hearthd").exists())
    install(system, packages, "hearth")
    check("installed again it has them", accounts(system) == {EMAIL})
    own = system.folder / "etc/hearth/conf.d/50-double.conf"
    check("a file of one's own in conf.d outlives all", own.is_file())
    own.unlink()
    said = system.run("apt-get purge -q -y 'hearth*'")
    left = system.run("find / -xdev \\( -path /proc -o -path /srv \\) -prune -o "
                      "\\( -iname '*hearth*' -a ! -path '/var/cache/*' \\) -print").split()
    check("purge asks nothing and leaves nothing", left == [], (left, said))
    check("but the user", system.run("getent passwd hearth").startswith("hearth:"))


# --- upgraded ---


def make_old(codename):
    """0.1.0 was never a package: what its commit installs, in one with what ours need."""
    system = systems.builder(codename)
    made = system.folder / "srv" / "hearth_0.1.0-1_old.deb"
    if made.exists():
        return made
    tree = system.folder / "srv" / "old"
    systems.remove(tree)
    tree.mkdir()
    archive = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "archive", OLD],
        stdout=subprocess.PIPE, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(tree)], input=archive, check=True)
    control = tree / "package" / "DEBIAN" / "control"
    # Beside ours it needed libcjose; libh2o goes with it where the release has none, and of
    # Debian 13's hiredis it knew nothing: its Redis plugin is not what is tried.
    system.run("apt-get install -q -y --no-install-recommends libcjose-dev && cd /srv/old && "
               "CFLAGS=-Wno-incompatible-pointer-types meson setup build "
               "--prefix=/usr -Dweb=false -Dtests=false -Dwerror=false && "
               "ninja -C build --quiet && "
               "DESTDIR=/srv/old/package meson install -C build --quiet")
    if codename == "trixie":
        system.run("cd /srv/old && cp --parents -L /usr/lib/*/libh2o-evloop.so.0.13 package")
    control.parent.mkdir()
    control.write_text(
        "Package: hearth\nVersion: 0.1.0-1\nArchitecture: amd64\nMaintainer: nobody\n"
        "Description: Hearth 0.1.0\n", encoding="utf-8")
    system.run("dpkg-deb --build /srv/old/package /srv/hearth_0.1.0-1_old.deb")
    return made


def put_old_database(system):
    db = sqlite3.connect(system.folder / STATE / "hearth.db")
    db.executescript("PRAGMA journal_mode = WAL;" +
                     (FIXTURE / "hearth.sql").read_text(encoding="utf-8"))
    db.close()
    shutil.copy(FIXTURE / "hearth.key", system.folder / STATE / "hearth.key")
    system.run(f"chown -R hearth: /{STATE} && chmod 600 /{STATE}/hearth.key")


def backups(system):
    folder = system.folder / "var/backups/hearth"
    return sorted(folder.glob("*.tar"), key=os.path.getmtime) if folder.is_dir() else []


def upgrade(codename, packages):
    print(f"{codename}: an upgrade of 0.1.0", flush=True)
    system = systems.fresh(codename).copy(f"upgrade-{codename}")
    # the libraries, user and folder that the package of that time would have asked for
    install(system, packages, "hearth")
    system.run("apt-get install -q -y --no-install-recommends libcjose0 && dpkg --purge hearth")
    system.put(make_old(codename), "srv/old.deb")
    system.run(f"dpkg -i /srv/old.deb && install -d -o hearth -g hearth -m 0700 /{STATE}")
    put_old_database(system)
    (system.folder / STATE / "hearth.db").rename(system.folder / STATE / "kept.db")
    (system.folder / STATE / "hearth.db").write_bytes(b"no database" * 1000)
    said = install(system, packages, "hearth", code=100)
    check("no backup, no upgrade: the old package stays, in words",
          "nothing was changed" in said and "0.1.0" in system.run("hearthd version"), said)
    (system.folder / STATE / "kept.db").rename(system.folder / STATE / "hearth.db")
    system.run("dpkg --configure -a")
    for day in range(1, 4):
        old = system.folder / "var/backups/hearth" / f"older-{day}.tar"
        old.touch()
        os.utime(old, (day, day))
    said = install(system, packages, "hearth")
    kept = backups(system)
    check("a backup by the old release before the upgrade, three are kept",
          [p.name for p in kept[:2]] == ["older-2.tar", "older-3.tar"] and len(kept) == 3, kept)
    with contextlib.closing(sqlite3.connect(f"file:{kept[-1]}?mode=ro", uri=True)) as db:
        check("it is the database as it was",
              db.execute("PRAGMA user_version").fetchone()[0] == 1 and
              db.execute("SELECT count(*) FROM accounts").fetchone()[0] == 2)
    check("it is nobody else's to read",
          owner_of(system, f"/var/backups/hearth/{kept[-1].name}") == "hearth hearth 600")
    in_a_network_of_its_own("upgraded", system)
    install(system, packages, "hearth")
    check("an upgrade that changes no schema makes none", backups(system) == kept)
    systems.remove(system.folder)


def scenario_upgraded(system):
    recorded = json.loads((FIXTURE / "answers.json").read_text(encoding="utf-8"))
    with daemon(system) as running:
        for email, token in recorded["tokens"].items():
            status, body = running.get("/api/v1/me", token)
            before = json.loads(recorded["answers"][email]["/me"])["account"]
            after = json.loads(body)["account"] if status == 200 else None
            check(f"{email} has what was there",
                  after is not None and after["counts"] == before["counts"], (status, body))
    check("the database is sound", "sound" in as_hearth(system, "hearthd verify"))


# --- both ---


def in_a_network_of_its_own(scenario, system):
    """127.0.0.1:8080 is the package's own there, and nothing else can be reached."""
    done = subprocess.run([
        "unshare", "--net", "sh", "-c", "ip link set lo up && exec " + shlex.join([
            sys.executable, "-u",
            os.path.abspath(__file__), "--scenario", scenario,
            str(system.folder), system.release
        ])
    ], check=False)
    if done.returncode != 0:
        raise systems.Failed(f"{scenario}: see above")


def try_release(codename, source):
    print(f"{codename}: making the packages", flush=True)
    packages = make_twice(codename, source)
    print(f"{codename}: installing them", flush=True)
    system = systems.fresh(codename).copy(f"install-{codename}")
    install(system, packages, "hearth", "hearth-postgresql", "hearth-redis", "hearth-dev")
    in_a_network_of_its_own("install", system)
    remove_and_purge(system, packages)
    systems.remove(system.folder)
    upgrade(codename, packages)
    return packages


def look_at_release(source, made):
    """What `./dev release` makes of the same packages: sums, SBOM, and a tarball that runs."""
    print("the files of a release", flush=True)
    folder = systems.FOLDER / "release"
    release.finish(folder, source, made)
    first = sums(folder, "*")
    release.finish(folder, source, made)
    check("made twice they are the same bytes", sums(folder, "*") == first)
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=folder, check=True)
    validate_sbom(next(folder.glob("*.spdx.json")))
    for system, _ in made:
        number = release.NUMBERS[system.release]
        tarball = next(folder.glob(f"*-debian{number}-*.tar.xz"))
        system.put(tarball, f"srv/{tarball.name}")
        said = system.run(f"rm -rf /opt/t && mkdir -p /opt/t && tar -xf /srv/{tarball.name} -C "
                          "/opt/t && /opt/t/*/bin/hearthd version && ldd /opt/t/*/bin/hearthd")
        check(f"the tarball of Debian {number} runs where it was unpacked",
              "storage-sqlite" in said and "not found" not in said, said)


def validate_sbom(path):
    """By the validator of the SPDX project."""
    place = systems.FOLDER / "spdx-tools"
    if not place.is_dir():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([place / "bin" / "pip", "install", "--quiet", "spdx-tools==0.8.5"],
                       check=True)
    done = subprocess.run([place / "bin" / "pyspdxtools", "-i", path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    packages = json.loads(path.read_text(encoding="utf-8"))["packages"]
    check(f"the SBOM is SPDX 2.3, with {len(packages)} packages",
          done.returncode == 0 and len(packages) > 40, done.stdout[-3000:])


def main(words):
    if words[:1] == ["--scenario"]:
        {"install": scenario_install, "upgraded": scenario_upgraded
         }[words[1]](systems.System(words[2], words[3]))
        return 0
    if os.geteuid() != 0:
        print("packages: systems of their own need root: sudo ./dev test --long packages. Nothing "
              "was tested.")
        return 1
    source = systems.make_source(systems.FOLDER / "source")
    made = []
    for codename in words or systems.RELEASES:
        packages = try_release(codename, source)
        made.append((systems.builder(codename), packages))
    look_at_release(source, made)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except systems.Failed as failed:
        print(f"packages: {failed}")
        sys.exit(1)

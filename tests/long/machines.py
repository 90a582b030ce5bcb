#!/usr/bin/env python3
"""machines.py [CODENAME…] [WHO…]: README's two commands on bare machines: Debian 12 and 13,
bootstrapped into .dev/machines and kept there, this tree as a tarball has it (without .git) in a
folder with a space in its name. As root, as a user with sudo and as one without: `./dev run --demo`
until its home answers, with how much was installed for it, and that nothing of it starts at boot.
After that as root `./dev run`, and `./dev setup`, which installs the servers of tests. Exit code 1
when something was not as it should be."""
import http.cookiejar
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests"))
import lifeline  # noqa: E402
from bootstrap import Refused, System, must_be_root  # noqa: E402
from servers import free_port  # noqa: E402

LIMIT = 7200
PACKAGES = {"bookworm": "debootstrap", "trixie": "debootstrap"}
PATIENCE = 1800  # seconds for an installation and a build
FOLDER = os.path.join(ROOT, ".dev", "machines")
CODENAMES, WHO = ("bookworm", "trixie"), ("as root", "with sudo", "without sudo")
TREES = {"as root": "/root/my hearth"}
TREE_OF_A_USER = "/home/tester/my hearth"
SERVERS = ("postgresql", "redis-server", "haproxy", "fail2ban", "nginx", "chromium", "clang")


class Machine:
    def __init__(self, codename, who):
        self.who, self.tree = who, TREES.get(who, TREE_OF_A_USER)
        base = System(codename, os.path.join(FOLDER, codename)).make()
        self.system = base.copy(os.path.join(FOLDER, "tried"))
        self.system.use_network()
        self.step("apt-get update -q && useradd --create-home --shell /bin/bash tester")
        if who == "with sudo":
            self.step("apt-get install -q -y --no-install-recommends sudo")
            self.system.write("/etc/sudoers.d/tester", "tester ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        self.system.copy_tree(self.tree)
        if who != "as root":
            self.step(f"chown -R tester: {shlex.quote(self.tree)}")
        self.before, self.enabled_before = self.packages(), self.enabled()

    def step(self, command, code=0):
        return self.system.step(command, command, code)

    def as_who(self, command):
        """A command in the tree, as whoever this is about."""
        command = f"cd {shlex.quote(self.tree)} && {command}"
        if self.who == "as root":
            return command
        return f"HOME=/home/tester exec setpriv --reuid tester --regid tester --init-groups " \
               f"sh -c {shlex.quote(command)}"

    def packages(self):
        listed = self.step("dpkg-query -W -f '${db:Status-Status} ${Package}\\n'")
        return {line.split()[1] for line in listed.splitlines() if line.startswith("installed ")}

    def enabled(self):
        return set(self.step("find /etc/systemd/system -path '*.wants/*' | sort").split())

    def kilobytes(self):
        return int(self.step("du -sk /usr").split()[0])

    def starts(self, command, sign):
        """Runs a command until it says the sign and ends it then; what it said, and after how long.
        It says so within PATIENCE, or is not waited for."""
        begun, said = time.monotonic(), ""
        process = subprocess.Popen(self.system.entered(self.as_who(command)),
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace",
                                   start_new_session=True)
        lifeline.hold(process.pid)
        try:
            signal.alarm(PATIENCE)
            for line in process.stdout:
                said += line
                found = re.search(sign, line)
                if found:
                    return said, found, time.monotonic() - begun, process
            raise Refused(f"{command}: ended with {process.wait()} before it said {sign}\n"
                          f"{said[-5000:]}")
        except BaseException:
            self.end(process)
            raise
        finally:
            signal.alarm(0)

    def end(self, process):
        lifeline.kill_group(process.pid)
        process.wait()
        lifeline.release(process.pid)

    def check(self, what, found):
        if not found:
            raise Refused(f"{self.system.codename}, {self.who}: {what}")

    def check_nothing_starts(self):
        new = self.enabled() - self.enabled_before
        self.check(f"starts at boot: {new}", not new)
        self.check("policy-rc.d is left",
                   not os.path.exists(self.system.path("/usr/sbin/policy-rc.d")))

    def install_line(self):
        """What a user without sudo is told to run as root, run as it is."""
        said = self.step(self.as_who("./dev run --demo"), 1)
        line = re.search(r"^  (.*apt-get install .*)$", said, re.M)
        self.check(f"no line to run as root: {said}", line)
        self.system.step(line[1], f"yes | sh -c {shlex.quote(line[1])}")

    def demo(self):
        port = free_port()
        size = self.kilobytes()
        if self.who == "without sudo":
            self.install_line()
        said, door, took, process = self.starts(f"HEARTH_PORT={port} exec ./dev run --demo",
                                                r"signed in: +(http\S+)")
        try:
            self.check(f"nothing of the folder and the address: {said}",
                       f"it will be at http://127.0.0.1:{port}" in said and self.tree in said)
            opener = urllib.request.build_opener(
                urllib.request.ProxyHandler({}),
                urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
            with opener.open(door[1], timeout=60) as home:
                page = home.read().decode()
            self.check(f"the home is no home: {page[:300]}", "<title>" in page)
            with opener.open(f"http://127.0.0.1:{port}/api/v1/me", timeout=60) as me:
                self.check("nobody is signed in", "ada@example.org" in me.read().decode())
        finally:
            self.end(process)
        new = self.packages() - self.before
        self.check_nothing_starts()
        self.check(f"not needed to run: {new & set(SERVERS)}", not new & set(SERVERS))
        down = re.search(r"downloading (\d+) packages? of Debian, (\d+) MB", said)
        words = f"{down[2]} MB fetched, " if down else ""
        print(f"{self.system.codename}, {self.who}: {len(new)} packages, {words}/usr grew by "
              f"{(self.kilobytes() - size) / 1024:.0f} MB; home after {took:.0f} s; nothing starts "
              "at boot", flush=True)

    def run(self):
        port = free_port()
        process = self.starts(f"HEARTH_PORT={port} exec ./dev run",
                              rf"ready http://127\.0\.0\.1:{port}")[3]
        self.end(process)

    def setup(self):
        said = self.step(self.as_who("./dev setup"))
        self.check_nothing_starts()
        down = re.search(r"downloading (\d+) packages? of Debian, (\d+) MB", said)
        left = re.search(r"not started at boot: (.*?)(?:\x1b|$)", said, re.M)
        print(f"{self.system.codename}, ./dev setup: {down[1]} more packages, {down[2]} MB; not "
              f"started at boot: {left[1] if left else 'nothing to be'}", flush=True)


def tried(codename, who):
    machine = Machine(codename, who)
    machine.demo()
    if who == "as root":
        machine.run()
        machine.setup()


def too_late(*_):
    raise Refused(f"not done within {PATIENCE} s")


def main():
    must_be_root("machines")
    signal.signal(signal.SIGALRM, too_late)
    failed = 0
    words = sys.argv[1:]
    for codename in [name for name in CODENAMES if name in words] or CODENAMES:
        for who in [name for name in WHO if name in words] or WHO:
            try:
                tried(codename, who)
            except Refused as why:
                failed += 1
                print(f"{codename}, {who}: {why}", flush=True)
            shutil.rmtree(os.path.join(FOLDER, "tried"), ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    try:
        main()
    except Refused as why:
        print(f"machines: {why}")
        sys.exit(1)

"""What ./dev says and does where something is missing: its functions (tools/dev) with an apt, a
dpkg and a node that are made up, in a tree with a space in its name."""
import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PATIENCE = int(os.environ.get("HEARTH_PATIENCE", 120))
# What is installed stands in $FAKE/installed; what was called, in $FAKE/calls. `says` is the output
# of an apt-get that fails, `hangs` makes it wait.
PROGRAMS = {
    "id": '[ "$1" = -u ] && cat "$FAKE/uid" || echo tester',
    "dpkg": 'cat "$FAKE/audit" 2>/dev/null || true',
    "dpkg-query": '''case "$1 $2" in
-S*) case "$2" in *redis*) echo "redis-server: /lib/systemd/system/redis-server.service" ;;
    *) echo "libc-bin: /lib/systemd/system/old.service" ;; esac ;;
*Status*) shift 2; code=0
    for p; do grep -qx "$p" "$FAKE/installed" && echo "$p installed" || code=1; done; exit $code
    ;;
*) cat "$FAKE/installed" ;;
esac''',
    "apt-get": '''echo "apt-get $*" >>"$FAKE/calls"
case " $* " in
*" indextargets "*) echo "trixie http://mirror.example/debian" ;;
*" update "*) if [ -f "$FAKE/says" ] || [ -f "$FAKE/stale" ]; then exit 100; fi ;;
*" --print-uris "*) if [ -f "$FAKE/says" ]; then cat "$FAKE/says" >&2; exit 100; fi
    echo "'http://mirror.example/a.deb' a.deb 1500000 SHA256:0"
    echo "'http://mirror.example/b.deb' b.deb 2500000 SHA256:0" ;;
*" install "*) "$SYSTEM/usr/sbin/policy-rc.d" || echo "policy $?" >>"$FAKE/calls"
    cd "$SYSTEM" && mkdir -p etc/systemd/system/multi-user.target.wants
    for u in redis-server old; do
        ln -sf "/lib/systemd/system/$u.service" etc/systemd/system/multi-user.target.wants/
    done
    if [ -f "$FAKE/hangs" ]; then echo hangs >>"$FAKE/calls"; exec sleep 600; fi
    for p; do case $p in -*|*=*|install) ;; *) echo "$p" >>"$FAKE/installed" ;; esac; done ;;
esac''',
    "deb-systemd-helper": '''[ "$DPKG_MAINTSCRIPT_PACKAGE" = redis-server ] || exit 1
rm "$SYSTEM"/etc/systemd/system/*.wants/"$2"''',
}
BEGIN = """set -euo pipefail
root=$PWD
. tools/dev/system.sh
system_root=$SYSTEM node_folder=$FAKE/debian codename=bookworm system='Debian 12'
"""


class Install(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="hearth-dev-install-")
        self.addCleanup(shutil.rmtree, self.folder, True)
        os.chmod(self.folder, 0o755)
        self.tree = os.path.join(self.folder, "a tree")
        self.system = os.path.join(self.folder, "system")
        for path in ("tools", "packaging"):
            shutil.copytree(os.path.join(ROOT, path), os.path.join(self.tree, path))
        for path in ("usr/sbin", "etc/apt/preferences.d", "etc/apt/sources.list.d"):
            os.makedirs(os.path.join(self.system, path))
        os.makedirs(os.path.join(self.tree, ".dev"))
        for name, does in PROGRAMS.items():
            self.program("bin/" + name, does)
        self.write("uid", "0\n")
        self.write("installed", "libc-bin\n")

    def program(self, path, does):
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"#!/bin/sh\n{does}\n")
        os.chmod(path, 0o755)

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as f:
            f.write(text)

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def start(self, script, path=None, before=()):
        environment = {
            "PATH": path or os.path.join(self.folder, "bin") + ":/usr/bin:/bin", "FAKE":
            self.folder, "SYSTEM": self.system, "LC_ALL": "C.UTF-8"
        }
        return subprocess.Popen([*before, "/bin/bash", "-c", BEGIN + script], cwd=self.tree,
                                env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True, start_new_session=True)

    def dev(self, script, code=0, **options):
        process = self.start(script, **options)
        try:
            words = process.communicate(timeout=PATIENCE)[0]
        finally:
            os.killpg(process.pid, signal.SIGKILL) if process.poll() is None else None
        self.assertEqual(process.returncode, code, words)
        return words

    def wants(self):
        folder = os.path.join(self.system, "etc/systemd/system/multi-user.target.wants")
        return sorted(os.listdir(folder)) if os.path.isdir(folder) else []

    def policy(self):
        return os.path.join(self.system, "usr/sbin/policy-rc.d")

    def test_what_is_there_is_not_installed(self):
        self.assertEqual(self.dev("need libc-bin"), "")
        self.assertFalse(os.path.exists(os.path.join(self.folder, "calls")))

    def test_installs_what_is_missing(self):
        """Nothing is started then, and nothing that is new at the next boot."""
        self.program("system/usr/sbin/policy-rc.d", "exit 104")
        words = self.dev("need libc-bin redis-server gcc")
        self.assertIn("missing packages of Debian: redis-server gcc", words)
        self.assertIn("downloading 2 packages of Debian, 4 MB", words)
        self.assertIn("not started at boot: redis-server.service", words)
        calls = self.read("calls")
        self.assertIn("policy 101\n", calls)
        self.assertRegex(calls, r"--no-install-recommends .*install redis-server gcc\n")
        self.assertEqual(self.wants(), ["old.service"])
        self.assertIn("exit 104", self.read("system/usr/sbin/policy-rc.d"))

    def test_interrupted(self):
        """Nothing stays of it, however it ended."""
        self.write("hangs", "")
        process = self.start("need redis-server")
        end = time.monotonic() + PATIENCE
        calls = os.path.join(self.folder, "calls")
        while not os.path.exists(calls) or "hangs" not in self.read("calls"):
            self.assertIsNone(process.poll(), "before apt-get was called")
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        while os.path.exists(self.policy()):
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)
        self.assertEqual(self.wants(), ["old.service"])
        # killed: the next one tidies
        os.unlink(os.path.join(self.folder, "hangs"))
        self.program("system/usr/sbin/policy-rc.d",
                     "# for the time of an installation by ./dev\nexit 101")
        self.dev("need redis-server")
        self.assertFalse(os.path.exists(self.policy()))

    def test_apt_fails(self):
        """Its output is shown, and what people can do."""
        for says, words in ((
            "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 7",
            "another program installs packages just now"), (
                "E: dpkg was interrupted, you must manually run 'dpkg --configure -a'",
                "dpkg --configure -a"), (
                    "E: You don't have enough free space in /var/cache/apt/archives/.",
                    "the disk is full"), ("E: Unable to locate package libuv1-dev",
                                          "apt knows no such package"),
                            ("Err:1 http://deb.debian.org Temporary failure resolving",
                             "is there a network"), ("E: something else", "did not install")):
            with self.subTest(says):
                self.write("says", says + "\n")
                said = self.dev("need gcc", 1)
                self.assertIn(says, said)
                self.assertIn(words, said.partition(says)[2])
                self.assertFalse(os.path.exists(self.policy()))

    def test_a_source_that_does_not_answer(self):
        """It may have nothing of what is wanted."""
        self.write("stale", "")
        self.assertIn("apt-get update failed", self.dev("need gcc"))
        with open(os.path.join(self.folder, "installed"), encoding="utf-8") as f:
            self.assertIn("gcc\n", f)

    def test_without_root(self):
        """One line to run as root, which can be copied as it is."""
        self.write("uid", "1000\n")
        words = self.dev("need libc-bin gcc libuv1-dev", 1)
        self.assertIn(
            "\n  apt-get update && apt-get install --no-install-recommends gcc libuv1-dev\n",
            words)
        self.assertIn("Run this line as root", words)
        words = self.dev("need redis-server gcc", 1)
        self.assertIn("redis-server gcc && systemctl disable --now redis-server\n", words)
        # in sudoers, or not
        self.program("bin/sudo", 'echo "sudo refuses" >&2; exit 1')
        self.assertIn("Run this line as root", self.dev("need gcc", 1))
        self.program("bin/sudo", '[ "$1" != -n ] || shift\nexec "$@"')
        self.assertIn("downloading", self.dev("need gcc"))

    def test_without_root_on_13(self):
        self.write("uid", "1000\n")
        words = self.dev("codename=trixie; need libh2o-evloop-dev gcc", 1)
        line = re.search(r"^  (cp .*)$", words, re.M)[1]
        words = shlex.split(line)
        self.assertEqual(words[:2], ["cp", self.tree + "/packaging/debian-13/hearth-h2o.pref"])
        self.assertEqual(words[4:6], ["cp", self.tree + "/.dev/hearth-h2o.sources"])
        self.assertIn("URIs: http://mirror.example/debian\n",
                      self.read("a tree/.dev/hearth-h2o.sources"))
        self.assertTrue(line.endswith("libh2o-evloop-dev gcc"))
        self.write("uid", "0\n")
        self.dev("codename=trixie; need libh2o-evloop-dev gcc")
        self.assertIn("mirror.example",
                      self.read("system/etc/apt/sources.list.d/hearth-h2o.sources"))
        self.assertIn("Pin-Priority: -1", self.read("system/etc/apt/preferences.d/hearth-h2o.pref"))

    def test_dpkg_was_interrupted(self):
        self.write("audit", "The following packages are only half configured\n")
        self.assertIn("Run as root: dpkg --configure -a", self.dev("need gcc", 1))
        os.unlink(os.path.join(self.folder, "audit"))
        os.makedirs(os.path.join(self.system, "var/lib/dpkg/updates"))
        self.write("system/var/lib/dpkg/updates/0001", "")
        self.assertIn("Run as root: dpkg --configure -a", self.dev("need gcc", 1))

    def test_node(self):
        show = "use_node; echo \"took $(node --version) of $(command -v npm)\""
        self.program("bin/node", "echo v12.22.0")
        self.program("bin/npm", "")
        path = os.path.join(self.folder, "bin") + ":/usr/bin:/bin"
        self.assertIn("there is no node 18 or newer", self.dev(show, 1, path=path))
        self.program("debian/node", "echo v18.20.4")
        self.program("debian/npm", "")
        words = self.dev(show, path=path)
        self.assertIn("is v12.22.0, 18 is needed", words)
        self.assertIn(f"took v18.20.4 of {self.tree}/.dev/bin/npm", words)
        self.program("bin/node", "echo v22.1.0")
        self.assertEqual(self.dev(show, path=path), f"took v22.1.0 of {self.folder}/bin/npm\n")

    def test_without_git(self):
        words = self.dev("need_clone test", 1)
        self.assertIn(f"{self.tree} is not a git clone (a tarball?)", words)
        self.assertIn("./dev build and ./dev run work here", words)

    def test_another_system(self):
        """Libraries by the names of pkg-config; nothing, when all are there."""
        other = "codename= system='Fedora Linux 43'; need gcc libuv1-dev"
        self.program("bin/pkg-config", '[ "$2" != libuv ]')
        for name in ("meson", "ninja", "npm", "cc"):
            self.program("bin/" + name, "cat >/dev/null")
        self.program("bin/node", "echo v20.0.0")
        words = self.dev(other, 1)
        self.assertIn("this is Fedora Linux 43;", words)
        self.assertIn("by the names that pkg-config knows): libuv. Install them", words)
        self.program("bin/pkg-config", "")
        self.assertEqual(self.dev(other), "")
        self.assertIn("\"./dev test\" needs Debian 12 or 13",
                      self.dev("codename=; need_debian test", 1))

    def test_libraries_are_those_of_the_build(self):
        with open(os.path.join(ROOT, "meson.build"), encoding="utf-8") as f:
            wanted = re.findall(r"dependency\('([^']+)'(?:, version: '>=([^']+)')?\)", f.read())
        wanted = {f"{name} >= {version}" if version else name for name, version in wanted}
        listed = self.dev('printf "%s\\n" "${libraries[@]}"').split("\n")[:-1]
        self.assertEqual(wanted - {"threads"}, set(listed))

    def test_folders_that_cannot_be_written(self):
        before = ["setpriv", "--reuid", "65534", "--clear-groups"] if os.geteuid() == 0 else []
        if before:
            words = self.dev("need_folder", 1, before=before)
            self.assertIn(f"cannot write in {self.tree}, which belongs to root", words)
            self.assertIn(f"chown -R tester '{self.tree}'", words)
            os.chown(self.tree, 65534, -1)
            self.program("bin/id", "echo nobody")
        else:
            self.program("bin/id", "exec /usr/bin/id -un")
        os.chmod(self.tree, 0o555)
        words = self.dev("need_folder", 1, before=before)
        self.assertIn(f"cannot write in {self.tree}: copy the tree", words)

    def test_as_root_in_a_folder_of_somebody(self):
        self.program("bin/stat", 'case "$3" in *tree) echo ada ;; *) echo root ;; esac')
        words = self.dev("need_folder_of_mine run", 1)
        self.assertIn(f"{self.tree} belongs to ada, and hearthd, as root, loads", words)
        self.assertIn("Run ./dev run as ada", words)
        self.write("uid", "1000\n")
        self.assertEqual(self.dev("need_folder_of_mine run"), "")


if __name__ == "__main__":
    unittest.main()

"""Debian 12 and 13, bootstrapped into .dev/packages and kept there for the next time, with
processes and mounts of their own: where packages are made, and where they are tried."""
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
import bootstrap  # noqa: E402

FOLDER = ROOT / ".dev" / "packages"
RELEASES = ("bookworm", "trixie")
# Each command has processes and mounts of its own, which end with it.
ENTER = """set -e
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \\
    DEBIAN_FRONTEND=noninteractive sh -c "$2"
"""
# Beside what debian/control has; what looks at packages is here, too.
TOOLS = "build-essential debhelper lintian blhc"


class Failed(Exception):
    pass


class System:
    def __init__(self, folder, release):
        self.folder, self.release = pathlib.Path(folder), release

    def words(self, command):
        """What runs a shell command as root of this system; it ends with its first process."""
        return [
            "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-c",
            ENTER, "enter", str(self.folder), command
        ]

    def run(self, command, code=0):
        """What it said, both ways, when its exit code is that; None: any."""
        done = subprocess.run(
            self.words(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        if code is not None and done.returncode != code:
            raise Failed(f"{self.release}: {command}: exit code {done.returncode}, not {code}\n"
                         f"{done.stdout[-8000:]}")
        return done.stdout

    def put(self, source, place):
        target = self.folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)

    def copy(self, name):
        """Another one, as this one is."""
        folder = FOLDER / name
        remove(folder)
        subprocess.run(["cp", "-a", "--reflink=auto", self.folder, folder], check=True)
        return System(folder, self.release)


def remove(folder):
    if folder.is_dir():
        subprocess.run(["rm", "-rf", "--one-file-system", folder], check=True)


def bootstrapped(name, release, prepare=None):
    """The system of that name, made whole or not at all."""
    system = System(FOLDER / name, release)
    if system.folder.is_dir():
        return system
    if os.geteuid() != 0:
        raise Failed("a system of its own needs root: run this as root (sudo)")
    begun = System(FOLDER / (name + ".new"), release)
    remove(begun.folder)
    FOLDER.mkdir(parents=True, exist_ok=True)
    print(f"bootstrapping {release} into {system.folder}", file=sys.stderr, flush=True)
    made = subprocess.run([
        "unshare", "--mount", "debootstrap", "--variant=minbase", "--include=ca-certificates",
        release, begun.folder,
        bootstrap.mirror()
    ], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    if made.returncode != 0:
        raise Failed(f"debootstrap ends with {made.returncode}:\n{made.stdout[-3000:]}")
    # no service of a package is started
    policy = begun.folder / "usr" / "sbin" / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="utf-8")
    policy.chmod(0o755)
    shutil.copy("/etc/resolv.conf", begun.folder / "etc" / "resolv.conf")
    if prepare is not None:
        prepare(begun)
    begun.run("apt-get update -q")
    begun.folder.rename(system.folder)
    return system


def prepare_to_build(system):
    if system.release == "trixie":  # docs/packages.md
        folder = ROOT / "packaging" / "debian-13"
        system.put(folder / "hearth-h2o.pref", "etc/apt/preferences.d/hearth-h2o.pref")
        system.put(folder / "hearth-h2o.sources", "etc/apt/sources.list.d/hearth-h2o.sources")


def fresh(release):
    return bootstrapped(f"fresh-{release}", release)


def builder(release):
    """With today's Build-Depends installed."""
    system = bootstrapped(f"build-{release}", release, prepare_to_build)
    system.put(ROOT / "packaging" / "debian" / "control", "srv/tree/debian/control")
    (system.folder / "srv/tree/debian/changelog").write_text(
        "hearth (0-1) unstable; urgency=low\n\n  * .\n\n"
        " -- Hearth <packages@hearth.invalid>  Thu, 01 Jan 1970 00:00:00 +0000\n",
        encoding="utf-8")
    system.run(f"apt-get update -q && apt-get install -q -y --no-install-recommends {TOOLS} && "
               "cd /srv/tree && apt-get build-dep -q -y --no-install-recommends ./")
    return system


def make_source(folder):
    made = subprocess.run([sys.executable, ROOT / "packaging" / "source.py", folder],
                          stdout=subprocess.PIPE, text=True, check=False)
    if made.returncode != 0:
        raise Failed("packaging/source.py failed; what it says is above")
    return pathlib.Path(made.stdout.strip().splitlines()[-1])


def make_packages(system, source, name="out", before="true"):
    """Returns the folder with the packages of that system's release, made from the source.
    before: what the shell does first (another umask, locale, …)."""
    out = system.folder / "srv" / name
    remove(out)
    system.put(source, f"srv/{source.name}")
    system.put(ROOT / "packaging" / "debian" / "build", "srv/build")
    system.run(f"{before} && /srv/build /srv/{source.name} /srv/{name}")
    return out

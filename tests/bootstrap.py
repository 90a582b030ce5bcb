"""Debian systems of a test's own: bootstrapped into a folder, and entered with processes, mounts
and a /tmp of their own, which end with who entered. Only the network is the host's, from which
apt fetches. It needs root, for the mounts; the host sees nothing of it."""
import glob
import os
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# In mounts of its own, which go with it: what a program expects of a system that runs.
ENTER = """set -e
mount -t proc proc "$1/proc"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$1/dev/pts"
exec chroot "$1" /usr/bin/env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 \\
    DEBIAN_FRONTEND=noninteractive \\
    ${NODE_EXTRA_CA_CERTS:+"NODE_EXTRA_CA_CERTS=$NODE_EXTRA_CA_CERTS"} sh -c "$2"
"""


class Refused(Exception):
    """The system cannot be made, or a step in it failed; in words."""


def must_be_root(name):
    """What it needs, in words."""
    if os.geteuid() != 0:
        raise Refused(f"a system of its own needs root: run this as root (sudo ./dev test --long "
                      f"{name}). Nothing was tested.")
    if shutil.which("debootstrap") is None:
        raise Refused(f"debootstrap is not installed; ./dev test --long {name} installs it. "
                      "Nothing was tested.")


def mirror():
    """Where this system's own packages come from, which has those of other releases as well."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)", "Identifier: Packages"],
        stdout=subprocess.PIPE, text=True, check=False).stdout
    for line in listed.splitlines():
        release, _, uri = line.partition(" ")
        if "-" not in release and "/debian" in uri and "security" not in uri:
            return uri
    return "http://deb.debian.org/debian"


def tree_files():
    """What git knows of, or would add: files of the tree, as their names in it."""
    listed = subprocess.run([
        "git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others",
        "--exclude-standard"
    ], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")
    return {name for name in listed if name and os.path.lexists(os.path.join(ROOT, name))}


class System:
    def __init__(self, codename, folder):
        self.codename, self.folder = codename, folder

    def make(self):
        """Bootstraps it, whole or not at all, unless it is there."""
        if os.path.isdir(self.folder):
            return self
        begun = self.folder + ".new"
        shutil.rmtree(begun, ignore_errors=True)
        os.makedirs(os.path.dirname(begun), exist_ok=True)
        print(f"bootstrapping {self.codename} from {mirror()}", flush=True)
        made = subprocess.run([
            "unshare", "--mount", "debootstrap", "--variant=minbase", "--include=ca-certificates",
            self.codename, begun,
            mirror()
        ], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if made.returncode != 0:
            raise Refused(f"debootstrap ends with {made.returncode}:\n{made.stdout[-3000:]}")
        # as images of containers have it: a system that is thrown away survives no power cut
        with open(os.path.join(begun, "etc", "dpkg", "dpkg.cfg.d", "unsafe"), "w",
                  encoding="utf-8") as f:
            f.write("force-unsafe-io\n")
        os.rename(begun, self.folder)
        return self

    def path(self, inside):
        return os.path.join(self.folder, inside.lstrip("/"))

    def write(self, inside, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        with open(self.path(inside), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(f.name, mode)

    def use_network(self):
        """Names, and whom this machine trusts besides Debian's certificates (a proxy)."""
        shutil.copy("/etc/resolv.conf", self.path("/etc/resolv.conf"))
        for path in glob.glob("/usr/local/share/ca-certificates/*.crt"):
            shutil.copy(path, self.path("/usr/local/share/ca-certificates"))
        self.step("taking this machine's certificates", "update-ca-certificates")

    def copy(self, folder):
        """Another one, with all that is in this one."""
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run(["cp", "-a", "--reflink=auto", self.folder, folder], check=True)
        return System(self.codename, folder)

    def copy_tree(self, to):
        """This tree; what has not changed stays as it is, so that only the rest is built anew."""
        to = self.path(to)
        wanted = tree_files()
        for name in glob.iglob("**", root_dir=to, recursive=True, include_hidden=True):
            generated = name.split("/")[0] in ("build", ".dev", ".git") or "__pycache__" in name
            if not generated and name not in wanted and not os.path.isdir(os.path.join(to, name)):
                os.unlink(os.path.join(to, name))
        for name in sorted(wanted):
            source, target = os.path.join(ROOT, name), os.path.join(to, name)
            there, here = os.stat(target) if os.path.exists(target) else None, os.stat(source)
            if there is None or (there.st_size, there.st_mtime_ns) != (here.st_size,
                                                                       here.st_mtime_ns):
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy2(source, target)

    def entered(self, command):
        """Arguments that run a command of the shell as its root; all of it ends with unshare, and
        that with who started it."""
        return [
            "unshare", "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child", "sh", "-c",
            ENTER, "enter", self.folder, command
        ]

    def inside(self, command, **options):
        return subprocess.run(self.entered(command), stdin=subprocess.DEVNULL,
                              stderr=subprocess.STDOUT, check=False, **options)

    def step(self, what, command, code=0):
        """What it prints; it must end as is said."""
        done = self.inside(command, stdout=subprocess.PIPE, text=True, errors="replace")
        if done.returncode != code:
            raise Refused(f"{what}: exit code {done.returncode}\n{done.stdout[-10000:]}")
        return done.stdout

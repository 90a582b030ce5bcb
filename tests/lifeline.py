"""What a test starts ends with it, however it ends: killed by meson, by a time-out, by a fault
of its own.

A process of its own holds one end of a pipe. `hold(pid)` tells it a process group,
`release(pid)` that it has ended, `folder(path)` what to remove; when the pipe breaks it kills
the groups that are left and removes the folders. It is started with the first group, in a
session of its own, so that what kills the test does not kill it."""
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

_lock = threading.Lock()
_keeper = None


def _tell(word, value):
    global _keeper
    with _lock:
        if _keeper is None:
            _keeper = subprocess.Popen([sys.executable, os.path.abspath(__file__)],
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.DEVNULL, start_new_session=True)
        _keeper.stdin.write(f"{word} {value}\n".encode())
        _keeper.stdin.flush()


def hold(pid):
    """`pid` leads a process group: start it with start_new_session=True."""
    _tell("hold", pid)


def release(pid):
    _tell("release", pid)


def folder(path):
    _tell("folder", path)


def kill_group(pid, number=signal.SIGKILL):
    """What is stopped goes on first, or it would not notice a polite signal."""
    for signal_number in (number, signal.SIGCONT):
        try:
            os.killpg(pid, signal_number)
        except (ProcessLookupError, PermissionError):
            pass


def halt(pid):
    """SIGSTOP, and back when none of its threads runs any more: kill() comes back before."""
    os.kill(pid, signal.SIGSTOP)
    until = time.monotonic() + 60
    while os.path.isdir(f"/proc/{pid}") and time.monotonic() < until:
        states = set()
        for thread in os.listdir(f"/proc/{pid}/task"):
            with contextlib.suppress(FileNotFoundError,
                                     ProcessLookupError), open(f"/proc/{pid}/task/{thread}/stat",
                                                               encoding="utf-8",
                                                               errors="replace") as f:
                states.add(f.read().rpartition(")")[2].split()[0])
        if states <= set("TZX"):
            return
        time.sleep(0.005)


def _keep():
    groups, folders = set(), []
    for line in sys.stdin:
        word, _, value = line.rstrip("\n").partition(" ")
        if word == "folder":
            folders.append(value)
        else:
            (groups.add if word == "hold" else groups.discard)(int(value))
    for group in groups:
        kill_group(group)
    for path in folders:
        shutil.rmtree(path, ignore_errors=True)


if __name__ == "__main__":
    _keep()

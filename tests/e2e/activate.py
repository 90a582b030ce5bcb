"""activate.py FD,… NAME:… COMMAND…: starts a command as a service manager does that has opened its
sockets (sd_listen_fds(3)): from descriptor 3 on, named in the environment."""
import fcntl
import os
import sys

OUT_OF_THE_WAY = 100


def main(fds, names, *command):
    spare = [fcntl.fcntl(int(fd), fcntl.F_DUPFD_CLOEXEC, OUT_OF_THE_WAY) for fd in fds.split(",")]
    for place, fd in enumerate(spare, 3):
        os.dup2(fd, place, inheritable=True)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(spare)), LISTEN_FDNAMES=names)
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])

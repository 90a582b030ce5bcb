#include "use_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/owner.h"

enum { TRIES = 100, PAUSE_MS = 20 };

/* Nobody else may hold it: it would keep the daemon from starting. */
static int open_lock_file(const char *path)
{
    size_t size = strlen(path) + sizeof("-lock");
    char *name = malloc(size);
    if (name == NULL)
        return -1;
    snprintf(name, size, "%s-lock", path);
    int fd = open(name, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        support_owner_give(fd, name);
    else if (errno == EEXIST)
        fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    free(name);
    return fd;
}

/* 0, CANCELLED, or CONFLICT without a text. */
static int take_use_lock(const struct hearth_host *host, struct hearth_call *call, int fd, int kind)
{
    for (int i = 0; i < TRIES; i++) {
        if (flock(fd, kind | LOCK_NB) == 0)
            return 0;
        if (errno != EWOULDBLOCK && errno != EINTR)
            return 0; /* the file system knows no locks */
        if (host->should_stop(call))
            return hearth_fail(call, HEARTH_ERR_CANCELLED,
                               "stopped while waiting for another process to leave the database");
        struct timespec pause = {0, PAUSE_MS * 1000000};
        nanosleep(&pause, NULL);
    }
    return HEARTH_ERR_CONFLICT;
}

static int use_lock(const struct hearth_host *host, struct hearth_call *call, const char *path,
                    int kind, const char *words, int *ret_fd)
{
    int fd = open_lock_file(path);
    int r = fd < 0 ? 0 : take_use_lock(host, call, fd, kind);
    if (r == 0) {
        *ret_fd = fd;
        return 0;
    }
    close(fd);
    return r == HEARTH_ERR_CONFLICT ? hearth_fail(call, r, "%s: %s", path, words) : r;
}

int sqlite_use_lock_shared(const struct hearth_host *host, struct hearth_call *call,
                           const char *path, int *ret_fd)
{
    return use_lock(host, call, path, LOCK_SH,
                    "a backup is being restored: wait until that has ended", ret_fd);
}

int sqlite_use_lock_alone(const struct hearth_host *host, struct hearth_call *call,
                          const char *path, int *ret_fd)
{
    return use_lock(
        host, call, path, LOCK_EX,
        "another hearthd has it open: wait until that command has ended, and stop the daemon",
        ret_fd);
}

int sqlite_use_lock_try_alone(const char *path)
{
    int fd = open_lock_file(path);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0)
        return fd;
    close(fd);
    return -1;
}

bool sqlite_use_lock_is_free(const char *path)
{
    size_t size = strlen(path) + sizeof("-lock");
    char *name = malloc(size);
    if (name == NULL)
        return true;
    snprintf(name, size, "%s-lock", path);
    int fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool held = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    free(name);
    return !held;
}

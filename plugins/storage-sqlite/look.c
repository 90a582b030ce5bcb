#include "look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "open.h"
#include "replace.h"
#include "support/call.h"

/* Bytes: the index of the write-ahead log and its first pages; beside them the tables of a new database. */
enum { ROOM = 64 * 1024, ROOM_NEW = 640 * 1024 };

static bool disk_is_full(const char *directory, unsigned long wanted)
{
    struct statvfs disk;
    return statvfs(directory, &disk) == 0 && disk.f_blocks > 0 && (geteuid() == 0 ? disk.f_bfree : disk.f_bavail) * disk.f_frsize < wanted;
}

/* The directory has to be there, and to be written: even for a database that is only read, SQLite makes files beside it. */
static int look_at_directory(const struct store *store, struct hearth_call *call, const char *directory, bool exists)
{
    struct stat status;
    if (stat(directory, &status) != 0)
        return store_cannot_use(store, call, errno);
    if (!S_ISDIR(status.st_mode))
        return store_cannot_use(store, call, ENOTDIR);
    if (access(directory, W_OK | X_OK) != 0)
        return store_cannot_use(store, call, errno);
    return disk_is_full(directory, exists ? ROOM : ROOM_NEW) ? store_cannot_use(store, call, ENOSPC) : 0;
}

int look_before_open(const struct store *store, struct hearth_call *call)
{
    struct stat status;
    char *directory = strdup(store->path);
    if (directory == NULL)
        return support_no_memory(call);
    char *slash = strrchr(directory, '/');
    slash[slash == directory] = '\0';
    bool there = stat(store->path, &status) == 0, exists = there && status.st_size > 0;
    int r = !there && errno == ENOENT && store_has_files(store->accounts) ? store_file_missing(store, call)
                                                                          : look_at_directory(store, call, directory, exists);
    free(directory);
    if (r == 0 && lstat(store->accounts, &status) == 0 && (stat(store->accounts, &status) != 0 || !S_ISDIR(status.st_mode)))
        r = hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a directory", store->accounts);
    return r;
}

int look_at_kinds(const struct store *store, struct hearth_call *call)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    struct stat status;
    size_t size = strlen(store->path) + sizeof("-journal");
    char *name = malloc(size);
    int r = name == NULL ? support_no_memory(call) : 0;
    for (size_t i = 0; r == 0 && i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(name, size, "%s%s", store->path, ends[i]);
        if (lstat(name, &status) == 0 && stat(name, &status) != 0 && errno == ENOENT)
            r = hearth_fail(call, HEARTH_ERR_INVALID, "%s: is a link to a file that is not there: put that back, or remove the link", name);
        else if (stat(name, &status) == 0 && !S_ISREG(status.st_mode))
            r = hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a file", name);
    }
    free(name);
    return r;
}

int look_through_restore(struct store *store, struct hearth_call *call)
{
    char *path, *accounts;
    struct stat status;
    char line[512];
    if (!replace_is_pending(store->path))
        return 0;
    snprintf(line, sizeof(line), "a restore was interrupted, and the next start finishes it: looking at what it restores path=%.300s",
             store->path);
    store->host->log(store->host, HEARTH_LOG_WARNING, line);
    if (replace_pending_paths(store->path, &path, &accounts) < 0)
        return support_no_memory(call);
    if (stat(path, &status) == 0) { /* or else all but an empty folder is in its place */
        free(store->path);
        store->path = path;
        path = NULL;
        if (stat(accounts, &status) == 0) {
            free(store->accounts);
            store->accounts = accounts;
            accounts = NULL;
        }
    }
    free(path);
    free(accounts);
    return 0;
}

#include "preflight.h"

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

/* Bytes: the index of the write-ahead log and its first pages; beside them the tables of a new
 * database. */
enum { ROOM = 64 * 1024, ROOM_NEW = 640 * 1024 };

static bool disk_is_full(const char *directory, unsigned long wanted)
{
    struct statvfs disk;
    return statvfs(directory, &disk) == 0 && disk.f_blocks > 0 &&
           (geteuid() == 0 ? disk.f_bfree : disk.f_bavail) * disk.f_frsize < wanted;
}

/* The directory has to be there, and to be written: even for a database that is only read,
 * SQLite makes files beside it. */
static int look_at_directory(const struct database *database, struct hearth_call *call,
                             const char *directory, bool exists)
{
    struct stat status;
    if (stat(directory, &status) != 0)
        return sqlite_database_cannot_use(database, call, errno);
    if (!S_ISDIR(status.st_mode))
        return sqlite_database_cannot_use(database, call, ENOTDIR);
    if (access(directory, W_OK | X_OK) != 0)
        return sqlite_database_cannot_use(database, call, errno);
    return disk_is_full(directory, exists ? ROOM : ROOM_NEW)
               ? sqlite_database_cannot_use(database, call, ENOSPC)
               : 0;
}

int sqlite_preflight_open(const struct database *database, struct hearth_call *call)
{
    struct stat status;
    char *directory = strdup(database->path);
    if (directory == NULL)
        return support_no_memory(call);
    char *slash = strrchr(directory, '/');
    slash[slash == directory] = '\0';
    bool there = stat(database->path, &status) == 0, exists = there && status.st_size > 0;
    int r = !there && errno == ENOENT && sqlite_database_has_files(database->accounts)
                ? sqlite_database_file_missing(database, call)
                : look_at_directory(database, call, directory, exists);
    free(directory);
    if (r == 0 && lstat(database->accounts, &status) == 0 &&
        (stat(database->accounts, &status) != 0 || !S_ISDIR(status.st_mode)))
        r = hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a directory", database->accounts);
    return r;
}

int sqlite_preflight_kinds(const struct database *database, struct hearth_call *call)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    struct stat status;
    size_t size = strlen(database->path) + sizeof("-journal");
    char *name = malloc(size);
    int r = name == NULL ? support_no_memory(call) : 0;
    for (size_t i = 0; r == 0 && i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(name, size, "%s%s", database->path, ends[i]);
        if (lstat(name, &status) == 0 && stat(name, &status) != 0 && errno == ENOENT)
            r = hearth_fail(
                call, HEARTH_ERR_INVALID,
                "%s: is a link to a file that is not there: put that back, or remove the link",
                name);
        else if (stat(name, &status) == 0 && !S_ISREG(status.st_mode))
            r = hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a file", name);
    }
    free(name);
    return r;
}

int sqlite_preflight_restore(struct database *database, struct hearth_call *call)
{
    char *path, *accounts;
    struct stat status;
    char line[512];
    if (!sqlite_replace_is_pending(database->path))
        return 0;
    snprintf(line, sizeof(line),
             "a restore was interrupted, and the next start finishes it: looking at what it "
             "restores path=%.300s",
             database->path);
    database->host->log(database->host, HEARTH_LOG_WARNING, line);
    if (sqlite_replace_pending_paths(database->path, &path, &accounts) < 0)
        return support_no_memory(call);
    if (stat(path, &status) == 0) { /* or else all but an empty folder is in its place */
        free(database->path);
        database->path = path;
        path = NULL;
        if (stat(accounts, &status) == 0) {
            free(database->accounts);
            database->accounts = accounts;
            accounts = NULL;
        }
    }
    free(path);
    free(accounts);
    return 0;
}

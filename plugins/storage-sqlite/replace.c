#include "replace.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "backup.h"
#include "files.h"
#include "open.h"
#include "support/call.h"
#include "support/owner.h"

static const char STAGE[] = ".restore-", READY[] = ".restored-", ASIDE[] = ".replaced-";

static int fail_rename(const struct place *place, const char *path, int error)
{
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(place->call, HEARTH_ERR_FULL, "%s: the disk is full: make room", path);
    int code =
        error == EACCES || error == EPERM || error == EROFS ? HEARTH_ERR_DENIED : HEARTH_ERR_IO;
    return hearth_fail(place->call, code, "%s: %s", path, strerror(error));
}

static int sync_parent(const struct place *place)
{
    char parent[PLACE_PATH_MAX];
    snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(place->path, '/') - place->path + 1),
             place->path);
    return sqlite_files_sync_directory(place->call, parent);
}

static int rename_if_there(const struct place *place, const char *from, const char *to)
{
    return rename(from, to) == 0 || errno == ENOENT ? 0 : fail_rename(place, from, errno);
}

/* The old database keeps its parts, under a name of its own: with path set to it, it can be
 * opened. Done twice it does no harm. */
static int put_aside(const struct place *place, const char *when, bool accounts_too,
                     hearth_text_cb cb, void *ctx)
{
    char aside[PLACE_PATH_MAX], from[PLACE_PATH_MAX + 16], to[PLACE_PATH_MAX + 16],
        line[2 * PLACE_PATH_MAX];
    char *aside_path, *aside_accounts;
    struct stat status;
    bool there =
        stat(place->path, &status) == 0 || (accounts_too && stat(place->accounts, &status) == 0);
    snprintf(aside, sizeof(aside), "%s%s%s", place->path, ASIDE, when);
    if (sqlite_database_paths(aside, &aside_path, &aside_accounts) < 0)
        return support_no_memory(place->call);
    int r = rename_if_there(place, place->path, aside_path);
    snprintf(from, sizeof(from), "%s-wal", place->path);
    snprintf(to, sizeof(to), "%s-wal", aside_path);
    if (r == 0)
        r = rename_if_there(place, from, to);
    snprintf(from, sizeof(from), "%s-shm", place->path);
    if (r == 0)
        unlink(from); /* is made anew from the log */
    if (r == 0 && accounts_too)
        r = rename_if_there(place, place->accounts, aside_accounts);
    if (r == 0 && there && cb != NULL) {
        snprintf(line, sizeof(line), "The database that was there is now %s, with %s.", aside_path,
                 aside_accounts);
        cb(ctx, line);
    }
    free(aside_path);
    free(aside_accounts);
    return r == 0 ? sync_parent(place) : r;
}

/* The shared file comes last: while it is in `ready`, whatever has its name is old. The same
 * goes for the directory of the accounts. */
static int finish_one(const struct place *place, const char *when, hearth_text_cb cb, void *ctx)
{
    char ready[PLACE_PATH_MAX], shared[PLACE_PATH_MAX + 32], accounts[PLACE_PATH_MAX + 32];
    struct stat status;
    int r = 0;
    snprintf(ready, sizeof(ready), "%s%s%s", place->path, READY, when);
    snprintf(shared, sizeof(shared), "%s/" BACKUP_SHARED_NAME, ready);
    snprintf(accounts, sizeof(accounts), "%s/accounts", ready);
    if (stat(shared, &status) == 0) {
        bool accounts_too = stat(accounts, &status) == 0;
        r = put_aside(place, when, accounts_too, cb, ctx);
        if (r == 0 && accounts_too && rename(accounts, place->accounts) != 0)
            r = fail_rename(place, place->accounts, errno);
        if (r == 0)
            r = sync_parent(place);
        if (r == 0 && rename(shared, place->path) != 0)
            r = fail_rename(place, place->path, errno);
        if (r == 0)
            r = sync_parent(place);
    }
    if (r == 0 && rmdir(ready) != 0 && errno != ENOENT)
        r = fail_rename(place, ready, errno);
    return r;
}

/* Calls `each` for the names beside the database that begin with its name and `kind`; stops when
 * it does not return 0. `rest` is what follows. */
static int each_beside(const char *path, const char *kind, int (*each)(void *ctx, const char *rest),
                       void *ctx)
{
    char parent[PLACE_PATH_MAX], prefix[300];
    const char *name = strrchr(path, '/') + 1;
    int r = 0;
    snprintf(parent, sizeof(parent), "%.*s", (int)(name - path), path);
    snprintf(prefix, sizeof(prefix), "%s%s", name, kind);
    DIR *directory = opendir(parent);
    if (directory == NULL)
        return 0;
    for (struct dirent *entry; r == 0 && (entry = readdir(directory)) != NULL;)
        if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
            r = each(ctx, entry->d_name + strlen(prefix));
    closedir(directory);
    return r;
}

static int keep_name(void *ctx, const char *when)
{
    snprintf(ctx, 64, "%s", when);
    return 1;
}

bool sqlite_replace_is_pending(const char *path)
{
    char when[64];
    return each_beside(path, READY, keep_name, when) != 0;
}

int sqlite_replace_pending_paths(const char *path, char **ret_shared, char **ret_accounts)
{
    char when[64];
    size_t size = strlen(path) + 128;
    if (each_beside(path, READY, keep_name, when) == 0)
        return -1;
    char *shared = malloc(size), *accounts = malloc(size);
    if (shared == NULL || accounts == NULL) {
        free(shared);
        free(accounts);
        return -1;
    }
    snprintf(shared, size, "%s%s%s/" BACKUP_SHARED_NAME, path, READY, when);
    snprintf(accounts, size, "%s%s%s/accounts", path, READY, when);
    *ret_shared = shared;
    *ret_accounts = accounts;
    return 0;
}

int sqlite_replace_finish(const struct place *place, hearth_text_cb cb, void *ctx)
{
    char when[64];
    while (each_beside(place->path, READY, keep_name, when) != 0) {
        int r = finish_one(place, when, cb, ctx);
        if (r < 0)
            return r;
    }
    return 0;
}

int sqlite_replace_with(const struct place *place, const char *stage, hearth_text_cb cb, void *ctx)
{
    char ready[PLACE_PATH_MAX], when[40];
    uint16_t random;
    time_t now = (time_t)(place->host->now_ms(place->host) / 1000);
    struct tm utc;
    place->host->random(place->host, &random, sizeof(random));
    gmtime_r(&now, &utc);
    size_t size = strftime(when, sizeof(when), "%Y%m%dT%H%M%SZ", &utc);
    snprintf(when + size, sizeof(when) - size, "-%04x", random);
    snprintf(ready, sizeof(ready), "%s%s%s", place->path, READY, when);
    int r = sqlite_files_sync_directory(place->call, stage);
    if (r == 0 && rename(stage, ready) != 0)
        r = fail_rename(place, ready, errno);
    if (r == 0)
        r = sync_parent(place);
    return r == 0 ? sqlite_replace_finish(place, cb, ctx) : r;
}

int sqlite_replace_make_stage(const struct place *place, char ret_stage[PLACE_PATH_MAX])
{
    uint32_t random;
    char stage[PLACE_PATH_MAX], accounts[PLACE_PATH_MAX + 16];
    place->host->random(place->host, &random, sizeof(random));
    snprintf(stage, sizeof(stage), "%s%s%08x", place->path, STAGE, random);
    snprintf(accounts, sizeof(accounts), "%s/accounts", stage);
    if (mkdir(stage, 0700) != 0)
        return errno == ENOENT
                   ? hearth_fail(place->call, HEARTH_ERR_INVALID, "%s: %s", stage, strerror(errno))
                   : fail_rename(place, stage, errno);
    support_owner_give_directory(stage);
    if (mkdir(accounts, 0700) != 0) {
        int error = errno;
        rmdir(stage);
        return fail_rename(place, accounts, error);
    }
    support_owner_give_directory(accounts);
    memcpy(ret_stage, stage, sizeof(stage));
    return 0;
}

static void remove_files_in(const char *directory)
{
    char path[PLACE_PATH_MAX + 300];
    DIR *entries = opendir(directory);
    if (entries == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
        unlink(path); /* neither "." nor accounts/ can be */
    }
    closedir(entries);
    rmdir(directory);
}

void sqlite_replace_remove_stage(const char *stage)
{
    char accounts[PLACE_PATH_MAX + 16];
    snprintf(accounts, sizeof(accounts), "%s/accounts", stage);
    remove_files_in(accounts);
    remove_files_in(stage);
}

static int sweep_one(void *ctx, const char *rest)
{
    char stage[PLACE_PATH_MAX];
    snprintf(stage, sizeof(stage), "%s%s%s", (const char *)ctx, STAGE, rest);
    sqlite_replace_remove_stage(stage);
    return 0;
}

void sqlite_replace_sweep(const char *path)
{
    each_beside(path, STAGE, sweep_one, (void *)path);
}

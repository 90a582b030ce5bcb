/* An archive of backup() becomes the database. It is unpacked beside the place, checked, and
 * then put in it by renaming; what was there before is put aside by renaming. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup.h"
#include "connection.h"
#include "files.h"
#include "migrations.h"
#include "open.h"
#include "renumber.h"
#include "replace.h"
#include "rules.h"
#include "sums.h"
#include "tar.h"
#include "use_lock.h"
#include "support/call.h"
#include "support/owner.h"

enum { CHUNK = 1 << 14, NAME = PLACE_PATH_MAX };

struct restore {
    const struct hearth_host *host;
    struct hearth_call *call;
    const char *archive;
    char *path, *accounts; /* where the database belongs */
    char stage[NAME];      /* the directory in which it is unpacked, as hearth.db and accounts/ */
    size_t persons;        /* files of persons that were unpacked and not yet checked */
    bool single;           /* the archive is the one file of an older release */
    struct sums *sums;     /* of what was unpacked */
    bool summed;           /* the archive says the same sums */
    bool older;            /* a file in it has the schema of an older release */
};

static int restore_fail_errno(struct restore *restore, const char *path, int error)
{
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(restore->call, HEARTH_ERR_FULL, "%s: the disk is full: make room", path);
    if (error == EFBIG)
        return hearth_fail(
            restore->call, HEARTH_ERR_FULL,
            "%s: the file may not grow any more: raise this process's limit of file sizes", path);
    if (error == ENOENT || error == ENOTDIR)
        return hearth_fail(restore->call, HEARTH_ERR_INVALID, "%s: %s", path, strerror(error));
    if (error == EACCES || error == EPERM || error == EROFS)
        return hearth_fail(restore->call, HEARTH_ERR_DENIED, "%s: %s", path, strerror(error));
    return hearth_fail(restore->call, HEARTH_ERR_IO, "%s: %s", path, strerror(error));
}

static int not_a_backup(struct restore *restore)
{
    return hearth_fail(restore->call, HEARTH_ERR_CORRUPT,
                       "%s: is damaged, cut off, or no backup that hearthd made", restore->archive);
}

static int check_stopped(struct restore *restore)
{
    if (restore->host->should_stop(restore->call))
        return hearth_fail(restore->call, HEARTH_ERR_CANCELLED, "the restore was stopped");
    return 0;
}

static int write_all(struct restore *restore, int out, const char *target, const void *bytes,
                     size_t size)
{
    for (const char *at = bytes; size > 0;) {
        ssize_t n = write(out, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return restore_fail_errno(restore, target, errno);
        at += n;
        size -= (size_t)n;
    }
    return check_stopped(restore);
}

/* An entry's content; `size` is what its header said. */
static int copy_entry(struct restore *restore, struct archive *tar, int64_t size, int out,
                      const char *target)
{
    const void *bytes;
    size_t n;
    int r;
    while ((r = sqlite_tar_read_content(tar, &bytes, &n)) > 0) {
        if ((int64_t)n > size)
            return not_a_backup(restore);
        r = write_all(restore, out, target, bytes, n);
        if (r == 0 && !sqlite_sums_add(restore->sums, bytes, n))
            r = support_no_memory(restore->call);
        if (r < 0)
            return r;
        size -= (int64_t)n;
    }
    if (r < 0 && errno != 0)
        return restore_fail_errno(restore, restore->archive, errno);
    return r == 0 && size == 0 ? 0 : not_a_backup(restore);
}

/* The whole file: what an older release's backup was. */
static int copy_single(struct restore *restore, int fd, int out, const char *target)
{
    char buffer[CHUNK];
    ssize_t n;
    while ((n = read(fd, buffer, sizeof(buffer))) > 0) {
        int r = write_all(restore, out, target, buffer, (size_t)n);
        if (r < 0)
            return r;
    }
    return n == 0 ? 0 : restore_fail_errno(restore, restore->archive, errno);
}

/* Into a new file, which is on the disk afterwards. */
static int unpack_file(struct restore *restore, int fd, struct archive *tar, int64_t size,
                       const char *target)
{
    int out = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (out < 0) /* twice in the archive */
        return errno == EEXIST ? not_a_backup(restore) : restore_fail_errno(restore, target, errno);
    support_owner_give(out, target);
    int r = tar == NULL ? copy_single(restore, fd, out, target)
                        : copy_entry(restore, tar, size, out, target);
    if (r == 0 && fsync(out) != 0)
        r = restore_fail_errno(restore, target, errno);
    close(out);
    return r;
}

static bool is_person_name(const char *name)
{
    if (strncmp(name, "accounts/", 9) != 0)
        return false;
    size_t size = strspn(name + 9, "abcdefghijklmnopqrstuvwxyz0123456789");
    return size > 0 && size <= 32 && strcmp(name + 9 + size, ".db") == 0;
}

/* The content of SHA256SUMS against what was unpacked before it. */
static int check_sums(struct restore *restore, struct archive *tar, int64_t size)
{
    const void *bytes;
    size_t n, have = 0, wanted = strlen(sqlite_sums_text(restore->sums));
    int r;
    if (size != (int64_t)wanted)
        return not_a_backup(restore);
    char *text = malloc(wanted + 1);
    if (text == NULL)
        return support_no_memory(restore->call);
    while ((r = sqlite_tar_read_content(tar, &bytes, &n)) > 0 && n <= wanted - have) {
        memcpy(text + have, bytes, n);
        have += n;
    }
    const char *differs = r == 0 ? sqlite_sums_differ(restore->sums, text, have) : "";
    free(text);
    if (r < 0 && errno != 0)
        return restore_fail_errno(restore, restore->archive, errno);
    if (differs != NULL && differs[0] != '\0')
        return hearth_fail(
            restore->call, HEARTH_ERR_CORRUPT,
            "%s: %s in it is not what was backed up (its SHA-256 is another): take another archive",
            restore->archive, differs);
    restore->summed = differs == NULL;
    return differs == NULL ? 0 : not_a_backup(restore);
}

static int unpack_entry(struct restore *restore, struct archive *tar, const struct tar_entry *entry,
                        bool *ret_shared)
{
    char target[NAME + 128];
    if (restore->summed) /* they are the last member */
        return not_a_backup(restore);
    if (strcmp(entry->name, BACKUP_SUMS_NAME) == 0)
        return check_sums(restore, tar, entry->size);
    bool is_shared = strcmp(entry->name, BACKUP_SHARED_NAME) == 0;
    if (!is_shared && !is_person_name(entry->name))
        return not_a_backup(restore);
    *ret_shared |= is_shared;
    restore->persons += !is_shared;
    snprintf(target, sizeof(target), "%s/%s", restore->stage, entry->name);
    int r = unpack_file(restore, -1, tar, entry->size, target);
    return r == 0 && !sqlite_sums_end(restore->sums, entry->name) ? support_no_memory(restore->call)
                                                                  : r;
}

static int unpack_entries(struct restore *restore, struct archive *tar)
{
    struct tar_entry entry;
    bool shared = false;
    int64_t end = 0;
    int r;
    while ((r = sqlite_tar_read_header(tar, &entry)) > 0) {
        r = unpack_entry(restore, tar, &entry, &shared);
        if (r < 0)
            return r;
        end = sqlite_tar_position(tar);
    }
    if (r < 0 && errno != 0)
        return restore_fail_errno(restore, restore->archive, errno);
    /* libarchive does not mind when the two blocks of zeros at the end are missing. */
    return r == 0 && shared && sqlite_tar_position(tar) - end >= 1024 ? 0 : not_a_backup(restore);
}

static int unpack_archive(struct restore *restore, int fd)
{
    struct archive *tar = sqlite_tar_reader_create(fd);
    if (tar == NULL && errno == ENOPKG)
        return hearth_fail(restore->call, HEARTH_ERR_UNSUPPORTED, "%s", TAR_LIBRARY_MISSING);
    if (tar == NULL)
        return errno == 0 ? not_a_backup(restore)
                          : restore_fail_errno(restore, restore->archive, errno);
    restore->sums = sqlite_sums_create();
    int r = restore->sums == NULL ? support_no_memory(restore->call) : unpack_entries(restore, tar);
    sqlite_sums_free(restore->sums);
    sqlite_tar_reader_free(tar);
    return r;
}

static int restore_unpack(struct restore *restore)
{
    char magic[16] = "", target[NAME + 16];
    struct stat status;
    int fd = open(restore->archive, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return restore_fail_errno(restore, restore->archive, errno);
    int r = fstat(fd, &status) != 0 || pread(fd, magic, sizeof(magic), 0) < 0
                ? restore_fail_errno(restore, restore->archive, errno)
                : 0;
    restore->single = memcmp(magic, "SQLite format 3", sizeof(magic)) == 0;
    if (r == 0 && restore->single) {
        snprintf(target, sizeof(target), "%s/" BACKUP_SHARED_NAME, restore->stage);
        r = unpack_file(restore, fd, NULL, 0, target);
    } else if (r == 0) {
        r = unpack_archive(restore, fd);
    }
    close(fd);
    return r;
}

/* The first column of a query's only row as text; "" when there is none. */
static int restore_query_text(struct restore *restore, sqlite3 *db, const char *sql, const char *of,
                              char *out, size_t size)
{
    sqlite3_stmt *query;
    out[0] = '\0';
    int r = sqlite3_prepare_v2(db, sql, -1, &query, NULL);
    if (r == SQLITE_OK && (r = sqlite3_step(query)) == SQLITE_ROW &&
        sqlite3_column_text(query, 0) != NULL)
        snprintf(out, size, "%s", (const char *)sqlite3_column_text(query, 0));
    sqlite3_finalize(query);
    return r == SQLITE_ROW || r == SQLITE_DONE
               ? 0
               : hearth_fail(restore->call, HEARTH_ERR_CORRUPT, "%s: %s in it is damaged (%s)",
                             restore->archive, of, sqlite3_errmsg(db));
}

/* What verify would find. A file of an older schema has other rules: of it, only what holds in
 * all. */
static int restore_check_rules(struct restore *restore, sqlite3 *db, const char *of, bool person,
                               bool current)
{
    struct rules_findings findings = {.count = 0};
    bool enough;
    int r = !current
                ? sqlite_rules_check_structure(db, sqlite_rules_count_finding, &findings, &enough)
            : person ? sqlite_rules_check_person(db, sqlite_rules_count_finding, &findings)
                     : sqlite_rules_check_shared(db, sqlite_rules_count_finding, &findings);
    restore->older |= !current;
    if (r == SQLITE_NOMEM)
        return support_no_memory(restore->call);
    if (r == SQLITE_OK && findings.count == 0)
        return 0;
    return hearth_fail(
        restore->call, HEARTH_ERR_CORRUPT, "%s: %s in it is damaged (%s)", restore->archive, of,
        findings.count == 0 ? sqlite3_errmsg(db) : sqlite_rules_findings_text(&findings));
}

static int restore_check_file(struct restore *restore, sqlite3 *db, const char *of, bool person)
{
    char found[200];
    size_t known = person ? sqlite_person_migration_count : sql_migration_count;
    int r = restore_query_text(restore, db, "PRAGMA application_id", of, found, sizeof(found));
    if (r == 0 &&
        strtoll(found, NULL, 10) != (person ? PERSON_APPLICATION_ID : SHARED_APPLICATION_ID))
        r = hearth_fail(restore->call, HEARTH_ERR_INVALID, "%s: %s in it is no database of hearthd",
                        restore->archive, of);
    if (r == 0)
        r = restore_query_text(restore, db, "PRAGMA user_version", of, found, sizeof(found));
    if (r == 0 && strtoull(found, NULL, 10) > known)
        r = hearth_fail(restore->call, HEARTH_ERR_UNSUPPORTED,
                        "%s: was made by a newer release (schema %s, known up to %zu): install it",
                        restore->archive, found, known);
    return r == 0 ? restore_check_rules(restore, db, of, person, strtoull(found, NULL, 10) == known)
                  : r;
}

static int open_staged(struct restore *restore, const char *name, sqlite3 **ret_db)
{
    char path[NAME + 128];
    snprintf(path, sizeof(path), "%s/%s", restore->stage, name);
    int r = sqlite3_open_v2(
        path, ret_db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (r == SQLITE_OK)
        return 0;
    sqlite3_close(*ret_db);
    return hearth_fail(restore->call, HEARTH_ERR_CORRUPT, "%s: %s in it is missing or damaged",
                       restore->archive, name);
}

/* Once it is checked: what follows is not what was backed up. */
static int restored_renumber(struct restore *restore, sqlite3 *db, const char *of, bool person)
{
    char schema[32];
    int r = restore_query_text(restore, db, "PRAGMA user_version", of, schema, sizeof(schema));
    if (r < 0)
        return r;
    r = (person ? sqlite_renumber_person : sqlite_renumber_shared)(
        db, strtoll(schema, NULL, 10), restore->host->now_ms(restore->host));
    if (r == SQLITE_OK)
        return 0;
    return r == SQLITE_NOMEM
               ? support_no_memory(restore->call)
               : sqlite_connection_fail_text(restore->call, of, r, sqlite_connection_errno(db),
                                             sqlite3_errmsg(db));
}

static int restored_check_person(struct restore *restore, const char *id)
{
    char name[64], found[64];
    sqlite3 *db;
    snprintf(name, sizeof(name), BACKUP_PERSON_NAME, id);
    int r = is_person_name(name) ? open_staged(restore, name, &db) : not_a_backup(restore);
    if (r < 0)
        return r;
    r = restore_check_file(restore, db, name, true);
    if (r == 0)
        r = restore_query_text(restore, db, "SELECT id FROM account", name, found, sizeof(found));
    if (r == 0 && strcmp(found, id) != 0)
        r = hearth_fail(restore->call, HEARTH_ERR_CORRUPT,
                        "%s: %s in it is the file of another account", restore->archive, name);
    if (r == 0)
        r = restored_renumber(restore, db, name, true);
    sqlite3_close(db);
    return r == 0 ? check_stopped(restore) : r;
}

/* Every file, and that none is missing. */
static int check_staged(struct restore *restore)
{
    sqlite3 *db;
    sqlite3_stmt *list;
    char version[32];
    int r = open_staged(restore, BACKUP_SHARED_NAME, &db);
    if (r < 0)
        return r;
    r = restore_check_file(restore, db, BACKUP_SHARED_NAME, false);
    if (r == 0)
        r = restore_query_text(restore, db, "PRAGMA user_version", BACKUP_SHARED_NAME, version,
                               sizeof(version));
    if (r == 0 && strtoll(version, NULL, 10) >= 2) { /* before, there was one file */
        int s = sqlite3_prepare_v2(db, "SELECT id FROM accounts WHERE file = 1", -1, &list, NULL);
        while (s == SQLITE_OK || s == SQLITE_ROW) {
            s = sqlite3_step(list);
            if (s == SQLITE_ROW && (r = restored_check_person(
                                        restore, (const char *)sqlite3_column_text(list, 0))) < 0)
                break;
            restore->persons -= s == SQLITE_ROW;
        }
        sqlite3_finalize(list);
        if (r == 0 && s != SQLITE_DONE)
            r = not_a_backup(restore);
    }
    if (r == 0)
        r = restored_renumber(restore, db, BACKUP_SHARED_NAME, false);
    sqlite3_close(db);
    /* one that belongs to no account */
    return r == 0 && restore->persons != 0 ? not_a_backup(restore) : r;
}

/* A database in which nobody has an account yet may be replaced without being asked. */
static bool restore_target_is_empty(struct restore *restore)
{
    struct stat status;
    sqlite3 *db;
    sqlite3_stmt *any;
    if (sqlite_database_has_files(restore->accounts))
        return false;
    if (stat(restore->path, &status) != 0 || status.st_size == 0)
        return errno == ENOENT || status.st_size == 0;
    int r = sqlite3_open_v2(restore->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    bool empty = false;
    if (r == SQLITE_OK &&
        sqlite3_prepare_v2(db, "SELECT 1 FROM accounts LIMIT 1", -1, &any, NULL) == SQLITE_OK) {
        empty = sqlite3_step(any) == SQLITE_DONE;
        sqlite3_finalize(any);
    }
    sqlite3_close(db);
    return empty;
}

/* How far the restored data is vouched for. */
static void restore_report_checked(const struct restore *restore, hearth_text_cb cb, void *ctx)
{
    if (cb == NULL)
        return;
    if (!restore->summed)
        cb(ctx, "This backup is of a release that put no SHA-256 sums in it: a byte that changed "
                "in a text or number since then was not "
                "noticed.");
    if (restore->older)
        cb(ctx, "It has the schema of an older release, so that only its structure was checked: "
                "run \"hearthd verify\" after the next start.");
}

static int restore_all(struct restore *restore, const struct place *place, bool replace,
                       hearth_text_cb cb, void *ctx)
{
    char accounts[NAME + 16];
    sqlite_replace_sweep(restore->path);
    int r = sqlite_replace_finish(place, cb, ctx); /* of a restore before, which was stopped */
    if (r < 0)
        return r;
    if (!replace && !restore_target_is_empty(restore))
        return hearth_fail(restore->call, HEARTH_ERR_CONFLICT,
                           "%s: there is a database with accounts already: with --replace it is "
                           "put aside under another name",
                           restore->path);
    r = sqlite_replace_make_stage(place, restore->stage);
    if (r < 0)
        return r;
    r = restore_unpack(restore);
    if (r == 0)
        r = check_staged(restore);
    snprintf(accounts, sizeof(accounts), "%s/accounts", restore->stage);
    if (r == 0)
        r = sqlite_files_sync_directory(restore->call, accounts);
    if (r == 0)
        r = sqlite_replace_with(place, restore->stage, cb, ctx);
    if (r == 0)
        restore_report_checked(restore, cb, ctx);
    sqlite_replace_remove_stage(restore->stage);
    return r;
}

int sqlite_restore(const struct hearth_host *host, struct hearth_call *call,
                   const struct hearth_config_value *values, const char *path, bool replace,
                   hearth_text_cb cb, void *ctx)
{
    struct restore restore = {.host = host, .call = call, .archive = path};
    int lock;
    if (path == NULL || path[0] == '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID, "no file is named");
    if (strlen(sqlite_database_path_value(values)) > NAME - 200)
        return hearth_fail(call, HEARTH_ERR_INVALID, "path is too long");
    sqlite_database_set_up(host);
    if (sqlite_database_paths(sqlite_database_path_value(values), &restore.path,
                              &restore.accounts) < 0)
        return support_no_memory(call);
    int r = sqlite_use_lock_alone(host, call, restore.path, &lock);
    if (r == 0) {
        r = restore_all(&restore, &(struct place){host, call, restore.path, restore.accounts},
                        replace, cb, ctx);
        if (lock >= 0)
            close(lock);
    }
    free(restore.path);
    free(restore.accounts);
    return r;
}

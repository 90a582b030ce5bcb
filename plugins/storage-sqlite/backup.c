/* One archive of the shared file and every person's. The shared file is copied first, and each
 * person's after it: every account of the archive has its credentials and tokens, and what was
 * removed meanwhile is taken out of the copy. A person's copy is a whole by itself. */
#include "backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backup_stage.h"
#include "connection.h"
#include "files.h"
#include "handle.h"
#include "open.h"
#include "query.h"
#include "rules.h"
#include "sums.h"
#include "tar.h"
#include "support/call.h"
#include "support/owner.h"

enum { STEP_PAGES = 256, CHUNK = 1 << 14 }; /* between looks at the stop conditions */

struct copy {
    struct handle *handle;
    const char *path; /* where the archive belongs; it gets there when it is complete */
    struct backup_stage stage;
    struct tar_writer *tar;
    struct sums *sums; /* of the members that are in it */
    int fd;            /* of the archive */
};

static int copy_fail_errno(struct copy *copy, int error)
{
    struct hearth_call *call = copy->handle->call;
    if (error == EEXIST)
        return hearth_fail(call, HEARTH_ERR_CONFLICT, "%s: exists already: choose another name",
                           copy->path);
    if (error == ENOENT || error == ENOTDIR)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: the directory does not exist",
                           copy->path);
    if (error == EACCES || error == EPERM || error == EROFS)
        return hearth_fail(call, HEARTH_ERR_DENIED, "%s: %s", copy->path, strerror(error));
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full", copy->path);
    if (error == ENOMEM)
        return support_no_memory(call);
    if (error == ENOPKG)
        return hearth_fail(call, HEARTH_ERR_UNSUPPORTED, "%s", TAR_LIBRARY_MISSING);
    if (error == EFBIG)
        return hearth_fail(
            call, HEARTH_ERR_FULL,
            "%s: the file may not grow any more: raise this process's limit of file sizes",
            copy->path);
    return hearth_fail(call, HEARTH_ERR_IO, "%s: %s", copy->path, strerror(error));
}

static int open_archive(struct copy *copy)
{
    struct stat status;
    if (lstat(copy->path, &status) == 0)
        return copy_fail_errno(copy, EEXIST);
    if (sqlite_backup_stage_make(&copy->stage, copy->handle->database->host, copy->path) < 0)
        return copy_fail_errno(copy, errno);
    copy->fd = open(copy->stage.archive, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (copy->fd < 0)
        return copy_fail_errno(copy, errno);
    support_owner_give(copy->fd, copy->stage.directory); /* the archive's place is beside it */
    copy->sums = sqlite_sums_create();
    if (copy->sums == NULL)
        return copy_fail_errno(copy, ENOMEM);
    copy->tar = sqlite_tar_writer_create(copy->fd);
    return copy->tar == NULL ? copy_fail_errno(copy, errno) : 0;
}

static int fail_target(struct copy *copy, sqlite3 *db, int code)
{
    int error = db == NULL ? 0 : sqlite_connection_errno(db);
    if ((code & 0xff) == SQLITE_FULL)
        return copy_fail_errno(copy, ENOSPC);
    if ((code & 0xff) == SQLITE_NOMEM)
        return support_no_memory(copy->handle->call);
    if ((code & 0xff) == SQLITE_IOERR && error != 0)
        return copy_fail_errno(copy, error);
    return hearth_fail(copy->handle->call, HEARTH_ERR_IO, "%s: %s", copy->path,
                       db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db));
}

static int copy_on_progress(void *ctx)
{
    return sqlite_handle_stopped(ctx) < 0;
}

/* Needs no journal: nobody takes it for a database. */
static int open_target(struct copy *copy, const char *target, sqlite3 **ret_db)
{
    sqlite3 *db = NULL;
    int fd = open(target, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return copy_fail_errno(copy, errno);
    close(fd);
    int r = sqlite3_open_v2(
        target, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_exec(
            db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024",
            NULL, NULL, NULL);
    if (r != SQLITE_OK) {
        r = fail_target(copy, db, r);
        sqlite3_close(db);
        return r;
    }
    sqlite3_progress_handler(db, 5000, copy_on_progress, copy->handle);
    *ret_db = db;
    return 0;
}

static int copy_pages(struct copy *copy, struct connection *source, sqlite3 *db)
{
    struct handle *handle = copy->handle;
    sqlite3_backup *backup = sqlite3_backup_init(db, "main", source->db, "main");
    if (backup == NULL)
        return fail_target(copy, db, sqlite3_errcode(db));
    int r, stopped = 0;
    do {
        r = sqlite3_backup_step(backup, STEP_PAGES);
        stopped = sqlite_handle_stopped(handle);
    } while (r == SQLITE_OK && stopped == 0);
    sqlite3_backup_finish(backup);
    if (r == SQLITE_DONE)
        return 0;
    if (stopped < 0)
        return hearth_fail(handle->call, stopped, "the backup was stopped");
    if ((r & 0xff) == SQLITE_CORRUPT || (r & 0xff) == SQLITE_NOTADB)
        return sqlite_connection_fail(source, r);
    return fail_target(copy, db, r);
}

/* The source is read inside one transaction: the copy has one state, however long it takes and
 * whatever is committed meanwhile. */
static int copy_snapshot(struct copy *copy, struct connection *source, sqlite3 *db)
{
    struct handle *handle = copy->handle;
    handle->current = source;
    int r = sqlite_query_exec(handle, "BEGIN");
    if (r == 0)
        r = sqlite_query_exec(handle, "SELECT count(*) FROM sqlite_schema");
    if (r == 0)
        r = copy_pages(copy, source, db);
    sqlite3_exec(source->db, "ROLLBACK", NULL, NULL, NULL);
    handle->current = handle->shared;
    return r;
}

/* A copy of a damaged file is no backup: what verify would find keeps the archive from being
 * made. */
static int check_copy(struct copy *copy, struct connection *source, sqlite3 *db)
{
    struct handle *handle = copy->handle;
    struct rules_findings findings = {.count = 0};
    int r = source->person == NULL
                ? sqlite_rules_check_shared(db, sqlite_rules_count_finding, &findings)
                : sqlite_rules_check_person(db, sqlite_rules_count_finding, &findings);
    int stopped = sqlite_handle_stopped(handle);
    if (stopped < 0)
        return hearth_fail(handle->call, stopped, "the backup was stopped");
    if (r != SQLITE_OK && (r & 0xff) != SQLITE_CORRUPT && (r & 0xff) != SQLITE_NOTADB)
        return fail_target(copy, db, r);
    if (r == SQLITE_OK && findings.count == 0)
        return 0;
    return hearth_fail(
        handle->call, HEARTH_ERR_CORRUPT,
        "%s: is damaged (%s): no backup was made; \"hearthd verify\" says more", source->path,
        findings.count == 0 ? sqlite3_errstr(r) : sqlite_rules_findings_text(&findings));
}

static int make_copy(struct copy *copy, struct connection *source, const char *target,
                     sqlite3 **ret_db)
{
    sqlite3 *db = NULL;
    int r = open_target(copy, target, &db);
    if (r < 0)
        return r;
    r = copy_snapshot(copy, source, db);
    if (r == 0)
        r = check_copy(copy, source, db);
    if (r < 0) {
        sqlite3_close(db);
        return r;
    }
    *ret_db = db;
    return 0;
}

static int append_bytes(struct copy *copy, int from, int64_t size)
{
    char buffer[CHUNK];
    while (size > 0) {
        int stopped = sqlite_handle_stopped(copy->handle);
        if (stopped < 0)
            return hearth_fail(copy->handle->call, stopped, "the backup was stopped");
        ssize_t n = read(from, buffer, size < CHUNK ? (size_t)size : CHUNK);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return copy_fail_errno(copy, n == 0 ? EIO : errno);
        if (sqlite_tar_write_content(copy->tar, buffer, (size_t)n) < 0)
            return copy_fail_errno(copy, errno == 0 ? EIO : errno);
        if (!sqlite_sums_add(copy->sums, buffer, (size_t)n))
            return copy_fail_errno(copy, ENOMEM);
        size -= n;
    }
    return 0;
}

/* Closes the copy, and moves it into the archive. */
static int copy_append_file(struct copy *copy, sqlite3 *db, const char *file, const char *name)
{
    const struct hearth_host *host = copy->handle->database->host;
    struct stat status;
    if (sqlite3_close(db) != SQLITE_OK)
        return hearth_fail(copy->handle->call, HEARTH_ERR_IO, "%s: cannot close the copy",
                           copy->path);
    int fd = open(file, O_RDONLY | O_CLOEXEC), r = 0;
    if (fd < 0 || fstat(fd, &status) != 0 ||
        sqlite_tar_write_header(copy->tar, name, status.st_size, host->now_ms(host) / 1000) < 0)
        r = copy_fail_errno(copy, errno == 0 ? EIO : errno);
    if (r == 0)
        r = append_bytes(copy, fd, status.st_size);
    if (r == 0 && !sqlite_sums_end(copy->sums, name))
        r = copy_fail_errno(copy, ENOMEM);
    if (fd >= 0)
        close(fd);
    unlink(file);
    return r;
}

/* The account was removed after the shared file was copied. All that belongs to it goes with it,
 * as the schema says. */
static int drop_account(struct copy *copy, sqlite3 *shared, const char *id)
{
    sqlite3_stmt *drop;
    int r = sqlite3_exec(shared, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_prepare_v2(shared, "DELETE FROM accounts WHERE id = ?", -1, &drop, NULL);
    if (r != SQLITE_OK)
        return fail_target(copy, shared, r);
    r = sqlite3_bind_text(drop, 1, id, -1, SQLITE_STATIC);
    if (r == SQLITE_OK)
        r = sqlite3_step(drop);
    sqlite3_finalize(drop);
    return r == SQLITE_DONE ? 0 : fail_target(copy, shared, r);
}

/* What was wrong with a person's file is nothing when its account has been removed since the
 * shared file was copied. */
static int unless_removed(struct copy *copy, sqlite3 *shared, const char *id, int code)
{
    struct handle *handle = copy->handle;
    struct sqlite_file_state state;
    char why[400];
    snprintf(why, sizeof(why), "%s", handle->call->error);
    sqlite_backup_stage_drop_person(&copy->stage);
    if (sqlite_file_state(handle, id, &state) == HEARTH_ERR_NOT_FOUND)
        return drop_account(copy, shared, id);
    return hearth_fail(handle->call, code, "%s", why);
}

static int add_person(struct copy *copy, sqlite3 *shared, const char *id)
{
    struct handle *handle = copy->handle;
    struct connection *connection;
    char name[64];
    sqlite3 *db;
    int r = sqlite_pool_borrow(handle, id, &connection);
    if (r < 0)
        return unless_removed(copy, shared, id, r);
    snprintf(name, sizeof(name), BACKUP_PERSON_NAME, id);
    r = make_copy(copy, connection, copy->stage.person, &db);
    sqlite_pool_give_back(handle, connection);
    if (r == HEARTH_ERR_CORRUPT)
        return unless_removed(copy, shared, id, r);
    return r == 0 ? copy_append_file(copy, db, copy->stage.person, name) : r;
}

/* 1: the next account with a file after `id`, which becomes it; 0: none. */
static int next_account(struct copy *copy, sqlite3 *shared, char id[40])
{
    sqlite3_stmt *next;
    int r = sqlite3_prepare_v2(
        shared, "SELECT id FROM accounts WHERE file = 1 AND id > ? ORDER BY id LIMIT 1", -1, &next,
        NULL);
    if (r == SQLITE_OK)
        r = sqlite3_bind_text(next, 1, id, -1, SQLITE_TRANSIENT);
    if (r == SQLITE_OK)
        r = sqlite3_step(next);
    if (r == SQLITE_ROW)
        snprintf(id, 40, "%s", (const char *)sqlite3_column_text(next, 0));
    sqlite3_finalize(next);
    return r == SQLITE_ROW ? 1 : r == SQLITE_DONE ? 0 : fail_target(copy, shared, r);
}

static int append_sums(struct copy *copy)
{
    const struct hearth_host *host = copy->handle->database->host;
    const char *text = sqlite_sums_text(copy->sums);
    size_t size = strlen(text);
    int r = sqlite_tar_write_header(copy->tar, BACKUP_SUMS_NAME, (int64_t)size,
                                    host->now_ms(host) / 1000);
    if (r == 0)
        r = sqlite_tar_write_content(copy->tar, text, size);
    return r < 0 ? copy_fail_errno(copy, errno == 0 ? EIO : errno) : 0;
}

static int fill_archive(struct copy *copy)
{
    sqlite3 *shared;
    char id[40] = "";
    int r = make_copy(copy, copy->handle->shared, copy->stage.shared, &shared);
    if (r < 0)
        return r;
    while ((r = next_account(copy, shared, id)) > 0) {
        r = add_person(copy, shared, id);
        if (r < 0)
            break;
    }
    if (r < 0) {
        sqlite3_close(shared);
        return r;
    }
    /* After the persons': accounts were taken out of it. */
    r = copy_append_file(copy, shared, copy->stage.shared, BACKUP_SHARED_NAME);
    if (r == 0)
        r = append_sums(copy);
    return r == 0 && sqlite_tar_write_end(copy->tar) < 0
               ? copy_fail_errno(copy, errno == 0 ? EIO : errno)
               : r;
}

static int copy_publish(struct copy *copy)
{
    const char *archive = copy->stage.archive;
    if (fsync(copy->fd) != 0)
        return copy_fail_errno(copy, errno);
    /* link() does not replace a file that appeared meanwhile, rename() would. Some file systems
     * know renameat2() only, some link() only. */
    if (renameat2(AT_FDCWD, archive, AT_FDCWD, copy->path, RENAME_NOREPLACE) != 0) {
        if (errno != EINVAL && errno != ENOSYS)
            return copy_fail_errno(copy, errno);
        if (link(archive, copy->path) != 0)
            return copy_fail_errno(copy, errno);
    }
    return sqlite_backup_stage_sync_parent(&copy->stage, copy->handle->call);
}

static int make_archive(struct copy *copy)
{
    int r = open_archive(copy);
    if (r == 0)
        r = fill_archive(copy);
    if (r == 0)
        r = copy_publish(copy);
    sqlite_tar_writer_free(copy->tar);
    sqlite_sums_free(copy->sums);
    if (copy->fd >= 0)
        close(copy->fd);
    sqlite_backup_stage_remove(&copy->stage);
    return r;
}

int sqlite_backup(void *self, struct hearth_call *call, const char *path)
{
    struct op op;
    if (path == NULL || path[0] == '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID, "no file is named");
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    if (op.handle->batch.open)
        return sql_op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open"));
    struct copy copy = {.handle = op.handle, .path = path, .stage = {.lock = -1}, .fd = -1};
    return sql_op_end(&op, make_archive(&copy));
}

const void *sql_extension(const char *name)
{
    static const struct hearth_storage_backup backup = {
        .struct_size = sizeof(backup), .backup = sqlite_backup, .restore = sqlite_restore};
    return strcmp(name, HEARTH_STORAGE_BULK) == 0      ? (const void *)&sql_bulk
           : strcmp(name, HEARTH_STORAGE_PATHS) == 0   ? (const void *)&sql_paths
           : strcmp(name, HEARTH_STORAGE_PUSH) == 0    ? (const void *)&sql_push
           : strcmp(name, HEARTH_STORAGE_CHANGES) == 0 ? (const void *)&sql_changes
           : strcmp(name, HEARTH_STORAGE_BACKUP) == 0  ? &backup
                                                       : NULL;
}

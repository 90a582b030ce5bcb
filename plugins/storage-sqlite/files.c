#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "handle.h"
#include "migrations.h"
#include "query.h"
#include "support/call.h"
#include "support/owner.h"

static int file_fail_errno(struct hearth_call *call, const char *path, int error)
{
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full: make room", path);
    if (error == EROFS || error == EACCES || error == EPERM)
        return hearth_fail(call, HEARTH_ERR_IO, "%s: %s: let this user write the directory", path,
                           strerror(error));
    if (error == ENOENT || error == ENOTDIR)
        return hearth_fail(call, HEARTH_ERR_IO,
                           "%s: the directory is missing: put it back, or restore a backup", path);
    return hearth_fail(call, HEARTH_ERR_IO, "%s: %s", path, strerror(error));
}

int sqlite_file_state(struct handle *handle, const char *account,
                      struct sqlite_file_state *ret_state)
{
    struct query query;
    struct connection *before = handle->current;
    handle->current = handle->shared;
    sql_query_open(&query, handle, "SELECT file, generation FROM accounts WHERE id = ?");
    sql_query_text(&query, account);
    int r = sql_query_step(&query);
    if (r > 0)
        *ret_state = (struct sqlite_file_state){.exists = sql_column_int(&query, 0) != 0,
                                                .generation = sql_column_int(&query, 1)};
    sql_query_close(&query);
    handle->current = before;
    return r > 0   ? 0
           : r < 0 ? r
                   : hearth_fail(handle->call, HEARTH_ERR_NOT_FOUND, "no such account");
}

int sqlite_files_make_directory(struct database *database, struct hearth_call *call)
{
    struct stat status;
    if (mkdir(database->accounts, 0700) == 0) {
        support_owner_give_directory(database->accounts);
        return sqlite_files_sync_directory(call, database->accounts);
    }
    if (errno != EEXIST)
        return file_fail_errno(call, database->accounts, errno);
    if (stat(database->accounts, &status) != 0 || !S_ISDIR(status.st_mode))
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a directory", database->accounts);
    return 0;
}

int sqlite_files_sync_directory(struct hearth_call *call, const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    /* Some file systems cannot do it, and need it not. */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP))
        r = file_fail_errno(call, directory, errno);
    if (fd >= 0)
        close(fd);
    return r;
}

static int file_put_account(struct handle *handle, sqlite3 *db, const char *path,
                            const char *account, int64_t generation)
{
    sqlite3_stmt *put;
    int r = sqlite3_prepare_v2(
        db, "INSERT INTO account (row, id, generation, forgotten) VALUES (1, ?1, ?2, ?2)", -1, &put,
        NULL);
    if (r == SQLITE_OK)
        r = sqlite3_bind_text(put, 1, account, -1, SQLITE_STATIC);
    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(put, 2, generation);
    if (r == SQLITE_OK)
        r = sqlite3_step(put);
    sqlite3_finalize(put);
    return r == SQLITE_DONE
               ? 0
               : sqlite_connection_fail_text(handle->call, path, r, sqlite_connection_errno(db),
                                             sqlite3_errmsg(db));
}

static int exec_text(struct handle *handle, sqlite3 *db, const char *path, const char *sql)
{
    int r = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return r == SQLITE_OK
               ? 0
               : sqlite_connection_fail_text(handle->call, path, r, sqlite_connection_errno(db),
                                             sqlite3_errmsg(db));
}

/* Nobody else knows the file, and a half one is thrown away: it needs no journal. */
static int fill_file(struct handle *handle, const char *path, const char *account,
                     int64_t generation, file_fill_fn fill, void *ctx)
{
    sqlite3 *db;
    char cache[64];
    int r = sqlite3_open_v2(
        path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    sqlite3_extended_result_codes(db, 1);
    snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%lld",
             (long long)(fill == NULL ? 64 : handle->database->batch_cache / 1024));
    if (r != SQLITE_OK)
        r = sqlite_connection_fail_text(handle->call, path, r, 0, sqlite3_errstr(r));
    if (r == 0)
        r = exec_text(handle, db, path, cache);
    if (r == 0)
        r = exec_text(handle, db, path,
                      "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = "
                      "OFF; BEGIN");
    if (r == 0)
        r = exec_text(handle, db, path, sqlite_person_migrations[0].sql);
    if (r == 0)
        r = file_put_account(handle, db, path, account, generation);
    if (r == 0)
        r = exec_text(handle, db, path, "COMMIT");
    if (r == 0 && fill != NULL) /* from before there were files: they begin with the first schema */
        r = fill(ctx, db, account);
    for (size_t i = 1; r == 0 && i < sqlite_person_migration_count; i++)
        r = exec_text(handle, db, path, sqlite_person_migrations[i].sql);
    if (r == 0)
        r = exec_text(handle, db, path, "PRAGMA journal_mode = WAL");
    sqlite3_close(db);
    return r;
}

static int make_name(struct handle *handle, const char *account, char **ret_path)
{
    const struct hearth_host *host = handle->database->host;
    uint64_t random;
    size_t size = strlen(handle->database->accounts) + strlen(account) + 32;
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(handle->call);
    host->random(host, &random, sizeof(random));
    snprintf(path, size, "%s/%s.db.new-%08llx", handle->database->accounts, account,
             (unsigned long long)(random & 0xffffffff));
    *ret_path = path;
    return 0;
}

/* Nothing of this process has it open any more: closing a descriptor drops all locks that the
 * process has on a file. */
static int sync_file(struct handle *handle, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC), r = 0;
    if (fd < 0 || fsync(fd) != 0)
        r = file_fail_errno(handle->call, path, errno);
    if (fd >= 0)
        close(fd);
    return r;
}

static void unlink_with_logs(const char *path)
{
    static const char *const ends[] = {"", "-wal", "-shm", "-journal"};
    size_t size = strlen(path) + sizeof("-journal");
    char *name = malloc(size);
    for (size_t i = 0; name != NULL && i < sizeof(ends) / sizeof(ends[0]); i++) {
        snprintf(name, size, "%s%s", path, ends[i]);
        unlink(name);
    }
    free(name);
}

int sqlite_file_build(struct handle *handle, const char *account, int64_t generation,
                      file_fill_fn fill, void *ctx, char **ret_path)
{
    char *path = NULL;
    int r = make_name(handle, account, &path);
    if (r < 0)
        return r;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        r = file_fail_errno(handle->call, path, errno);
        free(path);
        return r;
    }
    support_owner_give(fd, path);
    close(fd);
    r = fill_file(handle, path, account, generation, fill, ctx);
    if (r == 0)
        r = sync_file(handle, path);
    if (r < 0) {
        unlink_with_logs(path);
        free(path);
        return r;
    }
    *ret_path = path;
    return 0;
}

int sqlite_file_publish(struct handle *handle, const char *account, const char *built)
{
    struct database *database = handle->database;
    size_t size = strlen(database->accounts) + strlen(account) + sizeof("/.db-wal");
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(handle->call);
    /* A log of an earlier file would be taken for one of the new file. */
    snprintf(path, size, "%s/%s.db-wal", database->accounts, account);
    unlink(path);
    snprintf(path, size, "%s/%s.db-shm", database->accounts, account);
    unlink(path);
    snprintf(path, size, "%s/%s.db", database->accounts, account);
    int r = rename(built, path) == 0 ? 0 : file_fail_errno(handle->call, path, errno);
    free(path);
    return r == 0 ? sqlite_files_sync_directory(handle->call, database->accounts) : r;
}

/* In a transaction of the shared file. */
static int mark_created(struct handle *handle, const char *account, const char *built)
{
    struct query query;
    struct sqlite_file_state state;
    int r = sqlite_file_state(handle, account, &state);
    if (r < 0 || state.exists) /* another process made it meanwhile */
        return r;
    size_t size = strlen(handle->database->accounts) + strlen(account) + sizeof("/.db");
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(handle->call);
    snprintf(path, size, "%s/%s.db", handle->database->accounts, account);
    /* One that is there already lost its note to a power cut: it may have rows. */
    r = access(path, F_OK) == 0 ? 0 : sqlite_file_publish(handle, account, built);
    free(path);
    if (r < 0)
        return r;
    sql_query_open(&query, handle, "UPDATE accounts SET file = 1 WHERE id = ?");
    sql_query_text(&query, account);
    return sql_query_run(&query, NULL);
}

int sqlite_file_create(struct handle *handle, const char *account, int64_t generation)
{
    char *built = NULL;
    int r = sqlite_file_build(handle, account, generation, NULL, NULL, &built);
    if (r < 0)
        return r;
    struct connection *before = handle->current;
    handle->current = handle->shared;
    /* The note that there is a file must outlive a power cut as the file does. */
    r = sqlite_connection_exec(handle->shared, "PRAGMA synchronous = FULL");
    if (r == 0)
        r = sqlite_transaction_begin(handle);
    if (r == 0) {
        r = mark_created(handle, account, built);
        if (r < 0)
            sqlite_transaction_rollback(handle);
        else
            r = sqlite_transaction_commit(handle);
    }
    if (!handle->database->full)
        sqlite3_exec(handle->shared->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    handle->current = before;
    unlink_with_logs(built);
    free(built);
    return r;
}

int sqlite_file_unlink(struct database *database, struct hearth_call *call, const char *account)
{
    size_t size = strlen(database->accounts) + strlen(account) + sizeof("/.db");
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(call);
    snprintf(path, size, "%s/%s.db", database->accounts, account);
    int r = unlink(path) == 0 || errno == ENOENT ? 0 : file_fail_errno(call, path, errno);
    if (r == 0)
        unlink_with_logs(path);
    free(path);
    return r;
}

/* The note is looked at again under the lock: an account that was added again with this id has
 * taken it away before its file came. */
static int finish_one_removal(struct handle *handle, bool *ret_more)
{
    char id[40];
    struct query query;
    int r = sqlite_transaction_begin(handle);
    if (r < 0)
        return r;
    sql_query_open(&query, handle, "SELECT id FROM removed_files LIMIT 1");
    r = sql_query_step(&query);
    bool more = r > 0;
    if (more)
        snprintf(id, sizeof(id), "%s", sql_column_text(&query, 0));
    sql_query_close(&query);
    if (more)
        r = sqlite_file_unlink(handle->database, handle->call, id);
    if (more && r == 0) {
        sql_query_open(&query, handle, "DELETE FROM removed_files WHERE id = ?");
        sql_query_text(&query, id);
        r = sql_query_run(&query, NULL);
    }
    if (r < 0) {
        sqlite_transaction_rollback(handle);
        return r;
    }
    *ret_more = more;
    return sqlite_transaction_commit(handle);
}

int sqlite_files_finish_removals(struct handle *handle)
{
    int64_t one;
    struct query query;
    sql_query_open(&query, handle, "SELECT 1 FROM removed_files LIMIT 1");
    int r = sqlite_query_number(&query, &one);
    bool more = r == 0;
    while (r == 0 && more)
        r = finish_one_removal(handle, &more);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

void sqlite_files_sweep_unfinished(const struct database *database)
{
    DIR *directory = opendir(database->accounts);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strstr(entry->d_name, ".db.new-") != NULL)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

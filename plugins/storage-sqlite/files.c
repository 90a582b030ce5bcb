#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "connection.h"
#include "migrations.h"
#include "query.h"
#include "session.h"
#include "support/call.h"
#include "support/owner.h"

static int fail_errno(struct hearth_call *call, const char *path, int error)
{
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full: make room", path);
    if (error == EROFS || error == EACCES || error == EPERM)
        return hearth_fail(call, HEARTH_ERR_IO, "%s: %s: let this user write the directory", path, strerror(error));
    if (error == ENOENT || error == ENOTDIR)
        return hearth_fail(call, HEARTH_ERR_IO, "%s: the directory is missing: put it back, or restore a backup", path);
    return hearth_fail(call, HEARTH_ERR_IO, "%s: %s", path, strerror(error));
}

int file_state(struct session *session, const char *account, struct file_state *ret_state)
{
    struct query query;
    struct connection *before = session->current;
    session->current = session->shared;
    query_open(&query, session, "SELECT file, generation FROM accounts WHERE id = ?");
    query_text(&query, account);
    int r = query_step(&query);
    if (r > 0)
        *ret_state = (struct file_state){.exists = column_int(&query, 0) != 0, .generation = column_int(&query, 1)};
    query_close(&query);
    session->current = before;
    return r > 0 ? 0 : r < 0 ? r : hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no such account");
}

int files_make_directory(struct store *store, struct hearth_call *call)
{
    struct stat status;
    if (mkdir(store->accounts, 0700) == 0) {
        support_owner_give_directory(store->accounts);
        return files_sync_directory(call, store->accounts);
    }
    if (errno != EEXIST)
        return fail_errno(call, store->accounts, errno);
    if (stat(store->accounts, &status) != 0 || !S_ISDIR(status.st_mode))
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a directory", store->accounts);
    return 0;
}

int files_sync_directory(struct hearth_call *call, const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    /* Some file systems cannot do it, and need it not. */
    if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP))
        r = fail_errno(call, directory, errno);
    if (fd >= 0)
        close(fd);
    return r;
}

static int put_account(struct session *session, sqlite3 *db, const char *path, const char *account, int64_t generation)
{
    sqlite3_stmt *put;
    int r = sqlite3_prepare_v2(db, "INSERT INTO account (row, id, generation, forgotten) VALUES (1, ?1, ?2, ?2)", -1, &put, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_bind_text(put, 1, account, -1, SQLITE_STATIC);
    if (r == SQLITE_OK)
        r = sqlite3_bind_int64(put, 2, generation);
    if (r == SQLITE_OK)
        r = sqlite3_step(put);
    sqlite3_finalize(put);
    return r == SQLITE_DONE ? 0 : connection_fail_text(session->call, path, r, connection_errno(db), sqlite3_errmsg(db));
}

static int exec_text(struct session *session, sqlite3 *db, const char *path, const char *sql)
{
    int r = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return r == SQLITE_OK ? 0 : connection_fail_text(session->call, path, r, connection_errno(db), sqlite3_errmsg(db));
}

/* Nobody else knows the file, and a half one is thrown away: it needs no journal. */
static int fill_file(struct session *session, const char *path, const char *account, int64_t generation, file_fill_fn fill, void *ctx)
{
    sqlite3 *db;
    char cache[64];
    int r = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    sqlite3_extended_result_codes(db, 1);
    snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%lld", (long long)(fill == NULL ? 64 : session->store->batch_cache / 1024));
    if (r != SQLITE_OK)
        r = connection_fail_text(session->call, path, r, 0, sqlite3_errstr(r));
    if (r == 0)
        r = exec_text(session, db, path, cache);
    if (r == 0)
        r = exec_text(session, db, path, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF; BEGIN");
    if (r == 0)
        r = exec_text(session, db, path, person_migrations[0].sql);
    if (r == 0)
        r = put_account(session, db, path, account, generation);
    if (r == 0)
        r = exec_text(session, db, path, "COMMIT");
    if (r == 0 && fill != NULL) /* from before there were files: they begin with the first schema */
        r = fill(ctx, db, account);
    for (size_t i = 1; r == 0 && i < person_migration_count; i++)
        r = exec_text(session, db, path, person_migrations[i].sql);
    if (r == 0)
        r = exec_text(session, db, path, "PRAGMA journal_mode = WAL");
    sqlite3_close(db);
    return r;
}

static int make_name(struct session *session, const char *account, char **ret_path)
{
    const struct hearth_host *host = session->store->host;
    uint64_t random;
    size_t size = strlen(session->store->accounts) + strlen(account) + 32;
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(session->call);
    host->random(host, &random, sizeof(random));
    snprintf(path, size, "%s/%s.db.new-%08llx", session->store->accounts, account, (unsigned long long)(random & 0xffffffff));
    *ret_path = path;
    return 0;
}

/* Nothing of this process has it open any more: closing a descriptor drops all locks that the process has on a file. */
static int sync_file(struct session *session, const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC), r = 0;
    if (fd < 0 || fsync(fd) != 0)
        r = fail_errno(session->call, path, errno);
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

int file_build(struct session *session, const char *account, int64_t generation, file_fill_fn fill, void *ctx, char **ret_path)
{
    char *path = NULL;
    int r = make_name(session, account, &path);
    if (r < 0)
        return r;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) {
        r = fail_errno(session->call, path, errno);
        free(path);
        return r;
    }
    support_owner_give(fd, path);
    close(fd);
    r = fill_file(session, path, account, generation, fill, ctx);
    if (r == 0)
        r = sync_file(session, path);
    if (r < 0) {
        unlink_with_logs(path);
        free(path);
        return r;
    }
    *ret_path = path;
    return 0;
}

int file_publish(struct session *session, const char *account, const char *built)
{
    struct store *store = session->store;
    size_t size = strlen(store->accounts) + strlen(account) + sizeof("/.db-wal");
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(session->call);
    /* A log of an earlier file would be taken for one of the new file. */
    snprintf(path, size, "%s/%s.db-wal", store->accounts, account);
    unlink(path);
    snprintf(path, size, "%s/%s.db-shm", store->accounts, account);
    unlink(path);
    snprintf(path, size, "%s/%s.db", store->accounts, account);
    int r = rename(built, path) == 0 ? 0 : fail_errno(session->call, path, errno);
    free(path);
    return r == 0 ? files_sync_directory(session->call, store->accounts) : r;
}

/* In a transaction of the shared file. */
static int mark_created(struct session *session, const char *account, const char *built)
{
    struct query query;
    struct file_state state;
    int r = file_state(session, account, &state);
    if (r < 0 || state.exists) /* another process made it meanwhile */
        return r;
    size_t size = strlen(session->store->accounts) + strlen(account) + sizeof("/.db");
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(session->call);
    snprintf(path, size, "%s/%s.db", session->store->accounts, account);
    /* One that is there already lost its note to a power cut: it may have rows. */
    r = access(path, F_OK) == 0 ? 0 : file_publish(session, account, built);
    free(path);
    if (r < 0)
        return r;
    query_open(&query, session, "UPDATE accounts SET file = 1 WHERE id = ?");
    query_text(&query, account);
    return query_run(&query, NULL);
}

int file_create(struct session *session, const char *account, int64_t generation)
{
    char *built = NULL;
    int r = file_build(session, account, generation, NULL, NULL, &built);
    if (r < 0)
        return r;
    struct connection *before = session->current;
    session->current = session->shared;
    /* The note that there is a file must outlive a power cut as the file does. */
    r = connection_exec(session->shared, "PRAGMA synchronous = FULL");
    if (r == 0)
        r = session_begin_immediate(session);
    if (r == 0) {
        r = mark_created(session, account, built);
        if (r < 0)
            session_rollback(session);
        else
            r = session_commit(session);
    }
    if (!session->store->full)
        sqlite3_exec(session->shared->db, "PRAGMA synchronous = NORMAL", NULL, NULL, NULL);
    session->current = before;
    unlink_with_logs(built);
    free(built);
    return r;
}

int file_unlink(struct store *store, struct hearth_call *call, const char *account)
{
    size_t size = strlen(store->accounts) + strlen(account) + sizeof("/.db");
    char *path = malloc(size);
    if (path == NULL)
        return support_no_memory(call);
    snprintf(path, size, "%s/%s.db", store->accounts, account);
    int r = unlink(path) == 0 || errno == ENOENT ? 0 : fail_errno(call, path, errno);
    if (r == 0)
        unlink_with_logs(path);
    free(path);
    return r;
}

/* The note is looked at again under the lock: an account that was added again with this id has taken it away before its file came. */
static int finish_one_removal(struct session *session, bool *ret_more)
{
    char id[40];
    struct query query;
    int r = session_begin_immediate(session);
    if (r < 0)
        return r;
    query_open(&query, session, "SELECT id FROM removed_files LIMIT 1");
    r = query_step(&query);
    bool more = r > 0;
    if (more)
        snprintf(id, sizeof(id), "%s", column_text(&query, 0));
    query_close(&query);
    if (more)
        r = file_unlink(session->store, session->call, id);
    if (more && r == 0) {
        query_open(&query, session, "DELETE FROM removed_files WHERE id = ?");
        query_text(&query, id);
        r = query_run(&query, NULL);
    }
    if (r < 0) {
        session_rollback(session);
        return r;
    }
    *ret_more = more;
    return session_commit(session);
}

int files_finish_removals(struct session *session)
{
    int64_t one;
    struct query query;
    query_open(&query, session, "SELECT 1 FROM removed_files LIMIT 1");
    int r = query_number(&query, &one);
    bool more = r == 0;
    while (r == 0 && more)
        r = finish_one_removal(session, &more);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

void files_sweep_unfinished(const struct store *store)
{
    DIR *directory = opendir(store->accounts);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (strstr(entry->d_name, ".db.new-") != NULL)
            unlinkat(dirfd(directory), entry->d_name, 0);
    closedir(directory);
}

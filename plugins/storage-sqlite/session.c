#include "session.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "fold.h"
#include "query.h"

enum { PROGRESS_STEPS = 5000 }; /* of SQLite's machine, between looks at the stop conditions: about 0.1 ms */

int session_stopped(struct session *session)
{
    const struct hearth_host *host = session->store->host;
    struct hearth_call *call = session->call;
    if (atomic_load(&session->interrupted))
        return HEARTH_ERR_CANCELLED;
    if (call == NULL)
        return 0;
    if (call->deadline != 0 && host->monotonic_ms(host) >= call->deadline)
        return HEARTH_ERR_TIMEOUT;
    return host->should_stop(call) ? HEARTH_ERR_CANCELLED : 0;
}

/* host_key(text) for verify's queries. Nothing stored uses it: the sqlite3 shell can do all without it. */
static void host_key_function(sqlite3_context *context, int count, sqlite3_value **values)
{
    (void)count;
    const char *host = (const char *)sqlite3_value_text(values[0]);
    if (host != NULL)
        sqlite3_result_int64(context, fold_host_key(host));
}

static int register_host_key(sqlite3 *db)
{
    return sqlite3_create_function(db, "host_key", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS, NULL, host_key_function, NULL,
                                   NULL);
}

static int on_progress(void *self)
{
    struct session *session = self;
    return !session->committing && session_stopped(session) < 0;
}

/* Another process writes. SQLite asks how long to go on trying. */
static int on_busy(void *self, int tries)
{
    struct session *session = self;
    const struct hearth_host *host = session->store->host;
    int64_t now = host->monotonic_ms(host);
    if (tries == 0)
        session->busy_since = now;
    if (session_stopped(session) < 0 || now - session->busy_since >= session->store->busy_timeout)
        return 0;
    nanosleep(&(struct timespec){.tv_nsec = tries < 10 ? 1000000L : 10000000L}, NULL);
    return 1;
}

static int stopped_text(struct session *session, int code)
{
    if (code == HEARTH_ERR_TIMEOUT)
        return hearth_fail(session->call, code, "%s: the operation took too long", session->store->path);
    return hearth_fail(session->call, HEARTH_ERR_CANCELLED, "cancelled");
}

static int schema_fault(struct session *session)
{
    char message[160];
    snprintf(message, sizeof(message), "%s", sqlite3_errmsg(session->db));
    if (strstr(message, "no such table") != NULL || strstr(message, "no such column") != NULL || strstr(message, "no such index") != NULL)
        return hearth_fail(session->call, HEARTH_ERR_UNSUPPORTED,
                           "%s: the schema is not the one that this version needs (%s): run \"hearthd migrate\"", session->store->path,
                           message);
    return hearth_fail(session->call, HEARTH_ERR_INTERNAL, "%s: %s", session->store->path, message);
}

int session_fail(struct session *session, int sqlite_code)
{
    const char *path = session->store->path, *message = sqlite3_errmsg(session->db);
    int stopped = session_stopped(session);
    switch (sqlite_code & 0xff) {
    case SQLITE_INTERRUPT:
        return stopped_text(session, stopped);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        if (stopped < 0)
            return stopped_text(session, stopped);
        return hearth_fail(session->call, HEARTH_ERR_UNAVAILABLE, "%s: another process is using the database (%s): try again", path,
                           message);
    case SQLITE_CONSTRAINT:
        if (sqlite_code == SQLITE_CONSTRAINT_UNIQUE || sqlite_code == SQLITE_CONSTRAINT_PRIMARYKEY)
            return hearth_fail(session->call, HEARTH_ERR_CONFLICT, "exists already (%s)", message);
        return hearth_fail(session->call, HEARTH_ERR_INVALID, "refused by the database (%s)", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return hearth_fail(session->call, HEARTH_ERR_CORRUPT, "%s: %s: restore a backup, or move the file away and sync anew", path,
                           message);
    case SQLITE_FULL:
        return hearth_fail(session->call, HEARTH_ERR_FULL, "%s: the disk is full: make room", path);
    case SQLITE_NOMEM:
        return hearth_fail(session->call, HEARTH_ERR_NOMEM, "%s: out of memory", path);
    case SQLITE_TOOBIG:
        return hearth_fail(session->call, HEARTH_ERR_INVALID, "%s: a value is too large", path);
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL:
        return hearth_fail(session->call, HEARTH_ERR_IO, "%s: %s: look at the disk and the kernel's log", path, message);
    case SQLITE_CANTOPEN:
        return hearth_fail(session->call, HEARTH_ERR_IO, "%s: cannot open the database: look at the file and its directory", path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return hearth_fail(session->call, HEARTH_ERR_DENIED, "%s: not writable: let this user write the file and its directory", path);
    default:
        return schema_fault(session);
    }
}

int session_exec(struct session *session, const char *sql)
{
    int r = sqlite3_exec(session->db, sql, NULL, NULL, NULL);
    return r == SQLITE_OK ? 0 : session_fail(session, r);
}

static int prepare_connection(struct session *session)
{
    char cache[64];
    snprintf(cache, sizeof(cache), "PRAGMA cache_size = -%lld", (long long)(session->store->cache_size / 1024));
    sqlite3_extended_result_codes(session->db, 1);
    sqlite3_busy_handler(session->db, on_busy, session);
    sqlite3_progress_handler(session->db, PROGRESS_STEPS, on_progress, session);
    sqlite3_limit(session->db, SQLITE_LIMIT_ATTACHED, 0);
    int r = register_host_key(session->db);
    if (r != SQLITE_OK)
        return session_fail(session, r);
    /* Removed rows are overwritten where that costs no further write; account_remove() overwrites all. The limit lets a log that a first
     * sync made huge shrink again. */
    r = session_exec(session, session->store->full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    if (r == 0)
        r = session_exec(session, "PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; PRAGMA secure_delete = FAST;"
                                  "PRAGMA journal_size_limit = 16777216");
    return r == 0 ? session_exec(session, cache) : r;
}

int session_open(void *self, struct hearth_call *call, void **ret_session)
{
    struct store *store = store_of(self);
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return hearth_fail(call, HEARTH_ERR_NOMEM, "%s: out of memory", store->path);
    session->magic = SESSION_MAGIC;
    session->store = store;
    session->call = call;
    /* Without CREATE: a file that was taken away while the daemon runs must not come back empty. */
    int r = sqlite3_open_v2(store->path, &session->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    r = r == SQLITE_OK ? prepare_connection(session) : session_fail(session, r);
    session->call = NULL;
    if (r < 0) {
        sqlite3_close(session->db);
        free(session);
        return r;
    }
    *ret_session = session;
    return 0;
}

void session_close(void *self)
{
    if (self == NULL)
        return;
    struct session *session = session_of(self);
    if (session->batch.open)
        session_rollback(session);
    query_forget_all(session);
    int r = sqlite3_close(session->db);
    assert(r == SQLITE_OK);
    session->magic = 0;
    free(session);
}

void session_interrupt(void *self)
{
    struct session *session = session_of(self);
    atomic_store(&session->interrupted, true);
    sqlite3_interrupt(session->db);
    writer_wake(&session->store->writer);
}

int op_begin(struct op *op, void *self, struct hearth_call *call)
{
    struct session *session = session_of(self);
    *op = (struct op){.session = session, .outer = session->call};
    if (session->call == NULL)
        atomic_store(&session->interrupted, false);
    session->call = call;
    int r = session_stopped(session);
    if (r < 0) {
        stopped_text(session, r);
        session->call = op->outer;
    }
    return r;
}

int op_end(struct op *op, int code)
{
    struct session *session = op->session;
    /* Some errors make SQLite roll back by itself. */
    if (session->batch.open && session->batch.broken == 0 && sqlite3_get_autocommit(session->db))
        session->batch.broken = code < 0 ? code : HEARTH_ERR_INTERNAL;
    session->call = op->outer;
    return code;
}

int op_begin_in_batch(struct op *op, void *self, struct hearth_call *call)
{
    int r = op_begin(op, self, call);
    if (r < 0)
        return r;
    if (!op->session->batch.open)
        return op_end(op, hearth_fail(call, HEARTH_ERR_INVALID, "no batch is open"));
    if (op->session->batch.broken < 0)
        return op_end(op, hearth_fail(call, op->session->batch.broken, "the batch failed before: it has to be aborted"));
    return 0;
}

int op_end_in_batch(struct op *op, int code)
{
    bool before_any_write = code == HEARTH_ERR_NOT_FOUND || code == HEARTH_ERR_INVALID;
    if (code < 0 && !before_any_write && op->session->batch.broken == 0)
        op->session->batch.broken = code;
    return op_end(op, code);
}

int op_begin_write(struct op *op, void *self, struct hearth_call *call)
{
    int r = op_begin(op, self, call);
    if (r < 0 || op->session->batch.open)
        return r;
    r = session_begin_immediate(op->session);
    return r < 0 ? op_end(op, r) : 0;
}

int op_end_write(struct op *op, int code)
{
    if (!op->session->batch.open) {
        if (code < 0)
            session_rollback(op->session);
        else
            code = session_commit(op->session);
    }
    return op_end(op, code);
}

int session_begin_immediate(struct session *session)
{
    int r = writer_acquire(&session->store->writer, session);
    if (r < 0)
        return r;
    r = query_exec(session, "BEGIN IMMEDIATE");
    if (r < 0)
        writer_release(&session->store->writer);
    return r;
}

int session_commit(struct session *session)
{
    session->committing = true;
    int r = query_exec(session, "COMMIT");
    session->committing = false;
    if (r < 0) {
        session_rollback(session);
        return r;
    }
    writer_release(&session->store->writer);
    return 0;
}

void session_rollback(struct session *session)
{
    session->committing = true;
    if (!sqlite3_get_autocommit(session->db))
        sqlite3_exec(session->db, "ROLLBACK", NULL, NULL, NULL); /* what it may say was said by the error before it */
    session->committing = false;
    writer_release(&session->store->writer);
}

int session_copy_bytes(struct session *session, const void *bytes, size_t size, const void **ret_copy)
{
    void *copy = session->store->host->alloc(session->call, size == 0 ? 1 : size);
    if (copy == NULL)
        return hearth_fail(session->call, HEARTH_ERR_NOMEM, "out of memory");
    if (size > 0)
        memcpy(copy, bytes, size);
    *ret_copy = copy;
    return 0;
}

int session_copy(struct session *session, const char *text, const char **ret_copy)
{
    const void *copy = NULL;
    int r = text == NULL ? 0 : session_copy_bytes(session, text, strlen(text) + 1, &copy);
    if (r == 0)
        *ret_copy = copy;
    return r;
}

int session_ping(void *self, struct hearth_call *call)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    /* Reads the file's first page; a connection alone would notice nothing. */
    return op_end(&op, query_exec(op.session, "SELECT count(*) FROM sqlite_schema"));
}

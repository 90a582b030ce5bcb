#include "session.h"

#include <stdlib.h>

#include "connection.h"
#include "files.h"
#include "migrate.h"
#include "query.h"
#include "support/call.h"

int session_stopped(struct session *session)
{
    return support_stopped(session->store->host, session->call, atomic_load(&session->interrupted));
}

int session_stopped_text(struct session *session, int code)
{
    if (code == HEARTH_ERR_TIMEOUT)
        return hearth_fail(session->call, code, "%s: the operation took too long", session->store->path);
    return hearth_fail(session->call, HEARTH_ERR_CANCELLED, "cancelled");
}

int session_open(void *self, struct hearth_call *call, void **ret_session)
{
    struct store *store = store_of(self);
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL || pthread_mutex_init(&session->lock, NULL) != 0) {
        free(session);
        return hearth_fail(call, HEARTH_ERR_NOMEM, "%s: out of memory", store->path);
    }
    session->magic = SESSION_MAGIC;
    session->store = store;
    session->call = call;
    int r = connection_open(session, store->path, &store->writer, NULL, &session->shared);
    session->call = NULL;
    session->current = session->shared;
    if (r < 0) {
        pthread_mutex_destroy(&session->lock);
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
    if (session->batch.open) {
        session->current = session->batch.connection;
        session_rollback(session);
        pool_give_back(session, session->batch.connection);
    }
    assert(session->borrowed == NULL);
    connection_close(session->shared);
    pthread_mutex_destroy(&session->lock);
    session->magic = 0;
    free(session);
}

void session_interrupt(void *self)
{
    struct session *session = session_of(self);
    atomic_store(&session->interrupted, true);
    sqlite3_interrupt(session->shared->db);
    pthread_mutex_lock(&session->lock);
    for (struct connection *connection = session->borrowed; connection != NULL; connection = connection->next)
        sqlite3_interrupt(connection->db);
    pthread_mutex_unlock(&session->lock);
    writer_wake(&session->store->writer);
    pool_wake(&session->store->pool);
}

int op_begin_any_schema(struct op *op, void *self, struct hearth_call *call)
{
    struct session *session = session_of(self);
    *op = (struct op){.session = session, .outer = session->call, .outer_current = session->current};
    if (session->call == NULL)
        atomic_store(&session->interrupted, false);
    session->call = call;
    session->current = session->shared;
    int r = session_stopped(session);
    if (r < 0) {
        session_stopped_text(session, r);
        return op_end(op, r);
    }
    return 0;
}

int op_begin(struct op *op, void *self, struct hearth_call *call)
{
    int r = op_begin_any_schema(op, self, call);
    if (r < 0 || atomic_load(&op->session->store->ready))
        return r;
    r = migrate_ready(op->session);
    return r < 0 ? op_end(op, r) : 0;
}

int op_end(struct op *op, int code)
{
    struct session *session = op->session;
    /* Some errors make SQLite roll back by itself. */
    if (session->batch.open && session->batch.broken == 0 && sqlite3_get_autocommit(session->batch.connection->db))
        session->batch.broken = code < 0 ? code : HEARTH_ERR_INTERNAL;
    if (op->borrowed != NULL)
        pool_give_back(session, op->borrowed);
    session->current = op->outer_current;
    session->call = op->outer;
    if (session->steps > 0)
        session->store->host->metric_add(session->store->host, "storage_sqlite_steps", session->steps);
    session->steps = 0;
    return code;
}

/* One that the session has already: its batch's, or that of an operation whose callback calls this one. */
static struct connection *find_borrowed(struct session *session, const char *account)
{
    struct connection *found = NULL;
    for (struct connection *connection = session->borrowed; connection != NULL && found == NULL; connection = connection->next)
        if (strcmp(connection->person->id, account) == 0)
            found = connection;
    return found;
}

int op_begin_account(struct op *op, void *self, struct hearth_call *call, const char *account)
{
    struct file_state state;
    int r = op_begin(op, self, call);
    if (r < 0)
        return r;
    struct session *session = op->session;
    struct connection *connection = find_borrowed(session, account);
    if (connection == NULL) {
        r = file_state(session, account, &state);
        if (r == HEARTH_ERR_NOT_FOUND)
            return op_end(op, OP_NO_ACCOUNT);
        if (r == 0 && !state.exists)
            return op_end(op, OP_NO_ROWS);
        if (r == 0)
            r = pool_borrow(session, account, &connection);
        if (r < 0)
            return op_end(op, r);
        op->borrowed = connection;
    }
    session->current = connection;
    return 0;
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
    op->session->current = op->session->batch.connection;
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
    if (r < 0)
        return r;
    r = session_begin_immediate(op->session);
    return r < 0 ? op_end(op, r) : 0;
}

int op_end_write(struct op *op, int code)
{
    if (code < 0)
        session_rollback(op->session);
    else
        code = session_commit(op->session);
    return op_end(op, code);
}

int session_begin_in_turn(struct session *session)
{
    return query_exec(session, "BEGIN IMMEDIATE");
}

int session_commit_in_turn(struct session *session)
{
    struct connection *connection = session->current;
    connection->committing = true;
    int r = query_exec(session, "COMMIT");
    connection->committing = false;
    if (r < 0)
        session_rollback_in_turn(session);
    return r;
}

void session_rollback_in_turn(struct session *session)
{
    struct connection *connection = session->current;
    connection->committing = true;
    if (!sqlite3_get_autocommit(connection->db))
        sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL); /* what it may say was said by the error before it */
    connection->committing = false;
}

int session_begin_immediate(struct session *session)
{
    int r = writer_acquire(session->current->writer, session);
    if (r < 0)
        return r;
    r = session_begin_in_turn(session);
    if (r < 0)
        writer_release(session->current->writer);
    return r;
}

int session_commit(struct session *session)
{
    int r = session_commit_in_turn(session);
    writer_release(session->current->writer);
    return r;
}

void session_rollback(struct session *session)
{
    session_rollback_in_turn(session);
    writer_release(session->current->writer);
}

const char *session_where(const struct session *session)
{
    return session->current->path;
}

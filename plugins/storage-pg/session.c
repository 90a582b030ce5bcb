#include "session.h"

#include <errno.h>
#include <stdlib.h>

#include "batch.h"
#include "connection.h"
#include "support/call.h"

/* Operations nest: the outermost one is what an interrupt ends. */
static void session_enter(struct session *session)
{
    if (session->depth++ == 0)
        support_interrupt_enter(&session->interrupt);
}

static void session_leave(struct session *session)
{
    if (--session->depth == 0)
        support_interrupt_leave(&session->interrupt);
}

int op_begin(struct op *op, void *self, struct hearth_call *call)
{
    struct session *session = session_of(self);
    *op = (struct op){.session = session, .outer = session->call};
    session_enter(session);
    session->call = call;
    int r = connection_stopped(session);
    return r < 0 ? op_end(op, r) : 0;
}

int op_end(struct op *op, int code)
{
    session_leave(op->session);
    op->session->call = op->outer;
    return code;
}

int op_begin_snapshot(struct op *op)
{
    return transaction_begin(op->session, "BEGIN ISOLATION LEVEL REPEATABLE READ");
}

int op_end_snapshot(struct op *op, int code)
{
    return transaction_end(op->session, code);
}

int op_begin_in_batch(struct op *op, void *self, struct hearth_call *call)
{
    if (!session_of(self)->batch.open)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no batch is open");
    int r = op_begin(op, self, call);
    if (r == 0 && op->session->batch.broken != 0)
        return op_end(op, query_settle(op->session));
    return r;
}

int op_end_in_batch(struct op *op, int code)
{
    struct batch *batch = &op->session->batch;
    if (code < 0 && code != HEARTH_ERR_NOT_FOUND && code != HEARTH_ERR_INVALID && batch->broken == 0) {
        batch->broken = code;
        strncat(batch->why, op->session->call->error, sizeof(batch->why) - 1);
    }
    return op_end(op, code);
}

int transaction_begin(struct session *session, const char *how)
{
    if (session->batch.open)
        return 0;
    connection_look(session);
    return query_exec(session, how);
}

int transaction_end(struct session *session, int code)
{
    if (session->batch.open || session->pg == NULL)
        return code;
    struct hearth_call *call = session->call;
    if (code == 0) {
        int r = query_exec(session, "COMMIT");
        return r < 0 && session->doubt ? HEARTH_ERR_UNCERTAIN : r;
    }
    char text[512] = "";
    strncat(text, call->error, sizeof(text) - 1);
    if (query_exec(session, "ROLLBACK") < 0)
        connection_close(session);
    return hearth_fail(call, code, "%s", text);
}

const char *session_where(const struct session *session)
{
    return session->store->where;
}

/* Fails when the server cannot be reached: who opens a session wants to use it. Later breaks mend themselves. */
int session_open(void *self, struct hearth_call *call, void **ret_session)
{
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return support_no_memory(call);
    session->magic = SESSION_MAGIC;
    session->store = store_of(self);
    if (!support_interrupt_init(&session->interrupt)) {
        free(session);
        return hearth_fail(call, HEARTH_ERR_IO, "eventfd: %s", strerror(errno));
    }
    struct op op;
    int r = op_begin(&op, session, call);
    if (r == 0)
        r = op_end(&op, connection_ensure(session));
    if (r < 0)
        session_close(session);
    else
        *ret_session = session;
    return r;
}

void session_close(void *self)
{
    struct session *session = session_of(self);
    batch_forget(&session->batch); /* the server rolls back what was not committed */
    connection_close(session);
    support_interrupt_fini(&session->interrupt);
    session->magic = 0;
    free(session);
}

void session_interrupt(void *self)
{
    support_interrupt_raise(&session_of(self)->interrupt);
}

/* What everybody's requests begin with: behind a lock on the accounts nothing can be read. LIMIT 0
 * meets the lock and reads no row. */
static int ping_read(struct session *session, bool *ret_read_only)
{
    struct query query;
    query_open(&query, session,
               "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean, EXISTS (SELECT FROM accounts LIMIT 0)");
    int r = query_step(&query);
    if (r > 0)
        *ret_read_only = column_flag(&query, 0);
    query_close(&query);
    return r < 0 ? r : 0;
}

/* The server has just answered: a change that does not end says nothing of reading, so it is no
 * TIMEOUT. It waits for a lock, for the disk, or for a synchronous standby that is not there; all
 * processes' probes then wait behind one row, and the server ends those that are given up. */
static int ping_write(struct session *session)
{
    struct query query;
    query_open(&query, session, "UPDATE schema_version SET oldest = oldest WHERE version = 1");
    int r = query_run(&query, NULL);
    if (r == HEARTH_ERR_TIMEOUT)
        return hearth_fail(session->call, HEARTH_ERR_IO,
                           "%s: it can be read, but a change does not end; is a synchronous standby missing, "
                           "or a lock held? See pg_stat_activity",
                           session->store->where);
    return r == HEARTH_ERR_UNCERTAIN ? HEARTH_ERR_UNAVAILABLE : r; /* whether it was written matters to nobody */
}

/* Writes a row that is never locked for longer than this takes; in a batch it would be, so there it only reads. */
int session_ping(void *self, struct hearth_call *call)
{
    struct op op;
    bool read_only = false;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = ping_read(op.session, &read_only);
    if (r == 0 && read_only && !op.session->batch.open)
        r = hearth_fail(call, HEARTH_ERR_DENIED,
                        "%s: the server is read-only (a standby, or default_transaction_read_only): name the primary in dsn",
                        op.session->store->where);
    if (r == 0 && !op.session->batch.open && !support_looks_only(op.session->store->host))
        r = ping_write(op.session);
    return op_end(&op, r);
}

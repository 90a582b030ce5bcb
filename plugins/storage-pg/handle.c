#include "handle.h"

#include <errno.h>
#include <stdlib.h>

#include "batch.h"
#include "connection.h"
#include "support/call.h"

/* Operations nest: the outermost one is what an interrupt ends. */
static void handle_enter(struct handle *handle)
{
    if (handle->depth++ == 0)
        support_interrupt_enter(&handle->interrupt);
}

static void handle_leave(struct handle *handle)
{
    if (--handle->depth == 0)
        support_interrupt_leave(&handle->interrupt);
}

int sql_op_begin(struct op *op, void *self, struct hearth_call *call)
{
    struct handle *handle = sql_handle_of(self);
    *op = (struct op){.handle = handle, .outer = handle->call};
    handle_enter(handle);
    handle->call = call;
    int r = pg_connection_stopped(handle);
    return r < 0 ? sql_op_end(op, r) : 0;
}

int sql_op_end(struct op *op, int code)
{
    handle_leave(op->handle);
    op->handle->call = op->outer;
    return code;
}

int sql_op_begin_snapshot(struct op *op)
{
    return pg_transaction_begin(op->handle, "BEGIN ISOLATION LEVEL REPEATABLE READ");
}

int sql_op_end_snapshot(struct op *op, int code)
{
    return pg_transaction_end(op->handle, code);
}

int sql_op_begin_in_batch(struct op *op, void *self, struct hearth_call *call)
{
    if (!sql_handle_of(self)->batch.open)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no batch is open");
    int r = sql_op_begin(op, self, call);
    if (r == 0 && op->handle->batch.broken != 0)
        return sql_op_end(op, pg_query_settle(op->handle));
    return r;
}

int sql_op_end_in_batch(struct op *op, int code)
{
    struct batch *batch = &op->handle->batch;
    if (code < 0 && code != HEARTH_ERR_NOT_FOUND && code != HEARTH_ERR_INVALID &&
        batch->broken == 0) {
        batch->broken = code;
        strncat(batch->why, op->handle->call->error, sizeof(batch->why) - 1);
    }
    return sql_op_end(op, code);
}

int pg_transaction_begin(struct handle *handle, const char *how)
{
    if (handle->batch.open)
        return 0;
    pg_connection_check_idle(handle);
    return pg_query_exec(handle, how);
}

int pg_transaction_end(struct handle *handle, int code)
{
    if (handle->batch.open || handle->pg == NULL)
        return code;
    struct hearth_call *call = handle->call;
    if (code == 0) {
        int r = pg_query_exec(handle, "COMMIT");
        return r < 0 && handle->doubt ? HEARTH_ERR_UNCERTAIN : r;
    }
    char text[512] = "";
    strncat(text, call->error, sizeof(text) - 1);
    if (pg_query_exec(handle, "ROLLBACK") < 0)
        pg_connection_close(handle);
    return hearth_fail(call, code, "%s", text);
}

const char *sql_database_text(const struct handle *handle)
{
    return handle->database->where;
}

/* Fails when the server cannot be reached: who opens a handle wants to use it. Later breaks mend
 * themselves. */
int sql_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return support_no_memory(call);
    handle->magic = HANDLE_MAGIC;
    handle->database = sql_database_of(self);
    if (!support_interrupt_init(&handle->interrupt)) {
        free(handle);
        return hearth_fail(call, HEARTH_ERR_IO, "eventfd: %s", strerror(errno));
    }
    struct op op;
    int r = sql_op_begin(&op, handle, call);
    if (r == 0)
        r = sql_op_end(&op, pg_connection_ensure(handle));
    if (r < 0)
        sql_handle_close(handle);
    else
        *ret_handle = handle;
    return r;
}

void sql_handle_close(void *self)
{
    struct handle *handle = sql_handle_of(self);
    pg_batch_forget(&handle->batch); /* the server rolls back what was not committed */
    pg_connection_close(handle);
    support_interrupt_fini(&handle->interrupt);
    handle->magic = 0;
    free(handle);
}

void sql_handle_interrupt(void *self)
{
    support_interrupt_raise(&sql_handle_of(self)->interrupt);
}

/* What everybody's requests begin with: behind a lock on the accounts nothing can be read. LIMIT 0
 * meets the lock and reads no row. */
static int ping_read(struct handle *handle, bool *ret_read_only)
{
    struct query query;
    sql_query_open(
        &query, handle,
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean, EXISTS "
        "(SELECT FROM accounts LIMIT 0)");
    int r = sql_query_step(&query);
    if (r > 0)
        *ret_read_only = sql_column_flag(&query, 0);
    sql_query_close(&query);
    return r < 0 ? r : 0;
}

/* The server has just answered: a change that does not end says nothing of reading, so it is no
 * TIMEOUT. It waits for a lock, for the disk, or for a synchronous standby that is not there; all
 * processes' probes then wait behind one row, and the server ends those that are given up. */
static int ping_write(struct handle *handle)
{
    struct query query;
    sql_query_open(&query, handle, "UPDATE schema_version SET oldest = oldest WHERE version = 1");
    int r = sql_query_run(&query, NULL);
    if (r == HEARTH_ERR_TIMEOUT)
        return hearth_fail(
            handle->call, HEARTH_ERR_IO,
            "%s: it can be read, but a change does not end; is a synchronous standby missing, "
            "or a lock held? See pg_stat_activity",
            handle->database->where);
    /* whether it was written matters to nobody */
    return r == HEARTH_ERR_UNCERTAIN ? HEARTH_ERR_UNAVAILABLE : r;
}

/* Writes a row that is never locked for longer than this takes; in a batch it would be, so there
 * it only reads. */
int sql_handle_ping(void *self, struct hearth_call *call)
{
    struct op op;
    bool read_only = false;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = ping_read(op.handle, &read_only);
    if (r == 0 && read_only && !op.handle->batch.open)
        r = hearth_fail(call, HEARTH_ERR_DENIED,
                        "%s: the server is read-only (a standby, or "
                        "default_transaction_read_only): name the primary in dsn",
                        op.handle->database->where);
    if (r == 0 && !op.handle->batch.open && !support_looks_only(op.handle->database->host))
        r = ping_write(op.handle);
    return sql_op_end(&op, r);
}

/* What every operation does at its beginning and end: stop conditions, the connection it works
 * on, transactions outside of batches. */
#ifndef STORAGE_SQLITE_HANDLE_H
#define STORAGE_SQLITE_HANDLE_H

#include "query.h"
#include "storage-sql/operations.h"

/* A running operation, on its stack. Operations nest: a callback may call the handle that calls
 * it. */
struct op {
    struct handle *handle;
    struct hearth_call *outer;
    struct connection *outer_current;
    struct connection *borrowed; /* given back at the end; NULL */
};

/* sql_op_begin() and the others are those of the driver: storage-sql/sql.h. Here a write of the
 * shared file waits for its turn, opens a transaction that sql_op_end_write() commits or rolls
 * back, and is never part of a batch; an account's rows are a file: OP_NO_ROWS says that there
 * is none yet. */

int sql_op_begin_any_schema(struct op *op, void *handle, struct hearth_call *call);
int sql_op_begin_account(struct op *op, void *handle, struct hearth_call *call,
                         const char *account);
int sql_op_begin_write(struct op *op, void *handle, struct hearth_call *call);
int sql_op_end_write(struct op *op, int code);

/* One SELECT sees one state, and no listing has more. */
static inline int sql_op_begin_snapshot(struct op *op)
{
    (void)op;
    return 0;
}

static inline int sql_op_end_snapshot(struct op *op, int code)
{
    (void)op;
    return code;
}

/* The turn of the current connection's file, and a transaction; ends with
 * sqlite_transaction_commit() or sqlite_transaction_rollback(), which also give up the turn. */
int sqlite_transaction_begin(struct handle *handle);
int sqlite_transaction_commit(struct handle *handle); /* on failure everything was rolled back */
void sqlite_transaction_rollback(struct handle *handle);
/* The same transaction for who has the turn already and keeps it. */
int sqlite_begin_in_turn(struct handle *handle);
int sqlite_commit_in_turn(struct handle *handle);
void sqlite_rollback_in_turn(struct handle *handle);

/* 0, CANCELLED (interrupt, host) or TIMEOUT (deadline). Sets no error text. */
int sqlite_handle_stopped(struct handle *handle);
int sqlite_handle_stopped_text(struct handle *handle, int code); /* sets it; returns the code */

#endif

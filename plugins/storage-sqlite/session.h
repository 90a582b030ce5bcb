/* What every operation does at its beginning and end: stop conditions, the connection it works on, transactions outside of batches. */
#ifndef STORAGE_SQLITE_SESSION_H
#define STORAGE_SQLITE_SESSION_H

#include "query.h"
#include "storage-sql/operations.h"

/* A running operation, on its stack. Operations nest: a callback may call the session that calls it. */
struct op {
    struct session *session;
    struct hearth_call *outer;
    struct connection *outer_current;
    struct connection *borrowed; /* given back at the end; NULL */
};

/* op_begin() and the others are those of the driver: storage-sql/sql.h. Here a write of the shared file
 * waits for its turn, opens a transaction that op_end_write() commits or rolls back, and is never
 * part of a batch; an account's rows are a file: OP_NO_ROWS says that there is none yet. */

int op_begin_any_schema(struct op *op, void *session, struct hearth_call *call);
int op_begin_account(struct op *op, void *session, struct hearth_call *call, const char *account);
int op_begin_write(struct op *op, void *session, struct hearth_call *call);
int op_end_write(struct op *op, int code);

/* One SELECT sees one state, and no listing has more. */
static inline int op_begin_snapshot(struct op *op)
{
    (void)op;
    return 0;
}

static inline int op_end_snapshot(struct op *op, int code)
{
    (void)op;
    return code;
}

/* The turn of the current connection's file, and a transaction; ends with session_commit() or session_rollback(), which also give up the
 * turn. */
int session_begin_immediate(struct session *session);
int session_commit(struct session *session); /* on failure everything was rolled back */
void session_rollback(struct session *session);
/* The same transaction for who has the turn already and keeps it. */
int session_begin_in_turn(struct session *session);
int session_commit_in_turn(struct session *session);
void session_rollback_in_turn(struct session *session);

/* 0, CANCELLED (interrupt, host) or TIMEOUT (deadline). Sets no error text. */
int session_stopped(struct session *session);
int session_stopped_text(struct session *session, int code); /* sets it; returns the code */

#endif

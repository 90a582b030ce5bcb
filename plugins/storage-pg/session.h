/* What every operation does at its beginning and end: op_begin() and the others are those of the driver, storage-sql/sql.h. */
#ifndef STORAGE_PG_SESSION_H
#define STORAGE_PG_SESSION_H

#include "query.h"
#include "storage-sql/operations.h"

/* A running operation, on its stack. Operations nest: a callback may call the session that calls it. */
struct op {
    struct session *session;
    struct hearth_call *outer;
};

/* Whoever opened the database has looked at its schema. */
static inline int op_begin_any_schema(struct op *op, void *session, struct hearth_call *call)
{
    return op_begin(op, session, call);
}

/* All rows are in one database. */
static inline int op_begin_account(struct op *op, void *session, struct hearth_call *call, const char *account)
{
    (void)account;
    return op_begin(op, session, call);
}

/* One statement is atomic by itself. */
static inline int op_begin_write(struct op *op, void *session, struct hearth_call *call)
{
    return op_begin(op, session, call);
}

static inline int op_end_write(struct op *op, int code)
{
    return op_end(op, code);
}

int op_begin_snapshot(struct op *op);
int op_end_snapshot(struct op *op, int code);

/* A transaction outside of batches: between them, and in a batch, nothing is committed. */
int transaction_begin(struct session *session, const char *how); /* "BEGIN …"; in a batch nothing happens */
int transaction_end(struct session *session, int code);          /* commits when code is 0; returns the outcome */

#endif

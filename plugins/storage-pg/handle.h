/* What every operation does at its beginning and end: sql_op_begin() and the others are those of
 * the driver, storage-sql/sql.h. */
#ifndef STORAGE_PG_HANDLE_H
#define STORAGE_PG_HANDLE_H

#include "query.h"
#include "storage-sql/operations.h"

/* A running operation, on its stack. Operations nest: a callback may call the handle that calls
 * it. */
struct op {
    struct handle *handle;
    struct hearth_call *outer;
};

/* Whoever opened the database has looked at its schema. */
static inline int sql_op_begin_any_schema(struct op *op, void *handle, struct hearth_call *call)
{
    return sql_op_begin(op, handle, call);
}

/* All rows are in one database. */
static inline int sql_op_begin_account(struct op *op, void *handle, struct hearth_call *call,
                                       const char *account)
{
    (void)account;
    return sql_op_begin(op, handle, call);
}

/* One statement is atomic by itself. */
static inline int sql_op_begin_write(struct op *op, void *handle, struct hearth_call *call)
{
    return sql_op_begin(op, handle, call);
}

static inline int sql_op_end_write(struct op *op, int code)
{
    return sql_op_end(op, code);
}

int sql_op_begin_snapshot(struct op *op);
int sql_op_end_snapshot(struct op *op, int code);

/* A transaction outside of batches: between them, and in a batch, nothing is committed. */

/* "BEGIN …"; in a batch nothing happens */
int pg_transaction_begin(struct handle *handle, const char *how);
/* commits when code is 0; returns the outcome */
int pg_transaction_end(struct handle *handle, int code);

#endif

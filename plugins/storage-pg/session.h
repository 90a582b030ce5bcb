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

/* A transaction outside of batches: between them, and in a batch, nothing is committed. */
int transaction_begin(struct session *session, const char *how); /* "BEGIN …"; in a batch nothing happens */
int transaction_end(struct session *session, int code);          /* commits when code is 0; returns the outcome */

#endif

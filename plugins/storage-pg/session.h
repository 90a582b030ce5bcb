/* What every operation does at its beginning and end. */
#ifndef STORAGE_PG_SESSION_H
#define STORAGE_PG_SESSION_H

#include "query.h"

int session_open(void *self, struct hearth_call *call, void **ret_session);
void session_close(void *session);
void session_interrupt(void *session);
int session_ping(void *session, struct hearth_call *call);

/* A running operation, on its stack. Operations nest: a callback may call the session that calls it. */
struct op {
    struct session *session;
    struct hearth_call *outer;
};

/* When it fails, return its code and do not call op_end(). */
int op_begin(struct op *op, void *session, struct hearth_call *call);
int op_end(struct op *op, int code); /* returns code */
/* One of the operations "in a batch". INVALID: none is open. Errors other than NOT_FOUND and INVALID break the batch at op_end_in_batch().
 */
int op_begin_in_batch(struct op *op, void *session, struct hearth_call *call);
int op_end_in_batch(struct op *op, int code);

/* A transaction outside of batches: between them, and in a batch, nothing is committed. */
int transaction_begin(struct session *session, const char *how); /* "BEGIN …"; in a batch nothing happens */
int transaction_end(struct session *session, int code);          /* commits when code is 0; returns the outcome */

/* Memory of the call. NULL text stays NULL. NOMEM leaves *ret_copy untouched. */
int session_copy(struct session *session, const char *text, const char **ret_copy);

/* Runs the statements behind r for every row of a query, between which it stops when the call has to end. r at the end: 0, all rows were
 * seen; 1, the statements left the loop by break; or an error. */
#define EACH_ROW(query, op, r, ...)                                                                                                        \
    while (((r) = query_step(&(query))) > 0) {                                                                                             \
        int stopped_ = connection_stopped((op).session);                                                                                   \
        if (stopped_ < 0) {                                                                                                                \
            (r) = stopped_;                                                                                                                \
            break;                                                                                                                         \
        }                                                                                                                                  \
        __VA_ARGS__                                                                                                                        \
    }

/* The text id outside to the number inside; an unknown id finds no rows. */
#define ACCOUNT_ROW(parameter) "(SELECT row FROM accounts WHERE id = " parameter ")"

#endif

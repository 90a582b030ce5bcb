/* What every operation does at its beginning and end: stop conditions, the connection it works on, transactions outside of batches. */
#ifndef STORAGE_SQLITE_SESSION_H
#define STORAGE_SQLITE_SESSION_H

#include "store.h"

int session_open(void *self, struct hearth_call *call, void **ret_session);
void session_close(void *session);
void session_interrupt(void *session);

/* A running operation, on its stack. Operations nest: a callback may call the session that calls it. */
struct op {
    struct session *session;
    struct hearth_call *outer;
    struct connection *outer_current;
    struct connection *borrowed; /* given back at the end; NULL */
};

/* Begins an operation on the shared file: a read, or anything that manages its own transaction. When it fails, return its code and do not
 * call op_end(). */
int op_begin(struct op *op, void *session, struct hearth_call *call);
/* The same, for what has to work before the schema is the one wanted. */
int op_begin_any_schema(struct op *op, void *session, struct hearth_call *call);
int op_end(struct op *op, int code); /* returns code */

/* What there is to read of an account when there is no file. */
enum { OP_NO_ACCOUNT = 1, OP_NO_FILE = 2 };
/* Begins a read of a person's file. OP_NO_ACCOUNT, OP_NO_FILE: it has no rows; the operation has ended already. */
int op_begin_person(struct op *op, void *session, struct hearth_call *call, const char *account);
/* Begins one of the operations "in a batch". INVALID: none is open. After an error that may leave half an operation the batch is broken. */
int op_begin_in_batch(struct op *op, void *session, struct hearth_call *call);
int op_end_in_batch(struct op *op, int code);
/* Begins a write of the shared file that is atomic by itself: waits for its turn, opens a transaction. op_end_write() commits it when
 * code >= 0, else rolls back. It is never part of a batch, and never waits for one. */
int op_begin_write(struct op *op, void *session, struct hearth_call *call);
int op_end_write(struct op *op, int code);

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
/* Memory of the call. NULL text stays NULL. NOMEM leaves *ret_copy untouched. */
int session_copy(struct session *session, const char *text, const char **ret_copy);
int session_copy_bytes(struct session *session, const void *bytes, size_t size, const void **ret_copy);

#endif

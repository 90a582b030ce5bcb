/* What every operation does at its beginning and end: stop conditions, errors, transactions outside of batches. */
#ifndef STORAGE_SQLITE_SESSION_H
#define STORAGE_SQLITE_SESSION_H

#include "store.h"

int session_open(void *self, struct hearth_call *call, void **ret_session);
void session_close(void *session);
void session_interrupt(void *session);
int session_ping(void *session, struct hearth_call *call);

/* A running operation, on its stack. Operations nest: a callback may call the session that calls it. */
struct op {
    struct session *session;
    struct hearth_call *outer;
};

/* Begins a read or anything that manages its own transaction. When it fails, return its code and do not call op_end(). */
int op_begin(struct op *op, void *session, struct hearth_call *call);
int op_end(struct op *op, int code); /* returns code */
/* Begins one of the operations "in a batch". INVALID: none is open. After an error that may leave half an operation the batch is broken. */
int op_begin_in_batch(struct op *op, void *session, struct hearth_call *call);
int op_end_in_batch(struct op *op, int code);
/* Begins a write that is atomic by itself: waits for its turn, opens a transaction. op_end_write() commits it when code >= 0, else rolls
 * back. Inside of the session's own batch it becomes part of the batch. */
int op_begin_write(struct op *op, void *session, struct hearth_call *call);
int op_end_write(struct op *op, int code);

/* The writer's turn and a transaction; ends with session_commit() or session_rollback(), which also give up the turn. */
int session_begin_immediate(struct session *session);
int session_commit(struct session *session); /* on failure everything was rolled back */
void session_rollback(struct session *session);

int session_exec(struct session *session, const char *sql); /* constant text without results */
/* 0, CANCELLED (interrupt, host) or TIMEOUT (deadline). Sets no error text. */
int session_stopped(struct session *session);
/* The result code of SQLite's last call as an error of ours, with a text that names the file and what to do. */
int session_fail(struct session *session, int sqlite_code);
/* Memory of the call. NULL text stays NULL. NOMEM leaves *ret_copy untouched. */
int session_copy(struct session *session, const char *text, const char **ret_copy);
int session_copy_bytes(struct session *session, const void *bytes, size_t size, const void **ret_copy);

#endif

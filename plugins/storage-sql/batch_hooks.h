/* What batches leave to each plugin, and what they share besides the operations. struct batch has these members in both: open, id (of the
 * account), collection, generation, delta (see enum counter), and those of removals.h. */
#ifndef STORAGE_SQL_BATCH_HOOKS_H
#define STORAGE_SQL_BATCH_HOOKS_H

#include "hearth/storage.h"

struct session;

/* Begins the transaction in which session->batch is open, alone with the account. NOT_FOUND. */
int batch_start(struct session *session, const char *account);
/* Commits. Whatever it returns, the batch is over. */
int batch_finish(struct session *session, bool changed);

/* In batch_finish(): the generations and the account's counters; forgets what was removed long ago. */
int batch_write_account(struct session *session, bool changed);
int batch_check_collection(struct hearth_call *call, int32_t collection); /* INVALID, in words */
/* INVALID, in words, for what cannot be done while one is open. */
int batch_is_none(struct session *session);

#endif

/* What batches leave to each plugin, and what they share besides the operations. struct batch
 * has these members in both: open, id (of the account), collection, generation, delta (see enum
 * counter), and those of removals.h. */
#ifndef STORAGE_SQL_BATCH_HOOKS_H
#define STORAGE_SQL_BATCH_HOOKS_H

#include "hearth/storage.h"

struct handle;

/* Begins the transaction in which handle->batch is open, alone with the account. NOT_FOUND. */
int sql_batch_start(struct handle *handle, const char *account);
/* Commits. Whatever it returns, the batch is over. */
int sql_batch_finish(struct handle *handle, bool changed);

/* In sql_batch_finish(): the generations and the account's counters; forgets what was removed
 * long ago. */
int sql_batch_write_account(struct handle *handle, bool changed);
/* INVALID, in words */
int sql_batch_check_collection(struct hearth_call *call, int32_t collection);
/* INVALID, in words, for what cannot be done while one is open. */
int sql_batch_is_none(struct handle *handle);

#endif

/* Batches: one transaction with the counters and the generation of its account. Also marks, which are the smallest part of one. */
#ifndef STORAGE_SQLITE_BATCH_H
#define STORAGE_SQLITE_BATCH_H

#include "store.h"

int batch_begin(void *session, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation);
/* Whatever it returns, the batch is over. */
int batch_commit(void *session, struct hearth_call *call, bool changed);
void batch_abort(void *session);


#endif

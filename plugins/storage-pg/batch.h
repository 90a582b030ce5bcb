/* Batches and marks. */
#ifndef STORAGE_PG_BATCH_H
#define STORAGE_PG_BATCH_H

#include "store.h"

int batch_begin(void *session, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation);
int batch_commit(void *session, struct hearth_call *call, bool changed);
void batch_abort(void *session);

void batch_forget(struct batch *batch); /* frees, without a word to the server */

#endif

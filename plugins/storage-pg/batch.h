/* Batches and marks. */
#ifndef STORAGE_PG_BATCH_H
#define STORAGE_PG_BATCH_H

#include "store.h"

void batch_forget(struct batch *batch); /* frees, without a word to the server */

#endif

/* Batches and cursors. */
#ifndef STORAGE_PG_BATCH_H
#define STORAGE_PG_BATCH_H

#include "database.h"

void pg_batch_forget(struct batch *batch); /* frees, without a word to the server */

#endif

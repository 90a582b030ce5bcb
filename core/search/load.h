/* Reading an account into a block, and bringing a block up to date. On the calling thread,
 * without a lock. */
#ifndef HEARTH_CORE_SEARCH_LOAD_H
#define HEARTH_CORE_SEARCH_LOAD_H

#include <stdint.h>

#include "search/search.h"

struct block;

/* Called while a block is being loaded, each time a further part of it can be searched; the
 * block is the receiver's. */
typedef void (*load_cb)(void *ctx, struct block *beginning);

/* 0, NOMEM or the source's error. */
int search_load_block(const struct search_source *source, int64_t generation, load_cb cb, void *ctx,
                      struct block **ret_block, struct err *err);
/* The same account at a later generation. Loads anew when the storage does not know what
 * changed, or it is too much. */
int search_load_update(const struct block *old, const struct search_source *source,
                       int64_t generation, load_cb cb, void *ctx, struct block **ret_block,
                       bool *ret_anew, struct err *err);

#endif

/* A folder with all below it, depth first, row by row, without recursion: trees of strangers may
 * be deep. */
#ifndef HEARTH_CORE_API_BOOKMARK_WALK_H
#define HEARTH_CORE_API_BOOKMARK_WALK_H

#include "plug/storage.h"

struct bookmark_visitor {
    void *ctx;
    /* index: in its folder, from 0. depth: 0 for what is in the folder. A negative code ends the
     * walk. */
    int (*enter)(void *ctx, const struct hearth_bookmark *folder, int64_t index, int depth);
    int (*leave)(void *ctx, int depth);
    int (*item)(void *ctx, const struct hearth_bookmark *item, int64_t index, int depth);
};

/* What is in the folder; the folder itself is not visited. One that is not there has nothing. */
int api_bookmark_walk(struct storage *storage, const char *account, const char *folder,
                      const struct bookmark_visitor *visitor, struct err *err);

#endif

/* Adaptive history: pages that were picked before for what is being typed. */
#ifndef HEARTH_CORE_SEARCH_PICKS_H
#define HEARTH_CORE_SEARCH_PICKS_H

#include <stddef.h>
#include <stdint.h>

#include "search/search.h"

struct arena;

/* The pages whose input begins with what is typed, best first, each once; at most
 * SEARCH_MAX_LIMIT. 0 or NOMEM. */
int search_picks_rank(const struct search_request *request, struct arena *arena,
                      const int64_t **ret_pages, size_t *ret_count);

#endif

/* The answer to a request from one block: open tabs, earlier picks, matches at word starts,
 * matches anywhere; one result for each address. */
#ifndef HEARTH_CORE_SEARCH_RANK_H
#define HEARTH_CORE_SEARCH_RANK_H

#include <stdbool.h>

#include "search/search.h"

struct arena;
struct block;
struct query;

/* Any thread. ret_full: the page of results is full of matches at word starts, so that pages of
 * lower frecency could not change it. 0 or NOMEM. */
int search_rank_block(const struct block *block, const struct search_request *request,
                      const struct query *query, struct arena *arena,
                      struct search_results *ret_results, bool *ret_full);

#endif

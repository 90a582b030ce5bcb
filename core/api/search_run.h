/* Running a search for an account through a storage handle: what /search, /suggest and `hearthd
 * search` share. */
#ifndef HEARTH_CORE_API_SEARCH_RUN_H
#define HEARTH_CORE_API_SEARCH_RUN_H

#include "plug/storage.h"
#include "search/search.h"

/* A hit, or what a keyword opens, with what is shown of it. Texts live in the call of the storage
 * handle until plug_storage_reset(), or in the arena. */
struct api_search_result {
    const struct search_hit *hit;
    const char *url, *title; /* title: the bookmark's, else the page's; "" possible */
    const char *tags;        /* joined by ","; NULL */
    const char *bookmark;    /* id of its newest bookmark; NULL */
    const char *keyword;     /* KEYWORD only: the bookmark's; NULL */
    int64_t page;            /* 0: none */
    int64_t frecency, last_visit;
};

typedef int (*api_search_cb)(void *ctx, const struct api_search_result *result);

/* generation: the account's. in: enum search_in. */
int api_search_run(struct search *search, struct storage *storage, const char *account,
                   int64_t generation, const char *query, uint32_t in, uint32_t limit,
                   struct arena *arena, api_search_cb cb, void *ctx, struct err *err);

#endif

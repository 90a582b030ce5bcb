/* Running a search for an account through a storage session: what /search, /suggest and `hearthd search` share. */
#ifndef HEARTH_CORE_API_FIND_H
#define HEARTH_CORE_API_FIND_H

#include "plug/store.h"
#include "search/search.h"

/* A hit with what is shown of it. Texts live in the store's call until store_reset(), or in the arena. */
struct find_result {
    const struct search_hit *hit;
    const char *url, *title; /* title: the bookmark's, else the page's; "" possible */
    const char *tags;        /* joined by ","; NULL */
    const char *bookmark;    /* id of its newest bookmark; NULL */
    int64_t page;            /* 0: none */
    int64_t frecency, last_visit;
};

typedef int (*find_cb)(void *ctx, const struct find_result *result);

/* generation: the account's. in: enum search_in. */
int find_run(struct search *search, struct store *store, const char *account, int64_t generation, const char *query, uint32_t in,
             uint32_t limit, struct arena *arena, find_cb cb, void *ctx, struct err *err);

#endif

/* Filtering lists by typed words: the same folding as search, every word anywhere in title, URL or tags. */
#ifndef HEARTH_CORE_API_WORDS_H
#define HEARTH_CORE_API_WORDS_H

#include <stdbool.h>
#include "search/query.h"

enum { WORDS_TEXT_MAX = 1024 }; /* so many bytes of title and URL count */

/* One thread at a time. */
struct words {
    struct query query;
    char *scratch; /* in the arena */
};

/* text: as typed; NULL: everything matches. */
int words_init(struct words *words, const char *text, struct arena *arena, struct err *err);
bool words_empty(const struct words *words);
bool words_match(struct words *words, const char *title, const char *url, const char *tags); /* each may be NULL */

#endif

/* A typed string, taken apart as Firefox's address bar does. Any thread. */
#ifndef HEARTH_CORE_SEARCH_QUERY_H
#define HEARTH_CORE_SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/needle.h"

struct arena;
struct err;

enum { QUERY_MAX_WORDS = 32 };

/* Which pages: ^ * + %. Which text: # $. */
enum query_only { QUERY_ANY, QUERY_HISTORY, QUERY_BOOKMARKS, QUERY_TAGGED, QUERY_TABS };
enum query_field { QUERY_EVERYWHERE, QUERY_TITLE, QUERY_URL };

/* No words: everything matches. Texts live in the arena. */
struct query {
    enum query_only only;
    enum query_field field;
    bool javascript; /* "javascript:" was typed */
    size_t word_count;
    /* folded, the longest first; later words of a longer query are ignored */
    struct needle words[QUERY_MAX_WORDS];
};

/* INVALID: longer than SEARCH_MAX_QUERY or not UTF-8; NOMEM. */
int search_query_parse(const char *text, struct arena *arena, struct query *ret_query,
                       struct err *err);

#endif

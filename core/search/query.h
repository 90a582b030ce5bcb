/* A typed string, taken apart as Firefox's address bar does. Any thread. */
#ifndef HEARTH_CORE_SEARCH_QUERY_H
#define HEARTH_CORE_SEARCH_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/needle.h"

struct arena;
struct err;
struct search_keyword;

enum { QUERY_MAX_WORDS = 32 };

/* Which pages: ^ * + %, and none for ? > @, which ask for what Firefox alone has (suggestions of
 * search engines, actions, engines by name). Which text: # $. */
enum query_only {
    QUERY_ANY,
    QUERY_HISTORY,
    QUERY_BOOKMARKS,
    QUERY_TAGGED,
    QUERY_TABS,
    QUERY_NOTHING
};
enum query_field { QUERY_EVERYWHERE, QUERY_TITLE, QUERY_URL };

/* No words: everything matches. Texts live in the arena. */
struct query {
    enum query_only only;
    enum query_field field;
    bool javascript; /* "javascript:" was typed */
    /* After a keyword: the folded host that pages have to have, with what may stand behind it
     * ('/', ':', …) left out. NULL: any. */
    const char *host;
    size_t host_size;
    size_t word_count;
    /* folded, the longest first; later words of a longer query are ignored */
    struct needle words[QUERY_MAX_WORDS];
};

/* keyword: what the first word is; NULL: none. INVALID: longer than SEARCH_MAX_QUERY or not UTF-8;
 * NOMEM. */
int search_query_parse(const char *text, const struct search_keyword *keyword, struct arena *arena,
                       struct query *ret_query, struct err *err);
/* Of a list that is filtered: without what is the address bar's alone. */
int search_query_parse_list(const char *text, struct arena *arena, struct query *ret_query,
                            struct err *err);

#endif

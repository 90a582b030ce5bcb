/* Filtering lists by typed words: the same folding as search, every word anywhere in title, URL
 * or tags. Lists that are kept in memory keep the folded text of each row,
 * search_text_filter_fold(); others are compared row by row, search_text_filter_match(). Both
 * find the same. */
#ifndef HEARTH_CORE_SEARCH_TEXT_FILTER_H
#define HEARTH_CORE_SEARCH_TEXT_FILTER_H

#include <stdbool.h>

#include "search/fold.h"
#include "search/needle.h"
#include "search/query.h"

enum {
    TEXT_FILTER_TEXT_MAX = 1024, /* so many bytes of title, URL and tags count */
    TEXT_FILTER_ROOM = 3 * FOLD_ROOM(TEXT_FILTER_TEXT_MAX) + NEEDLE_PADDING
};

/* One thread at a time. */
struct text_filter {
    struct query query;
    char *scratch; /* in the arena */
};

/* text: as typed; NULL: everything matches. INVALID: too long, or not UTF-8; NOMEM. */
int search_text_filter_init(struct text_filter *words, const char *text, struct arena *arena,
                            struct err *err);
bool search_text_filter_is_empty(const struct text_filter *words);
/* each may be NULL */
bool search_text_filter_match(struct text_filter *words, const char *title, const char *url,
                              const char *tags);

/* What words are looked for in: at most TEXT_FILTER_ROOM - NEEDLE_PADDING bytes; returns how
 * many. Each may be NULL. Any thread. */
size_t search_text_filter_fold(const char *title, const char *url, const char *tags,
                               char ret_text[TEXT_FILTER_ROOM]);
/* Sets bit first + i for each row i of folded rows that has all words. Row i is text[offsets[i]
 * … offsets[i + 1]); NEEDLE_PADDING bytes behind the text can be read. Not for
 * search_text_filter_is_empty(). Any thread. */
void search_text_filter_scan(const struct text_filter *words, const char *text,
                             const uint32_t *offsets, uint32_t count, uint64_t *bits, size_t first);

#endif

/* Filtering lists by typed words: the same folding as search, every word anywhere in title, URL or tags. Lists that are kept in memory keep
 * the folded text of each row, words_fold(); others are compared row by row, words_match(). Both find the same. */
#ifndef HEARTH_CORE_SEARCH_WORDS_H
#define HEARTH_CORE_SEARCH_WORDS_H

#include <stdbool.h>

#include "search/find.h"
#include "search/fold.h"
#include "search/query.h"

enum {
    WORDS_TEXT_MAX = 1024, /* so many bytes of title, URL and tags count */
    WORDS_ROOM = 3 * FOLD_ROOM(WORDS_TEXT_MAX) + FIND_PADDING
};

/* One thread at a time. */
struct words {
    struct query query;
    char *scratch; /* in the arena */
};

/* text: as typed; NULL: everything matches. INVALID: too long, or not UTF-8; NOMEM. */
int words_init(struct words *words, const char *text, struct arena *arena, struct err *err);
bool words_empty(const struct words *words);
bool words_match(struct words *words, const char *title, const char *url, const char *tags); /* each may be NULL */

/* What words are looked for in: at most WORDS_ROOM - FIND_PADDING bytes; returns how many. Each may be NULL. Any thread. */
size_t words_fold(const char *title, const char *url, const char *tags, char ret_text[WORDS_ROOM]);
/* Sets bit first + i for each row i of folded rows that has all words. Row i is text[offsets[i] … offsets[i + 1]); FIND_PADDING bytes
 * behind the text can be read. Not for words_empty(). Any thread. */
void words_scan(const struct words *words, const char *text, const uint32_t *offsets, uint32_t count, uint64_t *bits, size_t first);

#endif

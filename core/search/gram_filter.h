/* Which groups of 32 pages of a segment may contain a word: a bit for each group in each of many
 * rows, one row for every (hashed) sequence of one to four bytes, anywhere or at the start of a
 * word. The rows of a word's sequences are and-ed: what remains has to be looked at. It can say
 * "maybe" for a group without the word, never "no" for one with it. Immutable once built; any
 * thread. */
#ifndef HEARTH_CORE_SEARCH_GRAM_FILTER_H
#define HEARTH_CORE_SEARCH_GRAM_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/needle.h"

struct segment;
struct gram_filter;

enum {
    GRAM_FILTER_GROUP = 32,
    GRAM_FILTER_MAX_GROUPS = 512,
    GRAM_FILTER_WORDS = GRAM_FILTER_MAX_GROUPS / 64,
    GRAM_FILTER_MIN_PAGES = 2048
};

/* NULL when memory is short. */
struct gram_filter *search_gram_filter_create(const struct segment *segment);
void search_gram_filter_destroy(struct gram_filter *filter); /* accepts NULL */
size_t search_gram_filter_bytes(const struct gram_filter *filter);

/* Clears the bits of groups that cannot contain the word: in anywhere those without it, in
 * at_start those without it at the start of a word. Both must be given with a bit for each
 * group. False: nothing is left. */
bool search_gram_filter_apply(const struct gram_filter *filter, const struct needle *word,
                              uint64_t anywhere[GRAM_FILTER_WORDS],
                              uint64_t at_start[GRAM_FILTER_WORDS]);

#endif

/* Keywords of bookmarks: "kw words" opens the URL of the bookmark with the keyword "kw", in which
 * the words stand for %s. Any thread. */
#ifndef HEARTH_CORE_SEARCH_KEYWORD_H
#define HEARTH_CORE_SEARCH_KEYWORD_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* The form in which keywords are compared: trimmed, in lower case. To be freed. 0 or NOMEM. */
int search_keyword_fold(const char *keyword, size_t size, char **ret_folded);

/* What is typed: the first word and the others, trimmed; they point into it. False: it does not
 * begin with what may be a keyword. */
struct search_keyword_typed {
    const char *first, *words;
    size_t first_size, words_size;
};
bool search_keyword_split(const char *typed, struct search_keyword_typed *ret_typed);

/* Does the URL say where words go? */
bool search_keyword_takes_words(const char *url);
/* Of a URL that says very often where words go, nothing is made. */
enum { SEARCH_KEYWORD_ROOM = 256 * 1024 };
/* The URL with the words in it: percent-encoded for %s, as they are for %S. "": it might be longer
 * than SEARCH_KEYWORD_ROOM. NULL: the arena is full. */
const char *search_keyword_url(const char *url, const struct search_keyword_typed *typed,
                               struct arena *arena);
/* Does a restriction leave no room for keywords ("? kw words")? */
bool search_keyword_is_restricted(const char *typed, struct arena *arena);

#endif

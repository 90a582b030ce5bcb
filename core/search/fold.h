/* Text as the matcher sees it: lower case and without accents, code point by code point, as in
 * Firefox ("Łódź" and "lodz" are the same, "straße" and "strasse" are not). And where words
 * start, which can be seen in the text before folding only. Any thread. */
#ifndef HEARTH_CORE_SEARCH_FOLD_H
#define HEARTH_CORE_SEARCH_FOLD_H

#include <stddef.h>
#include <stdint.h>

/* Folds text[0 … size) to ret_text, which has room for FOLD_ROOM(size) bytes, and returns the
 * size. Malformed bytes become U+FFFD. ret_starts, unless NULL: a bit for each byte of ret_text,
 * from first_bit on, zeroed by the caller, with 4 spare bytes behind. Set where a hit counts as
 * being at the start of a word: at the beginning, and everywhere but on an a-z that follows an
 * ASCII letter. */
#define FOLD_ROOM(size) ((size)*3 + 16)
size_t search_fold_text(const char *text, size_t size, char *ret_text, uint8_t *ret_starts,
                        size_t first_bit);

/* The greatest n <= max at which text can be cut without splitting a character. */
size_t search_fold_cut(const char *text, size_t size, size_t max);

#endif

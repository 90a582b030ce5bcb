/* What Firefox does to a typed string before it looks for it: characters that could pass for
 * others, and all spaces but the common ones, are searched for by their escapes, so that words
 * with them find nothing in text. Any thread. */
#ifndef HEARTH_CORE_SEARCH_CONFUSABLE_H
#define HEARTH_CORE_SEARCH_CONFUSABLE_H

#include <stddef.h>

enum { CONFUSABLE_ESCAPE = 6 }; /* bytes of the longest one: %u200B */
/* ret_text: room for size * 3 + CONFUSABLE_ESCAPE + 1 bytes. Valid UTF-8. Returns the length. */
size_t search_confusable_escape(const char *text, size_t size, char *ret_text);

#endif

/* Lower case for keys in a database, which has no function of its own for it. */
#ifndef SUPPORT_FOLD_H
#define SUPPORT_FOLD_H

#include <stddef.h>

enum { SUPPORT_FOLD_GROWTH = 3 }; /* the folded text is at most this many times as long */

/* Writes the lower case of `size` bytes of UTF-8, code point by code point as Firefox's lower() does
 * for tags; returns the bytes written. Bytes that are not UTF-8 stay as they are. ret_text has room
 * for SUPPORT_FOLD_GROWTH * size bytes; no NUL is added. */
size_t support_fold(const char *text, size_t size, char *ret_text);

#endif

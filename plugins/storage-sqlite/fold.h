/* Text keys that the databases have no function for. Shared with storage-pg, which compiles the same source. */
#ifndef STORAGE_SQLITE_FOLD_H
#define STORAGE_SQLITE_FOLD_H

#include <stddef.h>
#include <stdint.h>

enum { FOLD_GROWTH = 3 }; /* the folded text is at most this many times as long */

/* Writes the lower case of `size` bytes of UTF-8, code point by code point as Firefox's lower() does for tags; returns the bytes written.
 * Bytes that are not UTF-8 stay as they are. `out` has room for FOLD_GROWTH * size bytes; no NUL is added. */
size_t fold_text(const char *text, size_t size, char *out);
/* The key of a host in visits.host_key. Different hosts may share one. */
int64_t fold_host_key(const char *host);

#endif

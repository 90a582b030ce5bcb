/* Times of the storage server: decimal seconds with two decimals, kept as integer centiseconds
 * so that they compare and print exactly. */
#ifndef HEARTH_PLUGINS_SYNC_FX_TIMESTAMP_H
#define HEARTH_PLUGINS_SYNC_FX_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

enum { FX_TIMESTAMP_TEXT = 24 }; /* room for any printed timestamp */

/* Reads "1700000001", "1700000001.2" or "1700000001.23"; nothing else (no sign, exponent,
 * blanks, third decimal). INVALID otherwise. */
int fx_timestamp_parse(const char *text, size_t size, int64_t *ret_centiseconds);

/* Prints with two decimals; centiseconds >= 0. */
void fx_timestamp_print(int64_t centiseconds, char ret_text[FX_TIMESTAMP_TEXT]);

#endif

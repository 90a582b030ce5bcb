/* Numbers that servers send, in JSON and in headers: read in one place. Times of the storage server
 * are decimal seconds with two decimals, kept as integer centiseconds so that they compare and
 * print exactly. */
#ifndef HEARTH_PLUGINS_SYNC_FX_TIMESTAMP_H
#define HEARTH_PLUGINS_SYNC_FX_TIMESTAMP_H

#include <stddef.h>
#include <stdint.h>

enum { FX_TIMESTAMP_TEXT = 24 }; /* room for any printed timestamp */

#define FX_NUMBER_MAX 999999999999999999 /* 18 digits */

/* Any JSON number ("17", "-0", "1.79e9"), times ten to the power of `decimals`, rounded, and no
 * farther from 0 than `most` (at most FX_NUMBER_MAX). Blanks are not taken. INVALID otherwise. */
int fx_number_parse(const char *text, size_t size, int decimals, int64_t most, int64_t *ret_value);

/* A time in seconds, as any JSON number: servers that count in binary floats write
 * "1795906000.0199999" for .02. What is before 1970 is 0, what lies millions of years ahead has 14
 * digits. INVALID otherwise. */
int fx_timestamp_parse(const char *text, size_t size, int64_t *ret_centiseconds);

/* "Sun, 06 Nov 1994 08:49:37 GMT", as in a Date header, to ms since 1970. INVALID otherwise. */
int fx_timestamp_parse_date(const char *text, int64_t *ret_ms);

/* Prints with two decimals; centiseconds >= 0. */
void fx_timestamp_print(int64_t centiseconds, char ret_text[FX_TIMESTAMP_TEXT]);

#endif

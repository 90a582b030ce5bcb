/* Text: strict parsing of numbers, durations and sizes; UTF-8. How bytes are written is
 * codec/codec.h. */
#ifndef HEARTH_CORE_BASE_STR_H
#define HEARTH_CORE_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool str_equal(const char *a, const char *b); /* NULL equals NULL only */
bool str_starts(const char *text, const char *prefix);
/* For "did you mean": is `known` nearer to what was typed than *distance, which is then its own?
 * Begin with STR_NOT_NEAR: what differs in more than three letters, or in half of what was typed,
 * is no guess. */
enum { STR_NOT_NEAR = 4 };
bool str_is_nearer(const char *typed, const char *known, int *distance);
/* The whole text must be the value; false leaves *ret untouched. */
bool str_to_int(const char *text, int64_t *ret);
bool str_to_duration(const char *text, int64_t *ret_ms); /* 250ms 10s 15min 2h 7d; "0" */
/* 512 64KiB 64MiB 1GiB; kB MB GB by thousands */
bool str_to_size(const char *text, int64_t *ret_bytes);
/* The other way round, in the largest unit that it is a whole number of: "30d", "64KiB". At most
 * 24 bytes; returns ret. */
const char *str_put_duration(int64_t ms, char ret[24]);
const char *str_put_size(int64_t bytes, char ret[24]);
bool str_to_bool(const char *text, bool *ret); /* yes no on off true false 1 0 */
/* A copy of a text that is known to fit: one that does not is a fault of the program, and ends
 * it. */
void str_copy(char *ret, size_t size, const char *text);
/* A copy of words for a person, of which the end may be missing. Never of something that means
 * something else when it is cut. */
void str_cut(char *ret, size_t size, const char *text);
/* The same of which the middle may be missing ("…"): a path, whose ends say most. At least 16
 * bytes; returns ret. */
const char *str_ends(char *ret, size_t size, const char *text);
/* The folder that a path is in, "." for a mere name. As large as the path, or 2 bytes. */
void str_folder(const char *path, char *ret, size_t size);
bool str_is_utf8(const char *text, size_t size);
/* Decodes one code point at text[*at] (valid UTF-8 inside `size`) and moves *at behind it. */
uint32_t str_next_char(const char *text, size_t size, size_t *at);
size_t str_put_char(char ret[4], uint32_t c); /* encodes; returns 1..4 */
/* The next character of a text of which nothing is known, and moves *at behind it. True: one
 * line of a log or a terminal may have it as it is. *ret_c: its code point; a byte that is no
 * UTF-8: STR_BROKEN and the byte. */
enum { STR_BROKEN = 0x200000 };
bool str_next_shown(const char *text, size_t size, size_t *at, uint32_t *ret_c);
/* A copy fit for one line of a log or a terminal: what is not shown there is \xNN or \u{NNNN},
 * as are bytes that are no UTF-8; cut at ret_size. */
void str_printable(const char *text, char *ret, size_t ret_size);

#endif

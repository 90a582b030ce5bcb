/* UTF-8 text from records: repairing. */
#ifndef HEARTH_PLUGINS_SYNC_FX_TEXT_H
#define HEARTH_PLUGINS_SYNC_FX_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "übung" that was encoded twice ("Ã¼bung") is decoded once, in place. True when that was so. */
bool fx_text_ungarble(char *text);

/* Makes JSON text acceptable that holds bytes which are not UTF-8 (become '?') or escapes of
 * lone surrogates (become U+FFFD), in place and without changing its length. */
void fx_text_repair_json(char *text, size_t size);

/* Only printable ASCII (0x21 … 0x7e) without '"' and '\', `size` from 1 to max: safe in headers,
 * and in JSON without escapes. */
bool fx_text_is_token(const char *text, size_t size, size_t max);

/* Control characters become blanks: for log lines and sentences. */
void fx_text_plain(char *text);

#endif

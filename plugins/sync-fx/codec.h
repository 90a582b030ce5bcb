/* Hexadecimal, percent encoding: strict decoders for what comes from outside. Base64 is core/jose's. */
#ifndef HEARTH_PLUGINS_SYNC_FX_CODEC_H
#define HEARTH_PLUGINS_SYNC_FX_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exactly `size` bytes from size * 2 digits of either case. INVALID otherwise. */
int fx_hex_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size);

/* Lower case, NUL-terminated; ret_text: size * 2 + 1. */
void fx_hex_encode(const uint8_t *bytes, size_t size, char *ret_text);

/* Everything but A-Z a-z 0-9 - . _ ~ is escaped. FULL when it does not fit. */
int fx_percent_encode(const char *text, char *ret_text, size_t capacity);

/* `+` stays; a broken escape stays as it is. ret_text: at least size + 1; NUL-terminated. Returns the length. */
size_t fx_percent_decode(const char *text, size_t size, char *ret_text);

#endif

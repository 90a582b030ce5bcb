/* Hexadecimal and percent encoding of what comes from outside. Base64 is core/jose's. */
#ifndef SUPPORT_CODEC_H
#define SUPPORT_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0 to 15, of either case; -1: no digit. */
int support_hex_digit(char c);

/* Exactly `size` bytes from size * 2 digits of either case. INVALID otherwise. */
int support_hex_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size);

/* Lower case, NUL-terminated; ret_text: size * 2 + 1. */
void support_hex_encode(const uint8_t *bytes, size_t size, char *ret_text);

/* Everything but A-Z a-z 0-9 - . _ ~ is escaped. FULL when it does not fit. */
int support_percent_encode(const char *text, char *ret_text, size_t capacity);

/* `+` stays; a broken escape stays as it is. ret_text: at least size + 1; NUL-terminated. Returns the length. */
size_t support_percent_decode(const char *text, size_t size, char *ret_text);

/* The strict one, for what a person wrote: INVALID, when an escape is broken or says NUL; FULL.
 * ret_text is NUL-terminated, and undefined after a failure. */
int support_percent_decode_all(const char *text, size_t size, char *ret_text, size_t capacity);

#endif

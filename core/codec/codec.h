/* How bytes and characters are written: ASCII, hexadecimal, base64, percent coding, UTF-8. The one
 * home of it for hearthd and for the plugins of this tree, below everything else: nothing behind it
 * but hearth/plugin.h's error codes and libc. No function allocates or keeps state; any thread. */
#ifndef HEARTH_CORE_CODEC_CODEC_H
#define HEARTH_CORE_CODEC_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- ASCII, whatever the locale --- */

/* A to Z become a to z. */
static inline char codec_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The same for a whole text, where it lies; NULL stays. */
static inline void codec_lower_text(char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        *text = codec_lower(*text);
}

static inline bool codec_is_alnum(char c)
{
    char lower = codec_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

/* 0 to 15, of either case; -1: no digit. */
static inline int codec_hex_digit(char c)
{
    char lower = codec_lower(c);
    return c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* --- hex.c --- */

/* Lower case, NUL-terminated; ret_text: size * 2 + 1. */
void codec_hex_encode(const uint8_t *bytes, size_t size, char *ret_text);
/* Exactly `size` bytes from size * 2 digits of either case; INVALID otherwise, with ret_bytes as
 * they were. */
int codec_hex_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size);
/* The code unit that the four digits behind \u say; -1: they are none. */
int codec_hex_unit(const char digits[4]);

/* --- base64.c --- */

/* RFC 4648: the standard one with padding, that for URLs without (RFC 7515, 2). */
enum codec_alphabet { CODEC_STANDARD, CODEC_URL };
/* No blanks, no loose bits, no digits of the other alphabet. ret_bytes: at least size * 3 / 4;
 * undefined after INVALID. */
int codec_base64_decode(enum codec_alphabet alphabet, const char *text, size_t size,
                        uint8_t *ret_bytes, size_t *ret_size);
/* NUL-terminated; returns the length. ret_text: at least (size + 2) / 3 * 4 + 1. */
size_t codec_base64_encode(enum codec_alphabet alphabet, const uint8_t *bytes, size_t size,
                           char *ret_text);

/* --- percent.c: RFC 3986, 2.1 --- */

/* Everything is escaped but A-Z a-z 0-9 - . _ ~ and the characters of `keep`. NUL-terminated.
 * FULL, with nothing written, when it does not fit: 3 * strlen(text) + 1 is always enough. */
int codec_percent_encode(const char *text, const char *keep, char *ret_text, size_t capacity);

/* How an escape is read. Without STRICT a broken one stays as it is, and nothing is refused. */
enum {
    CODEC_LENIENT = 0,
    CODEC_STRICT = 1,        /* a broken escape is INVALID, and so is NUL, escaped or not */
    CODEC_PLUS = 2,          /* + is a blank, as in forms; otherwise it stays */
    CODEC_KEEP_CONTROLS = 4, /* escapes of U+0000 to U+001F and of U+007F stay as they are */
};
/* NUL-terminated, UTF-8 or not. FULL when it does not fit: size + 1 is always enough. ret_size,
 * which may be NULL: the length, untouched on failure; ret_text is undefined then. */
int codec_percent_decode(unsigned how, const char *text, size_t size, char *ret_text,
                         size_t capacity, size_t *ret_size);

/* --- utf8.c --- */

/* Length in bytes of the well-formed character at text (1 to 4), 0 when it is not one. size > 0. */
size_t codec_utf8_length(const char *text, size_t size);
bool codec_utf8_valid(const char *text, size_t size);
/* The code point of a character that codec_utf8_length() found to have `length` bytes. */
uint32_t codec_utf8_code(const char *text, size_t length);
/* Writes a code point; returns its length, at most 4. No NUL is added. */
size_t codec_utf8_write(uint32_t code, char *ret_text);

/* White space as a browser's scripts have it (\s, trim()). */
static inline bool codec_is_space(uint32_t code)
{
    return (code >= 0x09 && code <= 0x0d) || code == 0x20 || code == 0xa0 || code == 0x1680 ||
           (code >= 0x2000 && code <= 0x200a) || code == 0x2028 || code == 0x2029 ||
           code == 0x202f || code == 0x205f || code == 0x3000 || code == 0xfeff;
}

/* Narrows [*text, *text + *size) by white space at both ends. */
void codec_trim(const char **text, size_t *size);

/* --- fold.c --- */

enum { CODEC_FOLD_GROWTH = 3 }; /* the folded text is at most this many times as long */
/* Text as tags are compared, in databases as in memory: code point by code point, each by its own
 * lower case (hearth/storage.h), as Unicode 14 has it. Databases hold what comes out, so it stays
 * as it is, whatever Unicode the libraries of a system know: docs/schema.md#tags says more. Bytes
 * that are not UTF-8 stay. Returns the bytes written; no NUL is added. ret_text:
 * CODEC_FOLD_GROWTH * size. */
size_t codec_fold(const char *text, size_t size, char *ret_text);

#endif

/* Text: what is absent, ASCII, UTF-8. */
#ifndef SUPPORT_TEXT_H
#define SUPPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline const char *support_or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

/* A to Z become a to z, whatever the locale. */
static inline char support_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Length in bytes of the well-formed character at text (1 … 4), 0 when it is not one. size > 0. */
size_t support_utf8_length(const char *text, size_t size);
bool support_utf8_valid(const char *text, size_t size);
/* The code point of a character that support_utf8_length() found to have `length` bytes. */
uint32_t support_utf8_code(const char *text, size_t length);
/* Writes a code point; returns its length, at most 4. No NUL is added. */
size_t support_utf8_write(uint32_t code, char *ret_text);
/* How many bytes of valid UTF-8 hold at most `units` UTF-16 units: how Firefox measures titles. */
size_t support_utf8_cut(const char *text, size_t size, size_t units);

#endif

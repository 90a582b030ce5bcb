/* White space as a browser's scripts have it (\s). */
#ifndef HEARTH_CORE_SEARCH_WHITE_SPACE_H
#define HEARTH_CORE_SEARCH_WHITE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "codec/codec.h"

static inline bool white_space_has(uint32_t c)
{
    return codec_is_space(c);
}

/* Moves *from and *end together until neither is white space. The text is UTF-8. */
static inline void white_space_trim(const char *text, size_t *from, size_t *end)
{
    while (*from < *end) {
        size_t next = *from;
        if (!white_space_has(str_next_char(text, *end, &next)))
            break;
        *from = next;
    }
    while (*from < *end) {
        size_t last = *end - 1;
        while (last > *from && ((uint8_t)text[last] & 0xC0) == 0x80)
            last--;
        size_t next = last;
        if (!white_space_has(str_next_char(text, *end, &next)))
            break;
        *end = last;
    }
}

/* Bytes of the first word of text, which does not begin with white space. */
static inline size_t white_space_word(const char *text, size_t size)
{
    for (size_t at = 0, next = 0; at < size; at = next)
        if (white_space_has(str_next_char(text, size, &next)))
            return at;
    return size;
}

#endif

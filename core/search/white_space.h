/* White space as a browser's scripts have it (\s). */
#ifndef HEARTH_CORE_SEARCH_WHITE_SPACE_H
#define HEARTH_CORE_SEARCH_WHITE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "codec/codec.h"

/* Moves *from and *end together until neither is white space. The text is UTF-8. */
static inline void white_space_trim(const char *text, size_t *from, size_t *end)
{
    const char *at = text + *from;
    size_t size = *end - *from;
    codec_trim(&at, &size);
    *from = (size_t)(at - text);
    *end = *from + size;
}

/* Bytes of the first word of text, which does not begin with white space. */
static inline size_t white_space_word(const char *text, size_t size)
{
    for (size_t at = 0, next = 0; at < size; at = next)
        if (codec_is_space(str_next_char(text, size, &next)))
            return at;
    return size;
}

#endif

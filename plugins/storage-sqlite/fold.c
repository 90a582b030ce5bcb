#include "fold.h"

#include <stdbool.h>

#include "fold_table.h"

static uint32_t lower(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    size_t low = 0, high = sizeof(fold_ranges) / sizeof(fold_ranges[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct fold_range *range = &fold_ranges[middle];
        if (code < range->first)
            high = middle;
        else if (code > range->last)
            low = middle + 1;
        else
            return (code - range->first) % (uint32_t)range->step == 0 ? (uint32_t)((int32_t)code + range->delta) : code;
    }
    return code;
}

/* The code point at text and its length; 0: not UTF-8. */
static size_t decode(const unsigned char *text, size_t size, uint32_t *ret_code)
{
    size_t length = text[0] < 0x80 ? 1 : text[0] >= 0xf0 && text[0] < 0xf8 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc0 ? 2 : 0;
    if (length == 0 || length > size || text[0] >= 0xf8)
        return 0;
    uint32_t code = length == 1 ? text[0] : text[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    *ret_code = code;
    return length;
}

static size_t encode(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)((0xf00u >> length & 0xff) | code);
    return length;
}

size_t fold_text(const char *text, size_t size, char *out)
{
    size_t written = 0;
    for (size_t i = 0; i < size;) {
        uint32_t code;
        size_t length = decode((const unsigned char *)text + i, size - i, &code);
        if (length == 0) {
            out[written++] = text[i++];
            continue;
        }
        written += encode(lower(code), out + written);
        i += length;
    }
    return written;
}

int64_t fold_host_key(const char *host)
{
    uint32_t hash = 2166136261u;
    for (; *host != '\0'; host++)
        hash = (hash ^ (unsigned char)*host) * 16777619u;
    return (int32_t)hash; /* SQLite stores small numbers in four bytes when they are signed */
}

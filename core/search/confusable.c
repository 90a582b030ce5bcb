#include "search/confusable.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "codec/codec.h"

/* Firefox's list of characters that could pass for others in a host name, and of all spaces but
 * U+0020 and U+3000: what its nsITextToSubURI::unEscapeURIForUI() escapes. */
static const struct range {
    uint16_t first, last;
} ranges[] = {
    {0xA0, 0xA0},     {0xBC, 0xBE},     {0x138, 0x138},   {0x1C3, 0x1C3},   {0x2D0, 0x2D0},
    {0x337, 0x338},   {0x589, 0x58A},   {0x5C3, 0x5C3},   {0x5F4, 0x5F4},   {0x609, 0x60A},
    {0x66A, 0x66A},   {0x6D4, 0x6D4},   {0x701, 0x704},   {0x115F, 0x1160}, {0x1735, 0x1735},
    {0x2000, 0x200B}, {0x200E, 0x2010}, {0x2019, 0x2019}, {0x2024, 0x2024}, {0x2027, 0x202F},
    {0x2039, 0x203A}, {0x2041, 0x2041}, {0x2044, 0x2044}, {0x2052, 0x2052}, {0x205F, 0x205F},
    {0x2153, 0x215F}, {0x2215, 0x2215}, {0x2236, 0x2236}, {0x23AE, 0x23AE}, {0x2571, 0x2571},
    {0x29F6, 0x29F6}, {0x29F8, 0x29F8}, {0x2AFB, 0x2AFB}, {0x2AFD, 0x2AFD}, {0x2FF0, 0x2FFB},
    {0x3002, 0x3002}, {0x3014, 0x3015}, {0x3033, 0x3033}, {0x30A0, 0x30A0}, {0x3164, 0x3164},
    {0x321D, 0x321E}, {0x33AE, 0x33AF}, {0x33C6, 0x33C6}, {0x33DF, 0x33DF}, {0xFE14, 0xFE15},
    {0xFE3F, 0xFE3F}, {0xFE5D, 0xFE5E}, {0xFEFF, 0xFEFF}, {0xFF0E, 0xFF0F}, {0xFF61, 0xFF61},
    {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFD},
};

static int compare_to_range(const void *c, const void *range)
{
    const struct range *r = range;
    uint32_t code = *(const uint32_t *)c;
    return code < r->first ? -1 : code > r->last;
}

static bool is_confusable(uint32_t c)
{
    return c >= ranges[0].first && bsearch(&c, ranges, sizeof(ranges) / sizeof(ranges[0]),
                                           sizeof(ranges[0]), compare_to_range) != NULL;
}

/* %a0, %u200b: case is folded afterwards. */
static size_t write_escape(uint32_t c, char *ret_text)
{
    const uint8_t bytes[2] = {(uint8_t)(c >> 8), (uint8_t)c};
    bool two = c > 0xFF;
    memcpy(ret_text, "%u", 2);
    codec_hex_encode(two ? bytes : bytes + 1, two ? 2 : 1, ret_text + 1 + two);
    return two ? 6 : 3;
}

size_t search_confusable_escape(const char *text, size_t size, char *ret_text)
{
    size_t used = 0;
    for (size_t at = 0, next = 0; at < size; at = next) {
        uint32_t c = str_next_char(text, size, &next);
        if (is_confusable(c)) {
            used += write_escape(c, ret_text + used);
        } else {
            memcpy(ret_text + used, text + at, next - at);
            used += next - at;
        }
    }
    ret_text[used] = '\0';
    return used;
}

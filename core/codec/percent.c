#include <string.h>

#include "codec/codec.h"
#include "hearth/plugin.h"

static bool percent_stays(char c, const char *keep)
{
    return codec_is_alnum(c) || strchr("-._~", c) != NULL || strchr(keep, c) != NULL;
}

int codec_percent_encode(const char *text, const char *keep, char *ret_text, size_t capacity)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t needed = 1;
    for (const char *c = text; *c != '\0'; c++)
        needed += percent_stays(*c, keep) ? 1 : 3;
    if (needed > capacity)
        return HEARTH_ERR_FULL;
    for (const char *c = text; *c != '\0'; c++) {
        if (percent_stays(*c, keep)) {
            *ret_text++ = *c;
        } else {
            *ret_text++ = '%';
            *ret_text++ = digits[(unsigned char)*c >> 4];
            *ret_text++ = digits[(unsigned char)*c & 15];
        }
    }
    *ret_text = '\0';
    return 0;
}

/* The byte that the escape at text says, -1: it is none. */
static int percent_escape(const char *text, size_t size)
{
    int high = size < 3 ? -1 : codec_hex_digit(text[1]);
    int low = high < 0 ? -1 : codec_hex_digit(text[2]);
    return low < 0 ? -1 : high << 4 | low;
}

int codec_percent_decode(unsigned how, const char *text, size_t size, char *ret_text,
                         size_t capacity, size_t *ret_size)
{
    size_t out = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            int byte = percent_escape(text + i, size - i);
            if (byte < 0 && (how & CODEC_STRICT) != 0)
                return HEARTH_ERR_INVALID;
            bool is_control = byte < 0x20 || byte == 0x7f;
            if (byte >= 0 && !(is_control && (how & CODEC_KEEP_CONTROLS) != 0)) {
                c = (char)byte;
                i += 2;
            }
        } else if (c == '+' && (how & CODEC_PLUS) != 0) {
            c = ' ';
        }
        if (c == '\0' && (how & CODEC_STRICT) != 0)
            return HEARTH_ERR_INVALID;
        if (out + 1 >= capacity)
            return HEARTH_ERR_FULL;
        ret_text[out++] = c;
    }
    if (capacity == 0)
        return HEARTH_ERR_FULL;
    ret_text[out] = '\0';
    if (ret_size != NULL)
        *ret_size = out;
    return 0;
}

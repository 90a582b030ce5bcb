#include "support/codec.h"

#include <string.h>

#include "hearth/plugin.h"

int support_hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int support_hex_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size)
{
    if (text_size != size * 2)
        return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < text_size; i++) {
        if (support_hex_digit(text[i]) < 0)
            return HEARTH_ERR_INVALID;
    }
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t)(support_hex_digit(text[2 * i]) << 4 | support_hex_digit(text[2 * i + 1]));
    return 0;
}

void support_hex_encode(const uint8_t *bytes, size_t size, char *ret_text)
{
    for (size_t i = 0; i < size; i++) {
        *ret_text++ = "0123456789abcdef"[bytes[i] >> 4];
        *ret_text++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *ret_text = '\0';
}

static bool percent_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

int support_percent_encode(const char *text, char *ret_text, size_t capacity)
{
    size_t needed = 1;
    for (const char *c = text; *c != '\0'; c++)
        needed += percent_unreserved(*c) ? 1 : 3;
    if (needed > capacity)
        return HEARTH_ERR_FULL;
    for (const char *c = text; *c != '\0'; c++) {
        if (percent_unreserved(*c)) {
            *ret_text++ = *c;
        } else {
            *ret_text++ = '%';
            *ret_text++ = "0123456789ABCDEF"[(unsigned char)*c >> 4];
            *ret_text++ = "0123456789ABCDEF"[(unsigned char)*c & 15];
        }
    }
    *ret_text = '\0';
    return 0;
}

size_t support_percent_decode(const char *text, size_t size, char *ret_text)
{
    size_t out = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '%' && i + 2 < size && support_hex_digit(text[i + 1]) >= 0 && support_hex_digit(text[i + 2]) >= 0) {
            ret_text[out++] = (char)(support_hex_digit(text[i + 1]) << 4 | support_hex_digit(text[i + 2]));
            i += 2;
        } else {
            ret_text[out++] = text[i];
        }
    }
    ret_text[out] = '\0';
    return out;
}

int support_percent_decode_all(const char *text, size_t size, char *ret_text, size_t capacity)
{
    size_t out = 0;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (c == '%') {
            int high = i + 2 < size ? support_hex_digit(text[i + 1]) : -1;
            int low = high < 0 ? -1 : support_hex_digit(text[i + 2]);
            if (low < 0 || (high == 0 && low == 0))
                return HEARTH_ERR_INVALID;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (out + 1 >= capacity)
            return HEARTH_ERR_FULL;
        ret_text[out++] = c;
    }
    ret_text[out] = '\0';
    return 0;
}

#include "codec.h"

#include <string.h>

#include "hearth/plugin.h"

static int base64_value(unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int fx_base64_decode(const char *text, size_t size, uint8_t *ret_bytes, size_t *ret_size)
{
    static _Thread_local signed char table[256];
    if (table['B'] == 0) {
        for (int c = 0; c < 256; c++)
            table[c] = (signed char)base64_value((unsigned char)c);
    }
    if (size % 4 != 0)
        return HEARTH_ERR_INVALID;
    size_t out = 0;
    const unsigned char *in = (const unsigned char *)text;
    size_t padding = size == 0 ? 0 : in[size - 1] != '=' ? 0 : in[size - 2] != '=' ? 1 : 2;
    size_t whole = size - (padding != 0 ? 4 : 0);
    for (size_t i = 0; i < whole; i += 4) {
        int a = table[in[i]], b = table[in[i + 1]], c = table[in[i + 2]], d = table[in[i + 3]];
        if ((a | b | c | d) < 0)
            return HEARTH_ERR_INVALID;
        ret_bytes[out++] = (uint8_t)(a << 2 | b >> 4);
        ret_bytes[out++] = (uint8_t)(b << 4 | c >> 2);
        ret_bytes[out++] = (uint8_t)(c << 6 | d);
    }
    if (padding != 0) {
        int a = table[in[whole]], b = table[in[whole + 1]], c = padding == 1 ? table[in[whole + 2]] : 0;
        if ((a | b | c) < 0 || (padding == 2 ? (b & 15) : (c & 3)) != 0)
            return HEARTH_ERR_INVALID;
        ret_bytes[out++] = (uint8_t)(a << 2 | b >> 4);
        if (padding == 1)
            ret_bytes[out++] = (uint8_t)(b << 4 | c >> 2);
    }
    *ret_size = out;
    return 0;
}

void fx_base64_encode(const uint8_t *bytes, size_t size, char *ret_text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < size; i += 3) {
        uint32_t group = (uint32_t)bytes[i] << 16;
        if (i + 1 < size)
            group |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < size)
            group |= bytes[i + 2];
        *ret_text++ = digits[group >> 18];
        *ret_text++ = digits[group >> 12 & 63];
        *ret_text++ = i + 1 < size ? digits[group >> 6 & 63] : '=';
        *ret_text++ = i + 2 < size ? digits[group & 63] : '=';
    }
    *ret_text = '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

int fx_hex_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size)
{
    if (text_size != size * 2)
        return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < text_size; i++) {
        if (hex_value(text[i]) < 0)
            return HEARTH_ERR_INVALID;
    }
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] = (uint8_t)(hex_value(text[2 * i]) << 4 | hex_value(text[2 * i + 1]));
    return 0;
}

void fx_hex_encode(const uint8_t *bytes, size_t size, char *ret_text)
{
    for (size_t i = 0; i < size; i++) {
        *ret_text++ = "0123456789abcdef"[bytes[i] >> 4];
        *ret_text++ = "0123456789abcdef"[bytes[i] & 15];
    }
    *ret_text = '\0';
}

static bool is_unreserved(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("-._~", c) != NULL);
}

int fx_percent_encode(const char *text, char *ret_text, size_t capacity)
{
    size_t needed = 1;
    for (const char *c = text; *c != '\0'; c++)
        needed += is_unreserved(*c) ? 1 : 3;
    if (needed > capacity)
        return HEARTH_ERR_FULL;
    for (const char *c = text; *c != '\0'; c++) {
        if (is_unreserved(*c)) {
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

size_t fx_percent_decode(const char *text, size_t size, char *ret_text)
{
    size_t out = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '%' && i + 2 < size && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            ret_text[out++] = (char)(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]));
            i += 2;
        } else {
            ret_text[out++] = text[i];
        }
    }
    ret_text[out] = '\0';
    return out;
}

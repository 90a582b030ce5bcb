#include "jose/jose_internal.h"

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

int jose_base64url_decode(const char *text, size_t size, uint8_t *ret_bytes, size_t *ret_size)
{
    uint32_t bits = 0;
    int count = 0;
    size_t out = 0;
    if (size % 4 == 1)
        return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < size; i++) {
        int value = base64url_value(text[i]);
        if (value < 0)
            return HEARTH_ERR_INVALID;
        bits = bits << 6 | (uint32_t)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            ret_bytes[out++] = (uint8_t)(bits >> count);
            bits &= (1u << count) - 1;
        }
    }
    if (bits != 0) /* loose bits: a second text for the same bytes */
        return HEARTH_ERR_INVALID;
    *ret_size = out;
    return 0;
}

void jose_base64url_encode(const uint8_t *bytes, size_t size, char *ret_text)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint32_t bits = 0;
    int count = 0;
    for (size_t i = 0; i < size; i++) {
        bits = bits << 8 | bytes[i];
        for (count += 8; count >= 6; count -= 6)
            *ret_text++ = digits[bits >> (count - 6) & 63];
        bits &= (1u << count) - 1;
    }
    if (count > 0)
        *ret_text++ = digits[bits << (6 - count) & 63];
    *ret_text = '\0';
}

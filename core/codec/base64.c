#include "codec/codec.h"
#include "hearth/plugin.h"

/* Of ASCII: the value of a digit, and of which alphabet it is one when it is not of both. */
enum { ONLY_STANDARD = 0x40, ONLY_URL = 0x80, NO_DIGIT = ONLY_STANDARD | ONLY_URL };

/* clang-format off */
static const uint8_t values[128] = {
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0x7e, 0xc0, 0xbe, 0xc0, 0x7f,
    0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
    0xc0, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e,
    0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0xc0, 0xc0, 0xc0, 0xc0, 0xbf,
    0xc0, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28,
    0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0xc0, 0xc0, 0xc0, 0xc0, 0xc0,
};
/* clang-format on */

/* What must not be set in a digit of this alphabet. */
static unsigned base64_is_foreign(enum codec_alphabet alphabet)
{
    return alphabet == CODEC_URL ? ONLY_STANDARD : ONLY_URL;
}

static unsigned value_of(char c)
{
    return (unsigned char)c < sizeof(values) ? values[(unsigned char)c] : (unsigned)NO_DIGIT;
}

int codec_base64_decode(enum codec_alphabet alphabet, const char *text, size_t size,
                        uint8_t *ret_bytes, size_t *ret_size)
{
    unsigned wrong = base64_is_foreign(alphabet), seen = 0;
    size_t out = 0, i = 0;
    if (alphabet == CODEC_STANDARD && size % 4 != 0)
        return HEARTH_ERR_INVALID;
    for (int padding = 0;
         alphabet == CODEC_STANDARD && padding < 2 && size > 0 && text[size - 1] == '='; padding++)
        size--;
    if (size % 4 == 1)
        return HEARTH_ERR_INVALID;
    for (; size - i >= 4; i += 4) {
        unsigned a = value_of(text[i]), b = value_of(text[i + 1]), c = value_of(text[i + 2]),
                 d = value_of(text[i + 3]);
        seen |= a | b | c | d;
        uint32_t bits = (a & 63) << 18 | (b & 63) << 12 | (c & 63) << 6 | (d & 63);
        ret_bytes[out++] = (uint8_t)(bits >> 16);
        ret_bytes[out++] = (uint8_t)(bits >> 8);
        ret_bytes[out++] = (uint8_t)bits;
    }
    size_t rest = size - i;
    if (rest > 0) {
        unsigned a = value_of(text[i]), b = value_of(text[i + 1]),
                 c = rest == 3 ? value_of(text[i + 2]) : 0;
        seen |= a | b | c;
        uint32_t bits = (a & 63) << 12 | (b & 63) << 6 | (c & 63);
        if ((bits & (rest == 2 ? 0x3ff : 3)) !=
            0) /* loose bits: a second text for the same bytes */
            return HEARTH_ERR_INVALID;
        ret_bytes[out++] = (uint8_t)(bits >> 10);
        if (rest == 3)
            ret_bytes[out++] = (uint8_t)(bits >> 2);
    }
    if ((seen & wrong) != 0)
        return HEARTH_ERR_INVALID;
    *ret_size = out;
    return 0;
}

size_t codec_base64_encode(enum codec_alphabet alphabet, const uint8_t *bytes, size_t size,
                           char *ret_text)
{
    const char *from = ret_text;
    static const char digits[][65] = {
        [CODEC_STANDARD] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
        [CODEC_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
    };
    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t bits = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
                        (left > 2 ? bytes[i + 2] : 0);
        size_t chars = left > 2 ? 4 : left + 1;
        for (size_t k = 0; k < chars; k++)
            *ret_text++ = digits[alphabet][bits >> (18 - 6 * k) & 63];
        for (size_t k = chars; alphabet == CODEC_STANDARD && k < 4; k++)
            *ret_text++ = '=';
    }
    *ret_text = '\0';
    return (size_t)(ret_text - from);
}

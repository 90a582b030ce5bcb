#include "codec/codec.h"
#include "hearth/plugin.h"

void codec_hex_encode(const uint8_t *bytes, size_t size, char *ret_text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *ret_text++ = digits[bytes[i] >> 4];
        *ret_text++ = digits[bytes[i] & 15];
    }
    *ret_text = '\0';
}

int codec_hex_decode(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size)
{
    if (text_size % 2 != 0 || text_size / 2 != size)
        return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < text_size; i++)
        if (codec_hex_digit(text[i]) < 0)
            return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < size; i++)
        ret_bytes[i] =
            (uint8_t)(codec_hex_digit(text[2 * i]) << 4 | codec_hex_digit(text[2 * i + 1]));
    return 0;
}

int codec_hex_unit(const char digits[4])
{
    int unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = codec_hex_digit(digits[i]);
        if (digit < 0)
            return -1;
        unit = unit << 4 | digit;
    }
    return unit;
}

#include "codec/codec.h"

size_t codec_utf8_length(const char *text, size_t size)
{
    const unsigned char *s = (const unsigned char *)text;
    if (s[0] < 0x80)
        return 1;
    size_t length = s[0] >= 0xc2 && s[0] <= 0xdf   ? 2
                    : (s[0] & 0xf0) == 0xe0        ? 3
                    : s[0] >= 0xf0 && s[0] <= 0xf4 ? 4
                                                   : 0;
    if (length == 0 || size < length)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    }
    bool is_long = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    bool is_surrogate = s[0] == 0xed && s[1] > 0x9f, is_beyond = s[0] == 0xf4 && s[1] > 0x8f;
    return is_long || is_surrogate || is_beyond ? 0 : length;
}

bool codec_utf8_valid(const char *text, size_t size)
{
    for (size_t i = 0, n; i < size; i += n) {
        n = (unsigned char)text[i] < 0x80 ? 1 : codec_utf8_length(text + i, size - i);
        if (n == 0)
            return false;
    }
    return true;
}

uint32_t codec_utf8_code(const char *text, size_t length)
{
    const unsigned char *s = (const unsigned char *)text;
    uint32_t code = length == 1 ? s[0] : s[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++)
        code = code << 6 | (s[i] & 0x3fu);
    return code;
}

size_t codec_utf8_write(uint32_t code, char *ret_text)
{
    if (code < 0x80) {
        ret_text[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        ret_text[i] = (char)(0x80 | (code & 0x3f));
    ret_text[0] = (char)((0xf00u >> length & 0xff) | code);
    return length;
}

static bool is_blank(const char *text, size_t size)
{
    size_t length = codec_utf8_length(text, size);
    return length == size && codec_is_space(codec_utf8_code(text, length));
}

void codec_trim(const char **text, size_t *size)
{
    while (*size > 0) {
        size_t first = codec_utf8_length(*text, *size);
        if (first == 0 || !is_blank(*text, first))
            break;
        *text += first;
        *size -= first;
    }
    while (*size > 0) {
        size_t last = *size - 1; /* where the last character begins */
        while (last > 0 && ((unsigned char)(*text)[last] & 0xc0) == 0x80)
            last--;
        if (!is_blank(*text + last, *size - last))
            break;
        *size = last;
    }
}

#include "text.h"

#include <string.h>

#include "codec/codec.h"
#include "support/text.h"

bool fx_text_ungarble(char *text)
{
    size_t size = strlen(text), out = 0;
    bool high = false;
    for (size_t i = 0, n; i < size; i += n) {
        n = codec_utf8_length(text + i, size - i);
        if (n == 0 || n > 2 || (n == 2 && (unsigned char)text[i] > 0xc3))
            return false;
        out++;
        high = high || n == 2;
    }
    if (!high)
        return false;
    char plain[512]; /* names of tags: longer ones stay as they are */
    if (out >= sizeof(plain))
        return false;
    out = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0xc2)
            c = (unsigned char)(c << 6 | (text[++i] & 0x3f));
        plain[out++] = (char)c;
    }
    if (!codec_utf8_valid(plain, out))
        return false;
    memcpy(text, plain, out);
    text[out] = '\0';
    return true;
}

/* The code unit of the escape \uXXXX at text, or -1. */
static int unit_at(const char *text, size_t size)
{
    if (size < 6 || text[0] != '\\' || text[1] != 'u')
        return -1;
    return codec_hex_unit(text + 2);
}

void fx_text_repair_json(char *text, size_t size)
{
    for (size_t i = 0; i < size;) {
        if (text[i] != '\\') {
            size_t n = codec_utf8_length(text + i, size - i);
            if (n == 0)
                text[i] = '?';
            i += n == 0 ? 1 : n;
            continue;
        }
        int unit = unit_at(text + i, size - i);
        if (unit < 0xd800 || unit > 0xdfff) {
            i += unit >= 0 ? 6 : size - i >= 2 && (unsigned char)text[i + 1] < 0x80 ? 2 : 1;
            continue;
        }
        int next = unit <= 0xdbff && size - i >= 12 ? unit_at(text + i + 6, size - i - 6) : -1;
        if (next >= 0xdc00 && next <= 0xdfff) {
            i += 12;
        } else {
            memcpy(text + i, "\\ufffd", 6);
            i += 6;
        }
    }
}

bool fx_text_is_token(const char *text, size_t size, size_t max)
{
    if (size == 0 || size > max)
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < 0x21 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
            return false;
    }
    return true;
}

void fx_text_plain(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = ' ';
    }
}

#include "support/text.h"

#include "codec/codec.h"

size_t support_utf8_cut(const char *text, size_t size, size_t units)
{
    if (size <= units)
        return size;
    size_t i = 0;
    for (size_t n; i < size; i += n) {
        n = codec_utf8_length(text + i, size - i);
        size_t needs = n == 4 ? 2 : 1;
        if (n == 0 || needs > units)
            break;
        units -= needs;
    }
    return i;
}

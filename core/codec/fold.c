#include "codec/codec.h"
#include "codec/fold_table.h"

static uint32_t fold_lower(uint32_t code)
{
    if (code < 0x80)
        return (uint32_t)codec_lower((char)code);
    size_t low = 0, high = sizeof(fold_ranges) / sizeof(fold_ranges[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct fold_range *range = &fold_ranges[middle];
        if (code < range->first)
            high = middle;
        else if (code > range->last)
            low = middle + 1;
        else
            return (code - range->first) % (uint32_t)range->step == 0
                       ? (uint32_t)((int32_t)code + range->delta)
                       : code;
    }
    return code;
}

size_t codec_fold(const char *text, size_t size, char *ret_text)
{
    size_t written = 0;
    for (size_t i = 0, length; i < size; i += length) {
        length = codec_utf8_length(text + i, size - i);
        if (length == 0) {
            ret_text[written++] = text[i];
            length = 1;
        } else {
            written +=
                codec_utf8_write(fold_lower(codec_utf8_code(text + i, length)), ret_text + written);
        }
    }
    return written;
}

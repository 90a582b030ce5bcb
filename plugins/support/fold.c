#include "support/fold.h"

#include "support/fold_table.h"
#include "support/text.h"

static uint32_t fold_lower(uint32_t code)
{
    if (code < 0x80)
        return code >= 'A' && code <= 'Z' ? code + 32 : code;
    size_t low = 0, high = sizeof(fold_ranges) / sizeof(fold_ranges[0]);
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct fold_range *range = &fold_ranges[middle];
        if (code < range->first)
            high = middle;
        else if (code > range->last)
            low = middle + 1;
        else
            return (code - range->first) % (uint32_t)range->step == 0 ? (uint32_t)((int32_t)code + range->delta) : code;
    }
    return code;
}

size_t support_fold(const char *text, size_t size, char *ret_text)
{
    size_t written = 0;
    for (size_t i = 0, length; i < size; i += length) {
        length = support_utf8_length(text + i, size - i);
        if (length == 0) {
            ret_text[written++] = text[i];
            length = 1;
        } else {
            written += support_utf8_write(fold_lower(support_utf8_code(text + i, length)), ret_text + written);
        }
    }
    return written;
}

#include "timestamp.h"

#include <stdio.h>

#include "hearth/plugin.h"

int fx_timestamp_parse(const char *text, size_t size, int64_t *ret_centiseconds)
{
    enum { MAX_SECONDS_DIGITS = 14 };
    size_t i = 0;
    int64_t value = 0;
    while (i < size && text[i] >= '0' && text[i] <= '9') {
        if (i == MAX_SECONDS_DIGITS)
            return HEARTH_ERR_INVALID;
        value = value * 10 + (text[i++] - '0');
    }
    if (i == 0)
        return HEARTH_ERR_INVALID;
    value *= 100;
    if (i < size) {
        if (text[i++] != '.' || i == size || size - i > 2)
            return HEARTH_ERR_INVALID;
        for (int64_t unit = 10; i < size; unit /= 10, i++) {
            if (text[i] < '0' || text[i] > '9')
                return HEARTH_ERR_INVALID;
            value += unit * (text[i] - '0');
        }
    }
    *ret_centiseconds = value;
    return 0;
}

void fx_timestamp_print(int64_t centiseconds, char ret_text[FX_TIMESTAMP_TEXT])
{
    snprintf(ret_text, FX_TIMESTAMP_TEXT, "%lld.%02d", (long long)(centiseconds / 100),
             (int)(centiseconds % 100));
}

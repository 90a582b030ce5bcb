/* What plugins/support makes of bytes from outside: percent coding, hexadecimal, UTF-8, folding. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "support/codec.h"
#include "support/fold.h"
#include "support/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *text = malloc(size + 1), *out = malloc(SUPPORT_FOLD_GROWTH * size + 1), *again = malloc(SUPPORT_FOLD_GROWTH * size * 3 + 1);
    if (text == NULL || out == NULL || again == NULL)
        abort();
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    assert(support_percent_decode(text, size, out) <= size);
    size_t most = size > 0 ? data[0] + 1u : 1;
    char *exact = malloc(most);
    if (exact == NULL)
        abort();
    if (support_percent_decode_all(text, size, exact, most) == 0) {
        assert(strlen(exact) < most);
        assert(support_percent_encode(exact, again, SUPPORT_FOLD_GROWTH * size * 3 + 1) == 0);
        assert(support_percent_decode(again, strlen(again), out) == strlen(exact) && strcmp(out, exact) == 0);
    }
    free(exact);
    if (support_hex_decode(text, size, (uint8_t *)out, size / 2) == 0)
        support_hex_encode((uint8_t *)out, size / 2, again);
    size_t folded = support_fold(text, size, out);
    assert(folded <= SUPPORT_FOLD_GROWTH * size);
    if (support_utf8_valid(text, size)) {
        size_t cut = support_utf8_cut(text, size, size / 2);
        assert(cut <= size && support_utf8_valid(text, cut) && support_utf8_valid(out, folded));
    }
    free(text);
    free(out);
    free(again);
    return 0;
}

/* What core/codec makes of bytes from outside: percent coding in all its ways, hexadecimal, base64,
 * UTF-8, folding; and plugins/support's cut. Buffers are as large as the headers ask. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"
#include "support/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *room_of(size_t size)
{
    char *room = malloc(size);
    if (room == NULL)
        abort();
    return room;
}

static void try_percent(const char *text, size_t size)
{
    enum { ALL = CODEC_STRICT | CODEC_PLUS | CODEC_KEEP_CONTROLS };
    size_t few = size > 0 ? (unsigned char)text[0] + 1u : 1;
    char *out = room_of(size + 1), *less = room_of(few);
    for (unsigned how = 0; how <= ALL; how++) {
        size_t n = 0, fewer = 0;
        int r = codec_percent_decode(how, text, size, out, size + 1, &n);
        assert((how & CODEC_STRICT) != 0 || r == 0);
        if (r == 0) {
            assert(n <= size && out[n] == '\0');
            assert((how & CODEC_STRICT) == 0 || strlen(out) == n);
            int short_r = codec_percent_decode(how, text, size, less, few, &fewer);
            assert((short_r == 0) == (n < few) && (short_r != 0 || memcmp(less, out, n + 1) == 0));
            size_t most = 3 * strlen(out) + 1, again = 0;
            char *encoded = room_of(most), *back = room_of(most);
            assert(codec_percent_encode(out, "", encoded, most) == 0);
            assert(codec_percent_decode(CODEC_STRICT, encoded, strlen(encoded), back, most,
                                        &again) == 0);
            assert(again == strlen(out) && strcmp(back, out) == 0);
            free(encoded);
            free(back);
        }
    }
    free(out);
    free(less);
}

/* A text that is taken is the only one for its bytes. */
static void try_base64(enum codec_alphabet alphabet, const char *text, size_t size)
{
    uint8_t *bytes = (uint8_t *)room_of(size * 3 / 4 + 1);
    size_t n;
    if (codec_base64_decode(alphabet, text, size, bytes, &n) == 0) {
        char *again = room_of((n + 2) / 3 * 4 + 1);
        assert(codec_base64_encode(alphabet, bytes, n, again) == size);
        assert(memcmp(again, text, size) == 0);
        free(again);
    }
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 4096)
        return 0;
    char *text = room_of(size + 1), *out = room_of(CODEC_FOLD_GROWTH * size + 1);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    try_percent(text, size);
    try_base64(CODEC_STANDARD, text, size);
    try_base64(CODEC_URL, text, size);
    if (codec_hex_decode(text, size, (uint8_t *)out, size / 2) == 0) {
        char *again = room_of(size + 1);
        codec_hex_encode((uint8_t *)out, size / 2, again);
        codec_lower_text(text);
        assert(strcmp(again, text) == 0);
        free(again);
    }
    size_t folded = codec_fold(text, size, out);
    assert(folded <= CODEC_FOLD_GROWTH * size);
    if (codec_utf8_valid(text, size)) {
        size_t cut = support_utf8_cut(text, size, size / 2);
        assert(cut <= size && codec_utf8_valid(text, cut) && codec_utf8_valid(out, folded));
    }
    free(text);
    free(out);
    return 0;
}

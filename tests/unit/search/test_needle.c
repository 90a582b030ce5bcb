#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "search/needle.h"

static uint64_t seed = 7;
static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16) % n;
}

/* Against memmem() over texts of few letters, where hits and near misses abound; at every end,
 * on exactly as much memory as is allowed. */
static void as_memmem(void **state)
{
    for (int round = 0; round < 20000; round++) {
        size_t size = below(200), letters = 2 + below(3),
               from = size == 0 ? 0 : below((uint32_t)size);
        char *text = malloc(size + NEEDLE_PADDING), word[24];
        for (size_t i = 0; i < size + NEEDLE_PADDING; i++)
            text[i] = (char)("ab/\xd0\x80"[below((uint32_t)letters)]);
        size_t n = 1 + below(sizeof(word) - 1);
        for (size_t i = 0; i < n; i++)
            word[i] = (char)("ab/\xd0\x80"[below((uint32_t)letters)]);
        struct needle needle;
        search_needle_init(&needle, word, n);
        assert_true(needle.rare < n && needle.other < n);
        assert_ptr_equal(search_needle_find(&needle, text + from, text + size),
                         memmem(text + from, size - from, word, n));
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(as_memmem)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

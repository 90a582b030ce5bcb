#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "auth/token.h"

static void test_make(void **state)
{
    (void)state;
    struct token a, b;
    auth_token_make(HEARTH_TOKEN_FULL, &a);
    auth_token_make(HEARTH_TOKEN_FULL, &b);
    assert_int_equal(strlen(a.secret), 4 + 43);
    assert_memory_equal(a.secret, "hth_", 4);
    assert_int_equal(strlen(a.id), TOKEN_ID_SIZE - 1);
    assert_string_not_equal(a.secret, b.secret);
    assert_string_not_equal(a.id, b.id);
    uint8_t hash[TOKEN_HASH_SIZE];
    assert_true(auth_token_hash(HEARTH_TOKEN_FULL, a.secret, hash));
    assert_memory_equal(hash, a.hash, sizeof(hash));
    auth_token_wipe(&a);
    assert_int_equal(a.secret[0], 0);
}

static void test_shape(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "hth_",
        "hth",
        "hth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "hth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "xth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "hth_AAAAAAAAAAAAAAAAAAAAA+AAAAAAAAAAAAAAAAAAAAA",
    };
    uint8_t hash[TOKEN_HASH_SIZE];
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(auth_token_hash(HEARTH_TOKEN_FULL, wrong[i], hash));
    assert_true(auth_token_hash(HEARTH_TOKEN_FULL,
                                "hth_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", hash));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_make), cmocka_unit_test(test_shape)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

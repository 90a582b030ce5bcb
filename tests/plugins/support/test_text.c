/* text.c, hash.h: bytes in, bytes out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "support/hash.h"
#include "support/text.h"

static void test_absent(void **state)
{
    (void)state;
    assert_string_equal(support_or_empty(NULL), "");
    assert_string_equal(support_or_empty("x"), "x");
}

static void test_cut(void **state)
{
    (void)state;
    assert_int_equal(support_utf8_cut("aü😀b", 8, 4), 7); /* 😀 counts for two */
    assert_int_equal(support_utf8_cut("aü😀b", 8, 3), 3);
}

/* Columns hold them: another value would lose rows. */
static void test_hash(void **state)
{
    (void)state;
    assert_int_equal(support_hash32(""), 2166136261u);
    assert_int_equal(support_hash32("a"), 0xe40c292cu);
    assert_true(support_host_key("a") == (int32_t)0xe40c292cu);
    assert_true(support_host_key("a") < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

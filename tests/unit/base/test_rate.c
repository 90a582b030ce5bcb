#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/rate.h"

static void test_limit(void **state)
{
    (void)state;
    struct rate *rate = rate_create(3, 60000);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rate_take(rate, "Ada@example.org"), 0);
    int64_t wait = rate_take(rate, "ada@EXAMPLE.org"); /* addresses are the same in any case */
    assert_true(wait > 0 && wait <= 60000);
    assert_int_equal(rate_take(rate, "eve@example.org"), 0);
    rate_give_back(rate, "ada@example.org");
    assert_int_equal(rate_take(rate, "ada@example.org"), 0);
    assert_true(rate_take(rate, "ada@example.org") > 0);
    rate_destroy(rate);
}

static void test_window_ends(void **state)
{
    (void)state;
    struct rate *rate = rate_create(1, 0);
    for (int i = 0; i < 5; i++)
        assert_int_equal(rate_take(rate, "x"), 0);
    rate_destroy(rate);
}

/* However many keys there are, memory stays; who was counted last is still known. */
static void test_bounded(void **state)
{
    (void)state;
    struct rate *rate = rate_create(1, 60000);
    char key[32];
    for (int i = 0; i < 100000; i++) {
        snprintf(key, sizeof(key), "key %d", i);
        rate_take(rate, key);
    }
    assert_true(rate_take(rate, key) > 0);
    rate_destroy(rate);
}

static void test_address(void **state)
{
    (void)state;
    char key[64];
    rate_address_key("192.0.2.7", key);
    assert_string_equal(key, "192.0.2.7");
    rate_address_key("2001:db8:1:2:3:4:5:6", key);
    assert_string_equal(key, "2001:db8:1:2::");
    rate_address_key("local", key);
    assert_string_equal(key, "local");
}

/* IPv4 in the clothes of IPv6 is that IPv4: else all of it would be one network, and lock each
 * other out, or each be somebody new. */
static void test_mapped(void **state)
{
    (void)state;
    char key[64];
    rate_address_key("::ffff:192.0.2.7", key);
    assert_string_equal(key, "192.0.2.7");
    rate_address_key("::FFFF:c000:0207", key);
    assert_string_equal(key, "192.0.2.7");
    assert_false(rate_network_key("::ffff:192.0.2.7", 56, key));
    assert_false(rate_network_key("::ffff:192.0.2.7", 48, key));
    rate_address_key("::fffe:192.0.2.7", key);
    assert_string_equal(key, "::");
}

/* A /64 may three times, a /56 six times, a /48 twelve times, from wherever in it; another /48
 * is another one. */
static void test_networks(void **state)
{
    (void)state;
    struct rate *rate = rate_create(3, 60000);
    char address[64];
    int taken = 0;
    for (int i = 0; i < 10; i++) {
        snprintf(address, sizeof(address), "2001:db8:1:1::%x", i + 1);
        taken += rate_take_address(rate, address) == 0;
    }
    assert_int_equal(taken, 3);
    for (int i = 0; i < 10; i++) {
        snprintf(address, sizeof(address), "2001:db8:1:%x::1", i + 2);
        taken += rate_take_address(rate, address) == 0;
    }
    assert_int_equal(taken, 6);
    for (int i = 0; i < 100; i++) {
        snprintf(address, sizeof(address), "2001:db8:1:%x00::1", i + 1);
        taken += rate_take_address(rate, address) == 0;
    }
    assert_int_equal(taken, 12);
    assert_int_equal(rate_take_address(rate, "2001:db8:2:1::1"), 0);
    rate_give_back_address(rate, "2001:db8:1:1::1"); /* one each of the /64, the /56, the /48 */
    assert_int_equal(rate_take_address(rate, "2001:db8:1:ff00::1"), 0);
    assert_true(rate_take_address(rate, "2001:db8:1:1::1") > 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(rate_take_address(rate, "192.0.2.7"), 0);
    assert_true(rate_take_address(rate, "192.0.2.7") > 0);
    assert_int_equal(rate_take_address(rate, "192.0.2.8"), 0);
    rate_destroy(rate);
}

static void test_sites(void **state)
{
    (void)state;
    char key[64];
    rate_site_key("192.0.2.7", key);
    assert_string_equal(key, "192.0.2.0/24");
    rate_site_key("2001:db8:1:2:3:4:5:6", key);
    assert_string_equal(key, "2001:db8:1::");
    rate_site_key("local", key);
    assert_string_equal(key, "local");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_limit),   cmocka_unit_test(test_window_ends),
        cmocka_unit_test(test_bounded), cmocka_unit_test(test_address),
        cmocka_unit_test(test_mapped),  cmocka_unit_test(test_networks),
        cmocka_unit_test(test_sites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

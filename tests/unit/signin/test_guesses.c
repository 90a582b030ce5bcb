/* How many wrong answers a stranger may give, and whom that hinders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "signin/guesses.h"

enum { GUESS_LIMIT = 9 };

static struct guesses *guesses;

static int create_guesses(void **state)
{
    (void)state;
    guesses = signin_guesses_create(GUESS_LIMIT);
    return guesses == NULL;
}

static int destroy_guesses(void **state)
{
    (void)state;
    signin_guesses_destroy(guesses);
    return 0;
}

/* One answer; false: it may not be given. */
static bool guess(const char *address, const char *email, bool wrong)
{
    int64_t wait = signin_guesses_begin(guesses, address, email);
    assert_true(wait >= 0 && wait <= 15 * 60 * 1000);
    if (wait == 0)
        signin_guesses_end(guesses, address, email, wrong);
    return wait == 0;
}

/* So many wrong ones are heard, and the next answer is not, be it right. */
static void expect_heard(const char *address, const char *email, int count)
{
    for (int i = 0; i < count; i++)
        assert_true(guess(address, email, true));
    assert_false(guess(address, email, false));
}

static void test_addresses(void **state)
{
    (void)state;
    expect_heard("192.0.2.7", NULL, GUESS_LIMIT);
    expect_heard("192.0.2.8", "", GUESS_LIMIT);
    expect_heard("::ffff:192.0.2.8", NULL, 0); /* the same one */
    expect_heard("local", NULL, GUESS_LIMIT);
}

static void test_networks(void **state)
{
    (void)state;
    expect_heard("2001:db8:1:100::1", NULL, GUESS_LIMIT);
    expect_heard("2001:db8:1:100::2", NULL, 0);
    expect_heard("2001:db8:1:101::1", NULL, GUESS_LIMIT);
    expect_heard("2001:db8:1:102::1", NULL, 0); /* a /56 has twice as many */
    expect_heard("2001:db8:1:200::1", NULL, GUESS_LIMIT);
    expect_heard("2001:db8:1:300::1", NULL, GUESS_LIMIT);
    expect_heard("2001:db8:1:400::1", NULL, 0); /* a /48 four times */
    expect_heard("2001:db8:2::1", NULL, GUESS_LIMIT);
}

/* A third of them is for one person; what somebody does elsewhere hinders nobody. */
static void test_one_person(void **state)
{
    (void)state;
    expect_heard("192.0.2.7", "ada@example.org", GUESS_LIMIT / 3);
    expect_heard("192.0.2.8", "ada@example.org", GUESS_LIMIT / 3);
    expect_heard("192.0.2.7", "eve@example.org", GUESS_LIMIT / 3);
    expect_heard("192.0.2.7", NULL, GUESS_LIMIT / 3);
}

/* An attack from very many addresses on one person meets its end. */
static void test_one_person_from_everywhere(void **state)
{
    char address[40];
    int heard = 0;
    (void)state;
    for (int i = 0; i < 20 * GUESS_LIMIT; i++) {
        snprintf(address, sizeof(address), "192.0.%d.7", i);
        heard += guess(address, "ada@example.org", true);
    }
    assert_int_equal(heard, 10 * GUESS_LIMIT);
    expect_heard("198.51.100.7", "ada@example.org", 0);
    expect_heard("198.51.100.7", NULL, GUESS_LIMIT); /* who was refused for the person's sake */
}

static void test_right_ones_are_free(void **state)
{
    (void)state;
    for (int i = 0; i < 100 * GUESS_LIMIT; i++) {
        assert_true(guess("192.0.2.7", "ada@example.org", false));
        assert_true(guess("2001:db8::1", NULL, false));
    }
    expect_heard("192.0.2.7", "ada@example.org", GUESS_LIMIT / 3);
}

/* Until it is known to be right an answer counts as wrong: many at once are no way around. */
static void test_at_once(void **state)
{
    (void)state;
    for (int i = 0; i < GUESS_LIMIT; i++)
        assert_int_equal(signin_guesses_begin(guesses, "192.0.2.7", NULL), 0);
    assert_true(signin_guesses_begin(guesses, "192.0.2.7", NULL) > 0);
    signin_guesses_end(guesses, "192.0.2.7", NULL, true);
    assert_true(signin_guesses_begin(guesses, "192.0.2.7", NULL) > 0);
    signin_guesses_end(guesses, "192.0.2.7", NULL, false);
    assert_int_equal(signin_guesses_begin(guesses, "192.0.2.7", NULL), 0);
}

/* Time passes when the test says so. */
static int64_t passed;
int64_t __real_clock_monotonic(void);
int64_t __wrap_clock_monotonic(void);

int64_t __wrap_clock_monotonic(void)
{
    return __real_clock_monotonic() + passed;
}

static void test_a_quarter_of_an_hour(void **state)
{
    (void)state;
    expect_heard("192.0.2.7", "ada@example.org", GUESS_LIMIT / 3);
    expect_heard("192.0.2.8", NULL, GUESS_LIMIT);
    passed = 14 * 60 * 1000;
    expect_heard("192.0.2.7", "ada@example.org", 0);
    expect_heard("192.0.2.8", NULL, 0);
    passed = 30 * 60 * 1000;
    expect_heard("192.0.2.7", "ada@example.org", GUESS_LIMIT / 3);
    expect_heard("192.0.2.8", NULL, GUESS_LIMIT);
    passed = 0;
}

#define GUESSES_TEST(test) cmocka_unit_test_setup_teardown(test, create_guesses, destroy_guesses)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GUESSES_TEST(test_addresses),
        GUESSES_TEST(test_networks),
        GUESSES_TEST(test_one_person),
        GUESSES_TEST(test_one_person_from_everywhere),
        GUESSES_TEST(test_right_ones_are_free),
        GUESSES_TEST(test_at_once),
        GUESSES_TEST(test_a_quarter_of_an_hour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

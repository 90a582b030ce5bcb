/* The schedule. Workers are tested through the whole daemon (tests/e2e), the queue and the
 * storage with their plugins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "schedule_of_tests.h"

static const int64_t MINUTE = 60000, HOUR = 3600000, DAY = 86400000;

static void test_steps(void **state)
{
    (void)state;
    int64_t now = 1000 * DAY;
    struct hearth_account a = {.struct_size = sizeof(a), .created = 1};
    const struct {
        int64_t away, interval;
    } steps[] = {{0, 15 * MINUTE}, {DAY, 15 * MINUTE}, {DAY + 1, HOUR},   {7 * DAY, HOUR},
                 {8 * DAY, DAY},   {60 * DAY, DAY},    {60 * DAY + 1, 0}, {900 * DAY, 0}};
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        a.last_seen = now - steps[i].away;
        assert_int_equal(jobs_schedule_interval(&schedule, &a, now), steps[i].interval);
        assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, true, 7),
                         steps[i].interval == 0 ? 0 : now + steps[i].interval);
    }
    a.last_seen = 0;
    a.created = now; /* one that was just made counts as seen */
    assert_int_equal(jobs_schedule_interval(&schedule, &a, now), 15 * MINUTE);
}

static void expect_waits(const struct hearth_account *account, int64_t now, bool passing,
                         const int64_t *seconds, size_t count)
{
    struct hearth_account a = *account;
    for (size_t i = 0; i < count; i++) {
        a.failures = (int64_t)i;
        assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, passing, 0),
                         now + seconds[i] * 1000);
    }
}

#define COUNT(array) (sizeof(array) / sizeof(array[0]))

/* Seconds at first. What passes by itself is looked for as often as news, before the first sync
 * more often; the rest up to retry_max. People who come seldom are tried as often as they are
 * synced at last. */
static void test_failures(void **state)
{
    (void)state;
    int64_t now = 1000 * DAY;
    struct hearth_account a = {.struct_size = sizeof(a),
                               .last_seen = now,
                               .last_sync = now - DAY,
                               .state = HEARTH_ACCOUNT_ERROR};
    static const int64_t lasting[] = {900, 5,    15,   60,   120,   240,   480,
                                      960, 1920, 3840, 7680, 15360, 28800, 28800},
                         passing[] = {900, 5, 15, 60, 120, 240, 480, 900, 900, 900},
                         first[] = {900, 5, 15, 60, 120, 240, 300, 300, 300},
                         seldom[] = {86400, 5, 15, 60, 120, 240, 480, 86400, 86400};
    expect_waits(&a, now, false, lasting, COUNT(lasting));
    expect_waits(&a, now, true, passing, COUNT(passing));
    a.last_sync = 0;
    expect_waits(&a, now, true, first, COUNT(first));
    expect_waits(&a, now, false, lasting, COUNT(lasting));
    a.last_seen = now - 30 * DAY;
    expect_waits(&a, now, true, (const int64_t[]){86400, 5, 15, 60, 120, 240, 86400}, 7);
    a.last_sync = now - DAY;
    expect_waits(&a, now, true, seldom, COUNT(seldom));
    a.last_seen = now - 100 * DAY;
    a.failures = 1;
    assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, true, 0), 0); /* sleeps */
    struct schedule quick = schedule;
    quick.interval = 1000; /* never later than the ordinary sync */
    a.last_seen = now;
    assert_int_equal(jobs_schedule_next(&quick, &a, now, 0, true, 0), now + 1000);
}

/* How often a service that is dead for a day is asked for one account. */
static void test_load_on_a_dead_service(void **state)
{
    (void)state;
    for (int passing = 0; passing < 2; passing++) {
        int64_t now = 1000 * DAY, hours[24] = {0}, begun = now;
        struct hearth_account a = {.struct_size = sizeof(a),
                                   .last_seen = now,
                                   .last_sync = now - DAY,
                                   .state = HEARTH_ACCOUNT_ERROR};
        while (now < begun + DAY) {
            hours[(now - begun) / HOUR]++;
            a.failures++;
            a.last_seen = now;
            now = jobs_schedule_next(&schedule, &a, now, 0, passing, 0x8000);
        }
        assert_in_range(hours[0], 5, 12);
        for (int i = 1; i < 24; i++)
            assert_true(hours[i] <= (passing ? 4 : 1));
    }
}

static void test_pauses(void **state)
{
    (void)state;
    int64_t now = 1000 * DAY;
    struct hearth_account a = {.struct_size = sizeof(a),
                               .last_seen = now,
                               .last_sync = now - DAY,
                               .state = HEARTH_ACCOUNT_ERROR};
    /* the server's word counts more */
    for (a.failures = 0; a.failures < 4; a.failures++)
        assert_int_equal(jobs_schedule_next(&schedule, &a, now, 3 * HOUR, true, 0), now + 3 * HOUR);
    a.failures = 0;
    assert_int_equal(jobs_schedule_next(&schedule, &a, now, MINUTE, false, 0), now + 15 * MINUTE);
    a.state = HEARTH_ACCOUNT_SIGNIN_NEEDED; /* looked at again, in case that the server was wrong */
    for (a.failures = 1; a.failures < 40; a.failures++)
        assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, false, 0),
                         now + (a.failures == 1 ? 8 * HOUR : DAY));
    a.last_seen = now - 61 * DAY;
    assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, false, 0), 0); /* asleep */
    a.last_seen = now;
    a.state = HEARTH_ACCOUNT_PAUSED;
    assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, false, 0), 0);
}

static void expect_why(const struct hearth_account *account, int64_t paused_until, const char *id)
{
    struct hearth_sentence sentence = jobs_schedule_explain(&schedule, account, paused_until);
    assert_string_equal(hearth_sentence_message(&sentence).id, id);
}

/* Why the next sync is when it is, from what the account remembers. */
static void test_explanations(void **state)
{
    (void)state;
    int64_t now = 1000 * DAY;
    struct hearth_account a = {.struct_size = sizeof(a),
                               .created = 1,
                               .last_seen = now - HOUR,
                               .last_sync = now,
                               .last_attempt = now};
    a.next_sync = jobs_schedule_next(&schedule, &a, now, 0, false, 0);
    expect_why(&a, 0, "account.next.interval");
    expect_why(&a, a.next_sync - 1000, "account.next.pause");
    expect_why(&a, a.next_sync + MINUTE, "account.next.pause"); /* the rest of it, at least */
    /* a short one, and the interval is longer */
    expect_why(&a, now + MINUTE, "account.next.after_pause");
    a.next_sync = now + 22 * MINUTE; /* it came late, and goes back into step */
    expect_why(&a, 0, "account.next.interval");
    a.next_sync = now + HOUR;
    expect_why(&a, 0, "account.next.pause");
    a.last_seen = now + 1; /* planned for somebody who came less often */
    expect_why(&a, 0, "account.next.interval");
    a.state = HEARTH_ACCOUNT_ERROR;
    for (a.failures = 1; a.failures < 20; a.failures++) {
        a.next_sync = jobs_schedule_next(&schedule, &a, now, 0, false, 0xffff);
        expect_why(&a, 0, "account.next.retry");
    }
    a.failures = 1;
    a.next_sync = now + MINUTE;
    expect_why(&a, 0, "account.next.pause");
    a.state = HEARTH_ACCOUNT_SIGNIN_NEEDED;
    a.next_sync = now + 8 * HOUR;
    expect_why(&a, 0, "account.next.signin");
}

static void test_jitter(void **state)
{
    (void)state;
    struct schedule spread = schedule;
    spread.jitter = 10;
    struct hearth_account a = {.struct_size = sizeof(a), .last_seen = DAY};
    int64_t low = INT64_MAX, high = 0;
    for (unsigned random = 0; random <= 0xffff; random += 17) {
        int64_t wait = jobs_schedule_next(&spread, &a, DAY, 0, true, random) - DAY;
        low = wait < low ? wait : low;
        high = wait > high ? wait : high;
    }
    assert_int_equal(low, 15 * MINUTE * 9 / 10);
    assert_in_range(high, 15 * MINUTE * 11 / 10 - 100, 15 * MINUTE * 11 / 10);
    a.last_sync = DAY;
    assert_false(jobs_schedule_is_stale(&spread, &a, DAY + 15 * MINUTE));
    assert_true(jobs_schedule_is_stale(&spread, &a, DAY + 15 * MINUTE + 1));
    a.last_sync = 366 * DAY; /* the clock was wrong */
    assert_true(jobs_schedule_is_stale(&spread, &a, DAY));
    assert_true(jobs_schedule_horizon(&spread) > 2 * DAY);
}

static void test_back_in_step(void **state)
{
    (void)state;
    int64_t now = 1000 * DAY;
    struct hearth_account a = {.struct_size = sizeof(a), .last_seen = now};
    static const struct {
        int64_t late, wait; /* minutes */
    } cases[] = {{0, 15},  {1, 14},  {7, 8},       {8, 22},
                 {14, 16}, {15, 15}, {15 + 5, 10}, {8 * 15 + 10, 20}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        a.next_sync = now - cases[i].late * MINUTE;
        assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, true, 0),
                         now + cases[i].wait * MINUTE);
    }
    a.next_sync = now + 5 * MINUTE; /* somebody asked for it before its time */
    assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, true, 0), now + 15 * MINUTE);
    a.next_sync = 1;
    assert_int_equal(jobs_schedule_next(&schedule, &a, now, 0, true, 0), now + 15 * MINUTE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_load_on_a_dead_service),
        cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_explanations),
        cmocka_unit_test(test_jitter),
        cmocka_unit_test(test_back_in_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

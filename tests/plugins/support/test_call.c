/* abi.h, call.c, config.h, job.c, backoff.c: what stands between a plugin and its host. */
#include "fake_host.h"

#include "support/abi.h"
#include "support/backoff.h"
#include "support/call.h"
#include "support/config.h"
#include "support/job.h"

/* A caller of before knows less, one of tomorrow more: neither is written beyond its struct. */
static void test_give(void **state)
{
    (void)state;
    struct hearth_queue_counts counts = {.ready = 1, .delayed = 2, .in_work = 3, .dead = 4};
    struct {
        struct hearth_queue_counts counts;
        char behind[16];
    } caller;
    static const uint32_t sizes[] = {0, offsetof(struct hearth_queue_counts, in_work),
                                     sizeof(counts), sizeof(counts) + 16};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        memset(&caller, 0x5a, sizeof(caller));
        caller.counts.struct_size = sizes[i];
        SUPPORT_GIVE(counts, &caller.counts);
        uint32_t filled = i == 1 ? sizes[1] : (uint32_t)sizeof(counts);
        assert_int_equal(caller.counts.struct_size, filled);
        assert_int_equal(caller.counts.ready, 1);
        for (const char *p = (char *)&caller + filled; p < (char *)(&caller + 1); p++)
            assert_int_equal(*p, 0x5a);
    }
}

static void test_opening(void **state)
{
    (void)state;
    struct fake_host fake;
    fake_host_init(&fake);
    fake.host.opening = HEARTH_OPEN_MAY_CREATE;
    assert_true(support_may_create(&fake.host) && !support_looks_only(&fake.host));
    fake.host.opening = HEARTH_OPEN_LOOKS_ONLY;
    assert_true(support_looks_only(&fake.host) && !support_may_create(&fake.host));
}

static void test_copies(void **state)
{
    (void)state;
    struct fake_host fake;
    const char *copy = "before", *source = "a text";
    fake_host_init(&fake);
    assert_int_equal(support_copy_text(&fake.host, &fake.call, source, &copy), 0);
    assert_string_equal(copy, source);
    assert_ptr_not_equal(copy, source);
    assert_int_equal(support_copy_text(&fake.host, &fake.call, NULL, &copy), 0);
    assert_null(copy);
    assert_null(support_keep_text(&fake.host, &fake.call, NULL));
    assert_memory_equal(support_keep_bytes(&fake.host, &fake.call, "a\0b", 3), "a\0b", 3);
    assert_non_null(support_keep_bytes(&fake.host, &fake.call, NULL, 0));
    assert_string_equal(fake.error, "");
    fake.poor = true;
    copy = "before";
    assert_int_equal(support_copy_text(&fake.host, &fake.call, source, &copy), HEARTH_ERR_NOMEM);
    assert_string_equal(copy, "before");
    assert_string_equal(fake.error, "out of memory");
    assert_null(support_keep_text(&fake.host, &fake.call, source));
    fake_host_fini(&fake);
}

static void test_stopped(void **state)
{
    (void)state;
    struct fake_host fake;
    fake_host_init(&fake);
    assert_int_equal(support_stopped(&fake.host, &fake.call, false), 0);
    assert_int_equal(support_stopped(&fake.host, &fake.call, true), HEARTH_ERR_CANCELLED);
    assert_int_equal(support_stopped(&fake.host, NULL, true), HEARTH_ERR_CANCELLED);
    assert_int_equal(support_stopped(&fake.host, NULL, false), 0);
    fake.call.deadline = fake.now + 1;
    assert_int_equal(support_stopped(&fake.host, &fake.call, false), 0);
    fake.now++;
    assert_true(support_is_late(&fake.host, &fake.call));
    assert_int_equal(support_stopped(&fake.host, &fake.call, false), HEARTH_ERR_TIMEOUT);
    fake.call.deadline = 0;
    fake.stops = true;
    assert_int_equal(support_stopped(&fake.host, &fake.call, false), HEARTH_ERR_CANCELLED);
}

/* The array of a host whose elements are larger. */
static void test_config(void **state)
{
    (void)state;
    struct {
        struct hearth_config_value value;
        char more[24];
    } values[3];
    memset(values, 0x5a, sizeof(values));
    for (uint32_t i = 0; i < 3; i++)
        values[i].value = (struct hearth_config_value){
            .struct_size = sizeof(values[0]), .present = i > 0, .text = "text", .number = i};
    assert_null(support_config_text(&values[0].value, 0));
    assert_string_equal(support_config_text(&values[0].value, 1), "text");
    assert_int_equal(support_config_number(&values[0].value, 2), 2);
    assert_true(support_config_bool(&values[0].value, 1));
    assert_false(support_config_bool(&values[0].value, 0));
}

static void test_jobs(void **state)
{
    (void)state;
    struct fake_host fake;
    char text[SUPPORT_EVENT_MAX + 2];
    struct hearth_job job = {.struct_size = sizeof(job), .kind = "sync", .key = "k"};
    fake_host_init(&fake);
    memset(text, 'x', sizeof(text));
    assert_int_equal(support_job_check(&fake.call, &job, 0), 0);
    assert_int_equal(support_job_check(&fake.call, &job, -1), HEARTH_ERR_INVALID);
    text[SUPPORT_KEY_MAX] = '\0';
    job.key = text;
    assert_int_equal(support_job_check(&fake.call, &job, 0), 0);
    text[SUPPORT_KEY_MAX] = 'x';
    text[SUPPORT_KEY_MAX + 1] = '\0';
    assert_int_equal(support_job_check(&fake.call, &job, 0), HEARTH_ERR_INVALID);
    assert_string_equal(fake.error, "a job's key has 1 to 64 bytes");
    job.key = "";
    assert_int_equal(support_job_check(&fake.call, &job, 0), HEARTH_ERR_INVALID);
    text[SUPPORT_KEY_MAX + 1] = 'x';
    text[SUPPORT_PAYLOAD_MAX + 1] = '\0';
    job = (struct hearth_job){
        .struct_size = sizeof(job), .kind = "sync", .key = "k", .payload = text};
    assert_int_equal(support_job_check(&fake.call, &job, 0), HEARTH_ERR_INVALID);
    job.payload = text + 1;
    assert_int_equal(support_job_check(&fake.call, &job, 0), 0);
    text[SUPPORT_PAYLOAD_MAX + 1] = 'x';
    text[SUPPORT_EVENT_MAX + 1] = '\0';
    assert_int_equal(support_event_check(&fake.call, "account", text + 1), 0);
    assert_int_equal(support_event_check(&fake.call, "account", text), HEARTH_ERR_INVALID);
    assert_int_equal(
        support_event_check(&fake.call, text + SUPPORT_EVENT_MAX - SUPPORT_CHANNEL_MAX, ""),
        HEARTH_ERR_INVALID);
    assert_int_equal(support_outcome_check(&fake.call, HEARTH_JOB_DEAD, 0), 0);
    assert_int_equal(support_outcome_check(&fake.call, HEARTH_JOB_DEAD + 1, 0), HEARTH_ERR_INVALID);
    assert_int_equal(support_outcome_check(&fake.call, HEARTH_JOB_RETRY, -1), HEARTH_ERR_INVALID);
}

static void fails(struct fake_host *fake, struct support_backoff *backoff, int64_t least,
                  int64_t most)
{
    support_backoff_report(backoff, "the server is away");
    fake->call.retry_after = 0;
    int r = support_backoff_pass(backoff, &fake->call);
    assert_int_equal(r, most == 0 ? 0 : HEARTH_ERR_UNAVAILABLE);
    assert_in_range(fake->call.retry_after, least, most);
    if (most > 0)
        assert_string_equal(fake->error, "the server is away");
}

static void test_backoff(void **state)
{
    (void)state;
    struct fake_host fake;
    struct support_backoff backoff;
    fake_host_init(&fake);
    for (int at_once = 0; at_once < 2; at_once++) {
        support_backoff_init(&backoff, &fake.host, at_once);
        assert_int_equal(support_backoff_pass(&backoff, &fake.call), 0);
        for (int i = 0; i < at_once; i++)
            fails(&fake, &backoff, 0, 0);
        static const int64_t pauses[] = {100, 200, 400, 800, 1600, 2000, 2000, 2000, 2000, 2000};
        for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++, fake.dice += 50)
            fails(&fake, &backoff, pauses[i] * 3 / 4, pauses[i] * 5 / 4);
        fake.now += 2500;
        assert_int_equal(support_backoff_pass(&backoff, &fake.call), 0);
        fails(&fake, &backoff, 1500, 2500);
        support_backoff_report(&backoff, NULL);
        assert_int_equal(support_backoff_pass(&backoff, &fake.call), 0);
        fails(&fake, &backoff, at_once == 0 ? 75 : 0, at_once == 0 ? 125 : 0);
        support_backoff_fini(&backoff);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_give),    cmocka_unit_test(test_opening),
        cmocka_unit_test(test_copies),  cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_config),  cmocka_unit_test(test_jobs),
        cmocka_unit_test(test_backoff),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Notes of who is here: what is written and published for them is counted, with a storage and a
 * queue that only count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/jobs_internal.h"
#include "jobs/presence.h"

enum { INTERVAL = 900000 };

static struct {
    int gets, updates, uses, publishes, handles;
    int refuse_gets, refuse_writes, refuse_queue; /* codes; 0: none */
    int64_t last_sync, next_sync, last_seen;
    uint64_t fields;
    char last_used[16];
} seen;

static int on_get(void *handle, struct hearth_call *call, const char *account,
                  struct hearth_account *ret_account)
{
    (void)handle;
    assert_true(call->deadline > 0); /* nothing is waited for without one */
    seen.gets++;
    if (seen.refuse_gets != 0)
        return hearth_fail(call, seen.refuse_gets, "no reading");
    *ret_account = (struct hearth_account){.struct_size = sizeof(*ret_account),
                                           .id = account,
                                           .last_sync = seen.last_sync,
                                           .next_sync = seen.next_sync,
                                           .last_seen = seen.last_seen};
    return 0;
}

static int on_update(void *handle, struct hearth_call *call, const struct hearth_account *account,
                     uint64_t fields)
{
    (void)handle;
    (void)account;
    assert_true(call->deadline > 0);
    seen.updates++;
    seen.fields = fields;
    return seen.refuse_writes == 0 ? 0 : hearth_fail(call, seen.refuse_writes, "no writing");
}

static int on_used(void *handle, struct hearth_call *call, const char *account, const char *id,
                   int64_t when)
{
    (void)handle;
    (void)account;
    (void)when;
    assert_true(call->deadline > 0);
    seen.uses++;
    snprintf(seen.last_used, sizeof(seen.last_used), "%s", id);
    return seen.refuse_writes == 0 ? 0 : hearth_fail(call, seen.refuse_writes, "no writing");
}

static int on_handle(void *self, struct hearth_call *call, void **ret_handle)
{
    (void)self;
    (void)call;
    seen.handles++;
    *ret_handle = &seen;
    return 0;
}

static void on_close(void *handle)
{
    (void)handle;
}

static int on_publish(void *handle, struct hearth_call *call, const struct hearth_job *job,
                      int64_t delay, int32_t *ret_result)
{
    (void)handle;
    (void)delay;
    assert_true(call->deadline > 0);
    assert_int_equal(job->priority, HEARTH_PERSON_WAITS);
    seen.publishes++;
    if (seen.refuse_queue != 0)
        return hearth_fail(call, seen.refuse_queue, "no queue");
    *ret_result = HEARTH_QUEUED;
    return 0;
}

static const struct hearth_storage storage_ops = {.struct_size = sizeof(storage_ops),
                                                  .account_get = on_get,
                                                  .account_update = on_update,
                                                  .token_used = on_used};
static const struct hearth_queue queue = {.struct_size = sizeof(queue),
                                          .handle_open = on_handle,
                                          .handle_close = on_close,
                                          .publish = on_publish};
static struct nodes nodes = {.count = 1};
static struct jobs jobs;
static struct storage storage;
static struct presence *presence;

static int begin(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    seen.next_sync = 1;
    seen.last_sync = clock_now(); /* fresh */
    jobs = (struct jobs){.options = {.nodes = &nodes,
                                     .queue = &queue,
                                     .sync = {.schedule = {.interval = INTERVAL}}}};
    pthread_mutex_init(&jobs.lock, NULL);
    storage = (struct storage){.ops = &storage_ops};
    plug_call_init(&storage.call, NULL, 0, 0);
    presence = jobs_presence_create(&jobs);
    return presence == NULL;
}

static int end(void **state)
{
    (void)state;
    jobs_presence_destroy(presence);
    jobs_close_handles(&jobs);
    plug_call_fini(&storage.call);
    pthread_mutex_destroy(&jobs.lock);
    return 0;
}

static void note(int people, int times, const char *token)
{
    char id[16];
    for (int n = 0; n < times; n++) {
        for (int i = 0; i < people; i++) {
            snprintf(id, sizeof(id), "p%d", i);
            jobs_presence_note(presence, id, token);
        }
    }
}

static void test_many_requests_are_one_visit(void **state)
{
    (void)state;
    note(10, 100, "t");
    /* noting does nothing */
    assert_int_equal(seen.gets + seen.updates + seen.uses + seen.publishes, 0);
    assert_int_equal(jobs_presence_flush(presence, &storage, 0), 0);
    assert_int_equal(seen.updates, 10);
    assert_int_equal(seen.uses, 10);
    assert_string_equal(seen.last_used, "t");
    assert_int_equal(seen.fields, HEARTH_ACCOUNT_LAST_SEEN);
    assert_int_equal(seen.publishes, 0);
    assert_int_equal(storage.call.hearth.deadline, 0);
    note(10, 100, "t"); /* within the minute */
    assert_int_equal(jobs_presence_flush(presence, &storage, 0), 0);
    assert_int_equal(seen.updates, 10);
    assert_int_equal(seen.uses, 10);
}

static void test_without_a_token(void **state)
{
    (void)state;
    note(1, 1, "");
    jobs_presence_flush(presence, &storage, 0);
    assert_int_equal(seen.updates, 1);
    assert_int_equal(seen.uses, 0);
}

static void test_stale_data_and_sleepers(void **state)
{
    (void)state;
    seen.last_sync -= INTERVAL + 1;
    seen.next_sync = 0;
    note(3, 5, "t");
    assert_int_equal(jobs_presence_flush(presence, &storage, 0), 0);
    assert_int_equal(seen.publishes, 3);
    assert_int_equal(seen.handles, 1);
    assert_int_equal(seen.fields,
                     HEARTH_ACCOUNT_LAST_SEEN | HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED);
}

static void test_a_storage_that_cannot_write(void **state)
{
    (void)state;
    seen.last_sync -= INTERVAL + 1;
    seen.refuse_writes = HEARTH_ERR_TIMEOUT;
    note(50, 1, "t");
    assert_true(jobs_presence_flush(presence, &storage, 0) > clock_monotonic());
    assert_int_equal(seen.updates + seen.uses, 1); /* one found it out for all */
    assert_int_equal(seen.publishes, 50);          /* and that keeps no sync back */
    int gets = seen.gets;
    assert_true(jobs_presence_flush(presence, &storage, 0) > 0);
    assert_int_equal(seen.updates + seen.uses, 1); /* not before its pause is over */
    assert_int_equal(seen.gets, gets);
}

static void test_a_queue_that_is_away(void **state)
{
    (void)state;
    seen.last_sync -= INTERVAL + 1;
    seen.refuse_queue = HEARTH_ERR_UNAVAILABLE;
    note(50, 1, "t");
    assert_true(jobs_presence_flush(presence, &storage, 0) > 0);
    assert_int_equal(seen.publishes, 1);
    assert_int_equal(seen.updates, 50); /* that keeps no note back */
    assert_int_equal(seen.uses, 50);
}

static void test_the_gone(void **state)
{
    (void)state;
    seen.refuse_gets = HEARTH_ERR_NOT_FOUND;
    note(5, 1, "t");
    assert_int_equal(jobs_presence_flush(presence, &storage, 0), 0); /* forgotten */
    assert_int_equal(seen.gets, 5);
    assert_int_equal(seen.updates + seen.uses, 0);
}

static void test_a_stop_writes_and_publishes_nothing(void **state)
{
    (void)state;
    seen.last_sync -= INTERVAL + 1;
    note(5, 1, "t");
    assert_int_equal(jobs_presence_flush(presence, &storage, clock_monotonic() + 60000), 0);
    assert_int_equal(seen.updates, 5);
    assert_int_equal(seen.publishes, 0);
    note(9, 1, "u");
    assert_true(jobs_presence_flush(presence, &storage, 1) > 0); /* its time is over */
    assert_int_equal(seen.updates, 5);
}

/* Room is bounded; what waits is never thrown out for what comes. */
static void test_more_than_there_is_room_for(void **state)
{
    (void)state;
    seen.refuse_writes = HEARTH_ERR_UNAVAILABLE;
    note(20000, 1, "t");
    jobs_presence_flush(presence, &storage, 0);
    seen.refuse_writes = 0;
    note(20000, 1, "u");
    struct metric *dropped = METRIC(PRESENCE_DROPPED);
    assert_true(metrics_value(dropped) > 0 && metrics_value(dropped) < 40000);
}

int main(void)
{
    log_init(LOG_FORMAT_TEXT, HEARTH_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_many_requests_are_one_visit, begin, end),
        cmocka_unit_test_setup_teardown(test_without_a_token, begin, end),
        cmocka_unit_test_setup_teardown(test_stale_data_and_sleepers, begin, end),
        cmocka_unit_test_setup_teardown(test_a_storage_that_cannot_write, begin, end),
        cmocka_unit_test_setup_teardown(test_a_queue_that_is_away, begin, end),
        cmocka_unit_test_setup_teardown(test_the_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_a_stop_writes_and_publishes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(test_more_than_there_is_room_for, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

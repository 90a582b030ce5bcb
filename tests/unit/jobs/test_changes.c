/* What providers say has changed: what is published for it is counted, with storages and a queue
 * that only count. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/changes.h"
#include "jobs/jobs_internal.h"
#include "plug/host.h"

enum { NODES = 2 };

static struct {
    int gets[NODES], publishes;
    int refuse[NODES], refuse_queue; /* codes; 0: none */
    int32_t result;
    struct hearth_account rows[NODES]; /* id NULL: not there */
    char kind[16], payload[16], key[64];
} seen;

static int on_get(void *handle, struct hearth_call *call, const char *account,
                  struct hearth_account *ret_account)
{
    size_t node = (size_t)(uintptr_t)handle - 1;
    assert_true(call->deadline > 0); /* nothing is waited for without one */
    seen.gets[node]++;
    if (seen.refuse[node] != 0)
        return hearth_fail(call, seen.refuse[node], "no reading");
    if (seen.rows[node].id == NULL)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    *ret_account = seen.rows[node];
    ret_account->id = account;
    return 0;
}

static int on_handle(void *self, struct hearth_call *call, void **ret_handle)
{
    (void)self;
    (void)call;
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
    assert_true(call->deadline > 0);
    assert_int_equal(job->priority, HEARTH_SCHEDULED); /* nobody waits */
    assert_int_equal(delay, 0);
    seen.publishes++;
    snprintf(seen.kind, sizeof(seen.kind), "%s", job->kind);
    snprintf(seen.key, sizeof(seen.key), "%s", job->key);
    snprintf(seen.payload, sizeof(seen.payload), "%s", job->payload);
    if (seen.refuse_queue != 0)
        return hearth_fail(call, seen.refuse_queue, "no queue");
    *ret_result = seen.result;
    return 0;
}

static const struct hearth_storage storage_ops = {
    .struct_size = sizeof(storage_ops), .account_get = on_get, .handle_close = on_close};
static const struct hearth_queue queue = {.struct_size = sizeof(queue),
                                          .handle_open = on_handle,
                                          .handle_close = on_close,
                                          .publish = on_publish};
static struct nodes nodes = {.count = NODES, .items = {{.name = "alder"}, {.name = "birch"}}};
static struct jobs jobs;
static struct changes *changes;
static int64_t counted[3];
static const char *const counters[] = {"published", "ignored", "dropped"};

static int begin(void **state)
{
    (void)state;
    memset(&seen, 0, sizeof(seen));
    seen.rows[0] = (struct hearth_account){.struct_size = sizeof(seen.rows[0]),
                                           .id = "x",
                                           .provider = "file",
                                           .next_sync = INT64_MAX / 2};
    jobs = (struct jobs){.options = {.nodes = &nodes, .queue = &queue}};
    pthread_mutex_init(&jobs.lock, NULL);
    for (size_t i = 0; i < NODES; i++) {
        struct jobs_storage *storage = calloc(1, sizeof(*storage));
        storage->storage = (struct storage){.ops = &storage_ops, .handle = (void *)(i + 1)};
        plug_call_init(&storage->storage.call, NULL, 0, 0);
        jobs.storages[i].all = jobs.storages[i].free = storage;
    }
    changes = jobs_changes_create();
    for (size_t i = 0; i < 3; i++)
        counted[i] = metrics_value(METRIC(CHANGES, counters[i]));
    return changes == NULL;
}

static int end(void **state)
{
    (void)state;
    jobs_changes_destroy(changes);
    jobs_close_handles(&jobs);
    pthread_mutex_destroy(&jobs.lock);
    return 0;
}

/* Since the test began: published, ignored, dropped. */
static int64_t count(size_t which)
{
    return metrics_value(METRIC(CHANGES, counters[which])) - counted[which];
}
enum { PUBLISHED, IGNORED, DROPPED };

/* Lets the clock come to what is due, as the thread does; at most `passes` times. */
static int64_t flush(int passes)
{
    int64_t next = 0;
    for (int i = 0; i < passes; i++) {
        next = jobs_changes_flush(changes, &jobs);
        if (next == INT64_MAX)
            break;
        if (i + 1 < passes)
            while (clock_monotonic() < next)
                ;
    }
    return next;
}

static void flush_all(void)
{
    assert_int_equal(flush(10000), INT64_MAX);
}

static void test_many_calls_are_one_sync(void **state)
{
    (void)state;
    for (int i = 0; i < 1000; i++)
        jobs_changes_note(changes, "file", "ada");
    assert_int_equal(seen.gets[0] + seen.publishes, 0); /* noting does nothing */
    flush_all();
    assert_int_equal(seen.publishes, 1);
    assert_string_equal(seen.kind, "sync");
    assert_string_equal(seen.key, "ada");
    assert_string_equal(seen.payload, "alder");
    assert_int_equal(count(PUBLISHED), 1);
    for (int i = 0; i < 1000; i++)
        jobs_changes_note(changes, "file", "ada");
    assert_true(flush(1) > clock_monotonic() + 1000); /* another one, but not at once */
    assert_int_equal(seen.publishes, 1);
}

static void test_by_the_function_of_the_host(void **state)
{
    (void)state;
    struct host host;
    struct changes_ear ear = {changes, "file"};
    plug_host_init(&host, "sync-file", NULL, NULL);
    assert_null(host.hearth.extension(&host.hearth, HEARTH_HOST_CHANGES));
    host.changes = &jobs_changes_extension;
    host.changes_data = &ear;
    const struct hearth_host_changes *extension =
        host.hearth.extension(&host.hearth, HEARTH_HOST_CHANGES);
    assert_null(host.hearth.extension(&host.hearth, "hearth.host.changes/2"));
    extension->changed(&host.hearth, "ada");
    extension->changed(&host.hearth, NULL); /* what no account is called */
    extension->changed(&host.hearth, "");
    char longer[100];
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    extension->changed(&host.hearth, longer);
    assert_int_equal(count(IGNORED), 3);
    flush(2);
    assert_int_equal(seen.publishes, 1);
}

static void expect_no_sync(void)
{
    int64_t ignored = count(IGNORED);
    jobs_changes_note(changes, "file", "ada");
    flush_all();
    assert_int_equal(seen.publishes, 0);
    assert_int_equal(count(IGNORED), ignored + 1);
    jobs_changes_destroy(changes);
    changes = jobs_changes_create();
}

static void test_whom_it_does_not_sync(void **state)
{
    (void)state;
    struct hearth_account *row = &seen.rows[0], before = *row;
    row->state = HEARTH_ACCOUNT_PAUSED;
    expect_no_sync();
    row->state = HEARTH_ACCOUNT_SIGNIN_NEEDED;
    expect_no_sync();
    *row = before;
    row->next_sync = 0; /* asleep */
    expect_no_sync();
    *row = before;
    row->provider = "other"; /* another section's */
    expect_no_sync();
    row->id = NULL; /* removed */
    expect_no_sync();
}

static void test_the_node_is_found(void **state)
{
    (void)state;
    seen.rows[1] = seen.rows[0];
    seen.rows[0].next_sync = 0; /* it is on its way there, or was */
    jobs_changes_note(changes, "file", "ada");
    flush_all();
    assert_int_equal(seen.publishes, 1);
    assert_string_equal(seen.payload, "birch");
}

static void test_a_node_that_is_away(void **state)
{
    (void)state;
    seen.refuse[0] = HEARTH_ERR_UNAVAILABLE;
    jobs_changes_note(changes, "file", "ada");
    assert_true(flush(2) != INT64_MAX); /* it may be there: kept */
    assert_int_equal(seen.publishes + (int)count(IGNORED), 0);
    seen.rows[1] = seen.rows[0];
    flush_all();
    assert_int_equal(seen.publishes, 1);
    assert_string_equal(seen.payload, "birch");
}

/* The sync that runs may have read what was before. */
static void test_in_work(void **state)
{
    (void)state;
    seen.result = HEARTH_IN_WORK;
    jobs_changes_note(changes, "file", "ada");
    assert_true(flush(2) != INT64_MAX);
    assert_int_equal(seen.publishes, 1);
    assert_int_equal(count(PUBLISHED), 0);
    seen.result = HEARTH_QUEUED;
    flush_all();
    assert_int_equal(seen.publishes, 2);
    assert_int_equal(count(PUBLISHED), 1);
}

static void test_a_queue_that_is_away(void **state)
{
    (void)state;
    seen.refuse_queue = HEARTH_ERR_UNAVAILABLE;
    char id[16];
    for (int i = 0; i < 100; i++) {
        snprintf(id, sizeof(id), "p%d", i);
        jobs_changes_note(changes, "file", id);
    }
    assert_true(flush(2) != INT64_MAX);
    assert_int_equal(seen.publishes, 1); /* one found it out for all */
    seen.refuse_queue = 0;
    flush_all();
    assert_int_equal(seen.publishes, 101);
}

/* A source that changes cannot make the pauses after failures void. */
static void test_after_a_failure(void **state)
{
    (void)state;
    seen.rows[0].state = HEARTH_ACCOUNT_ERROR;
    seen.rows[0].failures = 3;
    seen.rows[0].last_attempt = clock_now();
    jobs_changes_note(changes, "file", "ada");
    int64_t next = flush(2);
    assert_true(next > clock_monotonic() + 30000 && next != INT64_MAX);
    assert_int_equal(seen.publishes, 0);
    jobs_changes_destroy(changes);
    changes = jobs_changes_create();
    seen.rows[0].last_attempt = clock_now() - 61000;
    jobs_changes_note(changes, "file", "ada");
    flush_all();
    assert_int_equal(seen.publishes, 1);
}

static void test_more_than_there_is_room_for(void **state)
{
    (void)state;
    char id[16];
    for (int i = 0; i < 20000; i++) {
        snprintf(id, sizeof(id), "p%d", i);
        jobs_changes_note(changes, "file", id);
    }
    int64_t dropped = count(DROPPED);
    assert_true(dropped >= 20000 - 4096 && dropped < 20000);
    flush_all();
    assert_int_equal(seen.publishes, 20000 - dropped);
}

int main(void)
{
    log_init(LOG_FORMAT_TEXT, HEARTH_LOG_ERROR);
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_many_calls_are_one_sync),     TEST(test_by_the_function_of_the_host),
        TEST(test_whom_it_does_not_sync),       TEST(test_the_node_is_found),
        TEST(test_a_node_that_is_away),         TEST(test_in_work),
        TEST(test_a_queue_that_is_away),        TEST(test_after_a_failure),
        TEST(test_more_than_there_is_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

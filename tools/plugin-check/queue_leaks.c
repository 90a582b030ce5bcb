/* Memory that stays behind, which no result shows. Each step leaves the queue as it was. */
#include "queue_kit.h"

enum { EVENTS = 20000 }; /* more than any backend keeps for those who are slow */

static int leaks_on_job(void *ctx, const struct hearth_job *job)
{
    (void)job;
    return ctx != NULL; /* ends the list at its first row */
}

static int leaks_on_event(void *ctx, const char *channel, const char *text)
{
    (void)channel;
    (void)text;
    return ctx != NULL;
}

static void jobs_step(void *ctx)
{
    struct queue_handle *q = ctx;
    struct hearth_job job;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    put_job(q, "k", HEARTH_SCHEDULED, LONG);
    put_job(q, "k", HEARTH_PERSON_WAITS, 0);
    expect_number(take_job(q, 0, LONG, &job), 0);
    QUEUE_OK(q, extend, job.receipt, LONG);
    QUEUE_OK(q, counts, &counts);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_RETRY, 0);
    takes(q, "k");
    QUEUE_OK(q, remove, KIND, "k");
    put_job(q, "c", HEARTH_SCHEDULED, 0);
    QUEUE_OK(q, clear);
    plug_call_reset(&q->call);
}

/* Out of each state, by each operation that takes a job out. */
static void ends_step(void *ctx)
{
    struct queue_handle *q = ctx;
    struct hearth_job job;
    for (int i = 0; i < 2; i++) {
        put_job(q, "ready", HEARTH_SCHEDULED, 0);
        put_job(q, "delayed", HEARTH_SCHEDULED, LONG);
        if (i == 0) {
            QUEUE_OK(q, clear);
        } else {
            QUEUE_OK(q, remove, KIND, "ready");
            QUEUE_OK(q, remove, KIND, "delayed");
        }
        put_job(q, "k", HEARTH_SCHEDULED, 0);
        expect_number(take_job(q, 0, LONG, &job), 0);
        QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_RETRY, LONG);
        expect_number(put_job(q, "k", HEARTH_SCHEDULED, 0), HEARTH_RAISED);
        expect_number(take_job(q, 0, LONG, &job), 0);
        QUEUE_OK(q, finish, job.receipt, i == 0 ? HEARTH_JOB_DONE : HEARTH_JOB_DEAD, 0);
    }
    plug_call_reset(&q->call);
}

static void lists_step(void *ctx)
{
    struct queue_handle *q = ctx;
    QUEUE_OK(q, peek, leaks_on_job, NULL);
    QUEUE_OK(q, peek, leaks_on_job, q);
    plug_call_reset(&q->call);
}

static void events_step(void *ctx)
{
    struct queue_handle *q = ctx;
    QUEUE_OK(q, event_publish, "c", "one");
    QUEUE_OK(q, event_publish, "c", "two");
    hears(q, 50, leaks_on_event, q);
    hears(q, 0, leaks_on_event, NULL);
    plug_call_reset(&q->call);
}

static void failures_step(void *ctx)
{
    struct queue_handle *q = ctx;
    struct hearth_job job = {.struct_size = sizeof(job), .kind = "No", .key = "k", .payload = "p"};
    char long_channel[100] = "";
    int32_t result;
    memset(long_channel, 'c', sizeof(long_channel) - 1);
    QUEUE_FAILS(INVALID, q, publish, &job, 0, &result);
    QUEUE_FAILS(NOT_FOUND, q, reserve, 0, LONG, &job);
    QUEUE_FAILS(NOT_FOUND, q, extend, "nonsense", LONG);
    QUEUE_FAILS(NOT_FOUND, q, finish, "nonsense", HEARTH_JOB_DONE, 0);
    QUEUE_FAILS(NOT_FOUND, q, remove, KIND, "nobody");
    QUEUE_FAILS(INVALID, q, event_publish, long_channel, "t");
    plug_call_reset(&q->call);
}

static void handles_step(void *ctx)
{
    struct kit *kit = ctx;
    struct queue_handle queue_handle;
    kit_queue_handle_open(kit, &queue_handle);
    hears(&queue_handle, 0, leaks_on_event, NULL);
    kit->queue->interrupt(queue_handle.handle);
    kit_queue_handle_close(&queue_handle);
}

static void queue_nothing_leaks(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    kit_expect_no_leak("the life of a job", jobs_step, q);
    kit_expect_no_leak("the end of jobs that are ready, delayed and in work", ends_step, q);
    kit_expect_no_leak("a handle that is opened and closed", handles_step, kit);
    hears(q, 0, leaks_on_event, NULL);
    kit_expect_bounded("publishing and receiving events", EVENTS / 2, events_step, q);
    kit_expect_no_leak("what is refused or not found", failures_step, q);
    put_job(q, "x", HEARTH_SCHEDULED, 0);
    put_job(q, "y", HEARTH_SCHEDULED, LONG);
    put_job(q, "w", HEARTH_PERSON_WAITS, 0);
    takes(q, "w");
    kit_expect_no_leak("peek, to its end and ended by its callback", lists_step, q);
}

static void queue_opening_leaks_nothing(struct kit *kit)
{
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    kit_expect_no_leak("opening and closing the plugin", kit_reopen, kit);
}

const struct kit_test kit_queue_leaks_tests[] = {
    {"leaks: nothing that is done again and again leaves memory behind", queue_nothing_leaks},
    {"leaks: opening and closing leaves no memory behind", queue_opening_leaks_nothing, KIT_CLOSED},
    {NULL, NULL},
};

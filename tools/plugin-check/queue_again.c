/* Callbacks that call the queue back, and results that are nobody's business but the caller's. */
#include "queue_kit.h"

struct again {
    struct kit *kit;
    struct queue_handle *other; /* a handle of the same queue */
    const char *receipt;        /* of a job in work */
    int rows;
};

static int count_row(void *ctx, const struct hearth_job *job)
{
    (void)job;
    ++*(int *)ctx;
    return 0;
}

/* Every operation that does not wait, in a callback of the handle itself or of another one. */
static void use_all(struct queue_handle *q, const char *receipt, const char *key)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    struct hearth_job job;
    int rows = 0;
    QUEUE_OK(q, counts, &counts);
    QUEUE_OK(q, peek, count_row, &rows);
    expect_number(put_job(q, key, HEARTH_PERSON_WAITS, 0), HEARTH_QUEUED);
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_text(job.key, key);
    QUEUE_OK(q, extend, job.receipt, LONG);
    QUEUE_OK(q, extend, receipt, LONG);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
    expect_number(put_job(q, key, HEARTH_PERSON_WAITS, LONG), HEARTH_QUEUED);
    QUEUE_OK(q, remove, KIND, key);
    QUEUE_OK(q, event_publish, "c", "again");
    QUEUE_OK(q, ping);
}

static int again_on_job(void *ctx, const struct hearth_job *job)
{
    struct again *again = ctx;
    char key[65], kind[17], payload[8];
    if (again->rows++ > 0)
        return 0;
    snprintf(key, sizeof(key), "%s", job->key);
    snprintf(kind, sizeof(kind), "%s", job->kind);
    snprintf(payload, sizeof(payload), "%s", job->payload);
    use_all(again->other, again->receipt, "by another handle");
    use_all(&again->kit->queue_handle, again->receipt, "by the same handle");
    expect_text(job->key, key); /* a row lives until its callback returns */
    expect_text(job->kind, kind);
    expect_text(job->payload, payload);
    return 0;
}

static void peek_calls_back(struct kit *kit)
{
    struct queue_handle other, *q = &kit->queue_handle;
    struct hearth_job job;
    kit_queue_handle_open(kit, &other);
    put_job(q, "w", HEARTH_SCHEDULED, 0);
    expect_number(take_job(q, 0, LONG, &job), 0);
    put_job(q, "x", HEARTH_SCHEDULED, 0);
    put_job(q, "y", HEARTH_SCHEDULED, LONG);
    struct again again = {.kit = kit, .other = &other, .receipt = job.receipt};
    QUEUE_OK(q, peek, again_on_job, &again);
    expect_number(again.rows, 3);
    kit_queue_handle_close(&other);
}

static int again_on_event(void *ctx, const char *channel, const char *text)
{
    struct again *again = ctx;
    char was[8];
    if (strcmp(text, "first") != 0)
        return 0;
    again->rows++;
    snprintf(was, sizeof(was), "%s", channel);
    use_all(again->other, again->receipt, "by another handle");
    use_all(&again->kit->queue_handle, again->receipt, "by the same handle");
    expect_text(channel, was);
    expect_text(text, "first");
    return 0;
}

static void event_calls_back(struct kit *kit)
{
    struct queue_handle other, *q = &kit->queue_handle;
    struct hearth_job job;
    kit_queue_handle_open(kit, &other);
    put_job(q, "w", HEARTH_SCHEDULED, 0);
    expect_number(take_job(q, 0, LONG, &job), 0);
    struct again again = {.kit = kit, .other = &other, .receipt = job.receipt};
    hears(q, 0, again_on_event, &again);
    QUEUE_OK(q, event_publish, "c", "first");
    for (int64_t until = kit_now() + PATIENCE; again.rows == 0 && kit_now() < until;)
        hears(q, 200, again_on_event, &again);
    expect_number(again.rows, 1);
    kit_queue_handle_close(&other);
}

/* --- outputs --- */

enum { CANARY = 0x5a };

static void expect_reserve_fails(struct queue_handle *q, int64_t wait, const char *when)
{
    struct hearth_job job, before;
    memset(&job, CANARY, sizeof(job));
    job.struct_size = sizeof(job);
    before = job;
    int r = QUEUE_WAITS(q, wait, reserve, wait, LONG, &job);
    if (r >= 0)
        fail_msg("reserve succeeded %s", when);
    if (memcmp(&job, &before, sizeof(job)) != 0)
        fail_msg("reserve failed with %s %s and changed its output: what fails leaves it as it was",
                 err_name(r), when);
    plug_call_reset(&q->call);
}

/* These may succeed: they wait for nothing. */
static void expect_untouched_if_failed(struct queue_handle *q, const char *when)
{
    struct hearth_queue_counts counts, before;
    struct hearth_job job = {.struct_size = sizeof(job), .kind = KIND, .key = "k", .payload = "p"};
    int32_t result = CANARY;
    memset(&counts, CANARY, sizeof(counts));
    counts.struct_size = sizeof(counts);
    before = counts;
    int r = QUEUE(q, counts, &counts);
    if (r < 0 && memcmp(&counts, &before, sizeof(counts)) != 0)
        fail_msg("counts failed with %s %s and changed its output: what fails leaves it as it was",
                 err_name(r), when);
    r = QUEUE(q, publish, &job, LONG, &result);
    if (r < 0 && result != CANARY)
        fail_msg("publish failed with %s %s and changed its output: what fails leaves it as it was",
                 err_name(r), when);
    plug_call_reset(&q->call);
}

/* What fails leaves the caller's memory as it was. */
static void outputs_are_untouched(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    atomic_bool stop = true;
    expect_reserve_fails(q, 0, "on an empty queue");
    expect_reserve_fails(q, 20, "after it had waited in vain");
    q->call.stop = &stop;
    expect_reserve_fails(q, SOON, "when it was stopped");
    expect_untouched_if_failed(q, "when it was stopped");
    q->call.stop = NULL;
    q->call.hearth.deadline = 1; /* long ago */
    expect_untouched_if_failed(q, "after its deadline");
    expect_reserve_fails(q, SOON, "after its deadline");
    q->call.hearth.deadline = 0;
    struct hearth_job bad = {.struct_size = sizeof(bad), .kind = KIND, .key = "", .payload = "p"};
    int32_t result = CANARY;
    QUEUE_FAILS(INVALID, q, publish, &bad, 0, &result);
    expect_number(result, CANARY);
}

/* Results of two handles, and of one handle's two calls, stand beside each other until their
 * calls are reset. */
static void queue_results_stay(struct kit *kit)
{
    struct queue_handle other, *q = &kit->queue_handle;
    struct hearth_job first, second, third;
    char receipt[256];
    kit_queue_handle_open(kit, &other);
    put_job(q, "one", HEARTH_PERSON_WAITS, 0);
    put_job(q, "two", HEARTH_SCHEDULED, 0);
    put_job(q, "three", HEARTH_BACKGROUND, 0);
    expect_number(take_job(q, 0, LONG, &first), 0);
    snprintf(receipt, sizeof(receipt), "%s", first.receipt);
    expect_number(take_job(&other, 0, LONG, &second), 0);
    expect_number(take_job(q, 0, LONG, &third), 0);
    expect_text(first.key, "one");
    expect_text(first.kind, KIND);
    expect_text(first.receipt, receipt);
    expect_text(second.key, "two");
    expect_text(third.key, "three");
    kit_queue_handle_close(&other);
}

const struct kit_test kit_queue_again_tests[] = {
    {"callbacks: a callback of peek may call the queue", peek_calls_back},
    {"callbacks: a callback of event_wait may call the queue", event_calls_back},
    {"outputs: what fails leaves them as they were", outputs_are_untouched},
    {"outputs: results of several calls stand beside each other", queue_results_stay},
    {NULL, NULL},
};

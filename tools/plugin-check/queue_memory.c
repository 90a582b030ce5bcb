/* Allocation failures, and hosts older and newer than the plugin. */
#include "queue_kit.h"

static int memory_on_any_job(void *ctx, const struct hearth_job *job)
{
    (void)ctx;
    return job->kind == NULL || job->key == NULL;
}

static int memory_on_event(void *ctx, const char *channel, const char *text)
{
    (void)channel;
    (void)text;
    ++*(int *)ctx;
    return 0;
}

static int64_t jobs_in(struct queue_handle *q)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    QUEUE_OK(q, counts, &counts);
    return counts.ready + counts.delayed + counts.in_work;
}

/* One life of a job; returns the first error. The job may be left behind: the caller removes it. */
static int memory_step_of_a_job(struct queue_handle *q)
{
    struct hearth_job job;
    int events = 0;
    int r = put_job(q, "k", HEARTH_SCHEDULED, 0);
    if (r >= 0)
        r = QUEUE(q, peek, memory_on_any_job, NULL);
    if (r == 0)
        r = take_job(q, 0, LONG, &job);
    if (r == 0)
        r = QUEUE(q, extend, job.receipt, LONG);
    if (r == 0)
        r = QUEUE(q, event_publish, "c", "text");
    if (r == 0)
        r = wait_for_events(q, 0, memory_on_event, &events);
    if (r == 0)
        r = QUEUE(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
    return r;
}

static void queue_every_allocation_fails(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    int events = 0;
    if (!kit_memory_can_fail())
        kit_skip("a sanitizer owns the allocator");
    hears(q, 0, memory_on_event, &events);
    for (long n = 1; n < 20000; n++) {
        q->call.error[0] = '\0';
        kit_memory_fail_at(n);
        int r = memory_step_of_a_job(q);
        bool failed = kit_memory_failed();
        if (r < 0 && q->call.error[0] == '\0')
            fail_msg("allocation %ld failed: %s without an error text", n, err_name(r));
        if (r < 0 && !failed)
            fail_msg("an allocation failed before; now it returns %s: %s", err_name(r),
                     q->call.error);
        plug_call_reset(&q->call);
        for (int i = 0; i < 100 && QUEUE(q, remove, KIND, "k") == HEARTH_ERR_UNAVAILABLE; i++)
            kit_pause(50); /* a connection comes back after a pause */
        expect_number(jobs_in(q), 0);
        if (r == 0 && !failed)
            return;
    }
}

enum { CANARY = 0x5a };

static void queue_structs_may_grow(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct {
        struct hearth_job job;
        uint8_t more[64];
    } job;
    uint8_t before[sizeof(job)];
    union {
        struct hearth_queue_counts counts;
        uint8_t bytes[256];
    } out;
    size_t known = offsetof(struct hearth_queue_counts, dead) + sizeof(int64_t);
    int32_t result;
    memset(&job, CANARY, sizeof(job));
    job.job =
        (struct hearth_job){.struct_size = sizeof(job), .kind = KIND, .key = "k", .payload = "p"};
    QUEUE_OK(q, publish, &job.job, 0, &result);
    memset(&out, CANARY, sizeof(out));
    out.counts.struct_size = (uint32_t)known;
    QUEUE_OK(q, counts, &out.counts);
    expect_number(out.counts.ready, 1);
    memcpy(before, &job, sizeof(job));
    QUEUE_OK(q, reserve, 0, LONG, &job.job);
    expect(job.job.struct_size <= sizeof(job));
    /* a plugin of tomorrow may know more of it than this kit */
    expect(memcmp((const uint8_t *)&job + job.job.struct_size, before + job.job.struct_size,
                  sizeof(job) - job.job.struct_size) == 0);
    for (size_t i = known; i < sizeof(out.bytes); i++)
        expect_number(out.bytes[i], CANARY);
    expect_text(job.job.kind, KIND);
    expect_text(job.job.key, "k");
}

const struct kit_test kit_queue_memory_tests[] = {
    {"growth: larger structs are taken, nothing is written behind smaller ones",
     queue_structs_may_grow},
    {"memory: every allocation of a job's life fails once, and nothing stays behind",
     queue_every_allocation_fails, KIT_FAULTS, 180},
    {NULL, NULL},
};

/* Times that come: of delays and leases that are over while nobody has asked, and of calls that
 * wait for them. */
#include "queue_kit.h"

#include <pthread.h>

/* All that was to be over after so many ms is over then, however late this is. */
static void let_pass(int64_t ms)
{
    for (int64_t until = kit_now() + ms; kit_now() < until;)
        kit_pause(until - kit_now());
}

static int note_state(void *ctx, const struct hearth_job *job)
{
    char *seen = ctx;
    snprintf(seen + strlen(seen), 256 - strlen(seen), "%s %d%s%s\n", job->key, (int)job->priority,
             job->in_work ? " in work" : "", job->wait > 0 ? " waits" : "");
    return 0;
}

static void expect_all_ready(struct queue_handle *q, int64_t ready)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    QUEUE_OK(q, counts, &counts);
    if (counts.ready != ready || counts.delayed != 0 || counts.in_work != 0)
        fail_msg("counts says ready %lld, delayed %lld, in work %lld where the delays and leases "
                 "of all %lld are over and nobody has asked "
                 "for one",
                 (long long)counts.ready, (long long)counts.delayed, (long long)counts.in_work,
                 (long long)ready);
}

/* Each as the others see it for the first time: counts, peek, reserve. */
static void all_is_over(struct kit *kit)
{
    static const char wanted[] = "lapsed 0\nhigh 1\nearly 2\nlate 2\n",
                      any_order[] = "lapsed 0\nhigh 1\nlate 2\nearly 2\n";
    static const char *const keys[] = {"lapsed", "high", "early", "late"};
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    bool ordered = (kit->descriptor->capabilities & HEARTH_ORDERED) != 0;
    for (int first = 0; first < 3; first++) {
        char seen[256] = "";
        put_job(q, "lapsed", HEARTH_PERSON_WAITS, 0);
        expect_number(take_job(q, 0, SOON, &job), 0);
        put_job(q, "late", HEARTH_BACKGROUND, 2 * SOON);
        put_job(q, "high", HEARTH_SCHEDULED, 2 * SOON);
        put_job(q, "early", HEARTH_BACKGROUND, SOON);
        let_pass(3 * SOON);
        if (first == 0)
            expect_all_ready(q, 4);
        if (first <= 1)
            QUEUE_OK(q, peek, note_state, seen);
        if (first <= 1 && strcmp(seen, wanted) != 0 && (ordered || strcmp(seen, any_order) != 0))
            fail_msg("peek shows \"%s\" where all delays and leases are over; \"%s\" was expected",
                     seen, wanted);
        for (int i = 0; i < 4; i++) {
            expect_number(take_job(q, 0, LONG, &job), 0);
            if (strcmp(job.key, keys[i]) != 0 && (ordered || i < 2))
                fail_msg("reserve gave the job \"%s\" where \"%s\" was expected: by priority, then "
                         "whose time came first",
                         job.key, keys[i]);
            expect_number(job.attempt, i == 0 ? 2 : 1);
            QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
        }
        expect_empty(q);
    }
}

/* --- a reserve that waits longer than the job --- */

struct waiter {
    struct queue_handle queue_handle;
    pthread_t thread;
    int result;
    char key[65];
};

static void *reserve_long(void *arg)
{
    struct waiter *waiter = arg;
    struct hearth_job job;
    waiter->result = take_job(&waiter->queue_handle, LONG, LONG, &job);
    snprintf(waiter->key, sizeof(waiter->key), "%s", waiter->result == 0 ? job.key : "");
    return NULL;
}

static void later_retry(struct queue_handle *q, const char *receipt)
{
    QUEUE_OK(q, finish, receipt, HEARTH_JOB_RETRY, SOON);
}

static void later_shorten(struct queue_handle *q, const char *receipt)
{
    QUEUE_OK(q, extend, receipt, SOON);
}

static void publish_later(struct queue_handle *q, const char *receipt)
{
    (void)receipt;
    expect_number(put_job(q, "new", HEARTH_SCHEDULED, SOON), HEARTH_QUEUED);
}

static void later_raise(struct queue_handle *q, const char *receipt)
{
    (void)receipt;
    expect_number(put_job(q, "far", HEARTH_SCHEDULED, SOON), HEARTH_RAISED);
}

static const struct {
    const char *what, *key;
    void (*run)(struct queue_handle *q, const char *receipt);
} moves[] = {
    {"is to be tried again soon", "held", later_retry},
    {"was published with a short delay", "new", publish_later},
    {"was published again with a shorter delay", "far", later_raise},
    {"is in work and got a shorter lease", "held", later_shorten},
};

static void expect_woken(struct kit *kit, size_t which)
{
    struct queue_handle *q = &kit->queue_handle;
    struct waiter waiter = {.result = -1};
    struct hearth_job held;
    expect_number(put_job(q, "held", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    expect_number(take_job(q, 0, LONG, &held), 0);
    expect_number(put_job(q, "far", HEARTH_SCHEDULED, LONG), HEARTH_QUEUED);
    kit_queue_handle_open(kit, &waiter.queue_handle);
    expect_number(pthread_create(&waiter.thread, NULL, reserve_long, &waiter), 0);
    kit_pause(SOON); /* it should be waiting by now; the result does not depend on it */
    moves[which].run(q, held.receipt);
    for (int64_t until = kit_now() + PATIENCE / 2; pthread_tryjoin_np(waiter.thread, NULL) != 0;
         kit_pause(5))
        if (kit_now() > until)
            fail_msg("a reserve that waits does not get the job that %s (%d ms): it sleeps on",
                     moves[which].what, SOON);
    expect_number(waiter.result, 0);
    expect_text(waiter.key, moves[which].key);
    kit_queue_handle_close(&waiter.queue_handle);
    kit_queue_prepare(kit);
}

static void woken_by_moves(struct kit *kit)
{
    for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++)
        expect_woken(kit, i);
}

/* --- all that waits --- */

static void clear_many(struct kit *kit)
{
    enum { READY = 1100, DELAYED = 600 };
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    for (int i = 0; i < READY + DELAYED; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        expect_number(put_job(q, key, i % 3, i < READY ? 0 : LONG), HEARTH_QUEUED);
        plug_call_reset(&q->call);
    }
    expect_number(take_job(q, 0, LONG, &job), 0);
    QUEUE_OK(q, clear);
    QUEUE_OK(q, counts, &counts);
    if (counts.ready != 0 || counts.delayed != 0 || counts.in_work != 1)
        fail_msg("after clear of %d waiting jobs and 1 in work counts says ready %lld, delayed "
                 "%lld, in work %lld",
                 READY + DELAYED - 1, (long long)counts.ready, (long long)counts.delayed,
                 (long long)counts.in_work);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
}

const struct kit_test kit_queue_later_tests[] = {
    {"jobs: whose delay or lease is over are ready, by priority, then whose time came first",
     all_is_over},
    {"jobs: clear takes all that wait, however many, and none in work", clear_many},
    {"threads: a waiting reserve takes a job whose time moves", woken_by_moves},
    {NULL, NULL},
};

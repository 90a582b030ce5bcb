/* Several handles of a queue at once: every job is done exactly once, and waiting calls can be
 * ended. */
#include "queue_kit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { JOBS = 2000, PRODUCERS = 4, THREADS = 8 };

struct work {
    struct kit *kit;
    int number;
    pthread_t thread;
};

static atomic_int done[JOBS];
static atomic_int finished;

static void *threads_produce(void *arg)
{
    struct work *work = arg;
    struct queue_handle queue_handle;
    kit_queue_handle_open(work->kit, &queue_handle);
    for (int i = work->number; i < JOBS; i += PRODUCERS) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        expect_number(put_job(&queue_handle, key, i % 3, 0), HEARTH_QUEUED);
        plug_call_reset(&queue_handle.call);
    }
    kit_queue_handle_close(&queue_handle);
    return NULL;
}

static void *threads_consume(void *arg)
{
    struct work *work = arg;
    struct queue_handle queue_handle;
    struct hearth_job job;
    kit_queue_handle_open(work->kit, &queue_handle);
    while (finished < JOBS) {
        int r = take_job(&queue_handle, 50, LONG, &job);
        if (r == 0) {
            done[strtol(job.key, NULL, 10)]++;
            QUEUE_OK(&queue_handle, finish, job.receipt, HEARTH_JOB_DONE, 0);
            finished++;
        } else if (r != HEARTH_ERR_NOT_FOUND) {
            fail_msg("reserve: %s", queue_handle.call.error);
        }
        plug_call_reset(&queue_handle.call);
    }
    kit_queue_handle_close(&queue_handle);
    return NULL;
}

static void exactly_once(struct kit *kit)
{
    struct work work[THREADS];
    for (int i = 0; i < THREADS; i++) {
        work[i] = (struct work){.kit = kit, .number = i};
        expect_number(pthread_create(&work[i].thread, NULL,
                                     i < PRODUCERS ? threads_produce : threads_consume, &work[i]),
                      0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(work[i].thread, NULL);
    for (int i = 0; i < JOBS; i++)
        expect_number(done[i], 1);
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    QUEUE_OK(&kit->queue_handle, counts, &counts);
    expect_number(counts.ready + counts.delayed + counts.in_work, 0);
}

struct waiter {
    struct queue_handle queue_handle;
    bool events;
    int result;
    pthread_t thread;
};

static int threads_on_event(void *ctx, const char *channel, const char *text)
{
    (void)ctx;
    (void)channel;
    (void)text;
    return 0;
}

static void *waiter_wait_long(void *arg)
{
    struct waiter *waiter = arg;
    struct hearth_job job;
    waiter->result = waiter->events
                         ? wait_for_events(&waiter->queue_handle, LONG, threads_on_event, NULL)
                         : take_job(&waiter->queue_handle, LONG, LONG, &job);
    return NULL;
}

static void expect_interruptible(struct kit *kit, bool events)
{
    struct waiter waiter = {.events = events};
    kit_queue_handle_open(kit, &waiter.queue_handle);
    expect_number(pthread_create(&waiter.thread, NULL, waiter_wait_long, &waiter), 0);
    int64_t until = kit_now() + PATIENCE;
    for (;;) { /* an interrupt without a running call does nothing, so it is repeated */
        kit->queue->interrupt(waiter.queue_handle.handle);
        if (pthread_tryjoin_np(waiter.thread, NULL) == 0)
            break;
        if (kit_now() > until)
            fail_msg("an interrupted %s goes on waiting", events ? "event_wait" : "reserve");
        kit_pause(1);
    }
    expect_number(waiter.result, HEARTH_ERR_CANCELLED);
    plug_call_reset(&waiter.queue_handle.call);
    expect_empty(&waiter.queue_handle); /* the next call is not interrupted */
    expect_number(put_job(&waiter.queue_handle, "k", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    takes(&waiter.queue_handle, "k");
    QUEUE_OK(&waiter.queue_handle, remove, KIND, "k");
    kit_queue_handle_close(&waiter.queue_handle);
}

static void queue_interrupts_end_waits(struct kit *kit)
{
    expect_interruptible(kit, false);
    expect_interruptible(kit, true);
}

static void queue_interrupt_without_a_call(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    kit->queue->interrupt(q->handle);
    expect_number(put_job(q, "k", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    kit->queue->interrupt(q->handle);
    takes(q, "k");
}

static void kit_expect_ended(struct kit *kit, const char *by)
{
    struct hearth_job job;
    int64_t start = kit_now();
    int r = take_job(&kit->queue_handle, LONG, LONG, &job),
        s = wait_for_events(&kit->queue_handle, LONG, threads_on_event, NULL);
    if ((r != HEARTH_ERR_CANCELLED && r != HEARTH_ERR_TIMEOUT) ||
        (s != HEARTH_ERR_CANCELLED && s != HEARTH_ERR_TIMEOUT))
        fail_msg("waiting calls that %s ended returned %s and %s", by, err_name(r), err_name(s));
    if (kit_now() - start > PATIENCE / 2)
        fail_msg("waiting calls went on for %lld ms after %s", (long long)(kit_now() - start), by);
}

static void queue_stop_ends_waits(struct kit *kit)
{
    atomic_bool stop = true;
    kit->queue_handle.call.stop = &stop;
    kit_expect_ended(kit, "should_stop");
    kit->queue_handle.call.stop = NULL;
    kit->queue_handle.call.hearth.deadline = kit_now() + SOON;
    kit_expect_ended(kit, "the deadline");
    kit->queue_handle.call.hearth.deadline = 0;
    expect_empty(&kit->queue_handle);
}

static void *publish_soon(void *arg)
{
    struct work *work = arg;
    struct queue_handle queue_handle;
    kit_queue_handle_open(work->kit, &queue_handle);
    kit_pause(SOON); /* the other one should be waiting by now; the result does not depend on it */
    expect_number(put_job(&queue_handle, "k", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    kit_queue_handle_close(&queue_handle);
    return NULL;
}

static void queue_publish_wakes(struct kit *kit)
{
    struct work work = {.kit = kit};
    struct hearth_job job;
    int64_t start = kit_now();
    expect_number(pthread_create(&work.thread, NULL, publish_soon, &work), 0);
    expect_number(take_job(&kit->queue_handle, PATIENCE, LONG, &job), 0);
    if (kit_now() - start > PATIENCE / 4)
        fail_msg("a waiting reserve took its job only %lld ms later",
                 (long long)(kit_now() - start));
    pthread_join(work.thread, NULL);
}

const struct kit_test kit_queue_threads_tests[] = {
    {"threads: every job is done exactly once by many workers", exactly_once, KIT_OPEN, 90},
    {"threads: a waiting reserve wakes up for a new job", queue_publish_wakes},
    {"threads: waiting calls can be interrupted, the next ones go on", queue_interrupts_end_waits},
    {"threads: an interrupt without a running call does nothing", queue_interrupt_without_a_call},
    {"threads: should_stop and deadlines end waiting calls", queue_stop_ends_waits},
    {NULL, NULL},
};

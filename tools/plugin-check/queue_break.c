/* A queue's server that goes away: calls end by their deadline, jobs and leases outlive it, and
 * who listens is told of what was missed. */
#include "breaking.h"
#include "queue_kit.h"

#include <stdlib.h>

static void handle_set_deadline(struct queue_handle *queue_handle, int64_t ms)
{
    queue_handle->call.hearth.deadline = ms == 0 ? 0 : kit_now() + ms;
}

static void queue_wait_until_well(struct queue_handle *queue_handle)
{
    int r = HEARTH_ERR_UNAVAILABLE;
    for (int64_t until = kit_now() + BROKEN_PATIENCE; r < 0 && kit_now() < until;) {
        handle_set_deadline(queue_handle, 2000);
        r = QUEUE(queue_handle, ping);
        if (r < 0)
            kit_pause(20);
    }
    handle_set_deadline(queue_handle, 0);
    if (r < 0)
        fail_msg("%d ms after the mend ping still returns %s: %s", BROKEN_PATIENCE, err_name(r),
                 queue_handle->call.error);
}

#define ENDS(queue_handle, may_succeed, operation, ...)                                            \
    do {                                                                                           \
        kit_watch_broken_call(#operation);                                                         \
        handle_set_deadline(queue_handle, BROKEN_DEADLINE);                                        \
        int result_ = QUEUE(queue_handle, operation __VA_OPT__(, ) __VA_ARGS__);                   \
        kit_expect_ended(result_, may_succeed);                                                    \
        handle_set_deadline(queue_handle, 0);                                                      \
    } while (0)

static int ignore_job(void *ctx, const struct hearth_job *job)
{
    (void)ctx;
    (void)job;
    return 0;
}

static int ignore_event(void *ctx, const char *channel, const char *text)
{
    (void)ctx;
    (void)channel;
    (void)text;
    return 0;
}

static void queue_calls_end(struct kit *kit)
{
    enum { CALLS = 8 };
    /* each call in a handle that was well: what one finds out does not help the next */
    struct queue_handle *q = &kit->queue_handle, queue_handles[CALLS];
    struct hearth_job job = {
        .struct_size = sizeof(job), .kind = KIND, .key = "broken", .payload = "p"};
    struct hearth_job taken = {.struct_size = sizeof(taken)};
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    int32_t result;
    for (size_t i = 0; i < CALLS; i++) {
        kit_queue_handle_open(kit, &queue_handles[i]);
        QUEUE_OK(&queue_handles[i], ping);
    }
    QUEUE_OK(&queue_handles[7], event_wait, 0, ignore_event, NULL);
    kit_backend_break(kit);
    ENDS(&queue_handles[0], false, ping);
    ENDS(&queue_handles[1], false, publish, &job, 0, &result);
    ENDS(&queue_handles[2], false, reserve, 0, LONG, &taken);
    ENDS(&queue_handles[3], false, reserve, LONG, LONG, &taken);
    ENDS(&queue_handles[4], false, counts, &counts);
    ENDS(&queue_handles[5], false, peek, ignore_job, NULL);
    ENDS(&queue_handles[6], false, event_publish, "c", "t");
    ENDS(&queue_handles[7], true, event_wait, SOON, ignore_event, NULL);
    ENDS(&queue_handles[0], false, ping); /* again in the same */
    kit_backend_mend(kit);
    for (size_t i = 0; i < CALLS; i++) {
        queue_wait_until_well(&queue_handles[i]);
        kit_queue_handle_close(&queue_handles[i]);
    }
    queue_wait_until_well(q);
    QUEUE(q, remove, KIND, "broken"); /* a publication that failed may have happened */
    expect_number(kit_queue_put_job(q, "well", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    kit_queue_takes(q, "well");
}

/* --- jobs --- */

enum { JOBS = 5 };

struct peeked {
    int waiting[JOBS], leased, over, strangers;
};

static int note_peeked(void *ctx, const struct hearth_job *job)
{
    struct peeked *peeked = ctx;
    if (strcmp(job->key, "leased") == 0)
        peeked->leased++;
    else if (strcmp(job->key, "over") == 0)
        peeked->over++;
    else if (job->key[0] == 'j' && job->key[1] >= '0' && job->key[1] < '0' + JOBS)
        peeked->waiting[job->key[1] - '0']++;
    else
        peeked->strangers++;
    return 0;
}

static int publish_over(struct queue_handle *queue_handle)
{
    handle_set_deadline(queue_handle, BROKEN_DEADLINE);
    int r = kit_queue_put_job(queue_handle, "over", HEARTH_SCHEDULED, 0);
    handle_set_deadline(queue_handle, 0);
    return r;
}

static void expect_jobs(const struct kit *kit, const struct peeked *peeked, int over)
{
    int there = peeked->leased;
    for (int i = 0; i < JOBS; i++) {
        if (peeked->waiting[i] > 1)
            fail_msg("after the mend the job j%d is there %d times", i, peeked->waiting[i]);
        there += peeked->waiting[i];
    }
    if (there != 0 && there != JOBS + 1)
        fail_msg("after the mend %d of %d jobs are there: all were expected, or none where a queue "
                 "is not DURABLE",
                 there, JOBS + 1);
    if (there == 0 && (kit->descriptor->capabilities & HEARTH_DURABLE) != 0)
        fail_msg("the queue is DURABLE, and after the mend none of its jobs is there");
    expect_number(peeked->strangers, 0);
    if (over >= 0 && there != 0 && peeked->over != 1)
        fail_msg("a job whose publication succeeded while the backend was broken is there %d times "
                 "after the mend",
                 peeked->over);
}

static void jobs_outlive(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle, other;
    struct hearth_job job;
    struct peeked peeked = {.leased = 0};
    char receipt[256];
    kit_queue_handle_open(kit, &other);
    expect_number(kit_queue_put_job(q, "leased", HEARTH_PERSON_WAITS, 0), HEARTH_QUEUED);
    expect_number(kit_queue_take_job(q, 0, LONG, &job), 0);
    snprintf(receipt, sizeof(receipt), "%s", job.receipt);
    for (int i = 0; i < JOBS; i++)
        expect_number(
            kit_queue_put_job(q, (const char[]){'j', (char)('0' + i), '\0'}, HEARTH_SCHEDULED, 0),
            HEARTH_QUEUED);
    kit_backend_break(kit);
    int over = publish_over(&other);
    kit_backend_mend(kit);
    queue_wait_until_well(q);
    queue_wait_until_well(&other);
    QUEUE_OK(q, peek, note_peeked, &peeked);
    expect_jobs(kit, &peeked, over);
    if (peeked.leased != 0) {
        int count = 0;
        while (kit_queue_take_job(&other, 0, LONG, &job) == 0) {
            if (strcmp(job.key, "leased") == 0)
                fail_msg("a job was given to another handle when its lease had %d ms to go: the "
                         "lease did not outlive the break",
                         LONG);
            count++;
        }
        expect_number(count, JOBS + peeked.over);
        QUEUE_OK(q, extend, receipt, LONG);
        QUEUE_OK(q, finish, receipt, HEARTH_JOB_DONE, 0);
    }
    QUEUE(q, remove, KIND, "over");
    expect_number(kit_queue_put_job(q, "again", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    kit_queue_takes(q, "again");
    kit_queue_handle_close(&other);
}

/* --- events --- */

struct heard {
    int told, last; /* how often with "", the number of the newest event */
    bool second;    /* the one that was published while it was broken */
};

static int break_on_event(void *ctx, const char *channel, const char *text)
{
    struct heard *heard = ctx;
    if (channel[0] == '\0') {
        heard->told++;
        return 0;
    }
    heard->last = (int)strtol(text, NULL, 10);
    heard->second |= heard->last == 2;
    return 0;
}

/* Until the event `number` has come, or it was said that some may be missing. */
static void listen_for(struct queue_handle *queue_handle, struct heard *heard, int number)
{
    int told = heard->told;
    for (int64_t until = kit_now() + PATIENCE;
         heard->last < number && heard->told == told && kit_now() < until;)
        if (QUEUE(queue_handle, event_wait, 200, break_on_event, heard) < 0)
            kit_pause(10);
    if (heard->last < number && heard->told == told)
        fail_msg("the event %d, published after the mend, did not come within %d ms, and nobody "
                 "was told that events may be missing: \"\" is "
                 "expected after a new connection",
                 number, PATIENCE);
}

static void events_are_not_lost_in_silence(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle, sender;
    struct heard heard = {.told = 0};
    kit_queue_handle_open(kit, &sender);
    QUEUE_OK(q, event_wait, 0, break_on_event, &heard);
    QUEUE_OK(&sender, event_publish, "c", "1");
    listen_for(q, &heard, 1);
    expect_number(heard.last, 1);
    kit_backend_break(kit);
    handle_set_deadline(&sender, BROKEN_DEADLINE);
    int second = QUEUE(&sender, event_publish, "c", "2");
    handle_set_deadline(&sender, 0);
    handle_set_deadline(q, BROKEN_DEADLINE);
    QUEUE(q, event_wait, SOON, break_on_event, &heard); /* notices, perhaps */
    handle_set_deadline(q, 0);
    kit_backend_mend(kit);
    queue_wait_until_well(&sender);
    QUEUE_OK(&sender, event_publish, "c", "3");
    listen_for(q, &heard, 3);
    if (second == 0 && !heard.second && heard.told == 0)
        fail_msg("an event whose publication succeeded while the backend was broken never came, "
                 "and nobody was told");
    for (int number = 4; heard.last < number - 1 || number == 4; number++) { /* it listens again */
        char text[16];
        snprintf(text, sizeof(text), "%d", number);
        QUEUE_OK(&sender, event_publish, "c", text);
        listen_for(q, &heard, number);
        if (heard.last == number)
            break;
        if (number > 20)
            fail_msg("after the mend it is told again and again that events are missing, and none "
                     "comes");
    }
    kit_queue_handle_close(&sender);
}

const struct kit_test kit_queue_break_tests[] = {
    {"broken: calls end by their deadline, and the handle works again after the mend",
     queue_calls_end, KIT_OPEN | KIT_BREAKS, 180},
    {"broken: jobs and leases outlive it, and none is there twice", jobs_outlive,
     KIT_OPEN | KIT_BREAKS, 120},
    {"broken: who listens gets every event, or is told that some are missing",
     events_are_not_lost_in_silence, KIT_OPEN | KIT_BREAKS, 120},
    {NULL, NULL},
};

/* More jobs than a backend shows at once, what a job carries, leases that nobody has taken over,
 * and callbacks that end a wait. */
#include "queue_kit.h"

#include <stdlib.h>

/* --- many jobs --- */

enum { MANY = 240, PRIORITIES = 3, MINUTE = 60 * 1000 };

enum place { NOWHERE, READY, DELAYED, IN_WORK, PLACES };

struct many_job {
    enum place place;
    int priority, order; /* order: READY, as they came; DELAYED: minutes */
};

struct many {
    const struct many_job *jobs;
    bool ordered;
    size_t rows, seen[PLACES];
    int last[MANY];
    const struct many_job *before; /* the row before this one */
    enum place place;
};

static bool many_job_goes_before(const struct many_job *a, const struct many_job *b, bool ordered)
{
    if (a->place != b->place)
        return a->place < b->place;
    if (a->place == DELAYED)
        return a->order < b->order;
    return a->place == READY && (a->priority != b->priority ? a->priority < b->priority
                                                            : ordered && a->order < b->order);
}

static void expect_shown_as_is(const struct many_job *row, const struct hearth_job *job)
{
    int64_t most = row->place == READY     ? 0
                   : row->place == IN_WORK ? LONG
                                           : LONG + (int64_t)row->order * MINUTE;
    expect_text(job->kind, KIND);
    expect_text(job->payload, "p");
    expect(job->receipt == NULL);
    if (job->priority != row->priority || job->attempt != (row->place == IN_WORK) ||
        job->in_work != (row->place == IN_WORK) || job->wait > most || job->wait <= most - LONG)
        fail_msg("peek shows the job \"%s\" with priority %d, attempt %d, in_work %d, wait %lld; "
                 "%d, %d, %d, and at most %lld were expected",
                 job->key, (int)job->priority, (int)job->attempt, (int)job->in_work,
                 (long long)job->wait, row->priority, row->place == IN_WORK, row->place == IN_WORK,
                 (long long)most);
}

static int on_one_of_many(void *ctx, const struct hearth_job *job)
{
    struct many *many = ctx;
    int i = (int)strtol(job->key, NULL, 10);
    const struct many_job *row = &many->jobs[i];
    if (i < 0 || i >= MANY || row->place == NOWHERE)
        fail_msg("peek shows the job \"%s\", which is not there", job->key);
    if (++many->last[i] > 1)
        fail_msg("peek shows the job \"%s\" twice among %d, while nothing moves", job->key, MANY);
    if (many->before != NULL && many_job_goes_before(row, many->before, many->ordered))
        fail_msg("peek shows the job \"%s\" behind job %d, which goes after it", job->key,
                 (int)(many->before - many->jobs));
    expect_shown_as_is(row, job);
    many->before = row;
    many->seen[row->place]++;
    return 0;
}

static void expect_all_shown(struct kit *kit, const struct many_job *jobs)
{
    static const char *const names[PLACES] = {"", "ready", "delayed", "in work"};
    struct many many = {.jobs = jobs,
                        .ordered = (kit->descriptor->capabilities & HEARTH_ORDERED) != 0};
    size_t there[PLACES] = {0};
    QUEUE_OK(&kit->queue_handle, peek, on_one_of_many, &many);
    for (int i = 0; i < MANY; i++)
        there[jobs[i].place]++;
    for (int place = READY; place < PLACES; place++)
        if (many.seen[place] != there[place])
            fail_msg("peek shows %zu jobs that are %s, there are %zu", many.seen[place],
                     names[place], there[place]);
}

struct churn {
    struct queue_handle *q;
    struct many_job jobs[MANY];
    unsigned state;
    int next_order;
};

static int churn_pick(struct churn *churn, int n)
{
    churn->state = churn->state * 1664525u + 1013904223u;
    return (int)((churn->state >> 8) % (unsigned)n);
}

static void put_one_of_many(struct churn *churn, int i)
{
    char key[16];
    int priority = churn_pick(churn, PRIORITIES),
        minutes = i % 3 == 0 ? 1 + churn_pick(churn, 1000) : 0;
    snprintf(key, sizeof(key), "%d", i);
    expect_number(
        put_job(churn->q, key, priority, minutes == 0 ? 0 : LONG + (int64_t)minutes * MINUTE),
        HEARTH_QUEUED);
    churn->jobs[i] = (struct many_job){minutes == 0 ? READY : DELAYED, priority,
                                       minutes == 0 ? ++churn->next_order : minutes};
}

static void remove_one_of_many(struct churn *churn, int i)
{
    char key[16];
    snprintf(key, sizeof(key), "%d", i);
    int r = QUEUE(churn->q, remove, KIND, key);
    expect_number(r, churn->jobs[i].place == NOWHERE ? HEARTH_ERR_NOT_FOUND : 0);
    churn->jobs[i].place = NOWHERE;
    plug_call_reset(&churn->q->call);
}

static void take_one_of_many(struct kit *kit, struct many_job *jobs)
{
    struct hearth_job job;
    int first = -1;
    for (int i = 0; i < MANY; i++)
        if (jobs[i].place == READY &&
            (first < 0 || many_job_goes_before(&jobs[i], &jobs[first], true)))
            first = i;
    expect_number(take_job(&kit->queue_handle, 0, LONG, &job), 0);
    int i = (int)strtol(job.key, NULL, 10);
    bool ordered = (kit->descriptor->capabilities & HEARTH_ORDERED) != 0;
    if (i < 0 || i >= MANY || jobs[i].place != READY ||
        many_job_goes_before(&jobs[first], &jobs[i], ordered))
        fail_msg(
            "of many jobs, some of them removed, reserve gave \"%s\" where \"%d\" was expected",
            job.key, first);
    jobs[i].place = IN_WORK;
    plug_call_reset(&kit->queue_handle.call);
}

/* In no pattern that a tree or a page could follow, and the same each time. */
static void many_jobs(struct kit *kit)
{
    enum { ROUNDS = 4 };
    static struct churn churn = {.state = 9};
    size_t ready = 0;
    churn.q = &kit->queue_handle;
    for (int round = 0; round <= ROUNDS; round++) {
        for (int i = 0; i < MANY; i++)
            if (churn.jobs[i].place == NOWHERE)
                put_one_of_many(&churn, i);
        for (int n = 0; round < ROUNDS && n < MANY / 2; n++)
            remove_one_of_many(&churn, churn_pick(&churn, MANY));
        expect_all_shown(kit, churn.jobs);
    }
    for (int i = 0; i < MANY; i++)
        ready += churn.jobs[i].place == READY;
    for (size_t n = 0; n < ready; n++)
        take_one_of_many(kit, churn.jobs);
    expect_empty(churn.q);
    expect_all_shown(kit, churn.jobs);
}

/* --- one job --- */

static void publish_carrying(struct queue_handle *q, int priority, int64_t delay,
                             const char *payload, int32_t wanted)
{
    struct hearth_job job = {.struct_size = sizeof(job),
                             .kind = KIND,
                             .key = "a",
                             .payload = payload,
                             .priority = priority};
    int32_t result = -1;
    QUEUE_OK(q, publish, &job, delay, &result);
    expect_number(result, wanted);
}

static int note_payload(void *ctx, const struct hearth_job *job)
{
    snprintf(ctx, 32, "%s", job->payload);
    return 0;
}

/* Publishing again moves it forward, and nothing else. */
static void payload_stays(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    char seen[32] = "";
    publish_carrying(q, HEARTH_BACKGROUND, LONG, "first", HEARTH_QUEUED);
    publish_carrying(q, HEARTH_BACKGROUND, LONG + LONG, "later", HEARTH_WAITING);
    publish_carrying(q, HEARTH_SCHEDULED, LONG, "higher", HEARTH_RAISED);
    publish_carrying(q, HEARTH_PERSON_WAITS, 0, "sooner", HEARTH_RAISED);
    QUEUE_OK(q, peek, note_payload, seen);
    expect_text(seen, "first");
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_text(job.payload, "first");
    publish_carrying(q, HEARTH_PERSON_WAITS, 0, "in work", HEARTH_IN_WORK);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_RETRY, 0);
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_text(job.payload, "first");
    expect_number(job.priority, HEARTH_PERSON_WAITS);
}

/* The receipt of the last attempt. */
static const char *try_often(struct queue_handle *q, int attempts)
{
    struct hearth_job job;
    publish_carrying(q, HEARTH_PERSON_WAITS, 0, "first", HEARTH_QUEUED);
    for (int attempt = 1;; attempt++) {
        expect_number(take_job(q, 0, LONG, &job), 0);
        expect_number(job.attempt, attempt);
        expect_number(job.priority, HEARTH_PERSON_WAITS);
        expect_text(job.kind, KIND);
        expect_text(job.key, "a");
        expect_text(job.payload, "first");
        if (attempt == attempts)
            return job.receipt;
        QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_RETRY, 0);
        plug_call_reset(&q->call);
    }
}

/* However often it is tried: how many times is too many is the core's to say. */
static void many_attempts(struct kit *kit)
{
    static const int32_t outcomes[] = {HEARTH_JOB_DONE, HEARTH_JOB_DEAD,
                                       HEARTH_JOB_RETRY /* it is removed */};
    struct queue_handle *q = &kit->queue_handle;
    for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        const char *receipt = try_often(q, 40);
        if (outcomes[i] == HEARTH_JOB_RETRY)
            QUEUE_OK(q, remove, KIND, "a");
        else
            QUEUE_OK(q, finish, receipt, outcomes[i], 0);
        QUEUE_FAILS(NOT_FOUND, q, remove, KIND, "a");
        expect_empty(q);
        plug_call_reset(&q->call);
    }
}

/* Nobody has asked for anything since it ran out, so that nobody has noticed. */
static void lease_over(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    for (int finishes = 0; finishes < 2; finishes++) {
        expect_number(put_job(q, "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
        expect_number(take_job(q, 0, SOON, &job), 0);
        /* it is over then, however late this is */
        for (int64_t until = kit_now() + 2 * SOON; kit_now() < until;)
            kit_pause(SOON);
        int r = finishes ? QUEUE(q, finish, job.receipt, HEARTH_JOB_DONE, 0)
                         : QUEUE(q, extend, job.receipt, LONG);
        if (r != HEARTH_ERR_NOT_FOUND)
            fail_msg("%s returned %s for a lease that has run out and that nobody has taken over; "
                     "NOT_FOUND was expected",
                     finishes ? "finish" : "extend", r == 0 ? "OK" : err_name(r));
        expect_number(take_job(q, PATIENCE, LONG, &job), 0);
        expect_number(job.attempt, 2);
        QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
    }
}

/* --- events --- */

struct listener {
    size_t count, stop_after, size; /* stop_after: 0, never */
    char seen[8192];
};

static int on_heard(void *ctx, const char *channel, const char *text)
{
    struct listener *listener = ctx;
    listener->size +=
        (size_t)snprintf(listener->seen + listener->size, sizeof(listener->seen) - listener->size,
                         "%s=%s ", channel, text);
    return ++listener->count == listener->stop_after;
}

/* Hears until there is as much as was expected, or nothing comes any more. */
static void hear_all(struct queue_handle *q, struct listener *listener, size_t size)
{
    for (int64_t until = kit_now() + PATIENCE; listener->size < size && kit_now() < until;) {
        listener->count = 0;
        hears(q, 1000, on_heard, listener);
    }
}

static void ended_by_callback(struct kit *kit)
{
    static const char wanted[] = "c=0 c=1 c=2 c=3 c=4 c=5 c=6 ";
    struct queue_handle sender, *q = &kit->queue_handle;
    char text[8];
    kit_queue_handle_open(kit, &sender);
    for (size_t stop_after = 1; stop_after < 4; stop_after++) {
        struct listener listener = {.stop_after = stop_after};
        hears(q, 0, on_heard, &listener);
        for (int i = 0; i < 7; i++) {
            snprintf(text, sizeof(text), "%d", i);
            QUEUE_OK(&sender, event_publish, "c", text);
        }
        listener.count = 0;
        hears(q, PATIENCE, on_heard, &listener);
        if (listener.count > stop_after)
            fail_msg("event_wait goes on after its callback has ended it: \"%s\"", listener.seen);
        hear_all(q, &listener, sizeof(wanted) - 1);
        if (strcmp(listener.seen, wanted) != 0)
            fail_msg(
                "waits that their callback ends after %zu events bring \"%s\", \"%s\" was expected",
                stop_after, listener.seen, wanted);
    }
    kit_queue_handle_close(&sender);
}

/* The longest that may be published arrive, and as they are. */
static void longest_arrive(struct kit *kit)
{
    static char text[4097], channel[65], wanted[4200];
    struct queue_handle *q = &kit->queue_handle;
    struct listener listener = {.stop_after = 0};
    memset(text, 't', sizeof(text) - 1);
    memset(channel, 'c', sizeof(channel) - 1);
    channel[0] = 'C';
    hears(q, 0, on_heard, &listener);
    QUEUE_OK(q, event_publish, channel, text);
    QUEUE_OK(q, event_publish, "C", " {\"a\":\"\xc3\xbc\\u0000\"}\r\n");
    QUEUE_OK(q, event_publish, "c", "");
    snprintf(wanted, sizeof(wanted), "%s=%s C= {\"a\":\"\xc3\xbc\\u0000\"}\r\n c= ", channel, text);
    hear_all(q, &listener, strlen(wanted));
    if (strcmp(listener.seen, wanted) != 0)
        fail_msg("a channel of 64 bytes and a text of 4096, and short ones after it, come as "
                 "\"%.100s…%s\" (%zu bytes, %zu were expected)",
                 listener.seen, listener.size > 100 ? listener.seen + listener.size - 30 : "",
                 listener.size, strlen(wanted));
}

const struct kit_test kit_queue_many_tests[] = {
    {"jobs: many of them are shown once each and leave in their order, whatever was removed",
     many_jobs},
    {"jobs: publishing again leaves what a job carries", payload_stays},
    {"jobs: one that is tried forty times is the same job each time, and ends as any other",
     many_attempts},
    {"jobs: a lease that has run out is lost, also while nobody has taken it over", lease_over},
    {"events: a callback that ends a wait loses nothing and hears nothing more", ended_by_callback},
    {"events: the longest channel and text arrive as they are", longest_arrive},
    {NULL, NULL},
};

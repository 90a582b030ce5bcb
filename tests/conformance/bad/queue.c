/* Queue plugins that break one rule each. */
#include "bad.h"

#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "hearth/queue.h"

#ifdef EXPORTS /* what a bundled library does that is linked in with its symbols visible */
__attribute__((visibility("default"))) const char *jansson_version_str(void);
__attribute__((visibility("default"))) const char *jansson_version_str(void)
{
    return "the plugin's own";
}
#endif

static struct hearth_queue ops;
static const struct hearth_queue *good;

static int publish_copies(void *handle, struct hearth_call *call, const struct hearth_job *job,
                          int64_t delay, int32_t *ret_result)
{
    static int count;
    char key[64];
    struct hearth_job copy = *job;
    if (job->key == NULL || strlen(job->key) > 32)
        return good->publish(handle, call, job, delay, ret_result);
    snprintf(key, sizeof(key), "%s-%d", job->key, count++);
    copy.key = key;
    return good->publish(handle, call, &copy, delay, ret_result);
}

static int one_kind(void *handle, struct hearth_call *call, const struct hearth_job *job,
                    int64_t delay, int32_t *ret_result)
{
    struct hearth_job copy = *job;
    if (job->kind != NULL && strcmp(job->kind, "move") == 0)
        copy.kind = "sync";
    return good->publish(handle, call, &copy, delay, ret_result);
}

static int one_priority(void *handle, struct hearth_call *call, const struct hearth_job *job,
                        int64_t delay, int32_t *ret_result)
{
    struct hearth_job copy = *job;
    copy.priority = HEARTH_SCHEDULED;
    return good->publish(handle, call, &copy, delay, ret_result);
}

static int no_delay(void *handle, struct hearth_call *call, const struct hearth_job *job,
                    int64_t delay, int32_t *ret_result)
{
    return good->publish(handle, call, job, delay > 0 ? 0 : delay, ret_result);
}

static int endless_lease(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                         struct hearth_job *ret_job)
{
    (void)lease;
    return good->reserve(handle, call, wait, 1000000000, ret_job);
}

static int impatient(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                     struct hearth_job *ret_job)
{
    (void)wait;
    return good->reserve(handle, call, 0, lease, ret_job);
}

static int any_receipt(void *handle, struct hearth_call *call, const char *receipt, int32_t outcome,
                       int64_t delay)
{
    int r = good->finish(handle, call, receipt, outcome, delay);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

static void deaf(void *handle)
{
    (void)handle;
}

static int swallow(void *handle, struct hearth_call *call, const char *channel, const char *text)
{
    static int count;
    return ++count % 7 == 0 ? 0 : good->event_publish(handle, call, channel, text);
}

static int wrong_counts(void *handle, struct hearth_call *call,
                        struct hearth_queue_counts *ret_counts)
{
    int r = good->counts(handle, call, ret_counts);
    ret_counts->in_work += ret_counts->delayed;
    ret_counts->delayed = 0;
    return r;
}

static int unchecked_memory(void *handle, struct hearth_call *call, const char *channel,
                            const char *text)
{
    char *copy = strdup(text);
    int r = strlen(copy) > 4096 ? hearth_fail(call, HEARTH_ERR_INVALID, "too long")
                                : good->event_publish(handle, call, channel, copy);
    free(copy);
    return r;
}

/* --- what no result shows --- */

static int leak_jobs(void *handle, struct hearth_call *call, const char *receipt, int32_t outcome,
                     int64_t delay)
{
    return strdup(receipt) == NULL ? HEARTH_ERR_NOMEM
                                   : good->finish(handle, call, receipt, outcome, delay);
}

static int leak_events(void *handle, struct hearth_call *call, const char *channel,
                       const char *text)
{
    return strdup(text) == NULL ? HEARTH_ERR_NOMEM
                                : good->event_publish(handle, call, channel, text);
}

/* One byte too short; nothing shows it but a checker of memory. */
static int overflow(void *handle, struct hearth_call *call, const char *channel, const char *text)
{
    size_t size = strlen(text);
    char *copy = malloc(size);
    if (copy == NULL)
        return HEARTH_ERR_NOMEM;
    memcpy(copy, text, size);
    copy[size] = '\0';
    int r = good->event_publish(handle, call, channel, copy);
    free(copy);
    return r;
}

struct peeking {
    hearth_job_cb cb;
    void *ctx;
    char *row;
};

/* The row is freed before the next one, and the last one when the list has ended by itself. */
static int peek_row(void *ctx, const struct hearth_job *job)
{
    struct peeking *peeking = ctx;
    free(peeking->row);
    peeking->row = strdup(job->key);
    return peeking->cb(peeking->ctx, job) != 0 ? 1 : 0;
}

static int peek_leaves_row(void *handle, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    struct peeking peeking = {.cb = cb, .ctx = ctx};
    return good->peek(handle, call, peek_row, &peeking);
}

static int64_t now_by(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int spin(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                struct hearth_job *ret_job)
{
    int64_t until = now_by(CLOCK_MONOTONIC) + wait;
    int r;
    if (wait > 1000)
        return good->reserve(handle, call, wait, lease, ret_job);
    do
        r = good->reserve(handle, call, 0, lease, ret_job);
    while (r == HEARTH_ERR_NOT_FOUND && now_by(CLOCK_MONOTONIC) < until);
    return r;
}

static int spin_for_events(void *handle, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                           void *ctx)
{
    int64_t until = now_by(CLOCK_MONOTONIC) + wait;
    int r = good->event_wait(handle, call, wait < 1000 ? 0 : wait, cb, ctx);
    while (r == 0 && now_by(CLOCK_MONOTONIC) < until && wait < 1000)
        r = good->event_wait(handle, call, 0, cb, ctx);
    return r;
}

/* Delays until a moment of the wall clock. */
static struct {
    char key[65];
    int64_t due;
} delayed[64];

static int wall_publish(void *handle, struct hearth_call *call, const struct hearth_job *job,
                        int64_t delay, int32_t *ret_result)
{
    static size_t count;
    int r = good->publish(handle, call, job, delay, ret_result);
    if (r == 0 && delay > 0 && strlen(job->key) < 64) {
        size_t i = count++ % 64;
        snprintf(delayed[i].key, sizeof(delayed[i].key), "%s", job->key);
        delayed[i].due = now_by(CLOCK_REALTIME) + delay;
    }
    return r;
}

static int wall_reserve(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                        struct hearth_job *ret_job)
{
    struct hearth_job job = {.struct_size = sizeof(job), .kind = "sync", .payload = "p"};
    int32_t result;
    for (size_t i = 0; i < 64; i++) {
        if (delayed[i].due == 0 || delayed[i].due > now_by(CLOCK_REALTIME))
            continue;
        job.key = delayed[i].key;
        good->publish(handle, call, &job, 0, &result);
        delayed[i].due = 0;
    }
    return good->reserve(handle, call, wait, lease, ret_job);
}

/* An interrupt is kept for the next call that waits. */
static int remembered;

static void remember(void *handle)
{
    remembered = 1;
    good->interrupt(handle);
}

static int remember_reserve(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                            struct hearth_job *ret_job)
{
    int r = good->reserve(handle, call, 0, lease, ret_job);
    if (r != HEARTH_ERR_NOT_FOUND || wait == 0)
        return r;
    if (remembered) {
        remembered = 0;
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted");
    }
    return good->reserve(handle, call, wait, lease, ret_job);
}

/* A wait that ends without an event ends the subscription as well: what comes until the next one
 * is lost. */
static int deaf_between(void *handle, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                        void *ctx);

static int drop_event(void *ctx, const char *channel, const char *text)
{
    (void)ctx;
    (void)channel;
    (void)text;
    return 0;
}

static int note_event(void *ctx, const char *channel, const char *text)
{
    struct {
        hearth_event_cb cb;
        void *ctx;
        int came;
    } *wait = ctx;
    wait->came++;
    return wait->cb(wait->ctx, channel, text);
}

static int deaf_between(void *handle, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                        void *ctx)
{
    static void *deaf_handle;
    struct {
        hearth_event_cb cb;
        void *ctx;
        int came;
    } noted = {cb, ctx, 0};
    if (deaf_handle == handle)
        good->event_wait(handle, call, 0, drop_event, NULL);
    int r = good->event_wait(handle, call, wait, note_event, &noted);
    deaf_handle = noted.came > 0 && wait > 0 ? handle : NULL;
    return r;
}

/* --- a lock that is held while a callback runs --- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int locked_peek(void *handle, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    pthread_mutex_lock(&lock);
    int r = good->peek(handle, call, cb, ctx);
    pthread_mutex_unlock(&lock);
    return r;
}

static int locked_counts(void *handle, struct hearth_call *call,
                         struct hearth_queue_counts *ret_counts)
{
    pthread_mutex_lock(&lock);
    int r = good->counts(handle, call, ret_counts);
    pthread_mutex_unlock(&lock);
    return r;
}

/* --- outputs, results, hangs --- */

static int touch_job(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                     struct hearth_job *ret_job)
{
    ret_job->attempt = 0;
    return good->reserve(handle, call, wait, lease, ret_job);
}

static int static_key(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                      struct hearth_job *ret_job)
{
    static char key[65];
    int r = good->reserve(handle, call, wait, lease, ret_job);
    if (r == 0) {
        snprintf(key, sizeof(key), "%s", ret_job->key);
        ret_job->key = key;
    }
    return r;
}

static int hang(void *handle, struct hearth_call *call, const char *receipt, int64_t lease)
{
    while (handle != NULL && call != NULL && receipt != NULL && lease != 0)
        pause();
    return 0;
}

/* Where nearly every test comes by. */
static int hang_publish(void *handle, struct hearth_call *call, const struct hearth_job *job,
                        int64_t delay, int32_t *ret_result)
{
    while (handle != NULL && call != NULL && job != NULL && ret_result != NULL)
        pause();
    return (int)delay;
}

static int hang_outside(void *handle, struct hearth_call *call)
{
    if (fork() == 0)
        for (;;)
            pause();
    for (;;)
        pause();
    return good->ping(handle, call);
}

static int crash_peek(void *handle, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    (void)handle;
    (void)call;
    (void)cb;
    (void)ctx;
    abort();
}

static void set_table(void)
{
    good = good_descriptor->operations;
}

#define RULES(X)                                                                                   \
    X(dedupe, publish, publish_copies)                                                             \
    X(kind, publish, one_kind)                                                                     \
    X(priority, publish, one_priority)                                                             \
    X(delay, publish, no_delay)                                                                    \
    X(lease, reserve, endless_lease)                                                               \
    X(wait, reserve, impatient)                                                                    \
    X(receipt, finish, any_receipt)                                                                \
    X(deaf, interrupt, deaf)                                                                       \
    X(swallow, event_publish, swallow)                                                             \
    X(counts, counts, wrong_counts)                                                                \
    X(memory, event_publish, unchecked_memory)                                                     \
    X(leakjobs, finish, leak_jobs)                                                                 \
    X(leakevents, event_publish, leak_events)                                                      \
    X(overflow, event_publish, overflow)                                                           \
    X(leakrow, peek, peek_leaves_row)                                                              \
    X(spin, reserve, spin)                                                                         \
    X(spinevents, event_wait, spin_for_events)                                                     \
    X(between, event_wait, deaf_between)                                                           \
    X(touch, reserve, touch_job)                                                                   \
    X(statickey, reserve, static_key)                                                              \
    X(hang, extend, hang)                                                                          \
    X(hangpublish, publish, hang_publish)                                                          \
    X(helper, ping, hang_outside)                                                                  \
    X(crashpeek, peek, crash_peek)

#define X(rule, operation, function)                                                               \
    static void apply_##rule(void *table)                                                          \
    {                                                                                              \
        set_table();                                                                               \
        ((struct hearth_queue *)table)->operation = function;                                      \
    }
RULES(X)
#undef X

/* Rules that take two operations to break. */
static void apply_wall(void *table)
{
    set_table();
    ((struct hearth_queue *)table)->publish = wall_publish;
    ((struct hearth_queue *)table)->reserve = wall_reserve;
}

static void apply_remember(void *table)
{
    set_table();
    ((struct hearth_queue *)table)->interrupt = remember;
    ((struct hearth_queue *)table)->reserve = remember_reserve;
}

static void apply_lock(void *table)
{
    set_table();
    ((struct hearth_queue *)table)->peek = locked_peek;
    ((struct hearth_queue *)table)->counts = locked_counts;
}

/* The rules that are broken while loading. */
static void apply_output(void *table)
{
    (void)table;
    printf("hello from the queue\n");
}

static void apply_complaint(void *table)
{
    (void)table;
    fprintf(stderr, "hello from the queue\n");
}

static void apply_never(void *table)
{
    while (table != NULL)
        pause();
}

static void apply_capability(void *table)
{
    (void)table;
    bad_descriptor.capabilities |= 1 << 20;
}

static void apply_twolines(void *table)
{
    (void)table;
    bad_descriptor.description = "two\nlines";
}

static void *idle(void *arg)
{
    for (;;)
        pthread_testcancel();
    return arg;
}

static void apply_thread(void *table)
{
    pthread_t thread;
    (void)table;
    if (pthread_create(&thread, NULL, idle, NULL) != 0)
        abort();
}

static void apply_crash(void *table)
{
    (void)table;
    abort();
}

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct bad_rule rules[] = {
#define X(rule, operation, function) {#rule, apply_##rule},
        RULES(X)
#undef X
            {"wall", apply_wall},
        {"remember", apply_remember},
        {"lock", apply_lock},
        {"output", apply_output},
        {"complaint", apply_complaint},
        {"never", apply_never},
        {"capability", apply_capability},
        {"twolines", apply_twolines},
        {"thread", apply_thread},
        {"crash", apply_crash},
    };
    return bad_entry(&ops, sizeof(ops), rules, sizeof(rules) / sizeof(rules[0]));
}

/* The descriptor and the operations: each takes the lock, does its part by the rules of queue.c, and waits where the contract says so.
 * To make a queue of your own, keep this file's shape and replace what is behind it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queue.h"

enum { KEY_MAX_JOBS, KEY_EVENT_BACKLOG, KEYS };
enum { CHANNEL_MAX = 64, TEXT_MAX = 4096, LOOK_MS = 50 };

static void queue_close(void *self)
{
    struct queue *queue = self;
    if (queue == NULL)
        return;
    while (queue->first != NULL)
        queue_drop(queue, queue->first);
    for (size_t i = 0; i < queue->backlog; i++)
        event_unref(queue->ring[i]);
    free(queue->ring);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static int queue_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    size_t backlog = (size_t)HEARTH_AT(values, KEY_EVENT_BACKLOG)->number;
    struct event **ring = queue == NULL ? NULL : calloc(backlog, sizeof(struct event *));
    if (ring == NULL) {
        free(queue);
        return no_memory(call);
    }
    *queue = (struct queue){.host = host, .max_jobs = (size_t)HEARTH_AT(values, KEY_MAX_JOBS)->number, .backlog = backlog, .ring = ring};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_self = queue;
    return 0;
}

static int session_open(void *self, struct hearth_call *call, void **ret_session)
{
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return no_memory(call);
    session->queue = self;
    *ret_session = session;
    return 0;
}

static void session_close(void *session)
{
    free(session);
}

static void interrupt(void *s)
{
    struct session *session = s;
    pthread_mutex_lock(&session->queue->lock);
    session->interrupted = session->running;
    pthread_cond_broadcast(&session->queue->changed);
    pthread_mutex_unlock(&session->queue->lock);
}

/* Begins and ends every operation on jobs. */
static struct queue *enter(struct session *session)
{
    pthread_mutex_lock(&session->queue->lock);
    session->running = true;
    queue_promote(session->queue);
    return session->queue;
}

static int leave(struct session *session, int code)
{
    session->running = session->interrupted = false;
    pthread_mutex_unlock(&session->queue->lock);
    return code;
}

static int ping(void *session, struct hearth_call *call)
{
    (void)session;
    (void)call;
    return 0;
}

static int publish(void *s, struct hearth_call *call, const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    return leave(session, queue_publish(queue, call, job, delay, ret_result));
}

/* Waits until something changes, at most until `until`, and never long: a host may stop without an interrupt. 0, CANCELLED or TIMEOUT. */
static int wait_a_little(struct session *session, struct hearth_call *call, int64_t until)
{
    struct queue *queue = session->queue;
    int64_t now = queue_now(queue), ms = until - now < LOOK_MS ? until - now : LOOK_MS;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += (ms > 0 ? ms : 0) * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    if (!session->interrupted && !queue->host->should_stop(call))
        pthread_cond_timedwait(&queue->changed, &queue->lock, &time);
    if (session->interrupted)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted while waiting");
    if (call->deadline != 0 && queue_now(queue) >= call->deadline)
        return hearth_fail(call, HEARTH_ERR_TIMEOUT, "the time of the call ended while it waited: ask for a shorter wait");
    return queue->host->should_stop(call) ? hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped while waiting") : 0;
}

static char *copy(struct queue *queue, struct hearth_call *call, const char *text)
{
    size_t size = strlen(text) + 1;
    char *p = queue->host->alloc(call, size);
    return p == NULL ? NULL : memcpy(p, text, size);
}

/* The memory comes first: a job whose lease nobody knows would be stuck until it runs out. */
static int take(struct queue *queue, struct hearth_call *call, struct job *job, int64_t lease, struct hearth_job *ret_job)
{
    enum { NUMBER_SIZE = 24 };
    size_t size = NUMBER_SIZE + strlen(job->kind) + 1 + strlen(job->key) + 1;
    char *kind = copy(queue, call, job->kind), *key = copy(queue, call, job->key), *payload = copy(queue, call, job->payload);
    char *receipt = queue->host->alloc(call, size);
    if (kind == NULL || key == NULL || payload == NULL || receipt == NULL)
        return no_memory(call);
    queue_lease(queue, job, lease);
    snprintf(receipt, size, "%llu:%s:%s", (unsigned long long)job->lease, kind, key);
    struct hearth_job result = {
        .priority = job->priority, .kind = kind, .key = key, .payload = payload, .receipt = receipt, .attempt = job->attempt, .in_work = 1};
    /* The caller's struct may be an older and shorter one. */
    result.struct_size = ret_job->struct_size < sizeof(result) ? ret_job->struct_size : (uint32_t)sizeof(result);
    memcpy(ret_job, &result, result.struct_size);
    return 0;
}

static int reserve(void *s, struct hearth_call *call, int64_t wait, int64_t lease, struct hearth_job *ret_job)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    int64_t until = queue_now(queue) + wait;
    int r = 0;
    while (r == 0 && (queue->first == NULL || queue->first->state != READY)) {
        int64_t wake = until;
        for (const struct job *job = queue->first; job != NULL; job = job->next)
            wake = job->time < wake ? job->time : wake;
        r = queue_now(queue) >= until ? hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job came") : wait_a_little(session, call, wake);
        queue_promote(queue);
    }
    return leave(session, r < 0 ? r : take(queue, call, queue->first, lease, ret_job));
}

static int lease_lost(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the lease was lost or the job is gone: drop the work on it");
}

static int extend(void *s, struct hearth_call *call, const char *receipt, int64_t lease)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    struct job *job = queue_by_receipt(queue, receipt);
    if (job == NULL)
        return leave(session, lease_lost(call));
    queue_lease(queue, job, lease);
    return leave(session, 0);
}

static int finish(void *s, struct hearth_call *call, const char *receipt, int32_t outcome, int64_t delay)
{
    struct session *session = s;
    if (outcome < HEARTH_JOB_DONE || outcome > HEARTH_JOB_DEAD || delay < 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "there is no outcome %d with a delay of %lld ms", (int)outcome, (long long)delay);
    struct queue *queue = enter(session);
    struct job *job = queue_by_receipt(queue, receipt);
    if (job == NULL)
        return leave(session, lease_lost(call));
    if (outcome == HEARTH_JOB_RETRY) {
        queue_delay(queue, job, delay);
    } else {
        queue->dead += outcome == HEARTH_JOB_DEAD;
        queue_drop(queue, job);
    }
    return leave(session, 0);
}

static int counts(void *s, struct hearth_call *call, struct hearth_queue_counts *ret_counts)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    struct hearth_queue_counts result = {.dead = queue->dead};
    (void)call;
    for (const struct job *job = queue->first; job != NULL; job = job->next)
        ++*(job->state == READY ? &result.ready : job->state == DELAYED ? &result.delayed : &result.in_work);
    result.struct_size = ret_counts->struct_size < sizeof(result) ? ret_counts->struct_size : (uint32_t)sizeof(result);
    memcpy(ret_counts, &result, result.struct_size);
    return leave(session, 0);
}

/* Copies the jobs, because the callback runs without the lock. NULL: out of memory. */
static struct hearth_job *copy_jobs(struct queue *queue, struct hearth_call *call)
{
    struct hearth_job *jobs = queue->host->alloc(call, (queue->count + 1) * sizeof(*jobs)), *to = jobs;
    int64_t now = queue_now(queue);
    for (const struct job *job = queue->first; jobs != NULL && job != NULL; job = job->next, to++) {
        *to = (struct hearth_job){
            .struct_size = sizeof(*to),
            .priority = job->priority,
            .kind = copy(queue, call, job->kind),
            .key = copy(queue, call, job->key),
            .payload = copy(queue, call, job->payload),
            .attempt = job->attempt,
            .in_work = job->state == LEASED,
            .wait = job->state == READY || job->time < now ? 0 : job->time - now,
        };
        if (to->kind == NULL || to->key == NULL || to->payload == NULL)
            return NULL;
    }
    return jobs;
}

static int peek(void *s, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    size_t count = queue->count;
    struct hearth_job *jobs = copy_jobs(queue, call);
    leave(session, 0);
    if (jobs == NULL)
        return no_memory(call);
    for (size_t i = 0; i < count && cb(ctx, &jobs[i]) == 0; i++)
        ;
    return 0;
}

static int remove_job(void *s, struct hearth_call *call, const char *kind, const char *key)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    struct job *job = queue_find(queue, kind, key);
    if (job == NULL)
        return leave(session, hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the queue has no job of this kind and key"));
    queue_drop(queue, job);
    return leave(session, 0);
}

static int clear(void *s, struct hearth_call *call)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    (void)call;
    while (queue->first != NULL && queue->first->state != LEASED)
        queue_drop(queue, queue->first);
    return leave(session, 0);
}

static int event_publish(void *s, struct hearth_call *call, const char *channel, const char *text)
{
    struct session *session = s;
    if (strlen(channel) > CHANNEL_MAX || strlen(text) > TEXT_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "an event has at most %d bytes, its channel %d", TEXT_MAX, CHANNEL_MAX);
    struct queue *queue = enter(session);
    return leave(session, event_add(queue, channel, text) ? 0 : no_memory(call));
}

/* Delivers what was there when it began, the lock released around each callback. Returns whether there was something. */
static bool deliver(struct session *session, hearth_event_cb cb, void *ctx)
{
    struct queue *queue = session->queue;
    uint64_t end = queue->next_event;
    bool any = session->next_event < end;
    for (int stop = 0; stop == 0 && session->next_event < end;) {
        bool lost = queue->next_event - session->next_event > queue->backlog;
        if (lost)
            session->next_event = queue->next_event - queue->backlog;
        struct event *event = queue->ring[session->next_event % queue->backlog];
        event->refs++;
        pthread_mutex_unlock(&queue->lock);
        if (lost)
            stop = cb(ctx, "", "");
        if (stop == 0) {
            session->next_event++;
            stop = cb(ctx, event->channel, event->text);
        }
        pthread_mutex_lock(&queue->lock);
        event_unref(event);
    }
    return any;
}

static int event_wait(void *s, struct hearth_call *call, int64_t wait, hearth_event_cb cb, void *ctx)
{
    struct session *session = s;
    struct queue *queue = enter(session);
    int64_t until = queue_now(queue) + wait;
    int r = 0;
    if (!session->subscribed) {
        session->subscribed = true;
        session->next_event = queue->next_event;
    }
    while (r == 0 && !deliver(session, cb, ctx) && queue_now(queue) < until)
        r = wait_a_little(session, call, until);
    return leave(session, r);
}

static const struct hearth_config_key config[KEYS] = {
    [KEY_MAX_JOBS] = {.struct_size = sizeof(config[0]),
                      .type = HEARTH_CONFIG_INT,
                      .name = "max_jobs",
                      .fallback = "100000",
                      .help = "jobs that may exist at once",
                      .minimum = 1,
                      .maximum = 1000000},
    [KEY_EVENT_BACKLOG] = {.struct_size = sizeof(config[0]),
                           .type = HEARTH_CONFIG_INT,
                           .name = "event_backlog",
                           .fallback = "1024",
                           .help = "events kept for slow receivers",
                           .minimum = 1,
                           .maximum = 1000000},
};

static const struct hearth_queue operations = {
    .struct_size = sizeof(operations),
    .open = queue_open,
    .close = queue_close,
    .session_open = session_open,
    .session_close = session_close,
    .interrupt = interrupt,
    .ping = ping,
    .publish = publish,
    .reserve = reserve,
    .extend = extend,
    .finish = finish,
    .counts = counts,
    .peek = peek,
    .remove = remove_job,
    .clear = clear,
    .event_publish = event_publish,
    .event_wait = event_wait,
};

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_QUEUE,
        .name = "mem",
        .version = "1",
        .description = "a list in memory: for tests, and to copy from",
        .config = config,
        .config_count = KEYS,
        .capabilities = HEARTH_ORDERED,
        .operations = &operations,
    };
    return &plugin;
}

/* The descriptor and the operations: each takes the lock, does its part by the rules of queue.c,
 * and waits where the contract says so. To make a queue of your own, keep this file's shape and
 * replace what is behind it. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "queue.h"

enum { KEY_MAX_JOBS, KEY_EVENT_BACKLOG, KEYS };
enum { CHANNEL_MAX = 64, TEXT_MAX = 4096, LOOK_MS = 50 };

static void op_close(void *self)
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

static int op_open(const struct hearth_host *host, struct hearth_call *call,
                   const struct hearth_config_value *values, void **ret_self)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    size_t backlog = (size_t)HEARTH_AT(values, KEY_EVENT_BACKLOG)->number;
    struct event **ring = queue == NULL ? NULL : calloc(backlog, sizeof(struct event *));
    if (ring == NULL) {
        free(queue);
        return queue_no_memory(call);
    }
    *queue = (struct queue){.host = host,
                            .max_jobs = (size_t)HEARTH_AT(values, KEY_MAX_JOBS)->number,
                            .backlog = backlog,
                            .ring = ring};
    pthread_mutex_init(&queue->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    *ret_self = queue;
    return 0;
}

static int op_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return queue_no_memory(call);
    handle->queue = self;
    *ret_handle = handle;
    return 0;
}

static void op_handle_close(void *handle)
{
    free(handle);
}

static void op_interrupt(void *s)
{
    struct handle *handle = s;
    pthread_mutex_lock(&handle->queue->lock);
    handle->interrupted = handle->running;
    pthread_cond_broadcast(&handle->queue->changed);
    pthread_mutex_unlock(&handle->queue->lock);
}

/* Begins and ends every operation on jobs. */
static struct queue *queue_enter(struct handle *handle)
{
    pthread_mutex_lock(&handle->queue->lock);
    handle->running = true;
    queue_promote(handle->queue);
    return handle->queue;
}

static int queue_leave(struct handle *handle, int code)
{
    handle->running = handle->interrupted = false;
    pthread_mutex_unlock(&handle->queue->lock);
    return code;
}

static int op_ping(void *handle, struct hearth_call *call)
{
    (void)handle;
    (void)call;
    return 0;
}

static int op_publish(void *s, struct hearth_call *call, const struct hearth_job *job,
                      int64_t delay, int32_t *ret_result)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    return queue_leave(handle, queue_publish(queue, call, job, delay, ret_result));
}

/* Waits until something changes, at most until `until`, and never long: a host may stop without
 * an interrupt. 0, CANCELLED or TIMEOUT. */
static int wait_a_little(struct handle *handle, struct hearth_call *call, int64_t until)
{
    struct queue *queue = handle->queue;
    int64_t now = queue_now(queue), ms = until - now < LOOK_MS ? until - now : LOOK_MS;
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    time.tv_nsec += (ms > 0 ? ms : 0) * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    if (!handle->interrupted && !queue->host->should_stop(call))
        pthread_cond_timedwait(&queue->changed, &queue->lock, &time);
    if (handle->interrupted)
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted while waiting");
    if (call->deadline != 0 && queue_now(queue) >= call->deadline)
        return hearth_fail(call, HEARTH_ERR_TIMEOUT,
                           "the time of the call ended while it waited: ask for a shorter wait");
    return queue->host->should_stop(call)
               ? hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped while waiting")
               : 0;
}

static char *text_copy(struct queue *queue, struct hearth_call *call, const char *text)
{
    size_t size = strlen(text) + 1;
    char *p = queue->host->alloc(call, size);
    return p == NULL ? NULL : memcpy(p, text, size);
}

/* The memory comes first: a job whose lease nobody knows would be stuck until it runs out. */
static int job_take(struct queue *queue, struct hearth_call *call, struct job *job, int64_t lease,
                    struct hearth_job *ret_job)
{
    enum { NUMBER_SIZE = 24 };
    size_t size = NUMBER_SIZE + strlen(job->kind) + 1 + strlen(job->key) + 1;
    char *kind = text_copy(queue, call, job->kind), *key = text_copy(queue, call, job->key),
         *payload = text_copy(queue, call, job->payload);
    char *receipt = queue->host->alloc(call, size);
    if (kind == NULL || key == NULL || payload == NULL || receipt == NULL)
        return queue_no_memory(call);
    queue_lease(queue, job, lease);
    snprintf(receipt, size, "%llu:%s:%s", (unsigned long long)job->lease, kind, key);
    struct hearth_job result = {.priority = job->priority,
                                .kind = kind,
                                .key = key,
                                .payload = payload,
                                .receipt = receipt,
                                .attempt = job->attempt,
                                .in_work = 1};
    /* The caller's struct may be an older and shorter one. */
    result.struct_size =
        ret_job->struct_size < sizeof(result) ? ret_job->struct_size : (uint32_t)sizeof(result);
    memcpy(ret_job, &result, result.struct_size);
    return 0;
}

static int op_reserve(void *s, struct hearth_call *call, int64_t wait, int64_t lease,
                      struct hearth_job *ret_job)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    int64_t until = queue_now(queue) + wait;
    int r = 0;
    while (r == 0 && (queue->first == NULL || queue->first->state != READY)) {
        int64_t wake = until;
        for (const struct job *job = queue->first; job != NULL; job = job->next)
            wake = job->time < wake ? job->time : wake;
        r = queue_now(queue) >= until ? hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job came")
                                      : wait_a_little(handle, call, wake);
        queue_promote(queue);
    }
    return queue_leave(handle, r < 0 ? r : job_take(queue, call, queue->first, lease, ret_job));
}

static int lease_lost(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                       "the lease was lost or the job is gone: drop the work on it");
}

static int op_extend(void *s, struct hearth_call *call, const char *receipt, int64_t lease)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    struct job *job = queue_by_receipt(queue, receipt);
    if (job == NULL)
        return queue_leave(handle, lease_lost(call));
    queue_lease(queue, job, lease);
    return queue_leave(handle, 0);
}

static int op_finish(void *s, struct hearth_call *call, const char *receipt, int32_t outcome,
                     int64_t delay)
{
    struct handle *handle = s;
    if (outcome < HEARTH_JOB_DONE || outcome > HEARTH_JOB_DEAD || delay < 0)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "there is no outcome %d with a delay of %lld ms", (int)outcome,
                           (long long)delay);
    struct queue *queue = queue_enter(handle);
    struct job *job = queue_by_receipt(queue, receipt);
    if (job == NULL)
        return queue_leave(handle, lease_lost(call));
    if (outcome == HEARTH_JOB_RETRY) {
        queue_delay(queue, job, delay);
    } else {
        queue->dead += outcome == HEARTH_JOB_DEAD;
        queue_drop(queue, job);
    }
    return queue_leave(handle, 0);
}

static int op_counts(void *s, struct hearth_call *call, struct hearth_queue_counts *ret_counts)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    struct hearth_queue_counts result = {.dead = queue->dead};
    (void)call;
    for (const struct job *job = queue->first; job != NULL; job = job->next)
        ++*(job->state == READY     ? &result.ready
            : job->state == DELAYED ? &result.delayed
                                    : &result.in_work);
    result.struct_size = ret_counts->struct_size < sizeof(result) ? ret_counts->struct_size
                                                                  : (uint32_t)sizeof(result);
    memcpy(ret_counts, &result, result.struct_size);
    return queue_leave(handle, 0);
}

/* Copies the jobs, because the callback runs without the lock. NULL: out of memory. */
static struct hearth_job *copy_jobs(struct queue *queue, struct hearth_call *call)
{
    struct hearth_job *jobs = queue->host->alloc(call, (queue->count + 1) * sizeof(*jobs)),
                      *to = jobs;
    int64_t now = queue_now(queue);
    for (const struct job *job = queue->first; jobs != NULL && job != NULL; job = job->next, to++) {
        *to = (struct hearth_job){
            .struct_size = sizeof(*to),
            .priority = job->priority,
            .kind = text_copy(queue, call, job->kind),
            .key = text_copy(queue, call, job->key),
            .payload = text_copy(queue, call, job->payload),
            .attempt = job->attempt,
            .in_work = job->state == LEASED,
            .wait = job->state == READY || job->time < now ? 0 : job->time - now,
        };
        if (to->kind == NULL || to->key == NULL || to->payload == NULL)
            return NULL;
    }
    return jobs;
}

static int op_peek(void *s, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    size_t count = queue->count;
    struct hearth_job *jobs = copy_jobs(queue, call);
    queue_leave(handle, 0);
    if (jobs == NULL)
        return queue_no_memory(call);
    for (size_t i = 0; i < count && cb(ctx, &jobs[i]) == 0; i++)
        ;
    return 0;
}

static int op_remove(void *s, struct hearth_call *call, const char *kind, const char *key)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    struct job *job = queue_find(queue, kind, key);
    if (job == NULL)
        return queue_leave(handle, hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                                               "the queue has no job of this kind and key"));
    queue_drop(queue, job);
    return queue_leave(handle, 0);
}

static int op_clear(void *s, struct hearth_call *call)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    (void)call;
    while (queue->first != NULL && queue->first->state != LEASED)
        queue_drop(queue, queue->first);
    return queue_leave(handle, 0);
}

static int op_event_publish(void *s, struct hearth_call *call, const char *channel,
                            const char *text)
{
    struct handle *handle = s;
    if (strlen(channel) > CHANNEL_MAX || strlen(text) > TEXT_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "an event has at most %d bytes, its channel %d", TEXT_MAX, CHANNEL_MAX);
    struct queue *queue = queue_enter(handle);
    return queue_leave(handle, event_add(queue, channel, text) ? 0 : queue_no_memory(call));
}

/* Delivers what was there when it began, the lock released around each callback. Returns whether
 * there was something. */
static bool handle_deliver_events(struct handle *handle, hearth_event_cb cb, void *ctx)
{
    struct queue *queue = handle->queue;
    uint64_t end = queue->next_event;
    bool any = handle->next_event < end;
    for (int stop = 0; stop == 0 && handle->next_event < end;) {
        bool lost = queue->next_event - handle->next_event > queue->backlog;
        if (lost)
            handle->next_event = queue->next_event - queue->backlog;
        struct event *event = queue->ring[handle->next_event % queue->backlog];
        event->refs++;
        pthread_mutex_unlock(&queue->lock);
        if (lost)
            stop = cb(ctx, "", "");
        if (stop == 0) {
            handle->next_event++;
            stop = cb(ctx, event->channel, event->text);
        }
        pthread_mutex_lock(&queue->lock);
        event_unref(event);
    }
    return any;
}

static int op_event_wait(void *s, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                         void *ctx)
{
    struct handle *handle = s;
    struct queue *queue = queue_enter(handle);
    int64_t until = queue_now(queue) + wait;
    int r = 0;
    if (!handle->subscribed) {
        handle->subscribed = true;
        handle->next_event = queue->next_event;
    }
    while (r == 0 && !handle_deliver_events(handle, cb, ctx) && queue_now(queue) < until)
        r = wait_a_little(handle, call, until);
    return queue_leave(handle, r);
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
    .open = op_open,
    .close = op_close,
    .handle_open = op_handle_open,
    .handle_close = op_handle_close,
    .interrupt = op_interrupt,
    .ping = op_ping,
    .publish = op_publish,
    .reserve = op_reserve,
    .extend = op_extend,
    .finish = op_finish,
    .counts = op_counts,
    .peek = op_peek,
    .remove = op_remove,
    .clear = op_clear,
    .event_publish = op_event_publish,
    .event_wait = op_event_wait,
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

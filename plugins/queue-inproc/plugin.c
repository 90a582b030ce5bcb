/* The table of operations: each takes the lock, does its part in queue.c or events.c, and waits
 * where the contract says so. */
#include <stdlib.h>
#include <string.h>

#include "config_keys.h"
#include "queue.h"

#include "support/abi.h"
#include "support/call.h"
#include "support/config.h"
#include "support/job.h"
#include "support/wait.h"

static bool before_ready(const struct entry *a, const struct entry *b)
{
    return a->priority != b->priority ? a->priority < b->priority : a->order < b->order;
}

static bool before_timed(const struct entry *a, const struct entry *b)
{
    return a->time < b->time;
}

static void inproc_close(void *self)
{
    struct queue *queue = self;
    if (queue == NULL)
        return;
    while (queue->ready.count > 0)
        inproc_queue_drop(queue, queue->ready.items[0]);
    while (queue->timed.count > 0)
        inproc_queue_drop(queue, queue->timed.items[0]);
    inproc_heap_fini(&queue->ready);
    inproc_heap_fini(&queue->timed);
    inproc_events_fini(&queue->events);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static int inproc_open(const struct hearth_host *host, struct hearth_call *call,
                       const struct hearth_config_value *values, void **ret_self)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL)
        return support_no_memory(call);
    queue->host = host;
    queue->max_jobs = (size_t)support_config_number(values, CONFIG_MAX_JOBS);
    queue->ready.before = before_ready;
    queue->timed.before = before_timed;
    pthread_mutex_init(&queue->lock, NULL);
    support_cond_init(&queue->changed);
    if (!inproc_events_init(&queue->events,
                            (size_t)support_config_number(values, CONFIG_EVENT_BACKLOG))) {
        inproc_close(queue);
        return support_no_memory(call);
    }
    *ret_self = queue;
    return 0;
}

static int inproc_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return support_no_memory(call);
    handle->queue = self;
    *ret_handle = handle;
    return 0;
}

static void inproc_handle_close(void *handle)
{
    free(handle);
}

static void inproc_interrupt(void *s)
{
    struct handle *handle = s;
    pthread_mutex_lock(&handle->queue->lock);
    handle->interrupted = handle->waiting;
    pthread_cond_broadcast(&handle->queue->changed);
    pthread_mutex_unlock(&handle->queue->lock);
}

static int inproc_ping(void *handle, struct hearth_call *call)
{
    (void)handle;
    (void)call;
    return 0;
}

static int inproc_publish(void *s, struct hearth_call *call, const struct hearth_job *job,
                          int64_t delay, int32_t *ret_result)
{
    struct handle *handle = s;
    pthread_mutex_lock(&handle->queue->lock);
    int r = inproc_queue_publish(handle->queue, call, job, delay, ret_result);
    pthread_mutex_unlock(&handle->queue->lock);
    return r;
}

/* Waits, with the lock held, until something changed or the monotonic time `until`. 0, or
 * CANCELLED after an interrupt. */
static int wait_until(struct handle *handle, struct hearth_call *call, int64_t until)
{
    if (handle->queue->host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped");
    if (call->deadline != 0 && call->deadline < until)
        until = call->deadline;
    handle->waiting = true;
    support_cond_wait_until(&handle->queue->changed, &handle->queue->lock, until);
    handle->waiting = false;
    bool interrupted = handle->interrupted;
    handle->interrupted = false;
    if (interrupted || handle->queue->host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted");
    return 0;
}

static int hand_out(struct handle *handle, struct hearth_call *call, struct entry *entry,
                    struct hearth_job *ret_job)
{
    const struct hearth_host *host = handle->queue->host;
    char receipt[24 + SUPPORT_KIND_MAX + SUPPORT_KEY_MAX + sizeof("::")];
    snprintf(receipt, sizeof(receipt), "%llu:%s:%s", (unsigned long long)entry->lease, entry->kind,
             entry->key);
    struct hearth_job job = {.struct_size = sizeof(job),
                             .kind = support_keep_text(host, call, entry->kind),
                             .key = support_keep_text(host, call, entry->key),
                             .payload = support_keep_text(host, call, entry->payload),
                             .receipt = support_keep_text(host, call, receipt),
                             .priority = entry->priority,
                             .attempt = entry->attempt,
                             .in_work = 1};
    if (job.kind == NULL || job.key == NULL || job.payload == NULL || job.receipt == NULL) {
        inproc_queue_delay(handle->queue, entry, 0); /* nobody got it */
        entry->attempt--;
        return support_no_memory(call);
    }
    SUPPORT_GIVE(job, ret_job);
    return 0;
}

static int inproc_reserve(void *s, struct hearth_call *call, int64_t wait, int64_t lease,
                          struct hearth_job *ret_job)
{
    struct handle *handle = s;
    struct queue *queue = handle->queue;
    pthread_mutex_lock(&queue->lock);
    int64_t until = inproc_queue_now(queue) + wait;
    struct entry *entry = NULL;
    int r = 0;
    for (;;) {
        inproc_queue_promote(queue);
        if ((entry = inproc_queue_take(queue, lease)) != NULL)
            break;
        int64_t now = inproc_queue_now(queue);
        if (now >= until) {
            r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job");
            break;
        }
        int64_t wake = queue->timed.count > 0 && queue->timed.items[0]->time < until
                           ? queue->timed.items[0]->time
                           : until;
        if ((r = wait_until(handle, call, wake)) < 0)
            break;
    }
    if (r == 0)
        r = hand_out(handle, call, entry, ret_job);
    pthread_mutex_unlock(&queue->lock);
    return r;
}

static int inproc_extend(void *s, struct hearth_call *call, const char *receipt, int64_t lease)
{
    struct handle *handle = s;
    pthread_mutex_lock(&handle->queue->lock);
    struct entry *entry = inproc_queue_by_receipt(handle->queue, receipt);
    if (entry != NULL)
        inproc_queue_extend(handle->queue, entry, lease);
    pthread_mutex_unlock(&handle->queue->lock);
    return entry != NULL ? 0 : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the lease was lost");
}

static int inproc_finish(void *s, struct hearth_call *call, const char *receipt, int32_t outcome,
                         int64_t delay)
{
    struct handle *handle = s;
    struct queue *queue = handle->queue;
    int r = support_outcome_check(call, outcome, delay);
    if (r < 0)
        return r;
    pthread_mutex_lock(&queue->lock);
    struct entry *entry = inproc_queue_by_receipt(queue, receipt);
    if (entry != NULL && outcome == HEARTH_JOB_RETRY) {
        inproc_queue_delay(queue, entry, delay);
    } else if (entry != NULL) {
        queue->dead += outcome == HEARTH_JOB_DEAD;
        inproc_queue_drop(queue, entry);
    }
    pthread_mutex_unlock(&queue->lock);
    return entry != NULL ? 0 : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the lease was lost");
}

static int inproc_counts(void *s, struct hearth_call *call, struct hearth_queue_counts *ret_counts)
{
    (void)call;
    struct handle *handle = s;
    struct queue *queue = handle->queue;
    pthread_mutex_lock(&queue->lock);
    inproc_queue_promote(queue);
    struct hearth_queue_counts found = {.struct_size = sizeof(found),
                                        .ready = (int64_t)queue->ready.count,
                                        .in_work = queue->leased,
                                        .delayed = (int64_t)queue->timed.count - queue->leased,
                                        .dead = queue->dead};
    pthread_mutex_unlock(&queue->lock);
    SUPPORT_GIVE(found, ret_counts);
    return 0;
}

static int by_ready(const void *a, const void *b)
{
    return before_ready(*(struct entry *const *)a, *(struct entry *const *)b) ? -1 : 1;
}

/* Delayed ones by time, then leased ones. */
static int by_timed(const void *a, const void *b)
{
    const struct entry *x = *(struct entry *const *)a, *y = *(struct entry *const *)b;
    if (x->state != y->state)
        return x->state == ENTRY_DELAYED ? -1 : 1;
    return before_timed(x, y) ? -1 : 1;
}

/* Copies the jobs out in order, because the callback runs without the lock. */
static struct hearth_job *queue_snapshot(struct handle *handle, struct hearth_call *call,
                                         size_t *ret_count)
{
    struct queue *queue = handle->queue;
    size_t ready = queue->ready.count, n = ready + queue->timed.count;
    struct entry **order = malloc((n + 1) * sizeof(*order));
    struct hearth_job *jobs = handle->queue->host->alloc(call, (n + 1) * sizeof(*jobs));
    if (order == NULL || jobs == NULL) {
        free(order);
        return NULL;
    }
    if (ready > 0)
        memcpy(order, queue->ready.items, ready * sizeof(*order));
    if (n > ready)
        memcpy(order + ready, queue->timed.items, (n - ready) * sizeof(*order));
    qsort(order, ready, sizeof(*order), by_ready);
    qsort(order + ready, n - ready, sizeof(*order), by_timed);
    int64_t now = inproc_queue_now(queue);
    for (size_t i = 0; i < n; i++) {
        jobs[i] = (struct hearth_job){
            .struct_size = sizeof(jobs[i]),
            .priority = order[i]->priority,
            .kind = support_keep_text(queue->host, call, order[i]->kind),
            .key = support_keep_text(queue->host, call, order[i]->key),
            .payload = support_keep_text(queue->host, call, order[i]->payload),
            .attempt = order[i]->attempt,
            .in_work = order[i]->state == ENTRY_LEASED,
            .wait =
                order[i]->state == ENTRY_READY || order[i]->time < now ? 0 : order[i]->time - now,
        };
        if (jobs[i].kind == NULL || jobs[i].key == NULL || jobs[i].payload == NULL) {
            free(order);
            return NULL;
        }
    }
    free(order);
    *ret_count = n;
    return jobs;
}

static int inproc_peek(void *s, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    struct handle *handle = s;
    size_t n;
    pthread_mutex_lock(&handle->queue->lock);
    inproc_queue_promote(handle->queue);
    struct hearth_job *jobs = queue_snapshot(handle, call, &n);
    pthread_mutex_unlock(&handle->queue->lock);
    if (jobs == NULL)
        return support_no_memory(call);
    for (size_t i = 0; i < n && cb(ctx, &jobs[i]) == 0; i++)
        ;
    return 0;
}

static int inproc_remove(void *s, struct hearth_call *call, const char *kind, const char *key)
{
    struct handle *handle = s;
    pthread_mutex_lock(&handle->queue->lock);
    struct entry *entry = inproc_queue_find(handle->queue, kind, key);
    if (entry != NULL)
        inproc_queue_drop(handle->queue, entry);
    pthread_mutex_unlock(&handle->queue->lock);
    return entry != NULL ? 0
                         : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job of that kind and key");
}

static int inproc_clear(void *s, struct hearth_call *call)
{
    (void)call;
    struct handle *handle = s;
    struct queue *queue = handle->queue;
    pthread_mutex_lock(&queue->lock);
    while (queue->ready.count > 0)
        inproc_queue_drop(queue, queue->ready.items[0]);
    for (size_t i = queue->timed.count; i-- > 0;) {
        /* from the end: what moves into the gap was looked at, or is looked at next */
        if (i < queue->timed.count && queue->timed.items[i]->state == ENTRY_DELAYED) {
            inproc_queue_drop(queue, queue->timed.items[i]);
            i = queue->timed.count;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return 0;
}

static int inproc_event_publish(void *s, struct hearth_call *call, const char *channel,
                                const char *text)
{
    struct handle *handle = s;
    int r = support_event_check(call, channel, text);
    if (r < 0)
        return r;
    pthread_mutex_lock(&handle->queue->lock);
    bool ok = inproc_events_add(&handle->queue->events, channel, text);
    pthread_cond_broadcast(&handle->queue->changed);
    pthread_mutex_unlock(&handle->queue->lock);
    return ok ? 0 : support_no_memory(call);
}

/* Delivers what is there, the lock released around each callback. */
static int subscriber_deliver(struct handle *handle, hearth_event_cb cb, void *ctx)
{
    struct event event;
    bool lost;
    int delivered = 0, stop = 0;
    while (stop == 0 &&
           inproc_events_next(&handle->queue->events, &handle->subscriber, &event, &lost)) {
        pthread_mutex_unlock(&handle->queue->lock);
        if (lost)
            stop = cb(ctx, "", "");
        if (stop == 0)
            stop = cb(ctx, event.channel, event.text);
        free(event.channel);
        delivered++;
        pthread_mutex_lock(&handle->queue->lock);
    }
    return delivered;
}

static int inproc_event_wait(void *s, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                             void *ctx)
{
    struct handle *handle = s;
    struct queue *queue = handle->queue;
    pthread_mutex_lock(&queue->lock);
    if (!handle->subscriber.subscribed)
        handle->subscriber = (struct subscriber){true, queue->events.next};
    int64_t until = inproc_queue_now(queue) + wait;
    int r = 0;
    while (r == 0 && subscriber_deliver(handle, cb, ctx) == 0) {
        if (inproc_queue_now(queue) >= until)
            break;
        r = wait_until(handle, call, until);
    }
    pthread_mutex_unlock(&queue->lock);
    return r;
}

static const struct hearth_queue operations = {
    .struct_size = sizeof(operations),
    .open = inproc_open,
    .close = inproc_close,
    .handle_open = inproc_handle_open,
    .handle_close = inproc_handle_close,
    .interrupt = inproc_interrupt,
    .ping = inproc_ping,
    .publish = inproc_publish,
    .reserve = inproc_reserve,
    .extend = inproc_extend,
    .finish = inproc_finish,
    .counts = inproc_counts,
    .peek = inproc_peek,
    .remove = inproc_remove,
    .clear = inproc_clear,
    .event_publish = inproc_event_publish,
    .event_wait = inproc_event_wait,
};

static const struct hearth_plugin plugin = {
    .struct_size = sizeof(plugin),
    .abi_epoch = HEARTH_ABI_EPOCH,
    .abi_version = HEARTH_ABI_VERSION,
    .kind = HEARTH_QUEUE,
    .name = "inproc",
    .version = HEARTH_VERSION,
    .description = "jobs and events in the memory of one process",
    .config = inproc_config_keys,
    .config_count = sizeof(inproc_config_keys) / sizeof(inproc_config_keys[0]),
    .capabilities = HEARTH_ORDERED,
    .operations = &operations,
};

const struct hearth_plugin *hearth_plugin_v2(void)
{
    return &plugin;
}

/* The table of operations: each takes the lock, does its part in queue.c or events.c, and waits where the contract says so. */
#include <stdlib.h>
#include <string.h>

#include "queue.h"

#include "support/abi.h"
#include "support/call.h"
#include "support/config.h"
#include "support/job.h"
#include "support/wait.h"

enum { CONFIG_MAX_JOBS, CONFIG_EVENT_BACKLOG };

static bool before_ready(const struct entry *a, const struct entry *b)
{
    return a->priority != b->priority ? a->priority < b->priority : a->order < b->order;
}

static bool before_timed(const struct entry *a, const struct entry *b)
{
    return a->time < b->time;
}

static void queue_close(void *self)
{
    struct queue *queue = self;
    if (queue == NULL)
        return;
    while (queue->ready.count > 0)
        queue_drop(queue, queue->ready.items[0]);
    while (queue->timed.count > 0)
        queue_drop(queue, queue->timed.items[0]);
    heap_fini(&queue->ready);
    heap_fini(&queue->timed);
    events_fini(&queue->events);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

static int queue_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self)
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
    if (!events_init(&queue->events, (size_t)support_config_number(values, CONFIG_EVENT_BACKLOG))) {
        queue_close(queue);
        return support_no_memory(call);
    }
    *ret_self = queue;
    return 0;
}

static int session_open(void *self, struct hearth_call *call, void **ret_session)
{
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return support_no_memory(call);
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
    session->interrupted = session->waiting;
    pthread_cond_broadcast(&session->queue->changed);
    pthread_mutex_unlock(&session->queue->lock);
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
    pthread_mutex_lock(&session->queue->lock);
    int r = queue_publish(session->queue, call, job, delay, ret_result);
    pthread_mutex_unlock(&session->queue->lock);
    return r;
}

/* Waits, with the lock held, until something changed or the monotonic time `until`. 0, or CANCELLED after an interrupt. */
static int wait_until(struct session *session, struct hearth_call *call, int64_t until)
{
    if (session->queue->host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "stopped");
    if (call->deadline != 0 && call->deadline < until)
        until = call->deadline;
    session->waiting = true;
    support_cond_wait_until(&session->queue->changed, &session->queue->lock, until);
    session->waiting = false;
    bool interrupted = session->interrupted;
    session->interrupted = false;
    if (interrupted || session->queue->host->should_stop(call))
        return hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted");
    return 0;
}

static int hand_out(struct session *session, struct hearth_call *call, struct entry *entry, struct hearth_job *ret_job)
{
    const struct hearth_host *host = session->queue->host;
    char receipt[24 + SUPPORT_KIND_MAX + SUPPORT_KEY_MAX + sizeof("::")];
    snprintf(receipt, sizeof(receipt), "%llu:%s:%s", (unsigned long long)entry->lease, entry->kind, entry->key);
    struct hearth_job job = {.struct_size = sizeof(job),
                             .kind = support_keep_text(host, call, entry->kind),
                             .key = support_keep_text(host, call, entry->key),
                             .payload = support_keep_text(host, call, entry->payload),
                             .receipt = support_keep_text(host, call, receipt),
                             .priority = entry->priority,
                             .attempt = entry->attempt,
                             .in_work = 1};
    if (job.kind == NULL || job.key == NULL || job.payload == NULL || job.receipt == NULL) {
        queue_delay(session->queue, entry, 0); /* nobody got it */
        entry->attempt--;
        return support_no_memory(call);
    }
    SUPPORT_GIVE(job, ret_job);
    return 0;
}

static int reserve(void *s, struct hearth_call *call, int64_t wait, int64_t lease, struct hearth_job *ret_job)
{
    struct session *session = s;
    struct queue *queue = session->queue;
    pthread_mutex_lock(&queue->lock);
    int64_t until = queue_now(queue) + wait;
    struct entry *entry = NULL;
    int r = 0;
    for (;;) {
        queue_promote(queue);
        if ((entry = queue_take(queue, lease)) != NULL)
            break;
        int64_t now = queue_now(queue);
        if (now >= until) {
            r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job");
            break;
        }
        int64_t wake = queue->timed.count > 0 && queue->timed.items[0]->time < until ? queue->timed.items[0]->time : until;
        if ((r = wait_until(session, call, wake)) < 0)
            break;
    }
    if (r == 0)
        r = hand_out(session, call, entry, ret_job);
    pthread_mutex_unlock(&queue->lock);
    return r;
}

static int extend(void *s, struct hearth_call *call, const char *receipt, int64_t lease)
{
    struct session *session = s;
    pthread_mutex_lock(&session->queue->lock);
    struct entry *entry = queue_by_receipt(session->queue, receipt);
    if (entry != NULL)
        queue_extend(session->queue, entry, lease);
    pthread_mutex_unlock(&session->queue->lock);
    return entry != NULL ? 0 : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the lease was lost");
}

static int finish(void *s, struct hearth_call *call, const char *receipt, int32_t outcome, int64_t delay)
{
    struct session *session = s;
    struct queue *queue = session->queue;
    int r = support_outcome_check(call, outcome, delay);
    if (r < 0)
        return r;
    pthread_mutex_lock(&queue->lock);
    struct entry *entry = queue_by_receipt(queue, receipt);
    if (entry != NULL && outcome == HEARTH_JOB_RETRY) {
        queue_delay(queue, entry, delay);
    } else if (entry != NULL) {
        queue->dead += outcome == HEARTH_JOB_DEAD;
        queue_drop(queue, entry);
    }
    pthread_mutex_unlock(&queue->lock);
    return entry != NULL ? 0 : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the lease was lost");
}

static int counts(void *s, struct hearth_call *call, struct hearth_queue_counts *ret_counts)
{
    (void)call;
    struct session *session = s;
    struct queue *queue = session->queue;
    pthread_mutex_lock(&queue->lock);
    queue_promote(queue);
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
static struct hearth_job *snapshot(struct session *session, struct hearth_call *call, size_t *ret_count)
{
    struct queue *queue = session->queue;
    size_t ready = queue->ready.count, n = ready + queue->timed.count;
    struct entry **order = malloc((n + 1) * sizeof(*order));
    struct hearth_job *jobs = session->queue->host->alloc(call, (n + 1) * sizeof(*jobs));
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
    int64_t now = queue_now(queue);
    for (size_t i = 0; i < n; i++) {
        jobs[i] = (struct hearth_job){
            .struct_size = sizeof(jobs[i]),
            .priority = order[i]->priority,
            .kind = support_keep_text(queue->host, call, order[i]->kind),
            .key = support_keep_text(queue->host, call, order[i]->key),
            .payload = support_keep_text(queue->host, call, order[i]->payload),
            .attempt = order[i]->attempt,
            .in_work = order[i]->state == ENTRY_LEASED,
            .wait = order[i]->state == ENTRY_READY || order[i]->time < now ? 0 : order[i]->time - now,
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

static int peek(void *s, struct hearth_call *call, hearth_job_cb cb, void *ctx)
{
    struct session *session = s;
    size_t n;
    pthread_mutex_lock(&session->queue->lock);
    queue_promote(session->queue);
    struct hearth_job *jobs = snapshot(session, call, &n);
    pthread_mutex_unlock(&session->queue->lock);
    if (jobs == NULL)
        return support_no_memory(call);
    for (size_t i = 0; i < n && cb(ctx, &jobs[i]) == 0; i++)
        ;
    return 0;
}

static int remove_job(void *s, struct hearth_call *call, const char *kind, const char *key)
{
    struct session *session = s;
    pthread_mutex_lock(&session->queue->lock);
    struct entry *entry = queue_find(session->queue, kind, key);
    if (entry != NULL)
        queue_drop(session->queue, entry);
    pthread_mutex_unlock(&session->queue->lock);
    return entry != NULL ? 0 : hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job of that kind and key");
}

static int clear(void *s, struct hearth_call *call)
{
    (void)call;
    struct session *session = s;
    struct queue *queue = session->queue;
    pthread_mutex_lock(&queue->lock);
    while (queue->ready.count > 0)
        queue_drop(queue, queue->ready.items[0]);
    for (size_t i = queue->timed.count; i-- > 0;) { /* from the end: what moves into the gap was looked at, or is looked at next */
        if (i < queue->timed.count && queue->timed.items[i]->state == ENTRY_DELAYED) {
            queue_drop(queue, queue->timed.items[i]);
            i = queue->timed.count;
        }
    }
    pthread_mutex_unlock(&queue->lock);
    return 0;
}

static int event_publish(void *s, struct hearth_call *call, const char *channel, const char *text)
{
    struct session *session = s;
    int r = support_event_check(call, channel, text);
    if (r < 0)
        return r;
    pthread_mutex_lock(&session->queue->lock);
    bool ok = events_add(&session->queue->events, channel, text);
    pthread_cond_broadcast(&session->queue->changed);
    pthread_mutex_unlock(&session->queue->lock);
    return ok ? 0 : support_no_memory(call);
}

/* Delivers what is there, the lock released around each callback. */
static int deliver(struct session *session, hearth_event_cb cb, void *ctx)
{
    struct event event;
    bool lost;
    int delivered = 0, stop = 0;
    while (stop == 0 && events_next(&session->queue->events, &session->subscriber, &event, &lost)) {
        pthread_mutex_unlock(&session->queue->lock);
        if (lost)
            stop = cb(ctx, "", "");
        if (stop == 0)
            stop = cb(ctx, event.channel, event.text);
        free(event.channel);
        delivered++;
        pthread_mutex_lock(&session->queue->lock);
    }
    return delivered;
}

static int event_wait(void *s, struct hearth_call *call, int64_t wait, hearth_event_cb cb, void *ctx)
{
    struct session *session = s;
    struct queue *queue = session->queue;
    pthread_mutex_lock(&queue->lock);
    if (!session->subscriber.subscribed)
        session->subscriber = (struct subscriber){true, queue->events.next};
    int64_t until = queue_now(queue) + wait;
    int r = 0;
    while (r == 0 && deliver(session, cb, ctx) == 0) {
        if (queue_now(queue) >= until)
            break;
        r = wait_until(session, call, until);
    }
    pthread_mutex_unlock(&queue->lock);
    return r;
}

static const struct hearth_config_key config[] = {
    [CONFIG_MAX_JOBS] = {.struct_size = sizeof(config[0]),
                         .type = HEARTH_CONFIG_INT,
                         .name = "max_jobs",
                         .fallback = "1000000",
                         .help = "jobs that may exist at once",
                         .minimum = 1,
                         .maximum = 100000000},
    [CONFIG_EVENT_BACKLOG] = {.struct_size = sizeof(config[0]),
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

static const struct hearth_plugin plugin = {
    .struct_size = sizeof(plugin),
    .abi_epoch = HEARTH_ABI_EPOCH,
    .abi_version = HEARTH_ABI_VERSION,
    .kind = HEARTH_QUEUE,
    .name = "inproc",
    .version = HEARTH_VERSION,
    .description = "jobs and events in the memory of one process",
    .config = config,
    .config_count = sizeof(config) / sizeof(config[0]),
    .capabilities = HEARTH_ORDERED,
    .operations = &operations,
};

const struct hearth_plugin *hearth_plugin_v2(void)
{
    return &plugin;
}

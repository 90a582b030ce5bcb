#include "queue.h"

#include <stdlib.h>
#include <string.h>

int queue_no_memory(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOMEM,
                       "out of memory: try again later, or give the process more");
}

int64_t queue_now(const struct queue *queue)
{
    return queue->host->monotonic_ms(queue->host);
}

static bool job_goes_before(const struct job *a, const struct job *b)
{
    if (a->state != b->state)
        return a->state < b->state;
    if (a->state != READY)
        return a->time < b->time;
    return a->priority != b->priority ? a->priority < b->priority : a->order < b->order;
}

static void link_in(struct queue *queue, struct job *job)
{
    struct job **link = &queue->first;
    while (*link != NULL && !job_goes_before(job, *link))
        link = &(*link)->next;
    job->next = *link;
    *link = job;
}

static void link_out(struct queue *queue, struct job *job)
{
    struct job **link = &queue->first;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
}

static void job_move(struct queue *queue, struct job *job, enum job_state state, int64_t time)
{
    link_out(queue, job);
    job->state = state;
    job->time = time;
    if (state == READY)
        job->order = ++queue->last_order;
    link_in(queue, job);
    pthread_cond_broadcast(&queue->changed); /* whoever waits looks again how long */
}

static struct job *first_that_is_over(const struct queue *queue, int64_t now)
{
    struct job *found = NULL;
    for (struct job *job = queue->first; job != NULL; job = job->next)
        if (job->state != READY && job->time <= now && (found == NULL || job->time < found->time))
            found = job;
    return found;
}

void queue_promote(struct queue *queue)
{
    int64_t now = queue_now(queue);
    for (struct job *job; (job = first_that_is_over(queue, now)) != NULL;)
        job_move(queue, job, READY, 0);
}

struct job *queue_find(const struct queue *queue, const char *kind, const char *key)
{
    for (struct job *job = queue->first; job != NULL; job = job->next)
        if (strcmp(job->kind, kind) == 0 && strcmp(job->key, key) == 0)
            return job;
    return NULL;
}

struct job *queue_by_receipt(const struct queue *queue, const char *receipt)
{
    char *name, kind[KIND_MAX + 1];
    unsigned long long lease = strtoull(receipt, &name, 10);
    size_t size = *name == ':' ? strcspn(name + 1, ":") : 0;
    if (size == 0 || size > KIND_MAX || name[1 + size] != ':')
        return NULL;
    memcpy(kind, name + 1, size);
    kind[size] = '\0';
    struct job *job = queue_find(queue, kind, name + 1 + size + 1);
    return job != NULL && job->state == LEASED && job->lease == lease ? job : NULL;
}

static struct job *job_create(const struct hearth_job *from)
{
    const char *payload = from->payload == NULL ? "" : from->payload;
    size_t key_size = strlen(from->key) + 1, payload_size = strlen(payload) + 1;
    struct job *job = calloc(1, sizeof(*job) + key_size + payload_size);
    if (job == NULL)
        return NULL;
    job->priority = from->priority;
    memcpy(job->kind, from->kind, strlen(from->kind) + 1);
    memcpy(job->key, from->key, key_size);
    job->payload = memcpy(job->key + key_size, payload, payload_size);
    return job;
}

/* A job that waits is only ever moved forward. */
static int32_t job_publish_again(struct queue *queue, struct job *job, int32_t priority,
                                 int64_t delay)
{
    if (job->state == LEASED)
        return HEARTH_IN_WORK;
    int64_t time = queue_now(queue) + delay;
    bool sooner = job->state == DELAYED && (delay == 0 || time < job->time),
         higher = priority < job->priority;
    if (!sooner && !higher)
        return HEARTH_WAITING;
    if (higher)
        job->priority = priority;
    if (job->state == READY || delay == 0)
        job_move(queue, job, READY, 0);
    else
        job_move(queue, job, DELAYED, sooner ? time : job->time);
    return HEARTH_RAISED;
}

static int job_check(struct hearth_call *call, const struct hearth_job *from, int64_t delay)
{
    size_t size = from->kind == NULL ? 0 : strspn(from->kind, "abcdefghijklmnopqrstuvwxyz_");
    if (size == 0 || size > KIND_MAX || from->kind[size] != '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "a job's kind has 1 to %d bytes, of a to z and _", KIND_MAX);
    if (from->key == NULL || from->key[0] == '\0' || strlen(from->key) > KEY_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a job's key has 1 to %d bytes", KEY_MAX);
    if (from->payload != NULL && strlen(from->payload) > PAYLOAD_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a job's payload has at most %d bytes",
                           PAYLOAD_MAX);
    return delay >= 0 ? 0 : hearth_fail(call, HEARTH_ERR_INVALID, "a delay cannot be negative");
}

int queue_publish(struct queue *queue, struct hearth_call *call, const struct hearth_job *from,
                  int64_t delay, int32_t *ret_result)
{
    int r = job_check(call, from, delay);
    if (r < 0)
        return r;
    struct job *job = queue_find(queue, from->kind, from->key);
    if (job != NULL) {
        *ret_result = job_publish_again(queue, job, from->priority, delay);
        return 0;
    }
    if (queue->count >= queue->max_jobs)
        return hearth_fail(call, HEARTH_ERR_FULL,
                           "the queue holds %zu jobs: wait for workers, or raise max_jobs",
                           queue->count);
    job = job_create(from);
    if (job == NULL)
        return queue_no_memory(call);
    queue->count++;
    link_in(queue, job);
    queue_delay(queue, job, delay);
    *ret_result = HEARTH_QUEUED;
    return 0;
}

void queue_lease(struct queue *queue, struct job *job, int64_t lease)
{
    if (job->state != LEASED) {
        job->lease = ++queue->last_lease;
        job->attempt++;
    }
    job_move(queue, job, LEASED, queue_now(queue) + lease);
}

void queue_delay(struct queue *queue, struct job *job, int64_t delay)
{
    job_move(queue, job, delay == 0 ? READY : DELAYED, queue_now(queue) + delay);
}

void queue_drop(struct queue *queue, struct job *job)
{
    link_out(queue, job);
    queue->count--;
    free(job);
}

bool event_add(struct queue *queue, const char *channel, const char *text)
{
    size_t channel_size = strlen(channel) + 1, text_size = strlen(text) + 1;
    struct event *event = malloc(sizeof(*event) + channel_size + text_size);
    if (event == NULL)
        return false;
    event->refs = 1;
    memcpy(event->channel, channel, channel_size);
    event->text = memcpy(event->channel + channel_size, text, text_size);
    struct event **slot = &queue->ring[queue->next_event++ % queue->backlog];
    event_unref(*slot);
    *slot = event;
    pthread_cond_broadcast(&queue->changed);
    return true;
}

void event_unref(struct event *event)
{
    if (event != NULL && --event->refs == 0)
        free(event);
}

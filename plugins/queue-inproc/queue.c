#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "support/call.h"
#include "support/hash.h"
#include "support/job.h"
#include "support/text.h"

int64_t queue_now(const struct queue *queue)
{
    return support_now(queue->host);
}

static uint32_t job_hash(const char *kind, const char *key)
{
    return support_hash32(key) ^ support_hash32(kind) * 31;
}

struct entry *queue_find(struct queue *queue, const char *kind, const char *key)
{
    if (queue->bucket_count == 0)
        return NULL;
    uint32_t hash = job_hash(kind, key);
    for (struct entry *e = queue->buckets[hash & (queue->bucket_count - 1)]; e != NULL; e = e->next)
        if (e->hash == hash && strcmp(e->kind, kind) == 0 && strcmp(e->key, key) == 0)
            return e;
    return NULL;
}

static bool grow_buckets(struct queue *queue)
{
    if (queue->count < queue->bucket_count)
        return true;
    size_t count = queue->bucket_count == 0 ? 64 : queue->bucket_count * 2;
    struct entry **buckets = calloc(count, sizeof(*buckets));
    if (buckets == NULL)
        return false;
    for (size_t i = 0; i < queue->bucket_count; i++) {
        for (struct entry *e = queue->buckets[i], *next; e != NULL; e = next) {
            next = e->next;
            e->next = buckets[e->hash & (count - 1)];
            buckets[e->hash & (count - 1)] = e;
        }
    }
    free(queue->buckets);
    queue->buckets = buckets;
    queue->bucket_count = count;
    return true;
}

static struct heap *heap_of(struct queue *queue, const struct entry *entry)
{
    return entry->state == ENTRY_READY ? &queue->ready : &queue->timed;
}

/* Both heaps have room for every job, so that moving between them cannot fail. */
static void move(struct queue *queue, struct entry *entry, enum entry_state state, int64_t time)
{
    heap_remove(heap_of(queue, entry), entry);
    queue->leased += (state == ENTRY_LEASED) - (entry->state == ENTRY_LEASED);
    entry->state = state;
    entry->time = time;
    if (state == ENTRY_READY)
        entry->order = queue->next_order++;
    heap_add(heap_of(queue, entry), entry);
    if (state == ENTRY_READY || queue->timed.items[0] == entry) /* who waits sleeps until the first of them */
        pthread_cond_broadcast(&queue->changed);
}

static struct entry *create(struct queue *queue, const struct hearth_job *job)
{
    size_t key_size = strlen(job->key) + 1;
    if (!heap_reserve(&queue->ready, queue->count + 1) || !heap_reserve(&queue->timed, queue->count + 1) || !grow_buckets(queue))
        return NULL;
    struct entry *entry = calloc(1, sizeof(*entry) + key_size);
    char *payload = strdup(support_or_empty(job->payload));
    if (entry == NULL || payload == NULL) {
        free(entry);
        free(payload);
        return NULL;
    }
    memcpy(entry->kind, job->kind, strlen(job->kind) + 1);
    memcpy(entry->key, job->key, key_size);
    entry->payload = payload;
    entry->hash = job_hash(job->kind, job->key);
    entry->priority = job->priority;
    struct entry **bucket = &queue->buckets[entry->hash & (queue->bucket_count - 1)];
    entry->next = *bucket;
    *bucket = entry;
    queue->count++;
    return entry;
}

static int32_t publish_again(struct queue *queue, struct entry *entry, int32_t priority, int64_t delay)
{
    if (entry->state == ENTRY_LEASED)
        return HEARTH_IN_WORK;
    int64_t time = queue_now(queue) + delay;
    bool sooner = entry->state == ENTRY_DELAYED && (delay == 0 || time < entry->time), higher = priority < entry->priority;
    if (!sooner && !higher)
        return HEARTH_WAITING;
    if (higher)
        entry->priority = priority;
    if (entry->state == ENTRY_READY || delay == 0)
        move(queue, entry, ENTRY_READY, 0);
    else
        move(queue, entry, ENTRY_DELAYED, sooner ? time : entry->time);
    return HEARTH_RAISED;
}

/* Jobs whose time has come keep their place before those that are published now. */
int queue_publish(struct queue *queue, struct hearth_call *call, const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    int r = support_job_check(call, job, delay);
    if (r < 0)
        return r;
    queue_promote(queue);
    struct entry *entry = queue_find(queue, job->kind, job->key);
    if (entry != NULL) {
        *ret_result = publish_again(queue, entry, job->priority, delay);
        return 0;
    }
    if (queue->count >= queue->max_jobs)
        return hearth_fail(call, HEARTH_ERR_FULL, "the queue holds %zu jobs, its max_jobs", queue->count);
    entry = create(queue, job);
    if (entry == NULL)
        return support_no_memory(call);
    entry->state = delay == 0 ? ENTRY_READY : ENTRY_DELAYED;
    entry->order = queue->next_order++;
    entry->time = queue_now(queue) + delay;
    heap_add(heap_of(queue, entry), entry);
    pthread_cond_broadcast(&queue->changed);
    *ret_result = HEARTH_QUEUED;
    return 0;
}

void queue_promote(struct queue *queue)
{
    int64_t now = queue_now(queue);
    while (queue->timed.count > 0 && queue->timed.items[0]->time <= now)
        move(queue, queue->timed.items[0], ENTRY_READY, 0);
}

struct entry *queue_take(struct queue *queue, int64_t lease)
{
    if (queue->ready.count == 0)
        return NULL;
    struct entry *entry = queue->ready.items[0];
    move(queue, entry, ENTRY_LEASED, queue_now(queue) + lease);
    entry->lease = ++queue->next_lease;
    entry->attempt++;
    return entry;
}

struct entry *queue_by_receipt(struct queue *queue, const char *receipt)
{
    char *name, kind[SUPPORT_KIND_MAX + 1];
    unsigned long long lease = strtoull(receipt, &name, 10);
    const char *colon = *name == ':' ? strchr(name + 1, ':') : NULL;
    if (colon == NULL || !support_kind_is_sound(name + 1, (size_t)(colon - name - 1)))
        return NULL;
    snprintf(kind, sizeof(kind), "%.*s", (int)(colon - name - 1), name + 1);
    queue_promote(queue);
    struct entry *entry = queue_find(queue, kind, colon + 1);
    return entry != NULL && entry->state == ENTRY_LEASED && entry->lease == lease ? entry : NULL;
}

void queue_delay(struct queue *queue, struct entry *entry, int64_t delay)
{
    move(queue, entry, delay == 0 ? ENTRY_READY : ENTRY_DELAYED, queue_now(queue) + delay);
}

void queue_extend(struct queue *queue, struct entry *entry, int64_t lease)
{
    move(queue, entry, ENTRY_LEASED, queue_now(queue) + lease);
}

void queue_drop(struct queue *queue, struct entry *entry)
{
    heap_remove(heap_of(queue, entry), entry);
    queue->leased -= entry->state == ENTRY_LEASED;
    struct entry **link = &queue->buckets[entry->hash & (queue->bucket_count - 1)];
    while (*link != entry)
        link = &(*link)->next;
    *link = entry->next;
    queue->count--;
    free(entry->payload);
    free(entry);
}

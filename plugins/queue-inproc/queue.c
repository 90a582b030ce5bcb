#include "queue.h"

#include <stdlib.h>
#include <string.h>

#include "support/call.h"
#include "support/job.h"
#include "support/text.h"

int64_t inproc_queue_now(const struct queue *queue)
{
    return support_now(queue->host);
}

/* No kind has a colon in it. What does not fit is the name of no job. */
struct entry *inproc_queue_find(struct queue *queue, const char *kind, const char *key)
{
    char name[SUPPORT_KIND_MAX + 1 + SUPPORT_KEY_MAX + 1];
    if ((size_t)snprintf(name, sizeof(name), "%s:%s", kind, key) >= sizeof(name))
        return NULL;
    return MAP_FIND_TEXT(queue->entries, name);
}

static struct heap *heap_of(struct queue *queue, const struct entry *entry)
{
    return entry->state == ENTRY_READY ? &queue->ready : &queue->timed;
}

/* Both heaps have room for every job, so that moving between them cannot fail. */
static void entry_move(struct queue *queue, struct entry *entry, enum entry_state state,
                       int64_t time)
{
    inproc_heap_remove(heap_of(queue, entry), entry);
    queue->leased += (state == ENTRY_LEASED) - (entry->state == ENTRY_LEASED);
    entry->state = state;
    entry->time = time;
    if (state == ENTRY_READY)
        entry->order = queue->next_order++;
    inproc_heap_add(heap_of(queue, entry), entry);
    /* who waits sleeps until the first of them */
    if (state == ENTRY_READY || queue->timed.items[0] == entry)
        pthread_cond_broadcast(&queue->changed);
}

static struct entry *entry_create(struct queue *queue, const struct hearth_job *job)
{
    size_t kind_size = strlen(job->kind), name_size = kind_size + 1 + strlen(job->key) + 1,
           count = MAP_COUNT(queue->entries) + 1;
    if (!inproc_heap_reserve(&queue->ready, count) || !inproc_heap_reserve(&queue->timed, count))
        return NULL;
    struct entry *entry = calloc(1, sizeof(*entry) + name_size);
    char *payload = strdup(support_or_empty(job->payload));
    if (entry != NULL)
        snprintf(entry->name, name_size, "%s:%s", job->kind, job->key);
    if (entry == NULL || payload == NULL || !MAP_ADD_TEXT(queue->entries, entry->name, entry)) {
        free(entry);
        free(payload);
        return NULL;
    }
    memcpy(entry->kind, job->kind, kind_size + 1);
    entry->key = entry->name + kind_size + 1;
    entry->payload = payload;
    entry->priority = job->priority;
    return entry;
}

static int32_t entry_publish_again(struct queue *queue, struct entry *entry, int32_t priority,
                                   int64_t delay)
{
    if (entry->state == ENTRY_LEASED)
        return HEARTH_IN_WORK;
    int64_t time = inproc_queue_now(queue) + delay;
    bool sooner = entry->state == ENTRY_DELAYED && (delay == 0 || time < entry->time),
         higher = priority < entry->priority;
    if (!sooner && !higher)
        return HEARTH_WAITING;
    if (higher)
        entry->priority = priority;
    if (entry->state == ENTRY_READY || delay == 0)
        entry_move(queue, entry, ENTRY_READY, 0);
    else
        entry_move(queue, entry, ENTRY_DELAYED, sooner ? time : entry->time);
    return HEARTH_RAISED;
}

/* Jobs whose time has come keep their place before those that are published now. */
int inproc_queue_publish(struct queue *queue, struct hearth_call *call,
                         const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    int r = support_job_check(call, job, delay);
    if (r < 0)
        return r;
    inproc_queue_promote(queue);
    struct entry *entry = inproc_queue_find(queue, job->kind, job->key);
    if (entry != NULL) {
        *ret_result = entry_publish_again(queue, entry, job->priority, delay);
        return 0;
    }
    if (MAP_COUNT(queue->entries) >= queue->max_jobs)
        return hearth_fail(call, HEARTH_ERR_FULL, "the queue holds %zu jobs, its max_jobs",
                           MAP_COUNT(queue->entries));
    entry = entry_create(queue, job);
    if (entry == NULL)
        return support_no_memory(call);
    entry->state = delay == 0 ? ENTRY_READY : ENTRY_DELAYED;
    entry->order = queue->next_order++;
    entry->time = inproc_queue_now(queue) + delay;
    inproc_heap_add(heap_of(queue, entry), entry);
    pthread_cond_broadcast(&queue->changed);
    *ret_result = HEARTH_QUEUED;
    return 0;
}

void inproc_queue_promote(struct queue *queue)
{
    int64_t now = inproc_queue_now(queue);
    while (queue->timed.count > 0 && queue->timed.items[0]->time <= now)
        entry_move(queue, queue->timed.items[0], ENTRY_READY, 0);
}

struct entry *inproc_queue_take(struct queue *queue, int64_t lease)
{
    if (queue->ready.count == 0)
        return NULL;
    struct entry *entry = queue->ready.items[0];
    entry_move(queue, entry, ENTRY_LEASED, inproc_queue_now(queue) + lease);
    entry->lease = ++queue->next_lease;
    entry->attempt++;
    return entry;
}

struct entry *inproc_queue_by_receipt(struct queue *queue, const char *receipt)
{
    char *name, kind[SUPPORT_KIND_MAX + 1];
    unsigned long long lease = strtoull(receipt, &name, 10);
    const char *colon = *name == ':' ? strchr(name + 1, ':') : NULL;
    if (colon == NULL || !support_kind_is_sound(name + 1, (size_t)(colon - name - 1)))
        return NULL;
    snprintf(kind, sizeof(kind), "%.*s", (int)(colon - name - 1), name + 1);
    inproc_queue_promote(queue);
    struct entry *entry = inproc_queue_find(queue, kind, colon + 1);
    return entry != NULL && entry->state == ENTRY_LEASED && entry->lease == lease ? entry : NULL;
}

void inproc_queue_delay(struct queue *queue, struct entry *entry, int64_t delay)
{
    entry_move(queue, entry, delay == 0 ? ENTRY_READY : ENTRY_DELAYED,
               inproc_queue_now(queue) + delay);
}

void inproc_queue_extend(struct queue *queue, struct entry *entry, int64_t lease)
{
    entry_move(queue, entry, ENTRY_LEASED, inproc_queue_now(queue) + lease);
}

void inproc_queue_drop(struct queue *queue, struct entry *entry)
{
    inproc_heap_remove(heap_of(queue, entry), entry);
    queue->leased -= entry->state == ENTRY_LEASED;
    MAP_REMOVE(queue->entries, entry);
    free(entry->payload);
    free(entry);
}

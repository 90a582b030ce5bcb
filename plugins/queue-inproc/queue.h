/* The queue itself. Every function is called with queue->lock held, unless it says otherwise. */
#ifndef HEARTH_QUEUE_INPROC_QUEUE_H
#define HEARTH_QUEUE_INPROC_QUEUE_H

#include <pthread.h>
#include "base/map.h"
#include "events.h"
#include "hearth/queue.h"
#include "heap.h"
#include "support/job.h"

/* A job is in one of the two heaps:
 *
 *        publish                 reserve                 finish(done, dead), remove
 *   ───────────────► READY ─────────────────► LEASED ───────────────────────────────► gone
 *         │            ▲  ▲                    │   │
 *         │ delay      │  └── lease runs out ──┘   │ finish(retry)
 *         └────────► DELAYED ◄────────────────────┘
 */
enum entry_state { ENTRY_READY, ENTRY_DELAYED, ENTRY_LEASED };

struct entry {
    map_entry in_map; /* by name */
    size_t place;     /* in its heap */
    uint64_t order;   /* READY: as they came */
    int64_t time;     /* DELAYED: may be taken; LEASED: the lease ends (monotonic ms) */
    uint64_t lease;   /* number of the current lease */
    int32_t priority, attempt;
    enum entry_state state;
    char *payload;
    char kind[SUPPORT_KIND_MAX + 1];
    const char *key; /* in name */
    char name[];     /* KIND:KEY */
};

struct queue {
    const struct hearth_host *host;
    pthread_mutex_t lock;
    /* monotonic clock: a job became ready, an event came, somebody was interrupted */
    pthread_cond_t changed;
    size_t max_jobs;
    struct heap ready, timed; /* by priority and order; by time */
    struct entry *entries;    /* a map */
    uint64_t next_order, next_lease;
    int64_t leased, dead;
    struct events events;
};

struct handle {
    struct queue *queue;
    bool waiting;     /* a call waits in it */
    bool interrupted; /* set only while one waits */
    struct subscriber subscriber;
};

int64_t inproc_queue_now(const struct queue *queue);
struct entry *inproc_queue_find(struct queue *queue, const char *kind, const char *key);
int inproc_queue_publish(struct queue *queue, struct hearth_call *call,
                         const struct hearth_job *job, int64_t delay, int32_t *ret_result);
/* Jobs whose delay or lease is over become ready. */
void inproc_queue_promote(struct queue *queue);
/* The first ready job, now leased; NULL: none. */
struct entry *inproc_queue_take(struct queue *queue, int64_t lease);
/* A receipt is "lease:kind:key". NULL: the lease was lost. */
struct entry *inproc_queue_by_receipt(struct queue *queue, const char *receipt);
/* LEASED to DELAYED or READY */
void inproc_queue_delay(struct queue *queue, struct entry *entry, int64_t delay);
void inproc_queue_extend(struct queue *queue, struct entry *entry, int64_t lease);
void inproc_queue_drop(struct queue *queue, struct entry *entry);

#endif

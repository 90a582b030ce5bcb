/* The rules of the queue. Every function here is called with the lock held. A job is named by
 * its kind and key. */
#ifndef QUEUE_MEM_QUEUE_H
#define QUEUE_MEM_QUEUE_H

#include <pthread.h>

#include "hearth/queue.h"

/* publish                 reserve                 finish(done, dead), remove
 *   ───────────────► READY ─────────────────► LEASED ───────────────────────────────► gone
 *         │            ▲  ▲                    │   │
 *         │ delay      │  └── lease runs out ──┘   │ finish(retry)
 *         └────────► DELAYED ◄─────────────────────┘
 *
 * All jobs are in one list, in this order of states: READY ones as they will be taken, the
 * others by time. */
enum job_state { READY, DELAYED, LEASED };
enum { KIND_MAX = 16, KEY_MAX = 64, PAYLOAD_MAX = 1024 };

struct job {
    struct job *next;
    enum job_state state;
    int32_t priority, attempt;
    uint64_t order; /* READY: as they came */
    /* DELAYED: may be taken; LEASED: the lease ends. On the host's monotonic clock */
    int64_t time;
    uint64_t lease; /* number of the last lease: with kind and key, the receipt: "lease:kind:key" */
    const char *payload;
    char kind[KIND_MAX + 1];
    char key[]; /* the payload lies behind it */
};

/* Events are kept in a ring of the latest ones; each handle reads it at its own pace. */
struct event {
    unsigned refs; /* the ring, and who is delivering it now */
    const char *text;
    char channel[]; /* the text lies behind it */
};

struct queue {
    const struct hearth_host *host;
    size_t max_jobs, backlog;
    pthread_mutex_t lock;   /* guards what follows; never held during a callback */
    pthread_cond_t changed; /* a job may be taken, an event came, or somebody was interrupted */
    struct job *first;
    size_t count;
    uint64_t last_order, last_lease;
    int64_t dead;
    struct event **ring; /* event n is at n % backlog */
    uint64_t next_event;
};

struct handle {
    struct queue *queue;
    bool running, interrupted; /* an interrupt counts for the call that runs */
    bool subscribed;
    uint64_t next_event; /* that it has not seen */
};

int64_t queue_now(const struct queue *queue);
/* Jobs whose delay or lease is over become READY, in the order of their times. */
void queue_promote(struct queue *queue);
/* NULL: no such job */
struct job *queue_find(const struct queue *queue, const char *kind, const char *key);
/* NULL: the lease was lost */
struct job *queue_by_receipt(const struct queue *queue, const char *receipt);
/* INVALID, FULL, NOMEM change nothing. */
int queue_publish(struct queue *queue, struct hearth_call *call, const struct hearth_job *job,
                  int64_t delay, int32_t *ret_result);
/* a new one, or a longer one */
void queue_lease(struct queue *queue, struct job *job, int64_t lease);
void queue_delay(struct queue *queue, struct job *job, int64_t delay); /* 0: READY at once */
void queue_drop(struct queue *queue, struct job *job);

int queue_no_memory(struct hearth_call *call);

/* false: out of memory */
bool event_add(struct queue *queue, const char *channel, const char *text);
void event_unref(struct event *event); /* accepts NULL */

#endif

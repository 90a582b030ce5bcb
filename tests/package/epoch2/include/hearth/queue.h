/* hearth/queue.h: operations of a queue plugin.
 *
 * The queue holds jobs: "sync this account". Of each kind (sync, import, icon, move …) there is
 * at most one for an account: (kind, key) is unique. A backend is a small database, not a
 * message broker: it finds a job by its kind and key, moves it forward, removes it, shows it. It
 * is at-least-once and need not persist: a lost queue costs a late sync, because the scheduler
 * fills it again. Durations, not absolute times, cross this border, and the wall clock of this
 * process decides nothing: it may be set while a job waits. They pass by host->monotonic_ms, or
 * by a clock of the backend's own. Operations may block, asleep; each handle is used by one
 * thread, and a callback of peek() or event_wait() may call the other operations of any handle. */
#ifndef HEARTH_QUEUE_H
#define HEARTH_QUEUE_H

#include "hearth/keep.h"
#include "hearth/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Smaller goes first. */
enum hearth_priority { HEARTH_PERSON_WAITS = 0, HEARTH_SCHEDULED = 1, HEARTH_BACKGROUND = 2 };

enum hearth_job_outcome {
    HEARTH_JOB_DONE = 0,
    HEARTH_JOB_RETRY = 1, /* again after `delay` */
    HEARTH_JOB_DEAD = 2   /* give up; it leaves the queue and counts as dead */
};

enum hearth_publish_result {
    HEARTH_QUEUED = 0,
    /* the job was waiting with a lower priority or a delay: it has been moved forward, and keeps
     * its payload */
    HEARTH_RAISED = 1,
    HEARTH_WAITING = 2, /* the job is waiting already */
    HEARTH_IN_WORK = 3  /* a worker has the job now; nothing was queued */
};

struct hearth_job {
    uint32_t struct_size;
    int32_t priority;    /* enum hearth_priority */
    const char *kind;    /* what is to be done: [a-z_]{1,16} */
    const char *key;     /* for whom: the account's id */
    const char *payload; /* at most 1,024 bytes of text, the core's own */
    const char *receipt; /* reserved jobs: proof of the lease; NULL else */
    int32_t attempt;     /* 1 for the first delivery */
    int32_t in_work;     /* peek: 1 when leased */
    int64_t wait;        /* peek: ms until it may be taken, or until its lease ends */
};

struct hearth_queue_counts {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t ready, delayed, in_work, dead;
};

typedef int (*hearth_job_cb)(void *ctx, const struct hearth_job *job);
/* channel: the account's id; text: JSON, at most 4,096 bytes */
typedef int (*hearth_event_cb)(void *ctx, const char *channel, const char *text);

struct hearth_queue {
    uint32_t struct_size;
    uint32_t reserved;
    /* `values` as declared by the descriptor; both pointers stay valid until close(). */
    int (*open)(const struct hearth_host *host, struct hearth_call *call,
                const struct hearth_config_value *values, void **ret_self);
    void (*close)(void *self); /* after every handle was closed; accepts NULL */
    int (*handle_open)(void *self, struct hearth_call *call, void **ret_handle);
    void (*handle_close)(void *handle);
    /* From any thread: the call that runs in the handle returns HEARTH_ERR_CANCELLED soon;
     * without one it does nothing. */
    void (*interrupt)(void *handle);
    int (*ping)(void *handle, struct hearth_call *call);
    /* Puts a job in, to be taken after `delay`. Returns INVALID for a kind that is none, an
     * over-long key (64 bytes) or payload, FULL at the bound. */
    int (*publish)(void *handle, struct hearth_call *call, const struct hearth_job *job,
                   int64_t delay, int32_t *ret_result);
    /* Waits up to `wait` for a job, takes it for `lease`. NOT_FOUND when none came. A job whose
     * lease ran out is given out again. */
    int (*reserve)(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                   struct hearth_job *ret_job);
    /* Both: NOT_FOUND when the lease was lost or the job is gone. */
    int (*extend)(void *handle, struct hearth_call *call, const char *receipt, int64_t lease);
    int (*finish)(void *handle, struct hearth_call *call, const char *receipt, int32_t outcome,
                  int64_t delay);
    int (*counts)(void *handle, struct hearth_call *call, struct hearth_queue_counts *ret_counts);
    /* Waiting jobs in the order they would be taken, then the ones in work. */
    int (*peek)(void *handle, struct hearth_call *call, hearth_job_cb cb, void *ctx);
    /* waiting or in work; NOT_FOUND */
    int (*remove)(void *handle, struct hearth_call *call, const char *kind, const char *key);
    /* all jobs that wait */
    int (*clear)(void *handle, struct hearth_call *call);
    int (*event_publish)(void *handle, struct hearth_call *call, const char *channel,
                         const char *text);
    /* Delivers events published (in any handle or process) since this handle's first event_wait,
     * waiting up to `wait` for the first. A subscriber that is too slow loses the oldest; the
     * callback then gets channel "" first. */
    int (*event_wait)(void *handle, struct hearth_call *call, int64_t wait, hearth_event_cb cb,
                      void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif

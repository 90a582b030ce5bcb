/* What the threads of jobs share. */
#ifndef HEARTH_CORE_JOBS_JOBS_INTERNAL_H
#define HEARTH_CORE_JOBS_JOBS_INTERNAL_H

#include "base/lock.h"
#include "jobs/jobs.h"
#include "jobs/measure.h"

struct presence;

/* ms that the queue has for a call that a person waits for, and for any other. */
enum { JOBS_PERSON_TIMEOUT = 1500, JOBS_QUEUE_TIMEOUT = 5000 };
/* The kinds of jobs: worker.c has the table of what is done with each. */
/* what is new, to where the account is; one that is on its way to another node gets a move */
#define JOBS_SYNC "sync"
#define JOBS_MOVE "move" /* to the node that the account's row names */
enum { JOBS_PROVIDERS_MAX = 8, JOBS_RECEIPT_MAX = 128 };

struct jobs_worker {
    struct jobs *jobs;
    pthread_t thread;
    bool started;
    void *queue_handle;                         /* of this thread */
    void *provider_handles[JOBS_PROVIDERS_MAX]; /* opened at first use */
    /* under jobs->lock: the lease that is kept alive; "" when idle */
    char receipt[JOBS_RECEIPT_MAX];
    /* under jobs->lock: provider handle inside pull(), to be interrupted */
    void *running;
    const struct hearth_sync *running_ops;
    /* under jobs->lock: somebody interrupts it now, without the lock; the worker takes no other
     * job meanwhile */
    bool interrupting;
};

struct jobs_scheduler {
    struct jobs *jobs;
    size_t node;
    pthread_t thread;
    bool started;
    int64_t last_tick, last_repair; /* wall clock; 0: none yet */
    struct jobs_measure measure;
};

/* Handles of one node, and of the queue. Each is used by the thread that took it, without a
 * lock; none is closed before jobs_destroy(), so that a list of all can be walked without one.
 * `free` newest first: few stay open when few are needed. */
struct jobs_storage {
    struct storage storage; /* first: what users hold */
    struct jobs_storage *next, *next_free;
};

struct jobs_queue {
    void *handle;
    struct call call;
    struct jobs_queue *next, *next_free;
};

struct jobs {
    uint32_t magic;
    struct jobs_options options;
    struct jobs_provider providers[JOBS_PROVIDERS_MAX];
    atomic_bool stop;
    int64_t stop_since; /* of the thread that stops */
    /* the workers' receipts, the lists of handles, schedule, limits and timeout of options.sync;
     * a leaf */
    pthread_mutex_t lock;
    /* monotonic; signalled at stop: ends waits of scheduler, lease renewer and pauses */
    pthread_cond_t wake;
    pthread_cond_t released; /* a worker's `interrupting` is false again */
    struct jobs_worker *workers;
    struct jobs_scheduler *schedulers; /* one for each node */
    struct {
        struct jobs_storage *all, *free; /* under the lock */
    } storages[NODES_MAX];
    struct {
        struct jobs_queue *all, *free; /* under the lock; for whoever has no handle of their own */
    } queues;
    pthread_t lease_renewer, listener, upgrader;
    bool lease_renewer_started, listener_started, upgrader_started;
    void *lease_renewer_handle, *listener_handle; /* of the queue */
    struct presence *presence;
    struct backoff *paused, *syncing;
};

/* What is in force now: whoever begins something ends it by the same. */
struct sync_context jobs_rules(struct jobs *jobs);

/* Sleeps until the time passed or stop; false: stop. */
bool jobs_sleep(struct jobs *jobs, int64_t ms);

/* --- handles.c --- */
/* A handle of a node; NULL on error. Give it back to the same node. */
struct storage *jobs_take_storage(struct jobs *jobs, size_t node, struct err *err);
void jobs_give_storage(struct jobs *jobs, size_t node, struct storage *storage);
/* A handle of the queue for one call that has `timeout` ms. UNAVAILABLE at once while the queue
 * is known not to answer. Give it back with the call's code and error (NULL). */
int jobs_take_queue(struct jobs *jobs, int64_t timeout, struct jobs_queue **ret_queue,
                    struct err *err);
void jobs_give_queue(struct jobs *jobs, struct jobs_queue *queue, int code, struct err *err);
void jobs_close_handles(struct jobs *jobs); /* all; nobody has one any more */

/* --- publish.c --- */
/* node: the one whose rows the account is in. ret_result: enum hearth_publish_result; may be
 * NULL. */
int jobs_publish(struct jobs *jobs, const char *kind, size_t node, const char *account,
                 int priority, int64_t timeout, int32_t *ret_result, struct err *err);

/* --- jobs.c --- */
/* Interrupts what keeps the thread from ending until it has. */
void jobs_join(struct jobs *jobs, pthread_t thread, bool *started);
int jobs_thread(pthread_t *ret_thread, bool *ret_started, void *(*main)(void *), void *arg,
                const char *name, struct err *err);

/* Takes an account to the node `to` (move.c). storage: a handle of the node that has it. Errors
 * are those of jobs_sync_account(). */
int jobs_move(struct jobs *jobs, struct storage *storage, size_t to,
              const struct hearth_sync *provider, void *provider_handle, struct call *provider_call,
              const char *id, struct sync_outcome *ret_outcome, struct err *err);

/* What came as an event: passes it on to this process. */
int jobs_receive_event(void *jobs, const char *channel, const char *text);

/* How much there is in the queue. */
int jobs_queue_counts(struct jobs *jobs, struct hearth_queue_counts *ret_counts, struct err *err);
/* One look at what is due at the time `now`; the number of accounts leased, or an error. storage:
 * of the scheduler's node. */
int64_t jobs_scheduler_tick(struct jobs_scheduler *scheduler, struct storage *storage, int64_t now,
                            struct err *err);
/* ms until the next look, after one that leased `count` (negative: it failed) and had followed a
 * pause of `pause`. */
int64_t jobs_scheduler_pause(const struct jobs_options *options, int64_t count, int64_t pause);
void *jobs_scheduler_main(void *scheduler);
void *jobs_worker_main(void *worker);
/* Ends the pull of a worker, if it has one and its receipt is this one (NULL: any). True: it
 * had. No lock is held over the call. */
bool jobs_interrupt_worker(struct jobs_worker *worker, const char *receipt);
void *jobs_lease_renewer_main(void *jobs);
void *jobs_upgrade_main(void *jobs);
void *jobs_listener_main(void *jobs);

#endif

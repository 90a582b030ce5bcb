/* What the threads of jobs share. */
#ifndef HEARTH_CORE_JOBS_JOBS_INTERNAL_H
#define HEARTH_CORE_JOBS_JOBS_INTERNAL_H

#include <pthread.h>
#include "jobs/jobs.h"

enum { JOBS_PROVIDERS_MAX = 8, JOBS_RECEIPT_MAX = 128 };

struct jobs_worker {
    struct jobs *jobs;
    pthread_t thread;
    bool started;
    void *queue_session;                         /* of this thread */
    void *provider_sessions[JOBS_PROVIDERS_MAX]; /* opened at first use */
    char receipt[JOBS_RECEIPT_MAX];              /* under jobs->lock: the lease that is kept alive; "" when idle */
    void *running;                               /* under jobs->lock: provider session inside pull(), to be interrupted */
    const struct hearth_sync *running_ops;
};

struct jobs_scheduler {
    struct jobs *jobs;
    size_t node;
    pthread_t thread;
    bool started;
    int64_t last_tick, last_repair; /* wall clock; 0: none yet */
};

/* Sessions of one node. Those that nobody uses, newest last: few stay open when few are needed. */
struct jobs_stores {
    struct store **items;
    size_t count;
    struct store **all;
    size_t all_count;
};

struct jobs {
    uint32_t magic;
    struct jobs_options options;
    struct jobs_provider providers[JOBS_PROVIDERS_MAX];
    atomic_bool stop;
    int64_t stop_since;   /* of the thread that stops */
    pthread_mutex_t lock; /* the workers' receipts, the free stores; a leaf */
    pthread_cond_t wake;  /* monotonic; signalled at stop: ends waits of scheduler, keeper and pauses */
    struct jobs_worker *workers;
    struct jobs_scheduler *schedulers; /* one for each node */
    struct jobs_stores stores[NODES_MAX];
    pthread_t keeper, listener;
    bool keeper_started, listener_started;
    void *keeper_session, *listener_session; /* of the queue */
    pthread_mutex_t publish_lock;            /* guards publish_session; taken alone */
    void *publish_session;
    struct call publish_call;
    struct backoff *paused, *seen, *syncing;
};

/* Sleeps until the time passed or stop; false: stop. */
bool jobs_sleep(struct jobs *jobs, int64_t ms);
/* A session of a node; NULL on error. Give it back to the same node. */
struct store *jobs_take_store(struct jobs *jobs, size_t node, struct err *err);
void jobs_give_store(struct jobs *jobs, size_t node, struct store *store);
int jobs_publish(struct jobs *jobs, size_t node, const char *account, int priority, int32_t *ret_result, struct err *err);

/* Takes an account to the node `to` (move.c). store: a session of the node that has it. Errors are those of sync_account(). */
int jobs_move(struct jobs *jobs, struct store *store, size_t to, const struct hearth_sync *provider, void *provider_session,
              struct call *provider_call, const char *id, struct sync_outcome *ret_outcome, struct err *err);

/* What came as an event: passes it on to this process. */
int jobs_heard(void *jobs, const char *channel, const char *text);

/* Puts right what a clock that was wrong has left behind: accounts that are due only in months, and, with `claims`, claims that hold for
 * months. The number of accounts, or an error. */
int64_t jobs_scheduler_repair(struct jobs_scheduler *scheduler, struct store *store, int64_t now, bool claims, struct err *err);
/* One look at what is due at the time `now`; the number of accounts claimed, or an error. store: of the scheduler's node. */
int64_t jobs_scheduler_tick(struct jobs_scheduler *scheduler, struct store *store, int64_t now, struct err *err);
/* ms until the next look, after one that claimed `count` (negative: it failed) and had followed a pause of `pause`. */
int64_t jobs_scheduler_pause(const struct jobs_options *options, int64_t count, int64_t pause);
void *jobs_scheduler_main(void *scheduler);
void *jobs_worker_main(void *worker);
void *jobs_keeper_main(void *jobs);
void *jobs_listener_main(void *jobs);

#endif

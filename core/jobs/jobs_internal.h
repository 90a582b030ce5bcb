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

struct jobs {
    uint32_t magic;
    struct jobs_options options;
    struct jobs_provider providers[JOBS_PROVIDERS_MAX];
    atomic_bool stop;
    pthread_mutex_t lock; /* the workers' receipts, the free stores; a leaf */
    pthread_cond_t wake;  /* monotonic; signalled at stop: ends waits of scheduler, keeper and pauses */
    struct jobs_worker *workers;
    struct store **stores; /* sessions nobody uses, newest last: few stay open when few are needed */
    size_t store_count;
    pthread_t scheduler, keeper, listener;
    bool scheduler_started, keeper_started, listener_started;
    void *keeper_session, *listener_session; /* of the queue */
    pthread_mutex_t publish_lock;            /* guards publish_session; taken alone */
    void *publish_session;
    struct call publish_call;
    struct backoff *paused, *seen, *syncing;
};

/* Sleeps until the time passed or stop; false: stop. */
bool jobs_sleep(struct jobs *jobs, int64_t ms);
struct store *jobs_take_store(struct jobs *jobs, struct err *err); /* NULL on error */
void jobs_give_store(struct jobs *jobs, struct store *store);
int jobs_publish(struct jobs *jobs, const char *account, int priority, struct err *err);

void *jobs_scheduler_main(void *jobs);
void *jobs_worker_main(void *worker);
void *jobs_keeper_main(void *jobs);
void *jobs_listener_main(void *jobs);

#endif

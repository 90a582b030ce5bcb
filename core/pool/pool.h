/* A bounded pool of threads that may block; each has a worker object of its own (a storage session), opened when its first job comes. */
#ifndef HEARTH_CORE_POOL_POOL_H
#define HEARTH_CORE_POOL_POOL_H

#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct pool;

struct pool_options {
    const char *name; /* of the threads; at most 15 characters */
    int threads;
    size_t queue_limit; /* jobs that may wait; more are refused */
    /* On the pool's thread. After a failure the thread's jobs get a NULL worker, and opening is tried again with a later one. */
    int (*open)(void *ctx, void **ret_worker, struct err *err);
    void (*close)(void *worker);
    void (*interrupt)(void *worker); /* from another thread: the job that runs should end soon. May be NULL */
    void *ctx;
};

typedef void (*pool_work)(void *job, void *worker);

int pool_create(const struct pool_options *options, struct pool **ret_pool, struct err *err);
/* Runs work(job, worker) on one of the threads, in the order of the calls. FULL: at the limit; CANCELLED: the pool stops. Any thread; the
 * work never runs inside the call. `pool` is void * so that the function serves as http_pool.run. */
int pool_run(void *pool, pool_work work, void *job);
/* Interrupts what runs, lets waiting jobs run (they see the interrupt of their session, or finish), joins the threads. */
void pool_stop(struct pool *pool);
void pool_destroy(struct pool *pool); /* after pool_stop(); accepts NULL */

#endif

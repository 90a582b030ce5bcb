/* A bounded pool of threads that may block; each has a worker object of its own (a storage
 * handle), opened when its first job comes. */
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
    /* On the pool's thread. After a failure the thread's jobs get a NULL worker, and opening is
     * tried again with a later one. */
    int (*open)(void *ctx, void **ret_worker, struct err *err);
    void (*close)(void *worker);
    /* From another thread, under no lock: the job that runs should end soon. May be NULL. */
    void (*interrupt)(void *worker);
    void *ctx;
};

typedef void (*pool_work)(void *job, void *worker);
typedef void (*pool_expired)(void *job);

int pool_create(const struct pool_options *options, struct pool **ret_pool, struct err *err);
/* Runs work(job, worker) on one of the threads, in the order of the calls. FULL: at the limit;
 * CANCELLED: the pool stops. Any thread; the work never runs inside the call. For somebody who
 * waits: a job whose turn has not come by `deadline` (monotonic ms; 0: none, and `expired` may
 * be NULL) is not run. expired(job) is called instead, once, on a thread of the pool's own that
 * no job can hold up: it must not block. Deadlines should come in the order of the calls, as
 * they do when all jobs have the same patience: one behind a later one is looked at when that
 * one has gone. `pool` is void * so that the function serves as http_pool.run. */
int pool_run_until(void *pool, pool_work work, pool_expired expired, void *job, int64_t deadline);
/* Calls look(worker, ctx) for the worker of each thread that runs a job now, on the caller's
 * thread and under no lock; the worker lives as long as the call, its job may end meanwhile. Any
 * thread. */
void pool_each_running(struct pool *pool, void (*look)(void *worker, void *ctx), void *ctx);
/* Interrupts what runs, once: what is between two calls does not notice. Any thread. */
void pool_interrupt(struct pool *pool);
/* Interrupts what runs until it ends, lets waiting jobs run (they see the interrupt of their
 * handle, or finish), joins the threads. */
void pool_stop(struct pool *pool);
void pool_destroy(struct pool *pool); /* after pool_stop(); accepts NULL */

#endif

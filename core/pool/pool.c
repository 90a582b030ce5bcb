#include "pool/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/metrics.h"

enum { POOL_MAGIC = 0x90010001, STACK = 512 * 1024, REOPEN_PAUSE = 1000 };

struct item {
    pool_work work;
    void *job;
};

struct thread {
    struct pool *pool;
    pthread_t id;
    bool started;
    void *worker; /* its own thread opens and closes it; others read it under the lock while `running` */
    bool running; /* under the lock */
    int64_t retry_at;
};

struct pool {
    uint32_t magic;
    struct pool_options options;
    char name[16];
    pthread_mutex_t lock; /* guards the ring and `running`; interrupt() is called under it */
    pthread_cond_t work;
    struct item *ring;
    size_t first, count;
    bool stop;
    struct thread *threads;
    struct metric *waiting, *refused;
};

static void open_worker(struct thread *thread)
{
    const struct pool_options *options = &thread->pool->options;
    if (thread->worker != NULL || clock_monotonic() < thread->retry_at)
        return;
    struct err err = {0};
    void *worker;
    if (options->open(options->ctx, &worker, &err) == 0) {
        thread->worker = worker;
        return;
    }
    thread->retry_at = clock_monotonic() + REOPEN_PAUSE;
    log_error("pool", "%s: no session: %s", thread->pool->name, err.text);
}

static void run_item(struct thread *thread, struct item item)
{
    struct pool *pool = thread->pool;
    open_worker(thread);
    lock_take(&pool->lock);
    thread->running = true;
    lock_release(&pool->lock);
    item.work(item.job, thread->worker);
    lock_take(&pool->lock);
    thread->running = false;
    lock_release(&pool->lock);
}

static void *run(void *arg)
{
    struct thread *thread = arg;
    struct pool *pool = thread->pool;
    lock_take(&pool->lock);
    for (;;) {
        while (pool->count == 0 && !pool->stop)
            lock_wait(&pool->work, &pool->lock);
        if (pool->count == 0)
            break;
        struct item item = pool->ring[pool->first];
        pool->first = (pool->first + 1) % pool->options.queue_limit;
        metric_set(pool->waiting, (int64_t)--pool->count);
        lock_release(&pool->lock);
        run_item(thread, item);
        lock_take(&pool->lock);
    }
    lock_release(&pool->lock);
    if (thread->worker != NULL)
        pool->options.close(thread->worker);
    return NULL;
}

static int start(struct pool *pool, struct err *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int r = 0;
    for (int i = 0; r == 0 && i < pool->options.threads; i++) {
        pool->threads[i].pool = pool;
        r = pthread_create(&pool->threads[i].id, &attributes, run, &pool->threads[i]);
        pool->threads[i].started = r == 0;
        if (r == 0)
            pthread_setname_np(pool->threads[i].id, pool->name);
    }
    pthread_attr_destroy(&attributes);
    return r == 0 ? 0 : err_errno(err, r, "cannot start a thread of the %s pool", pool->name);
}

int pool_create(const struct pool_options *options, struct pool **ret_pool, struct err *err)
{
    ASSERT(options->threads > 0 && options->queue_limit > 0);
    struct pool *pool = calloc(1, sizeof(*pool));
    if (pool == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    pool->magic = POOL_MAGIC;
    pool->options = *options;
    snprintf(pool->name, sizeof(pool->name), "%s", options->name);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->work, NULL);
    pool->ring = calloc(options->queue_limit, sizeof(*pool->ring));
    pool->threads = calloc((size_t)options->threads, sizeof(*pool->threads));
    pool->waiting = metric_get(METRIC_GAUGE, "pool_waiting", "jobs that wait for a storage session");
    pool->refused = metric_get(METRIC_COUNTER, "pool_refused", "jobs refused because too many wait");
    int r = pool->ring == NULL || pool->threads == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : start(pool, err);
    if (r < 0) {
        pool_stop(pool);
        pool_destroy(pool);
        return r;
    }
    *ret_pool = pool;
    return 0;
}

int pool_run(void *p, pool_work work, void *job)
{
    struct pool *pool;
    MAGIC_CAST(pool, p, POOL_MAGIC);
    int r = 0;
    lock_take(&pool->lock);
    if (pool->stop) {
        r = HEARTH_ERR_CANCELLED;
    } else if (pool->count == pool->options.queue_limit) {
        r = HEARTH_ERR_FULL;
        metric_add(pool->refused, 1);
    } else {
        pool->ring[(pool->first + pool->count) % pool->options.queue_limit] = (struct item){work, job};
        metric_set(pool->waiting, (int64_t)++pool->count);
        pthread_cond_signal(&pool->work);
    }
    lock_release(&pool->lock);
    return r;
}

static void interrupt_running(struct pool *pool)
{
    lock_take(&pool->lock);
    for (int i = 0; pool->threads != NULL && i < pool->options.threads; i++)
        if (pool->threads[i].running && pool->threads[i].worker != NULL && pool->options.interrupt != NULL)
            pool->options.interrupt(pool->threads[i].worker);
    lock_release(&pool->lock);
}

/* An interrupt between two operations of a job does nothing, so it is repeated until the thread has ended. */
static void join(struct pool *pool, struct thread *thread)
{
    while (thread->started) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        if (pthread_timedjoin_np(thread->id, NULL, &until) == 0)
            thread->started = false;
        else
            interrupt_running(pool);
    }
}

void pool_stop(struct pool *pool)
{
    ASSERT(pool->magic == POOL_MAGIC);
    lock_take(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    lock_release(&pool->lock);
    interrupt_running(pool);
    for (int i = 0; pool->threads != NULL && i < pool->options.threads; i++)
        join(pool, &pool->threads[i]);
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    free(pool->ring);
    free(pool->threads);
    pool->magic = 0;
    free(pool);
}

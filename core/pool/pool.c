#include "pool/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/metrics.h"
#include "base/thread.h"

enum { POOL_MAGIC = 0x90010001, STACK = 512 * 1024, REOPEN_PAUSE = 1000 };

struct item {
    pool_work work;
    pool_expired expired; /* NULL: it waits as long as it takes */
    void *job;
    int64_t deadline; /* monotonic ms; with `expired` */
};

struct thread {
    struct pool *pool;
    pthread_t id;
    bool started;
    /* its own thread opens and closes it; others take it under the lock while `running` */
    void *worker;
    bool running; /* under the lock */
    int held;     /* under the lock: so many others use the worker; it is not closed meanwhile */
    int64_t retry_at;
};

struct pool {
    uint32_t magic;
    struct pool_options options;
    char name[16];
    pthread_mutex_t lock;    /* a leaf; guards the ring, `running` and `held` */
    pthread_cond_t work;     /* there is a job, or the pool stops */
    pthread_cond_t released; /* nobody uses a worker any more */
    pthread_cond_t waits;    /* monotonic: the first in the ring expires before `looks_at` */
    pthread_t reaper;        /* lets jobs expire */
    int64_t looks_at;        /* monotonic ms when it looks again by itself; 0: it does not sleep */
    bool reaping;
    struct item *ring;
    size_t first, count;
    bool stop;
    struct thread *threads;
    struct metric *waiting, *refused, *expired;
};

static void pool_open_worker(struct thread *thread)
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
    log_event(log_level_of(&err, HEARTH_LOG_ERROR), "pool", "thread without storage",
              LOG_TEXT("pool", thread->pool->name), LOG_TEXT("error", err.text));
}

static void run_item(struct thread *thread, struct item item)
{
    struct pool *pool = thread->pool;
    pool_open_worker(thread);
    lock_take(&pool->lock);
    thread->running = true;
    lock_release(&pool->lock);
    item.work(item.job, thread->worker);
    lock_take(&pool->lock);
    thread->running = false;
    lock_release(&pool->lock);
}

/* Monotonic ms. */
static int64_t item_expires(const struct item *item)
{
    return item->expired != NULL && item->deadline != 0 ? item->deadline : INT64_MAX;
}

/* Under the lock: when the first one waits no longer. */
static int64_t pool_first_expires(const struct pool *pool)
{
    return pool->count == 0 ? INT64_MAX : item_expires(&pool->ring[pool->first]);
}

/* Under the lock, after the first in the ring became another one. As jobs have much the same
 * patience, the reaper is seldom woken. */
static void pool_wake_reaper(struct pool *pool)
{
    if (pool_first_expires(pool) < pool->looks_at)
        pthread_cond_signal(&pool->waits);
}

/* Under the lock; the ring is not empty. */
static struct item pool_take_first(struct pool *pool)
{
    struct item item = pool->ring[pool->first];
    pool->first = (pool->first + 1) % pool->options.queue_limit;
    pool->count--;
    metrics_add(pool->waiting, -1);
    pool_wake_reaper(pool);
    return item;
}

static void item_expire(struct pool *pool, const struct item *item)
{
    metrics_add(pool->expired, 1);
    item->expired(item->job);
}

static void *pool_thread_main(void *arg)
{
    struct thread *thread = arg;
    struct pool *pool = thread->pool;
    lock_take(&pool->lock);
    for (;;) {
        while (pool->count == 0 && !pool->stop)
            lock_wait(&pool->work, &pool->lock);
        if (pool->count == 0)
            break;
        struct item item = pool_take_first(pool);
        lock_release(&pool->lock);
        if (clock_monotonic() >= item_expires(&item))
            item_expire(pool, &item);
        else
            run_item(thread, item);
        lock_take(&pool->lock);
    }
    while (thread->held > 0)
        lock_wait(&pool->released, &pool->lock);
    lock_release(&pool->lock);
    if (thread->worker != NULL)
        pool->options.close(thread->worker);
    return NULL;
}

/* When all threads are held up, those who wait still hear of it in time. */
static void *pool_reaper_main(void *arg)
{
    struct pool *pool = arg;
    lock_take(&pool->lock);
    while (!pool->stop) {
        int64_t expires = pool_first_expires(pool);
        if (clock_monotonic() >= expires) {
            struct item item = pool_take_first(pool);
            lock_release(&pool->lock);
            item_expire(pool, &item);
            lock_take(&pool->lock);
            continue;
        }
        pool->looks_at = expires;
        lock_wait_until(&pool->waits, &pool->lock, expires);
        pool->looks_at = 0;
    }
    lock_release(&pool->lock);
    return NULL;
}

static int pool_start_threads(struct pool *pool, struct err *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int r = 0;
    for (int i = 0; r == 0 && i < pool->options.threads; i++) {
        pool->threads[i].pool = pool;
        r = pthread_create(&pool->threads[i].id, &attributes, pool_thread_main, &pool->threads[i]);
        pool->threads[i].started = r == 0;
        if (r == 0)
            pthread_setname_np(pool->threads[i].id, pool->name);
    }
    if (r == 0) {
        r = pthread_create(&pool->reaper, &attributes, pool_reaper_main, pool);
        pool->reaping = r == 0;
        if (r == 0)
            pthread_setname_np(pool->reaper, "reaper");
    }
    pthread_attr_destroy(&attributes);
    char what[64];
    snprintf(what, sizeof(what), "a thread of the %s pool", pool->name);
    return r == 0 ? 0 : thread_failed(err, r, what);
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
    pthread_cond_init(&pool->released, NULL);
    lock_init_condition(&pool->waits);
    pool->ring = calloc(options->queue_limit, sizeof(*pool->ring));
    pool->threads = calloc((size_t)options->threads, sizeof(*pool->threads));
    pool->waiting = METRIC(POOL_WAITING, pool->name);
    pool->refused = METRIC(POOL_REFUSED, pool->name);
    pool->expired = METRIC(POOL_EXPIRED, pool->name);
    int r = pool->ring == NULL || pool->threads == NULL
                ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                : pool_start_threads(pool, err);
    if (r < 0) {
        pool_stop(pool);
        pool_destroy(pool);
        return r;
    }
    *ret_pool = pool;
    return 0;
}

int pool_run_until(void *p, pool_work work, pool_expired expired, void *job, int64_t deadline)
{
    struct pool *pool;
    MAGIC_CAST(pool, p, POOL_MAGIC);
    int r = 0;
    lock_take(&pool->lock);
    if (pool->stop) {
        r = HEARTH_ERR_CANCELLED;
    } else if (pool->count == pool->options.queue_limit) {
        r = HEARTH_ERR_FULL;
        metrics_add(pool->refused, 1);
    } else {
        pool->ring[(pool->first + pool->count) % pool->options.queue_limit] =
            (struct item){work, expired, job, deadline};
        pool->count++;
        metrics_add(pool->waiting, 1);
        pthread_cond_signal(&pool->work);
        pool_wake_reaper(pool);
    }
    lock_release(&pool->lock);
    return r;
}

void pool_each_running(struct pool *pool, void (*look)(void *worker, void *ctx), void *ctx)
{
    for (int i = 0; pool->threads != NULL && i < pool->options.threads; i++) {
        struct thread *thread = &pool->threads[i];
        lock_take(&pool->lock);
        void *worker = thread->running ? thread->worker : NULL;
        thread->held += worker != NULL;
        lock_release(&pool->lock);
        if (worker == NULL)
            continue;
        look(worker, ctx);
        lock_take(&pool->lock);
        if (--thread->held == 0)
            pthread_cond_broadcast(&pool->released);
        lock_release(&pool->lock);
    }
}

static void worker_interrupt(void *worker, void *ctx)
{
    const struct pool *pool = ctx;
    pool->options.interrupt(worker);
}

void pool_interrupt(struct pool *pool)
{
    if (pool->options.interrupt != NULL)
        pool_each_running(pool, worker_interrupt, pool);
}

static void interrupt_pool(void *pool)
{
    pool_interrupt(pool);
}

void pool_stop(struct pool *pool)
{
    ASSERT(pool->magic == POOL_MAGIC);
    lock_take(&pool->lock);
    pool->stop = true;
    pthread_cond_broadcast(&pool->work);
    pthread_cond_broadcast(&pool->waits);
    lock_release(&pool->lock);
    pool_interrupt(pool);
    for (int i = 0; pool->threads != NULL && i < pool->options.threads; i++) {
        if (pool->threads[i].started)
            thread_join(pool->threads[i].id, interrupt_pool, pool);
        pool->threads[i].started = false;
    }
    if (pool->reaping)
        pthread_join(pool->reaper, NULL);
    pool->reaping = false;
}

void pool_destroy(struct pool *pool)
{
    if (pool == NULL)
        return;
    pthread_cond_destroy(&pool->work);
    pthread_cond_destroy(&pool->released);
    pthread_cond_destroy(&pool->waits);
    pthread_mutex_destroy(&pool->lock);
    free(pool->ring);
    free(pool->threads);
    pool->magic = 0;
    free(pool);
}

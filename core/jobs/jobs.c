#include "jobs/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/magic.h"
#include "base/backoff.h"
#include "jobs/jobs_internal.h"

enum { JOBS_MAGIC = 0x10b50001, SEEN_EVERY = 60000, PUBLISH_TIMEOUT = 5000, STOP_GRACE = 3000, STACK = 512 * 1024 };

bool jobs_sleep(struct jobs *jobs, int64_t ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&jobs->lock);
    int r = 0;
    while (!atomic_load(&jobs->stop) && r != ETIMEDOUT)
        r = pthread_cond_timedwait(&jobs->wake, &jobs->lock, &until);
    pthread_mutex_unlock(&jobs->lock);
    return !atomic_load(&jobs->stop);
}

struct store *jobs_take_store(struct jobs *jobs, size_t node, struct err *err)
{
    struct jobs_stores *stores = &jobs->stores[node];
    pthread_mutex_lock(&jobs->lock);
    struct store *store = stores->count > 0 ? stores->items[--stores->count] : NULL;
    pthread_mutex_unlock(&jobs->lock);
    if (store != NULL)
        return store;
    store = malloc(sizeof(*store));
    if (store == NULL) {
        err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        return NULL;
    }
    if (node_open_store(&jobs->options.nodes->items[node], NULL, store, err) < 0) {
        free(store);
        return NULL;
    }
    pthread_mutex_lock(&jobs->lock);
    stores->all[stores->all_count++] = store; /* room for every thread of ours */
    pthread_mutex_unlock(&jobs->lock);
    return store;
}

void jobs_give_store(struct jobs *jobs, size_t node, struct store *store)
{
    store_reset(store);
    pthread_mutex_lock(&jobs->lock);
    jobs->stores[node].items[jobs->stores[node].count++] = store;
    pthread_mutex_unlock(&jobs->lock);
}

/* The session that whoever has none of their own shares. A queue that hangs holds nobody up for long. */
static struct call *publish_begin(struct jobs *jobs)
{
    pthread_mutex_lock(&jobs->publish_lock);
    jobs->publish_call.hearth.deadline = clock_monotonic() + PUBLISH_TIMEOUT;
    return &jobs->publish_call;
}

static int publish_check(struct jobs *jobs, struct call *call, int code, struct err *err)
{
    breaker_note(jobs->options.queue_breaker, code, call->error);
    return call_check(call, code, err);
}

static void publish_end(struct jobs *jobs)
{
    call_reset(&jobs->publish_call);
    pthread_mutex_unlock(&jobs->publish_lock);
}

int jobs_publish(struct jobs *jobs, size_t node, const char *account, int priority, int32_t *ret_result, struct err *err)
{
    struct hearth_job job = {
        .struct_size = sizeof(job), .priority = priority, .key = account, .payload = jobs->options.nodes->items[node].name};
    int32_t result = HEARTH_QUEUED;
    int r = breaker_allows(jobs->options.queue_breaker, err);
    if (r < 0)
        return r;
    struct call *call = publish_begin(jobs);
    r = publish_check(jobs, call, jobs->options.queue->publish(jobs->publish_session, &call->hearth, &job, 0, &result), err);
    publish_end(jobs);
    if (r == 0 && ret_result != NULL)
        *ret_result = result;
    return r;
}

int jobs_request(struct jobs *jobs, const char *account, struct err *err)
{
    return jobs_publish(jobs, jobs->options.nodes->own, account, HEARTH_PERSON_WAITS, NULL, err);
}

void jobs_note_seen(struct jobs *jobs, struct store *store, const char *id)
{
    if (backoff_left(jobs->seen, id) > 0)
        return;
    backoff_set(jobs->seen, id, clock_monotonic() + SEEN_EVERY);
    struct err err = {0};
    struct hearth_account account = {.struct_size = sizeof(account)};
    uint64_t fields = HEARTH_ACCOUNT_LAST_SEEN;
    int r = STORE(store, &err, account_get, id, &account);
    if (r == 0) {
        account.last_seen = clock_now();
        if (account.next_sync == 0 && account.state != HEARTH_ACCOUNT_PAUSED && account.state != HEARTH_ACCOUNT_SIGNIN_NEEDED) {
            account.next_sync = account.last_seen; /* it slept: the schedule has it again, whatever becomes of the request below */
            fields |= HEARTH_ACCOUNT_NEXT_SYNC;
        }
        r = STORE(store, &err, account_update, &account, fields);
    }
    bool may = account.state == HEARTH_ACCOUNT_OK || account.state == HEARTH_ACCOUNT_WAITING;
    if (r == 0 && may && account.failures == 0 && schedule_is_stale(&jobs->options.sync.schedule, &account, clock_now()))
        r = jobs_request(jobs, id, &err);
    if (r < 0)
        log_warning("jobs", "account %s: cannot note the visit: %s", id, err.text);
}

static void on_sync_event(void *ctx, const char *account, const char *json)
{
    struct jobs *jobs = ctx;
    struct err err = {0};
    if (breaker_allows(jobs->options.queue_breaker, &err) == 0) {
        struct call *call = publish_begin(jobs);
        publish_check(jobs, call, jobs->options.queue->event_publish(jobs->publish_session, &call->hearth, account, json), &err);
        publish_end(jobs);
    }
    if (err.code == 0)
        return;
    log_warning("jobs", "account %s: an event was not sent: %s", account, err.text);
    if (jobs->options.on_event != NULL) /* this process, at least, hears it */
        jobs_heard(jobs, account, json);
}

static int open_session(struct jobs *jobs, void **ret_session, struct err *err)
{
    struct call *call = &jobs->publish_call;
    int r = call_check(call, jobs->options.queue->session_open(jobs->options.queue_self, &call->hearth, ret_session), err);
    call_reset(call);
    return r;
}

static int start_thread(pthread_t *ret_thread, bool *ret_started, void *(*run)(void *), void *arg, const char *name, struct err *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int r = pthread_create(ret_thread, &attributes, run, arg);
    pthread_attr_destroy(&attributes);
    if (r != 0)
        return err_errno(err, r, "cannot start the %s thread", name);
    pthread_setname_np(*ret_thread, name);
    *ret_started = true;
    return 0;
}

static int start_workers(struct jobs *jobs, struct err *err)
{
    jobs->workers = calloc((size_t)jobs->options.parallel, sizeof(*jobs->workers));
    if (jobs->workers == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int r = 0;
    for (int i = 0; r == 0 && i < jobs->options.parallel; i++) {
        struct jobs_worker *worker = &jobs->workers[i];
        worker->jobs = jobs;
        r = open_session(jobs, &worker->queue_session, err);
        if (r == 0)
            r = start_thread(&worker->thread, &worker->started, jobs_worker_main, worker, "worker", err);
    }
    if (r == 0)
        r = open_session(jobs, &jobs->keeper_session, err);
    if (r == 0)
        r = start_thread(&jobs->keeper, &jobs->keeper_started, jobs_keeper_main, jobs, "keeper", err);
    return r;
}

static int start_schedulers(struct jobs *jobs, struct err *err)
{
    size_t count = jobs->options.nodes->count;
    jobs->schedulers = calloc(count, sizeof(*jobs->schedulers));
    int r = jobs->schedulers == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
    for (size_t i = 0; r == 0 && i < count; i++) {
        struct jobs_scheduler *scheduler = &jobs->schedulers[i];
        *scheduler = (struct jobs_scheduler){.jobs = jobs, .node = i};
        r = start_thread(&scheduler->thread, &scheduler->started, jobs_scheduler_main, scheduler, "scheduler", err);
    }
    return r;
}

static int start_threads(struct jobs *jobs, struct err *err)
{
    const struct jobs_options *options = &jobs->options;
    int r = open_session(jobs, &jobs->publish_session, err);
    if (r == 0 && options->on_event != NULL) {
        r = open_session(jobs, &jobs->listener_session, err);
        if (r == 0)
            r = start_thread(&jobs->listener, &jobs->listener_started, jobs_listener_main, jobs, "events", err);
    }
    return r == 0 && !options->held ? jobs_begin(jobs, err) : r;
}

int jobs_begin(struct jobs *jobs, struct err *err)
{
    int r = jobs->options.worker ? start_workers(jobs, err) : 0;
    return r == 0 && jobs->options.scheduler ? start_schedulers(jobs, err) : r;
}

int jobs_start(const struct jobs_options *options, struct jobs **ret_jobs, struct err *err)
{
    if (options->provider_count > JOBS_PROVIDERS_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "at most %d [sync] sections are possible", JOBS_PROVIDERS_MAX);
    struct jobs *jobs = calloc(1, sizeof(*jobs));
    if (jobs == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    jobs->magic = JOBS_MAGIC;
    jobs->options = *options;
    for (size_t i = 0; i < options->provider_count; i++)
        jobs->providers[i] = options->providers[i];
    pthread_mutex_init(&jobs->lock, NULL);
    pthread_mutex_init(&jobs->publish_lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&jobs->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    call_init(&jobs->publish_call, NULL, 0, 0);
    jobs->paused = backoff_create();
    jobs->seen = backoff_create();
    jobs->syncing = backoff_create();
    jobs->options.sync.backoff = jobs->paused;
    jobs->options.sync.event = on_sync_event;
    jobs->options.sync.event_ctx = jobs;
    int r = 0;
    for (size_t i = 0; i < options->nodes->count && r == 0; i++) {
        struct jobs_stores *stores = &jobs->stores[i];
        stores->items = calloc((size_t)options->parallel * 2 + 2, sizeof(*stores->items));
        stores->all = calloc((size_t)options->parallel * 2 + 2, sizeof(*stores->all));
        r = stores->items == NULL || stores->all == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : 0;
    }
    if (jobs->paused == NULL || jobs->seen == NULL || jobs->syncing == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        r = start_threads(jobs, err);
    if (r < 0) {
        jobs_stop(jobs);
        jobs_destroy(jobs);
        return r;
    }
    *ret_jobs = jobs;
    return 0;
}

static void interrupt_all(struct jobs *jobs)
{
    const struct hearth_queue *queue = jobs->options.queue;
    if (jobs->listener_session != NULL)
        queue->interrupt(jobs->listener_session);
    if (jobs->keeper_session != NULL)
        queue->interrupt(jobs->keeper_session);
    for (int i = 0; jobs->workers != NULL && i < jobs->options.parallel; i++) {
        struct jobs_worker *worker = &jobs->workers[i];
        pthread_mutex_lock(&jobs->lock);
        if (worker->running != NULL)
            worker->running_ops->interrupt(worker->running);
        pthread_mutex_unlock(&jobs->lock);
        if (worker->queue_session != NULL)
            queue->interrupt(worker->queue_session);
    }
}

/* Threads that end still write what became of their jobs: the storage is only interrupted when it takes too long. */
static void interrupt_stores(struct jobs *jobs)
{
    if (clock_monotonic() - jobs->stop_since < STOP_GRACE)
        return;
    for (size_t node = 0; node < jobs->options.nodes->count; node++)
        jobs_interrupt_node(jobs, node);
    jobs_interrupt_queue(jobs);
}

/* An interrupt that comes between two calls does nothing, so it is repeated until the thread has ended. */
static void join(struct jobs *jobs, pthread_t thread, bool *started)
{
    while (*started) {
        struct timespec until;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += 50 * 1000000;
        if (until.tv_nsec >= 1000000000) {
            until.tv_sec++;
            until.tv_nsec -= 1000000000;
        }
        if (pthread_timedjoin_np(thread, NULL, &until) == 0) {
            *started = false;
        } else {
            interrupt_all(jobs);
            interrupt_stores(jobs);
        }
    }
}

void jobs_stop(struct jobs *jobs)
{
    ASSERT(jobs->magic == JOBS_MAGIC);
    pthread_mutex_lock(&jobs->lock);
    atomic_store(&jobs->stop, true);
    jobs->stop_since = clock_monotonic();
    pthread_cond_broadcast(&jobs->wake);
    pthread_mutex_unlock(&jobs->lock);
    interrupt_all(jobs);
    for (size_t i = 0; jobs->schedulers != NULL && i < jobs->options.nodes->count; i++)
        join(jobs, jobs->schedulers[i].thread, &jobs->schedulers[i].started);
    for (int i = 0; jobs->workers != NULL && i < jobs->options.parallel; i++)
        join(jobs, jobs->workers[i].thread, &jobs->workers[i].started);
    join(jobs, jobs->keeper, &jobs->keeper_started);
    join(jobs, jobs->listener, &jobs->listener_started);
}

static void close_session(struct jobs *jobs, void *session)
{
    if (session != NULL)
        jobs->options.queue->session_close(session);
}

void jobs_destroy(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    for (int i = 0; jobs->workers != NULL && i < jobs->options.parallel; i++) {
        struct jobs_worker *worker = &jobs->workers[i];
        close_session(jobs, worker->queue_session);
        for (size_t k = 0; k < jobs->options.provider_count; k++)
            if (worker->provider_sessions[k] != NULL)
                jobs->providers[k].ops->session_close(worker->provider_sessions[k]);
    }
    free(jobs->workers);
    close_session(jobs, jobs->keeper_session);
    close_session(jobs, jobs->listener_session);
    close_session(jobs, jobs->publish_session);
    for (size_t node = 0; node < jobs->options.nodes->count; node++) {
        for (size_t i = 0; i < jobs->stores[node].count; i++) {
            store_close(jobs->stores[node].items[i]);
            free(jobs->stores[node].items[i]);
        }
        free(jobs->stores[node].items);
        free(jobs->stores[node].all);
    }
    free(jobs->schedulers);
    backoff_destroy(jobs->paused);
    backoff_destroy(jobs->seen);
    backoff_destroy(jobs->syncing);
    call_fini(&jobs->publish_call);
    pthread_cond_destroy(&jobs->wake);
    pthread_mutex_destroy(&jobs->lock);
    pthread_mutex_destroy(&jobs->publish_lock);
    jobs->magic = 0;
    free(jobs);
}

int jobs_ping(struct jobs *jobs, struct err *err)
{
    int r = breaker_allows(jobs->options.queue_breaker, err);
    if (r < 0)
        return r;
    struct call *call = publish_begin(jobs);
    r = publish_check(jobs, call, jobs->options.queue->ping(jobs->publish_session, &call->hearth), err);
    publish_end(jobs);
    return r;
}

int jobs_queue_peek(struct jobs *jobs, hearth_job_cb cb, void *ctx, struct err *err)
{
    int r = breaker_allows(jobs->options.queue_breaker, err);
    if (r < 0)
        return r;
    struct call *call = publish_begin(jobs);
    r = publish_check(jobs, call, jobs->options.queue->peek(jobs->publish_session, &call->hearth, cb, ctx), err);
    publish_end(jobs);
    return r;
}

int jobs_queue_counts(struct jobs *jobs, struct hearth_queue_counts *ret_counts, struct err *err)
{
    int r = breaker_allows(jobs->options.queue_breaker, err);
    if (r < 0)
        return r;
    struct call *call = publish_begin(jobs);
    r = publish_check(jobs, call, jobs->options.queue->counts(jobs->publish_session, &call->hearth, ret_counts), err);
    publish_end(jobs);
    return r;
}

int jobs_queue_clear(struct jobs *jobs, struct err *err)
{
    int r = breaker_allows(jobs->options.queue_breaker, err);
    if (r < 0)
        return r;
    struct call *call = publish_begin(jobs);
    r = publish_check(jobs, call, jobs->options.queue->clear(jobs->publish_session, &call->hearth), err);
    publish_end(jobs);
    return r;
}

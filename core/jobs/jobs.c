#include "jobs/jobs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/magic.h"
#include "base/thread.h"
#include "jobs/changes.h"
#include "jobs/jobs_internal.h"
#include "jobs/presence.h"

enum { JOBS_MAGIC = 0x10b50001, STOP_GRACE = 3000, STACK = 512 * 1024 };

bool jobs_sleep(struct jobs *jobs, int64_t ms)
{
    int64_t until = clock_monotonic() + ms;
    lock_take(&jobs->lock);
    int r = 0;
    while (!atomic_load(&jobs->stop) && r != ETIMEDOUT)
        r = lock_wait_until(&jobs->wake, &jobs->lock, until);
    lock_release(&jobs->lock);
    return !atomic_load(&jobs->stop);
}

void jobs_note_seen(struct jobs *jobs, const char *account, const char *token)
{
    jobs_presence_note(jobs->presence, account, token);
}

/* A handle for a thread of its own. */
static int open_handle_once(struct jobs *jobs, void **ret_handle, struct err *err)
{
    struct call call;
    plug_call_init(&call, NULL, JOBS_QUEUE_TIMEOUT, 0);
    int r = plug_call_check(
        &call, jobs->options.queue->handle_open(jobs->options.queue_self, &call.hearth, ret_handle),
        err);
    plug_call_fini(&call);
    return r;
}

/* A queue that hangs is no reason not to start, as one that is away is none: the second time it
 * is not waited for, and whoever uses the handle is told. */
static int jobs_open_queue_handle(struct jobs *jobs, void **ret_handle, struct err *err)
{
    struct err hangs = {0};
    int r = open_handle_once(jobs, ret_handle, &hangs);
    if (r == HEARTH_ERR_TIMEOUT)
        return open_handle_once(jobs, ret_handle, err);
    if (r < 0 && err != NULL)
        *err = hangs;
    return r;
}

int jobs_thread(pthread_t *ret_thread, bool *ret_started, void *(*main)(void *), void *arg,
                const char *name, struct err *err)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int r = pthread_create(ret_thread, &attributes, main, arg);
    pthread_attr_destroy(&attributes);
    if (r != 0) {
        char what[64];
        snprintf(what, sizeof(what), "the %s thread", name);
        return thread_failed(err, r, what);
    }
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
        r = jobs_open_queue_handle(jobs, &worker->queue_handle, err);
        if (r == 0)
            r = jobs_thread(&worker->thread, &worker->started, jobs_worker_main, worker, "worker",
                            err);
    }
    if (r == 0)
        r = jobs_open_queue_handle(jobs, &jobs->lease_renewer_handle, err);
    if (r == 0)
        r = jobs_thread(&jobs->lease_renewer, &jobs->lease_renewer_started, jobs_lease_renewer_main,
                        jobs, "lease-renewer", err);
    if (r == 0)
        r = jobs_thread(&jobs->upgrader, &jobs->upgrader_started, jobs_upgrade_main, jobs,
                        "upgrade", err);
    if (r == 0 && jobs->options.changes != NULL)
        r = jobs_changes_start(jobs->options.changes, jobs, err);
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
        r = jobs_thread(&scheduler->thread, &scheduler->started, jobs_scheduler_main, scheduler,
                        "scheduler", err);
    }
    return r;
}

static int start_threads(struct jobs *jobs, struct err *err)
{
    const struct jobs_options *options = &jobs->options;
    int r = jobs_presence_start(jobs->presence, err);
    if (r == 0 && options->on_event != NULL) {
        r = jobs_open_queue_handle(jobs, &jobs->listener_handle, err);
        if (r == 0)
            r = jobs_thread(&jobs->listener, &jobs->listener_started, jobs_listener_main, jobs,
                            "events", err);
    }
    return r == 0 && !options->held ? jobs_begin(jobs, err) : r;
}

void jobs_set_rules(struct jobs *jobs, const struct schedule *schedule, const struct limits *limits,
                    int64_t timeout)
{
    lock_take(&jobs->lock);
    jobs->options.sync.schedule = *schedule;
    jobs->options.sync.limits = *limits;
    jobs->options.sync.timeout = timeout;
    lock_release(&jobs->lock);
}

struct sync_context jobs_rules(struct jobs *jobs)
{
    lock_take(&jobs->lock);
    struct sync_context rules = jobs->options.sync;
    lock_release(&jobs->lock);
    return rules;
}

int jobs_begin(struct jobs *jobs, struct err *err)
{
    int r = jobs->options.worker ? start_workers(jobs, err) : 0;
    return r == 0 && jobs->options.scheduler ? start_schedulers(jobs, err) : r;
}

int jobs_start(const struct jobs_options *options, struct jobs **ret_jobs, struct err *err)
{
    if (options->provider_count > JOBS_PROVIDERS_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "at most %d [sync] sections are possible",
                       JOBS_PROVIDERS_MAX);
    struct jobs *jobs = calloc(1, sizeof(*jobs));
    if (jobs == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    jobs->magic = JOBS_MAGIC;
    jobs->options = *options;
    for (size_t i = 0; i < options->provider_count; i++)
        jobs->providers[i] = options->providers[i];
    pthread_mutex_init(&jobs->lock, NULL);
    lock_init_condition(&jobs->wake);
    pthread_cond_init(&jobs->released, NULL);
    jobs->paused = backoff_create();
    jobs->presence = jobs_presence_create(jobs);
    jobs->syncing = backoff_create();
    jobs->options.sync.backoff = jobs->paused;
    jobs->options.sync.event = jobs_event;
    jobs->options.sync.event_ctx = jobs;
    int r = 0;
    if (jobs->paused == NULL || jobs->presence == NULL || jobs->syncing == NULL)
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

/* Handles live until jobs_destroy(), so that none has to be kept from being closed meanwhile. */
static void interrupt_all(void *ctx)
{
    struct jobs *jobs = ctx;
    const struct hearth_queue *queue = jobs->options.queue;
    lock_border("handles of the queue are interrupted");
    if (jobs->listener_handle != NULL)
        queue->interrupt(jobs->listener_handle);
    if (jobs->lease_renewer_handle != NULL)
        queue->interrupt(jobs->lease_renewer_handle);
    for (int i = 0; jobs->workers != NULL && i < jobs->options.parallel; i++) {
        jobs_interrupt_worker(&jobs->workers[i], NULL);
        if (jobs->workers[i].queue_handle != NULL)
            queue->interrupt(jobs->workers[i].queue_handle);
    }
    jobs_interrupt_queue(jobs);
    /* Threads that end still write what became of their jobs: a storage is only interrupted when
     * it takes too long. */
    for (size_t node = 0;
         clock_monotonic() - jobs->stop_since >= STOP_GRACE && node < jobs->options.nodes->count;
         node++)
        jobs_interrupt_node(jobs, node);
}

void jobs_join(struct jobs *jobs, pthread_t thread, bool *started)
{
    if (*started)
        thread_join(thread, interrupt_all, jobs);
    *started = false;
}

void jobs_stop(struct jobs *jobs)
{
    ASSERT(jobs->magic == JOBS_MAGIC);
    lock_take(&jobs->lock);
    atomic_store(&jobs->stop, true);
    jobs->stop_since = clock_monotonic();
    pthread_cond_broadcast(&jobs->wake);
    lock_release(&jobs->lock);
    if (jobs->presence != NULL)
        jobs_presence_wake(jobs->presence);
    if (jobs->options.changes != NULL)
        jobs_changes_wake(jobs->options.changes);
    interrupt_all(jobs);
    for (size_t i = 0; jobs->schedulers != NULL && i < jobs->options.nodes->count; i++)
        jobs_join(jobs, jobs->schedulers[i].thread, &jobs->schedulers[i].started);
    for (int i = 0; jobs->workers != NULL && i < jobs->options.parallel; i++)
        jobs_join(jobs, jobs->workers[i].thread, &jobs->workers[i].started);
    jobs_join(jobs, jobs->upgrader, &jobs->upgrader_started);
    jobs_join(jobs, jobs->lease_renewer, &jobs->lease_renewer_started);
    jobs_join(jobs, jobs->listener, &jobs->listener_started);
    if (jobs->options.changes != NULL)
        jobs_changes_join(jobs->options.changes);
    if (jobs->presence != NULL)
        jobs_presence_join(jobs->presence);
}

static void jobs_close_queue_handle(struct jobs *jobs, void *handle)
{
    if (handle != NULL)
        jobs->options.queue->handle_close(handle);
}

void jobs_destroy(struct jobs *jobs)
{
    if (jobs == NULL)
        return;
    for (int i = 0; jobs->workers != NULL && i < jobs->options.parallel; i++) {
        struct jobs_worker *worker = &jobs->workers[i];
        jobs_close_queue_handle(jobs, worker->queue_handle);
        for (size_t k = 0; k < jobs->options.provider_count; k++)
            if (worker->provider_handles[k] != NULL)
                jobs->providers[k].ops->handle_close(worker->provider_handles[k]);
    }
    free(jobs->workers);
    jobs_close_queue_handle(jobs, jobs->lease_renewer_handle);
    jobs_close_queue_handle(jobs, jobs->listener_handle);
    jobs_close_handles(jobs);
    free(jobs->schedulers);
    backoff_destroy(jobs->paused);
    jobs_presence_destroy(jobs->presence);
    backoff_destroy(jobs->syncing);
    pthread_cond_destroy(&jobs->wake);
    pthread_cond_destroy(&jobs->released);
    pthread_mutex_destroy(&jobs->lock);
    jobs->magic = 0;
    free(jobs);
}

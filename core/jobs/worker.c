/* Workers: take a job, do what its kind asks for, say how it went. And the lease renewer, which
 * keeps the leases of long syncs alive. */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/jobs_internal.h"
#include "jobs/messages.h"
#include "plug/breaker.h"

enum { RESERVE_WAIT = 60000, STORAGE_TROUBLE_PAUSE = 30000, NO_PROVIDER = 1 << 16 };

/* Who interrupts this worker's pull has looked at it, but has not called yet: the next pull must
 * not get that. */
static void worker_set_running(struct jobs_worker *worker, const struct hearth_sync *ops,
                               void *handle)
{
    lock_take(&worker->jobs->lock);
    while (worker->interrupting)
        lock_wait(&worker->jobs->released, &worker->jobs->lock);
    worker->running = handle;
    worker->running_ops = ops;
    lock_release(&worker->jobs->lock);
}

static void set_receipt(struct jobs_worker *worker, const char *receipt)
{
    lock_take(&worker->jobs->lock);
    snprintf(worker->receipt, sizeof(worker->receipt), "%s", receipt);
    lock_release(&worker->jobs->lock);
}

/* This worker's handle of an account's provider. */
static int provider_handle(struct jobs_worker *worker, const struct hearth_account *account,
                           struct call *call, size_t *ret_index, struct err *err)
{
    struct jobs *jobs = worker->jobs;
    int r = 0;
    for (size_t i = 0; i < jobs->options.provider_count; i++) {
        if (strcmp(jobs->providers[i].name, account->provider) != 0)
            continue;
        if (worker->provider_handles[i] == NULL)
            r = plug_call_check(call,
                                jobs->providers[i].ops->handle_open(jobs->providers[i].self,
                                                                    &call->hearth,
                                                                    &worker->provider_handles[i]),
                                err);
        if (r == 0)
            *ret_index = i;
        return r;
    }
    return err_set(err, HEARTH_ERR_UNSUPPORTED,
                   "it was signed in at [sync %s], which is not configured on this server any more",
                   account->provider);
}

/* The account's credentials are for a section that is not there: no other one gets them. The
 * person is told; it is looked at again at the account's usual pace, because the configuration
 * may come back. */
static int leave_alone(struct jobs *jobs, struct storage *storage, const char *id,
                       const struct hearth_account *stored, const struct err *why,
                       struct sync_outcome *ret_outcome, struct err *err)
{
    struct sync_outcome outcome = {
        .code = HEARTH_ERR_UNSUPPORTED, .state = HEARTH_ACCOUNT_ERROR, .asked = stored->asked};
    message_keep_sentence(&outcome.detail, jobs_says_no_section(stored->provider));
    log_event(HEARTH_LOG_WARNING, "jobs", "section missing", LOG_TEXT("account", id),
              LOG_TEXT("error", why->text));
    struct sync_context rules = jobs_rules(jobs);
    int r = jobs_sync_store(&rules.schedule, storage, id, 0, 0x8000, &outcome, err);
    if (r == 0)
        *ret_outcome = outcome;
    return r;
}

/* Why a sync runs, for who looks at debug. */
static void say_begin(const struct hearth_account *account, const struct hearth_job *job,
                      bool moves)
{
    if (!log_wants(HEARTH_LOG_DEBUG))
        return;
    const char *reason = moves                                  ? "it moves to another node"
                         : job->priority == HEARTH_PERSON_WAITS ? "a person waits"
                         : account->resync                      ? "all is to be read anew"
                         : account->failures > 0                ? "the last one failed"
                         : account->last_sync == 0              ? "it is the first"
                         : account->next_sync > clock_now()
                             ? "its source says that something changed"
                             : "it is due";
    log_event(HEARTH_LOG_DEBUG, "jobs", "sync begins", LOG_TEXT("account", account->id),
              LOG_TEXT("reason", reason), LOG_INT("failures", account->failures),
              LOG_INT("delivery", job->attempt));
}

/* A job that a worker has taken, and what its kind's function needs for it. */
struct work {
    struct jobs_worker *worker;
    const struct hearth_job *job;
    size_t node;                   /* that its payload names */
    struct storage *storage;       /* a handle of that node */
    struct hearth_account account; /* the row there; its texts live until the handle's next reset */
};

/* NODES_NONE: it stays where it is. */
static size_t leaves_for(const struct work *work)
{
    size_t to = nodes_find(work->worker->jobs->options.nodes, work->account.node);
    return to == work->node ? NODES_NONE : to;
}

/* The row says that a job of another kind is wanted. Where one is in work already it does what
 * is to be done. */
static int worker_hand_over(struct work *work, const char *kind, struct err *err)
{
    return jobs_publish(work->worker->jobs, kind, work->node, work->job->key, work->job->priority,
                        JOBS_QUEUE_TIMEOUT, NULL, err);
}

/* Syncs the account where it is, or takes it to the node `to`, with its provider. */
static int pull_account(struct work *work, size_t to, struct sync_outcome *ret_outcome,
                        struct err *err)
{
    struct jobs_worker *worker = work->worker;
    struct jobs *jobs = worker->jobs;
    const char *id = work->job->key;
    struct call call;
    size_t i = NO_PROVIDER;
    struct sync_context rules = jobs_rules(jobs);
    plug_call_init(&call, &jobs->stop, rules.timeout, 0);
    call.account = id;
    say_begin(&work->account, work->job, to != NODES_NONE);
    int r = provider_handle(worker, &work->account, &call, &i, err);
    if (r == HEARTH_ERR_UNSUPPORTED && i == NO_PROVIDER) {
        struct err why = *err;
        plug_call_fini(&call);
        return leave_alone(jobs, work->storage, id, &work->account, &why, ret_outcome, err);
    }
    if (r == 0) {
        const struct hearth_sync *ops = jobs->providers[i].ops;
        void *handle = worker->provider_handles[i];
        worker_set_running(worker, ops, handle);
        if (to == NODES_NONE)
            r = jobs_sync_account(&rules, work->storage, ops, handle, &call, id, ret_outcome, err);
        else
            r = jobs_move(jobs, work->storage, to, ops, handle, &call, id, ret_outcome, err);
        worker_set_running(worker, NULL, NULL);
    }
    plug_call_fini(&call);
    return r;
}

static int perform_sync(struct work *work, struct sync_outcome *ret_outcome, struct err *err)
{
    return leaves_for(work) == NODES_NONE ? pull_account(work, NODES_NONE, ret_outcome, err)
                                          : worker_hand_over(work, JOBS_MOVE, err);
}

static int perform_move(struct work *work, struct sync_outcome *ret_outcome, struct err *err)
{
    size_t to = leaves_for(work);
    /* it was called back */
    return to != NODES_NONE ? pull_account(work, to, ret_outcome, err)
                            : worker_hand_over(work, JOBS_SYNC, err);
}

/* All kinds of jobs. */
static const struct job_kind {
    const char *kind;
    int (*perform)(struct work *work, struct sync_outcome *ret_outcome, struct err *err);
} job_kinds[] = {
    {JOBS_SYNC, perform_sync},
    {JOBS_MOVE, perform_move},
};

/* NULL: none that this release knows. */
static const struct job_kind *job_kind_find(const char *kind)
{
    for (size_t i = 0; i < sizeof(job_kinds) / sizeof(job_kinds[0]); i++)
        if (strcmp(job_kinds[i].kind, kind) == 0)
            return &job_kinds[i];
    return NULL;
}

static void count_job(const struct hearth_job *job, int32_t how)
{
    static const char *const outcomes[] = {
        [HEARTH_JOB_DONE] = "done", [HEARTH_JOB_RETRY] = "retry", [HEARTH_JOB_DEAD] = "dead"};
    const struct job_kind *kind = job_kind_find(job->kind);
    metrics_add(METRIC(JOBS, kind == NULL ? "unknown" : kind->kind, outcomes[how]), 1);
}

/* Tells the queue. */
static void finish_job(struct jobs_worker *worker, struct call *call, const struct hearth_job *job,
                       int32_t how, int64_t delay)
{
    struct err why = {0};
    int told = plug_call_check(call,
                               worker->jobs->options.queue->finish(
                                   worker->queue_handle, &call->hearth, job->receipt, how, delay),
                               &why);
    plug_breaker_note_err(worker->jobs->options.queue_breaker, told, &why);
    if (told < 0 && told != HEARTH_ERR_NOT_FOUND && told != HEARTH_ERR_CANCELLED)
        log_event(log_level_of(&why, HEARTH_LOG_WARNING), "jobs", "job end not told",
                  LOG_TEXT("account", job->key), LOG_TEXT("error", why.text));
}

/* What the queue is told of a job that was done as well as it could be. */
static int32_t outcome_of(const struct hearth_job *job, int r, const struct sync_outcome *outcome,
                          const struct err *err, int64_t *ret_delay)
{
    *ret_delay = 0;
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        /* not the account's fault; one that was removed is simply done */
        log_event(log_level_of(err, HEARTH_LOG_ERROR), "jobs", "job failed",
                  LOG_TEXT("account", job->key), LOG_TEXT("error", err->text));
        *ret_delay = err->retry_after > 0 ? err->retry_after : STORAGE_TROUBLE_PAUSE;
        return HEARTH_JOB_RETRY;
    }
    if (r == 0 && outcome->wait > 0) {
        *ret_delay = outcome->wait;
        return HEARTH_JOB_RETRY;
    }
    return r == 0 && outcome->code == HEARTH_ERR_CANCELLED ? HEARTH_JOB_RETRY : HEARTH_JOB_DONE;
}

static int perform_job(struct jobs_worker *worker, const struct job_kind *kind, size_t node,
                       const struct hearth_job *job, struct sync_outcome *ret_outcome,
                       struct err *err)
{
    struct jobs *jobs = worker->jobs;
    struct work work = {.worker = worker,
                        .job = job,
                        .node = node,
                        .account = {.struct_size = sizeof(work.account)}};
    work.storage = jobs_take_storage(jobs, node, err);
    if (work.storage == NULL)
        return err->code;
    int r = STORAGE(work.storage, err, account_get, job->key, &work.account);
    if (r == 0)
        r = kind->perform(&work, ret_outcome, err);
    jobs_give_storage(jobs, node, work.storage);
    return r;
}

static void take_job(struct jobs_worker *worker, struct call *call, const struct hearth_job *job)
{
    struct err err = {0};
    struct sync_outcome outcome = {0};
    const struct job_kind *kind = job_kind_find(job->kind);
    size_t node = nodes_find(worker->jobs->options.nodes, job->payload);
    int64_t delay = 0;
    int32_t how = HEARTH_JOB_DONE;
    set_receipt(worker, job->receipt);
    if (kind == NULL) {
        log_event(HEARTH_LOG_WARNING, "jobs", "job kind unknown", LOG_TEXT("account", job->key),
                  LOG_TEXT("kind", job->kind),
                  LOG_TEXT("hint", "a newer release made this job, which is given up: bring all "
                                   "processes to one release"));
        how = HEARTH_JOB_DEAD;
    } else if (node == NODES_NONE) {
        /* of another configuration; it is published again by whoever knows better */
        log_event(HEARTH_LOG_WARNING, "jobs", "job node unknown", LOG_TEXT("account", job->key),
                  LOG_TEXT("node", job->payload),
                  LOG_TEXT("hint", "no [node] section here has that name: give all processes of a "
                                   "fleet the same ones"));
    } else {
        int r = perform_job(worker, kind, node, job, &outcome, &err);
        how = outcome_of(job, r, &outcome, &err, &delay);
    }
    set_receipt(worker, "");
    count_job(job, how);
    finish_job(worker, call, job, how, delay);
}

void *jobs_worker_main(void *arg)
{
    struct jobs_worker *worker = arg;
    struct jobs *jobs = worker->jobs;
    struct call call;
    /* a stop interrupts reserve(); finish() must still work then */
    plug_call_init(&call, NULL, 0, 0);
    while (!atomic_load(&jobs->stop)) {
        struct hearth_job job = {.struct_size = sizeof(job)};
        struct err err = {0};
        int r =
            plug_call_check(&call,
                            jobs->options.queue->reserve(worker->queue_handle, &call.hearth,
                                                         RESERVE_WAIT, jobs->options.lease, &job),
                            &err);
        plug_breaker_note_err(jobs->options.queue_breaker, r, &err);
        if (r == 0) {
            take_job(worker, &call, &job);
        } else if (r != HEARTH_ERR_NOT_FOUND && r != HEARTH_ERR_CANCELLED) {
            log_event(log_level_of(&err, HEARTH_LOG_ERROR), "jobs", "no job taken",
                      LOG_TEXT("error", err.text));
            jobs_sleep(jobs, 1000);
        }
        plug_call_reset(&call);
    }
    plug_call_fini(&call);
    return NULL;
}

bool jobs_interrupt_worker(struct jobs_worker *worker, const char *receipt)
{
    struct jobs *jobs = worker->jobs;
    if (jobs == NULL) /* it was never started */
        return false;
    lock_take(&jobs->lock);
    void *running =
        receipt == NULL || strcmp(worker->receipt, receipt) == 0 ? worker->running : NULL;
    const struct hearth_sync *ops = worker->running_ops;
    bool had = running != NULL && !worker->interrupting;
    if (had)
        worker->interrupting = true;
    lock_release(&jobs->lock);
    if (!had)
        return running != NULL;
    lock_border("a pull is interrupted");
    ops->interrupt(running);
    lock_take(&jobs->lock);
    worker->interrupting = false;
    pthread_cond_broadcast(&jobs->released);
    lock_release(&jobs->lock);
    return true;
}

void *jobs_lease_renewer_main(void *arg)
{
    struct jobs *jobs = arg;
    struct call call;
    plug_call_init(&call, &jobs->stop, 0, 0);
    while (jobs_sleep(jobs, jobs->options.lease / 4 + 1)) {
        for (int i = 0; i < jobs->options.parallel; i++) {
            char receipt[JOBS_RECEIPT_MAX];
            lock_take(&jobs->lock);
            memcpy(receipt, jobs->workers[i].receipt, sizeof(receipt));
            lock_release(&jobs->lock);
            if (receipt[0] == '\0')
                continue;
            struct err err = {0};
            int r = plug_call_check(&call,
                                    jobs->options.queue->extend(jobs->lease_renewer_handle,
                                                                &call.hearth, receipt,
                                                                jobs->options.lease),
                                    &err);
            plug_breaker_note_err(jobs->options.queue_breaker, r, &err);
            /* Somebody else may have the job by now (the queue was emptied, or did not answer
             * for too long): one of the two has to stop. */
            if (r == HEARTH_ERR_NOT_FOUND && jobs_interrupt_worker(&jobs->workers[i], receipt))
                log_event(
                    HEARTH_LOG_WARNING, "jobs", "lease lost",
                    LOG_TEXT("hint",
                             "the sync is stopped, and done again by whoever has its job now"));
            else if (r < 0 && r != HEARTH_ERR_NOT_FOUND && r != HEARTH_ERR_CANCELLED)
                log_event(log_level_of(&err, HEARTH_LOG_WARNING), "jobs", "lease not renewed",
                          LOG_TEXT("error", err.text));
            plug_call_reset(&call);
        }
    }
    plug_call_fini(&call);
    return NULL;
}

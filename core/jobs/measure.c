#include "jobs/measure.h"

#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/metrics.h"
#include "jobs/jobs_internal.h"

/* A look at all accounts costs at most one part in SHARE of the time. */
enum { TICKS = 5, SHARE = 50, TIMEOUT = 10000 };

static const char *const measured_states[] = {
    [HEARTH_ACCOUNT_OK] = "ok",
    [HEARTH_ACCOUNT_WAITING] = "waiting",
    [HEARTH_ACCOUNT_SIGNIN_NEEDED] = "signin_needed",
    [HEARTH_ACCOUNT_PAUSED] = "paused",
    [HEARTH_ACCOUNT_ERROR] = "error",
};
enum { STATES = sizeof(measured_states) / sizeof(measured_states[0]) };

struct accounts_measured {
    int64_t now, counts[STATES], overdue;
};

/* Of an account that somebody wants synced at once, the row does not say since when: they were
 * here then, or have just come. */
static int64_t due_since(const struct hearth_account *account)
{
    int64_t since = account->created;
    if (account->next_sync > 1)
        return account->next_sync;
    if (account->last_attempt > since)
        since = account->last_attempt;
    return account->last_seen > since ? account->last_seen : since;
}

static int measure_on_account(void *ctx, const struct hearth_account *account)
{
    struct accounts_measured *measured = ctx;
    if (account->state >= 0 && account->state < STATES)
        measured->counts[account->state]++;
    int64_t late = account->next_sync == 0 ? 0 : measured->now - due_since(account);
    if (late > measured->overdue && account->state != HEARTH_ACCOUNT_PAUSED)
        measured->overdue = late;
    return 0;
}

void jobs_measure_accounts(struct jobs_measure *measure, struct jobs *jobs, size_t node,
                           struct storage *storage)
{
    const char *name = jobs->options.nodes->items[node].name;
    struct accounts_measured measured = {.now = clock_now()};
    int64_t begun = clock_monotonic(), pause = jobs->options.tick * TICKS;
    if (begun < measure->accounts_again)
        return;
    storage->call.hearth.deadline = begun + TIMEOUT;
    /* who fails is told by the next tick, which asks the same storage */
    int r = STORAGE(storage, NULL, account_list, measure_on_account, &measured);
    plug_storage_reset(storage);
    storage->call.hearth.deadline = 0;
    int64_t now = clock_monotonic(), share = (now - begun) * SHARE;
    measure->accounts_again = now + (share > pause ? share : pause);
    if (r < 0)
        return;
    for (size_t i = 0; i < STATES; i++)
        metrics_set(METRIC(ACCOUNTS, name, measured_states[i]), measured.counts[i]);
    metrics_set(METRIC(OVERDUE, name), measured.overdue);
    metrics_set(METRIC(ACCOUNTS_COUNTED, name), measured.now);
}

/* --- the queue --- */

struct queue_measured {
    const struct jobs_measure *before;
    struct jobs_measure now;
    int64_t time;
};

/* Jobs are shown in the order they would be taken, those in work last. */
static int measure_on_job(void *ctx, const struct hearth_job *job)
{
    struct queue_measured *measured = ctx;
    struct jobs_measure *now = &measured->now;
    if (job->in_work != 0 || now->job_count == JOBS_MEASURED)
        return 1;
    if (job->wait > 0)
        return 0;
    char text[128];
    int size = snprintf(text, sizeof(text), "%s %s", job->kind, job->key);
    struct measured_job *seen = &now->jobs[now->job_count++];
    *seen = (struct measured_job){hash_bytes(text, size < 0 ? 0 : strlen(text)), measured->time};
    for (size_t i = 0; i < measured->before->job_count; i++)
        if (measured->before->jobs[i].hash == seen->hash)
            seen->since = measured->before->jobs[i].since;
    return 0;
}

static void measure_oldest(struct jobs_measure *measure, struct jobs *jobs, int64_t time)
{
    struct queue_measured measured = {.before = measure, .time = time};
    if (jobs_queue_peek(jobs, measure_on_job, &measured, NULL) < 0)
        return;
    int64_t oldest = time;
    for (size_t i = 0; i < measured.now.job_count; i++)
        if (measured.now.jobs[i].since < oldest)
            oldest = measured.now.jobs[i].since;
    memcpy(measure->jobs, measured.now.jobs, sizeof(measure->jobs));
    measure->job_count = measured.now.job_count;
    metrics_set(METRIC(QUEUE_OLDEST), time - oldest);
}

void jobs_measure_queue(struct jobs_measure *measure, struct jobs *jobs)
{
    struct hearth_queue_counts counts;
    int64_t now = clock_monotonic();
    /* the tick has said so, or says so next time */
    if (jobs_queue_counts(jobs, &counts, NULL) < 0)
        return;
    metrics_set(METRIC(QUEUE_JOBS, "ready"), counts.ready);
    metrics_set(METRIC(QUEUE_JOBS, "delayed"), counts.delayed);
    metrics_set(METRIC(QUEUE_JOBS, "in_work"), counts.in_work);
    metrics_set(METRIC(QUEUE_DEAD), counts.dead);
    if (now < measure->oldest_again)
        return;
    measure_oldest(measure, jobs, now);
    measure->oldest_again = now + jobs->options.tick * TICKS;
}

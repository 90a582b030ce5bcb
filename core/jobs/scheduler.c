/* The scheduler: claims accounts that are due and publishes their jobs. A claim keeps other schedulers away; a job that is lost with the
 * queue is published again when its claim runs out. */
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/jobs_internal.h"

struct claimed {
    struct jobs *jobs;
    int64_t count;
    struct err err;
};

static int on_claimed(void *ctx, const struct hearth_account *account)
{
    struct claimed *claimed = ctx;
    claimed->count++;
    return jobs_publish(claimed->jobs, account->id, HEARTH_SCHEDULED, &claimed->err);
}

/* One look at what is due; the number of accounts claimed, or an error. */
static int64_t tick(struct jobs *jobs, struct store *store, struct err *err)
{
    const struct jobs_options *options = &jobs->options;
    int64_t now = clock_now();
    struct claimed claimed = {.jobs = jobs};
    int r = STORE(store, err, account_claim_due, now, now + options->claim, options->batch, on_claimed, &claimed);
    store_reset(store);
    if (r == 0 && claimed.err.code != 0) {
        *err = claimed.err;
        r = err_prefix(err, "the queue takes no job");
    }
    return r < 0 ? r : claimed.count;
}

void *jobs_scheduler_main(void *arg)
{
    struct jobs *jobs = arg;
    struct metric *claims = metric_get(METRIC_COUNTER, "scheduler_claims", "due accounts that were put into the queue");
    struct store *store = NULL;
    int64_t pause = jobs->options.tick;
    do {
        struct err err = {0};
        int64_t count = 0;
        if (store == NULL)
            store = jobs_take_store(jobs, &err);
        if (store != NULL)
            count = tick(jobs, store, &err);
        if (err.code != 0 && err.code != HEARTH_ERR_CANCELLED) {
            log_error("scheduler", "cannot look for due accounts: %s", err.text);
            pause = pause < 60000 ? pause * 2 : 60000;
        } else {
            metric_add(claims, count);
            pause = count == jobs->options.batch ? 1 : jobs->options.tick; /* more may be due: look again soon */
        }
    } while (jobs_sleep(jobs, pause));
    if (store != NULL)
        jobs_give_store(jobs, store);
    return NULL;
}

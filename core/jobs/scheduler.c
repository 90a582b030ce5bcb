/* The scheduler of a node: leases accounts that are due and publishes their jobs. A lease keeps
 * other schedulers away; a job that is lost with the queue is published again when its lease
 * runs out. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "jobs/jobs_internal.h"

struct lease {
    char account[40];
    int64_t next_sync, asked, answered;
};

struct leased {
    struct jobs *jobs;
    size_t node;
    int64_t count;
    struct lease *unpublished; /* room for a batch */
    size_t unpublished_count;
    struct err err;
};

/* When the queue refuses one it is not asked again for the rest of the batch. Somebody may have
 * asked for a sync in the moment between a sync's outcome and the end of its job: then the queue
 * has the account in work still, and it stays due. */
static int scheduler_on_leased(void *ctx, const struct hearth_account *account)
{
    struct leased *leased = ctx;
    int32_t result;
    if (leased->err.code == 0 &&
        jobs_publish(leased->jobs, JOBS_SYNC, leased->node, account->id, HEARTH_SCHEDULED,
                     JOBS_QUEUE_TIMEOUT, &result, &leased->err) == 0 &&
        result != HEARTH_IN_WORK) {
        leased->count++;
        return 0;
    }
    struct lease *lease = &leased->unpublished[leased->unpublished_count++];
    snprintf(lease->account, sizeof(lease->account), "%s", account->id);
    lease->next_sync = account->next_sync;
    lease->asked = account->asked;
    lease->answered = account->answered;
    return 0;
}

/* Accounts whose jobs the queue did not take are due again at once, for whoever has a queue. Whose
 * row says something newer has given up its lease with that (CONFLICT). */
static void give_up_leases(struct storage *storage, const struct leased *leased)
{
    for (size_t i = 0; i < leased->unpublished_count; i++) {
        const struct lease *lease = &leased->unpublished[i];
        struct hearth_account account = {.struct_size = sizeof(account),
                                         .id = lease->account,
                                         .next_sync = lease->next_sync,
                                         .asked = lease->asked,
                                         .answered = lease->answered};
        STORAGE(storage, NULL, account_update, &account,
                HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED);
    }
}

/* --- clocks that were wrong --- */

enum { REPAIR_EVERY = 3600000, JUMP = 60000, REPAIR_MAX = 1000 };

struct repair {
    struct lease *accounts;
    int64_t latest; /* who is due later was given that time by a clock that was wrong */
    /* who is due for longer may be held by a lease from such a clock; 0: not looked at */
    int64_t earliest;
    size_t count, held;
};

static int on_scheduled(void *ctx, const struct hearth_account *account)
{
    struct repair *repair = ctx;
    bool late = account->next_sync > repair->latest,
         held = account->next_sync > 1 && account->next_sync < repair->earliest;
    if (!late && (!held || repair->held == REPAIR_MAX / 2))
        return 0;
    repair->held += !late;
    struct lease *found = &repair->accounts[repair->count++];
    snprintf(found->account, sizeof(found->account), "%s", account->id);
    found->next_sync = late ? 0 : account->next_sync;
    found->asked = account->asked;
    found->answered = account->answered;
    return repair->count == REPAIR_MAX; /* the others come with the next look */
}

static int64_t repair_accounts(struct jobs_scheduler *scheduler, struct storage *storage,
                               struct repair *repair, int64_t now, struct err *err)
{
    struct sync_context rules = jobs_rules(scheduler->jobs);
    int r = STORAGE(storage, err, account_list, on_scheduled, repair);
    plug_storage_reset(storage);
    for (size_t i = 0; r == 0 && i < repair->count; i++) {
        const struct lease *found = &repair->accounts[i];
        struct hearth_account account = {.struct_size = sizeof(account),
                                         .id = found->account,
                                         .next_sync = found->next_sync,
                                         .asked = found->asked,
                                         .answered = found->answered};
        if (account.next_sync == 0) /* spread, because it may be everybody */
            account.next_sync = now + rules.schedule.interval * (int64_t)i / (int64_t)repair->count;
        struct err why = {0};
        /* gives up its lease, too */
        r = STORAGE(storage, &why, account_update, &account,
                    HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ANSWERED);
        if (r == HEARTH_ERR_NOT_FOUND || r == HEARTH_ERR_CONFLICT) /* a sync was asked for */
            r = 0;
        if (r < 0 && err != NULL)
            *err = why;
        plug_storage_reset(storage);
    }
    return r < 0 ? r : (int64_t)repair->count;
}

/* Puts right what a clock that was wrong has left behind: accounts that are due only in months,
 * and, with `leases`, leases that hold for months. The number of accounts, or an error. */
static int64_t scheduler_repair(struct jobs_scheduler *scheduler, struct storage *storage,
                                int64_t now, bool leases, struct err *err)
{
    const struct jobs_options *options = &scheduler->jobs->options;
    struct sync_context rules = jobs_rules(scheduler->jobs);
    struct repair repair = {.latest = now + jobs_schedule_horizon(&rules.schedule),
                            .earliest =
                                leases ? now - REPAIR_EVERY - 2 * options->account_lease : 0};
    repair.accounts = calloc(REPAIR_MAX, sizeof(*repair.accounts));
    int64_t count = repair.accounts == NULL
                        ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                        : repair_accounts(scheduler, storage, &repair, now, err);
    free(repair.accounts);
    return count;
}

/* At first, each hour, and when the clock went back; leases only at first and then, because who
 * waits long in an outage is not held by one. While there is more than fits into one look, with
 * each. */
static int repair_when_needed(struct jobs_scheduler *scheduler, struct storage *storage,
                              int64_t now, struct err *err)
{
    bool first = scheduler->last_tick == 0, jumped = now < scheduler->last_tick - JUMP;
    if (!first && !jumped && scheduler->last_repair != 0 && now >= scheduler->last_repair &&
        now < scheduler->last_repair + REPAIR_EVERY) {
        scheduler->last_tick = now;
        return 0;
    }
    int64_t count = scheduler_repair(scheduler, storage, now, first || jumped, err);
    if (count < 0)
        return (int)count;
    scheduler->last_tick = now;
    scheduler->last_repair = count == REPAIR_MAX ? 0 : now;
    return 0;
}

int64_t jobs_scheduler_tick(struct jobs_scheduler *scheduler, struct storage *storage, int64_t now,
                            struct err *err)
{
    struct jobs *jobs = scheduler->jobs;
    const struct jobs_options *options = &jobs->options;
    struct leased leased = {.jobs = jobs, .node = scheduler->node};
    /* before accounts are leased, which costs a write each, and another to give it up */
    if (jobs_ping(jobs, err) < 0)
        return err_prefix(err, "the queue does not answer");
    int repaired = repair_when_needed(scheduler, storage, now, err);
    if (repaired < 0)
        return repaired;
    leased.unpublished = calloc((size_t)options->batch, sizeof(*leased.unpublished));
    if (leased.unpublished == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int r = STORAGE(storage, err, account_lease_due, now, now + options->account_lease,
                    options->batch, scheduler_on_leased, &leased);
    give_up_leases(storage, &leased);
    plug_storage_reset(storage);
    free(leased.unpublished);
    if (r == 0 && leased.err.code != 0) {
        *err = leased.err;
        r = err_prefix(err, "the queue takes no job");
    }
    return r < 0 ? r : leased.count;
}

int64_t jobs_scheduler_pause(const struct jobs_options *options, int64_t count, int64_t pause)
{
    if (count < 0)
        return pause < options->tick * 8 ? pause * 2 : options->tick * 8;
    return count == options->batch ? 1 : options->tick; /* more may be due: look again soon */
}

static int on_voided(void *ctx, const struct hearth_account *account)
{
    (void)ctx;
    (void)account;
    return 0;
}

/* Every account that is leased is due again: whoever leased it is dead. At the end of time every
 * lease has run out; one that lasts until the beginning of time has run out already. */
static int scheduler_void_leases(struct storage *storage, struct err *err)
{
    int r = STORAGE(storage, err, account_lease_due, INT64_MAX, 1, INT32_MAX, on_voided, NULL);
    plug_storage_reset(storage);
    return r < 0 ? err_prefix(err, "leases of before the start cannot be given up") : 0;
}

void *jobs_scheduler_main(void *arg)
{
    struct jobs_scheduler *scheduler = arg;
    struct jobs *jobs = scheduler->jobs;
    struct metric *leases = METRIC(LEASES);
    struct storage *storage = NULL;
    int64_t pause = jobs->options.tick;
    /* the queue was in the memory of a process that is no more: its jobs are lost */
    bool void_leases = !jobs->options.queue_shared;
    do {
        struct err err = {0};
        int64_t count = 0;
        if (storage == NULL)
            storage = jobs_take_storage(jobs, scheduler->node, &err);
        if (storage != NULL && void_leases)
            void_leases = scheduler_void_leases(storage, &err) < 0;
        if (storage != NULL && !void_leases)
            count = jobs_scheduler_tick(scheduler, storage, clock_now(), &err);
        bool failed = err.code != 0 && err.code != HEARTH_ERR_CANCELLED;
        if (failed)
            log_event(log_level_of(&err, HEARTH_LOG_ERROR), "jobs", "due accounts not read",
                      LOG_TEXT("error", err.text));
        else if (count > 0)
            metrics_add(leases, count);
        if (storage != NULL)
            jobs_measure_accounts(&scheduler->measure, jobs, scheduler->node, storage);
        if (!failed && scheduler->node == 0)
            jobs_measure_queue(&scheduler->measure, jobs);
        pause = jobs_scheduler_pause(&jobs->options, failed ? -1 : count > 0 ? count : 0, pause);
    } while (jobs_sleep(jobs, pause));
    if (storage != NULL)
        jobs_give_storage(jobs, scheduler->node, storage);
    return NULL;
}

/* Workers as core/jobs/worker.c and sync_account.c have them; only the pull itself is simulated. */
#include "base/backoff.h"
#include "base/clock.h"
#include "sim.h"

enum { PER_MILLION = 1000000, FAILS = 5000, ASKED_TO_WAIT = 2000, SIGNED_OUT = 20 };

/* Most syncs find nothing new and are one request; a few fetch a lot. */
static int64_t duration(void)
{
    double draw = sim_uniform();
    if (draw < 0.70)
        return sim_between(200, 800);
    return draw < 0.98 ? sim_between(1000, 5000) : sim_between(5000, 60000);
}

int64_t duration_mean(void)
{
    return (int64_t)(0.70 * 500 + 0.28 * 3000 + 0.02 * 32500);
}

static void finish_job(struct worker *worker, int32_t how, int64_t delay)
{
    int r = plug_call_check(
        &sim.call,
        sim.queue.finish(sim.queue_handle, &sim.call.hearth, worker->receipt, how, delay), NULL);
    assert_true(r == 0 || r == HEARTH_ERR_NOT_FOUND ||
                (r == HEARTH_ERR_UNAVAILABLE && sim.queue_down));
    plug_call_reset(&sim.call);
}

static void start(struct worker *worker, const struct hearth_job *job)
{
    struct storage *storage = &sim.fixture.storage;
    struct hearth_account account = {.struct_size = sizeof(account)};
    worker->person = (uint32_t)person_of(job->key);
    snprintf(worker->receipt, sizeof(worker->receipt), "%s", job->receipt);
    OK(storage, account_get, job->key, &account);
    int64_t wait = backoff_left(sim.jobs.paused, job->key);
    struct person *person = &sim.people[worker->person];
    sim.m.twice += person->in_work;
    sim.m.redelivered += job->attempt > 1;
    if (wait > 0) {
        sim.m.pauses++;
        finish_job(worker, HEARTH_JOB_RETRY, wait);
    } else {
        int64_t takes = duration();
        measure_start(&account, person);
        sim.m.duration_total += takes;
        person->in_work = worker->busy = true;
        sim.idle--;
        events_add(&sim.events, sim_time() + takes, EVENT_FINISH, (uint32_t)(worker - sim.workers),
                   ++worker->run);
    }
    plug_storage_reset(storage);
}

void workers_take(void)
{
    int worker = 0;
    while (sim.idle > 0 && !sim.workers_down) {
        struct hearth_job job = {.struct_size = sizeof(job)};
        int r =
            sim.queue.reserve(sim.queue_handle, &sim.call.hearth, 0, sim.jobs.options.lease, &job);
        assert_true(r == 0 || r == HEARTH_ERR_NOT_FOUND || sim.queue_down);
        if (r == 0) {
            while (sim.workers[worker].busy)
                worker++;
            start(&sim.workers[worker], &job);
        }
        plug_call_reset(&sim.call);
        if (r < 0)
            return;
    }
}

/* How the pull ended, and how long the server wants to be left alone. */
static struct sync_outcome pull(const struct person *person, int64_t *ret_pause)
{
    struct sync_outcome outcome = {.state = HEARTH_ACCOUNT_OK};
    int64_t draw = (int64_t)(sim_random() % PER_MILLION);
    *ret_pause = 0;
    if (person->broken || draw < FAILS) {
        outcome.state = HEARTH_ACCOUNT_ERROR;
        outcome.code = HEARTH_ERR_UNAVAILABLE;
        snprintf(outcome.detail.text, sizeof(outcome.detail.text),
                 "The Sync service does not answer.");
    } else if (draw < FAILS + ASKED_TO_WAIT) {
        *ret_pause = sim_between(5 * MINUTE, 30 * MINUTE);
    } else if (draw < FAILS + ASKED_TO_WAIT + SIGNED_OUT) {
        outcome.state = HEARTH_ACCOUNT_SIGNIN_NEEDED;
        outcome.code = HEARTH_ERR_DENIED;
    }
    return outcome;
}

void worker_finishes(struct worker *worker, uint32_t run)
{
    if (!worker->busy || worker->run != run)
        return; /* died meanwhile */
    char id[16];
    int64_t pause, now = clock_now();
    struct storage *storage = &sim.fixture.storage;
    struct person *person = &sim.people[worker->person];
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct sync_outcome outcome = pull(person, &pause);
    person_id(id, worker->person);
    if (pause > 0)
        backoff_set(sim.jobs.paused, id, clock_monotonic() + pause);
    OK(storage, account_get, id, &account);
    uint64_t fields = jobs_sync_settle(&sim.jobs.options.sync.schedule, &outcome, pause, now,
                                       (unsigned)(sim_random() & 0xffff), &account);
    OK(storage, account_update, &account, fields);
    plug_storage_reset(storage);
    sim.m.failures += outcome.code < 0;
    sim.outstanding -= person->leased;
    person->leased = person->in_work = worker->busy = false;
    sim.idle++;
    finish_job(worker, HEARTH_JOB_DONE, 0);
}

void workers_keep_leases(void)
{
    for (int i = 0; i < sim.options.workers; i++) {
        if (sim.workers[i].busy)
            sim.queue.extend(sim.queue_handle, &sim.call.hearth, sim.workers[i].receipt,
                             sim.jobs.options.lease);
        plug_call_reset(&sim.call);
    }
}

void workers_die(void)
{
    for (int i = 0; i < sim.options.workers; i++)
        if (sim.workers[i].busy)
            sim.people[sim.workers[i].person].in_work = sim.workers[i].busy = false;
    sim.idle = (size_t)sim.options.workers;
}

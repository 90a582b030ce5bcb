/* sim [--accounts N] [--seed N] [--hours N] [--workers N] [--outage none|workers|queue]
 * [--fast]: simulates, prints what was counted, and fails when a check does. sim --looks N…:
 * what a look of the scheduler costs with so many accounts. STORAGE_SQLITE and QUEUE_INPROC name
 * the plugins. */
#include <getopt.h>
#include <limits.h>

#include "base/clock.h"
#include "sim.h"

struct sim sim;

static void look(void)
{
    static sqlite3_stmt *lease;
    struct err err = {0};
    if (lease == NULL)
        lease = sim_lease_statement();
    measure_before_tick();
    double begun = sim_cpu();
    int64_t count = jobs_scheduler_tick(&sim.scheduler, &sim.fixture.storage, clock_now(), &err);
    double cpu = sim_cpu() - begun;
    if (count < 0 && !sim.queue_down)
        fail_msg("look: %s", err.text);
    measure_tick(count,
                 lease == NULL ? 0 : sqlite3_stmt_status(lease, SQLITE_STMTSTATUS_VM_STEP, 1), cpu);
    sim.tick_pause =
        jobs_scheduler_pause(&sim.jobs.options, count < 0 ? -1 : count, sim.tick_pause);
    events_add(&sim.events, sim_time() + sim.tick_pause, EVENT_TICK, 0, 0);
}

/* Workers die with what they have. A queue that goes down has forgotten what waited in it when
 * it comes back. */
static void outage(bool begins)
{
    if (sim.options.outage == OUTAGE_WORKERS)
        sim.workers_down = begins;
    else
        sim.queue_down = begins;
    if (begins) {
        sim.m.outage_from = sim_time();
        if (sim.workers_down)
            workers_die();
        events_add(&sim.events, sim_time() + OUTAGE, EVENT_REPAIR, 0, 0);
        return;
    }
    sim.m.outage_to = sim_time();
    sim.m.backlog = sim_due();
    if (sim.options.outage == OUTAGE_QUEUE)
        sim.queue_plugin->clear(sim.queue_handle, &sim.call.hearth);
}

static void happens(const struct event *event)
{
    switch (event->kind) {
    case EVENT_TICK:
        look();
        break;
    case EVENT_LEASE_RENEWER: /* as jobs_lease_renewer_main() */
        workers_keep_leases();
        events_add(&sim.events, sim_time() + sim.jobs.options.lease / 4 + 1, EVENT_LEASE_RENEWER, 0,
                   0);
        break;
    case EVENT_FINISH:
        worker_finishes(&sim.workers[event->who], event->run);
        break;
    case EVENT_VISIT:
        person_visits(event->who);
        break;
    case EVENT_OUTAGE:
    case EVENT_REPAIR:
        outage(event->kind == EVENT_OUTAGE);
        break;
    }
}

/* From the shares of people.c and the intervals: how many syncs run at once on average, and half
 * as many again. */
static int enough_workers(void)
{
    double a_day = (double)sim.options.accounts * (0.08 * 96 + 0.17 * 24 + 0.30);
    return 1 + (int)(a_day / DAY * (double)duration_mean() * 1.5);
}

static void run(void)
{
    int64_t end = sim.options.hours * HOUR;
    events_add(&sim.events, 0, EVENT_TICK, 0, 0);
    events_add(&sim.events, sim.jobs.options.lease / 4 + 1, EVENT_LEASE_RENEWER, 0, 0);
    if (sim.options.outage != OUTAGE_NONE)
        events_add(&sim.events, end / 2 - OUTAGE / 2, EVENT_OUTAGE, 0, 0);
    double begun = sim_cpu();
    for (;;) {
        struct event event = events_take(&sim.events);
        if (event.time >= end)
            break;
        sim_set_time(event.time);
        happens(&event);
        workers_take();
    }
    sim.m.total_cpu = sim_cpu() - begun;
}

static bool simulate(void)
{
    size_t minutes = (size_t)sim.options.hours * 60;
    sim.random = sim.options.seed;
    sim_open();
    if (sim.options.workers == 0)
        sim.options.workers = enough_workers();
    sim.idle = (size_t)sim.options.workers;
    sim.workers = calloc(sim.idle, sizeof(*sim.workers));
    sim.m.leases = calloc(minutes, sizeof(*sim.m.leases));
    sim.m.starts = calloc(minutes, sizeof(*sim.m.starts));
    assert_true(sim.workers != NULL && sim.m.leases != NULL && sim.m.starts != NULL);
    people_create(false);
    sim.m.commits = 0;
    run();
    report();
    bool right = check();
    sim_close();
    free(sim.people);
    free(sim.workers);
    free(sim.m.leases);
    free(sim.m.starts);
    free(sim.events.items);
    return right;
}

static long number(const char *text, long least, long most)
{
    char *end;
    long value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "sim: %s: a number between %ld and %ld is wanted\n", text, least, most);
        exit(2);
    }
    return value;
}

static enum outage outage_of(const char *text)
{
    static const char *const NAMES[] = {
        [OUTAGE_NONE] = "none", [OUTAGE_WORKERS] = "workers", [OUTAGE_QUEUE] = "queue"};
    for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
        if (strcmp(text, NAMES[i]) == 0)
            return (enum outage)i;
    fprintf(stderr, "sim: --outage is none, workers or queue\n");
    exit(2);
}

int main(int argc, char **argv)
{
    static const struct option OPTIONS[] = {
        {"accounts", required_argument, NULL, 'a'}, {"seed", required_argument, NULL, 's'},
        {"hours", required_argument, NULL, 'h'},    {"workers", required_argument, NULL, 'w'},
        {"outage", required_argument, NULL, 'o'},   {"looks", no_argument, NULL, 'l'},
        {"fast", no_argument, NULL, 'f'},           {NULL, 0, NULL, 0}};
    bool looks = false;
    sim.options = (struct sim_options){.accounts = 20000, .seed = 1, .hours = 24};
    for (int option; (option = getopt_long(argc, argv, "", OPTIONS, NULL)) != -1;) {
        if (option == 'a')
            sim.options.accounts = (size_t)number(optarg, 1, 10000000);
        else if (option == 's')
            sim.options.seed = (uint64_t)number(optarg, 0, LONG_MAX);
        else if (option == 'h')
            sim.options.hours = number(optarg, 1, 24);
        else if (option == 'w')
            sim.options.workers = (int)number(optarg, 1, 1000);
        else if (option == 'o')
            sim.options.outage = outage_of(optarg);
        else if (option == 'f')
            sim.options.fast = true;
        else if (option == 'l')
            looks = true;
        else
            return 2;
    }
    if (sim.options.outage != OUTAGE_NONE && sim.options.hours < 6) {
        fprintf(stderr, "sim: an outage needs 6 hours\n");
        return 2;
    }
    if (!looks)
        return simulate() ? 0 : 1;
    for (int i = optind; i < argc; i++)
        bench_ticks((size_t)number(argv[i], 10000, 10000000));
    return 0;
}

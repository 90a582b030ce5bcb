/* What a run has to show. Everything here is counted in simulated time, rows or steps: a busy
 * machine changes nothing. */
#include <math.h>

#include "base/clock.h"
#include "sim.h"

/* SQLite's machine in account_lease_due: a look that finds nothing, and what each row that is
 * due may add, leased already or not. */
enum { STEPS_IDLE = 200, STEPS_A_ROW = 200 };
/* the busiest minute: in means, and in standard deviations beside them */
static const double FLAT = 1.25, CHANCE = 6;

static bool delayed_by_outage(int64_t due)
{
    return sim.m.outage_from > 0 && (sim.m.recovered == 0 || due - SIM_EPOCH <= sim.m.recovered);
}

void measure_start(const struct hearth_account *account, const struct person *person)
{
    struct measured *m = &sim.m;
    int64_t now = clock_now(), late = now - account->next_sync;
    m->starts[sim_time() / MINUTE]++;
    m->syncs++;
    m->sleepers += account->next_sync == 0 && !person->seen;
    if (account->next_sync == 0 || late < 0)
        return; /* a person asked */
    if (delayed_by_outage(account->next_sync)) {
        m->lateness_outage = late > m->lateness_outage ? late : m->lateness_outage;
        return;
    }
    int64_t interval = jobs_schedule_interval(&sim.jobs.options.sync.schedule, account, now);
    m->lateness_max = late > m->lateness_max ? late : m->lateness_max;
    m->too_late +=
        late > (interval == 0 ? sim.jobs.options.sync.schedule.interval_month : interval);
}

static int64_t queue_ready(void)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    assert_int_equal(sim.queue_plugin->counts(sim.queue_handle, &sim.call.hearth, &counts), 0);
    return counts.ready;
}

void measure_before_tick(void)
{
    struct measured *m = &sim.m;
    bool all_leased = m->last_lease >= 0 && m->last_lease < sim.jobs.options.batch;
    if (m->outage_to > 0 && m->recovered == 0 && all_leased && sim.idle > 0 && queue_ready() == 0)
        m->recovered = sim_time();
}

static void measure_queue(void)
{
    struct measured *m = &sim.m;
    int64_t ready = queue_ready(),
            *max = m->outage_from > 0 && m->recovered == 0 ? &m->queue_max_outage : &m->queue_max;
    *max = ready > *max ? ready : *max;
}

void measure_tick(int64_t count, int64_t steps, double cpu)
{
    struct measured *m = &sim.m;
    m->ticks++;
    m->last_lease = count;
    m->tick_cpu += cpu;
    m->steps_total += steps;
    m->failed_ticks += count < 0;
    if (count >= 0) {
        m->lease_total += count;
        m->lease_max = count > m->lease_max ? count : m->lease_max;
        m->steps_excess += steps > STEPS_IDLE + STEPS_A_ROW * (sim.outstanding + count);
    }
    if (count == 0 && sim.outstanding == 0 && steps > m->steps_idle_max)
        m->steps_idle_max = steps;
    measure_queue();
}

struct rate {
    double mean;
    uint32_t max;
};

/* Of the minutes in [from, to) outside of an outage and its backlog. */
static struct rate rate_of(const uint32_t *minutes, int64_t from, int64_t to)
{
    struct rate rate = {0};
    int64_t count = 0, skip_from = sim.m.outage_from / MINUTE, skip_to = sim.m.recovered / MINUTE;
    for (int64_t i = from / MINUTE; i < to / MINUTE; i++) {
        if (sim.m.outage_from > 0 && i >= skip_from && (sim.m.recovered == 0 || i <= skip_to))
            continue;
        rate.mean += minutes[i];
        rate.max = minutes[i] > rate.max ? minutes[i] : rate.max;
        count++;
    }
    rate.mean /= count > 0 ? (double)count : 1;
    return rate;
}

static uint32_t max_of(const uint32_t *minutes, int64_t from, int64_t to)
{
    uint32_t max = 0;
    for (int64_t i = from / MINUTE; i <= to / MINUTE && i < sim.options.hours * 60; i++)
        max = minutes[i] > max ? minutes[i] : max;
    return max;
}

/* How everybody stands when the run ends. */
struct standing {
    int64_t overdue;  /* due for longer than their interval */
    int64_t stranded; /* should be synced, and nobody will */
    int64_t slow;     /* came today, and are synced as if they had not */
    int64_t far;      /* due only when a clock that was wrong will be right */
};

static int on_account(void *ctx, const struct hearth_account *account)
{
    struct standing *standing = ctx;
    const struct schedule *schedule = &sim.jobs.options.sync.schedule;
    int64_t now = clock_now(), interval = jobs_schedule_interval(schedule, account, now);
    bool wanted = interval > 0 && account->state != HEARTH_ACCOUNT_SIGNIN_NEEDED &&
                  account->state != HEARTH_ACCOUNT_PAUSED;
    const struct person *person = &sim.people[person_of(account->id)];
    standing->overdue += wanted && account->next_sync > 0 && now - account->next_sync > interval;
    standing->stranded += wanted && account->next_sync == 0 && !person->in_work;
    standing->far += account->next_sync > now + jobs_schedule_horizon(schedule);
    standing->slow +=
        wanted && person->seen && account->failures == 0 && account->next_sync > now + interval * 2;
    return 0;
}

static struct standing standing(void)
{
    struct standing standing = {0};
    OK(&sim.fixture.storage, account_list, on_account, &standing);
    plug_storage_reset(&sim.fixture.storage);
    return standing;
}

void report(void)
{
    const struct measured *m = &sim.m;
    struct rate rate = rate_of(m->starts, 0, sim.options.hours * HOUR);
    struct standing at_end = standing();
    double seconds = (double)(sim.options.hours * 3600);
    printf("accounts=%zu seed=%llu hours=%lld workers=%d outage=%d\n", sim.options.accounts,
           (unsigned long long)sim.options.seed, (long long)sim.options.hours, sim.options.workers,
           (int)sim.options.outage);
    printf("leases=%lld syncs=%lld requested=%lld visits=%lld failed=%lld told_to_wait=%lld "
           "redelivered=%lld\n",
           (long long)m->lease_total, (long long)m->syncs, (long long)m->requested,
           (long long)m->visits, (long long)m->failures, (long long)m->pauses,
           (long long)m->redelivered);
    printf("syncs_per_minute_mean=%.0f syncs_per_minute_max=%u claims_per_minute_max=%u\n",
           rate.mean, rate.max, rate_of(m->leases, 0, sim.options.hours * HOUR).max);
    printf("lateness_max_ms=%lld queue_max=%lld claim_max=%lld\n", (long long)m->lateness_max,
           (long long)m->queue_max, (long long)m->lease_max);
    printf("workers_busy_mean=%.1f commits_per_second=%.1f\n",
           (double)m->duration_total / 1e3 / seconds, (double)m->commits / seconds);
    printf("ticks=%lld steps_per_lease=%.0f steps_idle_max=%lld steps_excess=%lld\n",
           (long long)m->ticks,
           (double)m->steps_total / (m->lease_total > 0 ? (double)m->lease_total : 1),
           (long long)m->steps_idle_max, (long long)m->steps_excess);
    printf("stranded=%lld slow=%lld overdue=%lld\n", (long long)at_end.stranded,
           (long long)at_end.slow, (long long)at_end.overdue);
    if (sim.options.outage != OUTAGE_NONE)
        printf("backlog=%lld recovered_after_s=%lld queue_max_outage=%lld lateness_outage_ms=%lld "
               "starts_per_minute_backlog=%u "
               "after_mean=%.0f after_max=%u\n",
               (long long)m->backlog, (long long)(m->recovered - m->outage_to) / 1000,
               (long long)m->queue_max_outage, (long long)m->lateness_outage,
               max_of(m->starts, m->outage_to, m->recovered),
               rate_of(m->starts, m->recovered, sim.options.hours * HOUR).mean,
               rate_of(m->starts, m->recovered, sim.options.hours * HOUR).max);
    printf("cpu_s=%.1f cpu_s_per_million_leases=%.1f cpu_s_per_million_syncs=%.1f\n", m->total_cpu,
           m->tick_cpu / (double)(m->lease_total > 0 ? m->lease_total : 1) * 1e6,
           m->total_cpu / (double)(m->syncs > 0 ? m->syncs : 1) * 1e6);
}

static bool ok = true;

static void must(bool holds, const char *what, double is, double bound)
{
    if (holds)
        return;
    printf("WRONG: %s: %.1f, allowed %.1f\n", what, is, bound);
    ok = false;
}

#define MOST(what, is, bound)                                                                      \
    must((double)(is) <= (double)(bound), what, (double)(is), (double)(bound))

static void check_plan(void)
{
    sqlite3_stmt *plan;
    char sql[1024];
    bool indexed = false, scan = false;
    snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", sqlite3_sql(sim_lease_statement()));
    assert_int_equal(sqlite3_prepare_v2(sim.db, sql, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        indexed |= strstr(step, "accounts_due") != NULL;
        scan |= strncmp(step, "SCAN accounts", 13) == 0 || strstr(step, "TEMP B-TREE") != NULL;
    }
    sqlite3_finalize(plan);
    MOST("the lease does not use the index of due accounts, or scans or sorts", !indexed || scan,
         0);
}

static void check_flat(const char *what, const uint32_t *minutes, int64_t from, int64_t to)
{
    struct rate rate = rate_of(minutes, from, to);
    MOST(what, rate.max, FLAT * rate.mean + CHANCE * sqrt(rate.mean));
}

/* The workers can do so many more than become due; a lost queue is filled again when its leases
 * run out. */
static void check_recovery(double rate)
{
    const struct measured *m = &sim.m;
    double spare = (double)sim.options.workers * 60000.0 / (double)duration_mean() - rate;
    double needs = (double)m->backlog / spare * MINUTE;
    must(m->recovered > 0, "the backlog of the outage was not worked off", 0, 0);
    MOST("ms until the backlog was worked off", m->recovered - m->outage_to, MINUTE + 1.5 * needs);
    MOST("ms that a sync was late because of the outage", m->lateness_outage,
         OUTAGE + sim.jobs.options.account_lease + 1.5 * needs + MINUTE);
    MOST("jobs in the queue after the outage", m->queue_max_outage, m->backlog + 10 * rate);
    check_flat("syncs in the busiest minute after the backlog", m->starts, m->recovered,
               sim.options.hours * HOUR);
    check_flat("leases in the busiest minute after the backlog", m->leases, m->recovered,
               sim.options.hours * HOUR);
}

bool check(void)
{
    const struct measured *m = &sim.m;
    const struct jobs_options *options = &sim.jobs.options;
    int64_t end = m->outage_from > 0 ? m->outage_from : sim.options.hours * HOUR;
    double rate = rate_of(m->starts, 0, end).mean;
    struct standing at_end = standing();
    MOST("accounts in one lease", m->lease_max, options->batch);
    MOST("syncs that were later than their interval", m->too_late, 0);
    MOST("accounts overdue at the end", at_end.overdue, 0);
    MOST("accounts that are due in a year", at_end.far, 0);
    MOST("accounts in work twice at once", m->twice, 0);
    MOST("syncs of people who sleep", m->sleepers, 0);
    MOST("jobs in the queue", m->queue_max, rate + (double)options->batch);
    MOST("steps of a look at nothing", m->steps_idle_max, STEPS_IDLE);
    MOST("looks that cost more than what is due", m->steps_excess, 0);
    check_flat("syncs in the busiest minute", m->starts, 0, end);
    check_flat("leases in the busiest minute", m->leases, 0, end);
    check_plan();
    if (sim.options.outage != OUTAGE_NONE)
        check_recovery(rate);
    return ok;
}

/* The plugins, as the daemon opens them, with what counts their work in front. */
#include <dlfcn.h>
#include <time.h>

#include "base/backoff.h"
#include "base/log.h"
#include "jobs/presence.h"
#include "sim.h"

double sim_cpu(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* The plugin wants what it writes on the disk at every checkpoint. A simulated day is not worth
 * waiting for the disk; nor, when only counts are wanted, for locks that nobody else asks for
 * and pages read again and again. */
static int on_authorize(void *ctx, int action, const char *name, const char *value,
                        const char *database, const char *trigger)
{
    (void)ctx, (void)value, (void)database, (void)trigger;
    if (action != SQLITE_PRAGMA)
        return SQLITE_OK;
    bool ours =
        strcmp(name, "synchronous") == 0 || (sim.options.fast && strcmp(name, "cache_size") == 0);
    return ours ? SQLITE_IGNORE : SQLITE_OK;
}

static int on_commit(void *ctx)
{
    ++*(int64_t *)ctx;
    return 0;
}

static int on_connection(sqlite3 *db, const char **error, const struct sqlite3_api_routines *api)
{
    (void)error, (void)api;
    sqlite3_exec(db, "PRAGMA synchronous = OFF", NULL, NULL, NULL);
    if (sim.options.fast)
        sqlite3_exec(db,
                     "PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536; PRAGMA "
                     "wal_autocheckpoint = 10000",
                     NULL, NULL, NULL);
    sqlite3_set_authorizer(db, on_authorize, NULL);
    sqlite3_commit_hook(db, on_commit, &sim.m.commits);
    sim.db = db;
    return SQLITE_OK;
}

static void open_storage(void)
{
    sqlite3_auto_extension((void (*)(void))on_connection);
    fixture_prepare(&sim.fixture);
    fixture_reopen(&sim.fixture);
    OK(&sim.fixture.storage, migrate);
    sqlite3_cancel_auto_extension((void (*)(void))on_connection);
}

static int down(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "the queue is down");
}

static int on_ping(void *handle, struct hearth_call *call)
{
    return sim.queue_down ? down(call) : sim.queue_plugin->ping(handle, call);
}

static int on_publish(void *handle, struct hearth_call *call, const struct hearth_job *job,
                      int64_t delay, int32_t *ret_result)
{
    if (sim.queue_down)
        return down(call);
    struct person *person = &sim.people[person_of(job->key)];
    if (job->priority == HEARTH_SCHEDULED) {
        sim.m.leases[sim_time() / MINUTE]++;
        sim.outstanding += !person->leased;
        person->leased = true;
    } else {
        sim.m.requested++;
    }
    return sim.queue_plugin->publish(handle, call, job, delay, ret_result);
}

static int on_reserve(void *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                      struct hearth_job *ret_job)
{
    return sim.queue_down ? down(call)
                          : sim.queue_plugin->reserve(handle, call, wait, lease, ret_job);
}

static int on_extend(void *handle, struct hearth_call *call, const char *receipt, int64_t lease)
{
    return sim.queue_down ? down(call) : sim.queue_plugin->extend(handle, call, receipt, lease);
}

static int on_finish(void *handle, struct hearth_call *call, const char *receipt, int32_t outcome,
                     int64_t delay)
{
    return sim.queue_down ? down(call)
                          : sim.queue_plugin->finish(handle, call, receipt, outcome, delay);
}

static void open_queue(void)
{
    const char *file = getenv("QUEUE_INPROC");
    void *module = file == NULL ? NULL : dlopen(file, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (module == NULL)
        fail_msg("QUEUE_INPROC must name the plugin: %s", file == NULL ? "not set" : dlerror());
    hearth_plugin_entry entry;
    *(void **)&entry = dlsym(module, "hearth_plugin_v2");
    sim.queue_plugin = entry()->operations;
    sim.queue = *sim.queue_plugin;
    sim.queue.ping = on_ping;
    sim.queue.publish = on_publish;
    sim.queue.reserve = on_reserve;
    sim.queue.extend = on_extend;
    sim.queue.finish = on_finish;
    plug_host_init(&sim.queue_host, "queue-inproc", NULL, NULL); /* its monotonic_ms asks clock.c */
    static const struct hearth_config_value values[] = {
        {sizeof(values[0]), true, "1000000", 1000000}, {sizeof(values[0]), true, "1024", 1024}};
    plug_call_init(&sim.call, NULL, 0, 0);
    assert_int_equal(
        sim.queue_plugin->open(&sim.queue_host.hearth, &sim.call.hearth, values, &sim.queue_self),
        0);
    assert_int_equal(
        sim.queue_plugin->handle_open(sim.queue_self, &sim.call.hearth, &sim.queue_handle), 0);
}

/* As jobs_start() leaves it, without the threads. The numbers are the defaults of
 * docs/configuration.md. */
static void fill_jobs(void)
{
    struct jobs *jobs = &sim.jobs;
    sim.nodes.count = 1;
    jobs->options = (struct jobs_options){.nodes = &sim.nodes,
                                          .queue = &sim.queue,
                                          .queue_self = sim.queue_self,
                                          .lease = 2 * MINUTE,
                                          .tick = SECOND,
                                          .account_lease = 15 * MINUTE,
                                          .batch = 100};
    jobs->options.sync.schedule = (struct schedule){.interval = 15 * MINUTE,
                                                    .interval_week = HOUR,
                                                    .interval_month = DAY,
                                                    .dormant_after = 60 * (int64_t)DAY,
                                                    .retry = 5 * SECOND,
                                                    .retry_max = 8 * HOUR,
                                                    .signin_retry = 8 * HOUR,
                                                    .signin_retry_max = DAY,
                                                    .jitter = 10};
    pthread_mutex_init(&jobs->lock, NULL);
    jobs->paused = backoff_create();
    jobs->presence = jobs_presence_create(jobs);
    assert_true(jobs->paused != NULL && jobs->presence != NULL);
    sim.scheduler = (struct jobs_scheduler){.jobs = jobs};
    sim.tick_pause = jobs->options.tick;
}

void sim_open(void)
{
    /* every visit in an outage of the queue is a warning */
    log_init(LOG_FORMAT_TEXT, HEARTH_LOG_ERROR);
    open_storage();
    open_queue();
    fill_jobs();
}

void sim_close(void)
{
    backoff_destroy(sim.jobs.paused);
    jobs_presence_destroy(sim.jobs.presence);
    jobs_close_handles(&sim.jobs);
    sim.queue_plugin->handle_close(sim.queue_handle);
    sim.queue_plugin->close(sim.queue_self);
    plug_call_fini(&sim.call);
    pthread_mutex_destroy(&sim.jobs.lock);
    fixture_close(&sim.fixture);
    fixture_remove(&sim.fixture);
}

sqlite3_stmt *sim_lease_statement(void)
{
    static const char LEASE[] = "UPDATE accounts SET claimed_until = ?2";
    sqlite3_stmt *statement = NULL;
    while ((statement = sqlite3_next_stmt(sim.db, statement)) != NULL &&
           strncmp(sqlite3_sql(statement), LEASE, sizeof(LEASE) - 1) != 0) {
    }
    return statement;
}

int64_t sim_due(void)
{
    sqlite3_stmt *statement;
    assert_int_equal(
        sqlite3_prepare_v2(sim.db,
                           "SELECT count(*) FROM accounts WHERE next_sync > 0 AND next_sync <= ?",
                           -1, &statement, NULL),
        SQLITE_OK);
    sqlite3_bind_int64(statement, 1, SIM_EPOCH + sim_time());
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t due = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return due;
}

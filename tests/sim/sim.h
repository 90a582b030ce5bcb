/* A simulated day of the scheduler, the queue and the workers. What runs is the project's own
 * code: scheduler, schedule, visits and the end of a sync of core/jobs, the plugins
 * storage-sqlite and queue-inproc. Simulated are the time, the people, and how syncs go.
 *
 * One thread; everything random comes from the seed, so that a run can be repeated. */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <sqlite3.h>

#include "../plugins/storage-sqlite/fixture.h"
#include "jobs/jobs_internal.h"

#define SIM_EPOCH INT64_C(1750000000000)

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    DAY = 24 * HOUR,
    OUTAGE = 2 * HOUR
};
enum outage { OUTAGE_NONE, OUTAGE_WORKERS, OUTAGE_QUEUE };
enum event_kind {
    EVENT_TICK,
    EVENT_LEASE_RENEWER,
    EVENT_FINISH,
    EVENT_VISIT,
    EVENT_OUTAGE,
    EVENT_REPAIR
};
/* How lately the person was seen when the day began. */
enum activity { SEEN_TODAY, SEEN_IN_WEEK, SEEN_IN_MONTH, DORMANT, ACTIVITIES };

struct sim_options {
    size_t accounts;
    uint64_t seed;
    int64_t hours;
    int workers; /* 0: half as many again as the syncs need */
    enum outage outage;
    /* the same rows, at fewer system calls than a daemon with several connections needs */
    bool fast;
};

struct event {
    int64_t time;
    uint64_t order; /* of those at one time: as they were made */
    enum event_kind kind;
    uint32_t who; /* worker or person */
    uint32_t run; /* EVENT_FINISH: the worker's run that ends */
};

struct events {
    struct event *items;
    size_t count, room;
    uint64_t made;
};

struct person {
    uint8_t activity;
    bool regular; /* comes again and again */
    bool broken;  /* every sync fails */
    bool seen;    /* came in this day */
    bool leased;  /* leased by the scheduler, and no sync has ended since */
    bool in_work; /* a worker that lives has it */
};

struct worker {
    bool busy;
    uint32_t run, person;
    char receipt[JOBS_RECEIPT_MAX];
};

/* Counts, and what the checks need; times are simulated ones. */
struct measured {
    uint32_t *leases, *starts; /* in each minute */
    int64_t ticks, failed_ticks, lease_total, lease_max, last_lease, syncs, requested, visits,
        failures, pauses, twice, sleepers, redelivered;
    int64_t lateness_max, too_late; /* outside of an outage and its backlog */
    int64_t lateness_outage;        /* of what the outage delayed */
    int64_t queue_max, queue_max_outage;
    int64_t backlog;                           /* due when the outage ended */
    int64_t outage_from, outage_to, recovered; /* 0: none, not yet */
    int64_t duration_total;
    /* of SQLite's machine in account_lease_due */
    int64_t steps_total, steps_idle_max, steps_excess;
    int64_t commits;
    double tick_cpu, total_cpu;
};

struct sim {
    struct sim_options options;
    struct fixture fixture; /* the database */
    sqlite3 *db;            /* the connection inside the plugin's handle, to count its work */
    struct host queue_host;
    const struct hearth_queue *queue_plugin; /* the real operations */
    struct hearth_queue queue;               /* the same, noticed and interrupted */
    void *queue_self, *queue_handle;
    struct call call; /* of the workers */
    struct nodes nodes;
    struct jobs jobs;
    struct jobs_scheduler scheduler;
    int64_t tick_pause;
    bool queue_down, workers_down;
    uint64_t random;
    struct events events;
    struct person *people;
    struct worker *workers;
    size_t idle;         /* workers */
    int64_t outstanding; /* people with `leased` */
    struct measured m;
};

extern struct sim sim; /* the plugins' callbacks carry no context of ours */

/* clock.c */
void sim_set_time(int64_t ms);
int64_t sim_time(void); /* ms since the beginning of the day */

/* events.c */
void events_add(struct events *events, int64_t time, enum event_kind kind, uint32_t who,
                uint32_t run);
struct event events_take(struct events *events); /* there must be one */
uint64_t sim_random(void);
double sim_uniform(void); /* [0, 1) */
int64_t sim_between(int64_t from, int64_t to);

/* plugins.c */
void sim_open(void);
void sim_close(void);
sqlite3_stmt *sim_lease_statement(void); /* NULL before the first lease */
int64_t sim_due(void);                   /* accounts that are due, leased or not */
double sim_cpu(void);

/* people.c */
void person_id(char id[static 16], size_t person);
size_t person_of(const char *id);
void people_create(bool asleep); /* asleep: nobody is due or comes */
void person_visits(size_t person);

/* workers.c */
void workers_take(void); /* idle ones reserve what is ready */
void worker_finishes(struct worker *worker, uint32_t run);
void workers_keep_leases(void);
void workers_die(void);
int64_t duration_mean(void);

/* check.c */
void measure_start(const struct hearth_account *account, const struct person *person);
void measure_before_tick(void);
void measure_tick(int64_t count, int64_t steps, double cpu);
void report(void);
bool check(void); /* prints what is wrong */

/* idle.c */
void bench_ticks(size_t accounts);

#endif

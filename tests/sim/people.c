/* Who has an account and when they look at it. Of all accounts 8 % were seen within a day, 17 %
 * within a week, 30 % within two months, and 45 % are dormant; so many return from the later
 * classes as leave the first, so that the mix stays. */
#include <math.h>

#include "jobs/presence.h"
#include "sim.h"

static const double SHARE[ACTIVITIES] = {0.08, 0.17, 0.30, 0.45};
/* How likely somebody comes on a given day. */
static const double RETURNS[ACTIVITIES] = {0, 0.17, 0.01, 0.001};
static const double REGULAR = 0.6, BROKEN = 0.002; /* of those seen today; of all */
enum { BETWEEN_VISITS = 3 * HOUR };                /* of regular people, on average */

void person_id(char id[static 16], size_t person)
{
    snprintf(id, 16, "p%08zx", person);
}

size_t person_of(const char *id)
{
    return strtoul(id + 1, NULL, 16);
}

static int64_t until_next_visit(void)
{
    return MINUTE + (int64_t)(-log(1 - sim_uniform()) * BETWEEN_VISITS);
}

static void plan_visits(size_t i)
{
    struct person *person = &sim.people[i];
    if (person->regular)
        events_add(&sim.events, sim_time() + until_next_visit(), EVENT_VISIT, (uint32_t)i, 0);
    else if (sim_uniform() < RETURNS[person->activity])
        events_add(&sim.events, sim_between(0, DAY), EVENT_VISIT, (uint32_t)i, 0);
}

static void draw_person(struct person *person)
{
    double draw = sim_uniform();
    *person = (struct person){.activity = SEEN_TODAY};
    while (person->activity < DORMANT && draw >= SHARE[person->activity])
        draw -= SHARE[person->activity++];
    person->regular = person->activity == SEEN_TODAY && sim_uniform() < REGULAR;
    person->broken = sim_uniform() < BROKEN;
}

static int64_t last_seen(const struct person *person)
{
    static const int64_t FROM[] = {0, DAY, 7 * (int64_t)DAY, 60 * (int64_t)DAY},
                         TO[] = {DAY, 7 * (int64_t)DAY, 60 * (int64_t)DAY, 400 * (int64_t)DAY};
    int64_t ago = sim_between(FROM[person->activity], TO[person->activity]);
    return SIM_EPOCH - (person->regular ? ago % (2 * BETWEEN_VISITS) : ago);
}

/* Somewhere between two syncs, as a node is that has run for long. */
static void create_account(size_t i, bool asleep)
{
    char id[16], email[48];
    struct person *person = &sim.people[i];
    const struct schedule *schedule = &sim.jobs.options.sync.schedule;
    person_id(id, i);
    snprintf(email, sizeof(email), "person-%08llx@example.org",
             (unsigned long long)((uint32_t)i * 2654435761u));
    struct hearth_account account = {.struct_size = sizeof(account),
                                     .id = id,
                                     .email = email,
                                     .uid = id, /* unique, as at a provider */
                                     .provider = "firefox",
                                     .node = "",
                                     .created = SIM_EPOCH - 500 * (int64_t)DAY,
                                     .last_seen = last_seen(person),
                                     .state =
                                         person->broken ? HEARTH_ACCOUNT_ERROR : HEARTH_ACCOUNT_OK,
                                     .failures = person->broken ? 10 : 0};
    int64_t interval = jobs_schedule_interval(schedule, &account, SIM_EPOCH),
            between = person->broken && interval > 0 ? schedule->retry_max : interval;
    account.next_sync =
        between == 0 ? 0
                     : SIM_EPOCH + 1 + sim_between(0, between) + (asleep ? 2 * (int64_t)DAY : 0);
    /* the clock was a year ahead when it was last synced */
    if (between > 0 && i % 500 == 7 && !asleep)
        account.next_sync += 365 * (int64_t)DAY;
    account.last_attempt = between == 0 ? account.last_seen : account.next_sync - between;
    account.last_sync = person->broken ? account.created : account.last_attempt;
    OK(&sim.fixture.storage, account_create, &account);
}

void people_create(bool asleep)
{
    struct storage *storage = &sim.fixture.storage;
    sim.people = calloc(sim.options.accounts, sizeof(*sim.people));
    assert_non_null(sim.people);
    for (size_t i = 0; i < sim.options.accounts; i++) {
        draw_person(&sim.people[i]);
        create_account(i, asleep);
        /* the others go with it: one transaction */
        if (i == 0)
            begin(storage, "p00000000", HEARTH_COLLECTION_NONE);
        if (!asleep)
            plan_visits(i);
    }
    commit(storage);
    plug_storage_reset(storage);
}

void person_visits(size_t i)
{
    char id[16];
    struct person *person = &sim.people[i];
    person_id(id, i);
    person->seen = true;
    sim.m.visits++;
    jobs_note_seen(&sim.jobs, id, "");
    jobs_presence_flush(sim.jobs.presence, &sim.fixture.storage, 0); /* as its thread does */
    plug_storage_reset(&sim.fixture.storage);
    if (person->regular)
        plan_visits(i);
}

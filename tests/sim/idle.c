/* What a look of the scheduler costs, by the number of accounts, of due ones, and of those that
 * are leased and wait. */
#include "base/clock.h"
#include "sim.h"

enum { LOOKS = 5000, ROUNDS = 200, DUE = 100, LEASEED = 5000 };

static int64_t tick(void)
{
    struct err err = {0};
    sim_set_time(sim_time() + SECOND);
    int64_t count = jobs_scheduler_tick(&sim.scheduler, &sim.fixture.storage, clock_now(), &err);
    if (count < 0)
        fail_msg("tick: %s", err.text);
    return count;
}

static void set_next(size_t person, int64_t next_sync)
{
    char id[16];
    struct hearth_account account = {
        .struct_size = sizeof(account), .id = id, .next_sync = next_sync};
    person_id(id, person);
    OK(&sim.fixture.storage, account_update, &account, HEARTH_ACCOUNT_NEXT_SYNC);
    plug_storage_reset(&sim.fixture.storage);
}

static double per_look(int looks)
{
    double begun = sim_cpu();
    for (int i = 0; i < looks; i++)
        assert_int_equal(tick(), 0);
    return (sim_cpu() - begun) / looks * 1e6;
}

static double per_full_look(void)
{
    double total = 0;
    size_t due[DUE];
    for (int i = 0; i < ROUNDS; i++) {
        for (size_t k = 0; k < DUE; k++)
            set_next(due[k] = (sim.options.accounts / DUE * k + (size_t)i) % sim.options.accounts,
                     clock_now());
        double begun = sim_cpu();
        int64_t count = tick();
        total += sim_cpu() - begun;
        assert_int_equal(count, DUE);
        for (size_t k = 0; k < DUE; k++)
            set_next(due[k], clock_now() + DAY);
        sim.queue_plugin->clear(sim.queue_handle, &sim.call.hearth);
    }
    return total / ROUNDS * 1e6;
}

/* Leased by an earlier look, their jobs wait for workers. */
static double per_look_past(size_t leased)
{
    begin(&sim.fixture.storage, "p00000000", HEARTH_COLLECTION_NONE);
    for (size_t i = 0; i < leased; i++)
        set_next(i, clock_now() - (int64_t)i);
    commit(&sim.fixture.storage);
    while (tick() > 0) {
        sim_set_time(sim_time() - SECOND + 1);
    }
    return per_look(50);
}

void bench_ticks(size_t accounts)
{
    sim = (struct sim){.options = {.accounts = accounts, .hours = 24}, .random = 1};
    sim_set_time(0);
    sim_open();
    sim.m.leases = calloc(24 * 60, sizeof(*sim.m.leases));
    assert_non_null(sim.m.leases);
    people_create(true);
    double idle = per_look(LOOKS), full = per_full_look();
    printf("accounts=%zu idle_us=%.1f due_%d_us=%.1f leased_%d_us=%.1f\n", accounts, idle, DUE,
           full, LEASEED, per_look_past(LEASEED));
    sim_close();
    free(sim.m.leases);
    free(sim.people);
}

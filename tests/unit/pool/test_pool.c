#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/clock.h"
#include "pool/pool.h"

/* A worker that counts; its jobs can be held at a gate. */
static atomic_int opened, closed, ran, without_worker, interrupts;
static bool fail_open;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static int open_worker(void *ctx, void **ret_worker, struct err *err)
{
    (void)ctx;
    if (fail_open)
        return err_set(err, HEARTH_ERR_UNAVAILABLE, "not today");
    opened++;
    *ret_worker = malloc(1);
    return 0;
}

static void close_worker(void *worker)
{
    closed++;
    free(worker);
}

static void interrupt_worker(void *worker)
{
    (void)worker;
    interrupts++;
}

static void count(void *job, void *worker)
{
    atomic_fetch_add((atomic_int *)job, 1);
    without_worker += worker == NULL;
    ran++;
}

static void wait_at_gate(void *job, void *worker)
{
    (void)worker;
    atomic_store((atomic_int *)job, 1);
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
}

static void until_interrupted(void *job, void *worker)
{
    (void)worker;
    atomic_store((atomic_int *)job, 1);
    while (interrupts == 0)
        ;
}

/* A job that has all the time. */
static int run_patient(struct pool *pool, pool_work work, void *job)
{
    return pool_run_until(pool, work, NULL, job, 0);
}

static struct pool *create(int threads, size_t limit)
{
    opened = closed = ran = without_worker = interrupts = 0;
    struct pool_options options = {.name = "test",
                                   .threads = threads,
                                   .queue_limit = limit,
                                   .open = open_worker,
                                   .close = close_worker,
                                   .interrupt = interrupt_worker};
    struct pool *pool;
    struct err err = {0};
    assert_int_equal(pool_create(&options, &pool, &err), 0);
    return pool;
}

static void test_runs_everything_once(void **state)
{
    (void)state;
    static atomic_int jobs[1000];
    struct pool *pool = create(4, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(run_patient(pool, count, &jobs[i]), 0);
    pool_stop(pool); /* what waits is run first */
    for (int i = 0; i < 1000; i++)
        assert_int_equal(jobs[i], 1);
    assert_true(opened >= 1 && opened <= 4);
    assert_int_equal(opened, closed);
    assert_int_equal(run_patient(pool, count, &jobs[0]), HEARTH_ERR_CANCELLED);
    pool_destroy(pool);
}

static void test_bound(void **state)
{
    (void)state;
    atomic_int at_gate = 0, job = 0;
    struct pool *pool = create(1, 3);
    pthread_mutex_lock(&gate);
    assert_int_equal(run_patient(pool, wait_at_gate, &at_gate), 0);
    while (at_gate == 0)
        ;
    for (int i = 0; i < 3; i++)
        assert_int_equal(run_patient(pool, count, &job), 0);
    assert_int_equal(run_patient(pool, count, &job), HEARTH_ERR_FULL);
    pthread_mutex_unlock(&gate);
    pool_stop(pool);
    assert_int_equal(job, 3);
    pool_destroy(pool);
}

static void test_no_handle(void **state)
{
    (void)state;
    atomic_int job = 0;
    fail_open = true;
    struct pool *pool = create(2, 10);
    for (int i = 0; i < 5; i++)
        run_patient(pool, count, &job);
    pool_stop(pool);
    assert_int_equal(without_worker, 5); /* the jobs run and can say so */
    assert_int_equal(closed, 0);
    fail_open = false;
    pool_destroy(pool);
}

static void test_stop_interrupts(void **state)
{
    (void)state;
    atomic_int started = 0;
    struct pool *pool = create(1, 10);
    run_patient(pool, until_interrupted, &started);
    while (started == 0)
        ;
    pool_stop(pool);
    assert_true(interrupts > 0);
    pool_destroy(pool);
    pool_destroy(NULL);
}

static void note_expiry(void *job)
{
    atomic_fetch_add((atomic_int *)job, 100);
}

/* The only thread is held up; whoever waits behind hears of it all the same, and is not run
 * later. */
static void test_who_waits_too_long_is_told(void **state)
{
    (void)state;
    atomic_int at_gate = 0, early[3] = {0}, patient = 0, late = 0;
    struct pool *pool = create(1, 10);
    pthread_mutex_lock(&gate);
    run_patient(pool, wait_at_gate, &at_gate);
    while (at_gate == 0)
        ;
    for (int i = 0; i < 3; i++)
        assert_int_equal(pool_run_until(pool, count, note_expiry, &early[i], clock_monotonic() + 1),
                         0);
    assert_int_equal(
        pool_run_until(pool, count, note_expiry, &patient, clock_monotonic() + 3600000), 0);
    assert_int_equal(run_patient(pool, count, &late), 0);
    for (int i = 0; i < 3; i++)
        while (early[i] == 0)
            ;
    assert_int_equal(patient, 0);
    pthread_mutex_unlock(&gate);
    pool_stop(pool);
    for (int i = 0; i < 3; i++)
        assert_int_equal(early[i], 100); /* once, and not run */
    assert_int_equal(patient, 1);
    assert_int_equal(late, 1);
    pool_destroy(pool);
}

/* Of two that wait the first has all the time in the world. When it is taken, the second is the
 * first, and expires although no thread is left. */
static void test_behind_a_patient_one(void **state)
{
    (void)state;
    atomic_int at_gate = 0, patient = 0, early = 0, late = 0;
    struct pool *pool = create(1, 10);
    pthread_mutex_lock(&gate);
    run_patient(pool, wait_at_gate, &at_gate);
    while (at_gate == 0)
        ;
    assert_int_equal(pool_run_until(pool, count, note_expiry, &early, clock_monotonic() + 1), 0);
    assert_int_equal(run_patient(pool, until_interrupted, &patient), 0);
    assert_int_equal(pool_run_until(pool, count, note_expiry, &late, clock_monotonic() + 1), 0);
    while (early == 0)
        ;
    assert_int_equal(late, 0);
    pthread_mutex_unlock(&gate);
    while (late == 0 || patient == 0)
        ;
    assert_int_equal(interrupts, 0); /* it still holds the only thread */
    pool_stop(pool);
    assert_int_equal(early, 100);
    assert_int_equal(late, 100);
    pool_destroy(pool);
}

static struct pool *reentered;

static void reenter(void *worker)
{
    static atomic_int job;
    run_patient(reentered, count, &job); /* hangs when a lock is held */
    interrupt_worker(worker);
}

static void look(void *worker, void *ctx)
{
    if (worker != NULL)
        (*(int *)ctx)++;
    reenter(worker);
}

/* No lock is held while the worker's owner is called. */
static void test_interrupts_under_no_lock(void **state)
{
    (void)state;
    struct pool_options options = {.name = "test",
                                   .threads = 2,
                                   .queue_limit = 100000,
                                   .open = open_worker,
                                   .close = close_worker,
                                   .interrupt = reenter};
    atomic_int started = 0;
    int seen = 0;
    opened = closed = ran = without_worker = interrupts = 0;
    assert_int_equal(pool_create(&options, &reentered, NULL), 0);
    pool_each_running(reentered, look, &seen);
    assert_int_equal(seen, 0); /* nothing runs */
    run_patient(reentered, until_interrupted, &started);
    while (started == 0)
        ;
    pool_each_running(reentered, look, &seen);
    assert_int_equal(seen, 1);
    pool_stop(reentered);
    assert_int_equal(opened, closed);
    pool_destroy(reentered);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_everything_once),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_no_handle),
        cmocka_unit_test(test_stop_interrupts),
        cmocka_unit_test(test_who_waits_too_long_is_told),
        cmocka_unit_test(test_behind_a_patient_one),
        cmocka_unit_test(test_interrupts_under_no_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* wait.c, lookup.c: what a call waits for, and what ends the wait. */
#include "fake_host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "support/call.h"
#include "support/lookup.h"
#include "support/wait.h"

struct world {
    struct fake_host fake;
    struct support_interrupt interrupt;
    int pipe[2];
};

static void setup(struct world *w)
{
    fake_host_init(&w->fake);
    assert_true(support_interrupt_init(&w->interrupt));
    assert_int_equal(pipe(w->pipe), 0);
    support_interrupt_enter(&w->interrupt);
}

static void teardown(struct world *w)
{
    support_interrupt_leave(&w->interrupt);
    support_interrupt_fini(&w->interrupt);
    close(w->pipe[0]);
    close(w->pipe[1]);
}

static enum support_waited wait_for_pipe(struct world *w, int64_t wait, int64_t grace, int64_t look)
{
    struct support_wait_limit limit =
        support_wait_limit_for(&w->fake.host, &w->fake.call, &w->interrupt, wait, grace);
    limit.look = look;
    return support_wait_fd(&limit, w->pipe[0], POLLIN);
}

static void test_descriptor(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    assert_int_equal(wait_for_pipe(&w, 0, 0, 0), SUPPORT_OVER);
    assert_int_equal(write(w.pipe[1], "x", 1), 1);
    assert_int_equal(wait_for_pipe(&w, 1000, 0, 0), SUPPORT_READY);
    w.fake.call.deadline = w.fake.now - 1; /* what is there already is taken all the same */
    assert_int_equal(wait_for_pipe(&w, 1000, 0, 0), SUPPORT_READY);
    teardown(&w);
}

/* Time passes only when the clock is looked at: the waits below end by what they are about. */
static void test_time(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    w.fake.step = 40;
    assert_int_equal(wait_for_pipe(&w, 50, 0, 0), SUPPORT_OVER);
    w.fake.call.deadline = w.fake.now + 50;
    assert_int_equal(wait_for_pipe(&w, 1000000, 0, 0), SUPPORT_OVER);
    assert_true(w.fake.now >= w.fake.call.deadline);
    teardown(&w);
}

static void test_interrupt(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    support_interrupt_leave(&w.interrupt);
    support_interrupt_raise(&w.interrupt); /* no call runs: it is nobody's */
    support_interrupt_enter(&w.interrupt);
    assert_false(support_interrupt_is_raised(&w.interrupt));
    assert_int_equal(wait_for_pipe(&w, 0, 0, 0), SUPPORT_OVER);
    support_interrupt_raise(&w.interrupt);
    support_interrupt_raise(&w.interrupt);
    assert_true(support_interrupt_is_raised(&w.interrupt));
    assert_int_equal(wait_for_pipe(&w, 600000, 0, 0), SUPPORT_CANCELLED);
    assert_int_equal(wait_for_pipe(&w, 600000, 0, 100), SUPPORT_CANCELLED); /* for the whole call */
    support_interrupt_leave(&w.interrupt);
    support_interrupt_enter(&w.interrupt); /* and no longer */
    assert_int_equal(wait_for_pipe(&w, 0, 0, 0), SUPPORT_OVER);
    teardown(&w);
}

/* An exchange under way gets its grace, and its answer when that comes in it. */
static void test_grace(void **state)
{
    (void)state;
    struct world w;
    setup(&w);
    support_interrupt_raise(&w.interrupt);
    w.fake.step = 30;
    assert_int_equal(wait_for_pipe(&w, 600000, 100, 0), SUPPORT_CANCELLED);
    assert_int_equal(write(w.pipe[1], "x", 1), 1);
    assert_int_equal(wait_for_pipe(&w, 600000, 100, 0), SUPPORT_READY);
    teardown(&w);
}

static void *stop_soon(void *arg)
{
    ((struct world *)arg)->fake.stops = true;
    return NULL;
}

/* The daemon's stop comes as no interrupt: whoever looks sees it. */
static void test_stop(void **state)
{
    (void)state;
    struct world w;
    pthread_t thread;
    setup(&w);
    w.fake.stops = true;
    assert_int_equal(wait_for_pipe(&w, 600000, 0, 0), SUPPORT_CANCELLED);
    w.fake.stops = false;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, &w), 0);
    assert_int_equal(wait_for_pipe(&w, 600000, 0, 1), SUPPORT_CANCELLED);
    pthread_join(thread, NULL);
    teardown(&w);
}

static void test_condition(void **state)
{
    (void)state;
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond;
    struct timespec now;
    assert_int_equal(support_cond_init(&cond), 0);
    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t until = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + 2;
    pthread_mutex_lock(&lock);
    for (bool over = false; !over;
         over = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 >= until) {
        support_cond_wait_until(&cond, &lock, until); /* returns, whatever the wall clock says */
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    pthread_mutex_unlock(&lock);
    pthread_cond_destroy(&cond);
}

static void test_lookup(void **state)
{
    (void)state;
    struct addrinfo *list = NULL;
    struct support_lookup *lookup = support_lookup_start("127.0.0.1", "5432");
    assert_non_null(lookup);
    struct pollfd ready = {.fd = support_lookup_fd(lookup), .events = POLLIN};
    assert_int_equal(poll(&ready, 1, -1), 1);
    assert_int_equal(support_lookup_take(lookup, &list), 0);
    assert_int_equal(ntohs(((struct sockaddr_in *)list->ai_addr)->sin_port), 5432);
    freeaddrinfo(list);
    support_lookup_drop(lookup);
    support_lookup_drop(NULL);
    for (int i = 0; i < 200; i++) {
        /* those that are left behind end by themselves, and may be many over time */
        lookup = support_lookup_start("127.0.0.1", "1");
        if (lookup == NULL)
            assert_int_equal(errno, EAGAIN);
        support_lookup_drop(lookup);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_descriptor), cmocka_unit_test(test_time),
        cmocka_unit_test(test_interrupt),  cmocka_unit_test(test_grace),
        cmocka_unit_test(test_stop),       cmocka_unit_test(test_condition),
        cmocka_unit_test(test_lookup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

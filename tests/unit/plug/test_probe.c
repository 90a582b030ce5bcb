/* Probes: what a backend does, and what becomes of its breaker. The backend here fails, hangs
 * until it is interrupted, or does not come back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "plug/probe.h"

enum how { WELL, REFUSES, CANNOT_WRITE, HANGS, DEAF };

static struct {
    atomic_int how, interrupted, open, pings, sent_away;
} backend;

struct fake {
    atomic_bool interrupted;
};

static int fake_open(void *self, struct hearth_call *call, void **ret_handle)
{
    (void)self;
    (void)call;
    *ret_handle = calloc(1, sizeof(struct fake));
    backend.open++;
    return 0;
}

static void fake_close(void *handle)
{
    backend.open--;
    free(handle);
}

static void fake_interrupt(void *handle)
{
    backend.interrupted++;
    atomic_store(&((struct fake *)handle)->interrupted, true);
}

static int fake_ping(void *handle, struct hearth_call *call)
{
    struct fake *fake = handle;
    backend.pings++;
    atomic_store(&fake->interrupted, false);
    while (backend.how == DEAF || (backend.how == HANGS && !atomic_load(&fake->interrupted) &&
                                   clock_monotonic() < call->deadline))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    switch (atomic_load(&backend.how)) {
    case WELL:
        return 0;
    case CANNOT_WRITE:
        return hearth_fail(call, HEARTH_ERR_FULL, "the disk is full");
    case REFUSES:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "refused");
    default:
        return hearth_fail(
            call, atomic_load(&fake->interrupted) ? HEARTH_ERR_CANCELLED : HEARTH_ERR_TIMEOUT,
            "hangs");
    }
}

static void send_away(void *ctx, size_t index)
{
    assert_int_equal(index, 7);
    assert_true(plug_breaker_is_open(ctx));
    backend.sent_away++;
}

static struct probes *start(struct breaker *breaker, enum how how)
{
    memset(&backend, 0, sizeof(backend));
    backend.how = (int)how;
    plug_breaker_init(breaker, "the backend");
    struct probe_backend one = {.breaker = breaker,
                                .handle_open = fake_open,
                                .handle_close = fake_close,
                                .interrupt = fake_interrupt,
                                .ping = fake_ping,
                                .hangs = send_away,
                                .ctx = breaker,
                                .index = 7};
    struct probe_options options = {.interval = 10, .timeout = 100};
    struct probes *probes;
    assert_int_equal(plug_probes_start(&options, &one, 1, &probes, NULL), 0);
    return probes;
}

static void await(struct breaker *breaker, enum breaker_state state, int code)
{
    struct breaker_view view;
    do {
        plug_breaker_allows(breaker, NULL);
        plug_breaker_look(breaker, &view);
    } while (view.state != state || view.code != code || view.good == 0);
}

static void follows_the_backend(void **state)
{
    struct breaker breaker;
    (void)state;
    struct probes *probes = start(&breaker, WELL);
    plug_probes_await_first(probes);
    struct breaker_view view;
    plug_breaker_look(&breaker, &view);
    assert_true(view.good > 0 && view.code == 0);
    for (int i = 0; i < 3; i++) {
        backend.how = REFUSES;
        await(&breaker, BREAKER_OPEN, HEARTH_ERR_UNAVAILABLE);
        backend.how = CANNOT_WRITE;
        await(&breaker, BREAKER_CLOSED, HEARTH_ERR_FULL);
        backend.how = HANGS;
        await(&breaker, BREAKER_OPEN, HEARTH_ERR_TIMEOUT);
        backend.how = WELL;
        await(&breaker, BREAKER_CLOSED, 0);
    }
    assert_true(backend.sent_away >= 6);
    assert_true(plug_probes_stop(probes));
    assert_int_equal(backend.open, 0);
    plug_breaker_fini(&breaker);
}

/* Who waits is sent away again and again, because an interrupt may come between two calls. */
static void sends_away_as_long_as_it_hangs(void **state)
{
    struct breaker breaker;
    (void)state;
    struct probes *probes = start(&breaker, HANGS);
    while (backend.sent_away < 5)
        ;
    assert_true(plug_probes_stop(probes));
    assert_int_equal(backend.open, 0);
    plug_breaker_fini(&breaker);
}

/* The thread that pings never comes back; the one that watches it says so, and the stop does not
 * wait for it. */
static void a_ping_that_does_not_return(void **state)
{
    static struct breaker breaker; /* what was left behind still has it */
    (void)state;
    struct probes *probes = start(&breaker, WELL);
    plug_probes_await_first(probes);
    backend.how = DEAF;
    await(&breaker, BREAKER_OPEN, HEARTH_ERR_TIMEOUT);
    assert_int_equal(plug_breaker_allows(&breaker, NULL), HEARTH_ERR_UNAVAILABLE);
    while (backend.sent_away == 0) /* a moment after the breaker has opened */
        ;
    assert_false(plug_probes_stop(probes));
    backend.how = WELL; /* it ends by itself then, and says so */
    while (backend.open > 0)
        ;
}

static void wake(void *handle)
{
    plug_breaker_note(handle, HEARTH_ERR_TIMEOUT, "slow");
}

/* Rare when nobody uses the backend, at once when somebody had no answer. */
static void looks_when_there_is_news(void **state)
{
    struct breaker breaker;
    (void)state;
    memset(&backend, 0, sizeof(backend));
    plug_breaker_init(&breaker, "the backend");
    struct probe_backend one = {.breaker = &breaker,
                                .handle_open = fake_open,
                                .handle_close = fake_close,
                                .interrupt = fake_interrupt,
                                .ping = fake_ping};
    struct probe_options options = {.interval = 3600000, .timeout = 10000};
    struct probes *probes;
    assert_int_equal(plug_probes_start(&options, &one, 1, &probes, NULL), 0);
    plug_probes_await_first(probes);
    for (int i = 2; i < 5; i++) {
        wake(&breaker);
        while (backend.pings < i)
            ;
    }
    assert_true(plug_probes_stop(probes));
    plug_breaker_fini(&breaker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_the_backend), cmocka_unit_test(sends_away_as_long_as_it_hangs),
        cmocka_unit_test(looks_when_there_is_news),
        cmocka_unit_test(a_ping_that_does_not_return), /* last: it leaves something behind */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

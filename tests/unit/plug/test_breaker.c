/* The circuit breaker: what opens it, what closes it, what it says, and that threads may share
 * it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/log.h"
#include "plug/breaker.h"

static atomic_int wakes;

static void count_wake(void *ctx)
{
    atomic_fetch_add((atomic_int *)ctx, 1);
}

static void setup(struct breaker *breaker)
{
    plug_breaker_init(breaker, "the storage of node alder");
    plug_breaker_watch(breaker, count_wake, &wakes);
    atomic_store(&wakes, 0);
}

static void opens_after_failures_in_a_row(void **state)
{
    struct breaker b;
    setup(&b);
    for (int i = 0; i < 20; i++) { /* an answer in between: whoever is slow is not down */
        plug_breaker_note(&b, i % 2 == 0 ? HEARTH_ERR_TIMEOUT : HEARTH_ERR_NOT_FOUND, "slow");
        assert_int_equal(plug_breaker_allows(&b, NULL), 0);
    }
    static const int lost[BREAKER_FAILURES] = {HEARTH_ERR_TIMEOUT, HEARTH_ERR_UNCERTAIN,
                                               HEARTH_ERR_UNAVAILABLE};
    for (int i = 0; i < BREAKER_FAILURES; i++) {
        assert_int_equal(plug_breaker_allows(&b, NULL), 0);
        plug_breaker_note(&b, HEARTH_ERR_CANCELLED, "says nothing");
        plug_breaker_note(&b, lost[i], "connection refused");
    }
    struct err err = {0};
    assert_int_equal(plug_breaker_allows(&b, &err), HEARTH_ERR_UNAVAILABLE);
    assert_int_equal(err.code, HEARTH_ERR_UNAVAILABLE);
    assert_true(err.retry_after > 0);
    assert_non_null(strstr(err.text, "the storage of node alder does not answer"));
    assert_non_null(strstr(err.text, "connection refused"));
    plug_breaker_fini(&b);
}

static void what_is_told_of_an_outage_is_told_once(void **state)
{
    struct breaker b;
    setup(&b);
    char words[256];
    int64_t unanswered;
    assert_false(plug_breaker_note(NULL, HEARTH_ERR_UNAVAILABLE, "gone"));
    /* Who had no answer is silent from the first on: the probe knows whether it is an outage. */
    assert_true(plug_breaker_note(&b, HEARTH_ERR_UNAVAILABLE, "gone"));
    assert_true(plug_breaker_note(&b, HEARTH_ERR_TIMEOUT, "slow"));
    plug_breaker_probing(&b, &unanswered, words);
    assert_int_equal(unanswered, 2);
    assert_string_equal(words, "slow");
    plug_breaker_probed(&b, HEARTH_ERR_TIMEOUT, "no answer to a ping");
    assert_true(plug_breaker_note(&b, HEARTH_ERR_UNAVAILABLE, "gone"));
    plug_breaker_probing(&b, &unanswered, words);
    assert_int_equal(unanswered, 0);                                    /* of an outage */
    assert_false(plug_breaker_note(&b, HEARTH_ERR_CORRUPT, "damaged")); /* another matter */
    plug_breaker_probed(&b, HEARTH_ERR_FULL, "no room");
    assert_true(plug_breaker_note(&b, HEARTH_ERR_FULL, "no room"));
    assert_false(plug_breaker_note(&b, HEARTH_ERR_CANCELLED, "stopped"));
    struct err err = {0};
    plug_breaker_probed(&b, HEARTH_ERR_TIMEOUT, "no answer to a ping");
    plug_breaker_allows(&b, &err);
    assert_int_equal(log_level_of(&err, HEARTH_LOG_ERROR), HEARTH_LOG_DEBUG);
    err_set(&err, HEARTH_ERR_INVALID, "something else");
    assert_int_equal(log_level_of(&err, HEARTH_LOG_ERROR), HEARTH_LOG_ERROR);
    plug_breaker_fini(&b);
}

static void only_a_probe_closes(void **state)
{
    struct breaker b;
    struct breaker_view view;
    setup(&b);
    assert_true(plug_breaker_probed(&b, HEARTH_ERR_TIMEOUT, "no answer to a ping"));
    assert_false(plug_breaker_probed(&b, HEARTH_ERR_UNAVAILABLE, "refused now"));
    plug_breaker_note(&b, 0, NULL); /* of a call that began before */
    assert_true(plug_breaker_is_open(&b));
    plug_breaker_look(&b, &view);
    assert_int_equal(view.code, HEARTH_ERR_UNAVAILABLE);
    assert_string_equal(view.words, "refused now");
    assert_int_equal(view.trips, 1);
    assert_true(view.good > 0);
    assert_false(plug_breaker_probed(&b, HEARTH_ERR_CANCELLED, "stopped"));
    assert_true(plug_breaker_is_open(&b));
    assert_true(plug_breaker_probed(&b, 0, NULL));
    assert_int_equal(plug_breaker_allows(&b, NULL), 0);
    plug_breaker_look(&b, &view);
    assert_int_equal(view.code, 0);
    assert_string_equal(view.words, "");
    /* What was counted before it opened is forgotten. */
    plug_breaker_note(&b, HEARTH_ERR_TIMEOUT, "slow");
    assert_int_equal(plug_breaker_allows(&b, NULL), 0);
    plug_breaker_fini(&b);
}

static void what_cannot_be_written_is_read(void **state)
{
    static const int codes[] = {HEARTH_ERR_FULL, HEARTH_ERR_DENIED, HEARTH_ERR_CORRUPT,
                                HEARTH_ERR_IO, HEARTH_ERR_INTERNAL};
    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        struct breaker b;
        struct breaker_view view;
        setup(&b);
        plug_breaker_probed(&b, HEARTH_ERR_TIMEOUT, "hangs");
        assert_true(plug_breaker_probed(&b, codes[i], NULL));
        assert_int_equal(plug_breaker_allows(&b, NULL), 0);
        plug_breaker_look(&b, &view);
        assert_int_equal(view.state, BREAKER_CLOSED);
        assert_int_equal(view.code, codes[i]);
        assert_string_equal(view.words, err_text(codes[i]));
        plug_breaker_note(&b, 0, NULL); /* reading goes on; that it cannot be written stays known */
        plug_breaker_look(&b, &view);
        assert_int_equal(view.code, codes[i]);
        plug_breaker_fini(&b);
    }
}

static void wakes_the_probe_once(void **state)
{
    struct breaker b;
    setup(&b);
    for (int i = 0; i < 5; i++)
        plug_breaker_allows(&b, NULL);
    assert_int_equal(wakes, 1);
    plug_breaker_note(&b, HEARTH_ERR_TIMEOUT, "slow"); /* news */
    assert_int_equal(wakes, 2);
    char words[256];
    int64_t unanswered;
    assert_true(plug_breaker_probing(&b, &unanswered, words));
    assert_false(plug_breaker_probing(&b, &unanswered, words));
    plug_breaker_allows(&b, NULL);
    assert_int_equal(wakes, 3);
    plug_breaker_fini(&b);
}

static void without_a_probe_it_never_opens(void **state)
{
    struct breaker b;
    plug_breaker_init(&b, "the queue");
    for (int i = 0; i < 100; i++)
        plug_breaker_note(&b, HEARTH_ERR_UNAVAILABLE, "refused");
    assert_int_equal(plug_breaker_allows(&b, NULL), 0);
    plug_breaker_fini(&b);
    assert_int_equal(plug_breaker_allows(NULL, NULL), 0);
    plug_breaker_note(NULL, HEARTH_ERR_TIMEOUT, "nobody listens");
}

static void *hammer(void *arg)
{
    struct breaker *b = arg;
    for (int i = 0; i < 20000; i++) {
        struct err err = {0};
        if (plug_breaker_allows(b, &err) == 0)
            plug_breaker_note(b, i % 3 == 0 ? 0 : HEARTH_ERR_TIMEOUT, "slow");
        else if (strstr(err.text, "does not answer") == NULL)
            return b;
    }
    return NULL;
}

static void threads_share_it(void **state)
{
    struct breaker b;
    pthread_t threads[4];
    setup(&b);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hammer, &b), 0);
    for (int i = 0; i < 20000; i++)
        plug_breaker_probed(&b, i % 2 == 0 ? 0 : HEARTH_ERR_TIMEOUT, "probe");
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    plug_breaker_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_after_failures_in_a_row),
        cmocka_unit_test(only_a_probe_closes),
        cmocka_unit_test(what_cannot_be_written_is_read),
        cmocka_unit_test(wakes_the_probe_once),
        cmocka_unit_test(without_a_probe_it_never_opens),
        cmocka_unit_test(threads_share_it),
        cmocka_unit_test(what_is_told_of_an_outage_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

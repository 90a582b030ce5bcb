/* The queue contract of hearth/queue.h, sentence by sentence; then a random sequence against a
 * simple model; then threads. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/clock.h"
#include "hearth/queue.h"
#include "plug/call.h"
#include "plug/host.h"

static const struct hearth_queue *ops;
static struct host host;
static int64_t fake_now; /* the queue's clock in tests that do not wait */

struct fixture {
    void *self, *handle;
    struct call call;
};

static int64_t on_fake(const struct hearth_host *h)
{
    (void)h;
    return fake_now;
}

static int open_queue(void **state, const char *max_jobs, int64_t backlog)
{
    const struct hearth_plugin *plugin = hearth_plugin_v2();
    ops = plugin->operations;
    struct fixture *f = calloc(1, sizeof(*f));
    plug_host_init(&host, "queue-inproc", NULL, NULL);
    plug_call_init(&f->call, NULL, 0, 0);
    static struct hearth_config_value values[2] = {{.struct_size = sizeof(values[0])},
                                                   {.struct_size = sizeof(values[0])}};
    values[0].number = strtoll(max_jobs, NULL, 10);
    values[1].number = backlog;
    if (ops->open(&host.hearth, &f->call.hearth, values, &f->self) != 0 ||
        ops->handle_open(f->self, &f->call.hearth, &f->handle) != 0)
        return -1;
    *state = f;
    return 0;
}

static int set_up(void **state)
{
    int r = open_queue(state, "1000", 4);
    fake_now = 1000000;
    host.hearth.monotonic_ms = on_fake;
    return r;
}

static int set_up_real(void **state)
{
    return open_queue(state, "100000", 1024);
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    ops->handle_close(f->handle);
    ops->close(f->self);
    plug_call_fini(&f->call);
    free(f);
    return 0;
}

static int publish_kind(struct fixture *f, const char *kind, const char *key, int priority,
                        int64_t delay)
{
    struct hearth_job job = {
        .struct_size = sizeof(job), .kind = kind, .key = key, .payload = "p", .priority = priority};
    int32_t result = -1;
    int r = ops->publish(f->handle, &f->call.hearth, &job, delay, &result);
    return r < 0 ? r : result;
}

static int publish(struct fixture *f, const char *key, int priority, int64_t delay)
{
    return publish_kind(f, "sync", key, priority, delay);
}

static int reserve(struct fixture *f, struct hearth_job *ret)
{
    *ret = (struct hearth_job){.struct_size = sizeof(*ret)};
    return ops->reserve(f->handle, &f->call.hearth, 0, 100, ret);
}

static void takes(struct fixture *f, const char *key)
{
    struct hearth_job job;
    assert_int_equal(reserve(f, &job), 0);
    assert_string_equal(job.key, key);
}

static void empty(struct fixture *f)
{
    struct hearth_job job;
    assert_int_equal(reserve(f, &job), HEARTH_ERR_NOT_FOUND);
}

static void test_dedupe(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(publish(f, "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    assert_int_equal(publish(f, "a", HEARTH_SCHEDULED, 0), HEARTH_WAITING);
    struct hearth_job job;
    assert_int_equal(reserve(f, &job), 0);
    assert_int_equal(job.attempt, 1);
    assert_string_equal(job.payload, "p");
    assert_int_equal(publish(f, "a", HEARTH_PERSON_WAITS, 0), HEARTH_IN_WORK);
    empty(f);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, job.receipt, HEARTH_JOB_DONE, 0), 0);
    assert_int_equal(publish(f, "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
}

/* A receipt is for its kind; what is no kind opens nothing. */
static void test_kinds(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job;
    char other[128];
    assert_int_equal(publish_kind(f, "move", "a", HEARTH_PERSON_WAITS, 0), HEARTH_QUEUED);
    assert_int_equal(publish_kind(f, "sync", "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    assert_int_equal(publish_kind(f, "Move", "a", HEARTH_SCHEDULED, 0), HEARTH_ERR_INVALID);
    assert_int_equal(publish_kind(f, NULL, "a", HEARTH_SCHEDULED, 0), HEARTH_ERR_INVALID);
    assert_int_equal(reserve(f, &job), 0);
    assert_string_equal(job.kind, "move");
    assert_int_equal(reserve(f, &(struct hearth_job){0}), 0); /* "sync", in work as well */
    const char *lease = strndup(job.receipt, strcspn(job.receipt, ":")),
               *names[] = {"sync:a", "a", ":a", "move", "move:", "a_kind_of_17_byte:a"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(other, sizeof(other), "%s:%s", lease, names[i]);
        assert_int_equal(ops->finish(f->handle, &f->call.hearth, other, HEARTH_JOB_DONE, 0),
                         HEARTH_ERR_NOT_FOUND);
    }
    free((char *)lease);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, job.receipt, HEARTH_JOB_DONE, 0), 0);
    assert_int_equal(ops->remove(f->handle, &f->call.hearth, "move", "a"), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(ops->remove(f->handle, &f->call.hearth, "sync", "a"), 0);
}

static void test_priority_and_order(void **state)
{
    struct fixture *f = *state;
    publish(f, "s1", HEARTH_SCHEDULED, 0);
    publish(f, "b1", HEARTH_BACKGROUND, 0);
    publish(f, "s2", HEARTH_SCHEDULED, 0);
    publish(f, "p1", HEARTH_PERSON_WAITS, 0);
    publish(f, "p2", HEARTH_PERSON_WAITS, 0);
    assert_int_equal(publish(f, "s2", HEARTH_PERSON_WAITS, 0), HEARTH_RAISED);
    takes(f, "p1");
    takes(f, "p2");
    takes(f, "s2");
    takes(f, "s1");
    takes(f, "b1");
    empty(f);
}

static void test_delay(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(publish(f, "a", HEARTH_SCHEDULED, 50), HEARTH_QUEUED);
    empty(f);
    assert_int_equal(publish(f, "a", HEARTH_SCHEDULED, 60), HEARTH_WAITING);
    fake_now += 49;
    empty(f);
    fake_now += 1;
    takes(f, "a");
    publish(f, "b", HEARTH_SCHEDULED, 1000);
    /* a person does not wait for a delay */
    assert_int_equal(publish(f, "b", HEARTH_PERSON_WAITS, 0), HEARTH_RAISED);
    takes(f, "b");
}

static void test_lease(void **state)
{
    struct fixture *f = *state;
    publish(f, "a", HEARTH_SCHEDULED, 0);
    struct hearth_job first, second;
    assert_int_equal(reserve(f, &first), 0);
    fake_now += 90;
    assert_int_equal(ops->extend(f->handle, &f->call.hearth, first.receipt, 100), 0);
    fake_now += 90;
    empty(f);
    fake_now += 20;
    assert_int_equal(reserve(f, &second), 0); /* the lease ran out: given out again */
    assert_int_equal(second.attempt, 2);
    assert_int_equal(ops->extend(f->handle, &f->call.hearth, first.receipt, 100),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, first.receipt, HEARTH_JOB_DONE, 0),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, second.receipt, HEARTH_JOB_DONE, 0),
                     0);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, second.receipt, HEARTH_JOB_DONE, 0),
                     HEARTH_ERR_NOT_FOUND);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, "nonsense", HEARTH_JOB_DONE, 0),
                     HEARTH_ERR_NOT_FOUND);
}

static void test_outcomes(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job;
    publish(f, "a", HEARTH_SCHEDULED, 0);
    reserve(f, &job);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, job.receipt, HEARTH_JOB_RETRY, 30), 0);
    empty(f);
    fake_now += 30;
    assert_int_equal(reserve(f, &job), 0);
    assert_int_equal(job.attempt, 2);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, job.receipt, HEARTH_JOB_DEAD, 0), 0);
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    publish(f, "r", HEARTH_SCHEDULED, 0);
    publish(f, "d", HEARTH_SCHEDULED, 10);
    publish(f, "w", HEARTH_PERSON_WAITS, 0);
    reserve(f, &job);
    assert_int_equal(ops->counts(f->handle, &f->call.hearth, &counts), 0);
    assert_int_equal(counts.ready, 1);
    assert_int_equal(counts.delayed, 1);
    assert_int_equal(counts.in_work, 1);
    assert_int_equal(counts.dead, 1);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, job.receipt, 7, 0),
                     HEARTH_ERR_INVALID);
}

static int collect(void *ctx, const struct hearth_job *job)
{
    strncat(ctx, job->key, 8);
    strncat(ctx, job->in_work ? "! " : " ", 3);
    return 0;
}

static void test_peek_remove_clear(void **state)
{
    struct fixture *f = *state;
    struct hearth_job job;
    publish(f, "w", HEARTH_SCHEDULED, 0);
    reserve(f, &job);
    publish(f, "later", HEARTH_SCHEDULED, 50);
    publish(f, "soon", HEARTH_SCHEDULED, 20);
    publish(f, "s", HEARTH_SCHEDULED, 0);
    publish(f, "p", HEARTH_PERSON_WAITS, 0);
    char seen[256] = "";
    assert_int_equal(ops->peek(f->handle, &f->call.hearth, collect, seen), 0);
    assert_string_equal(seen, "p s soon later w! ");
    assert_int_equal(ops->remove(f->handle, &f->call.hearth, "sync", "soon"), 0);
    assert_int_equal(ops->remove(f->handle, &f->call.hearth, "sync", "soon"), HEARTH_ERR_NOT_FOUND);
    assert_int_equal(ops->clear(f->handle, &f->call.hearth), 0);
    seen[0] = '\0';
    ops->peek(f->handle, &f->call.hearth, collect, seen);
    assert_string_equal(seen, "w! ");
    assert_int_equal(ops->remove(f->handle, &f->call.hearth, "sync", "w"), 0);
    assert_int_equal(ops->finish(f->handle, &f->call.hearth, job.receipt, HEARTH_JOB_DONE, 0),
                     HEARTH_ERR_NOT_FOUND);
}

static void test_bounds(void **state)
{
    struct fixture *f = *state;
    char long_key[66], big[1026];
    memset(long_key, 'k', 65);
    long_key[65] = '\0';
    memset(big, 'p', 1025);
    big[1025] = '\0';
    assert_int_equal(publish(f, long_key, 0, 0), HEARTH_ERR_INVALID);
    assert_int_equal(publish(f, "", 0, 0), HEARTH_ERR_INVALID);
    assert_int_equal(publish(f, "a", 0, -1), HEARTH_ERR_INVALID);
    struct hearth_job job = {
        .struct_size = sizeof(job), .kind = "sync", .key = "a", .payload = big};
    int32_t result;
    assert_int_equal(ops->publish(f->handle, &f->call.hearth, &job, 0, &result),
                     HEARTH_ERR_INVALID);
    for (int i = 0; i < 1000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(publish(f, key, 1, 0), HEARTH_QUEUED);
    }
    assert_int_equal(publish(f, "one more", 1, 0), HEARTH_ERR_FULL);
    assert_int_equal(publish(f, "k5", 0, 0), HEARTH_RAISED); /* what is there can still move */
}

static int note(void *ctx, const char *channel, const char *text)
{
    char *seen = ctx;
    snprintf(seen + strlen(seen), 256 - strlen(seen), "%s=%s ", channel, text);
    return 0;
}

static void test_events(void **state)
{
    struct fixture *f = *state;
    char seen[256] = "";
    ops->event_publish(f->handle, &f->call.hearth, "ada", "before");
    assert_int_equal(ops->event_wait(f->handle, &f->call.hearth, 0, note, seen), 0);
    assert_string_equal(seen, ""); /* subscribed now */
    ops->event_publish(f->handle, &f->call.hearth, "ada", "1");
    ops->event_publish(f->handle, &f->call.hearth, "eve", "2");
    ops->event_wait(f->handle, &f->call.hearth, 0, note, seen);
    assert_string_equal(seen, "ada=1 eve=2 ");
    seen[0] = '\0';
    for (int i = 0; i < 6; i++) { /* the ring holds four */
        char text[4];
        snprintf(text, sizeof(text), "%d", i);
        ops->event_publish(f->handle, &f->call.hearth, "c", text);
    }
    ops->event_wait(f->handle, &f->call.hearth, 0, note, seen);
    assert_string_equal(seen, "= c=2 c=3 c=4 c=5 ");
}

/* A thousand random operations against an array that is searched from end to end. */
struct model {
    char key[8];
    int state, priority; /* 0 gone, 1 ready, 2 delayed, 3 leased */
    int64_t time, order;
    char receipt[80];
};

static int64_t model_order;

static void model_promote(struct model *jobs, int n)
{
    for (;;) {
        struct model *first = NULL;
        for (int i = 0; i < n; i++)
            if (jobs[i].state >= 2 && jobs[i].time <= fake_now &&
                (first == NULL || jobs[i].time < first->time))
                first = &jobs[i];
        if (first == NULL)
            return;
        first->state = 1;
        first->order = ++model_order;
    }
}

static struct model *model_first(struct model *jobs, int n)
{
    struct model *best = NULL;
    for (int i = 0; i < n; i++)
        if (jobs[i].state == 1 &&
            (best == NULL || jobs[i].priority < best->priority ||
             (jobs[i].priority == best->priority && jobs[i].order < best->order)))
            best = &jobs[i];
    return best;
}

static void test_against_model(void **state)
{
    struct fixture *f = *state;
    enum { KEYS = 20 };
    struct model jobs[KEYS] = {0};
    unsigned seed = 20261123;
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1103515245u + 12345u;
        unsigned r = seed >> 8;
        struct model *m = &jobs[r % KEYS];
        snprintf(m->key, sizeof(m->key), "k%u", r % KEYS);
        /* no two times are equal: the order of equal ones is not promised */
        fake_now += 10 + (r >> 5) % 7 * 10;
        model_promote(jobs, KEYS);
        struct hearth_job job;
        switch ((r >> 10) % 4) {
        case 0:
        case 1: {
            int priority = (int)(r >> 12) % 3;
            int got = publish(f, m->key, priority, 0);
            assert_int_equal(got, m->state == 0   ? HEARTH_QUEUED
                                  : m->state == 3 ? HEARTH_IN_WORK
                                  : m->state == 2 || (m->state == 1 && priority < m->priority)
                                      ? HEARTH_RAISED
                                      : HEARTH_WAITING);
            if (got == HEARTH_QUEUED || got == HEARTH_RAISED) {
                m->priority =
                    got == HEARTH_QUEUED || priority < m->priority ? priority : m->priority;
                m->state = 1;
                m->order = ++model_order;
            }
            break;
        }
        case 2: {
            struct model *first = model_first(jobs, KEYS);
            int got = reserve(f, &job);
            assert_int_equal(got, first == NULL ? HEARTH_ERR_NOT_FOUND : 0);
            if (got == 0) {
                assert_string_equal(job.key, first->key);
                first->state = 3;
                first->time = fake_now + 100;
                snprintf(first->receipt, sizeof(first->receipt), "%s", job.receipt);
            }
            break;
        }
        default: {
            bool retry = (r >> 12) % 2 == 0;
            if (m->receipt[0] == '\0')
                break;
            int got = ops->finish(f->handle, &f->call.hearth, m->receipt,
                                  retry ? HEARTH_JOB_RETRY : HEARTH_JOB_DONE, 45);
            assert_int_equal(got, m->state == 3 ? 0 : HEARTH_ERR_NOT_FOUND);
            if (m->state == 3) {
                m->state = retry ? 2 : 0;
                m->time = fake_now + 45;
            }
            break;
        }
        }
        plug_call_reset(&f->call);
    }
}

/* Threads: every job is done exactly once while four publish and four take. */
enum { JOBS = 4000 };
static struct fixture *shared;
static _Atomic int done[JOBS];
static _Atomic int finished;

static void *producer(void *arg)
{
    struct fixture f = *shared;
    plug_call_init(&f.call, NULL, 0, 0);
    assert_int_equal(ops->handle_open(shared->self, &f.call.hearth, &f.handle), 0);
    for (int i = (int)(intptr_t)arg; i < JOBS; i += 4) {
        char key[16];
        snprintf(key, sizeof(key), "%d", i);
        assert_int_equal(publish(&f, key, i % 3, 0), HEARTH_QUEUED);
        plug_call_reset(&f.call);
    }
    ops->handle_close(f.handle);
    plug_call_fini(&f.call);
    return NULL;
}

static void *consumer(void *arg)
{
    (void)arg;
    struct fixture f = *shared;
    plug_call_init(&f.call, NULL, 0, 0);
    assert_int_equal(ops->handle_open(shared->self, &f.call.hearth, &f.handle), 0);
    while (finished < JOBS) {
        struct hearth_job job = {.struct_size = sizeof(job)};
        if (ops->reserve(f.handle, &f.call.hearth, 20, 60000, &job) == 0) {
            done[strtol(job.key, NULL, 10)]++;
            assert_int_equal(ops->finish(f.handle, &f.call.hearth, job.receipt, HEARTH_JOB_DONE, 0),
                             0);
            finished++;
        }
        plug_call_reset(&f.call);
    }
    ops->handle_close(f.handle);
    plug_call_fini(&f.call);
    return NULL;
}

static void test_threads(void **state)
{
    shared = *state;
    finished = 0;
    pthread_t threads[8];
    for (int i = 0; i < 8; i++)
        assert_int_equal(
            pthread_create(&threads[i], NULL, i < 4 ? producer : consumer, (void *)(intptr_t)i), 0);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < JOBS; i++)
        assert_int_equal(done[i], 1);
}

static void *waits_long(void *arg)
{
    struct fixture *f = arg;
    struct hearth_job job = {.struct_size = sizeof(job)};
    return (void *)(intptr_t)ops->reserve(f->handle, &f->call.hearth, 60000, 100, &job);
}

static void test_interrupt(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, waits_long, f), 0);
    void *result;
    struct timespec pause = {0, 1000000};
    for (;;) { /* an interrupt without a running call does nothing, so it is repeated */
        ops->interrupt(f->handle);
        if (pthread_tryjoin_np(thread, &result) == 0)
            break;
        nanosleep(&pause, NULL);
    }
    assert_int_equal((intptr_t)result, HEARTH_ERR_CANCELLED);
    empty(f); /* the next call is not interrupted */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_dedupe, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kinds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_priority_and_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_delay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lease, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outcomes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_peek_remove_clear, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_bounds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_against_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_threads, set_up_real, tear_down),
        cmocka_unit_test_setup_teardown(test_interrupt, set_up_real, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

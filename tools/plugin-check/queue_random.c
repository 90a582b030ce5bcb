/* Random sequences against a model: an array that is searched from end to end; jobs of three
 * kinds share the keys. No step waits: delays and leases are either nothing or long. */
#include "queue_kit.h"

enum { JOBS = 15, KINDS = 3, STEPS = 1500, LONG_STEPS = 20000, SHOWN = 12, WORDS = 96 };

enum state { GONE, READY, DELAYED, IN_WORK };

struct model_job {
    enum state state;
    int priority, attempt;
    int64_t time, order; /* DELAYED, IN_WORK: relative to the start; READY: as they came */
    char receipt[200];
};

struct run {
    struct kit *kit;
    struct queue_handle *q;
    struct model_job jobs[JOBS];
    unsigned state;
    int step;
    int64_t next_order, dead;
    char told[SHOWN][WORDS];
};

static unsigned queue_run_pick(struct run *run, unsigned n)
{
    run->state = run->state * 1664525u + 1013904223u;
    return (run->state >> 8) % n;
}

static void queue_run_note_step(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void queue_run_note_step(struct run *run, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(run->told[run->step % SHOWN], WORDS, format, ap);
    va_end(ap);
}

static _Noreturn void queue_run_differ(struct run *run, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static _Noreturn void queue_run_differ(struct run *run, const char *format, ...)
{
    char what[1200], steps[SHOWN * (WORDS + 8)] = "";
    va_list ap;
    va_start(ap, format);
    vsnprintf(what, sizeof(what), format, ap);
    va_end(ap);
    for (int i = run->step >= SHOWN ? run->step - SHOWN + 1 : 0; i <= run->step; i++)
        snprintf(steps + strlen(steps), sizeof(steps) - strlen(steps), "\n%4d %s", i,
                 run->told[i % SHOWN]);
    fail_msg("%s, after these steps (and those before them, by the same seed):%s", what, steps);
}

static void queue_run_expect_code(struct run *run, int got, int wanted)
{
    if (got != wanted)
        queue_run_differ(run, "it returned %d %s where %d was expected", got,
                         got < 0 ? run->q->call.error : "", wanted);
}

static const char *random_kind_of(int i)
{
    static const char *const kinds[KINDS] = {"sync", "move", "a_kind"};
    return kinds[i % KINDS];
}

static const char *random_key_of(int i, char key[16])
{
    snprintf(key, 16, "key-%d", i / KINDS);
    return key;
}

/* For who reads it. */
static const char *name_of(int i, char name[32])
{
    snprintf(name, 32, "%s:key-%d", random_kind_of(i), i / KINDS);
    return name;
}

/* Times that are a minute or more apart, so that the time the test itself takes decides nothing. */
static int64_t far_away(struct run *run)
{
    return LONG + 60000 * (int64_t)(run->step ^ 0x15);
}

static void step_publish(struct run *run)
{
    char key[16], name[32];
    int i = (int)queue_run_pick(run, JOBS), priority = (int)queue_run_pick(run, 3);
    struct model_job *m = &run->jobs[i];
    int64_t delay = queue_run_pick(run, 3) == 0 ? far_away(run) : 0;
    queue_run_note_step(run, "publish %s priority %d delay %lld", name_of(i, name), priority,
                        (long long)delay);
    bool sooner = m->state == DELAYED && (delay == 0 || delay < m->time),
         higher = priority < m->priority;
    int wanted = m->state == GONE      ? HEARTH_QUEUED
                 : m->state == IN_WORK ? HEARTH_IN_WORK
                 : (sooner || higher)  ? HEARTH_RAISED
                                       : HEARTH_WAITING;
    queue_run_expect_code(
        run, put_job_of(run->q, random_kind_of(i), random_key_of(i, key), priority, delay), wanted);
    if (wanted != HEARTH_QUEUED && wanted != HEARTH_RAISED)
        return;
    if (wanted == HEARTH_QUEUED)
        *m = (struct model_job){.priority = priority};
    else if (higher)
        m->priority = priority;
    if (delay == 0 || m->state == READY) {
        m->state = READY;
        m->order = ++run->next_order;
    } else {
        m->time = m->state == DELAYED && !sooner ? m->time : delay;
        m->state = DELAYED;
    }
}

static bool model_job_goes_before(const struct run *run, const struct model_job *a,
                                  const struct model_job *b)
{
    if (a->priority != b->priority)
        return a->priority < b->priority;
    return (run->kit->descriptor->capabilities & HEARTH_ORDERED) != 0 && a->order < b->order;
}

static void step_reserve(struct run *run)
{
    struct model_job *first = NULL;
    struct hearth_job job;
    char key[16], name[32];
    int64_t lease = far_away(run);
    for (int i = 0; i < JOBS; i++)
        if (run->jobs[i].state == READY &&
            (first == NULL || model_job_goes_before(run, &run->jobs[i], first)))
            first = &run->jobs[i];
    queue_run_note_step(run, "reserve");
    queue_run_expect_code(run, take_job(run->q, 0, lease, &job),
                          first == NULL ? HEARTH_ERR_NOT_FOUND : 0);
    if (first == NULL)
        return;
    struct model_job *got = NULL;
    for (int i = 0; i < JOBS; i++)
        if (strcmp(random_kind_of(i), job.kind) == 0 && strcmp(random_key_of(i, key), job.key) == 0)
            got = &run->jobs[i];
    queue_run_note_step(run, "reserve: %s:%s", job.kind, job.key);
    if (got == NULL || got->state != READY || model_job_goes_before(run, first, got))
        queue_run_differ(run, "reserve gave %s:%s where %s was expected", job.kind, job.key,
                         name_of((int)(first - run->jobs), name));
    got->state = IN_WORK;
    got->time = lease;
    got->attempt++;
    snprintf(got->receipt, sizeof(got->receipt), "%s", job.receipt);
    if (job.attempt != got->attempt || job.priority != got->priority)
        queue_run_differ(
            run, "reserve gave %s:%s with attempt %d and priority %d, %d and %d were expected",
            job.kind, job.key, (int)job.attempt, (int)job.priority, got->attempt, got->priority);
}

static void step_finish(struct run *run)
{
    char name[32];
    int i = (int)queue_run_pick(run, JOBS), outcome = (int)queue_run_pick(run, 3);
    struct model_job *m = &run->jobs[i];
    int64_t delay = outcome == HEARTH_JOB_RETRY && queue_run_pick(run, 2) == 0 ? far_away(run) : 0;
    if (m->receipt[0] == '\0')
        return;
    queue_run_note_step(run, "finish %s outcome %d delay %lld", name_of(i, name), outcome,
                        (long long)delay);
    queue_run_expect_code(run, QUEUE(run->q, finish, m->receipt, outcome, delay),
                          m->state == IN_WORK ? 0 : HEARTH_ERR_NOT_FOUND);
    if (m->state != IN_WORK)
        return;
    run->dead += outcome == HEARTH_JOB_DEAD;
    m->state = outcome != HEARTH_JOB_RETRY ? GONE : delay == 0 ? READY : DELAYED;
    m->time = delay;
    m->order = ++run->next_order;
}

static void step_other(struct run *run)
{
    char key[16], name[32];
    int i = (int)queue_run_pick(run, JOBS);
    struct model_job *m = &run->jobs[i];
    unsigned what = queue_run_pick(run, 12);
    name_of(i, name);
    if (what == 0) {
        queue_run_note_step(run, "clear");
        queue_run_expect_code(run, QUEUE(run->q, clear), 0);
        for (int k = 0; k < JOBS; k++)
            if (run->jobs[k].state != IN_WORK)
                run->jobs[k].state = GONE;
    } else if (what < 6) {
        queue_run_note_step(run, "remove %s", name);
        queue_run_expect_code(run, QUEUE(run->q, remove, random_kind_of(i), random_key_of(i, key)),
                              m->state == GONE ? HEARTH_ERR_NOT_FOUND : 0);
        m->state = GONE;
    } else if (m->receipt[0] != '\0') {
        int64_t lease = far_away(run);
        queue_run_note_step(run, "extend %s", name);
        queue_run_expect_code(run, QUEUE(run->q, extend, m->receipt, lease),
                              m->state == IN_WORK ? 0 : HEARTH_ERR_NOT_FOUND);
        if (m->state == IN_WORK)
            m->time = lease;
    }
}

static void compare_counts(struct run *run)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    int64_t n[4] = {0};
    for (int i = 0; i < JOBS; i++)
        n[run->jobs[i].state]++;
    queue_run_expect_code(run, QUEUE(run->q, counts, &counts), 0);
    if (counts.ready != n[READY] || counts.delayed != n[DELAYED] || counts.in_work != n[IN_WORK] ||
        counts.dead != run->dead)
        queue_run_differ(run,
                         "counts says ready %lld, delayed %lld, in work %lld, dead %lld; %lld, "
                         "%lld, %lld, %lld were expected",
                         (long long)counts.ready, (long long)counts.delayed,
                         (long long)counts.in_work, (long long)counts.dead, (long long)n[READY],
                         (long long)n[DELAYED], (long long)n[IN_WORK], (long long)run->dead);
}

static int random_collect_jobs(void *ctx, const struct hearth_job *job)
{
    char *seen = ctx;
    snprintf(seen + strlen(seen), JOBS * 40 - strlen(seen), "%s:%s %s; ", job->kind, job->key,
             job->in_work    ? "in work"
             : job->wait > 0 ? "delayed"
                             : "ready");
    return 0;
}

static void compare_peek(struct run *run)
{
    char seen[JOBS * 40] = "", wanted[JOBS * 40] = "", key[16];
    bool shown[JOBS] = {false};
    queue_run_expect_code(run, QUEUE(run->q, peek, random_collect_jobs, seen), 0);
    for (enum state state = READY; state <= IN_WORK; state++) {
        for (;;) {
            int best = -1;
            for (int i = 0; i < JOBS; i++) {
                const struct model_job *m = &run->jobs[i];
                if (m->state == state && !shown[i] &&
                    (best < 0 || (state == READY ? model_job_goes_before(run, m, &run->jobs[best])
                                                 : m->time < run->jobs[best].time)))
                    best = i;
            }
            if (best < 0)
                break;
            shown[best] = true;
            struct hearth_job job = {.struct_size = sizeof(job),
                                     .kind = random_kind_of(best),
                                     .key = random_key_of(best, key),
                                     .in_work = state == IN_WORK,
                                     .wait = state == DELAYED};
            random_collect_jobs(wanted, &job);
        }
    }
    if ((run->kit->descriptor->capabilities & HEARTH_ORDERED) != 0 && strcmp(seen, wanted) != 0)
        queue_run_differ(run, "peek shows \"%s\", \"%s\" was expected", seen, wanted);
}

static void queue_run_random(struct kit *kit, unsigned seed, int steps)
{
    static struct run run;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    run = (struct run){.kit = kit, .q = &kit->queue_handle, .state = seed};
    QUEUE_OK(run.q, counts, &counts);
    run.dead = counts.dead;
    for (run.step = 0; run.step < steps; run.step++) {
        void (*const actions[])(struct run *) = {step_publish, step_publish, step_publish,
                                                 step_reserve, step_reserve, step_finish,
                                                 step_finish,  step_other};
        actions[queue_run_pick(&run, 8)](&run);
        compare_counts(&run);
        if (run.step % 8 == 0)
            compare_peek(&run);
        plug_call_reset(&run.q->call);
    }
}

static void queue_random_sequence(struct kit *kit)
{
    queue_run_random(kit, (unsigned)kit->options->seed, STEPS);
}

static void queue_long_random_sequence(struct kit *kit)
{
    queue_run_random(kit, (unsigned)kit->options->seed * 7919u, LONG_STEPS);
}

const struct kit_test kit_queue_random_tests[] = {
    {"random: a sequence of operations ends as in the model", queue_random_sequence},
    {"random: a long sequence of operations ends as in the model", queue_long_random_sequence,
     KIT_FAULTS, 180},
    {NULL, NULL},
};

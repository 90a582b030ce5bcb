/* Jobs: dedupe, priorities, delays, leases, outcomes, bounds. */
#include "queue_kit.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void jobs_dedupe(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    expect_number(put_job(q, "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    expect_number(put_job(q, "a", HEARTH_SCHEDULED, 0), HEARTH_WAITING);
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_text(job.key, "a");
    expect_text(job.payload, "p");
    expect_number(job.attempt, 1);
    expect_number(job.priority, HEARTH_SCHEDULED);
    expect_number(put_job(q, "a", HEARTH_PERSON_WAITS, 0), HEARTH_IN_WORK);
    expect_empty(q);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
    expect_number(put_job(q, "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
}

static void jobs_priorities(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    put_job(q, "s", HEARTH_SCHEDULED, 0);
    put_job(q, "b", HEARTH_BACKGROUND, 0);
    put_job(q, "p", HEARTH_PERSON_WAITS, 0);
    takes(q, "p");
    takes(q, "s");
    takes(q, "b");
    expect_empty(q);
}

static void jobs_order(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    if ((kit->descriptor->capabilities & HEARTH_ORDERED) == 0)
        kit_skip("the plugin is not ORDERED");
    put_job(q, "s1", HEARTH_SCHEDULED, 0);
    put_job(q, "s2", HEARTH_SCHEDULED, 0);
    put_job(q, "s3", HEARTH_SCHEDULED, 0);
    put_job(q, "p1", HEARTH_PERSON_WAITS, 0);
    put_job(q, "p2", HEARTH_PERSON_WAITS, 0);
    expect_number(put_job(q, "s2", HEARTH_PERSON_WAITS, 0), HEARTH_RAISED);
    takes(q, "p1");
    takes(q, "p2");
    takes(q, "s2");
    takes(q, "s1");
    takes(q, "s3");
}

static void jobs_raised(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    put_job(q, "a", HEARTH_BACKGROUND, 0);
    expect_number(put_job(q, "a", HEARTH_SCHEDULED, 0), HEARTH_RAISED);
    expect_number(put_job(q, "a", HEARTH_BACKGROUND, 0), HEARTH_WAITING);
    put_job(q, "later", HEARTH_SCHEDULED, LONG);
    expect_number(put_job(q, "later", HEARTH_SCHEDULED, LONG + LONG), HEARTH_WAITING);
    /* a person does not wait for a delay */
    expect_number(put_job(q, "later", HEARTH_PERSON_WAITS, 0), HEARTH_RAISED);
    takes(q, "later");
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_number(job.priority, HEARTH_SCHEDULED);
}

static void jobs_delays(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    int64_t start = kit_now();
    expect_number(put_job(q, "a", HEARTH_SCHEDULED, SOON), HEARTH_QUEUED);
    expect_empty(q);
    expect_number(take_job(q, PATIENCE, LONG, &job), 0); /* it comes while somebody waits */
    expect_text(job.key, "a");
    if (kit_now() - start < SOON - 20)
        fail_msg("a job with a delay of %d ms was given out after %lld", SOON,
                 (long long)(kit_now() - start));
}

static void reserve_waits(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    int64_t start = kit_now();
    QUEUE_FAILS(NOT_FOUND, q, reserve, SOON, LONG,
                &(struct hearth_job){.struct_size = sizeof(job)});
    if (kit_now() - start < SOON - 20)
        fail_msg("reserve was asked to wait %d ms and came back after %lld", SOON,
                 (long long)(kit_now() - start));
}

static void jobs_leases(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job first, second;
    put_job(q, "a", HEARTH_SCHEDULED, 0);
    expect_number(take_job(q, 0, SOON, &first), 0);
    expect(first.receipt != NULL && first.receipt[0] != '\0');
    expect_number(take_job(q, PATIENCE, LONG, &second), 0); /* the lease ran out: given out again */
    expect_text(second.key, "a");
    expect_number(second.attempt, 2);
    QUEUE_FAILS(NOT_FOUND, q, extend, first.receipt, LONG);
    QUEUE_FAILS(NOT_FOUND, q, finish, first.receipt, HEARTH_JOB_DONE, 0);
    QUEUE_OK(q, finish, second.receipt, HEARTH_JOB_DONE, 0);
    QUEUE_FAILS(NOT_FOUND, q, finish, second.receipt, HEARTH_JOB_DONE, 0);
    QUEUE_FAILS(NOT_FOUND, q, finish, "nonsense", HEARTH_JOB_DONE, 0);
    QUEUE_FAILS(NOT_FOUND, q, extend, "", LONG);
    expect_empty(q);
}

static void jobs_lease_extended(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job first, other;
    put_job(q, "a", HEARTH_SCHEDULED, 0);
    expect_number(take_job(q, 0, SOON, &first), 0);
    QUEUE_OK(q, extend, first.receipt, LONG);
    expect_number(take_job(q, 3 * SOON, LONG, &other), HEARTH_ERR_NOT_FOUND);
    QUEUE_OK(q, finish, first.receipt, HEARTH_JOB_DONE, 0);
}

static void jobs_outcomes(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    QUEUE_OK(q, counts, &counts);
    int64_t dead = counts.dead;
    put_job(q, "a", HEARTH_SCHEDULED, 0);
    take_job(q, 0, LONG, &job);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_RETRY, SOON);
    expect_empty(q);
    expect_number(take_job(q, PATIENCE, LONG, &job), 0);
    expect_number(job.attempt, 2);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_RETRY, 0);
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_number(job.attempt, 3);
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DEAD, 0);
    expect_number(put_job(q, "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    take_job(q, 0, LONG, &job);
    expect_number(job.attempt, 1); /* a new job */
    QUEUE_FAILS(INVALID, q, finish, job.receipt, 7, 0);
    QUEUE_FAILS(INVALID, q, finish, job.receipt, HEARTH_JOB_RETRY, -1);
    put_job(q, "r", HEARTH_SCHEDULED, 0);
    put_job(q, "d", HEARTH_SCHEDULED, LONG);
    QUEUE_OK(q, counts, &counts);
    expect_number(counts.ready, 1);
    expect_number(counts.delayed, 1);
    expect_number(counts.in_work, 1);
    expect_number(counts.dead, dead + 1);
}

static int jobs_collect_keys(void *ctx, const struct hearth_job *job)
{
    strncat(ctx, job->key, 8);
    strncat(ctx, job->in_work ? "! " : job->wait > 0 ? "- " : " ", 3);
    return 0;
}

static int collect_two(void *ctx, const struct hearth_job *job)
{
    jobs_collect_keys(ctx, job);
    return strlen(ctx) > 3;
}

static void peek_remove_clear(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    char seen[256] = "";
    put_job(q, "w", HEARTH_SCHEDULED, 0);
    take_job(q, 0, LONG, &job);
    put_job(q, "later", HEARTH_SCHEDULED, LONG + 5000);
    put_job(q, "soon", HEARTH_SCHEDULED, LONG);
    put_job(q, "s", HEARTH_SCHEDULED, 0);
    put_job(q, "p", HEARTH_PERSON_WAITS, 0);
    QUEUE_OK(q, peek, jobs_collect_keys, seen);
    expect_text(seen, "p s soon- later- w! ");
    seen[0] = '\0';
    QUEUE_OK(q, peek, collect_two, seen);
    expect_text(seen, "p s ");
    QUEUE_OK(q, remove, KIND, "soon");
    QUEUE_FAILS(NOT_FOUND, q, remove, KIND, "soon");
    QUEUE_OK(q, clear);
    seen[0] = '\0';
    QUEUE_OK(q, peek, jobs_collect_keys, seen);
    expect_text(seen, "w! ");
    QUEUE_OK(q, remove, KIND, "w");
    QUEUE_FAILS(NOT_FOUND, q, finish, job.receipt, HEARTH_JOB_DONE, 0);
    expect_empty(q);
}

static void jobs_bounds(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    char key[66], payload[1026];
    memset(key, 'k', 65);
    key[65] = '\0';
    memset(payload, 'p', 1025);
    payload[1025] = '\0';
    struct hearth_job job = {.struct_size = sizeof(job), .kind = KIND, .key = key, .payload = "p"};
    int32_t result = 77;
    QUEUE_FAILS(INVALID, q, publish, &job, 0, &result);
    job.key = "";
    QUEUE_FAILS(INVALID, q, publish, &job, 0, &result);
    job.key = NULL;
    QUEUE_FAILS(INVALID, q, publish, &job, 0, &result);
    job.key = "a";
    QUEUE_FAILS(INVALID, q, publish, &job, -1, &result);
    job.payload = payload;
    QUEUE_FAILS(INVALID, q, publish, &job, 0, &result);
    expect_number(result, 77);
    payload[1024] = '\0';
    key[64] = '\0';
    job.key = key;
    QUEUE_OK(q, publish, &job, 0, &result); /* the longest ones */
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_text(job.key, key);
    expect_text(job.payload, payload);
    job = (struct hearth_job){.struct_size = sizeof(job),
                              .kind = KIND,
                              .key = "sp ace\"'\\{}\t\xc3\xbc",
                              .payload = NULL};
    QUEUE_OK(q, publish, &job, 0, &result);
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_text(job.key, "sp ace\"'\\{}\t\xc3\xbc");
    expect_text(job.payload, "");
}

static void jobs_full_queue(struct kit *kit)
{
    enum { MAX = 100 };
    if (!kit_queue_set(kit, "max_jobs", MAX))
        kit_skip("the plugin has no key max_jobs");
    kit_open(kit);
    kit_queue_prepare(kit);
    struct queue_handle *q = &kit->queue_handle;
    for (int i = 0; i < MAX; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        expect_number(put_job(q, key, HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    }
    struct hearth_job job = {
        .struct_size = sizeof(job), .kind = KIND, .key = "one more", .payload = ""};
    int32_t result;
    QUEUE_FAILS(FULL, q, publish, &job, 0, &result);
    /* what is there can still move */
    expect_number(put_job(q, "k5", HEARTH_PERSON_WAITS, 0), HEARTH_RAISED);
    takes(q, "k5");
    /* those in work and those with a delay are there as well */
    QUEUE_FAILS(FULL, q, publish, &job, 0, &result);
    QUEUE_OK(q, clear);
    for (int i = 0; i + 1 < MAX; i++) {
        char key[16];
        snprintf(key, sizeof(key), "d%d", i);
        expect_number(put_job(q, key, HEARTH_SCHEDULED, LONG), HEARTH_QUEUED);
    }
    QUEUE_FAILS(FULL, q, publish, &job, LONG, &result);
    QUEUE_OK(q, remove, KIND, "k5");
    QUEUE_OK(q, publish, &job, 0, &result);
    expect_number(result, HEARTH_QUEUED);
    QUEUE_OK(q, clear);
    kit_close(kit);
}

/* Another process takes the job and dies with it. */
static void dead_worker(struct kit *kit)
{
    int status;
    struct hearth_job job;
    if ((kit->descriptor->capabilities & HEARTH_SHARED) == 0)
        kit_skip("the plugin is not SHARED");
    put_job(&kit->queue_handle, "a", HEARTH_SCHEDULED, 0);
    pid_t child = fork();
    if (child == 0) {
        kit_open(kit); /* its own connections: the parent's must not be used here */
        expect_number(take_job(&kit->queue_handle, 0, 2 * SOON, &job), 0);
        kill(getpid(), SIGKILL);
    }
    expect_number(waitpid(child, &status, 0), child);
    expect(WIFSIGNALED(status));
    expect_number(take_job(&kit->queue_handle, PATIENCE, LONG, &job), 0);
    expect_text(job.key, "a");
    expect_number(job.attempt, 2);
}

const struct kit_test kit_queue_jobs_tests[] = {
    {"jobs: a key exists once, waiting or in work", jobs_dedupe},
    {"jobs: a smaller priority goes first", jobs_priorities},
    {"jobs: jobs of one priority leave in the order they came", jobs_order},
    {"jobs: publishing again moves a job forward, never back", jobs_raised},
    {"jobs: a delayed job comes when its time has come", jobs_delays},
    {"jobs: reserve waits as long as it was asked to", reserve_waits},
    {"jobs: a lease that runs out gives the job to another; its receipt is rejected", jobs_leases},
    {"jobs: an extended lease lasts longer", jobs_lease_extended},
    {"jobs: done, retry and dead do what they say, and are counted", jobs_outcomes},
    {"jobs: peek shows all in order; remove and clear take them out", peek_remove_clear},
    {"jobs: keys and payloads have bounds, and any bytes inside them", jobs_bounds},
    {"jobs: at max_jobs publishing is refused with FULL", jobs_full_queue, KIT_CLOSED},
    {"jobs: the job of a worker that was killed is given out again", dead_worker},
    {NULL, NULL},
};

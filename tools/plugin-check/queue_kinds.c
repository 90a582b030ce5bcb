/* Jobs of several kinds for one key. */
#include "queue_kit.h"

static int collect_kinds(void *ctx, const struct hearth_job *job)
{
    char *seen = ctx;
    snprintf(seen + strlen(seen), 256 - strlen(seen), "%s:%s%s ", job->kind, job->key,
             job->in_work    ? "!"
             : job->wait > 0 ? "-"
                             : "");
    return 0;
}

static void expect_peek(struct queue_handle *q, const char *wanted)
{
    char seen[256] = "";
    QUEUE_OK(q, peek, collect_kinds, seen);
    expect_text(seen, wanted);
}

/* Jobs of two kinds for one key have nothing to do with each other, whatever happens to one of
 * them. */
static void two_kinds(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job move, sync;
    expect_number(put_job_of(q, "sync", "a", HEARTH_SCHEDULED, LONG), HEARTH_QUEUED);
    expect_number(put_job_of(q, "move", "a", HEARTH_BACKGROUND, LONG + LONG), HEARTH_QUEUED);
    expect_peek(q, "sync:a- move:a- ");
    /* this one alone */
    expect_number(put_job_of(q, "move", "a", HEARTH_PERSON_WAITS, 0), HEARTH_RAISED);
    expect_peek(q, "move:a sync:a- ");
    expect_number(take_job(q, 0, LONG, &move), 0);
    expect_text(move.kind, "move");
    expect_text(move.key, "a");
    expect_empty(q);
    expect_number(put_job_of(q, "move", "a", HEARTH_PERSON_WAITS, 0), HEARTH_IN_WORK);
    expect_number(put_job_of(q, "sync", "a", HEARTH_PERSON_WAITS, 0), HEARTH_RAISED);
    expect_number(take_job(q, 0, LONG, &sync), 0); /* while the other is in work */
    expect_text(sync.kind, "sync");
    QUEUE_OK(q, extend, move.receipt, LONG);
    QUEUE_OK(q, finish, sync.receipt, HEARTH_JOB_DONE, 0);
    expect_peek(q, "move:a! ");
    expect_number(put_job_of(q, "sync", "a", HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    QUEUE_FAILS(NOT_FOUND, q, remove, "icon", "a");
    QUEUE_OK(q, remove, "sync", "a");
    QUEUE_FAILS(NOT_FOUND, q, remove, "sync", "a");
    expect_peek(q, "move:a! ");
    QUEUE_OK(q, finish, move.receipt, HEARTH_JOB_DONE, 0);
    expect_peek(q, "");
}

/* However kind and key are put together inside, they are told apart again. */
static void kinds_apart(struct kit *kit)
{
    static const char *const pairs[][2] = {
        {"sync", "move:a"},  {"move", "a"},  {"sync", "a"},  {"sync", "sync:a"}, {"sync_move", "a"},
        {"sync", "_move:a"}, {"s", "ync:a"}, {"sync", ":a"}, {"a", "sync"}};
    enum { PAIRS = sizeof(pairs) / sizeof(pairs[0]) };
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    for (int i = 0; i < PAIRS; i++)
        expect_number(put_job_of(q, pairs[i][0], pairs[i][1], HEARTH_SCHEDULED, 0), HEARTH_QUEUED);
    for (int i = 0; i < PAIRS; i++)
        expect_number(put_job_of(q, pairs[i][0], pairs[i][1], HEARTH_SCHEDULED, 0), HEARTH_WAITING);
    for (int taken = 0; taken < PAIRS; taken++) {
        int i = 0;
        expect_number(take_job(q, 0, LONG, &job), 0);
        while (i < PAIRS &&
               (strcmp(pairs[i][0], job.kind) != 0 || strcmp(pairs[i][1], job.key) != 0))
            i++;
        if (i == PAIRS)
            fail_msg("reserve gave a job of the kind %s with the key %s, which was never published",
                     job.kind, job.key);
        QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
    }
    expect_empty(q);
}

static void malformed_kinds(struct kit *kit)
{
    static const char *const bad[] = {
        NULL, "", "Sync", "sync1", "sy nc", "sync:", "a-b", "s\xc3\xbc", "abcdefghijklmnopq"};
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job = {.struct_size = sizeof(job), .key = "a", .payload = "p"};
    int32_t result = 77;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        job.kind = bad[i];
        int r = QUEUE(q, publish, &job, 0, &result);
        if (r != HEARTH_ERR_INVALID)
            fail_msg("publish took a job of the kind \"%s\" and returned %s, INVALID was expected",
                     bad[i] == NULL ? "(none)" : bad[i], err_name(r));
    }
    expect_number(result, 77);
    job.kind = "abcdefghijklmno_"; /* the longest */
    QUEUE_OK(q, publish, &job, 0, &result);
    expect_number(take_job(q, 0, LONG, &job), 0);
    expect_text(job.kind, "abcdefghijklmno_");
    QUEUE_OK(q, finish, job.receipt, HEARTH_JOB_DONE, 0);
    expect_empty(q);
}

const struct kit_test kit_queue_kinds_tests[] = {
    {"kinds: two kinds of one key are two jobs", two_kinds},
    {"kinds: kinds and keys are told apart, whatever a key contains", kinds_apart},
    {"kinds: a kind has 1 to 16 bytes, of a to z and _", malformed_kinds},
    {NULL, NULL},
};

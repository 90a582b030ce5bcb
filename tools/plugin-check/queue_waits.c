/* Waiting: what it costs, which clock it goes by, what must not be lost or remembered between
 * two waits. */
#include "queue_kit.h"

enum { NAP = 400, HOURS = 3600 * 3 }; /* ms; s */

static int waits_on_event(void *ctx, const char *channel, const char *text)
{
    char *seen = ctx;
    snprintf(seen + strlen(seen), 512 - strlen(seen), "%s=%s ", channel, text);
    return 0;
}

static void reserve_in_vain(void *ctx)
{
    struct hearth_job job;
    expect_number(take_job((struct queue_handle *)ctx, NAP, LONG, &job), HEARTH_ERR_NOT_FOUND);
}

static void listen_in_vain(void *ctx)
{
    char seen[512] = "";
    hears((struct queue_handle *)ctx, NAP, waits_on_event, seen);
}

static void waiting_is_idle(struct kit *kit)
{
    kit_expect_idle("reserve", reserve_in_vain, &kit->queue_handle);
    kit_expect_idle("event_wait", listen_in_vain, &kit->queue_handle);
}

/* An interrupt that meets no running call is forgotten: also by a call that waits and finds
 * nothing. */
static void interrupt_is_forgotten(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    char seen[512] = "";
    for (int times = 1; times <= 2; times++) {
        for (int i = 0; i < times; i++)
            kit->queue->interrupt(q->handle);
        int r = take_job(q, SOON, LONG, &job);
        if (r != HEARTH_ERR_NOT_FOUND)
            fail_msg("reserve returned %s after an interrupt that had come before it; NOT_FOUND "
                     "was expected",
                     err_name(r));
        for (int i = 0; i < times; i++)
            kit->queue->interrupt(q->handle);
        r = wait_for_events(q, SOON, waits_on_event, seen);
        if (r != 0)
            fail_msg("event_wait returned %s after an interrupt that had come before it; success "
                     "was expected",
                     err_name(r));
    }
}

/* --- events between two waits --- */

static void expect_event(struct queue_handle *q, struct queue_handle *sender, const char *text,
                         const char *after)
{
    char seen[512] = "", wanted[64];
    QUEUE_OK(sender, event_publish, "ada", text);
    snprintf(wanted, sizeof(wanted), "ada=%s ", text);
    for (int64_t until = kit_now() + PATIENCE / 2; seen[0] == '\0' && kit_now() < until;)
        hears(q, 200, waits_on_event, seen);
    if (strcmp(seen, wanted) != 0)
        fail_msg(
            "an event that was published after %s did not come: \"%s\" came, \"%s\" was expected",
            after, seen, wanted);
}

static int refuse_event(void *ctx, const char *channel, const char *text)
{
    (void)channel;
    (void)text;
    ++*(int *)ctx;
    return 1;
}

static void between_waits(struct kit *kit)
{
    struct queue_handle sender, *q = &kit->queue_handle;
    struct hearth_job job;
    char seen[512] = "";
    int refused = 0;
    kit_queue_handle_open(kit, &sender);
    hears(q, 0, waits_on_event, seen);
    expect_event(q, &sender, "1", "a wait that found nothing");
    expect_event(q, &sender, "2", "a wait that delivered an event");
    hears(q, SOON, waits_on_event, seen);
    expect_event(q, &sender, "3", "a wait that came to its end");
    atomic_bool stop = true;
    q->call.stop = &stop;
    wait_for_events(q, LONG, waits_on_event, seen);
    q->call.stop = NULL;
    plug_call_reset(&q->call);
    expect_event(q, &sender, "4", "a wait that was stopped");
    QUEUE_OK(&sender, event_publish, "ada", "5");
    for (int64_t until = kit_now() + PATIENCE / 2; refused == 0 && kit_now() < until;)
        hears(q, 200, refuse_event, &refused);
    expect_event(q, &sender, "6", "a wait that its callback had ended");
    expect_number(take_job(q, SOON, LONG, &job), HEARTH_ERR_NOT_FOUND);
    expect_event(q, &sender, "7", "a reserve that waited");
    expect_text(seen, "");
    kit_queue_handle_close(&sender);
}

/* --- the clock --- */

static int note_wait(void *ctx, const struct hearth_job *job)
{
    *(int64_t *)ctx = job->wait;
    return 0;
}

/* Without waiting: what waits until a moment of the wall clock is the C library's, and that is
 * not moved. */
static int take_soon(struct queue_handle *q, int64_t lease, struct hearth_job *ret_job)
{
    int r = HEARTH_ERR_NOT_FOUND;
    for (int64_t until = kit_now() + PATIENCE; r == HEARTH_ERR_NOT_FOUND && kit_now() < until;) {
        r = take_job(q, 0, lease, ret_job);
        if (r == HEARTH_ERR_NOT_FOUND)
            kit_pause(10);
    }
    return r;
}

static void expect_nothing_moves(struct kit *kit, const char *receipt, const char *moved)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job job;
    int64_t wait = -1;
    if (take_job(q, 0, LONG, &job) == 0)
        fail_msg("the wall clock was put %s by three hours, and the job %s came before its hour "
                 "was over",
                 moved, job.key);
    QUEUE_OK(q, extend, receipt, LONG);
    QUEUE_OK(q, peek, note_wait, &wait);
    if (wait <= 0 || wait > LONG)
        fail_msg("the wall clock was put %s by three hours, and a lease of an hour lasts %lld ms",
                 moved, (long long)wait);
    QUEUE_OK(q, remove, KIND, "later");
    expect_number(put_job(q, "later", HEARTH_SCHEDULED, LONG), HEARTH_QUEUED);
}

/* An operator or a time server may set the wall clock. */
static void wall_clock_jumps(struct kit *kit)
{
    struct queue_handle *q = &kit->queue_handle;
    struct hearth_job leased, job;
    if (!kit_wall_can_move())
        kit_skip("a sanitizer owns the clock");
    put_job(q, "leased", HEARTH_SCHEDULED, 0);
    expect_number(take_job(q, 0, LONG, &leased), 0);
    put_job(q, "later", HEARTH_SCHEDULED, LONG);
    kit_wall_move(HOURS);
    expect_nothing_moves(kit, leased.receipt, "forward");
    put_job(q, "soon", HEARTH_SCHEDULED, SOON);
    kit_wall_move(-HOURS);
    expect_nothing_moves(kit, leased.receipt, "back");
    int r = take_soon(q, SOON, &job);
    if (r != 0)
        fail_msg("the wall clock was put back by six hours, and a job with a delay of %d ms does "
                 "not come",
                 SOON);
    expect_text(job.key, "soon");
    kit_wall_move(-2 * HOURS);
    r = take_soon(q, LONG, &job);
    if (r != 0)
        fail_msg("the wall clock was put back by three hours, and a lease of %d ms does not end",
                 SOON);
    expect_text(job.key, "soon");
}

const struct kit_test kit_queue_waits_tests[] = {
    {"waits: a call that waits leaves the processor alone", waiting_is_idle},
    {"waits: an interrupt that met no call is forgotten by those that wait",
     interrupt_is_forgotten},
    {"waits: no event is lost between two waits", between_waits},
    {"waits: delays and leases do not follow the wall clock", wall_clock_jumps},
    {NULL, NULL},
};

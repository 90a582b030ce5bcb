/* Receiving what workers, here or elsewhere, tell about syncs. */
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "jobs/jobs_internal.h"

enum { EVENT_WAIT = 60000, SYNC_LONGEST = 60 * 60 * 1000 };

/* "syncing" is a table of accounts whose start was told and whose end was not; an hour is longer
 * than any sync. */
static void events_track_sync(struct jobs *jobs, const char *account, const char *text)
{
    if (strstr(text, "\"state\":\"started\"") != NULL)
        backoff_set(jobs->syncing, account, clock_monotonic() + SYNC_LONGEST);
    else if (strstr(text, "\"event\":\"sync\"") != NULL)
        backoff_clear(jobs->syncing, account);
}

int jobs_receive_event(void *ctx, const char *channel, const char *text)
{
    struct jobs *jobs = ctx;
    if (channel[0] != '\0')
        events_track_sync(jobs, channel, text);
    else
        backoff_clear(jobs->syncing, NULL); /* some were lost, perhaps the ends of these */
    lock_border("an event is handed on");
    jobs->options.on_event(jobs->options.event_ctx, channel, text);
    return 0;
}

void *jobs_listener_main(void *arg)
{
    struct jobs *jobs = arg;
    struct call call;
    plug_call_init(&call, &jobs->stop, 0, 0);
    while (!atomic_load(&jobs->stop)) {
        struct err err = {0};
        int r =
            plug_call_check(&call,
                            jobs->options.queue->event_wait(jobs->listener_handle, &call.hearth,
                                                            EVENT_WAIT, jobs_receive_event, jobs),
                            &err);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND && r != HEARTH_ERR_CANCELLED) {
            plug_breaker_note_err(jobs->options.queue_breaker, r, &err);
            log_event(log_level_of(&err, HEARTH_LOG_ERROR), "jobs", "events not heard",
                      LOG_TEXT("error", err.text));
            jobs_receive_event(jobs, "", ""); /* who knows what was missed */
            jobs_sleep(jobs, 1000);
        }
        plug_call_reset(&call);
    }
    plug_call_fini(&call);
    return NULL;
}

struct hearth_sentence jobs_explain_next(struct jobs *jobs, const struct hearth_account *account)
{
    int64_t left = backoff_left(jobs->paused, account->id);
    struct sync_context rules = jobs_rules(jobs);
    return jobs_schedule_explain(&rules.schedule, account, left > 0 ? clock_now() + left : 0);
}

bool jobs_is_syncing(struct jobs *jobs, const char *account)
{
    return backoff_left(jobs->syncing, account) > 0;
}

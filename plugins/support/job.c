#include "support/job.h"

#include <string.h>

bool support_kind_is_sound(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((text[i] < 'a' || text[i] > 'z') && text[i] != '_')
            return false;
    return size >= 1 && size <= SUPPORT_KIND_MAX;
}

int support_job_check(struct hearth_call *call, const struct hearth_job *job, int64_t delay)
{
    if (job->kind == NULL || !support_kind_is_sound(job->kind, strlen(job->kind)))
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "a job's kind has 1 to %d bytes, of a to z and _", SUPPORT_KIND_MAX);
    if (job->key == NULL || job->key[0] == '\0' || strlen(job->key) > SUPPORT_KEY_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a job's key has 1 to %d bytes",
                           SUPPORT_KEY_MAX);
    if (job->payload != NULL && strlen(job->payload) > SUPPORT_PAYLOAD_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a job's payload has at most %d bytes",
                           SUPPORT_PAYLOAD_MAX);
    if (delay < 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a delay cannot be negative");
    return 0;
}

int support_outcome_check(struct hearth_call *call, int32_t outcome, int64_t delay)
{
    if (outcome < HEARTH_JOB_DONE || outcome > HEARTH_JOB_DEAD || delay < 0)
        return hearth_fail(call, HEARTH_ERR_INVALID, "no such outcome, or a negative delay");
    return 0;
}

int support_event_check(struct hearth_call *call, const char *channel, const char *text)
{
    if (strlen(channel) > SUPPORT_CHANNEL_MAX || strlen(text) > SUPPORT_EVENT_MAX)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "an event's channel has at most %d bytes, its text %d",
                           SUPPORT_CHANNEL_MAX, SUPPORT_EVENT_MAX);
    return 0;
}

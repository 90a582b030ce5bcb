/* What every queue of this tree refuses: the bounds of jobs and events in hearth/queue.h. */
#ifndef SUPPORT_JOB_H
#define SUPPORT_JOB_H

#include "hearth/queue.h"

enum {
    SUPPORT_KIND_MAX = 16,
    SUPPORT_KEY_MAX = 64,
    SUPPORT_PAYLOAD_MAX = 1024,
    SUPPORT_CHANNEL_MAX = 64,
    SUPPORT_EVENT_MAX = 4096
}; /* bytes */

/* A job's kind is 1 to SUPPORT_KIND_MAX of a to z and _: `size` bytes at `text`. */
bool support_kind_is_sound(const char *text, size_t size);
/* 0, or INVALID with words. */
int support_job_check(struct hearth_call *call, const struct hearth_job *job, int64_t delay);
int support_outcome_check(struct hearth_call *call, int32_t outcome, int64_t delay);
int support_event_check(struct hearth_call *call, const char *channel, const char *text);

#endif

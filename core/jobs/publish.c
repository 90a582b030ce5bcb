/* Calls of the queue by those who have no handle of their own: each has one to itself for as
 * long as it takes, and a deadline of its own, so that a queue that hangs keeps nobody but the
 * one who asks. */
#include "base/log.h"
#include "jobs/jobs_internal.h"

int jobs_publish(struct jobs *jobs, const char *kind, size_t node, const char *account,
                 int priority, int64_t timeout, int32_t *ret_result, struct err *err)
{
    struct hearth_job job = {.struct_size = sizeof(job),
                             .priority = priority,
                             .kind = kind,
                             .key = account,
                             .payload = jobs->options.nodes->items[node].name};
    int32_t result = HEARTH_QUEUED;
    struct jobs_queue *queue;
    int r = jobs_take_queue(jobs, timeout, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(
        &queue->call,
        jobs->options.queue->publish(queue->handle, &queue->call.hearth, &job, 0, &result), err);
    jobs_give_queue(jobs, queue, r, err);
    if (r == 0 && ret_result != NULL)
        *ret_result = result;
    return r;
}

int jobs_request(struct jobs *jobs, const char *account, struct err *err)
{
    return jobs_publish(jobs, JOBS_SYNC, jobs->options.nodes->own, account, HEARTH_PERSON_WAITS,
                        JOBS_PERSON_TIMEOUT, NULL, err);
}

static int publish_event(struct jobs *jobs, int64_t timeout, const char *account, const char *json,
                         struct err *err)
{
    struct jobs_queue *queue;
    int r = jobs_take_queue(jobs, timeout, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(
        &queue->call,
        jobs->options.queue->event_publish(queue->handle, &queue->call.hearth, account, json), err);
    jobs_give_queue(jobs, queue, r, err);
    return r;
}

void jobs_event(void *ctx, const char *account, const char *json)
{
    struct jobs *jobs = ctx;
    struct err err = {0};
    if (publish_event(jobs, JOBS_QUEUE_TIMEOUT, account, json, &err) == 0)
        return;
    log_event(log_level_of(&err, HEARTH_LOG_WARNING), "jobs", "event not sent",
              LOG_TEXT("account", account), LOG_TEXT("error", err.text));
    if (jobs->options.on_event != NULL) /* this process, at least, hears it */
        jobs_receive_event(jobs, account, json);
}

int jobs_send_event(struct jobs *jobs, const char *account, const char *json, struct err *err)
{
    return jobs->options.queue_shared ? publish_event(jobs, JOBS_PERSON_TIMEOUT, account, json, err)
                                      : 0;
}

int jobs_ping(struct jobs *jobs, struct err *err)
{
    struct jobs_queue *queue;
    int r = jobs_take_queue(jobs, JOBS_QUEUE_TIMEOUT, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue->call, jobs->options.queue->ping(queue->handle, &queue->call.hearth),
                        err);
    jobs_give_queue(jobs, queue, r, err);
    return r;
}

int jobs_queue_peek(struct jobs *jobs, hearth_job_cb cb, void *ctx, struct err *err)
{
    struct jobs_queue *queue;
    int r = jobs_take_queue(jobs, JOBS_QUEUE_TIMEOUT, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(
        &queue->call, jobs->options.queue->peek(queue->handle, &queue->call.hearth, cb, ctx), err);
    jobs_give_queue(jobs, queue, r, err);
    return r;
}

int jobs_queue_clear(struct jobs *jobs, struct err *err)
{
    struct jobs_queue *queue;
    int r = jobs_take_queue(jobs, JOBS_QUEUE_TIMEOUT, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue->call,
                        jobs->options.queue->clear(queue->handle, &queue->call.hearth), err);
    jobs_give_queue(jobs, queue, r, err);
    return r;
}

int jobs_queue_remove(struct jobs *jobs, const char *kind, const char *account, struct err *err)
{
    struct jobs_queue *queue;
    int r = jobs_take_queue(jobs, JOBS_QUEUE_TIMEOUT, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(
        &queue->call,
        jobs->options.queue->remove(queue->handle, &queue->call.hearth, kind, account), err);
    jobs_give_queue(jobs, queue, r, err);
    return r;
}

int jobs_queue_counts(struct jobs *jobs, struct hearth_queue_counts *ret_counts, struct err *err)
{
    struct hearth_queue_counts counts = {.struct_size = sizeof(counts)};
    struct jobs_queue *queue;
    int r = jobs_take_queue(jobs, JOBS_QUEUE_TIMEOUT, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue->call,
                        jobs->options.queue->counts(queue->handle, &queue->call.hearth, &counts),
                        err);
    jobs_give_queue(jobs, queue, r, err);
    if (r == 0)
        *ret_counts = counts;
    return r;
}

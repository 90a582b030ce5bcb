#include <inttypes.h>
#include <string.h>

#include "member.h"
#include "queue.h"

#include "support/abi.h"
#include "support/call.h"
#include "support/wait.h"

enum {
    /* ms: a waiting handle looks again after that, whatever it was told; a lost wake-up costs no
     * more */
    NAP = 1000,
    REGISTERED_FOR = 500, /* ms beyond its nap for which a handle is known to wait */
    CLEAR_AT_ONCE = 500,
    RECEIPT_SIZE = 40 + 1 + MEMBER_MAX + 1,
};

/* ms, 34 years: keeps times exact in the server's doubles */
static const int64_t LONGEST = INT64_C(1) << 40;

static int64_t duration_bounded(int64_t duration)
{
    return duration < 0 ? 0 : duration > LONGEST ? LONGEST : duration;
}

static int check_job(struct hearth_call *call, const struct hearth_job *job, int64_t delay)
{
    if (job->priority < 0 || job->priority > 100)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a job's priority is a number from 0 to 100");
    return support_job_check(call, job, delay);
}

static int job_publish(struct handle *handle, struct hearth_call *call,
                       const struct hearth_job *job, int64_t delay, int32_t *ret_result)
{
    struct args args = {.count = 0};
    redisReply *reply;
    char member[MEMBER_MAX + 1];
    int r = check_job(call, job, delay);
    if (r < 0)
        return r;
    redis_member_format(job->kind, job->key, member);
    redis_args_text(&args, member);
    redis_args_text(&args, job->payload == NULL ? "" : job->payload);
    redis_args_number(&args, job->priority);
    redis_args_number(&args, duration_bounded(delay));
    redis_args_number(&args, handle->queue->max_jobs);
    r = redis_handle_script(handle, call, SCRIPT_PUBLISH, CHANGES, &args, REDIS_REPLY_INTEGER,
                            &reply);
    if (r == 0 && reply->integer == -1)
        return hearth_fail(call, HEARTH_ERR_FULL, "the queue holds %" PRId64 " jobs, its max_jobs",
                           handle->queue->max_jobs);
    if (r == 0 && !redis_reply_is_number(reply, HEARTH_QUEUED, HEARTH_IN_WORK))
        return redis_handle_odd_reply(handle, call, &handle->main);
    if (r == 0)
        *ret_result = (int32_t)reply->integer;
    return r;
}

int redis_jobs_publish(void *s, struct hearth_call *call, const struct hearth_job *job,
                       int64_t delay, int32_t *ret_result)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : job_publish(s, call, job, delay, ret_result));
}

/* Memory for what job_reserve() returns: taken before the job is, so that no job is taken in
 * vain. */
struct reserved_job {
    char kind[SUPPORT_KIND_MAX + 1], member[MEMBER_MAX + 1], payload[SUPPORT_PAYLOAD_MAX + 1],
        receipt[RECEIPT_SIZE];
};

static int job_unpack(struct hearth_call *call, const redisReply *reply,
                      struct reserved_job *reserved_job, struct hearth_job *ret_job)
{
    redisReply **e = reply->element;
    const char *key;
    if (reply->elements != 5 || !redis_reply_is_text(e[0], MEMBER_MAX, false) ||
        !redis_reply_is_text(e[1], SUPPORT_PAYLOAD_MAX, true) ||
        !redis_reply_is_number(e[2], 0, 100) || !redis_reply_is_number(e[3], 1, INT32_MAX) ||
        !redis_reply_is_text(e[4], 40, false) || strspn(e[4]->str, "0123456789") != e[4]->len)
        return redis_reply_is_no_job(call);
    memcpy(reserved_job->member, e[0]->str, e[0]->len + 1);
    if (!redis_member_parse(reserved_job->member, reserved_job->kind, &key))
        return redis_reply_is_no_job(call);
    memcpy(reserved_job->payload, e[1]->str, e[1]->len + 1);
    snprintf(reserved_job->receipt, sizeof(reserved_job->receipt), "%s:%s", e[4]->str, e[0]->str);
    struct hearth_job job = {.struct_size = sizeof(job),
                             .kind = reserved_job->kind,
                             .key = key,
                             .payload = reserved_job->payload,
                             .receipt = reserved_job->receipt,
                             .priority = (int32_t)e[2]->integer,
                             .attempt = (int32_t)e[3]->integer,
                             .in_work = 1};
    SUPPORT_GIVE(job, ret_job);
    return 0;
}

/* Takes a job; if there is none, *ret_next: ms until there may be one. register_for: ms for
 * which the handle wants to be woken. */
static int try_reserve(struct handle *handle, struct hearth_call *call, int64_t lease,
                       int64_t register_for, redisReply **ret_job, int64_t *ret_next)
{
    struct args args = {.count = 0};
    redisReply *reply;
    redis_args_number(&args, duration_bounded(lease));
    redis_args_text(&args, handle->id);
    redis_args_number(&args, register_for);
    /* a lease that nobody knows of runs out */
    int r = redis_handle_script(handle, call, SCRIPT_RESERVE, READS, &args, 0, &reply);
    if (r < 0)
        return r;
    if (reply->type == REDIS_REPLY_ARRAY) {
        *ret_job = reply;
        return 0;
    }
    *ret_job = NULL;
    *ret_next = reply->integer < 0 || reply->integer > NAP ? NAP : reply->integer;
    return 0;
}

static int open_wake(struct handle *handle, struct hearth_call *call)
{
    char channel[NAME_MAX_SIZE];
    snprintf(channel, sizeof(channel), "%swake:%s", handle->queue->keys, handle->id);
    return redis_handle_subscribe(handle, call, &handle->wake, channel);
}

/* What is told does not matter, only that something was. */
static void drain_wake(struct handle *handle)
{
    redisReply *message;
    while (handle->wake.fd >= 0 && redis_conn_next(&handle->wake, &message) == CONN_OK)
        ;
}

static int reserve_sleep(struct handle *handle, struct hearth_call *call, int64_t duration)
{
    struct support_wait_limit limit =
        support_wait_limit_for(handle->queue->host, call, &handle->interrupt, duration, 0);
    enum conn_result r = redis_conn_fill(&handle->wake, &limit);
    drain_wake(handle);
    return r == CONN_CANCELLED
               ? hearth_fail(call, HEARTH_ERR_CANCELLED, "interrupted while waiting for a job")
               : 0;
}

static int job_reserve(struct handle *handle, struct hearth_call *call, int64_t wait, int64_t lease,
                       struct hearth_job *ret_job)
{
    const struct hearth_host *host = handle->queue->host;
    int64_t until = support_now(host) + duration_bounded(wait), next = 0;
    struct reserved_job *reserved_job = host->alloc(call, sizeof(*reserved_job));
    if (reserved_job == NULL)
        return support_no_memory(call);
    for (;;) {
        redisReply *job = NULL;
        int64_t left = until - support_now(host), register_for = 0;
        if (left > 0 && handle->wake.fd >= 0)
            register_for = (left < NAP ? left : NAP) + REGISTERED_FOR;
        int r = try_reserve(handle, call, lease, register_for, &job, &next);
        if (r < 0)
            return r;
        if (job != NULL)
            return job_unpack(call, job, reserved_job, ret_job);
        left = until - support_now(host);
        if (left <= 0)
            return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job");
        /* it begins to wait; a job may come before it can be told, so it looks once more */
        if (register_for == 0)
            r = handle->wake.fd >= 0 ? 0 : open_wake(handle, call);
        else
            r = reserve_sleep(handle, call, next < left ? next : left);
        if (r < 0)
            return r;
    }
}

int redis_jobs_reserve(void *s, struct hearth_call *call, int64_t wait, int64_t lease,
                       struct hearth_job *ret_job)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : job_reserve(s, call, wait, lease, ret_job));
}

/* Splits "number:member" into the first two arguments of a script. False: no receipt of ours. */
static bool add_receipt(struct args *args, const char *receipt)
{
    size_t digits = strspn(receipt, "0123456789");
    if (digits == 0 || digits > 40 || receipt[digits] != ':' ||
        strlen(receipt + digits + 1) > MEMBER_MAX)
        return false;
    redis_args_text(args, receipt + digits + 1);
    redis_args_bytes(args, receipt, digits);
    return true;
}

static int with_lease(struct handle *handle, struct hearth_call *call, enum script_name name,
                      const char *receipt, int64_t a, int64_t b)
{
    struct args args = {.count = 0};
    redisReply *reply;
    if (!add_receipt(&args, receipt))
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                           "the lease was lost: no receipt of this queue");
    redis_args_number(&args, a);
    redis_args_number(&args, b);
    int r = redis_handle_script(handle, call, name, CHANGES, &args, REDIS_REPLY_INTEGER, &reply);
    if (r == 0 && !redis_reply_is_number(reply, 0, 1))
        return redis_handle_odd_reply(handle, call, &handle->main);
    if (r == 0 && reply->integer == 0)
        return hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the lease was lost");
    return r;
}

int redis_jobs_extend(void *s, struct hearth_call *call, const char *receipt, int64_t lease)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(
        s, r < 0 ? r : with_lease(s, call, SCRIPT_EXTEND, receipt, duration_bounded(lease), 0));
}

int redis_jobs_finish(void *s, struct hearth_call *call, const char *receipt, int32_t outcome,
                      int64_t delay)
{
    int r = support_outcome_check(call, outcome, delay);
    if (r < 0)
        return r;
    r = redis_handle_enter(s, call);
    return redis_handle_leave(
        s,
        r < 0 ? r : with_lease(s, call, SCRIPT_FINISH, receipt, outcome, duration_bounded(delay)));
}

static int jobs_read_counts(struct handle *handle, struct hearth_call *call,
                            struct hearth_queue_counts *ret_counts)
{
    struct args args = {.count = 0};
    redisReply *reply;
    int r =
        redis_handle_script(handle, call, SCRIPT_COUNTS, READS, &args, REDIS_REPLY_ARRAY, &reply);
    if (r < 0)
        return r;
    int64_t n[4] = {0};
    bool sound = reply->elements == 4;
    for (size_t i = 0; sound && i < 4; i++) {
        sound = redis_reply_is_number(reply->element[i], 0, INT64_MAX);
        n[i] = reply->element[i]->integer;
    }
    if (!sound)
        return redis_handle_odd_reply(handle, call, &handle->main);
    struct hearth_queue_counts found = {.struct_size = sizeof(found),
                                        .ready = n[0],
                                        .delayed = n[1],
                                        .in_work = n[2],
                                        .dead = n[3]};
    SUPPORT_GIVE(found, ret_counts);
    return 0;
}

int redis_jobs_counts(void *s, struct hearth_call *call, struct hearth_queue_counts *ret_counts)
{
    int r = redis_handle_enter(s, call);
    return redis_handle_leave(s, r < 0 ? r : jobs_read_counts(s, call, ret_counts));
}

int redis_jobs_remove(void *s, struct hearth_call *call, const char *kind, const char *key)
{
    struct args args = {.count = 0};
    redisReply *reply;
    char member[MEMBER_MAX + 1];
    int r = redis_handle_enter(s, call);
    if (r == 0 && (!support_kind_is_sound(kind, strlen(kind)) || strlen(key) > SUPPORT_KEY_MAX))
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job of that kind and key");
    redis_member_format(kind, key, member);
    redis_args_text(&args, member);
    if (r == 0)
        r = redis_handle_script(s, call, SCRIPT_REMOVE, CHANGES, &args, REDIS_REPLY_INTEGER,
                                &reply);
    if (r == 0 && !redis_reply_is_number(reply, 0, 1))
        r = redis_handle_odd_reply(s, call, &((struct handle *)s)->main);
    else if (r == 0 && reply->integer == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no job of that kind and key");
    return redis_handle_leave(s, r);
}

int redis_jobs_clear(void *s, struct hearth_call *call)
{
    struct handle *handle = s;
    int r = redis_handle_enter(handle, call);
    /* Others may publish meanwhile, but a server that always says that there was more is none. */
    int64_t times = 0, most = 2 * (handle->queue->max_jobs / CLEAR_AT_ONCE) + 16;
    for (bool more = true; r == 0 && more;) {
        struct args args = {.count = 0};
        redisReply *reply;
        redis_args_number(&args, CLEAR_AT_ONCE);
        r = redis_handle_script(handle, call, SCRIPT_CLEAR, CHANGES, &args, REDIS_REPLY_INTEGER,
                                &reply);
        if (r == 0 && (!redis_reply_is_number(reply, 0, CLEAR_AT_ONCE) || ++times > most))
            r = redis_handle_odd_reply(handle, call, &handle->main);
        more = r == 0 && reply->integer == CLEAR_AT_ONCE;
        if (more && redis_handle_is_stopped(handle, call))
            r = hearth_fail(call, HEARTH_ERR_CANCELLED,
                            "stopped while waiting jobs were being removed; some are gone");
    }
    return redis_handle_leave(handle, r);
}

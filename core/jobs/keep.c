/* What processes of the fleet hand each other for a while, by way of the queue. */
#include <stdlib.h>
#include <string.h>

#include "jobs/jobs_internal.h"

static int keep_begin(struct jobs *jobs, struct jobs_queue **ret_queue, struct err *err)
{
    return jobs->options.queue_keep == NULL
               ? err_set(err, HEARTH_ERR_UNSUPPORTED, "the queue keeps nothing")
               : jobs_take_queue(jobs, JOBS_PERSON_TIMEOUT, ret_queue, err);
}

int jobs_keep_put(void *ctx, const char *name, const void *bytes, size_t size, int64_t life,
                  struct err *err)
{
    struct jobs *jobs = ctx;
    struct jobs_queue *queue;
    int r = keep_begin(jobs, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue->call,
                        jobs->options.queue_keep->keep_put(queue->handle, &queue->call.hearth, name,
                                                           bytes, size, life),
                        err);
    jobs_give_queue(jobs, queue, r, err);
    return r;
}

int jobs_keep_take(void *ctx, const char *name, void **ret_bytes, size_t *ret_size, struct err *err)
{
    struct jobs *jobs = ctx;
    struct jobs_queue *queue;
    const void *bytes = NULL;
    size_t size = 0;
    int r = keep_begin(jobs, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(&queue->call,
                        jobs->options.queue_keep->keep_take(queue->handle, &queue->call.hearth,
                                                            name, &bytes, &size),
                        err);
    void *copy = r < 0 ? NULL : malloc(size + 1);
    if (copy != NULL)
        memcpy(copy, bytes, size);
    jobs_give_queue(jobs, queue, r, err);
    if (r < 0)
        return r;
    if (copy == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    *ret_bytes = copy;
    *ret_size = size;
    return 0;
}

int jobs_keep_remove(void *ctx, const char *name, struct err *err)
{
    struct jobs *jobs = ctx;
    struct jobs_queue *queue;
    int r = keep_begin(jobs, &queue, err);
    if (r < 0)
        return r;
    r = plug_call_check(
        &queue->call,
        jobs->options.queue_keep->keep_remove(queue->handle, &queue->call.hearth, name), err);
    jobs_give_queue(jobs, queue, r, err);
    return r;
}

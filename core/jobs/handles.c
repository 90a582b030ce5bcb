/* Handles of storages and of the queue for the threads of jobs, and for those of others who
 * publish. */
#include <stdlib.h>

#include "base/clock.h"
#include "jobs/jobs_internal.h"
#include "plug/breaker.h"

struct storage *jobs_take_storage(struct jobs *jobs, size_t node, struct err *err)
{
    lock_take(&jobs->lock);
    struct jobs_storage *storage = jobs->storages[node].free;
    if (storage != NULL)
        jobs->storages[node].free = storage->next_free;
    lock_release(&jobs->lock);
    if (storage != NULL)
        return &storage->storage;
    storage = calloc(1, sizeof(*storage));
    if (storage == NULL) {
        err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        return NULL;
    }
    if (nodes_open_storage(&jobs->options.nodes->items[node], NULL, &storage->storage, err) < 0) {
        free(storage);
        return NULL;
    }
    lock_take(&jobs->lock);
    storage->next = jobs->storages[node].all;
    jobs->storages[node].all = storage;
    lock_release(&jobs->lock);
    return &storage->storage;
}

void jobs_give_storage(struct jobs *jobs, size_t node, struct storage *given)
{
    struct jobs_storage *storage = (struct jobs_storage *)given;
    plug_storage_reset(given);
    given->call.hearth.deadline = 0;
    lock_take(&jobs->lock);
    storage->next_free = jobs->storages[node].free;
    jobs->storages[node].free = storage;
    lock_release(&jobs->lock);
}

static struct jobs_queue *queue_handle_open(struct jobs *jobs, int64_t timeout, struct err *err)
{
    struct jobs_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL) {
        err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        return NULL;
    }
    plug_call_init(&queue->call, NULL, timeout, 0);
    queue->call.breaker = jobs->options.queue_breaker;
    int r = plug_call_check(&queue->call,
                            jobs->options.queue->handle_open(jobs->options.queue_self,
                                                             &queue->call.hearth, &queue->handle),
                            err);
    if (r < 0) {
        plug_breaker_note_err(jobs->options.queue_breaker, r, err);
        plug_call_fini(&queue->call);
        free(queue);
        return NULL;
    }
    lock_take(&jobs->lock);
    queue->next = jobs->queues.all;
    jobs->queues.all = queue;
    lock_release(&jobs->lock);
    return queue;
}

int jobs_take_queue(struct jobs *jobs, int64_t timeout, struct jobs_queue **ret_queue,
                    struct err *err)
{
    struct err why = {0};
    int r = plug_breaker_allows(jobs->options.queue_breaker, err);
    if (r < 0)
        return r;
    lock_take(&jobs->lock);
    struct jobs_queue *queue = jobs->queues.free;
    if (queue != NULL)
        jobs->queues.free = queue->next_free;
    lock_release(&jobs->lock);
    if (queue == NULL)
        queue = queue_handle_open(jobs, timeout, &why);
    if (queue == NULL) {
        if (err != NULL)
            *err = why;
        return why.code;
    }
    queue->call.hearth.deadline = clock_monotonic() + timeout;
    *ret_queue = queue;
    return 0;
}

void jobs_give_queue(struct jobs *jobs, struct jobs_queue *queue, int code, struct err *err)
{
    bool told = plug_breaker_note(jobs->options.queue_breaker, code, queue->call.error);
    if (err != NULL && code < 0)
        err->told = told;
    plug_call_reset(&queue->call);
    lock_take(&jobs->lock);
    queue->next_free = jobs->queues.free;
    jobs->queues.free = queue;
    lock_release(&jobs->lock);
}

/* New ones come in front of the one that is looked at; none goes. */
void jobs_interrupt_queue(struct jobs *jobs)
{
    lock_take(&jobs->lock);
    struct jobs_queue *queue = jobs->queues.all;
    lock_release(&jobs->lock);
    lock_border("handles of the queue are interrupted");
    for (; queue != NULL; queue = queue->next)
        jobs->options.queue->interrupt(queue->handle);
}

void jobs_interrupt_node(struct jobs *jobs, size_t node)
{
    lock_take(&jobs->lock);
    struct jobs_storage *storage = jobs->storages[node].all;
    lock_release(&jobs->lock);
    lock_border("handles of a storage are interrupted");
    for (; storage != NULL; storage = storage->next)
        storage->storage.ops->interrupt(storage->storage.handle);
}

void jobs_close_handles(struct jobs *jobs)
{
    for (struct jobs_queue *queue = jobs->queues.all, *next; queue != NULL; queue = next) {
        next = queue->next;
        jobs->options.queue->handle_close(queue->handle);
        plug_call_fini(&queue->call);
        free(queue);
    }
    for (size_t node = 0; node < jobs->options.nodes->count; node++) {
        for (struct jobs_storage *storage = jobs->storages[node].all, *next; storage != NULL;
             storage = next) {
            next = storage->next;
            plug_storage_close(&storage->storage);
            free(storage);
        }
    }
}

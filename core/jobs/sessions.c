/* Sessions of storages and of the queue for the threads of jobs, and for those of others who publish. */
#include <stdlib.h>

#include "base/clock.h"
#include "jobs/jobs_internal.h"
#include "plug/breaker.h"

struct store *jobs_take_store(struct jobs *jobs, size_t node, struct err *err)
{
    lock_take(&jobs->lock);
    struct jobs_store *store = jobs->stores[node].free;
    if (store != NULL)
        jobs->stores[node].free = store->next_free;
    lock_release(&jobs->lock);
    if (store != NULL)
        return &store->store;
    store = calloc(1, sizeof(*store));
    if (store == NULL) {
        err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        return NULL;
    }
    if (node_open_store(&jobs->options.nodes->items[node], NULL, &store->store, err) < 0) {
        free(store);
        return NULL;
    }
    lock_take(&jobs->lock);
    store->next = jobs->stores[node].all;
    jobs->stores[node].all = store;
    lock_release(&jobs->lock);
    return &store->store;
}

void jobs_give_store(struct jobs *jobs, size_t node, struct store *given)
{
    struct jobs_store *store = (struct jobs_store *)given;
    store_reset(given);
    given->call.hearth.deadline = 0;
    lock_take(&jobs->lock);
    store->next_free = jobs->stores[node].free;
    jobs->stores[node].free = store;
    lock_release(&jobs->lock);
}

static struct jobs_queue *queue_session_open(struct jobs *jobs, int64_t timeout, struct err *err)
{
    struct jobs_queue *queue = calloc(1, sizeof(*queue));
    if (queue == NULL) {
        err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        return NULL;
    }
    call_init(&queue->call, NULL, timeout, 0);
    queue->call.breaker = jobs->options.queue_breaker;
    int r =
        call_check(&queue->call, jobs->options.queue->session_open(jobs->options.queue_self, &queue->call.hearth, &queue->session), err);
    if (r < 0) {
        breaker_note_err(jobs->options.queue_breaker, r, err);
        call_fini(&queue->call);
        free(queue);
        return NULL;
    }
    lock_take(&jobs->lock);
    queue->next = jobs->queues.all;
    jobs->queues.all = queue;
    lock_release(&jobs->lock);
    return queue;
}

int jobs_take_queue(struct jobs *jobs, int64_t timeout, struct jobs_queue **ret_queue, struct err *err)
{
    struct err why = {0};
    int r = breaker_allows(jobs->options.queue_breaker, err);
    if (r < 0)
        return r;
    lock_take(&jobs->lock);
    struct jobs_queue *queue = jobs->queues.free;
    if (queue != NULL)
        jobs->queues.free = queue->next_free;
    lock_release(&jobs->lock);
    if (queue == NULL)
        queue = queue_session_open(jobs, timeout, &why);
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
    bool told = breaker_note(jobs->options.queue_breaker, code, queue->call.error);
    if (err != NULL && code < 0)
        err->told = told;
    call_reset(&queue->call);
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
    lock_border("sessions of the queue are interrupted");
    for (; queue != NULL; queue = queue->next)
        jobs->options.queue->interrupt(queue->session);
}

void jobs_interrupt_node(struct jobs *jobs, size_t node)
{
    lock_take(&jobs->lock);
    struct jobs_store *store = jobs->stores[node].all;
    lock_release(&jobs->lock);
    lock_border("sessions of a storage are interrupted");
    for (; store != NULL; store = store->next)
        store->store.ops->interrupt(store->store.session);
}

void jobs_close_sessions(struct jobs *jobs)
{
    for (struct jobs_queue *queue = jobs->queues.all, *next; queue != NULL; queue = next) {
        next = queue->next;
        jobs->options.queue->session_close(queue->session);
        call_fini(&queue->call);
        free(queue);
    }
    for (size_t node = 0; node < jobs->options.nodes->count; node++) {
        for (struct jobs_store *store = jobs->stores[node].all, *next; store != NULL; store = next) {
            next = store->next;
            store_close(&store->store);
            free(store);
        }
    }
}

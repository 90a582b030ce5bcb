#include "writer.h"

#include "handle.h"
#include "support/call.h"
#include "support/wait.h"

struct waiter {
    struct waiter *next;
};

/* Deadlines and stops are the host's, on its clock: they are looked at this often while waiting. */
enum { LOOK_MS = 20 };

int sqlite_writer_init(struct writer *writer)
{
    *writer = (struct writer){.taken = false};
    if (pthread_mutex_init(&writer->lock, NULL) != 0)
        return HEARTH_ERR_NOMEM;
    int failed = support_cond_init(&writer->moved);
    if (failed) {
        pthread_mutex_destroy(&writer->lock);
        return HEARTH_ERR_NOMEM;
    }
    return 0;
}

void sqlite_writer_fini(struct writer *writer)
{
    pthread_cond_destroy(&writer->moved);
    pthread_mutex_destroy(&writer->lock);
}

static void leave_queue(struct writer *writer, struct waiter *me)
{
    struct waiter **link = &writer->first, *before = NULL;
    while (*link != me) {
        before = *link;
        link = &before->next;
    }
    *link = me->next;
    if (writer->last == me)
        writer->last = before;
}

int sqlite_writer_acquire(struct writer *writer, struct handle *handle)
{
    struct waiter me = {.next = NULL};
    int r = 0;
    pthread_mutex_lock(&writer->lock);
    if (writer->last != NULL)
        writer->last->next = &me;
    else
        writer->first = &me;
    writer->last = &me;
    while (writer->taken || writer->first != &me) {
        support_cond_wait_until(&writer->moved, &writer->lock,
                                support_now(handle->database->host) + LOOK_MS);
        r = sqlite_handle_stopped(handle);
        if (r < 0)
            break;
    }
    leave_queue(writer, &me);
    if (r == 0)
        writer->taken = true;
    pthread_cond_broadcast(&writer->moved);
    pthread_mutex_unlock(&writer->lock);
    if (r == HEARTH_ERR_TIMEOUT)
        return hearth_fail(handle->call, r, "%s: waited too long for other writers",
                           handle->database->path);
    if (r < 0)
        return hearth_fail(handle->call, r, "cancelled while waiting to write");
    return 0;
}

void sqlite_writer_release(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    assert(writer->taken);
    writer->taken = false;
    pthread_cond_broadcast(&writer->moved);
    pthread_mutex_unlock(&writer->lock);
}

void sqlite_writer_wake(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    pthread_cond_broadcast(&writer->moved);
    pthread_mutex_unlock(&writer->lock);
}

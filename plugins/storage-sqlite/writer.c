#include "writer.h"

#include <errno.h>
#include <time.h>

#include "session.h"

struct waiter {
    struct waiter *next;
};

/* Deadlines and stops are the host's, on its clock: they are looked at this often while waiting. */
enum { LOOK_MS = 20 };

int writer_init(struct writer *writer)
{
    pthread_condattr_t attributes;
    *writer = (struct writer){.taken = false};
    if (pthread_mutex_init(&writer->lock, NULL) != 0)
        return HEARTH_ERR_NOMEM;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&writer->moved, &attributes);
    pthread_condattr_destroy(&attributes);
    if (failed) {
        pthread_mutex_destroy(&writer->lock);
        return HEARTH_ERR_NOMEM;
    }
    return 0;
}

void writer_fini(struct writer *writer)
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

static void wait_a_little(struct writer *writer)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_MS * 1000000L;
    if (until.tv_nsec >= 1000000000L) {
        until.tv_nsec -= 1000000000L;
        until.tv_sec++;
    }
    pthread_cond_timedwait(&writer->moved, &writer->lock, &until);
}

int writer_acquire(struct writer *writer, struct session *session)
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
        wait_a_little(writer);
        r = session_stopped(session);
        if (r < 0)
            break;
    }
    leave_queue(writer, &me);
    if (r == 0)
        writer->taken = true;
    pthread_cond_broadcast(&writer->moved);
    pthread_mutex_unlock(&writer->lock);
    if (r == HEARTH_ERR_TIMEOUT)
        return hearth_fail(session->call, r, "%s: waited too long for other writers", session->store->path);
    if (r < 0)
        return hearth_fail(session->call, r, "cancelled while waiting to write");
    return 0;
}

void writer_release(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    assert(writer->taken);
    writer->taken = false;
    pthread_cond_broadcast(&writer->moved);
    pthread_mutex_unlock(&writer->lock);
}

void writer_wake(struct writer *writer)
{
    pthread_mutex_lock(&writer->lock);
    pthread_cond_broadcast(&writer->moved);
    pthread_mutex_unlock(&writer->lock);
}

/* The queue in front of SQLite's write lock. SQLite lets one connection write at a time and
 * makes the others poll; the handles of this process wait here instead, in the order they came,
 * and can be woken by an interrupt or a deadline. */
#ifndef STORAGE_SQLITE_WRITER_H
#define STORAGE_SQLITE_WRITER_H

#include <pthread.h>
#include <stdbool.h>

struct handle;
struct waiter;

struct writer {
    pthread_mutex_t lock; /* nothing else is locked while it is held */
    pthread_cond_t moved;
    struct waiter *first, *last;
    bool taken;
};

int sqlite_writer_init(struct writer *writer); /* 0 or HEARTH_ERR_NOMEM */
void sqlite_writer_fini(struct writer *writer);
/* Waits for the turn of the handle's thread. CANCELLED, TIMEOUT. */
int sqlite_writer_acquire(struct writer *writer, struct handle *handle);
void sqlite_writer_release(struct writer *writer);
/* from any thread: lets those who wait look at their stop conditions */
void sqlite_writer_wake(struct writer *writer);

#endif

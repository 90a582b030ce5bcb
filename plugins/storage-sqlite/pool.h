/* The pool of open connections with persons' files, and each person's writer queue. A connection
 * costs about 130 KB and three descriptors, opening one 0.4 ms: at most `limit` are kept open
 * while nobody uses them, those that were used last. */
#ifndef STORAGE_SQLITE_POOL_H
#define STORAGE_SQLITE_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "writer.h"

struct connection;
struct handle;

/* A person whose file is in use or kept open. */
struct person {
    struct person *next;
    char id[40];
    char *path;
    size_t users; /* connections in use, and writers that wait */
    size_t idle_count;
    /* how often the file was removed: connections of before are closed, not kept */
    uint64_t removals;
    struct connection *idle;
    struct writer writer;
};

struct pool {
    pthread_mutex_t lock; /* nothing else is locked while it is held */
    struct person *persons;
    size_t idle, limit;
    uint64_t clock;
};

int sqlite_pool_init(struct pool *pool, size_t limit); /* 0 or HEARTH_ERR_NOMEM */
/* closes the idle ones; nobody uses it any more */
void sqlite_pool_fini(struct pool *pool);
/* from any thread: writers that wait look at their stop conditions */
void sqlite_pool_wake(struct pool *pool);

/* The person's entry, which lives until sqlite_pool_leave(). ids are [a-z0-9]{1,32}: INVALID.
 * NOMEM. */
int sqlite_pool_enter(struct handle *handle, const char *id, struct person **ret_person);
void sqlite_pool_leave(struct handle *handle, struct person *person);
/* A connection with the person's file for this handle alone; enters for itself. CORRUPT, IO
 * (missing, not readable), NOMEM, in words. */
int sqlite_pool_borrow(struct handle *handle, const char *id, struct connection **ret_connection);
void sqlite_pool_give_back(struct handle *handle, struct connection *connection);
/* The person's file is about to be unlinked: closes what is idle, and lets what is in use be
 * closed when it comes back. */
void sqlite_pool_forget(struct handle *handle, struct person *person);

#endif

/* Gives memory back to the system after a peak. The allocator keeps what was freed; without this
 * a daemon that was once attacked, or had a large account's first sync, stays as large as it was
 * then. */
#include "http/internal.h"

#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

enum {
    EVERY = 4 /* sweeps: a second */,
    QUIET = 3 /* seconds */,
    GROWN = 8 << 20,
    FEW_JOBS = 2,
    LITTLE_UNSENT = 1 << 20
};

/* 0: unknown. */
static size_t resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *statm = fopen("/proc/self/statm", "re");
    if (statm == NULL)
        return 0;
    if (fscanf(statm, "%lu %lu", &size, &resident) != 2)
        resident = 0;
    fclose(statm);
    return resident * (size_t)sysconf(_SC_PAGESIZE);
}

void http_memory_init(struct http_server *server)
{
    atomic_store(&server->trimmed_to, resident_bytes());
}

/* On a thread of the storage pool: it takes the allocator's locks one after the other, for
 * milliseconds. */
static void trim_memory(void *job, void *worker)
{
    (void)worker;
    struct http_server *server = job;
    malloc_trim(0);
    atomic_store(&server->trimmed_to, resident_bytes());
    atomic_store(&server->trimming, false);
}

void http_memory_sweep(struct loop *loop)
{
    struct http_server *server = loop->server;
    if (loop->index != 0 || loop->stopping || ++server->memory_sweeps % EVERY != 0)
        return;
    bool quiet = atomic_load(&server->pending_total) <= FEW_JOBS &&
                 atomic_load(&server->unsent) < LITTLE_UNSENT;
    server->quiet = quiet ? server->quiet + 1 : 0;
    if (server->quiet < QUIET || atomic_load(&server->trimming))
        return;
    size_t now = resident_bytes(), least = atomic_load(&server->trimmed_to);
    if (now < least) {
        atomic_store(&server->trimmed_to, now);
    } else if (now > least + GROWN) {
        atomic_store(&server->trimming, true);
        if (server->options.pool.run(server->options.pool.self, trim_memory, NULL, server, 0) < 0)
            atomic_store(&server->trimming, false);
    }
}

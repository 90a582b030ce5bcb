/* hearth/keep.h: an extension of queues: what processes hand each other for a while, like a sign-in
 * whose steps reach one after the other. hearth/queue.h includes it. */
#ifndef HEARTH_KEEP_H
#define HEARTH_KEEP_H

#include "hearth/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The most that one may be; a queue that keeps less says FULL. */
#define HEARTH_KEEP_MAX 12288

/* Things with a name of 1 to 64 letters a-z and digits, each until its time is over. They may be
 * lost, and then are missing. Without it a sign-in stays with the process where it began. */
#define HEARTH_QUEUE_KEEP "hearth.queue.keep/1"
struct hearth_queue_keep {
    uint32_t struct_size;
    uint32_t reserved;
    /* Makes or replaces it, for `life` ms from now on. size: 1 to HEARTH_KEEP_MAX. */
    int (*keep_put)(void *handle, struct hearth_call *call, const char *name, const void *bytes,
                    size_t size, int64_t life);
    /* Atomic over all processes: one gets it, the others CONFLICT until it was put back or its time
     * is over. Who has not put it back for minutes died: then, or never, the next one gets what was
     * there. NOT_FOUND: there is none. *ret_bytes lives until the next call in the handle. */
    int (*keep_take)(void *handle, struct hearth_call *call, const char *name,
                     const void **ret_bytes, size_t *ret_size);
    /* taken or not; missing is fine */
    int (*keep_remove)(void *handle, struct hearth_call *call, const char *name);
};

#ifdef __cplusplus
}
#endif
#endif

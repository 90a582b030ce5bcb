/* Publish and subscribe: a ring of the latest events; each subscriber reads at its own pace.
 * Guarded by the queue's lock. */
#ifndef HEARTH_QUEUE_INPROC_EVENTS_H
#define HEARTH_QUEUE_INPROC_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event {
    char *channel, *text; /* one allocation, at channel */
};

struct events {
    struct event *ring;
    size_t size;
    uint64_t next; /* number of the next event; the ring holds the `size` before it */
};

struct subscriber {
    bool subscribed;
    uint64_t next;
};

bool inproc_events_init(struct events *events, size_t size);
void inproc_events_fini(struct events *events);
bool inproc_events_add(struct events *events, const char *channel, const char *text);
/* A copy of the subscriber's next event (free ret->channel); false: none. *ret_lost: older ones
 * were overwritten before it read them. */
bool inproc_events_next(const struct events *events, struct subscriber *subscriber,
                        struct event *ret, bool *ret_lost);

#endif

#include "events.h"

#include <stdlib.h>
#include <string.h>

bool inproc_events_init(struct events *events, size_t size)
{
    *events = (struct events){.ring = calloc(size, sizeof(struct event)), .size = size};
    return events->ring != NULL;
}

void inproc_events_fini(struct events *events)
{
    for (size_t i = 0; events->ring != NULL && i < events->size; i++)
        free(events->ring[i].channel);
    free(events->ring);
}

static bool event_init(const char *channel, const char *text, struct event *ret)
{
    size_t a = strlen(channel) + 1, b = strlen(text) + 1;
    char *bytes = malloc(a + b);
    if (bytes == NULL)
        return false;
    memcpy(bytes, channel, a);
    memcpy(bytes + a, text, b);
    *ret = (struct event){bytes, bytes + a};
    return true;
}

bool inproc_events_add(struct events *events, const char *channel, const char *text)
{
    struct event event;
    if (!event_init(channel, text, &event))
        return false;
    struct event *slot = &events->ring[events->next++ % events->size];
    free(slot->channel);
    *slot = event;
    return true;
}

bool inproc_events_next(const struct events *events, struct subscriber *subscriber,
                        struct event *ret, bool *ret_lost)
{
    if (subscriber->next == events->next)
        return false;
    *ret_lost = events->next - subscriber->next > events->size;
    if (*ret_lost)
        subscriber->next = events->next - events->size;
    const struct event *event = &events->ring[subscriber->next % events->size];
    if (!event_init(event->channel, event->text, ret))
        return false;
    subscriber->next++;
    return true;
}

#include "sim.h"

static bool before(const struct event *a, const struct event *b)
{
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

void events_add(struct events *events, int64_t time, enum event_kind kind, uint32_t who,
                uint32_t run)
{
    if (events->count == events->room) {
        events->room = events->room == 0 ? 1024 : events->room * 2;
        events->items = realloc(events->items, events->room * sizeof(*events->items));
        assert_non_null(events->items);
    }
    struct event event = {time, events->made++, kind, who, run};
    size_t place = events->count++;
    for (; place > 0 && before(&event, &events->items[(place - 1) / 2]); place = (place - 1) / 2)
        events->items[place] = events->items[(place - 1) / 2];
    events->items[place] = event;
}

struct event events_take(struct events *events)
{
    struct event first = events->items[0], last = events->items[--events->count];
    size_t place = 0, child;
    for (; (child = 2 * place + 1) < events->count; place = child) {
        if (child + 1 < events->count && before(&events->items[child + 1], &events->items[child]))
            child++;
        if (!before(&events->items[child], &last))
            break;
        events->items[place] = events->items[child];
    }
    events->items[place] = last;
    return first;
}

/* splitmix64: any seed is a good one. */
uint64_t sim_random(void)
{
    uint64_t x = sim.random += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

double sim_uniform(void)
{
    return (double)(sim_random() >> 11) / 9007199254740992.0;
}

int64_t sim_between(int64_t from, int64_t to)
{
    return from + (int64_t)(sim_uniform() * (double)(to - from));
}

/* A binary heap of jobs that know their place in it. Ordered by a function; the first is the
 * smallest. */
#ifndef HEARTH_QUEUE_INPROC_HEAP_H
#define HEARTH_QUEUE_INPROC_HEAP_H

#include <stdbool.h>
#include <stddef.h>

struct entry;

struct heap {
    struct entry **items;
    size_t count, room;
    bool (*before)(const struct entry *a, const struct entry *b);
};

/* Makes room for one more, so that inproc_heap_add cannot fail; false when memory is short. */
bool inproc_heap_reserve(struct heap *heap, size_t count);
void inproc_heap_add(struct heap *heap, struct entry *entry);
void inproc_heap_remove(struct heap *heap, struct entry *entry);
void inproc_heap_fini(struct heap *heap);

#endif

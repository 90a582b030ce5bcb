#include "heap.h"

#include <stdlib.h>

#include "queue.h"
#include "support/buf.h"

bool inproc_heap_reserve(struct heap *heap, size_t count)
{
    return support_array_reserve(&heap->items, &heap->room, count, sizeof(*heap->items));
}

static void heap_set(struct heap *heap, size_t place, struct entry *entry)
{
    heap->items[place] = entry;
    entry->place = place;
}

static void heap_rise(struct heap *heap, size_t place, struct entry *entry)
{
    while (place > 0 && heap->before(entry, heap->items[(place - 1) / 2])) {
        heap_set(heap, place, heap->items[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    heap_set(heap, place, entry);
}

static void heap_sink(struct heap *heap, size_t place, struct entry *entry)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->before(heap->items[child + 1], heap->items[child]))
            child++;
        if (!heap->before(heap->items[child], entry))
            break;
        heap_set(heap, place, heap->items[child]);
        place = child;
    }
    heap_set(heap, place, entry);
}

void inproc_heap_add(struct heap *heap, struct entry *entry)
{
    heap_rise(heap, heap->count++, entry);
}

void inproc_heap_remove(struct heap *heap, struct entry *entry)
{
    size_t place = entry->place;
    struct entry *last = heap->items[--heap->count];
    if (last == entry)
        return;
    if (place > 0 && heap->before(last, heap->items[(place - 1) / 2]))
        heap_rise(heap, place, last);
    else
        heap_sink(heap, place, last);
}

void inproc_heap_fini(struct heap *heap)
{
    free(heap->items);
}

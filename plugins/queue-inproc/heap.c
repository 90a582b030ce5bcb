#include "heap.h"

#include <stdlib.h>

#include "queue.h"
#include "support/buf.h"

bool heap_reserve(struct heap *heap, size_t count)
{
    return support_array_reserve(&heap->items, &heap->room, count, sizeof(*heap->items));
}

static void set(struct heap *heap, size_t place, struct entry *entry)
{
    heap->items[place] = entry;
    entry->place = place;
}

static void rise(struct heap *heap, size_t place, struct entry *entry)
{
    while (place > 0 && heap->before(entry, heap->items[(place - 1) / 2])) {
        set(heap, place, heap->items[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    set(heap, place, entry);
}

static void sink(struct heap *heap, size_t place, struct entry *entry)
{
    for (;;) {
        size_t child = 2 * place + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && heap->before(heap->items[child + 1], heap->items[child]))
            child++;
        if (!heap->before(heap->items[child], entry))
            break;
        set(heap, place, heap->items[child]);
        place = child;
    }
    set(heap, place, entry);
}

void heap_add(struct heap *heap, struct entry *entry)
{
    rise(heap, heap->count++, entry);
}

void heap_remove(struct heap *heap, struct entry *entry)
{
    size_t place = entry->place;
    struct entry *last = heap->items[--heap->count];
    if (last == entry)
        return;
    if (place > 0 && heap->before(last, heap->items[(place - 1) / 2]))
        rise(heap, place, last);
    else
        sink(heap, place, last);
}

void heap_fini(struct heap *heap)
{
    free(heap->items);
}

/* Arrays on the heap that grow by one element at a time. */
#ifndef HEARTH_CORE_BASE_ARRAY_H
#define HEARTH_CORE_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>

/* Room for the element [count] of the array that *(T **)items points to (NULL: none yet), of which
 * *room elements of `size` bytes are allocated: doubled when it is full. false: out of memory,
 * nothing has changed. Whoever has the array frees it with free(). */
bool array_make_room(void *items, size_t count, size_t *room, size_t size);
#define ARRAY_MAKE_ROOM(items, count, room)                                                        \
    array_make_room(&(items), (count), &(room), sizeof((items)[0]))

#endif

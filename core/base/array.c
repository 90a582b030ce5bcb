#include "base/array.h"

#include <stdlib.h>
#include <string.h>

enum { ARRAY_FIRST = 32 }; /* elements */

bool array_make_room(void *items, size_t count, size_t *room, size_t size)
{
    void *old;
    if (count < *room)
        return true;
    size_t wanted = *room == 0 ? ARRAY_FIRST : 2 * *room;
    memcpy(&old, items, sizeof(old)); /* a pointer of any type */
    size_t bytes;
    void *grown = __builtin_mul_overflow(wanted, size, &bytes) ? NULL : realloc(old, bytes);
    if (grown == NULL)
        return false;
    memcpy(items, &grown, sizeof(grown));
    *room = wanted;
    return true;
}

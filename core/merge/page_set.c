#include "merge/page_set.h"

#include <stdlib.h>

#include "base/hash.h"

void page_set_fini(struct page_set *set)
{
    free(set->slots);
    *set = (struct page_set){0};
}

/* Ids are hashes already, but of URLs that others choose, and without a key. */
static size_t first_slot(size_t room, int64_t page)
{
    return (size_t)hash_bytes(&page, sizeof(page)) & (room - 1);
}

static void put(int64_t *slots, size_t room, int64_t page)
{
    size_t i = first_slot(room, page);
    while (slots[i] != 0 && slots[i] != page)
        i = (i + 1) & (room - 1);
    slots[i] = page;
}

bool page_set_has(const struct page_set *set, int64_t page)
{
    if (set->room == 0)
        return false;
    for (size_t i = first_slot(set->room, page); set->slots[i] != 0; i = (i + 1) & (set->room - 1))
        if (set->slots[i] == page)
            return true;
    return false;
}

bool page_set_add(struct page_set *set, int64_t page)
{
    if (page == 0 || page_set_has(set, page))
        return true;
    if (set->count * 2 >= set->room) {
        size_t room = set->room == 0 ? 64 : set->room * 2;
        int64_t *slots = calloc(room, sizeof(*slots));
        if (slots == NULL)
            return false;
        for (size_t i = 0; i < set->room; i++)
            if (set->slots[i] != 0)
                put(slots, room, set->slots[i]);
        free(set->slots);
        set->slots = slots;
        set->room = room;
    }
    put(set->slots, set->room, page);
    set->count++;
    return true;
}

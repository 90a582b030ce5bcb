#include "support/number_set.h"

#include <stdlib.h>
#include <sys/random.h>

#include "support/hash.h"

/* Where the number is, or would be. There is always a free slot. */
static size_t number_slot(const struct support_number_set *set, uint64_t number)
{
    uint64_t mixed = number ^ set->key;
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xff51afd7ed558ccd);
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    size_t i = (size_t)(mixed ^ mixed >> 33) & (set->room - 1);
    while (set->slots[i] != 0 && set->slots[i] != number)
        i = (i + 1) & (set->room - 1);
    return i;
}

static bool number_set_grow(struct support_number_set *set)
{
    struct support_number_set grown = {.room = set->room == 0 ? 256 : set->room * 2, .count = set->count, .key = set->key};
    if (grown.key == 0 && getrandom(&grown.key, sizeof(grown.key), 0) != (ssize_t)sizeof(grown.key))
        return false;
    grown.slots = calloc(grown.room, sizeof(*grown.slots));
    if (grown.slots == NULL)
        return false;
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i] != 0)
            grown.slots[number_slot(&grown, set->slots[i])] = set->slots[i];
    free(set->slots);
    *set = grown;
    return true;
}

void support_number_set_fini(struct support_number_set *set)
{
    free(set->slots);
    *set = (struct support_number_set){0};
}

bool support_number_set_add(struct support_number_set *set, uint64_t number)
{
    number = number == 0 ? 1 : number;
    if (set->count * 2 >= set->room && !number_set_grow(set))
        return false;
    uint64_t *slot = &set->slots[number_slot(set, number)];
    set->count += *slot == 0;
    *slot = number;
    return true;
}

bool support_number_set_has(const struct support_number_set *set, uint64_t number)
{
    return set->room > 0 && set->slots[number_slot(set, number == 0 ? 1 : number)] != 0;
}

bool support_number_set_add_text(struct support_number_set *set, const char *text)
{
    return support_number_set_add(set, support_hash64(text));
}

bool support_number_set_has_text(const struct support_number_set *set, const char *text)
{
    return support_number_set_has(set, support_hash64(text));
}

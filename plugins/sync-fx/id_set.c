#include "id_set.h"

#include <stdlib.h>
#include <sys/random.h>

#include "hearth/plugin.h"

/* FNV-1a: who an id is in the set. Where it lies there is id_slot()'s business. */
static uint64_t id_hash(const char *id)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *id != '\0'; id++)
        hash = (hash ^ (unsigned char)*id) * UINT64_C(0x100000001b3);
    return hash == 0 ? 1 : hash;
}

/* Where the hash is, or would be. There is always a free slot. */
static size_t id_slot(const struct fx_id_set *set, uint64_t hash)
{
    uint64_t mixed = hash ^ set->key;
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xff51afd7ed558ccd);
    mixed = (mixed ^ mixed >> 33) * UINT64_C(0xc4ceb9fe1a85ec53);
    size_t i = (size_t)(mixed ^ mixed >> 33) & (set->room - 1);
    while (set->slots[i] != 0 && set->slots[i] != hash)
        i = (i + 1) & (set->room - 1);
    return i;
}

static int id_set_grow(struct fx_id_set *set)
{
    struct fx_id_set grown = {.room = set->room == 0 ? 256 : set->room * 2, .count = set->count, .key = set->key};
    if (grown.key == 0 && getrandom(&grown.key, sizeof(grown.key), 0) != (ssize_t)sizeof(grown.key))
        return HEARTH_ERR_NOMEM;
    grown.slots = calloc(grown.room, sizeof(*grown.slots));
    if (grown.slots == NULL)
        return HEARTH_ERR_NOMEM;
    for (size_t i = 0; i < set->room; i++)
        if (set->slots[i] != 0)
            grown.slots[id_slot(&grown, set->slots[i])] = set->slots[i];
    free(set->slots);
    *set = grown;
    return 0;
}

void fx_id_set_fini(struct fx_id_set *set)
{
    free(set->slots);
    *set = (struct fx_id_set){0};
}

int fx_id_set_add(struct fx_id_set *set, const char *id)
{
    if (set->count * 2 >= set->room && id_set_grow(set) != 0)
        return HEARTH_ERR_NOMEM;
    uint64_t hash = id_hash(id), *slot = &set->slots[id_slot(set, hash)];
    set->count += *slot == 0;
    *slot = hash;
    return 0;
}

bool fx_id_set_has(const struct fx_id_set *set, const char *id)
{
    return set->room > 0 && set->slots[id_slot(set, id_hash(id))] != 0;
}

#include "base/index_table.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST = 64 };
#define MOST ((size_t)1 << 30)

size_t index_table_room(size_t things)
{
    size_t room = LEAST;
    while (room < things * 2)
        room *= 2;
    return room;
}

bool index_table_init(struct index_table *ret_table, size_t things)
{
    if (things > MOST)
        return false;
    struct index_table table = {.room = index_table_room(things)};
    table.slots = calloc(table.room, sizeof(*table.slots));
    if (table.slots == NULL)
        return false;
    *ret_table = table;
    return true;
}

void index_table_fini(struct index_table *table)
{
    free(table->slots);
    *table = (struct index_table){0};
}

void index_table_clear(struct index_table *table)
{
    if (table->room > 0)
        memset(table->slots, 0, table->room * sizeof(*table->slots));
}

void index_table_put(struct index_table *table, uint64_t hash, uint32_t number)
{
    size_t i = (size_t)hash & (table->room - 1);
    while (table->slots[i] != 0)
        i = (i + 1) & (table->room - 1);
    table->slots[i] = number + 1;
}

bool index_table_grow(struct index_table *table, size_t things, index_table_hash_fn *hash_of,
                      const void *array)
{
    struct index_table grown;
    if (!index_table_init(&grown, things + 1))
        return false;
    for (size_t i = 0; i < things; i++)
        index_table_put(&grown, hash_of(array, (uint32_t)i), (uint32_t)i);
    free(table->slots);
    *table = grown;
    return true;
}

/* What lies behind it, up to the next free slot, moves up if it may: then no search stops too
 * early, and no slot is lost. */
void index_table_remove(struct index_table *table, uint64_t hash, uint32_t number,
                        index_table_hash_fn *hash_of, const void *things)
{
    size_t mask = table->room - 1, hole = (size_t)hash & mask;
    while (table->slots[hole] != number + 1)
        hole = (hole + 1) & mask;
    for (size_t i = (hole + 1) & mask; table->slots[i] != 0; i = (i + 1) & mask) {
        size_t first = (size_t)hash_of(things, table->slots[i] - 1) & mask;
        if (((i - first) & mask) < ((i - hole) & mask))
            continue;
        table->slots[hole] = table->slots[i];
        hole = i;
    }
    table->slots[hole] = 0;
}

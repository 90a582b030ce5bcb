/* Finds the things of an array by a key: which number has it. Open addressing, 4 bytes a slot, at
 * most half full, so 8 to 16 bytes for each thing, in one piece: for arrays of very many small
 * things (nodes of a tree, hosts, ids), and for those whose places are made once, so that entering
 * one cannot fail. What is on the heap by itself is in a map (base/map.h). Hashes are those of
 * base/hash.h, because keys are chosen by others. No lock; {0} has room for nothing.
 *
 * Also for the plugins of this tree; it uses nothing else of core. */
#ifndef HEARTH_CORE_BASE_INDEX_TABLE_H
#define HEARTH_CORE_BASE_INDEX_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INDEX_TABLE_NONE = -1 };

struct index_table {
    uint32_t *slots; /* number + 1; 0: free */
    size_t room;     /* slots: a power of two, or 0 */
};

/* Has thing `number` of `things` this key? */
typedef bool index_table_same_fn(const void *things, uint32_t number, const void *key);
/* The hash of the key of thing `number`. */
typedef uint64_t index_table_hash_fn(const void *things, uint32_t number);

/* Slots for so many things, a power of two. */
size_t index_table_room(size_t things);
/* False: memory is short, or they are more than 2^30. */
bool index_table_init(struct index_table *ret_table, size_t things);
void index_table_fini(struct index_table *table); /* {0} again */

/* Nothing is in it any more. */
void index_table_clear(struct index_table *table);
/* Made anew for one more than `things`, 0 to things - 1. False: memory is short, and all is as
 * it was. */
bool index_table_grow(struct index_table *table, size_t things, index_table_hash_fn *hash_of,
                      const void *array);
/* A number whose key is not there; there is room. */
void index_table_put(struct index_table *table, uint64_t hash, uint32_t number);
/* A number that is there. */
void index_table_remove(struct index_table *table, uint64_t hash, uint32_t number,
                        index_table_hash_fn *hash_of, const void *things);

/* Before one more than `things`, 0 to things - 1, is put. True: there is room, made if need be,
 * which moves slots. */
static inline bool index_table_reserve(struct index_table *table, size_t things,
                                       index_table_hash_fn *hash_of, const void *array)
{
    return things * 2 < table->room || index_table_grow(table, things, hash_of, array);
}

/* The slot of the key, or the free one (it holds 0) where number + 1 may be written if there is
 * room. The table has slots. */
static inline uint32_t *index_table_slot(const struct index_table *table, uint64_t hash,
                                         index_table_same_fn *same, const void *things,
                                         const void *key)
{
    size_t mask = table->room - 1, i = (size_t)hash & mask;
    while (table->slots[i] != 0 && !same(things, table->slots[i] - 1, key))
        i = (i + 1) & mask;
    return &table->slots[i];
}

/* The number of the key, or INDEX_TABLE_NONE. */
static inline int64_t index_table_find(const struct index_table *table, uint64_t hash,
                                       index_table_same_fn *same, const void *things,
                                       const void *key)
{
    if (table->room == 0)
        return INDEX_TABLE_NONE;
    return (int64_t)*index_table_slot(table, hash, same, things, key) - 1;
}

#endif

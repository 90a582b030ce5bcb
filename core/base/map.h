/* Finds structs on the heap by bytes in them: uthash (Debian's uthash-dev) with the keyed hash of
 * base/hash.h, and with memory that may be short. Nobody else includes uthash.h. A map is a pointer
 * to one of its structs, NULL when it is empty; it grows by itself, walks in the order in which its
 * structs came, and has no lock. It costs each of them 56 bytes: what lies in an array in great
 * numbers has base/index_table.h.
 *
 *     struct thing {
 *         map_entry in_map; // must be called so; a struct is in one map at a time
 *         char name[];      // stays as it is while the thing is in the map
 *     } *things = NULL;
 *
 * Also for the plugins of this tree; it uses nothing of core but base/hash.h. */
#ifndef HEARTH_CORE_BASE_MAP_H
#define HEARTH_CORE_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/hash.h"

#define HASH_NONFATAL_OOM                1
#define HASH_FUNCTION(bytes, size, hash) ((hash) = (unsigned)hash_bytes(bytes, size))
#include <uthash.h>

typedef UT_hash_handle map_entry;

/* The struct of these bytes, or NULL. */
#define MAP_FIND(map, bytes, size)                                                                 \
    ({                                                                                             \
        __typeof__(map) map_found_;                                                                \
        HASH_FIND(in_map, map, bytes, size, map_found_);                                           \
        map_found_;                                                                                \
    })
#define MAP_FIND_TEXT(map, text) MAP_FIND(map, text, strlen(text))

/* False: memory is short, and the map is as it was. The bytes lie in the item, and are of no other
 * in the map. */
#define MAP_ADD(map, bytes, size, item)                                                            \
    ({                                                                                             \
        HASH_ADD_KEYPTR(in_map, map, bytes, size, item);                                           \
        (item)->in_map.tbl != NULL;                                                                \
    })
#define MAP_ADD_TEXT(map, text, item) MAP_ADD(map, text, strlen(text), item)

/* Never fails. The item is in the map, and is the caller's again. */
#define MAP_REMOVE(map, item) HASH_DELETE(in_map, map, item)

/* A loop; its body may remove and free the item that it has. */
#define MAP_EACH(map, item, next) HASH_ITER(in_map, map, item, next)
#define MAP_COUNT(map)            ((size_t)HASH_CNT(in_map, map))

#endif

/* All that is searched of one account at one generation: segments in frecency order, what
 * changed since they were made, and the tabs. Immutable and shared by reference counts; any
 * thread may read it. Changes make a new block that shares the segments. */
#ifndef HEARTH_CORE_SEARCH_BLOCK_H
#define HEARTH_CORE_SEARCH_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "search/segment.h"
#include "search/tabs.h"

enum {
    BLOCK_OVERLAY_MAX = 2000, /* pages; with more, the block should be rebuilt */
    BLOCK_CHANGES_MAX = 10000 /* pages in one update; with more, loading anew is as fast */
};

struct block {
    atomic_uint references;
    bool complete; /* false: the beginning of one that is being loaded */
    int64_t generation;
    size_t segment_count;
    struct segment **segments;
    /* for each segment NULL, or a bit for each page that changed or went */
    uint64_t **dead;
    struct segment *overlay; /* the pages that changed, as they are now; NULL: none */
    struct tabs *tabs;
};

struct block *search_block_ref(struct block *block); /* returns its argument; accepts NULL */
void search_block_unref(struct block *block);        /* accepts NULL */
size_t search_block_bytes(const struct block *block);
size_t search_block_pages(const struct block *block);

/* Takes references of its own. NULL when memory is short. */
struct block *search_block_create(struct segment *const *segments, size_t count, struct tabs *tabs,
                                  int64_t generation, bool complete);

/* What changed: new states, and the ids of all that changed or went. Starts as {0}; one thread. */
struct block_changes {
    struct segment_builder pages;
    int64_t *ids;
    size_t count, room;
};
void search_block_changes_fini(struct block_changes *changes);
/* 0, NOMEM; FULL beyond BLOCK_CHANGES_MAX */
int search_block_changes_add(struct block_changes *changes, const struct hearth_page *page);

/* The block after the changes; `changes` is used up. FULL: too much has piled up, load anew.
 * NOMEM. */
int search_block_update(const struct block *block, struct block_changes *changes, struct tabs *tabs,
                        int64_t generation, struct block **ret_block);
/* The same content without an overlay. 0 or NOMEM. */
int search_block_rebuild(const struct block *block, struct block **ret_block);

/* Finds pages by id, which are distinct and ascending: sets ret_segments[i], ret_indexes[i] for
 * ids[i]; NULL for those not in the block. */
void search_block_find(const struct block *block, const int64_t *ids, size_t count,
                       const struct segment **ret_segments, uint32_t *ret_indexes);

#endif

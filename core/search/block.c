#include "search/block.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/err.h"

struct block *search_block_ref(struct block *block)
{
    if (block != NULL)
        atomic_fetch_add_explicit(&block->references, 1, memory_order_relaxed);
    return block;
}

void search_block_unref(struct block *block)
{
    if (block == NULL ||
        atomic_fetch_sub_explicit(&block->references, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < block->segment_count; i++) {
        search_segment_unref(block->segments[i]);
        free(block->dead[i]);
    }
    free(block->segments);
    free(block->dead);
    search_segment_unref(block->overlay);
    search_tabs_unref(block->tabs);
    free(block);
}

size_t search_block_bytes(const struct block *block)
{
    size_t bytes = sizeof(*block) + search_tabs_bytes(block->tabs) +
                   (block->overlay == NULL ? 0 : search_segment_bytes(block->overlay));
    for (size_t i = 0; i < block->segment_count; i++)
        bytes += search_segment_bytes(block->segments[i]) +
                 (block->dead[i] == NULL ? 0 : block->segments[i]->count / 8);
    return bytes;
}

size_t search_block_pages(const struct block *block)
{
    size_t pages = block->overlay == NULL ? 0 : block->overlay->count;
    for (size_t i = 0; i < block->segment_count; i++)
        pages += block->segments[i]->count;
    return pages;
}

struct block *search_block_create(struct segment *const *segments, size_t count, struct tabs *tabs,
                                  int64_t generation, bool complete)
{
    struct block *block = calloc(1, sizeof(*block));
    if (block == NULL)
        return NULL;
    atomic_init(&block->references, 1);
    block->complete = complete;
    block->generation = generation;
    block->segments = calloc(count + 1, sizeof(struct segment *));
    block->dead = calloc(count + 1, sizeof(uint64_t *));
    block->tabs = search_tabs_ref(tabs);
    if (block->segments == NULL || block->dead == NULL) {
        search_block_unref(block);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        block->segments[i] = search_segment_ref(segments[i]);
    block->segment_count = count;
    return block;
}

void search_block_changes_fini(struct block_changes *changes)
{
    search_segment_builder_fini(&changes->pages);
    free(changes->ids);
    *changes = (struct block_changes){0};
}

int search_block_changes_add(struct block_changes *changes, const struct hearth_page *page)
{
    if (changes->count == BLOCK_CHANGES_MAX)
        return HEARTH_ERR_FULL;
    if (!ARRAY_MAKE_ROOM(changes->ids, changes->count, changes->room))
        return HEARTH_ERR_NOMEM;
    changes->ids[changes->count++] = page->id;
    return search_segment_builder_add(&changes->pages, page);
}

/* A sorted set of ids with a quick "certainly not": ids are hashes, so that their low bits are
 * spread. */
struct id_set {
    const int64_t *ids;
    size_t count;
    uint8_t seen[4096];
};

static int block_compare_ids(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static void set_init(struct id_set *set, const int64_t *sorted, size_t count)
{
    memset(set, 0, sizeof(*set));
    set->ids = sorted;
    set->count = count;
    for (size_t i = 0; i < count; i++)
        set->seen[(uint64_t)sorted[i] / 8 % sizeof(set->seen)] |= (uint8_t)(1u << sorted[i] % 8);
}

static const int64_t *set_find(const struct id_set *set, int64_t id)
{
    if (set->count == 0 || (set->seen[(uint64_t)id / 8 % sizeof(set->seen)] >> id % 8 & 1) == 0)
        return NULL;
    return bsearch(&id, set->ids, set->count, sizeof(id), block_compare_ids);
}

static bool block_page_is_dead(const uint64_t *dead, uint32_t index)
{
    return dead != NULL && (dead[index / 64] >> index % 64 & 1) != 0;
}

/* The dead of a segment after the changes; *ret stays NULL if there are none. */
static int block_mark_dead(const struct segment *segment, const uint64_t *dead,
                           const struct id_set *changed, uint64_t **ret_dead)
{
    size_t size = (segment->count + 63) / 64 * sizeof(uint64_t);
    uint64_t *copy = NULL;
    if (dead != NULL && (copy = malloc(size)) == NULL)
        return HEARTH_ERR_NOMEM;
    if (dead != NULL)
        memcpy(copy, dead, size);
    for (uint32_t i = 0; i < segment->count; i++) {
        if (set_find(changed, segment->ids[i]) == NULL)
            continue;
        if (copy == NULL && (copy = calloc(1, size)) == NULL)
            return HEARTH_ERR_NOMEM;
        copy[i / 64] |= UINT64_C(1) << i % 64;
    }
    *ret_dead = copy;
    return 0;
}

static int new_overlay(const struct segment *old, struct block_changes *changes,
                       const struct id_set *changed, struct segment **ret_overlay)
{
    struct segment_builder *builder = &changes->pages;
    for (uint32_t i = 0; old != NULL && i < old->count; i++)
        if (set_find(changed, old->ids[i]) == NULL &&
            search_segment_builder_copy(builder, old, i) < 0)
            return HEARTH_ERR_NOMEM;
    if (builder->count > SEGMENT_MAX_PAGES)
        return HEARTH_ERR_FULL;
    search_segment_builder_sort(builder);
    return builder->count == 0 ? 0 : search_segment_builder_seal(builder, ret_overlay);
}

int search_block_update(const struct block *old, struct block_changes *changes, struct tabs *tabs,
                        int64_t generation, struct block **ret_block)
{
    struct block *block =
        search_block_create(old->segments, old->segment_count, tabs, generation, true);
    struct id_set *changed = malloc(sizeof(*changed));
    int r = block == NULL || changed == NULL ? HEARTH_ERR_NOMEM : 0;
    if (r == 0) {
        if (changes->count > 0)
            qsort(changes->ids, changes->count, sizeof(*changes->ids), block_compare_ids);
        set_init(changed, changes->ids, changes->count);
    }
    for (size_t i = 0; r == 0 && i < block->segment_count; i++)
        r = block_mark_dead(block->segments[i], old->dead[i], changed, &block->dead[i]);
    if (r == 0)
        r = new_overlay(old->overlay, changes, changed, &block->overlay);
    free(changed);
    if (r < 0) {
        search_block_unref(block);
        return r;
    }
    *ret_block = block;
    return 0;
}

struct rebuild {
    struct segment_builder builder;
    struct segment **segments;
    size_t count, room;
};

static int rebuild_seal_segment(struct rebuild *rebuild)
{
    if (rebuild->builder.count == 0)
        return 0;
    if (rebuild->count == rebuild->room) {
        size_t room = rebuild->room + 16;
        struct segment **segments = realloc(rebuild->segments, room * sizeof(struct segment *));
        if (segments == NULL)
            return HEARTH_ERR_NOMEM;
        rebuild->segments = segments;
        rebuild->room = room;
    }
    int r = search_segment_builder_seal(&rebuild->builder, &rebuild->segments[rebuild->count]);
    rebuild->count += r == 0;
    return r;
}

static int rebuild_take_page(struct rebuild *rebuild, const struct segment *from, uint32_t index)
{
    int r = search_segment_builder_copy(&rebuild->builder, from, index);
    return r == 0 && rebuild->builder.count == SEGMENT_MAX_PAGES ? rebuild_seal_segment(rebuild)
                                                                 : r;
}

static int rebuild_merge_overlay(const struct block *block, struct rebuild *rebuild)
{
    const struct segment *overlay = block->overlay;
    uint32_t next = 0, changed = overlay == NULL ? 0 : overlay->count;
    int r = 0;
    for (size_t s = 0; s < block->segment_count; s++) {
        const struct segment *from = block->segments[s];
        for (uint32_t i = 0; r == 0 && i < from->count; i++) {
            if (block_page_is_dead(block->dead[s], i))
                continue;
            while (r == 0 && next < changed &&
                   segment_before(overlay->frecency[next], overlay->ids[next], from->frecency[i],
                                  from->ids[i]))
                r = rebuild_take_page(rebuild, overlay, next++);
            if (r == 0)
                r = rebuild_take_page(rebuild, from, i);
        }
    }
    while (r == 0 && next < changed)
        r = rebuild_take_page(rebuild, overlay, next++);
    return r == 0 ? rebuild_seal_segment(rebuild) : r;
}

int search_block_rebuild(const struct block *old, struct block **ret_block)
{
    struct rebuild rebuild = {0};
    int r = rebuild_merge_overlay(old, &rebuild);
    struct block *block = r < 0 ? NULL
                                : search_block_create(rebuild.segments, rebuild.count, old->tabs,
                                                      old->generation, true);
    for (size_t i = 0; i < rebuild.count; i++)
        search_segment_unref(rebuild.segments[i]); /* the block has its own references */
    free(rebuild.segments);
    search_segment_builder_fini(&rebuild.builder);
    if (block == NULL)
        return HEARTH_ERR_NOMEM;
    *ret_block = block;
    return 0;
}

static void find_in(const struct segment *segment, const uint64_t *dead, const struct id_set *set,
                    const struct segment **ret_segments, uint32_t *ret_indexes)
{
    for (uint32_t i = 0; i < segment->count; i++) {
        const int64_t *found = set_find(set, segment->ids[i]);
        if (found != NULL && !block_page_is_dead(dead, i)) {
            ret_segments[found - set->ids] = segment;
            ret_indexes[found - set->ids] = i;
        }
    }
}

void search_block_find(const struct block *block, const int64_t *ids, size_t count,
                       const struct segment **ret_segments, uint32_t *ret_indexes)
{
    struct id_set set;
    set_init(&set, ids, count);
    memset(ret_segments, 0, count * sizeof(*ret_segments));
    for (size_t s = 0; s < block->segment_count; s++)
        find_in(block->segments[s], block->dead[s], &set, ret_segments, ret_indexes);
    if (block->overlay != NULL)
        find_in(block->overlay, NULL, &set, ret_segments, ret_indexes);
}

#include "search/load.h"

#include <stdlib.h>

#include "base/err.h"
#include "search/block.h"

/* The first segments are small, so that the first keystroke has something to look at soon. */
enum { FIRST_SEGMENT = 256, TEXT_LIMIT = 64 << 20 };

struct loading {
    struct segment_builder builder;
    struct segment **segments;
    size_t count, room;
    uint32_t next_size;
    struct tabs *tabs;
    int64_t generation;
    load_cb cb;
    void *ctx;
    int result;
};

static int load_seal_segment(struct loading *loading)
{
    if (loading->builder.count == 0)
        return 0;
    if (loading->count == loading->room) {
        size_t room = loading->room + 32;
        struct segment **segments = realloc(loading->segments, room * sizeof(struct segment *));
        if (segments == NULL)
            return HEARTH_ERR_NOMEM;
        loading->segments = segments;
        loading->room = room;
    }
    int r = search_segment_builder_seal(&loading->builder, &loading->segments[loading->count]);
    if (r == 0) {
        loading->count++;
        loading->next_size =
            loading->next_size < SEGMENT_MAX_PAGES ? loading->next_size * 2 : SEGMENT_MAX_PAGES;
    }
    return r;
}

/* What has arrived so far can be searched already. That a copy of it cannot be had does not hurt
 * the load. */
static void show_beginning(struct loading *loading)
{
    struct block *block = loading->cb == NULL
                              ? NULL
                              : search_block_create(loading->segments, loading->count,
                                                    loading->tabs, loading->generation, false);
    if (block != NULL)
        loading->cb(loading->ctx, block);
}

static int load_on_page(void *ctx, const struct hearth_page *page)
{
    struct loading *loading = ctx;
    loading->result = search_segment_builder_add(&loading->builder, page);
    if (loading->result == 0 &&
        (loading->builder.count == loading->next_size || loading->builder.text_size > TEXT_LIMIT)) {
        loading->result = load_seal_segment(loading);
        show_beginning(loading);
    }
    return loading->result;
}

int search_load_block(const struct search_source *source, int64_t generation, load_cb cb, void *ctx,
                      struct block **ret_block, struct err *err)
{
    struct loading loading = {
        .next_size = FIRST_SEGMENT, .generation = generation, .cb = cb, .ctx = ctx};
    struct block *block = NULL;
    int r = search_tabs_load(source, &loading.tabs, err);
    if (r == 0) {
        show_beginning(&loading); /* the tabs */
        r = source->pages(source->ctx, load_on_page, &loading, err);
    }
    if (r == 0) {
        r = loading.result < 0 ? loading.result : load_seal_segment(&loading);
        if (r == 0 && (block = search_block_create(loading.segments, loading.count, loading.tabs,
                                                   generation, true)) == NULL)
            r = HEARTH_ERR_NOMEM;
        if (r < 0)
            err_set(err, r, "out of memory");
    }
    for (size_t i = 0; i < loading.count; i++)
        search_segment_unref(loading.segments[i]);
    free(loading.segments);
    search_segment_builder_fini(&loading.builder);
    search_tabs_unref(loading.tabs);
    if (r == 0)
        *ret_block = block;
    return r;
}

struct collecting {
    struct block_changes changes;
    int result;
};

static int load_on_change(void *ctx, const struct hearth_page *page)
{
    struct collecting *collecting = ctx;
    return collecting->result = search_block_changes_add(&collecting->changes, page);
}

int search_load_update(const struct block *old, const struct search_source *source,
                       int64_t generation, load_cb cb, void *ctx, struct block **ret_block,
                       bool *ret_anew, struct err *err)
{
    struct collecting collecting = {0};
    struct tabs *tabs = NULL;
    struct err why = {0};
    int r = source->changed(source->ctx, old->generation, load_on_change, &collecting, &why);
    bool anew = r == HEARTH_ERR_NOT_FOUND || (r == 0 && collecting.result == HEARTH_ERR_FULL);
    if (r == 0 && !anew && collecting.result < 0)
        r = err_set(&why, collecting.result, "out of memory");
    if (r == 0 && !anew)
        r = search_tabs_load(source, &tabs, &why);
    if (r == 0 && !anew) {
        r = search_block_update(old, &collecting.changes, tabs, generation, ret_block);
        anew = r == HEARTH_ERR_FULL;
        if (r < 0 && !anew)
            err_set(&why, r, "out of memory");
    }
    search_tabs_unref(tabs);
    search_block_changes_fini(&collecting.changes);
    if (!anew && r < 0 && err != NULL)
        *err = why;
    *ret_anew = anew;
    return anew ? search_load_block(source, generation, cb, ctx, ret_block, err) : r;
}

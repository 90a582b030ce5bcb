#include "merge/remove_source.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/log.h"
#include "base/str.h"
#include "merge/apply.h"
#include "merge/apply_bookmarks.h"
#include "model/source_id.h"

enum { PIECE = 500 }; /* pages of a batch */

/* Ids of records of a page that the source has, and the one that the page has when they are
 * gone. */
struct page_ids {
    int64_t page;
    const char *const *own;
    size_t count;
    const char *other; /* NULL: no other source has a record of it */
};

struct removing {
    struct apply apply;
    struct arena kept; /* ids of devices and records */
    const char **devices;
    size_t device_count, device_room;
    int64_t *pages; /* all of the account, ascending */
    size_t page_count, page_room;
    struct page_ids *ids; /* by page */
    size_t id_count, id_room;
    const char **own; /* of the page that is being listed */
    size_t own_count, own_room;
    const char *other;
    int64_t listed;
    size_t piece, piece_count;
    bool has_visits[PIECE];
    bool failed;
};

static int removing_no_memory(struct err *err)
{
    return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

/* --- batches --- */

typedef int (*removing_fn)(struct removing *removing, struct err *err);

static int batch_once(struct removing *removing, int32_t collection, removing_fn run,
                      struct err *err)
{
    struct storage *storage = removing->apply.storage;
    int64_t generation;
    removing->apply.changed = false;
    int r = STORAGE(storage, err, batch_begin, removing->apply.account, collection, &generation);
    if (r < 0)
        return r;
    r = run(removing, err);
    plug_storage_reset(storage);
    if (r == 0)
        r = STORAGE(storage, err, batch_commit, removing->apply.changed);
    if (r < 0)
        storage->ops->batch_abort(storage->handle);
    return r;
}

static int remove_in_batch(struct removing *removing, int32_t collection, removing_fn run,
                           struct err *err)
{
    int r = batch_once(removing, collection, run, err);
    if (r == HEARTH_ERR_UNCERTAIN) {
        /* it may have been stored: there is nothing left to remove then */
        log_event(HEARTH_LOG_WARNING, "merge", "batch repeated",
                  LOG_TEXT("account", removing->apply.account));
        plug_storage_reset(removing->apply.storage);
        r = batch_once(removing, collection, run, err);
    }
    return r;
}

/* --- devices --- */

static int note_device(void *ctx, const struct hearth_device *device, int64_t tabs)
{
    struct removing *removing = ctx;
    (void)tabs;
    if (device->source != removing->apply.source)
        return 0;
    if (!ARRAY_MAKE_ROOM(removing->devices, removing->device_count, removing->device_room))
        return removing->failed = true;
    const char *id = arena_strdup(&removing->kept, device->id);
    if (id == NULL)
        return removing->failed = true;
    removing->devices[removing->device_count++] = id;
    return 0;
}

static int remove_devices(struct removing *removing, struct err *err)
{
    struct apply *apply = &removing->apply;
    removing->device_count = 0;
    int r = STORAGE(apply->storage, err, device_list, apply->account, note_device, removing);
    if (r == 0 && removing->failed)
        r = removing_no_memory(err);
    for (size_t i = 0; r == 0 && i < removing->device_count; i++) {
        apply->changed = true;
        r = STORAGE(apply->storage, err, device_remove, removing->devices[i]);
    }
    return r;
}

static int remove_bookmarks(struct removing *removing, struct err *err)
{
    return merge_apply_no_bookmarks(&removing->apply, err);
}

/* --- pages --- */

static int remove_compare_pages(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int remove_note_page(void *ctx, const struct hearth_page *page)
{
    struct removing *removing = ctx;
    if (!ARRAY_MAKE_ROOM(removing->pages, removing->page_count, removing->page_room))
        return removing->failed = true;
    removing->pages[removing->page_count++] = page->id;
    return 0;
}

/* The page whose ids were listed is complete. */
static bool end_ids(struct removing *removing)
{
    size_t count = removing->own_count;
    if (count == 0)
        return true;
    const char **own = arena_alloc(&removing->kept, count * sizeof(*own));
    if (own == NULL || !ARRAY_MAKE_ROOM(removing->ids, removing->id_count, removing->id_room))
        return false;
    memcpy(own, removing->own, count * sizeof(*own));
    removing->ids[removing->id_count++] =
        (struct page_ids){removing->listed, own, count, removing->other};
    return true;
}

/* Of others the source with the smallest number has the page's id of record. */
static bool is_better(const char *id, const char *than)
{
    return than == NULL || model_source_of(id) < model_source_of(than);
}

static int note_guid(void *ctx, const char *guid, int64_t page)
{
    struct removing *removing = ctx;
    bool own = model_source_of(guid) == removing->apply.source;
    if (page != removing->listed) {
        if (!end_ids(removing))
            return removing->failed = true;
        removing->listed = page;
        removing->own_count = 0;
        removing->other = NULL;
    }
    if (!own && !is_better(guid, removing->other))
        return 0;
    const char *copy = arena_strdup(&removing->kept, guid);
    if (copy == NULL ||
        (own && !ARRAY_MAKE_ROOM(removing->own, removing->own_count, removing->own_room)))
        return removing->failed = true;
    if (own)
        removing->own[removing->own_count++] = copy;
    else
        removing->other = copy;
    return 0;
}

static int list_pages(struct removing *removing, struct err *err)
{
    struct apply *apply = &removing->apply;
    int r =
        STORAGE(apply->storage, err, pages_by_frecency, apply->account, remove_note_page, removing);
    if (r == 0 && !removing->failed)
        r = STORAGE(apply->storage, err, page_guid_list, apply->account, note_guid, removing);
    if (r == 0 && (removing->failed || !end_ids(removing)))
        r = removing_no_memory(err);
    plug_storage_reset(apply->storage);
    if (r == 0 && removing->page_count > 0)
        qsort(removing->pages, removing->page_count, sizeof(*removing->pages),
              remove_compare_pages);
    return r;
}

static const struct page_ids *find_ids(const struct removing *removing, int64_t page)
{
    struct page_ids wanted = {.page = page}; /* `page` is its first member */
    return removing->id_count == 0 ? NULL
                                   : bsearch(&wanted, removing->ids, removing->id_count,
                                             sizeof(*removing->ids), remove_compare_pages);
}

static int remove_note_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct removing *removing = ctx;
    const int64_t *first = removing->pages + removing->piece;
    const int64_t *found =
        bsearch(&page, first, removing->piece_count, sizeof(*first), remove_compare_pages);
    if (found != NULL && visit->source == removing->apply.source)
        removing->has_visits[found - first] = true;
    return 0;
}

static int remove_from_page(struct removing *removing, int64_t id, const struct page_ids *ids,
                            struct err *err)
{
    struct apply *apply = &removing->apply;
    struct hearth_page page = {.struct_size = sizeof(page)};
    struct apply_taken taken;
    struct err why = {0};
    int r = STORAGE(apply->storage, &why, page_get, apply->account, id, &page);
    if (r < 0) {
        if (r != HEARTH_ERR_NOT_FOUND)
            *err = why;
        return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
    }
    r = merge_apply_take_visits(apply, id, merge_apply_is_from, &apply->source, &taken, err);
    for (size_t i = 0; r == 0 && ids != NULL && i < ids->count; i++)
        r = STORAGE(apply->storage, err, page_guid_remove, ids->own[i]);
    if (r < 0)
        return r;
    if (page.guid == NULL || model_source_of(page.guid) == apply->source)
        page.guid = ids == NULL || taken.left == 0 ? NULL : ids->other;
    if (taken.left == 0 && page.guid == NULL)
        page.title = NULL;
    return merge_apply_page(apply, &page, err);
}

static int remove_piece(struct removing *removing, struct err *err)
{
    struct apply *apply = &removing->apply;
    const int64_t *pages = removing->pages + removing->piece;
    memset(removing->has_visits, 0, sizeof(removing->has_visits));
    int r = plug_storage_visits_of_pages(apply->storage, apply->account, pages,
                                         removing->piece_count, remove_note_visit, removing, err);
    for (size_t i = 0; r == 0 && i < removing->piece_count; i++) {
        const struct page_ids *ids = find_ids(removing, pages[i]);
        if (removing->has_visits[i] || ids != NULL)
            r = remove_from_page(removing, pages[i], ids, err);
        arena_reset(&apply->arena);
        plug_storage_reset(apply->storage);
    }
    return r;
}

static int remove_history(struct removing *removing, struct err *err)
{
    int r = list_pages(removing, err);
    for (removing->piece = 0; r == 0 && removing->piece < removing->page_count;
         removing->piece += removing->piece_count) {
        size_t left = removing->page_count - removing->piece;
        removing->piece_count = left < PIECE ? left : PIECE;
        r = remove_in_batch(removing, HEARTH_HISTORY, remove_piece, err);
    }
    return r;
}

static int remove_cursors(struct removing *removing, struct err *err)
{
    int r = 0;
    for (int32_t c = 0; r == 0 && c < HEARTH_COLLECTION_SLOTS; c++)
        r = STORAGE(removing->apply.storage, err, sync_cursor_put, removing->apply.source, c, NULL);
    return r;
}

/* --- the whole --- */

int merge_remove_source(struct storage *storage, const char *account, int64_t source,
                        struct err *err)
{
    if (source < 1 || source > HEARTH_SOURCE_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "source %lld cannot be removed by itself",
                       (long long)source);
    struct removing *removing = calloc(1, sizeof(*removing));
    if (removing == NULL)
        return removing_no_memory(err);
    removing->apply = (struct apply){
        .storage = storage, .account = account, .source = source, .how = HEARTH_COMPLETE};
    arena_init(&removing->apply.arena, 0);
    arena_init(&removing->kept, 0);
    int r = remove_in_batch(removing, HEARTH_COLLECTION_NONE, remove_devices, err);
    if (r == 0)
        r = remove_in_batch(removing, HEARTH_BOOKMARKS, remove_bookmarks, err);
    if (r == 0)
        r = remove_history(removing, err);
    if (r == 0)
        r = remove_in_batch(removing, HEARTH_COLLECTION_NONE, remove_cursors, err);
    if (r == 0)
        r = STORAGE(storage, err, source_remove, account, source);
    arena_fini(&removing->apply.arena);
    arena_fini(&removing->kept);
    free(removing->devices);
    free(removing->pages);
    free(removing->ids);
    free(removing->own);
    free(removing);
    plug_storage_reset(storage);
    return r;
}

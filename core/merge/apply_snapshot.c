#include "merge/apply_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

static int snapshot_no_memory(struct err *err)
{
    return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

/* The pages that damaged records are of. One whose id was never stored is of none. */
static int find_damaged(struct snapshot *snapshot, struct apply *apply, struct err *err)
{
    for (size_t i = 0; i < snapshot->kept.count; i++) {
        struct err why = {0};
        int64_t page;
        int r = STORAGE(apply->storage, &why, page_by_guid, snapshot->kept.ids[i], &page);
        plug_storage_reset(apply->storage);
        if (r == 0 && !number_set_add(&snapshot->damaged, (uint64_t)page))
            return snapshot_no_memory(err);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
            *err = why;
            return r;
        }
    }
    return 0;
}

int merge_snapshot_init(struct snapshot *ret_snapshot, struct apply *apply, struct err *err)
{
    *ret_snapshot = (struct snapshot){0};
    int r = merge_kept_init(&ret_snapshot->kept, apply->spool, err);
    return r == 0 ? find_damaged(ret_snapshot, apply, err) : r;
}

void merge_snapshot_fini(struct snapshot *snapshot)
{
    number_set_fini(&snapshot->seen);
    number_set_fini(&snapshot->damaged);
    merge_kept_fini(&snapshot->kept);
}

int merge_snapshot_note(struct snapshot *snapshot, int64_t page, struct err *err)
{
    return number_set_add(&snapshot->seen, (uint64_t)page) ? 0 : snapshot_no_memory(err);
}

/* --- visits --- */

/* Newest first, ties by greater type: as page_visits() lists them. */
static int snapshot_compare_visits(const void *a, const void *b)
{
    const struct hearth_visit *x = a, *y = b;
    if (x->date != y->date)
        return x->date < y->date ? 1 : -1;
    return x->type < y->type ? 1 : x->type > y->type ? -1 : 0;
}

/* A walk through the stored visits and those that came, side by side. */
struct visit_walk {
    const struct hearth_visit *came;
    int64_t source;
    size_t count, at;
    bool missing; /* one that is stored did not come */
    bool others;  /* another source has visits of the page */
};

static int snapshot_on_stored_visit(void *ctx, const struct hearth_visit *stored)
{
    struct visit_walk *walk = ctx;
    if (stored->source != walk->source) {
        walk->others = true;
        return 0;
    }
    while (walk->at < walk->count && snapshot_compare_visits(&walk->came[walk->at], stored) < 0)
        walk->at++;
    walk->missing = walk->missing || walk->at == walk->count ||
                    snapshot_compare_visits(&walk->came[walk->at], stored) != 0;
    return 0;
}

static int find_missing(struct apply *apply, int64_t page, const struct hearth_page_record *record,
                        bool *ret_missing, bool *ret_others, struct err *err)
{
    struct hearth_visit *came =
        arena_alloc(&apply->arena, (record->visit_count + 1) * sizeof(*came));
    struct visit_walk walk = {.came = came, .source = apply->source, .count = record->visit_count};
    if (came == NULL)
        return snapshot_no_memory(err);
    for (size_t i = 0; i < record->visit_count; i++) {
        const struct hearth_visit *visit = HEARTH_AT(record->visits, i);
        came[i] = (struct hearth_visit)HEARTH_VISIT(visit->date, visit->type);
    }
    qsort(came, walk.count, sizeof(*came), snapshot_compare_visits);
    int r = STORAGE(apply->storage, err, page_visits, apply->account, page,
                    snapshot_on_stored_visit, &walk);
    if (r == 0) {
        *ret_missing = walk.missing;
        *ret_others = walk.others;
    }
    return r;
}

int merge_snapshot_trim(struct snapshot *snapshot, struct apply *apply,
                        const struct hearth_page *page, const struct hearth_page_record *record,
                        bool *ret_first, bool *ret_trimmed, struct err *err)
{
    bool damaged = number_set_has(&snapshot->damaged, (uint64_t)page->id) &&
                   !merge_kept_has(&snapshot->kept, record->guid);
    bool first = !number_set_has(&snapshot->seen, (uint64_t)page->id), missing = false,
         others = false;
    struct apply_taken taken;
    int r = merge_snapshot_note(snapshot, page->id, err);
    if (r == 0 && first && !damaged)
        r = find_missing(apply, page->id, record, &missing, &others, err);
    if (r == 0 && missing)
        r = merge_apply_take_visits(apply, page->id, merge_apply_is_from, &apply->source, &taken,
                                    err);
    if (r < 0)
        return r;
    *ret_first = first && !damaged && !others;
    *ret_trimmed = missing;
    return 0;
}

/* --- pages --- */

enum { ABSENT_PIECE = 500 }; /* pages whose visits are looked at together */

struct absent {
    const struct snapshot *snapshot;
    int64_t *pages; /* ascending, once all are there */
    size_t count, room;
    bool failed;
    int64_t source;
    size_t piece, piece_count;
    bool own[ABSENT_PIECE], any[ABSENT_PIECE]; /* it has visits: of this source, of any */
};

/* One that is there for its bookmarks alone. */
static bool has_no_history(const struct hearth_page *page)
{
    return page->bookmarks > 0 && page->visit_count == 0 && page->last_visit == 0 &&
           page->title == NULL;
}

static int on_stored_page(void *ctx, const struct hearth_page *page)
{
    struct absent *absent = ctx;
    const struct snapshot *snapshot = absent->snapshot;
    if (has_no_history(page) || number_set_has(&snapshot->seen, (uint64_t)page->id) ||
        number_set_has(&snapshot->damaged, (uint64_t)page->id))
        return 0;
    if (!ARRAY_MAKE_ROOM(absent->pages, absent->count, absent->room))
        return absent->failed = true;
    absent->pages[absent->count++] = page->id;
    return 0;
}

static int snapshot_compare_pages(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static int on_absent_visit(void *ctx, int64_t page, const struct hearth_visit *visit)
{
    struct absent *absent = ctx;
    const int64_t *first = absent->pages + absent->piece;
    const int64_t *found =
        bsearch(&page, first, absent->piece_count, sizeof(*first), snapshot_compare_pages);
    if (found == NULL)
        return 0;
    absent->any[found - first] = true;
    absent->own[found - first] |= visit->source == absent->source;
    return 0;
}

static int end_absent(struct apply *apply, int64_t id, struct err *err)
{
    struct hearth_page page = {.struct_size = sizeof(page)};
    int r = STORAGE(apply->storage, err, page_get, apply->account, id, &page);
    if (r == 0)
        r = merge_apply_end_history(apply, &page, err);
    arena_reset(&apply->arena);
    plug_storage_reset(apply->storage);
    return r;
}

/* What others have visited stays. */
static int sweep_piece(struct absent *absent, struct apply *apply, struct err *err)
{
    const int64_t *pages = absent->pages + absent->piece;
    memset(absent->own, 0, sizeof(absent->own));
    memset(absent->any, 0, sizeof(absent->any));
    int r = plug_storage_visits_of_pages(apply->storage, apply->account, pages, absent->piece_count,
                                         on_absent_visit, absent, err);
    plug_storage_reset(apply->storage);
    for (size_t i = 0; r == 0 && i < absent->piece_count; i++)
        if (absent->own[i] || !absent->any[i])
            r = end_absent(apply, pages[i], err);
    return r;
}

/* The list is complete before anything changes: it is read from what would change. */
int merge_snapshot_sweep(const struct snapshot *snapshot, struct apply *apply, struct err *err)
{
    struct absent absent = {.snapshot = snapshot, .source = apply->source};
    int r =
        STORAGE(apply->storage, err, pages_by_frecency, apply->account, on_stored_page, &absent);
    plug_storage_reset(apply->storage);
    if (r == 0 && absent.failed)
        r = snapshot_no_memory(err);
    if (absent.count > 0)
        qsort(absent.pages, absent.count, sizeof(*absent.pages), snapshot_compare_pages);
    for (; r == 0 && absent.piece < absent.count; absent.piece += absent.piece_count) {
        absent.piece_count =
            absent.count - absent.piece < ABSENT_PIECE ? absent.count - absent.piece : ABSENT_PIECE;
        r = sweep_piece(&absent, apply, err);
    }
    free(absent.pages);
    return r;
}

#include "merge/apply_snapshot.h"

#include <stdlib.h>
#include <string.h>

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
        int r = STORE(apply->store, &why, page_by_guid, snapshot->kept.ids[i], &page);
        store_reset(apply->store);
        if (r == 0 && !page_set_add(&snapshot->damaged, page))
            return snapshot_no_memory(err);
        if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
            *err = why;
            return r;
        }
    }
    return 0;
}

int snapshot_init(struct snapshot *ret_snapshot, struct apply *apply, struct err *err)
{
    *ret_snapshot = (struct snapshot){0};
    int r = kept_init(&ret_snapshot->kept, apply->spool, err);
    return r == 0 ? find_damaged(ret_snapshot, apply, err) : r;
}

void snapshot_fini(struct snapshot *snapshot)
{
    page_set_fini(&snapshot->seen);
    page_set_fini(&snapshot->damaged);
    kept_fini(&snapshot->kept);
}

int snapshot_note(struct snapshot *snapshot, int64_t page, struct err *err)
{
    return page_set_add(&snapshot->seen, page) ? 0 : snapshot_no_memory(err);
}

/* --- visits ------------------------------------------------------------------------------------ */

/* Newest first, ties by greater type: as page_visits() lists them. */
static int compare_visits(const void *a, const void *b)
{
    const struct hearth_visit *x = a, *y = b;
    if (x->date != y->date)
        return x->date < y->date ? 1 : -1;
    return x->type < y->type ? 1 : x->type > y->type ? -1 : 0;
}

/* A walk through the stored visits and those that came, side by side. */
struct visit_walk {
    const struct hearth_visit *came;
    size_t count, at;
    bool missing; /* one that is stored did not come */
};

static int on_stored_visit(void *ctx, const struct hearth_visit *stored)
{
    struct visit_walk *walk = ctx;
    while (walk->at < walk->count && compare_visits(&walk->came[walk->at], stored) < 0)
        walk->at++;
    walk->missing = walk->at == walk->count || compare_visits(&walk->came[walk->at], stored) != 0;
    return walk->missing;
}

static int find_missing(struct apply *apply, int64_t page, const struct hearth_page_record *record, bool *ret_missing, struct err *err)
{
    struct hearth_visit *came = arena_alloc(&apply->arena, (record->visit_count + 1) * sizeof(*came));
    struct visit_walk walk = {.came = came, .count = record->visit_count};
    if (came == NULL)
        return snapshot_no_memory(err);
    for (size_t i = 0; i < record->visit_count; i++) {
        const struct hearth_visit *visit = HEARTH_AT(record->visits, i);
        came[i] = (struct hearth_visit)HEARTH_VISIT(visit->date, visit->type);
    }
    qsort(came, walk.count, sizeof(*came), compare_visits);
    int r = STORE(apply->store, err, page_visits, apply->account, page, on_stored_visit, &walk);
    if (r == 0)
        *ret_missing = walk.missing;
    return r;
}

int snapshot_trim(struct snapshot *snapshot, struct apply *apply, const struct hearth_page *page, const struct hearth_page_record *record,
                  bool *ret_first, bool *ret_trimmed, struct err *err)
{
    bool damaged = page_set_has(&snapshot->damaged, page->id) && !kept_has(&snapshot->kept, record->guid);
    bool first = !page_set_has(&snapshot->seen, page->id), missing = false;
    int r = snapshot_note(snapshot, page->id, err);
    if (r == 0 && first && !damaged)
        r = find_missing(apply, page->id, record, &missing, err);
    if (r == 0 && missing)
        r = STORE(apply->store, err, visits_remove, page->id);
    if (r < 0)
        return r;
    *ret_first = first && !damaged;
    *ret_trimmed = missing;
    return 0;
}

/* --- pages ------------------------------------------------------------------------------------- */

struct absent {
    const struct snapshot *snapshot;
    int64_t *pages;
    size_t count, room;
    bool failed;
};

/* One that is there for its bookmarks alone. */
static bool has_no_history(const struct hearth_page *page)
{
    return page->bookmarks > 0 && page->visit_count == 0 && page->last_visit == 0 && page->title == NULL;
}

static int on_stored_page(void *ctx, const struct hearth_page *page)
{
    struct absent *absent = ctx;
    const struct snapshot *snapshot = absent->snapshot;
    if (has_no_history(page) || page_set_has(&snapshot->seen, page->id) || page_set_has(&snapshot->damaged, page->id))
        return 0;
    if (absent->count == absent->room) {
        size_t room = absent->room == 0 ? 256 : absent->room * 2;
        int64_t *pages = reallocarray(absent->pages, room, sizeof(*pages));
        if (pages == NULL)
            return absent->failed = true;
        absent->pages = pages;
        absent->room = room;
    }
    absent->pages[absent->count++] = page->id;
    return 0;
}

/* The list is complete before anything changes: it is read from what would change. */
int snapshot_sweep(const struct snapshot *snapshot, struct apply *apply, struct err *err)
{
    struct absent absent = {.snapshot = snapshot};
    int r = STORE(apply->store, err, pages_by_frecency, apply->account, on_stored_page, &absent);
    store_reset(apply->store);
    if (r == 0 && absent.failed)
        r = snapshot_no_memory(err);
    for (size_t i = 0; r == 0 && i < absent.count; i++) {
        struct hearth_page page = {.struct_size = sizeof(page)};
        r = STORE(apply->store, err, page_get, apply->account, absent.pages[i], &page);
        if (r == 0)
            r = apply_end_history(apply, &page, err);
        arena_reset(&apply->arena);
        store_reset(apply->store);
    }
    free(absent.pages);
    return r;
}

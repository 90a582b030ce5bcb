/* Bookmarks: records are stored with what they say; then the tree is built from all of them, and the pages they point to are brought up to
 * date. Everything in the one batch, so that a reader never sees a half of it. */
#include <string.h>

#include "base/str.h"
#include "merge/apply.h"
#include "merge/apply_tree.h"
#include "merge/kept.h"
#include "merge/page_set.h"
#include "merge/records.h"
#include "merge/same_bookmarks.h"
#include "model/page.h"

static const int64_t earliest_date = 727747200000; /* 1993-01-23, as Firefox has it: older dates are not real */

struct bookmarks {
    struct apply *apply;
    struct page_set touched; /* pages whose bookmarks changed */
    struct err *err;
};

static bool is_root(const char *guid)
{
    return strcmp(guid, "places") == 0 || strcmp(guid, "menu") == 0 || strcmp(guid, "toolbar") == 0 || strcmp(guid, "unfiled") == 0 ||
           strcmp(guid, "mobile") == 0;
}

static int touch(struct bookmarks *b, int64_t page)
{
    return page_set_add(&b->touched, page) ? 0 : err_set(b->err, HEARTH_ERR_NOMEM, "out of memory");
}

/* The smallest sane date known; never after the record was written. */
static int64_t added_of(const struct hearth_bookmark_record *record, int64_t known)
{
    int64_t added = record->added;
    if (is_root(record->guid)) /* nobody added it, and some Firefoxes say when, others do not: as its last record has it */
        return added < earliest_date || added > record->modified ? 0 : added;
    if (added < earliest_date || added > record->modified)
        added = record->modified;
    return known >= earliest_date && known < added ? known : added;
}

static const char *join(struct arena *arena, const char *const *tags, size_t count)
{
    const char *all = NULL;
    for (size_t i = 0; i < count; i++)
        all = all == NULL ? arena_strdup(arena, tags[i]) : arena_printf(arena, "%s\n%s", all, tags[i]);
    return all;
}

/* The page a bookmark points to, made if nobody has been there. */
static int page_of(struct bookmarks *b, const struct hearth_bookmark_record *record, int64_t *ret_page)
{
    *ret_page = 0;
    if (record->kind != HEARTH_BOOKMARK || record->url == NULL)
        return 0;
    struct hearth_page page;
    bool is_new;
    int r = apply_find_page(b->apply, record->url, &page, &is_new, b->err);
    if (r == 0 && is_new) { /* a first version, so that the id is taken; touched pages are written again with everything */
        struct model_page facts;
        model_page_init(&facts);
        page.bookmarks = 1;
        page.bookmark_added = record->added;
        r = apply_put_page(b->apply, &page, &facts, b->err);
    }
    if (r == 0)
        *ret_page = page.id;
    return r < 0 ? r : touch(b, page.id);
}

/* But for its page and its place. */
static void fill_row(struct apply *apply, const struct hearth_bookmark_record *record, int64_t known_added, struct hearth_bookmark *row)
{
    row->kind = record->kind;
    row->guid = record->guid;
    row->said_parent = record->parent_guid;
    row->title = record->title;
    row->url = record->url;
    row->keyword = record->keyword;
    row->tag_query = record->tag_query;
    row->tags = join(&apply->arena, record->tags, record->tag_count);
    row->added = added_of(record, known_added);
    row->modified = record->modified;
}

static void make_anew(struct apply *apply, const struct hearth_bookmark_record *record, struct hearth_bookmark *ret_bookmark)
{
    fill_row(apply, record, 0, ret_bookmark);
}

static int put_record(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    struct hearth_bookmark_record record;
    if (records_get_bookmark(apply->spool, &apply->arena, &record) < 0)
        return err_set(b->err, HEARTH_ERR_NOMEM, "out of memory");
    struct hearth_bookmark old = {.struct_size = sizeof(old)}, new = {.struct_size = sizeof(new)};
    struct err why = {0};
    int r = STORE(apply->store, &why, bookmark_get, apply->account, record.guid, &old);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *b->err = why;
        return r;
    }
    bool known = r == 0;
    if (known && (r = touch(b, old.page)) < 0)
        return r;
    if ((r = page_of(b, &record, &new.page)) < 0)
        return r;
    fill_row(apply, &record, known ? old.added : 0, &new);
    r = STORE(apply->store, b->err, bookmark_put, &new);
    if (r == 0 && record.kind == HEARTH_FOLDER)
        r = STORE(apply->store, b->err, bookmark_claims_put, record.guid, record.children, record.child_count);
    apply->changed = true;
    return r;
}

static int put_tombstone(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    const char *guid;
    int64_t modified;
    records_get_removed(apply->spool, &guid, &modified);
    struct hearth_bookmark old = {.struct_size = sizeof(old)};
    struct err why = {0};
    if (is_root(guid))
        return 0;
    int r = STORE(apply->store, &why, bookmark_get, apply->account, guid, &old);
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    if (r < 0) {
        *b->err = why;
        return r;
    }
    r = touch(b, old.page);
    if (r == 0)
        r = STORE(apply->store, b->err, bookmark_remove, guid);
    apply->changed = true;
    return r;
}

static int on_old(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct bookmarks *b = ctx;
    return touch(b, bookmark->page) < 0;
}

/* A complete collection replaces what was there, but for what arrived damaged. */
static int clear(struct bookmarks *b, struct kept *kept)
{
    struct apply *apply = b->apply;
    int loaded = kept_load_bookmarks(kept, apply, b->err);
    if (loaded < 0)
        return loaded;
    struct hearth_bookmark_query all = {.struct_size = sizeof(all), .order = HEARTH_BY_ADDED};
    int r = STORE(apply->store, b->err, bookmark_list, apply->account, &all, on_old, b);
    if (r == 0 && b->err->code != 0)
        r = b->err->code;
    if (r == 0)
        r = STORE(apply->store, b->err, bookmark_clear);
    store_reset(apply->store);
    return r == 0 ? kept_put_bookmarks(kept, apply, b->err) : r;
}

/* The roots exist even if no device has uploaded them. */
#define ROOT(guid_, title_, parent)                                                                                                        \
    {                                                                                                                                      \
        .struct_size = sizeof(struct hearth_bookmark), .kind = HEARTH_FOLDER, .guid = (guid_), .title = (title_), .said_parent = (parent)  \
    }
static const struct hearth_bookmark roots[] = {
    ROOT("places", "", NULL),           ROOT("toolbar", "toolbar", "places"),
    ROOT("menu", "menu", "places"),     ROOT("unfiled", "unfiled", "places"),
    ROOT("mobile", "mobile", "places"), {.guid = NULL},
};

static int ensure_roots(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    int r = 0;
    for (const struct hearth_bookmark *root = roots; r == 0 && root->guid != NULL; root++) {
        struct hearth_bookmark there = {.struct_size = sizeof(there)};
        struct err why = {0};
        r = STORE(apply->store, &why, bookmark_get, apply->account, root->guid, &there);
        if (r == HEARTH_ERR_NOT_FOUND) {
            apply->changed = true;
            r = STORE(apply->store, b->err, bookmark_put, root);
        } else if (r < 0) {
            *b->err = why;
        }
        store_reset(apply->store);
    }
    return r;
}

/* *ret_same: there was nothing to do. */
static int replace_all(struct bookmarks *b, bool *ret_same)
{
    struct kept kept;
    bool same = false;
    int r = kept_init(&kept, b->apply->spool, b->err);
    if (r == 0 && kept.count == 0)
        r = same_bookmarks(b->apply, roots, make_anew, &same, b->err);
    if (r == 0 && !same)
        r = clear(b, &kept);
    kept_fini(&kept);
    *ret_same = same;
    return r;
}

static int update_pages(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    int r = 0;
    for (size_t i = 0; r == 0 && i < b->touched.room; i++) {
        if (b->touched.slots[i] == 0)
            continue;
        struct hearth_page page = {.struct_size = sizeof(page)};
        r = STORE(apply->store, b->err, page_get, apply->account, b->touched.slots[i], &page);
        if (r == 0)
            r = apply_page(apply, &page, b->err);
        store_reset(apply->store);
        arena_reset(&apply->arena);
    }
    return r;
}

static int replay(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    int kind, more, r = 0;
    spool_rewind(apply->spool);
    while (r == 0 && (more = spool_next(apply->spool, &kind, b->err)) != 0) {
        if (more < 0)
            return more;
        r = kind == RECORD_BOOKMARK ? put_record(b) : kind == RECORD_REMOVED ? put_tombstone(b) : 0;
        if (r == 0)
            r = apply_count_record(apply, b->err);
        store_reset(apply->store);
        arena_reset(&apply->arena);
    }
    return r;
}

int apply_bookmarks(struct apply *apply, struct err *err)
{
    struct bookmarks b = {.apply = apply, .err = err};
    bool same = false;
    int r = apply_replaces(apply) ? replace_all(&b, &same) : 0;
    if (same)
        return r;
    if (r == 0)
        r = replay(&b);
    if (r == 0)
        r = ensure_roots(&b);
    if (r == 0 && apply->changed)
        r = apply_tree(apply, err);
    if (r == 0)
        r = update_pages(&b);
    page_set_fini(&b.touched);
    return r;
}

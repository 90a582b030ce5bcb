/* Bookmarks: records are stored with what they say; then the tree is built from all of them, and
 * the pages they point to are brought up to date. Everything in the one batch, so that a reader
 * never sees a half of it. */
#include <string.h>

#include "base/number_set.h"
#include "base/str.h"
#include "merge/ahead.h"
#include "merge/apply_bookmarks.h"
#include "merge/apply_tree.h"
#include "merge/kept.h"
#include "merge/records.h"
#include "merge/same_bookmarks.h"
#include "model/page.h"
#include "model/source_id.h"

/* 1993-01-23, as Firefox has it: older dates are not real */
static const int64_t earliest_date = 727747200000;

struct bookmarks {
    struct apply *apply;
    struct number_set touched; /* pages whose bookmarks changed */
    struct err *err;
};

/* As the records say; of other sources they are folders with a name. */
static const struct root {
    const char *guid, *title, *name;
} roots[] = {{"places", "", ""},
             {"toolbar", "toolbar", "Bookmarks Toolbar"},
             {"menu", "menu", "Bookmarks Menu"},
             {"unfiled", "unfiled", "Other Bookmarks"},
             {"mobile", "mobile", "Mobile Bookmarks"}};
enum { ROOTS = sizeof(roots) / sizeof(roots[0]) };

static const struct root *find_root(const char *guid)
{
    for (size_t i = 0; i < ROOTS; i++)
        if (strcmp(roots[i].guid, model_source_said(guid)) == 0)
            return &roots[i];
    return NULL;
}

static bool bookmarks_is_root(const char *guid)
{
    return find_root(guid) != NULL;
}

static int bookmarks_touch_page(struct bookmarks *b, int64_t page)
{
    return page == 0 || number_set_add(&b->touched, (uint64_t)page)
               ? 0
               : err_set(b->err, HEARTH_ERR_NOMEM, "out of memory");
}

/* The smallest sane date known; never after the record was written. */
static int64_t bookmarks_date_added(const struct hearth_bookmark_record *record, int64_t known)
{
    int64_t added = record->added;
    /* nobody added it, and some Firefoxes say when, others do not: as its last record has it */
    if (bookmarks_is_root(record->guid))
        return added < earliest_date || added > record->modified ? 0 : added;
    if (added < earliest_date || added > record->modified)
        added = record->modified;
    return known >= earliest_date && known < added ? known : added;
}

static const char *bookmarks_join_tags(struct arena *arena, const char *const *tags, size_t count)
{
    const char *all = NULL;
    for (size_t i = 0; i < count; i++)
        all = all == NULL ? arena_strdup(arena, tags[i])
                          : arena_printf(arena, "%s\n%s", all, tags[i]);
    return all;
}

/* The page a bookmark points to, made if nobody has been there. */
static int page_of(struct bookmarks *b, const struct hearth_bookmark_record *record,
                   int64_t *ret_page)
{
    *ret_page = 0;
    if (record->kind != HEARTH_BOOKMARK || record->url == NULL)
        return 0;
    struct hearth_page page;
    bool is_new;
    int r = merge_apply_find_page(b->apply, record->url, &page, &is_new, b->err);
    if (r == 0 && is_new) {
        /* a first version, so that the id is taken; touched pages are written again with
         * everything */
        struct model_page facts;
        model_page_init(&facts);
        page.bookmarks = 1;
        page.bookmark_added = record->added;
        r = merge_apply_put_page(b->apply, &page, &facts, b->err);
    }
    if (r == 0)
        *ret_page = page.id;
    return r < 0 ? r : bookmarks_touch_page(b, page.id);
}

/* But for its page and its place. */
static void fill_row(struct apply *apply, const struct hearth_bookmark_record *record,
                     int64_t known_added, struct hearth_bookmark *row)
{
    const struct root *root = apply->source == 0 ? NULL : find_root(record->guid);
    row->kind = record->kind;
    row->guid = record->guid;
    row->said_parent = record->parent_guid;
    row->title = root == NULL ? record->title : root->name;
    row->url = record->url;
    row->keyword = record->keyword;
    row->tag_query = record->tag_query;
    row->tags = bookmarks_join_tags(&apply->arena, record->tags, record->tag_count);
    row->added = bookmarks_date_added(record, known_added);
    row->modified = record->modified;
}

static void make_anew(struct apply *apply, const struct hearth_bookmark_record *record,
                      struct hearth_bookmark *ret_bookmark)
{
    fill_row(apply, record, 0, ret_bookmark);
}

static int bookmarks_put_record(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    struct hearth_bookmark_record record;
    if (merge_records_get_bookmark(apply->spool, &apply->arena, &record) < 0)
        return err_set(b->err, HEARTH_ERR_NOMEM, "out of memory");
    struct hearth_bookmark old = {.struct_size = sizeof(old)},
                           new = {.struct_size = sizeof(new), .source = apply->source};
    struct err why = {0};
    /* the folder that bears the source's name: ensure_roots() */
    if (apply->source != 0 && find_root(record.guid) == &roots[0])
        return 0;
    int r = STORAGE(apply->storage, &why, bookmark_get, apply->account, record.guid, &old);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *b->err = why;
        return r;
    }
    bool known = r == 0;
    if (known && (r = bookmarks_touch_page(b, old.page)) < 0)
        return r;
    if ((r = page_of(b, &record, &new.page)) < 0)
        return r;
    fill_row(apply, &record, known ? old.added : 0, &new);
    r = STORAGE(apply->storage, b->err, bookmark_put, &new);
    if (r == 0 && record.kind == HEARTH_FOLDER)
        r = STORAGE(apply->storage, b->err, bookmark_children_put, apply->source, record.guid,
                    record.children, record.child_count);
    apply->changed = true;
    return r;
}

static int bookmarks_put_tombstone(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    const char *guid;
    int64_t modified;
    merge_records_get_removed(apply->spool, &guid, &modified);
    struct hearth_bookmark old = {.struct_size = sizeof(old)};
    struct err why = {0};
    if (bookmarks_is_root(guid))
        return 0;
    int r = STORAGE(apply->storage, &why, bookmark_get, apply->account, guid, &old);
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    if (r < 0) {
        *b->err = why;
        return r;
    }
    r = bookmarks_touch_page(b, old.page);
    if (r == 0)
        r = STORAGE(apply->storage, b->err, bookmark_remove, guid);
    apply->changed = true;
    return r;
}

static int on_old(void *ctx, const struct hearth_bookmark *bookmark)
{
    struct bookmarks *b = ctx;
    return bookmark->source == b->apply->source && bookmarks_touch_page(b, bookmark->page) < 0;
}

/* A complete collection replaces what was there, but for what arrived damaged. */
static int bookmarks_clear_stored(struct bookmarks *b, struct kept *kept)
{
    struct apply *apply = b->apply;
    int loaded = merge_kept_load_bookmarks(kept, apply, b->err);
    if (loaded < 0)
        return loaded;
    struct hearth_bookmark_query all = {.struct_size = sizeof(all), .order = HEARTH_BY_ADDED};
    int r = STORAGE(apply->storage, b->err, bookmark_list, apply->account, &all, on_old, b);
    if (r == 0 && b->err->code != 0)
        r = b->err->code;
    if (r == 0)
        r = STORAGE(apply->storage, b->err, bookmark_clear, apply->source);
    plug_storage_reset(apply->storage);
    return r == 0 ? merge_kept_put_bookmarks(kept, apply, b->err) : r;
}

static struct hearth_bookmark own_root(size_t i)
{
    return (struct hearth_bookmark){.struct_size = sizeof(struct hearth_bookmark),
                                    .kind = HEARTH_FOLDER,
                                    .guid = roots[i].guid,
                                    .title = roots[i].title,
                                    .said_parent = i == 0 ? NULL : "places"};
}

/* Only of the account's own: the folders of another source are not as its records say. */
static int compare_own(struct bookmarks *b, bool *ret_same)
{
    struct hearth_bookmark own[ROOTS + 1] = {{.guid = NULL}};
    for (size_t i = 0; i < ROOTS; i++)
        own[i] = own_root(i);
    return merge_same_bookmarks(b->apply, own, make_anew, ret_same, b->err);
}

/* *ret_same: there was nothing to do. */
static int replace_all(struct bookmarks *b, bool *ret_same)
{
    struct kept kept;
    bool same = false;
    int r = merge_kept_init(&kept, b->apply->spool, b->err);
    if (r == 0 && kept.count == 0 && b->apply->source == 0)
        r = compare_own(b, &same);
    if (r == 0 && !same)
        r = bookmarks_clear_stored(b, &kept);
    merge_kept_fini(&kept);
    *ret_same = same;
    return r;
}

static int put_root(struct bookmarks *b, const struct hearth_bookmark *wanted)
{
    struct apply *apply = b->apply;
    struct hearth_bookmark there = {.struct_size = sizeof(there)};
    struct err why = {0};
    int r = STORAGE(apply->storage, &why, bookmark_get, apply->account, wanted->guid, &there);
    bool renamed = r == 0 && wanted->source != 0 && !str_equal(there.title, wanted->title);
    if (r == HEARTH_ERR_NOT_FOUND || renamed) {
        apply->changed = true;
        r = STORAGE(apply->storage, b->err, bookmark_put, wanted);
    } else if (r < 0) {
        *b->err = why;
    }
    plug_storage_reset(apply->storage);
    return r;
}

/* The roots exist even if no device has uploaded them. */
static int ensure_own_roots(struct bookmarks *b)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < ROOTS; i++) {
        struct hearth_bookmark root = own_root(i);
        r = put_root(b, &root);
    }
    return r;
}

struct naming {
    struct apply *apply;
    const char *name;
    bool failed;
};

static int bookmarks_on_source(void *ctx, const struct hearth_source *source)
{
    struct naming *naming = ctx;
    if (source->id != naming->apply->source)
        return 0;
    naming->name = arena_strdup(&naming->apply->arena, source->name);
    naming->failed = naming->name == NULL;
    return 1;
}

/* Those of another source are folders below one that bears its name, in the menu; the repair of
 * the tree keeps them there. */
static int ensure_folders(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    char top[MODEL_SOURCE_ID_SIZE], guid[MODEL_SOURCE_ID_SIZE];
    struct naming naming = {.apply = apply};
    int r =
        STORAGE(apply->storage, b->err, source_list, apply->account, bookmarks_on_source, &naming);
    plug_storage_reset(apply->storage);
    if (r == 0 && naming.failed)
        r = err_set(b->err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && naming.name == NULL)
        r = err_set(b->err, HEARTH_ERR_INVALID, "the account has no source %lld",
                    (long long)apply->source);
    model_source_id(apply->source, roots[0].guid, HEARTH_KEY_MAX, top);
    for (size_t i = 0; r == 0 && i < ROOTS; i++) {
        model_source_id(apply->source, roots[i].guid, HEARTH_KEY_MAX, guid);
        r = put_root(b, &(struct hearth_bookmark){.struct_size = sizeof(struct hearth_bookmark),
                                                  .kind = HEARTH_FOLDER,
                                                  .guid = guid,
                                                  .title = i == 0 ? naming.name : roots[i].name,
                                                  .said_parent = i == 0 ? "menu" : top,
                                                  .source = apply->source});
    }
    return r;
}

static int ensure_roots(struct bookmarks *b)
{
    int r = ensure_own_roots(b);
    return r == 0 && b->apply->source != 0 ? ensure_folders(b) : r;
}

static int update_one(struct bookmarks *b, int64_t id)
{
    struct apply *apply = b->apply;
    struct hearth_page page = {.struct_size = sizeof(page)};
    const struct ahead_page *known = merge_ahead_find(apply->ahead, id);
    int r = 0;
    if (known != NULL)
        page = known->page;
    else
        r = STORAGE(apply->storage, b->err, page_get, apply->account, id, &page);
    if (r == 0)
        r = merge_apply_page(apply, &page, b->err);
    plug_storage_reset(apply->storage);
    arena_reset(&apply->arena);
    return r;
}

static int update_pages(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    struct ahead ahead;
    int r = 0;
    merge_ahead_init(&ahead);
    apply->ahead = &ahead;
    for (size_t i = 0; r == 0 && i < b->touched.count; i++) {
        size_t left = b->touched.count - i;
        if (i % AHEAD_PAGES == 0)
            r = merge_ahead_read(&ahead, apply->storage, apply->account, b->touched.numbers + i,
                                 left < AHEAD_PAGES ? left : AHEAD_PAGES, b->err);
        if (r == 0)
            r = update_one(b, (int64_t)b->touched.numbers[i]);
    }
    apply->ahead = NULL;
    merge_ahead_fini(&ahead);
    return r;
}

static int bookmarks_replay_spool(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    int kind, more, r = 0;
    merge_spool_rewind(apply->spool);
    while (r == 0 && (more = merge_spool_next(apply->spool, &kind, b->err)) != 0) {
        if (more < 0)
            return more;
        r = kind == RECORD_BOOKMARK  ? bookmarks_put_record(b)
            : kind == RECORD_REMOVED ? bookmarks_put_tombstone(b)
                                     : 0;
        if (r == 0)
            r = merge_apply_count_record(apply, b->err);
        plug_storage_reset(apply->storage);
        arena_reset(&apply->arena);
    }
    return r;
}

int merge_apply_bookmarks(struct apply *apply, struct err *err)
{
    struct bookmarks b = {.apply = apply, .err = err};
    bool same = false;
    int r = apply_replaces(apply) ? replace_all(&b, &same) : 0;
    if (same)
        return r;
    if (r == 0)
        r = bookmarks_replay_spool(&b);
    if (r == 0)
        r = ensure_roots(&b);
    if (r == 0 && apply->changed)
        r = merge_apply_tree(apply, err);
    if (r == 0)
        r = update_pages(&b);
    number_set_fini(&b.touched);
    return r;
}

struct finding {
    int64_t source;
    bool found;
};

static int find_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct finding *finding = ctx;
    finding->found = item->source == finding->source;
    return finding->found;
}

int merge_apply_no_bookmarks(struct apply *apply, struct err *err)
{
    struct bookmarks b = {.apply = apply, .err = err};
    struct hearth_bookmark_query all = {.struct_size = sizeof(all), .order = HEARTH_BY_ADDED};
    struct finding finding = {.source = apply->source};
    int r = STORAGE(apply->storage, err, bookmark_items, apply->account, find_item, &finding);
    if (r == 0)
        r = STORAGE(apply->storage, err, bookmark_list, apply->account, &all, on_old, &b);
    if (r == 0 && err->code != 0)
        r = err->code;
    if (r == 0)
        r = STORAGE(apply->storage, err, bookmark_clear, apply->source);
    plug_storage_reset(apply->storage);
    apply->changed = finding.found;
    if (r == 0 && finding.found)
        r = merge_apply_tree(apply, err);
    if (r == 0)
        r = update_pages(&b);
    number_set_fini(&b.touched);
    return r;
}

/* Bookmarks: records are stored with what they say; then the tree is built from all of them, and
 * the pages they point to are brought up to date. Everything in the one batch, so that a reader
 * never sees a half of it. */
#include <string.h>

#include "base/number_set.h"
#include "base/str.h"
#include "merge/apply_bookmarks.h"
#include "merge/apply_tree.h"
#include "merge/bookmark_rules.h"
#include "merge/kept.h"
#include "merge/labels.h"
#include "merge/records.h"
#include "merge/same_bookmarks.h"
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
    return merge_apply_touch_page(&b->touched, page, b->err);
}

/* As its record has it, and nothing else: what was known before is not asked, so that it is the
 * same whenever the record is read. Never after the record was written. */
static int64_t bookmarks_date_added(const struct hearth_bookmark_record *record)
{
    bool is_sane = record->added >= earliest_date && record->added <= record->modified;
    /* nobody added a root, and some Firefoxes say when, others do not */
    return is_sane ? record->added : bookmarks_is_root(record->guid) ? 0 : record->modified;
}

/* Of roots: what a living one names. */
static const char *roots_parent(struct apply *apply, const char *guid)
{
    char top[MODEL_SOURCE_ID_SIZE];
    const struct root *root = find_root(guid);
    if (apply->source == 0 || root == &roots[0])
        return apply->source == 0 ? "places" : "menu";
    return arena_strdup(&apply->arena,
                        model_source_id(apply->source, "places", HEARTH_KEY_MAX, top));
}

static const char *bookmarks_join_tags(struct arena *arena, const char *const *tags, size_t count)
{
    const char *all = NULL;
    for (size_t i = 0; i < count; i++)
        all = all == NULL ? arena_strdup(arena, tags[i])
                          : arena_printf(arena, "%s\n%s", all, tags[i]);
    return all;
}

/* But for its page and its place; tags and keyword as if no other bookmark had its URL. */
static int fill_row(struct apply *apply, const struct hearth_bookmark_record *record,
                    struct hearth_bookmark *row)
{
    const struct root *root = find_root(record->guid);
    row->kind = merge_bookmark_kind(record->kind, record->url);
    row->said_kind = record->kind;
    row->guid = record->guid;
    row->said_parent = record->parent_guid;
    row->added = bookmarks_date_added(record);
    row->modified = record->modified;
    if (root != NULL) { /* of what else its record says nothing matters */
        row->said_parent = roots_parent(apply, record->guid);
        row->title = apply->source == 0 ? root->title : root->name;
        return row->said_parent == NULL ? HEARTH_ERR_NOMEM : 0;
    }
    row->title = record->title;
    row->url = record->url;
    row->tag_query = record->tag_query;
    row->said_tags = bookmarks_join_tags(&apply->arena, record->tags, record->tag_count);
    row->said_keyword = record->keyword;
    int r = 0;
    if (r == 0 && row->kind == HEARTH_BOOKMARK)
        r = merge_labels_tags(&apply->arena, row->said_tags, &row->tags);
    if (r == 0 && row->kind == HEARTH_BOOKMARK)
        r = merge_labels_keyword(&apply->arena, row->said_keyword, &row->keyword);
    return r;
}

/* The stored row; *ret_known false: there is none. */
static int bookmarks_get_old(struct bookmarks *b, const char *guid, struct hearth_bookmark *ret_old,
                             bool *ret_known)
{
    struct err why = {0};
    int r = STORAGE(b->apply->storage, &why, bookmark_get, b->apply->account, guid, ret_old);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *b->err = why;
        return r;
    }
    *ret_known = r == 0;
    return r == 0 ? bookmarks_touch_page(b, ret_old->page) : 0;
}

static int remove_row(struct bookmarks *b, const char *guid)
{
    b->apply->changed = true;
    return STORAGE(b->apply->storage, b->err, bookmark_remove, guid);
}

/* A root that was deleted is there, and names no parent: core/model/tree.h. */
static int put_dead_root(struct bookmarks *b, const char *guid, int64_t modified)
{
    struct apply *apply = b->apply;
    const struct root *root = find_root(guid);
    struct hearth_bookmark row = {.struct_size = sizeof(row),
                                  .kind = HEARTH_FOLDER,
                                  .said_kind = HEARTH_FOLDER,
                                  .guid = guid,
                                  .title = apply->source == 0 ? root->title : root->name,
                                  .modified = modified,
                                  .source = apply->source};
    apply->changed = true;
    int r = STORAGE(apply->storage, b->err, bookmark_put, &row);
    return r == 0 ? STORAGE(apply->storage, b->err, bookmark_children_put, apply->source, guid,
                            NULL, 0)
                  : r;
}

struct comparing_lists {
    const struct hearth_bookmark_record *record;
    size_t count;
    int order; /* of the stored list and the record's */
};

static int on_stored_list(void *ctx, int64_t source, const char *folder, int64_t position,
                          const char *child)
{
    struct comparing_lists *lists = ctx;
    (void)source;
    (void)position; /* they come in its order */
    if (strcmp(folder, lists->record->guid) != 0)
        return 0;
    size_t at = lists->count++;
    if (lists->order == 0)
        lists->order =
            at >= lists->record->child_count ? 1 : strcmp(child, lists->record->children[at]);
    return 0;
}

/* Firefox has two ids for a root, and a server may have a record of each: the newer one counts.
 * Of two that are as new, one: always the same. */
static int root_is_newer(struct bookmarks *b, const struct hearth_bookmark *old,
                         const struct hearth_bookmark_record *record, bool *ret_newer)
{
    struct apply *apply = b->apply;
    struct comparing_lists lists = {.record = record};
    bool is_dead = old->said_parent == NULL;
    *ret_newer = record->modified > old->modified || (record->modified == old->modified && is_dead);
    if (record->modified != old->modified || is_dead)
        return 0;
    int r =
        STORAGE(apply->storage, b->err, bookmark_children, apply->account, on_stored_list, &lists);
    if (lists.order == 0 && lists.count < record->child_count)
        lists.order = -1;
    *ret_newer = lists.order < 0 || (lists.order == 0 && record->added >= old->added);
    return r;
}

static int put_row(struct bookmarks *b, const struct hearth_bookmark_record *record,
                   const struct hearth_bookmark *old)
{
    struct apply *apply = b->apply;
    struct hearth_bookmark new = {.struct_size = sizeof(new), .source = apply->source};
    int r = merge_bookmark_kind(record->kind, record->url) == HEARTH_BOOKMARK
                ? merge_apply_touch_url(apply, record->url, record->added, &b->touched, &new.page,
                                        b->err)
                : 0;
    if (r == 0 && fill_row(apply, record, &new) < 0)
        r = err_set(b->err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        r = STORAGE(apply->storage, b->err, bookmark_put, &new);
    if (r == 0 && (record->kind == HEARTH_FOLDER || old->said_kind == HEARTH_FOLDER))
        r = STORAGE(apply->storage, b->err, bookmark_children_put, apply->source, record->guid,
                    record->children, record->kind == HEARTH_FOLDER ? record->child_count : 0);
    apply->changed = true;
    return r;
}

static int bookmarks_put_record(struct bookmarks *b)
{
    struct apply *apply = b->apply;
    struct hearth_bookmark_record record;
    if (merge_records_get_bookmark(apply->spool, &apply->arena, &record) < 0)
        return err_set(b->err, HEARTH_ERR_NOMEM, "out of memory");
    struct hearth_bookmark old = {.struct_size = sizeof(old)};
    bool known, newer = true, is_root = bookmarks_is_root(record.guid);
    /* those that no provider decides: ensure_roots() */
    if (find_root(record.guid) == &roots[0])
        return 0;
    int r = bookmarks_get_old(b, record.guid, &old, &known);
    if (r == 0 && is_root)
        record.kind = HEARTH_FOLDER;
    if (r == 0 && !merge_bookmark_is_usable(record.kind, record.url))
        return known ? remove_row(b, record.guid) : 0;
    if (r == 0 && is_root && known)
        r = root_is_newer(b, &old, &record, &newer);
    return r == 0 && newer ? put_row(b, &record, &old) : r;
}

static int bookmarks_put_tombstone(struct bookmarks *b)
{
    const char *guid;
    int64_t modified;
    merge_records_get_removed(b->apply->spool, &guid, &modified);
    struct hearth_bookmark old = {.struct_size = sizeof(old)};
    bool known;
    if (find_root(guid) == &roots[0])
        return 0;
    int r = bookmarks_get_old(b, guid, &old, &known);
    if (r == 0 && bookmarks_is_root(guid))
        return known && old.modified >= modified ? 0 : put_dead_root(b, guid, modified);
    return r == 0 && known ? remove_row(b, guid) : r;
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
                                    .said_kind = HEARTH_FOLDER,
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
    return merge_same_bookmarks(b->apply, own, fill_row, ret_same, b->err);
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
        struct hearth_bookmark row = *wanted;
        if (renamed) { /* it may have been deleted */
            row.said_parent = there.said_parent;
            row.modified = there.modified;
        }
        apply->changed = true;
        r = STORAGE(apply->storage, b->err, bookmark_put, &row);
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
                                                  .said_kind = HEARTH_FOLDER,
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
        r = merge_bookmark_rules_derive(apply, &b.touched, err);
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
        r = merge_bookmark_rules_derive(apply, &b.touched, err);
    number_set_fini(&b.touched);
    return r;
}

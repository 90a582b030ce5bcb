/* Two looks: one through lists, which a collection that says something else hardly ever passes,
 * and then row by row. Of long lists hashes are kept: two that differ are alike once in 2^63, and
 * nobody can choose them so. */
#include "merge/same_bookmarks.h"

#include <string.h>

#include "base/hash.h"
#include "base/number_set.h"
#include "merge/bookmark_rules.h"
#include "merge/records.h"
#include "model/source_id.h"
#include "plug/fields.h"

struct same {
    struct apply *apply;
    const struct hearth_bookmark *roots; /* as given */
    struct number_set stored;            /* items, by all that a list says of them */
    struct number_set child_lists;       /* stored lists of children, by folder and children */
    struct number_set came;              /* guids */
    struct number_set listed;            /* folders that came with children */
    size_t items, lists;                 /* stored: items, and folders with a list */
    char *folder;                        /* of the list that is read */
    uint64_t list;
    bool failed, differs;
    struct err *err;
};

/* Sets hold positive numbers. */
static int64_t to_member(uint64_t hash)
{
    return (int64_t)(hash >> 1 | 1);
}

static uint64_t hash_chain(uint64_t before, uint64_t next)
{
    uint64_t both[2] = {before, next};
    return hash_bytes(both, sizeof(both));
}

static uint64_t hash_maybe(const char *text)
{
    return text == NULL ? 0 : hash_text(text);
}

static uint64_t hash_item(const char *guid, int64_t kind, const char *said_parent, int64_t added,
                          int64_t modified)
{
    uint64_t hash = hash_chain(hash_text(guid), (uint64_t)kind);
    hash = hash_chain(hash, hash_maybe(said_parent));
    return hash_chain(hash_chain(hash, (uint64_t)added), (uint64_t)modified);
}

static bool same_add_member(struct same *same, struct number_set *set, uint64_t hash)
{
    same->failed |= !number_set_add(set, to_member(hash));
    return !same->failed;
}

/* --- what is stored --- */

static int on_stored_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct same *same = ctx;
    if (item->source != same->apply->source)
        return 0;
    same->items++;
    return !same_add_member(
        same, &same->stored,
        hash_item(item->guid, item->said_kind, item->said_parent, item->added, item->modified));
}

static void end_list(struct same *same)
{
    if (same->folder != NULL)
        same_add_member(same, &same->child_lists, same->list);
    same->lists += same->folder != NULL;
    same->folder = NULL;
}

static int on_stored_child(void *ctx, int64_t source, const char *folder, int64_t position,
                           const char *child)
{
    struct same *same = ctx;
    (void)position; /* they come in its order */
    if (source != same->apply->source)
        return 0;
    if (same->folder == NULL || strcmp(same->folder, folder) != 0) {
        end_list(same);
        same->folder = arena_strdup(&same->apply->arena, folder);
        same->failed |= same->folder == NULL;
        same->list = hash_text(folder);
    }
    same->list = hash_chain(same->list, hash_text(child));
    return same->failed;
}

static int load_stored(struct same *same)
{
    struct apply *apply = same->apply;
    int r =
        STORAGE(apply->storage, same->err, bookmark_items, apply->account, on_stored_item, same);
    if (r == 0 && !same->failed && same->items > 0)
        r = STORAGE(apply->storage, same->err, bookmark_children, apply->account, on_stored_child,
                    same);
    end_list(same);
    plug_storage_reset(apply->storage);
    arena_reset(&apply->arena);
    return r;
}

/* --- what came --- */

static uint64_t hash_list(const struct hearth_bookmark_record *record)
{
    uint64_t list = hash_text(record->guid);
    for (size_t i = 0; i < record->child_count; i++)
        list = hash_chain(list, hash_text(record->children[i]));
    return list;
}

static bool came_listed(struct same *same, const struct hearth_bookmark_record *record,
                        const struct hearth_bookmark *row)
{
    bool folder = record->kind == HEARTH_FOLDER && record->child_count > 0;
    if (folder && !number_set_has(&same->child_lists, to_member(hash_list(record))))
        return false;
    return number_set_has(&same->stored,
                          to_member(hash_item(row->guid, row->said_kind, row->said_parent,
                                              row->added, row->modified)));
}

static int compare_row(struct same *same, struct hearth_bookmark *row)
{
    struct apply *apply = same->apply;
    struct hearth_bookmark old = {.struct_size = sizeof(old)};
    struct err why = {0};
    int r = STORAGE(apply->storage, &why, bookmark_get, apply->account, row->guid, &old);
    if (r < 0 && r != HEARTH_ERR_NOT_FOUND) {
        *same->err = why;
        return r;
    }
    /* derived of what all say together, which is the same if each says the same */
    row->kind = old.kind;
    row->page = old.page;
    row->parent = old.parent;
    row->position = old.position;
    row->tags = old.tags;
    row->keyword = old.keyword;
    same->differs |= r < 0 || !plug_fields_equal(&plug_fields_bookmark, &old, row);
    return 0;
}

/* A tombstone changes nothing where there is nothing that it buries: neither a record that came
 * before it, nor a root. What is stored and did not come is found by counting. */
static bool buries_something(const struct same *same)
{
    const char *guid;
    int64_t modified;
    merge_records_get_removed(same->apply->spool, &guid, &modified);
    bool buries = number_set_has(&same->came, to_member(hash_text(guid)));
    for (const struct hearth_bookmark *root = same->roots; root->guid != NULL; root++)
        buries |= strcmp(root->guid, guid) == 0;
    return buries;
}

/* One record: by the lists that were read, or row by row. */
static int compare_record(struct same *same, int kind, same_bookmarks_make make, bool rows)
{
    struct hearth_bookmark_record record;
    struct hearth_bookmark row = {.struct_size = sizeof(row)};
    if (kind == RECORD_REMOVED)
        same->differs |= buries_something(same);
    if (kind != RECORD_BOOKMARK)
        return 0;
    if (merge_records_get_bookmark(same->apply->spool, &same->apply->arena, &record) < 0)
        return err_set(same->err, HEARTH_ERR_NOMEM, "out of memory");
    if (!merge_bookmark_is_usable(record.kind, record.url) ||
        strcmp(model_source_said(record.guid), "places") == 0)
        return 0; /* as one that did not come */
    if (make(same->apply, &record, &row) < 0)
        return err_set(same->err, HEARTH_ERR_NOMEM, "out of memory");
    if (rows)
        return compare_row(same, &row);
    same->differs |= !came_listed(same, &record, &row);
    if (record.kind == HEARTH_FOLDER && record.child_count > 0)
        same_add_member(same, &same->listed, hash_text(record.guid));
    same_add_member(same, &same->came, hash_text(record.guid));
    return 0;
}

static int same_compare_records(struct same *same, same_bookmarks_make make, bool rows)
{
    struct apply *apply = same->apply;
    int kind, more = 0, r = 0;
    merge_spool_rewind(apply->spool);
    while (r == 0 && !same->differs &&
           (more = merge_spool_next(apply->spool, &kind, same->err)) > 0) {
        r = compare_record(same, kind, make, rows);
        plug_storage_reset(apply->storage);
        arena_reset(&apply->arena);
    }
    return r < 0 ? r : more < 0 ? more : 0;
}

/* Those that nobody uploads. */
static int compare_roots(struct same *same, const struct hearth_bookmark *roots)
{
    int r = 0;
    for (; r == 0 && !same->differs && roots->guid != NULL; roots++) {
        struct hearth_bookmark root = *roots;
        if (number_set_has(&same->came, to_member(hash_text(root.guid))))
            continue;
        same_add_member(same, &same->came, hash_text(root.guid));
        r = compare_row(same, &root);
        plug_storage_reset(same->apply->storage);
    }
    return r;
}

static int same_compare(struct same *same, const struct hearth_bookmark *roots,
                        same_bookmarks_make make)
{
    int r = load_stored(same);
    same->differs |= same->items == 0;
    if (r == 0)
        r = same_compare_records(same, make, false);
    if (r == 0)
        r = compare_roots(same, roots);
    same->differs |= same->came.count != same->items || same->listed.count != same->lists;
    return r == 0 ? same_compare_records(same, make, true) : r;
}

int merge_same_bookmarks(struct apply *apply, const struct hearth_bookmark *roots,
                         same_bookmarks_make make, bool *ret_same, struct err *err)
{
    struct same same = {.apply = apply, .roots = roots, .err = err};
    int r = same_compare(&same, roots, make);
    if (r == 0 && same.failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    number_set_fini(&same.stored);
    number_set_fini(&same.child_lists);
    number_set_fini(&same.came);
    number_set_fini(&same.listed);
    if (r == 0)
        *ret_same = !same.differs;
    return r;
}

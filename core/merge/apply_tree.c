#include "merge/apply_tree.h"

#include "base/clock.h"

#include "merge/bookmark_rules.h"
#include "model/page.h"
#include "model/tree.h"

struct loading {
    struct model_tree *tree;
    int result;
    bool old; /* there are rows of older rules */
};

static int tree_on_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct loading *loading = ctx;
    loading->old |= item->said_kind == 0;
    return loading->result = model_tree_add(loading->tree, item);
}

static int tree_on_child_ref(void *ctx, int64_t source, const char *folder, int64_t position,
                             const char *child)
{
    struct loading *loading = ctx;
    (void)source;
    return loading->result = model_tree_add_child_ref(loading->tree, folder, position, child);
}

static int tree_load_facts(struct apply *apply, struct model_tree *tree, bool *ret_old,
                           struct err *err)
{
    struct loading loading = {.tree = tree};
    int r = STORAGE(apply->storage, err, bookmark_items, apply->account, tree_on_item, &loading);
    if (r == 0 && loading.result == 0)
        r = STORAGE(apply->storage, err, bookmark_children, apply->account, tree_on_child_ref,
                    &loading);
    plug_storage_reset(apply->storage);
    if (r == 0 && loading.result != 0)
        r = err_set(err, loading.result, "out of memory");
    *ret_old = loading.old;
    return r;
}

int merge_apply_touch_page(struct number_set *touched, int64_t page, struct err *err)
{
    return page == 0 || number_set_add(touched, (uint64_t)page)
               ? 0
               : err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

int merge_apply_touch_url(struct apply *apply, const char *url, int64_t added,
                          struct number_set *touched, int64_t *ret_page, struct err *err)
{
    struct hearth_page page;
    bool is_new;
    int r = merge_apply_find_page(apply, url, &page, &is_new, err);
    if (r == 0 && is_new) {
        /* a first version, so that the id is taken; touched pages are written again with
         * everything */
        struct model_page facts;
        model_page_init(&facts, clock_now());
        page.bookmarks = 1;
        page.bookmark_added = added;
        r = merge_apply_put_page(apply, &page, &facts, err);
    }
    if (r == 0)
        *ret_page = page.id;
    return r < 0 ? r : merge_apply_touch_page(touched, page.id, err);
}

static int show_row(struct apply *apply, struct hearth_bookmark *row, struct number_set *touched,
                    struct err *err)
{
    row->kind = merge_bookmark_kind(row->said_kind, row->url);
    return row->kind == HEARTH_BOOKMARK && row->url != NULL
               ? merge_apply_touch_url(apply, row->url, row->added, touched, &row->page, err)
               : 0;
}

static int hide_row(struct hearth_bookmark *row, struct number_set *touched, struct err *err)
{
    int r = merge_apply_touch_page(touched, row->page, err);
    row->kind = HEARTH_NOT_SHOWN;
    row->page = 0;
    row->tags = row->keyword = NULL;
    return r;
}

/* It is shown from now on, or no longer. */
static int turn_bookmark(struct apply *apply, const char *guid, struct number_set *touched,
                         struct err *err)
{
    struct hearth_bookmark row = {.struct_size = sizeof(row)};
    int r = STORAGE(apply->storage, err, bookmark_get, apply->account, guid, &row);
    if (r == 0)
        r = row.kind == HEARTH_NOT_SHOWN ? show_row(apply, &row, touched, err)
                                         : hide_row(&row, touched, err);
    if (r == 0)
        r = STORAGE(apply->storage, err, bookmark_put, &row);
    plug_storage_reset(apply->storage);
    arena_reset(&apply->arena);
    return r;
}

static int write_place(struct apply *apply, const struct model_tree_place *place,
                       struct number_set *touched, struct err *err)
{
    int r = 0;
    if (!place->known || (!place->moved && !place->turned))
        return 0;
    apply->changed = true;
    if (place->turned)
        r = turn_bookmark(apply, place->guid, touched, err);
    if (r == 0 && place->moved)
        r = STORAGE(apply->storage, err, bookmark_place, place->guid, place->parent,
                    place->position);
    plug_storage_reset(apply->storage);
    return r;
}

int merge_apply_tree(struct apply *apply, struct number_set *touched, struct model_tree **ret_tree,
                     bool *ret_old, struct err *err)
{
    struct model_tree *tree = *ret_tree = model_tree_create();
    size_t count = 0;
    bool old = false;
    int r = tree == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                         : tree_load_facts(apply, tree, &old, err);
    *ret_old = old;
    if (r == 0 && old)
        return 0;
    if (r == 0 && model_tree_repair(tree, &count) < 0)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < count; i++) {
        struct model_tree_place place;
        model_tree_place(tree, i, &place);
        r = write_place(apply, &place, touched, err);
    }
    if (r < 0) {
        model_tree_destroy(tree);
        *ret_tree = NULL;
    }
    return r;
}

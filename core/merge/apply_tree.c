#include "merge/apply_tree.h"

#include "model/tree.h"

struct loading {
    struct model_tree *tree;
    int result;
};

static int tree_on_item(void *ctx, const struct hearth_bookmark_item *item)
{
    struct loading *loading = ctx;
    return loading->result = model_tree_add(loading->tree, item);
}

static int tree_on_child_ref(void *ctx, int64_t source, const char *folder, int64_t position,
                             const char *child)
{
    struct loading *loading = ctx;
    (void)source;
    return loading->result = model_tree_add_child_ref(loading->tree, folder, position, child);
}

static int tree_on_tombstone(void *ctx, const struct hearth_bookmark_item *item)
{
    struct loading *loading = ctx;
    return loading->result = model_tree_add_tombstone(loading->tree, item->guid, item->parent);
}

static int tree_load_facts(struct apply *apply, struct model_tree *tree, struct err *err)
{
    struct loading loading = {.tree = tree};
    int r = STORAGE(apply->storage, err, bookmark_items, apply->account, tree_on_item, &loading);
    if (r == 0 && loading.result == 0)
        r = STORAGE(apply->storage, err, bookmark_children, apply->account, tree_on_child_ref,
                    &loading);
    if (r == 0 && loading.result == 0)
        r = STORAGE(apply->storage, err, bookmark_tombstones, apply->account, tree_on_tombstone,
                    &loading);
    plug_storage_reset(apply->storage);
    if (r == 0 && loading.result != 0)
        r = err_set(err, loading.result, "out of memory");
    return r;
}

int merge_apply_tree(struct apply *apply, struct err *err)
{
    struct model_tree *tree = model_tree_create();
    size_t count = 0;
    int r = tree == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                         : tree_load_facts(apply, tree, err);
    if (r == 0 && model_tree_repair(tree, &count) < 0)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < count; i++) {
        struct model_tree_place place;
        model_tree_place(tree, i, &place);
        if (!place.known || !place.changed)
            continue;
        apply->changed = true;
        r = STORAGE(apply->storage, err, bookmark_place, place.guid, place.parent, place.position);
        plug_storage_reset(apply->storage);
    }
    model_tree_destroy(tree);
    return r;
}

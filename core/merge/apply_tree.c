#include "merge/apply_tree.h"

#include "model/tree.h"

struct loading {
    struct model_tree *tree;
    int result;
};

static int on_node(void *ctx, const struct hearth_bookmark_node *node)
{
    struct loading *loading = ctx;
    return loading->result = model_tree_add(loading->tree, node);
}

static int on_claim(void *ctx, int64_t source, const char *folder, int64_t position, const char *child)
{
    struct loading *loading = ctx;
    (void)source;
    return loading->result = model_tree_add_claim(loading->tree, folder, position, child);
}

static int on_tombstone(void *ctx, const struct hearth_bookmark_node *node)
{
    struct loading *loading = ctx;
    return loading->result = model_tree_add_tombstone(loading->tree, node->guid, node->parent);
}

static int load(struct apply *apply, struct model_tree *tree, struct err *err)
{
    struct loading loading = {.tree = tree};
    int r = STORE(apply->store, err, bookmark_nodes, apply->account, on_node, &loading);
    if (r == 0 && loading.result == 0)
        r = STORE(apply->store, err, bookmark_claims, apply->account, on_claim, &loading);
    if (r == 0 && loading.result == 0)
        r = STORE(apply->store, err, bookmark_tombstones, apply->account, on_tombstone, &loading);
    store_reset(apply->store);
    if (r == 0 && loading.result != 0)
        r = err_set(err, loading.result, "out of memory");
    return r;
}

int apply_tree(struct apply *apply, struct err *err)
{
    struct model_tree *tree = model_tree_create();
    size_t count = 0;
    int r = tree == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory") : load(apply, tree, err);
    if (r == 0 && model_tree_repair(tree, &count) < 0)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    for (size_t i = 0; r == 0 && i < count; i++) {
        struct model_tree_place place;
        model_tree_place(tree, i, &place);
        if (!place.known || !place.changed)
            continue;
        apply->changed = true;
        r = STORE(apply->store, err, bookmark_place, place.guid, place.parent, place.position);
        store_reset(apply->store);
    }
    model_tree_destroy(tree);
    return r;
}

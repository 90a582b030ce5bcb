#include "model/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/magic.h"
#include "model/source_id.h"
#include "model/tree_internal.h"

static void *grow(void *items, size_t count, size_t *room, size_t item_size)
{
    if (count < *room)
        return items;
    size_t wanted = *room == 0 ? 64 : *room + *room / 2;
    if (wanted > INT32_MAX / 2)
        return NULL;
    void *grown = realloc(items, wanted * item_size);
    if (grown != NULL)
        *room = wanted;
    return grown;
}

static uint64_t name_hash(const void *tree, uint32_t node)
{
    return hash_text(tree_name(tree, (int32_t)node));
}

static bool name_is(const void *tree, uint32_t node, const void *name)
{
    return strcmp(tree_name(tree, (int32_t)node), name) == 0;
}

static int add_name(struct model_tree *tree, const char *id, size_t size, uint32_t *ret_name)
{
    if (tree->name_room - tree->name_size < size) {
        size_t room = tree->name_room * 2 + size + 4096;
        char *names = room > UINT32_MAX ? NULL : realloc(tree->names, room);
        if (names == NULL)
            return HEARTH_ERR_NOMEM;
        tree->names = names;
        tree->name_room = room;
    }
    memcpy(tree->names + tree->name_size, id, size);
    *ret_name = (uint32_t)tree->name_size;
    tree->name_size += size;
    return 0;
}

/* The node of an id, made if it is new. NULL gives TREE_NONE. */
static int intern(struct model_tree *tree, const char *id, int32_t *ret_node)
{
    if (id == NULL) {
        *ret_node = TREE_NONE;
        return 0;
    }
    if (!index_table_reserve(&tree->table, tree->node_count, name_hash, tree))
        return HEARTH_ERR_NOMEM;
    size_t size = strlen(id);
    uint32_t *slot = index_table_slot(&tree->table, hash_bytes(id, size), name_is, tree, id);
    if (*slot != 0) {
        *ret_node = (int32_t)*slot - 1;
        return 0;
    }
    struct tree_node *nodes = grow(tree->nodes, tree->node_count, &tree->node_room, sizeof(*nodes));
    if (nodes == NULL)
        return HEARTH_ERR_NOMEM;
    tree->nodes = nodes;
    struct tree_node *node = &nodes[tree->node_count];
    *node = (struct tree_node){.said = TREE_NONE,
                               .was_parent = TREE_NONE,
                               .buried_in = TREE_NONE,
                               .parent = TREE_NONE,
                               .claimed_by = TREE_NONE,
                               .home = TREE_UNFILED,
                               .fixed = TREE_NONE};
    int r = add_name(tree, id, size + 1, &node->name);
    if (r < 0)
        return r;
    *ret_node = (int32_t)tree->node_count++;
    *slot = (uint32_t)tree->node_count;
    return 0;
}

struct model_tree *model_tree_create(void)
{
    static const char *const fixed[] = {"toolbar", "menu", "unfiled", "mobile", "places"};
    struct model_tree *tree = calloc(1, sizeof(*tree));
    if (tree == NULL)
        return NULL;
    for (int32_t i = 0; i <= TREE_PLACES; i++) {
        int32_t node;
        if (intern(tree, fixed[i], &node) < 0) {
            model_tree_destroy(tree);
            return NULL;
        }
        ASSERT(node == i);
        tree->nodes[i].folder = i < TREE_ROOTS;
    }
    return tree;
}

void model_tree_destroy(struct model_tree *tree)
{
    if (tree == NULL)
        return;
    free(tree->nodes);
    free(tree->claims);
    free(tree->names);
    index_table_fini(&tree->table);
    free(tree->order);
    free(tree);
}

static int32_t clamp(int64_t position)
{
    return position < 0 ? 0 : position > INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)position;
}

static int intern_of_source(struct model_tree *tree, int64_t source, const char *id, int32_t *ret_node)
{
    char own[MODEL_SOURCE_ID_SIZE];
    return intern(tree, model_source_id(source, id, HEARTH_KEY_MAX, own), ret_node);
}

/* The folders of a source other than the account's own provider are where its roots would be: below one, which is in the menu. */
static int settle_in_source(struct model_tree *tree, int64_t source, int32_t at)
{
    static const char *const folders[] = {"toolbar", "menu", "unfiled", "mobile"};
    int32_t top, home, folder;
    int r = intern_of_source(tree, source, "places", &top);
    if (r == 0)
        r = intern_of_source(tree, source, "unfiled", &home);
    if (r < 0)
        return r;
    tree->nodes[at].home = home;
    if (at == top)
        tree->nodes[at].fixed = TREE_MENU;
    for (int32_t i = 0; r == 0 && i < TREE_ROOTS; i++) {
        r = intern_of_source(tree, source, folders[i], &folder);
        if (r == 0 && folder == at) {
            tree->nodes[at].fixed = top;
            tree->nodes[at].fixed_at = i;
        }
    }
    return r;
}

int model_tree_add(struct model_tree *tree, const struct hearth_bookmark_node *row)
{
    int32_t at, said, parent;
    int r = intern(tree, row->guid, &at);
    if (r == 0)
        r = intern(tree, row->said_parent, &said);
    if (r == 0)
        r = intern(tree, row->parent, &parent);
    if (r < 0 || at == TREE_PLACES)
        return r;
    if (HEARTH_HAS(row, source) && row->source != 0)
        r = settle_in_source(tree, row->source, at);
    if (r < 0)
        return r;
    struct tree_node *node = &tree->nodes[at];
    node->live = true;
    node->folder = at < TREE_ROOTS || row->kind == HEARTH_FOLDER;
    node->said = said;
    node->was_parent = parent;
    node->was_position = row->position == clamp(row->position) ? (int32_t)row->position : TREE_NONE;
    node->added = row->added;
    node->modified = row->modified;
    return 0;
}

int model_tree_add_claim(struct model_tree *tree, const char *folder, int64_t position, const char *child)
{
    struct tree_claim claim = {.position = clamp(position)};
    int r = intern(tree, folder, &claim.folder);
    if (r == 0)
        r = intern(tree, child, &claim.child);
    if (r < 0)
        return r;
    struct tree_claim *claims = grow(tree->claims, tree->claim_count, &tree->claim_room, sizeof(*claims));
    if (claims == NULL)
        return HEARTH_ERR_NOMEM;
    tree->claims = claims;
    claims[tree->claim_count++] = claim;
    return 0;
}

int model_tree_add_tombstone(struct model_tree *tree, const char *guid, const char *parent)
{
    int32_t at, above;
    int r = intern(tree, guid, &at);
    if (r == 0)
        r = intern(tree, parent, &above);
    if (r < 0)
        return r;
    tree->nodes[at].buried = true;
    tree->nodes[at].buried_in = above;
    return 0;
}

void model_tree_place(const struct model_tree *tree, size_t index, struct model_tree_place *ret_place)
{
    ASSERT(index < tree->order_count);
    int32_t at = tree->order[index];
    const struct tree_node *node = &tree->nodes[at];
    *ret_place = (struct model_tree_place){
        .guid = tree_name(tree, at),
        .parent = tree_name(tree, node->parent),
        .position = node->position,
        .known = node->live,
        .changed = !node->live || node->parent != node->was_parent || node->position != node->was_position,
    };
}

#include "model/tree.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/magic.h"
#include "model/source_id.h"
#include "model/tree_internal.h"

static void *tree_grow_array(void *items, size_t count, size_t *room, size_t item_size)
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

static uint64_t name_hash(const void *tree, uint32_t item)
{
    return hash_text(tree_name(tree, (int32_t)item));
}

static bool name_is(const void *tree, uint32_t item, const void *name)
{
    return strcmp(tree_name(tree, (int32_t)item), name) == 0;
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

/* The item of an id, made if it is new. NULL gives TREE_NONE. */
static int tree_intern_id(struct model_tree *tree, const char *id, int32_t *ret_item)
{
    if (id == NULL) {
        *ret_item = TREE_NONE;
        return 0;
    }
    if (!index_table_reserve(&tree->table, tree->item_count, name_hash, tree))
        return HEARTH_ERR_NOMEM;
    size_t size = strlen(id);
    uint32_t *slot = index_table_slot(&tree->table, hash_bytes(id, size), name_is, tree, id);
    if (*slot != 0) {
        *ret_item = (int32_t)*slot - 1;
        return 0;
    }
    struct tree_item *items =
        tree_grow_array(tree->items, tree->item_count, &tree->item_room, sizeof(*items));
    if (items == NULL)
        return HEARTH_ERR_NOMEM;
    tree->items = items;
    struct tree_item *item = &items[tree->item_count];
    *item = (struct tree_item){.said = TREE_NONE,
                               .was_parent = TREE_NONE,
                               .parent = TREE_NONE,
                               .listed_by = TREE_NONE,
                               .number = TREE_NONE,
                               .home = TREE_UNFILED,
                               .fixed = TREE_NONE};
    int r = add_name(tree, id, size + 1, &item->name);
    if (r < 0)
        return r;
    *ret_item = (int32_t)tree->item_count++;
    *slot = (uint32_t)tree->item_count;
    return 0;
}

struct model_tree *model_tree_create(void)
{
    static const char *const fixed[] = {"toolbar", "menu", "unfiled", "mobile", "places", "tags"};
    struct model_tree *tree = calloc(1, sizeof(*tree));
    if (tree == NULL)
        return NULL;
    for (int32_t i = 0; i < TREE_FIXED; i++) {
        int32_t item;
        if (tree_intern_id(tree, fixed[i], &item) < 0) {
            model_tree_destroy(tree);
            return NULL;
        }
        ASSERT(item == i);
        tree->items[i].folder = i < TREE_ROOTS;
    }
    return tree;
}

void model_tree_destroy(struct model_tree *tree)
{
    if (tree == NULL)
        return;
    free(tree->items);
    free(tree->child_refs);
    free(tree->names);
    index_table_fini(&tree->table);
    free(tree->order);
    free(tree);
}

static int32_t tree_clamp_position(int64_t position)
{
    return position < 0 ? 0 : position > INT32_MAX / 2 ? INT32_MAX / 2 : (int32_t)position;
}

static int intern_of_source(struct model_tree *tree, int64_t source, const char *id,
                            int32_t *ret_item)
{
    char own[MODEL_SOURCE_ID_SIZE];
    return tree_intern_id(tree, model_source_id(source, id, HEARTH_KEY_MAX, own), ret_item);
}

/* The folders of a source other than the account's own provider are where its roots would be:
 * below one, which is in the menu. */
static int settle_in_source(struct model_tree *tree, int64_t source, int32_t at)
{
    static const char *const folders[] = {"toolbar", "menu", "unfiled", "mobile"};
    int32_t top, home, folder;
    int r = intern_of_source(tree, source, "places", &top);
    if (r == 0)
        r = intern_of_source(tree, source, "unfiled", &home);
    if (r < 0)
        return r;
    tree->items[at].home = home;
    if (at == top)
        tree->items[at].fixed = TREE_MENU;
    for (int32_t i = 0; r == 0 && i < TREE_ROOTS; i++) {
        r = intern_of_source(tree, source, folders[i], &folder);
        if (r == 0 && folder == at) {
            tree->items[at].fixed = top;
            tree->items[at].fixed_at = i;
        }
    }
    return r;
}

int model_tree_add(struct model_tree *tree, const struct hearth_bookmark_item *row)
{
    int32_t at, said, parent;
    int r = tree_intern_id(tree, row->guid, &at);
    if (r == 0)
        r = tree_intern_id(tree, row->said_parent, &said);
    if (r == 0)
        r = tree_intern_id(tree, row->parent, &parent);
    if (r < 0 || at == TREE_PLACES)
        return r;
    if (HEARTH_HAS(row, source) && row->source != 0)
        r = settle_in_source(tree, row->source, at);
    if (r < 0)
        return r;
    struct tree_item *item = &tree->items[at];
    item->live = true;
    item->was_hidden = row->kind == HEARTH_NOT_SHOWN;
    int64_t kind = row->said_kind == 0 ? row->kind : row->said_kind;
    item->folder = at < TREE_ROOTS || kind == HEARTH_FOLDER;
    item->query = kind == HEARTH_QUERY;
    item->said = said;
    item->was_parent = parent;
    item->was_position =
        row->position == tree_clamp_position(row->position) ? (int32_t)row->position : TREE_NONE;
    item->modified = row->modified;
    return 0;
}

int model_tree_add_child_ref(struct model_tree *tree, const char *folder, int64_t position,
                             const char *child)
{
    struct tree_child_ref child_ref = {.position = tree_clamp_position(position)};
    int r = tree_intern_id(tree, folder, &child_ref.folder);
    if (r == 0)
        r = tree_intern_id(tree, child, &child_ref.child);
    if (r < 0)
        return r;
    struct tree_child_ref *child_refs = tree_grow_array(tree->child_refs, tree->child_ref_count,
                                                        &tree->child_ref_room, sizeof(*child_refs));
    if (child_refs == NULL)
        return HEARTH_ERR_NOMEM;
    tree->child_refs = child_refs;
    child_refs[tree->child_ref_count++] = child_ref;
    return 0;
}

int64_t model_tree_number(const struct model_tree *tree, const char *guid)
{
    const uint32_t *slot =
        index_table_slot(&tree->table, hash_bytes(guid, strlen(guid)), name_is, tree, guid);
    return *slot == 0 ? TREE_NONE : tree->items[*slot - 1].number;
}

void model_tree_place(const struct model_tree *tree, size_t index,
                      struct model_tree_place *ret_place)
{
    ASSERT(index < tree->order_count);
    int32_t at = tree->order[index];
    const struct tree_item *item = &tree->items[at];
    int32_t parent = item->hidden ? TREE_NONE : item->parent;
    *ret_place = (struct model_tree_place){
        .guid = tree_name(tree, at),
        .parent = parent == TREE_NONE ? NULL : tree_name(tree, parent),
        .position = item->position,
        .known = item->live,
        .moved = !item->live || parent != item->was_parent || item->position != item->was_position,
        .turned = item->hidden != item->was_hidden,
    };
}

/* The bookmark tree as it should be, from what the records say.
 *
 * Folders list their children, children name their parent, deleted folders leave a trace; the
 * three may contradict each other, be incomplete, or be made up to hurt. The repair gives every
 * bookmark exactly one place below one of the four roots:
 *   1. toolbar, menu, unfiled, mobile stand below "places", in that order, whatever records say.
 *   2. A folder's list puts its children in its order. If several folders list a child, the one
 *      that the child names wins, else the one changed last, else the one with the smaller id.
 *   3. If one folder lists it, but the child names another living folder and was changed after the
 *      listing one, it moved: it goes to the end of the one that it names.
 *   4. A child in no list goes to the end of the folder that it names.
 *   5. If that folder was deleted, to the nearest ancestor of it that lives; else to unfiled.
 *   6. Folders that contain each other: the member changed last (ties: smaller id) goes to unfiled.
 *   7. What another source brought (hearth_bookmark_item.source) stays in its folders:
 *      "N:toolbar", "N:menu", "N:unfiled", "N:mobile" stand below "N:places", in that order, and
 *      that at the end of menu, whatever records say; where others go to unfiled, it goes to
 *      "N:unfiled".
 *   8. Positions are those of the lists; ids not (yet) known leave holes. What is appended follows,
 *      by date added, then id.
 * The result depends on the facts only, not on the order in which they were added. O(n log n),
 * no recursion, some 100 bytes a bookmark. */
#ifndef HEARTH_CORE_MODEL_TREE_H
#define HEARTH_CORE_MODEL_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hearth/storage.h"

struct model_tree;

/* One thread at a time. Texts are copied. NULL when memory is short. */
struct model_tree *model_tree_create(void);
void model_tree_destroy(struct model_tree *tree);

/* Facts, in the shapes that a storage delivers them in. 0 or NOMEM. Of an item only guid, kind,
 * said_parent, parent, position, added, modified, source are read; parent and position are
 * compared with the result, nothing else. The item "places" is ignored. A guid added twice: the
 * last counts. */
int model_tree_add(struct model_tree *tree, const struct hearth_bookmark_item *item);
int model_tree_add_child_ref(struct model_tree *tree, const char *folder, int64_t position,
                             const char *child);
/* parent: where it was; NULL */
int model_tree_add_tombstone(struct model_tree *tree, const char *guid, const char *parent);

struct model_tree_place {
    const char *guid, *parent; /* live as long as the tree */
    int64_t position;
    bool known;   /* false: one of the roots, for which no item was added */
    bool changed; /* differs from the item's parent and position; true if not known */
};

/* Computes the places. Afterwards only model_tree_place() and model_tree_destroy() may be
 * called. 0 or NOMEM. */
int model_tree_repair(struct model_tree *tree, size_t *ret_count);
/* index < count; items in the order in which they were first named, the four roots first. */
void model_tree_place(const struct model_tree *tree, size_t index,
                      struct model_tree_place *ret_place);

#endif

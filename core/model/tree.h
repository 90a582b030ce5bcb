/* The bookmark tree as it should be, from what the records say: the same that a Firefox makes of
 * them which has never seen this account before.
 *
 * Folders list their children, children name their parent; the two may contradict each other, be
 * incomplete, or be made up to hurt. The repair gives every bookmark exactly one place below one
 * of the four roots, or none:
 *   1. toolbar, menu, unfiled, mobile stand below "places", in that order, whatever records say.
 *   2. A folder's list puts its children in its order, whatever the child names. If several
 *      folders list a child, the one changed last wins, else the one with the smaller Places GUID
 *      ("menu________" < "toolbar_____").
 *   3. A child in no list goes to the end of the folder that it names; if there is none, to the
 *      end of unfiled. What is appended is in the order of its ids.
 *   4. What is in no list and names "places" is not shown, with all that is below it: roots of
 *      other programs are not the person's bookmarks. Nor is "tags", whatever lists it.
 *      A query of which not exactly one folder's list and its own record say the same place is not
 *      shown either.
 *   5. A root that was deleted (its item names no parent) is empty: it lists nothing, and who
 *      names it goes to unfiled; also if that was deleted, where Firefox shows nothing of it.
 *   6. Folders that contain each other: the member changed last (ties: smaller id) goes to
 *      unfiled. Of a child that a list has twice the first place counts. Firefox refuses both.
 *   7. What another source brought (hearth_bookmark_item.source) stays in its folders:
 *      "N:toolbar", "N:menu", "N:unfiled", "N:mobile" stand below "N:places", in that order, and
 *      that at the end of menu, whatever records say; where others go to unfiled, it goes to
 *      "N:unfiled".
 *   8. Positions are those of the lists; ids not (yet) known leave holes.
 * The result depends on the facts only, not on the order in which they were added, and not on
 * what was there before. O(n log n), no recursion, some 100 bytes a bookmark. */
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
 * said_kind, said_parent, parent, position, modified, source are read; whether it is shown, parent
 * and position are compared with the result, nothing else. The item "places" is ignored. A guid
 * added twice: the last counts. */
int model_tree_add(struct model_tree *tree, const struct hearth_bookmark_item *item);
int model_tree_add_child_ref(struct model_tree *tree, const char *folder, int64_t position,
                             const char *child);

struct model_tree_place {
    const char *guid, *parent; /* live as long as the tree; parent NULL: it is not shown */
    int64_t position;
    bool known;  /* false: one of the roots, for which no item was added */
    bool moved;  /* differs from the item's parent and position; true if not known */
    bool turned; /* it is shown and was not, or the other way round */
};

/* Computes the places. Afterwards only what follows and model_tree_destroy() may be called. 0 or
 * NOMEM. */
int model_tree_repair(struct model_tree *tree, size_t *ret_count);
/* Numbers what is shown, from 0, as one reads it from above: the roots in the order of Firefox
 * (menu, toolbar, unfiled, mobile), each followed by what is below it. After the repair. 0 or
 * NOMEM. */
int model_tree_count(struct model_tree *tree);
/* -1: not shown, or not counted. */
int64_t model_tree_number(const struct model_tree *tree, const char *guid);
/* index < count; items in the order in which they were first named, the four roots first. */
void model_tree_place(const struct model_tree *tree, size_t index,
                      struct model_tree_place *ret_place);

#endif

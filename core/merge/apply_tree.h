/* Placing bookmarks: loads what their records say, repairs the tree, writes the places that
 * differ. */
#ifndef HEARTH_CORE_MERGE_APPLY_TREE_H
#define HEARTH_CORE_MERGE_APPLY_TREE_H

#include "merge/apply.h"

int merge_apply_tree(struct apply *apply, struct err *err);

#endif

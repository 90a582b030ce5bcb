/* Placing bookmarks: loads what their records say, repairs the tree, writes the places that
 * differ. */
#ifndef HEARTH_CORE_MERGE_APPLY_TREE_H
#define HEARTH_CORE_MERGE_APPLY_TREE_H

#include "base/number_set.h"
#include "merge/apply.h"

struct model_tree;

/* touched: pages that have gained or lost a bookmark by it are added. *ret_tree: the repaired one,
 * which the caller destroys; NULL on failure. *ret_old: there are rows of older rules, and nothing
 * was written. */
int merge_apply_tree(struct apply *apply, struct number_set *touched, struct model_tree **ret_tree,
                     bool *ret_old, struct err *err);
/* The page of a URL, made if nobody has been there; added to touched. */
int merge_apply_touch_url(struct apply *apply, const char *url, int64_t added,
                          struct number_set *touched, int64_t *ret_page, struct err *err);
/* 0: none. */
int merge_apply_touch_page(struct number_set *touched, int64_t page, struct err *err);

#endif

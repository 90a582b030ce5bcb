/* Bookmarks besides those that a batch of their own brings. */
#ifndef HEARTH_CORE_MERGE_APPLY_BOOKMARKS_H
#define HEARTH_CORE_MERGE_APPLY_BOOKMARKS_H

#include "merge/apply.h"

/* In a batch: the source of `apply` has no bookmarks any more, and no folder of its own. */
int merge_apply_no_bookmarks(struct apply *apply, struct err *err);

#endif

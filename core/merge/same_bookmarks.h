/* Does a complete collection of bookmarks say what is stored of its source already? Then nothing is
 * cleared, and nothing put back. */
#ifndef HEARTH_CORE_MERGE_SAME_BOOKMARKS_H
#define HEARTH_CORE_MERGE_SAME_BOOKMARKS_H

#include "merge/apply.h"

/* What a record makes of a bookmark, but for what is derived from all of them; texts borrowed, or
 * in the arena of `apply`. 0 or NOMEM. */
typedef int (*same_bookmarks_make)(struct apply *apply, const struct hearth_bookmark_record *record,
                                   struct hearth_bookmark *ret_bookmark);

/* In the batch, before anything is written; nothing came damaged. *ret_same is false, too, where
 * it would be hard to say. roots: the rows of those that exist though none came, ended by one
 * without a guid. */
int merge_same_bookmarks(struct apply *apply, const struct hearth_bookmark *roots,
                         same_bookmarks_make make, bool *ret_same, struct err *err);

#endif

/* Pages that older releases kept apart, because they compared URLs by their bytes, become one. */
#ifndef HEARTH_CORE_MERGE_UNITE_PAGES_H
#define HEARTH_CORE_MERGE_UNITE_PAGES_H

#include "merge/apply.h"

/* What becomes of a page. */
struct united {
    int64_t from, to;   /* to: where its history is now, of one without: its bookmarks; 0: here */
    bool to_had_visits; /* of its own */
};

/* In a batch: if the URL of the page `id` is not in its canonical form, its visits, title and ids
 * of records go to the page that has it (without a user), its bookmarks to that of theirs; a
 * bookmark whose URL is none is removed. A page that is not there is fine. Other ids of records
 * than the page's own are joined by the caller. ret_united: may be NULL. */
int merge_unite_page(struct apply *apply, int64_t id, struct united *ret_united, struct err *err);

#endif

/* The records of a collection that arrived damaged: what is stored of them stays, though a
 * complete collection replaces the rest. */
#ifndef HEARTH_CORE_MERGE_KEPT_H
#define HEARTH_CORE_MERGE_KEPT_H

#include "merge/apply.h"

struct kept_bookmark;

/* Ids, each once, in order. */
struct kept {
    struct arena arena;
    const char **ids;
    size_t count, room;
    struct kept_bookmark *bookmarks; /* NULL, or one for each id */
};

/* Reads the ids from the spool. ret_kept needs merge_kept_fini() whatever comes back. NOMEM, or
 * errors of the spool. */
int merge_kept_init(struct kept *ret_kept, struct spool *spool, struct err *err);
void merge_kept_fini(struct kept *kept);
bool merge_kept_has(const struct kept *kept, const char *id);

/* Copies the stored bookmarks of these ids, with their lists of children, out of the storage:
 * before bookmark_clear(). */
int merge_kept_load_bookmarks(struct kept *kept, struct apply *apply, struct err *err);
/* Writes them again. */
int merge_kept_put_bookmarks(struct kept *kept, struct apply *apply, struct err *err);

#endif

/* The records of a collection that arrived damaged: what is stored of them stays, though a complete collection replaces the rest. */
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

/* Reads the ids from the spool. ret_kept needs kept_fini() whatever comes back. NOMEM, or errors of the spool. */
int kept_init(struct kept *ret_kept, struct spool *spool, struct err *err);
void kept_fini(struct kept *kept);
bool kept_has(const struct kept *kept, const char *id);

/* Copies the stored bookmarks of these ids, with their lists of children, out of the storage: before bookmark_clear(). */
int kept_load_bookmarks(struct kept *kept, struct apply *apply, struct err *err);
/* Writes them again. */
int kept_put_bookmarks(struct kept *kept, struct apply *apply, struct err *err);

#endif

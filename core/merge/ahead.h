/* What many pages are made of, read with a few calls of the storage instead of some for each:
 * a round trip to a server costs more than the rows. For one thread, inside an open batch. */
#ifndef HEARTH_CORE_MERGE_AHEAD_H
#define HEARTH_CORE_MERGE_AHEAD_H

#include "base/arena.h"
#include "model/page.h"
#include "plug/storage.h"

enum { AHEAD_PAGES = 100 };

struct ahead_bookmark {
    struct hearth_bookmark bookmark; /* modified, added, title and tags */
    struct ahead_bookmark *next;     /* in the order of bookmarks_of_page() */
};

struct ahead_page {
    int64_t id;
    bool there;
    struct hearth_page page;
    struct model_page facts; /* of its visits */
    struct ahead_bookmark *bookmarks, **end;
};

struct ahead {
    struct arena arena;
    struct ahead_page *pages; /* by id */
    size_t count;
};

void merge_ahead_init(struct ahead *ahead);
void merge_ahead_fini(struct ahead *ahead);
/* At most AHEAD_PAGES; what was read before is gone. With `pages` that have more rows than is
 * sensible, none are found afterwards. */
int merge_ahead_read(struct ahead *ahead, struct storage *storage, const char *account,
                     const uint64_t *pages, size_t count, struct err *err);
/* NULL: it was not read; ahead may be NULL. It is as it was then: whoever writes anything of it
 * but the page's own row forgets it before it is asked for. */
const struct ahead_page *merge_ahead_find(const struct ahead *ahead, int64_t page);
void merge_ahead_forget(struct ahead *ahead, int64_t page);

#endif

/* What people removed here, in the form in which every visit that comes can be asked about:
 * sorted, so that ten thousand removals cost a visit a few comparisons. Nothing else is known
 * here: no storage, no records. */
#ifndef HEARTH_CORE_MODEL_REMOVED_HERE_H
#define HEARTH_CORE_MODEL_REMOVED_HERE_H

#include <stdbool.h>

#include "hearth/storage.h"

struct model_removed_rule {
    int64_t page;     /* of pages and visits */
    const char *host; /* of sites; owned */
    int64_t from, to; /* from <= date < to */
    int64_t type;     /* of visits; -1: any */
};

struct model_removed_rules {
    struct model_removed_rule *rules;
    size_t count, room;
};

struct model_removed_here {
    /* visits are among the pages; spans do not overlap once they are sorted */
    struct model_removed_rules pages, sites, spans;
};

void model_removed_here_init(struct model_removed_here *here);
void model_removed_here_fini(struct model_removed_here *here);
/* Copies what it keeps; of a kind that is not known: nothing. False: out of memory. */
bool model_removed_here_add(struct model_removed_here *here,
                            const struct hearth_removed_here *removed);
/* after the last one, before any question */
void model_removed_here_sort(struct model_removed_here *here);

/* Nothing is removed here: nothing need be asked. */
bool model_removed_here_is_empty(const struct model_removed_here *here);
/* host: of the page, as pages have it. Only when this is true anybody looks at it. */
bool model_removed_here_asks_host(const struct model_removed_here *here);
bool model_removed_here_has_visit(const struct model_removed_here *here, int64_t page,
                                  const char *host, int64_t date, int64_t type);
/* All visits of the page, whenever they are, and what else history says of it. */
bool model_removed_here_has_page(const struct model_removed_here *here, int64_t page,
                                 const char *host);

#endif

/* How the search engine reads an account: through a storage handle. */
#ifndef HEARTH_CORE_API_SOURCE_H
#define HEARTH_CORE_API_SOURCE_H

#include "plug/storage.h"
#include "search/search.h"

/* On the stack of the thread whose handle it is; both are borrowed. */
struct source {
    struct storage *storage;
    const char *account;
    /* for search_*(); its ctx is this struct, its deadline the handle's */
    struct search_source reading;
};

void api_source_init(struct source *source, struct storage *storage, const char *account);

#endif

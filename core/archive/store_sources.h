/* The sources of an archive that is stored: they go before the batch, and are taken back when it
 * fails. */
#ifndef HEARTH_CORE_ARCHIVE_STORE_SOURCES_H
#define HEARTH_CORE_ARCHIVE_STORE_SOURCES_H

#include "plug/storage.h"

struct archive_sources {
    struct archive_source *list; /* that were put */
    size_t count, room;
};

/* CONFLICT: the account has some already. */
int archive_sources_check(struct storage *storage, const char *account, struct err *err);
int archive_sources_put(struct archive_sources *sources, struct storage *storage,
                        const char *account, const struct hearth_source *source, struct err *err);
/* NULL: no such source was put. */
const char *archive_sources_provider(const struct archive_sources *sources, int64_t id);
void archive_sources_take_back(const struct archive_sources *sources, struct storage *storage,
                               const char *account);
void archive_sources_fini(struct archive_sources *sources);

#endif

/* storage/meta/global: what is synced, in which format. */
#ifndef HEARTH_PLUGINS_SYNC_FX_META_H
#define HEARTH_PLUGINS_SYNC_FX_META_H

#include <stdbool.h>
#include <stddef.h>

#include "names.h"

struct fx_engine {
    bool declined;   /* switched off by the person */
    int64_t version; /* 0: the engine is not named */
    char sync_id[FX_SYNC_ID_MAX];
};

struct fx_meta {
    bool present;
    int64_t timestamp; /* of the collection meta when it was read, centiseconds */
    int64_t storage_version;
    char sync_id[FX_SYNC_ID_MAX];
    struct fx_engine engine[FX_COLLECTIONS];
};

/* Reads the payload of meta/global. INVALID: not an object with a storageVersion and a syncID.
 * Odd entries of single engines are read as far as they make sense. ret_meta->timestamp is not
 * touched. */
int fx_meta_parse(const char *text, size_t size, struct fx_meta *ret_meta);

#endif

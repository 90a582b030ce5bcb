/* The collections that are read, by the numbers of the core. */
#ifndef HEARTH_PLUGINS_SYNC_FX_NAMES_H
#define HEARTH_PLUGINS_SYNC_FX_NAMES_H

#include "hearth/storage.h"

enum { FX_COLLECTIONS = HEARTH_HISTORY + 1, FX_SYNC_ID_MAX = 65 };

struct fx_collection {
    const char *name;  /* on the server, and of the engine in meta/global */
    const char *title; /* for people */
    int version;       /* the newest format that is understood here */
};

/* Index: enum hearth_collection; 0 is unused. */
extern const struct fx_collection fx_collections[FX_COLLECTIONS];

#endif

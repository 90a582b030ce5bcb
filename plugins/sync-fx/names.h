/* The collections that are read, by the numbers of the core. */
#ifndef HEARTH_PLUGINS_SYNC_FX_NAMES_H
#define HEARTH_PLUGINS_SYNC_FX_NAMES_H

#include "hearth/storage.h"

enum { FX_COLLECTIONS = HEARTH_COLLECTION_SLOTS, FX_SYNC_ID_MAX = 65 };

struct fx_pull;
struct fx_record;
struct fx_translate;

struct fx_collection {
    const char *name; /* on the server, and of the engine in meta/global */
    int version;      /* the newest format that is understood here */
    /* Reads it from the server. NULL: another collection's function does (tabs come with the
     * devices). */
    int (*run)(struct fx_pull *p, int collection);
    /* Hands one record to the sink: record.h. NULL: its records live no longer than their
     * device. */
    int (*translate)(struct fx_translate *t, const struct fx_record *record);
    bool united;    /* by the core, with what it has: nothing is gone because it did not come */
    bool by_device; /* one record for each device: read together, whole */
    bool moves;     /* first or last among the others when that makes sense: pull.c */
    bool optional;  /* left out with `history = no` */
};

/* Index: enum hearth_collection; 0 is unused. */
extern const struct fx_collection fx_collections[FX_COLLECTIONS];

#endif

/* What the core does with each collection: one row for each of HEARTH_COLLECTIONS. */
#ifndef HEARTH_CORE_MERGE_COLLECTIONS_H
#define HEARTH_CORE_MERGE_COLLECTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct apply;
struct err;

/* The records that a sync plugin may hand over in it. */
enum merge_takes {
    MERGE_DEVICES = 1 << 0,
    MERGE_TABS = 1 << 1,
    MERGE_BOOKMARKS = 1 << 2,
    MERGE_PAGES = 1 << 3
};

struct merge_collection {
    int (*apply)(struct apply *apply, struct err *err); /* replays the spool into the open batch */
    unsigned takes;                                     /* enum merge_takes */
    /* what comes is united with what is stored: nothing is gone because it did not come */
    bool united;
};

/* collection: enum hearth_collection; NULL: there is no such collection, or it is
 * HEARTH_COLLECTION_NONE. */
const struct merge_collection *merge_collection(int32_t collection);
/* For people and events: "devices"; "account" for HEARTH_COLLECTION_NONE, "unknown" for what is
 * none. */
const char *merge_collection_name(int32_t collection);
/* The event of an account's new generation, as JSON for the queue and for event streams. changed:
 * MERGE_CHANGED() of each collection of which it tells. free(); NULL: out of memory. */
#define MERGE_CHANGED(collection) (1u << (collection))
char *merge_changed_event(int64_t generation, unsigned changed);
/* The same as the data of the stream's event alone. */
char *merge_changed_data(int64_t generation, unsigned changed);

#endif

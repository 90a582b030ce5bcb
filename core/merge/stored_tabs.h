/* What is stored of the tabs and their groups of one source of an account, to be compared with
 * what comes: of each its key and a number that stands for all that it says, since its texts may
 * be long. */
#ifndef HEARTH_CORE_MERGE_STORED_TABS_H
#define HEARTH_CORE_MERGE_STORED_TABS_H

#include "merge/apply.h"
#include "plug/fields.h"

struct stored_tab {
    const char *device; /* in the arena, as `group` */
    const char *group;  /* of a group: its id; of a tab: NULL */
    int64_t position;   /* of a tab */
    uint64_t says;      /* see merge_stored_tabs_say() */
    bool came;
    bool gone; /* it was cleared: whatever comes is news */
};

struct stored_tabs {
    struct stored_tab *rows; /* by device, then group, then position */
    size_t count, room;
    struct arena arena;
    int64_t source;
    bool failed; /* memory was short while they were listed */
};

/* In the batch. {0} and what was loaded need merge_stored_tabs_fini(), whatever comes back. */
int merge_stored_tabs_load(struct stored_tabs *ret_stored, struct apply *apply, struct err *err);
void merge_stored_tabs_fini(struct stored_tabs *stored);
/* A number for what a record says: two that differ have the same one once in 2^64, and nobody can
 * choose them so. */
uint64_t merge_stored_tabs_say(const struct fields *fields, const void *record);
/* It came, whatever it says; one that is not stored is fine. group: NULL, a tab. */
void merge_stored_tabs_came(struct stored_tabs *stored, const char *device, const char *group,
                            int64_t position);
/* Does it say something else than what is stored? It is taken for stored then. */
bool merge_stored_tabs_news(struct stored_tabs *stored, const char *device, const char *group,
                            int64_t position, uint64_t says);
/* The rows from `first` to before `end` were cleared. */
void merge_stored_tabs_forget(struct stored_tabs *stored, size_t first, size_t end);

#endif

/* What a person removes here stays removed although its source still has it: it is taken out of
 * what is stored, and kept out of what comes. docs/merging.md tells it in words. */
#ifndef HEARTH_CORE_MERGE_REMOVED_HERE_H
#define HEARTH_CORE_MERGE_REMOVED_HERE_H

#include "hearth/sync.h"
#include "model/removed_here.h"
#include "plug/storage.h"

struct arena;

/* Of one account: each batch of history reads them all. */
enum { REMOVED_HERE_MAX = 10000 };

/* Everything that was removed here, sorted; once for each batch, in it: what is put while it
 * waits for its turn counts. On failure there is nothing to free. */
int merge_removed_here_load(struct storage *storage, const char *account,
                            struct model_removed_here *ret_here, struct err *err);
/* Takes out of a record what is removed here; the rest lives in the arena. *ret_gone: it says
 * nothing that may be stored. */
int merge_removed_here_filter(const struct model_removed_here *here, int64_t page,
                              struct hearth_page_record *record, struct arena *arena,
                              bool *ret_gone, struct err *err);

/* What a removal has taken away. */
struct removed_here_result {
    char id[HEARTH_ID_MAX + 1]; /* of the removal: its own, or that of one that said the same */
    int64_t pages, visits;      /* pages: of which anything was taken away */
    int64_t generation;         /* of the batch; 0: nothing was stored of it */
};

/* Puts the removal, so that no later batch stores what it says, and then removes what is stored,
 * in one batch: memory for the ids of the pages, and the visits of some of them at a time. When
 * it fails the removal may be there already; it can be repeated: one that says the same takes
 * the place of the other. INVALID: it says nothing (no page, host or span); FULL: there are as
 * many as there may be. Not in a batch. */
int merge_removed_here_put(struct storage *storage, const char *account,
                           const struct hearth_removed_here *removed,
                           struct removed_here_result *ret_result, struct err *err);

#endif

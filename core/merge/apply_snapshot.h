/* A HEARTH_SNAPSHOT of history: all pages and visits that the source has. What it does not have
 * is gone here, too. docs/merging.md. */
#ifndef HEARTH_CORE_MERGE_APPLY_SNAPSHOT_H
#define HEARTH_CORE_MERGE_APPLY_SNAPSHOT_H

#include "base/number_set.h"
#include "merge/apply.h"
#include "merge/kept.h"

/* Memory: 32 bytes for each page of the snapshot and 8 for each that goes, at most twice that
 * while it grows. */
struct snapshot {
    struct number_set seen;    /* came */
    struct kept kept;          /* ids of records that came damaged */
    struct number_set damaged; /* what is stored under these ids */
};

/* Reads the spool for damaged records. ret_snapshot needs merge_snapshot_fini() whatever comes
 * back. */
int merge_snapshot_init(struct snapshot *ret_snapshot, struct apply *apply, struct err *err);
void merge_snapshot_fini(struct snapshot *snapshot);

/* Before a record is united with the stored page: takes away all of the page's visits when some
 * of them did not come, so that those that came are all there is. A page that comes in several
 * records has the visits of all. *ret_first: it is the first of them; *ret_trimmed: visits were
 * taken away. */
int merge_snapshot_trim(struct snapshot *snapshot, struct apply *apply,
                        const struct hearth_page *page, const struct hearth_page_record *record,
                        bool *ret_first, bool *ret_trimmed, struct err *err);
/* A page that was not stored came. */
int merge_snapshot_note(struct snapshot *snapshot, int64_t page, struct err *err);
/* After all records: takes the history of every page that did not come. */
int merge_snapshot_sweep(const struct snapshot *snapshot, struct apply *apply, struct err *err);

#endif

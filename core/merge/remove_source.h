/* Everything that a source brought goes, and what others brought stays. docs/merging.md tells it
 * in words. */
#ifndef HEARTH_CORE_MERGE_REMOVE_SOURCE_H
#define HEARTH_CORE_MERGE_REMOVE_SOURCE_H

#include "plug/storage.h"

/* Devices with their tabs; bookmarks; visits, page by page; cursors; then the source itself with
 * its credentials. In several batches, each of which leaves a sound account, so that nothing
 * waits for long: when it fails, or the process ends, it can be repeated. Nothing of the source
 * may come meanwhile: the caller sees to it. Memory: 8 bytes for each page of the account, and
 * the ids of the source's records. A source that is not there: what is there of it goes.
 * INVALID: source 0, which goes with its account. Not in a batch. */
int merge_remove_source(struct storage *storage, const char *account, int64_t source,
                        struct err *err);

#endif

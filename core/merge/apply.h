/* Storing a spooled collection: the merge rules of the core, one batch for each collection.
 * docs/merging.md tells them in words. */
#ifndef HEARTH_CORE_MERGE_APPLY_H
#define HEARTH_CORE_MERGE_APPLY_H

#include "hearth/sync.h"
#include "merge/spool.h"
#include "plug/storage.h"

struct model_page;
struct ahead;

/* Inside an open batch. */
struct apply {
    struct storage *storage;
    const char *account;
    int64_t source; /* whose records came */
    int32_t how;    /* enum hearth_sync_begin */
    struct spool *spool;
    struct arena arena;          /* reset for each record */
    bool changed;                /* something a reader can see was written */
    const char *collection;      /* its name */
    struct hearth_counts before; /* the batch began */
    int64_t records;             /* replayed since then */
    struct ahead *ahead;         /* what was read of pages that are to be written; NULL */
};

/* Does the collection that came replace what is stored? History is united even with a COMPLETE
 * one: see apply_history.c. */
static inline bool apply_replaces(const struct apply *apply)
{
    return apply->how != HEARTH_INCREMENTAL;
}

/* One more record was replayed: now and then the limits are looked at, so that a batch that is
 * going to fail ends soon. */
int merge_apply_count_record(struct apply *apply, struct err *err);

/* One function for each collection: replays the spool into the open batch. */
int merge_apply_devices(struct apply *apply, struct err *err);
int merge_apply_tabs(struct apply *apply, struct err *err);
int merge_apply_bookmarks(struct apply *apply, struct err *err);
int merge_apply_history(struct apply *apply, struct err *err);

/* Computes a page anew from its visits and bookmarks and writes, or removes, it. `page` is what
 * is known (id, url, and what history said); used by history and bookmarks. */
int merge_apply_page(struct apply *apply, struct hearth_page *page, struct err *err);
/* The same of one that is as it is stored: written if that makes another of it. */
int merge_apply_stored_page(struct apply *apply, struct hearth_page *page, struct err *err);
/* Takes away the visits that `takes` says. The page itself is left to the caller. */
typedef bool (*apply_takes_fn)(const void *ctx, const struct hearth_visit *visit);
struct apply_taken {
    int64_t taken, left; /* visits */
};
int merge_apply_take_visits(struct apply *apply, int64_t page, apply_takes_fn takes,
                            const void *ctx, struct apply_taken *ret_taken, struct err *err);
/* The same, whoever brought them, and then the page: where no visit is left, without what its
 * records say. */
int merge_apply_take_from_page(struct apply *apply, struct hearth_page *page, apply_takes_fn takes,
                               const void *ctx, struct err *err);
/* source: int64_t */
bool merge_apply_is_from(const void *source, const struct hearth_visit *visit);
/* The source has no visits and no record of the page any more: what others and bookmarks make of
 * it remains. */
int merge_apply_end_history(struct apply *apply, struct hearth_page *page, struct err *err);
/* Writes a page whose visits are summed up in `facts` and whose bookmark fields are set. */
int merge_apply_put_page(struct apply *apply, struct hearth_page *page,
                         const struct model_page *facts, struct err *err);
/* The page of a URL: its id, and what is stored of it (NOT_FOUND leaves *ret_page with id and
 * url only and returns 0, *ret_new true). */
int merge_apply_find_page(struct apply *apply, const char *url, struct hearth_page *ret_page,
                          bool *ret_new, struct err *err);

/* begin, replay, cursor, commit. cursor: NULL keeps the old one. Repeats once when the outcome of
 * the commit is uncertain. */
int merge_apply_collection(struct storage *storage, const char *account, int32_t collection,
                           int32_t how, struct spool *spool, const char *cursor, bool *ret_changed,
                           int64_t *ret_generation, struct err *err);

#endif

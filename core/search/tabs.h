/* The open tabs of an account's devices, folded; last used first. Immutable and shared by
 * reference counts; any thread may read them. */
#ifndef HEARTH_CORE_SEARCH_TABS_H
#define HEARTH_CORE_SEARCH_TABS_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "search/search.h"
#include "search/segment.h"

struct tabs {
    atomic_uint references;
    uint32_t count;
    struct search_tab *list; /* texts in the arena; the index is that of the segment */
    struct segment *segment; /* ids: those that pages with these URLs would have */
    struct arena arena;
};

/* Reads them from the source; at most SEGMENT_MAX_PAGES. 0, NOMEM, or the source's error. */
int search_tabs_load(const struct search_source *source, struct tabs **ret_tabs, struct err *err);
struct tabs *search_tabs_ref(struct tabs *tabs); /* returns its argument; accepts NULL */
void search_tabs_unref(struct tabs *tabs);       /* accepts NULL */
size_t search_tabs_bytes(const struct tabs *tabs);

#endif

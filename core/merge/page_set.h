/* A set of page ids: the pages whose bookmarks a batch touched, or that a snapshot has. At most 32 bytes for each, and twice that for a
 * moment while it grows. */
#ifndef HEARTH_CORE_MERGE_PAGE_SET_H
#define HEARTH_CORE_MERGE_PAGE_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct page_set {
    int64_t *slots; /* open addressing; 0: free (ids are positive) */
    size_t room, count;
};

bool page_set_has(const struct page_set *set, int64_t page);
void page_set_fini(struct page_set *set);              /* {0} is a valid empty set */
bool page_set_add(struct page_set *set, int64_t page); /* 0 is ignored; false when memory is short */

#endif

/* Pages, their guids and visits, besides the operations. */
#ifndef STORAGE_SQLITE_PAGES_H
#define STORAGE_SQLITE_PAGES_H

#include "handle.h"
#include "storage-sql/page_hooks.h"

/* --- inside an operation of a batch --- */
/* NOT_FOUND, with a text */
int sqlite_page_find(struct handle *handle, int64_t page, struct known_page *ret_page);
int sqlite_page_remove_visits(struct handle *handle, const struct known_page *page);

#endif

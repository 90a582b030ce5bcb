/* Pages, their guids and visits, besides the operations. */
#ifndef STORAGE_PG_PAGES_H
#define STORAGE_PG_PAGES_H

#include "handle.h"
#include "storage-sql/page_hooks.h"

/* Fills the batch's sets with what is stored. */
int pg_pages_learn(struct handle *handle);

#endif

/* Pages, their guids and visits, besides the operations. */
#ifndef STORAGE_SQLITE_PAGES_H
#define STORAGE_SQLITE_PAGES_H

#include "session.h"
#include "storage-sql/page_hooks.h"

/* Inside an operation of a batch. */
int page_find(struct session *session, int64_t page, struct known_page *ret_page); /* NOT_FOUND, with a text */
int page_remove_visits(struct session *session, const struct known_page *page);

#endif

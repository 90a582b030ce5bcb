/* What reading a page tells each plugin: in a batch the core reads a page before it writes it. */
#ifndef STORAGE_SQL_PAGE_HOOKS_H
#define STORAGE_SQL_PAGE_HOOKS_H

#include "hearth/storage.h"

struct op;

/* What the batch knows of the page. 0: that it is not there; 1: it has to be looked for; or an error. */
int page_expect(struct op *op, const char *account, int64_t page);
/* What was found: page NULL, nothing. row: the column of the fragment PAGE_ALSO. */
void page_note(struct op *op, const char *account, int64_t id, const struct hearth_page *page, int64_t row);

#endif

/* Pages, their guids and visits, besides the operations. */
#ifndef STORAGE_PG_PAGES_H
#define STORAGE_PG_PAGES_H

#include "session.h"

/* page_get() in a batch: what is known of the page. 0: that it is not there; 1: it has to be looked for; or an error. */
int page_expect(struct op *op, const char *account, int64_t page);
/* What was found: page NULL, nothing; row: the column of PAGE_ALSO. */
void page_note(struct op *op, const char *account, int64_t id, const struct hearth_page *page, int64_t row);
/* Fills the batch's sets with what is stored. */
int page_learn(struct session *session);
/* Keeps the list of removed pages bounded; who asks for changes before it is told to load anew. */
int page_forget_removed(struct session *session);

#endif

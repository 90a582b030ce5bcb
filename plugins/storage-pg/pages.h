/* Pages, their guids and visits: writing and reading. */
#ifndef STORAGE_PG_PAGES_H
#define STORAGE_PG_PAGES_H

#include "store.h"

struct query;

/* In a batch. */
int page_put(void *session, struct hearth_call *call, const struct hearth_page *page);
int page_remove(void *session, struct hearth_call *call, int64_t page);
int page_by_guid(void *session, struct hearth_call *call, const char *guid, int64_t *ret_page);
int page_guid_put(void *session, struct hearth_call *call, const char *guid, int64_t page);
int visits_put(void *session, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added);
int visits_remove(void *session, struct hearth_call *call, int64_t page);

int page_get(void *session, struct hearth_call *call, const char *account, int64_t page, struct hearth_page *ret_page);
int pages_get(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb,
              void *ctx);
int visits_of_pages(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count,
                    hearth_page_visit_cb cb, void *ctx);
int page_visits(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_visit_cb cb, void *ctx);
int pages_by_frecency(void *session, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx);
int pages_changed(void *session, struct hearth_call *call, const char *account, int64_t since, hearth_page_cb cb, void *ctx);
int visit_list(void *session, struct hearth_call *call, const char *account, const struct hearth_visit_query *query, hearth_visit_row_cb cb,
               void *ctx);
int visit_dates(void *session, struct hearth_call *call, const char *account, int64_t from, int64_t to, hearth_visit_row_cb cb, void *ctx);

/* A row of a statement over many pages; non-zero: no more rows. */
typedef int (*page_row_fn)(void *ctx, struct query *query);
/* An operation of its own: runs `sql` for the pages, some at a time. $1 is the account's id, $2 an array of pages' ids. */
int pages_each_row(void *session, struct hearth_call *call, const char *sql, const char *account, const int64_t *pages, size_t count,
                   page_row_fn on_row, void *ctx);

/* Fills the batch's sets with what is stored. */
int page_learn(struct session *session);
/* Keeps the list of removed pages bounded; who asks for changes before it is told to load anew. */
int page_forget_removed(struct session *session);

#endif

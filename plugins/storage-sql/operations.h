/* The operations of struct hearth_storage, under their names there as far as no module says otherwise; hearth/storage.h says what each
 * does. Those above the line "own" are made here, the others by each plugin. */
#ifndef STORAGE_SQL_OPERATIONS_H
#define STORAGE_SQL_OPERATIONS_H

#include "hearth/storage.h"

/* --- pages and visits --- */
int page_get(void *session, struct hearth_call *call, const char *account, int64_t page, struct hearth_page *ret_page);
int pages_get(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb,
              void *ctx);
int pages_by_frecency(void *session, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx);
int page_visits(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_visit_cb cb, void *ctx);
int visits_of_pages(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count,
                    hearth_page_visit_cb cb, void *ctx);
int visit_list(void *session, struct hearth_call *call, const char *account, const struct hearth_visit_query *query, hearth_visit_row_cb cb,
               void *ctx);
int visit_dates(void *session, struct hearth_call *call, const char *account, int64_t from, int64_t to, hearth_visit_row_cb cb, void *ctx);
int visits_check(struct hearth_call *call, const struct hearth_visit *visits, size_t count); /* INVALID, in words */

/* --- devices, tabs, marks --- */
int device_put(void *session, struct hearth_call *call, const struct hearth_device *device);
int device_remove(void *session, struct hearth_call *call, const char *device);
int device_list(void *session, struct hearth_call *call, const char *account, hearth_device_cb cb, void *ctx);
int tab_put(void *session, struct hearth_call *call, const char *device, const struct hearth_tab *tab);
int tabs_clear(void *session, struct hearth_call *call, const char *device);
int tab_list(void *session, struct hearth_call *call, const char *account, const char *device, hearth_tab_cb cb, void *ctx);
int mark_put(void *session, struct hearth_call *call, int32_t collection, const char *text);
int mark_list(void *session, struct hearth_call *call, const char *account, hearth_mark_cb cb, void *ctx);

/* --- bookmarks --- */
int bookmark_put(void *session, struct hearth_call *call, const struct hearth_bookmark *bookmark);
int bookmark_remove(void *session, struct hearth_call *call, const char *guid);
int bookmark_clear(void *session, struct hearth_call *call);
int bookmark_claims_put(void *session, struct hearth_call *call, const char *folder, const char *const *children, size_t count);
int bookmark_place(void *session, struct hearth_call *call, const char *guid, const char *parent, int64_t position);
int bookmark_get(void *session, struct hearth_call *call, const char *account, const char *guid, struct hearth_bookmark *ret_bookmark);
int bookmark_list(void *session, struct hearth_call *call, const char *account, const struct hearth_bookmark_query *query,
                  hearth_bookmark_cb cb, void *ctx);
int bookmarks_of_pages(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count,
                       hearth_bookmark_cb cb, void *ctx);
int bookmarks_of_page(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_bookmark_cb cb, void *ctx);
int bookmark_nodes(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx);
int bookmark_tombstones(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx);
int bookmark_claims(void *session, struct hearth_call *call, const char *account, hearth_claim_cb cb, void *ctx);
int tag_list(void *session, struct hearth_call *call, const char *account, hearth_tag_cb cb, void *ctx);

/* --- own: pages and visits, in a batch --- */
int page_put(void *session, struct hearth_call *call, const struct hearth_page *page);
int page_remove(void *session, struct hearth_call *call, int64_t page);
int page_by_guid(void *session, struct hearth_call *call, const char *guid, int64_t *ret_page);
int page_guid_put(void *session, struct hearth_call *call, const char *guid, int64_t page);
int visits_put(void *session, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added);
int visits_remove(void *session, struct hearth_call *call, int64_t page);
int pages_changed(void *session, struct hearth_call *call, const char *account, int64_t since, hearth_page_cb cb, void *ctx);

#endif

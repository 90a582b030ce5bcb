/* The operations of struct hearth_storage, under their names there as far as no module says otherwise; hearth/storage.h says what each
 * does. Those above the line "own" are made here, the others by each plugin. */
#ifndef STORAGE_SQL_OPERATIONS_H
#define STORAGE_SQL_OPERATIONS_H

#include "hearth/storage.h"

/* --- accounts, and what each has --- */
int account_update(void *session, struct hearth_call *call, const struct hearth_account *account, uint64_t fields);
int account_get(void *session, struct hearth_call *call, const char *account, struct hearth_account *ret_account);
int account_by_email(void *session, struct hearth_call *call, const char *email, struct hearth_account *ret_account);
int account_by_identity(void *session, struct hearth_call *call, const char *issuer, const char *subject,
                        struct hearth_account *ret_account);
int account_list(void *session, struct hearth_call *call, hearth_account_cb cb, void *ctx);
int account_claim_due(void *session, struct hearth_call *call, int64_t now, int64_t claimed_until, int64_t limit, hearth_account_cb cb,
                      void *ctx);
int account_counts(void *session, struct hearth_call *call, const char *account, struct hearth_counts *ret_counts);
int credentials_put(void *session, struct hearth_call *call, const char *account, int64_t source, const void *sealed, size_t size);
int credentials_get(void *session, struct hearth_call *call, const char *account, int64_t source, const void **ret_sealed,
                    size_t *ret_size);
int settings_put(void *session, struct hearth_call *call, const char *account, const char *json);
int settings_get(void *session, struct hearth_call *call, const char *account, const char **ret_json);
int identity_put(void *session, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity);
int identity_remove(void *session, struct hearth_call *call, const char *account, const char *issuer, const char *subject);
int identity_list(void *session, struct hearth_call *call, const char *account, hearth_account_identity_cb cb, void *ctx);
int property_put(void *session, struct hearth_call *call, const char *name, const char *text, bool replace);
int property_get(void *session, struct hearth_call *call, const char *name, const char **ret_text);
int token_create(void *session, struct hearth_call *call, const struct hearth_token *token);
int token_by_hash(void *session, struct hearth_call *call, const uint8_t hash[32], struct hearth_token *ret_token);
int token_list(void *session, struct hearth_call *call, const char *account, hearth_token_cb cb, void *ctx);
int token_remove(void *session, struct hearth_call *call, const char *account, const char *id);
int token_used(void *session, struct hearth_call *call, const char *account, const char *id, int64_t when);
int pick_put(void *session, struct hearth_call *call, const char *account, const struct hearth_pick *pick);
int pick_list(void *session, struct hearth_call *call, const char *account, hearth_pick_cb cb, void *ctx);
int removed_here_put(void *session, struct hearth_call *call, const char *account, const struct hearth_removed_here *removed);
int removed_here_remove(void *session, struct hearth_call *call, const char *account, const char *id);
int removed_here_list(void *session, struct hearth_call *call, const char *account, hearth_removed_here_cb cb, void *ctx);
int source_put(void *session, struct hearth_call *call, const char *account, const struct hearth_source *source);
int source_remove(void *session, struct hearth_call *call, const char *account, int64_t id);
int source_list(void *session, struct hearth_call *call, const char *account, hearth_source_cb cb, void *ctx);

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

int removals_since(void *session, struct hearth_call *call, const char *account, int64_t since, hearth_removal_cb cb, void *ctx);

/* --- devices, tabs, marks --- */
int device_put(void *session, struct hearth_call *call, const struct hearth_device *device);
int device_remove(void *session, struct hearth_call *call, const char *device);
int device_hide(void *session, struct hearth_call *call, const char *device, bool hidden);
int device_list(void *session, struct hearth_call *call, const char *account, hearth_device_cb cb, void *ctx);
int tab_put(void *session, struct hearth_call *call, const char *device, const struct hearth_tab *tab);
int tab_group_put(void *session, struct hearth_call *call, const char *device, const struct hearth_tab_group *group);
int tabs_clear(void *session, struct hearth_call *call, const char *device);
int tab_list(void *session, struct hearth_call *call, const char *account, const char *device, hearth_tab_cb cb, void *ctx);
int tab_group_list(void *session, struct hearth_call *call, const char *account, const char *device, hearth_tab_group_cb cb, void *ctx);
int mark_put(void *session, struct hearth_call *call, int64_t source, int32_t collection, const char *text);
int mark_list(void *session, struct hearth_call *call, const char *account, hearth_mark_cb cb, void *ctx);
int generation_list(void *session, struct hearth_call *call, const char *account, hearth_generation_cb cb, void *ctx);

/* --- bookmarks --- */
int bookmark_put(void *session, struct hearth_call *call, const struct hearth_bookmark *bookmark);
int bookmark_remove(void *session, struct hearth_call *call, const char *guid);
int bookmark_clear(void *session, struct hearth_call *call, int64_t source);
int bookmark_claims_put(void *session, struct hearth_call *call, int64_t source, const char *folder, const char *const *children,
                        size_t count);
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
int page_guid_list(void *session, struct hearth_call *call, const char *account, hearth_page_guid_cb cb, void *ctx);

/* --- own: life, accounts, batches --- */
int store_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self);
void store_close(void *self);
int session_open(void *self, struct hearth_call *call, void **ret_session);
void session_close(void *session);
void session_interrupt(void *session);
int session_ping(void *session, struct hearth_call *call);
int migrate_schema_version(void *session, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants);
int migrate_run(void *session, struct hearth_call *call);
int verify_run(void *session, struct hearth_call *call, hearth_text_cb cb, void *ctx);
int account_create(void *session, struct hearth_call *call, const struct hearth_account *account);
int account_remove(void *session, struct hearth_call *call, const char *account);
int batch_begin(void *session, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation);
int batch_commit(void *session, struct hearth_call *call, bool changed); /* whatever it returns, the batch is over */
void batch_abort(void *session);

/* --- own: pages and visits, in a batch --- */
int page_put(void *session, struct hearth_call *call, const struct hearth_page *page);
int page_remove(void *session, struct hearth_call *call, int64_t page);
int page_by_guid(void *session, struct hearth_call *call, const char *guid, int64_t *ret_page);
int page_guid_put(void *session, struct hearth_call *call, const char *guid, int64_t page);
int page_guid_remove(void *session, struct hearth_call *call, const char *guid);
int visits_put(void *session, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added);
int visits_remove(void *session, struct hearth_call *call, int64_t page);
int pages_changed(void *session, struct hearth_call *call, const char *account, int64_t since, hearth_page_cb cb, void *ctx);

/* The table of all of these, and what the extension "bulk" says of them. */
extern const struct hearth_storage sql_operations;
extern const struct hearth_storage_bulk sql_bulk;

#endif

/* The operations of struct hearth_storage, under their names there as far as no module says
 * otherwise; hearth/storage.h says what each does. Those above the line "own" are made here, the
 * others by each plugin. */
#ifndef STORAGE_SQL_OPERATIONS_H
#define STORAGE_SQL_OPERATIONS_H

#include "hearth/storage.h"

/* --- accounts, and what each has --- */
int sql_account_update(void *handle, struct hearth_call *call, const struct hearth_account *account,
                       uint64_t fields);
int sql_account_get(void *handle, struct hearth_call *call, const char *account,
                    struct hearth_account *ret_account);
int sql_account_by_email(void *handle, struct hearth_call *call, const char *email,
                         struct hearth_account *ret_account);
int sql_account_by_identity(void *handle, struct hearth_call *call, const char *issuer,
                            const char *subject, struct hearth_account *ret_account);
int sql_account_list(void *handle, struct hearth_call *call, hearth_account_cb cb, void *ctx);
int sql_account_lease_due(void *handle, struct hearth_call *call, int64_t now, int64_t leased_until,
                          int64_t limit, hearth_account_cb cb, void *ctx);
int sql_account_counts(void *handle, struct hearth_call *call, const char *account,
                       struct hearth_counts *ret_counts);
int sql_credentials_put(void *handle, struct hearth_call *call, const char *account, int64_t source,
                        const void *sealed, size_t size);
int sql_credentials_get(void *handle, struct hearth_call *call, const char *account, int64_t source,
                        const void **ret_sealed, size_t *ret_size);
int sql_settings_put(void *handle, struct hearth_call *call, const char *account, const char *json);
int sql_settings_get(void *handle, struct hearth_call *call, const char *account,
                     const char **ret_json);
int sql_identity_put(void *handle, struct hearth_call *call, const char *account,
                     const struct hearth_account_identity *identity);
int sql_identity_remove(void *handle, struct hearth_call *call, const char *account,
                        const char *issuer, const char *subject);
int sql_identity_list(void *handle, struct hearth_call *call, const char *account,
                      hearth_account_identity_cb cb, void *ctx);
int sql_property_put(void *handle, struct hearth_call *call, const char *name, const char *text,
                     bool replace);
int sql_property_get(void *handle, struct hearth_call *call, const char *name,
                     const char **ret_text);
int sql_token_create(void *handle, struct hearth_call *call, const struct hearth_token *token);
int sql_token_by_hash(void *handle, struct hearth_call *call, const uint8_t hash[32],
                      struct hearth_token *ret_token);
int sql_token_list(void *handle, struct hearth_call *call, const char *account, hearth_token_cb cb,
                   void *ctx);
int sql_token_remove(void *handle, struct hearth_call *call, const char *account, const char *id);
int sql_token_used(void *handle, struct hearth_call *call, const char *account, const char *id,
                   int64_t when);
int sql_pick_put(void *handle, struct hearth_call *call, const char *account,
                 const struct hearth_pick *pick);
int sql_pick_list(void *handle, struct hearth_call *call, const char *account, hearth_pick_cb cb,
                  void *ctx);
int sql_removed_here_put(void *handle, struct hearth_call *call, const char *account,
                         const struct hearth_removed_here *removed);
int sql_removed_here_remove(void *handle, struct hearth_call *call, const char *account,
                            const char *id);
int sql_removed_here_list(void *handle, struct hearth_call *call, const char *account,
                          hearth_removed_here_cb cb, void *ctx);
int sql_source_put(void *handle, struct hearth_call *call, const char *account,
                   const struct hearth_source *source);
int sql_source_remove(void *handle, struct hearth_call *call, const char *account, int64_t id);
int sql_source_list(void *handle, struct hearth_call *call, const char *account,
                    hearth_source_cb cb, void *ctx);
int sql_push_put(void *handle, struct hearth_call *call, const char *account,
                 const struct hearth_push *push);
int sql_push_claim(void *handle, struct hearth_call *call, const char *account,
                   const struct hearth_push *push, int64_t not_before);
int sql_push_remove(void *handle, struct hearth_call *call, const char *account, const char *id);
int sql_push_list(void *handle, struct hearth_call *call, const char *account, hearth_push_cb cb,
                  void *ctx);

/* --- pages and visits --- */
int sql_page_get(void *handle, struct hearth_call *call, const char *account, int64_t page,
                 struct hearth_page *ret_page);
int sql_pages_get(void *handle, struct hearth_call *call, const char *account, const int64_t *pages,
                  size_t count, hearth_page_cb cb, void *ctx);
int sql_pages_by_frecency(void *handle, struct hearth_call *call, const char *account,
                          hearth_page_cb cb, void *ctx);
int sql_page_visits(void *handle, struct hearth_call *call, const char *account, int64_t page,
                    hearth_visit_cb cb, void *ctx);
int sql_visits_of_pages(void *handle, struct hearth_call *call, const char *account,
                        const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx);
int sql_visit_list(void *handle, struct hearth_call *call, const char *account,
                   const struct hearth_visit_query *query, hearth_visit_row_cb cb, void *ctx);
int sql_visit_dates(void *handle, struct hearth_call *call, const char *account, int64_t from,
                    int64_t to, hearth_visit_row_cb cb, void *ctx);

int sql_removals_since(void *handle, struct hearth_call *call, const char *account, int64_t since,
                       hearth_removal_cb cb, void *ctx);

/* --- devices, tabs, cursors --- */
int sql_device_put(void *handle, struct hearth_call *call, const struct hearth_device *device);
int sql_device_remove(void *handle, struct hearth_call *call, const char *device);
int sql_device_hide(void *handle, struct hearth_call *call, const char *device, bool hidden);
int sql_device_list(void *handle, struct hearth_call *call, const char *account,
                    hearth_device_cb cb, void *ctx);
int sql_tab_put(void *handle, struct hearth_call *call, const char *device,
                const struct hearth_tab *tab);
int sql_tab_group_put(void *handle, struct hearth_call *call, const char *device,
                      const struct hearth_tab_group *group);
int sql_tabs_clear(void *handle, struct hearth_call *call, const char *device);
int sql_tab_list(void *handle, struct hearth_call *call, const char *account, const char *device,
                 hearth_tab_cb cb, void *ctx);
int sql_tab_group_list(void *handle, struct hearth_call *call, const char *account,
                       const char *device, hearth_tab_group_cb cb, void *ctx);
int sql_sync_cursor_put(void *handle, struct hearth_call *call, int64_t source, int32_t collection,
                        const char *text);
int sql_sync_cursor_list(void *handle, struct hearth_call *call, const char *account,
                         hearth_sync_cursor_cb cb, void *ctx);
int sql_generation_list(void *handle, struct hearth_call *call, const char *account,
                        hearth_generation_cb cb, void *ctx);

/* --- bookmarks --- */
int sql_bookmark_put(void *handle, struct hearth_call *call,
                     const struct hearth_bookmark *bookmark);
int sql_bookmark_remove(void *handle, struct hearth_call *call, const char *guid);
int sql_bookmark_clear(void *handle, struct hearth_call *call, int64_t source);
int sql_bookmark_children_put(void *handle, struct hearth_call *call, int64_t source,
                              const char *folder, const char *const *children, size_t count);
int sql_bookmark_place(void *handle, struct hearth_call *call, const char *guid, const char *parent,
                       int64_t position);
int sql_bookmark_get(void *handle, struct hearth_call *call, const char *account, const char *guid,
                     struct hearth_bookmark *ret_bookmark);
int sql_bookmark_list(void *handle, struct hearth_call *call, const char *account,
                      const struct hearth_bookmark_query *query, hearth_bookmark_cb cb, void *ctx);
/* Behind which generation rows are wanted: before 0, which has those from before anybody counted,
 * when everything is. */
static inline int64_t sql_generation_before(int64_t since)
{
    return since <= 0 ? -1 : since;
}
int sql_pages_since(void *handle, struct hearth_call *call, const char *account, int64_t since,
                    int64_t after_generation, int64_t after, hearth_page_cb cb, void *ctx);
int sql_visits_since(void *handle, struct hearth_call *call, const char *account, int64_t since,
                     const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx);
int sql_bookmarks_since(void *handle, struct hearth_call *call, const char *account, int64_t since,
                        int64_t after_generation, const char *after, hearth_bookmark_change_cb cb,
                        void *ctx);
int sql_bookmark_path(void *handle, struct hearth_call *call, const char *account, const char *guid,
                      hearth_bookmark_cb cb, void *ctx);
int sql_bookmarks_of_pages(void *handle, struct hearth_call *call, const char *account,
                           const int64_t *pages, size_t count, hearth_bookmark_cb cb, void *ctx);
int sql_bookmarks_of_page(void *handle, struct hearth_call *call, const char *account, int64_t page,
                          hearth_bookmark_cb cb, void *ctx);
int sql_bookmark_items(void *handle, struct hearth_call *call, const char *account,
                       hearth_bookmark_item_cb cb, void *ctx);
int sql_bookmark_tombstones(void *handle, struct hearth_call *call, const char *account,
                            hearth_bookmark_item_cb cb, void *ctx);
int sql_bookmark_children(void *handle, struct hearth_call *call, const char *account,
                          hearth_child_cb cb, void *ctx);
int sql_tag_list(void *handle, struct hearth_call *call, const char *account, hearth_tag_cb cb,
                 void *ctx);
int sql_page_guid_list(void *handle, struct hearth_call *call, const char *account,
                       hearth_page_guid_cb cb, void *ctx);

/* --- own: life, accounts, batches --- */
int sql_database_open(const struct hearth_host *host, struct hearth_call *call,
                      const struct hearth_config_value *values, void **ret_self);
void sql_database_close(void *self);
int sql_handle_open(void *self, struct hearth_call *call, void **ret_handle);
void sql_handle_close(void *handle);
void sql_handle_interrupt(void *handle);
int sql_handle_ping(void *handle, struct hearth_call *call);
int sql_schema_version(void *handle, struct hearth_call *call, int64_t *ret_has,
                       int64_t *ret_wants);
int sql_migrate(void *handle, struct hearth_call *call);
int sql_verify(void *handle, struct hearth_call *call, hearth_text_cb cb, void *ctx);
int sql_account_create(void *handle, struct hearth_call *call,
                       const struct hearth_account *account);
int sql_account_remove(void *handle, struct hearth_call *call, const char *account);
int sql_batch_begin(void *handle, struct hearth_call *call, const char *account, int32_t collection,
                    int64_t *ret_generation);
/* whatever it returns, the batch is over */
int sql_batch_commit(void *handle, struct hearth_call *call, bool changed);
void sql_batch_abort(void *handle);

/* --- own: pages and visits, in a batch --- */
int sql_page_put(void *handle, struct hearth_call *call, const struct hearth_page *page);
int sql_page_remove(void *handle, struct hearth_call *call, int64_t page);
int sql_page_by_guid(void *handle, struct hearth_call *call, const char *guid, int64_t *ret_page);
int sql_page_guid_put(void *handle, struct hearth_call *call, const char *guid, int64_t page);
int sql_page_guid_remove(void *handle, struct hearth_call *call, const char *guid);
int sql_visits_put(void *handle, struct hearth_call *call, int64_t page,
                   const struct hearth_visit *visits, size_t count, int64_t *ret_added);
int sql_visits_remove(void *handle, struct hearth_call *call, int64_t page);
int sql_pages_changed(void *handle, struct hearth_call *call, const char *account, int64_t since,
                      hearth_page_cb cb, void *ctx);

/* The table of all of these, and what the extension "bulk" says of them. */
extern const struct hearth_storage sql_operations;
extern const struct hearth_storage_bulk sql_bulk;
extern const struct hearth_storage_paths sql_paths;
extern const struct hearth_storage_push sql_push;
extern const struct hearth_storage_changes sql_changes;

#endif

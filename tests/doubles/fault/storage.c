/* storage-fault: every operation of a storage plugin. */
#include <string.h>

#include "fault.h"
#include "hearth/storage.h"

#define INNER(s) ((const struct hearth_storage *)(s)->fault->table)
#define BATCH    s->account /* what is written in a batch names no account */

/* What can be lost is what other calls see when it returns: not what a batch still holds. */
#define CALLS(X)                                                                                   \
    X(ping, 0, NULL, (), ())                                                                       \
    X(schema_version, 0, NULL, (int64_t * ret_has, int64_t * ret_wants), (ret_has, ret_wants))     \
    X(migrate, FAULT_CHANGES, NULL, (), ())                                                        \
    X(account_create, FAULT_CHANGES, account->id, (const struct hearth_account *account),          \
      (account))                                                                                   \
    X(account_update, FAULT_CHANGES, account->id,                                                  \
      (const struct hearth_account *account, uint64_t fields), (account, fields))                  \
    X(account_get, 0, account, (const char *account, struct hearth_account *ret_account),          \
      (account, ret_account))                                                                      \
    X(account_by_email, 0, NULL, (const char *email, struct hearth_account *ret_account),          \
      (email, ret_account))                                                                        \
    X(account_by_identity, 0, NULL,                                                                \
      (const char *issuer, const char *subject, struct hearth_account *ret_account),               \
      (issuer, subject, ret_account))                                                              \
    X(identity_put, FAULT_CHANGES, account,                                                        \
      (const char *account, const struct hearth_account_identity *identity), (account, identity))  \
    X(identity_remove, FAULT_CHANGES, account,                                                     \
      (const char *account, const char *issuer, const char *subject), (account, issuer, subject))  \
    X(property_put, FAULT_CHANGES, NULL, (const char *name, const char *text, bool replace),       \
      (name, text, replace))                                                                       \
    X(property_get, 0, NULL, (const char *name, const char **ret_text), (name, ret_text))          \
    X(account_remove, FAULT_CHANGES, account, (const char *account), (account))                    \
    X(counts, 0, account, (const char *account, struct hearth_counts *ret_counts),                 \
      (account, ret_counts))                                                                       \
    X(credentials_put, FAULT_CHANGES, account,                                                     \
      (const char *account, int64_t source, const void *sealed, size_t size),                      \
      (account, source, sealed, size))                                                             \
    X(credentials_get, 0, account,                                                                 \
      (const char *account, int64_t source, const void **ret_sealed, size_t *ret_size),            \
      (account, source, ret_sealed, ret_size))                                                     \
    X(settings_put, FAULT_CHANGES, account, (const char *account, const char *json),               \
      (account, json))                                                                             \
    X(settings_get, 0, account, (const char *account, const char **ret_json), (account, ret_json)) \
    X(token_create, FAULT_CHANGES, token->account, (const struct hearth_token *token), (token))    \
    X(token_by_hash, 0, NULL, (const uint8_t hash[32], struct hearth_token *ret_token),            \
      (hash, ret_token))                                                                           \
    X(token_remove, FAULT_CHANGES, account, (const char *account, const char *id), (account, id))  \
    X(token_used, FAULT_CHANGES, account, (const char *account, const char *id, int64_t when),     \
      (account, id, when))                                                                         \
    X(pick_put, FAULT_CHANGES, account, (const char *account, const struct hearth_pick *pick),     \
      (account, pick))                                                                             \
    X(removed_here_put, FAULT_CHANGES, account,                                                    \
      (const char *account, const struct hearth_removed_here *removed), (account, removed))        \
    X(removed_here_remove, FAULT_CHANGES, account, (const char *account, const char *id),          \
      (account, id))                                                                               \
    X(source_put, FAULT_CHANGES, account,                                                          \
      (const char *account, const struct hearth_source *source), (account, source))                \
    X(source_remove, FAULT_CHANGES, account, (const char *account, int64_t id), (account, id))     \
    X(batch_commit, FAULT_CHANGES, BATCH, (bool changed), (changed))                               \
    X(sync_cursor_put, 0, BATCH, (int64_t source, int32_t collection, const char *text),           \
      (source, collection, text))                                                                  \
    X(device_put, 0, BATCH, (const struct hearth_device *device), (device))                        \
    X(device_hide, 0, BATCH, (const char *device, bool hidden), (device, hidden))                  \
    X(device_remove, 0, BATCH, (const char *device), (device))                                     \
    X(tab_put, 0, BATCH, (const char *device, const struct hearth_tab *tab), (device, tab))        \
    X(tab_group_put, 0, BATCH, (const char *device, const struct hearth_tab_group *group),         \
      (device, group))                                                                             \
    X(tabs_clear, 0, BATCH, (const char *device), (device))                                        \
    X(page_put, 0, BATCH, (const struct hearth_page *page), (page))                                \
    X(page_remove, 0, BATCH, (int64_t page), (page))                                               \
    X(page_by_guid, 0, BATCH, (const char *guid, int64_t *ret_page), (guid, ret_page))             \
    X(page_guid_put, 0, BATCH, (const char *guid, int64_t page), (guid, page))                     \
    X(page_guid_remove, 0, BATCH, (const char *guid), (guid))                                      \
    X(visits_put, 0, BATCH,                                                                        \
      (int64_t page, const struct hearth_visit *visits, size_t count, int64_t *ret_added),         \
      (page, visits, count, ret_added))                                                            \
    X(visits_remove, 0, BATCH, (int64_t page), (page))                                             \
    X(bookmark_put, 0, BATCH, (const struct hearth_bookmark *bookmark), (bookmark))                \
    X(bookmark_remove, 0, BATCH, (const char *guid), (guid))                                       \
    X(bookmark_clear, 0, BATCH, (int64_t source), (source))                                        \
    X(bookmark_children_put, 0, BATCH,                                                             \
      (int64_t source, const char *folder, const char *const *children, size_t count),             \
      (source, folder, children, count))                                                           \
    X(bookmark_place, 0, BATCH, (const char *guid, const char *parent, int64_t position),          \
      (guid, parent, position))                                                                    \
    X(page_get, 0, account, (const char *account, int64_t page, struct hearth_page *ret_page),     \
      (account, page, ret_page))                                                                   \
    X(bookmark_get, 0, account,                                                                    \
      (const char *account, const char *guid, struct hearth_bookmark *ret_bookmark),               \
      (account, guid, ret_bookmark))

#define LISTS(X)                                                                                   \
    X(verify, 0, NULL, text, (), ())                                                               \
    X(account_list, 0, NULL, account, (), ())                                                      \
    X(account_lease_due, FAULT_CHANGES, NULL, account,                                             \
      (int64_t now, int64_t leased_until, int64_t limit), (now, leased_until, limit))              \
    X(identity_list, 0, account, account_identity, (const char *account), (account))               \
    X(token_list, 0, account, token, (const char *account), (account))                             \
    X(pick_list, 0, account, pick, (const char *account), (account))                               \
    X(removed_here_list, 0, account, removed_here, (const char *account), (account))               \
    X(source_list, 0, account, source, (const char *account), (account))                           \
    X(generation_list, 0, account, generation, (const char *account), (account))                   \
    X(removals_since, 0, account, removal, (const char *account, int64_t since), (account, since)) \
    X(sync_cursor_list, 0, account, sync_cursor, (const char *account), (account))                 \
    X(device_list, 0, account, device, (const char *account), (account))                           \
    X(tab_list, 0, account, tab, (const char *account, const char *device), (account, device))     \
    X(tab_group_list, 0, account, tab_group, (const char *account, const char *device),            \
      (account, device))                                                                           \
    X(page_visits, 0, account, visit, (const char *account, int64_t page), (account, page))        \
    X(pages_by_frecency, 0, account, page, (const char *account), (account))                       \
    X(pages_changed, 0, account, page, (const char *account, int64_t since), (account, since))     \
    X(visit_list, 0, account, visit_row,                                                           \
      (const char *account, const struct hearth_visit_query *query), (account, query))             \
    X(visit_dates, 0, account, visit_row, (const char *account, int64_t from, int64_t to),         \
      (account, from, to))                                                                         \
    X(bookmark_list, 0, account, bookmark,                                                         \
      (const char *account, const struct hearth_bookmark_query *query), (account, query))          \
    X(bookmarks_of_page, 0, account, bookmark, (const char *account, int64_t page),                \
      (account, page))                                                                             \
    X(bookmark_items, 0, account, bookmark_item, (const char *account), (account))                 \
    X(bookmark_tombstones, 0, account, bookmark_item, (const char *account), (account))            \
    X(bookmark_children, 0, account, child, (const char *account), (account))                      \
    X(tag_list, 0, account, tag, (const char *account), (account))                                 \
    X(page_guid_list, 0, account, page_guid, (const char *account), (account))

/* Of hearth.storage.changes/1. */
#define CHANGES(X)                                                                                 \
    X(pages_since, 0, account, page,                                                               \
      (const char *account, int64_t since, int64_t generation, int64_t after),                     \
      (account, since, generation, after))                                                         \
    X(visits_since, 0, account, page_visit,                                                        \
      (const char *account, int64_t since, const int64_t *pages, size_t count),                    \
      (account, since, pages, count))                                                              \
    X(bookmarks_since, 0, account, bookmark_change,                                                \
      (const char *account, int64_t since, int64_t generation, const char *after),                 \
      (account, since, generation, after))

/* row, parameters, arguments */
#define ROWS(X)                                                                                    \
    X(account, (void *ctx, const struct hearth_account *account), (rows->ctx, account))            \
    X(account_identity, (void *ctx, const struct hearth_account_identity *identity),               \
      (rows->ctx, identity))                                                                       \
    X(sync_cursor, (void *ctx, int64_t source, int32_t collection, const char *text),              \
      (rows->ctx, source, collection, text))                                                       \
    X(device, (void *ctx, const struct hearth_device *device, int64_t tabs),                       \
      (rows->ctx, device, tabs))                                                                   \
    X(tab, (void *ctx, const char *device, const struct hearth_tab *tab),                          \
      (rows->ctx, device, tab))                                                                    \
    X(tab_group, (void *ctx, const char *device, const struct hearth_tab_group *group),            \
      (rows->ctx, device, group))                                                                  \
    X(page, (void *ctx, const struct hearth_page *page), (rows->ctx, page))                        \
    X(visit, (void *ctx, const struct hearth_visit *visit), (rows->ctx, visit))                    \
    X(visit_row, (void *ctx, const struct hearth_visit_row *row), (rows->ctx, row))                \
    X(bookmark, (void *ctx, const struct hearth_bookmark *bookmark), (rows->ctx, bookmark))        \
    X(bookmark_item, (void *ctx, const struct hearth_bookmark_item *node), (rows->ctx, node))      \
    X(child, (void *ctx, int64_t source, const char *folder, int64_t position, const char *child), \
      (rows->ctx, source, folder, position, child))                                                \
    X(tag, (void *ctx, const char *tag, int64_t count), (rows->ctx, tag, count))                   \
    X(token, (void *ctx, const struct hearth_token *token), (rows->ctx, token))                    \
    X(pick, (void *ctx, const struct hearth_pick *pick), (rows->ctx, pick))                        \
    X(generation, (void *ctx, int32_t collection, int64_t generation),                             \
      (rows->ctx, collection, generation))                                                         \
    X(removal, (void *ctx, const struct hearth_removal *removal), (rows->ctx, removal))            \
    X(removed_here, (void *ctx, const struct hearth_removed_here *removed), (rows->ctx, removed))  \
    X(source, (void *ctx, const struct hearth_source *source), (rows->ctx, source))                \
    X(text, (void *ctx, const char *line), (rows->ctx, line))                                      \
    X(page_guid, (void *ctx, const char *guid, int64_t page), (rows->ctx, guid, page))             \
    X(page_visit, (void *ctx, int64_t page, const struct hearth_visit *visit),                     \
      (rows->ctx, page, visit))                                                                    \
    X(bookmark_change, (void *ctx, int64_t generation, const struct hearth_bookmark *bookmark),    \
      (rows->ctx, generation, bookmark))

/* Bytes of the texts that people's data consist of. */
static size_t text_size(const char *a, const char *b, const char *c, const char *d)
{
    const char *texts[] = {a, b, c, d};
    size_t size = 0;
    for (int i = 0; i < 4; i++)
        size += texts[i] == NULL ? 0 : strlen(texts[i]);
    return size;
}
#define SIZE_bookmark text_size(bookmark->url, bookmark->title, bookmark->tags, bookmark->guid)

#define SIZE_account          0
#define SIZE_account_identity text_size(identity->issuer, identity->subject, NULL, NULL)
#define SIZE_sync_cursor      text_size(text, NULL, NULL, NULL)
#define SIZE_device           text_size(device->id, device->name, NULL, NULL)
#define SIZE_tab              text_size(tab->title, tab->url, tab->icon, NULL)
#define SIZE_tab_group        text_size(group->id, group->name, group->color, NULL)
#define SIZE_page             text_size(page->url, page->title, page->bookmark_title, page->tags)
#define SIZE_visit            sizeof(*visit)
#define SIZE_visit_row        (sizeof(*row) + text_size(row->url, row->title, NULL, NULL))
#define SIZE_bookmark_item    text_size(node->guid, node->parent, node->said_parent, NULL)
#define SIZE_child            text_size(folder, child, NULL, NULL)
#define SIZE_tag              text_size(tag, NULL, NULL, NULL)
#define SIZE_token            text_size(token->id, token->name, NULL, NULL)
#define SIZE_pick             text_size(pick->input, NULL, NULL, NULL)
#define SIZE_generation       0
#define SIZE_removal          text_size(removal->key, NULL, NULL, NULL)
#define SIZE_removed_here     text_size(removed->host, NULL, NULL, NULL)
#define SIZE_source           text_size(source->name, source->state_detail, NULL, NULL)
#define SIZE_page_guid        text_size(guid, NULL, NULL, NULL)
#define SIZE_page_visit       sizeof(*visit)
#define SIZE_bookmark_change  SIZE_bookmark
#define SIZE_text             text_size(line, NULL, NULL, NULL)

#define X(row_name, parameters, arguments)                                                         \
    static int row_##row_name parameters                                                           \
    {                                                                                              \
        struct fault_rows *rows = ctx;                                                             \
        FAULT_ROW(rows, SIZE_##row_name, ((hearth_##row_name##_cb)rows->cb)arguments);             \
    }
ROWS(X)
#undef X

CALLS(FAULT_CALL)
LISTS(FAULT_LIST)

#undef INNER
#define INNER(s) ((const struct hearth_storage_changes *)(s)->fault->extended)
CHANGES(FAULT_LIST)
#undef INNER
#define INNER(s) ((const struct hearth_storage *)(s)->fault->table)

/* Rules may name the account of a batch. */
static int batch_begin(void *handle, struct hearth_call *call, const char *account,
                       int32_t collection, int64_t *ret_generation)
{
    struct fault_handle *s = handle;
    struct fault_strike strike;
    snprintf(s->account, sizeof(s->account), "%s", account);
    int r = fault_before(s->fault, s, call, "batch_begin", account, &strike);
    return r < 0 ? r : INNER(s)->batch_begin(s->inner, call, account, collection, ret_generation);
}

static void batch_abort(void *handle)
{
    struct fault_handle *s = handle;
    INNER(s)->batch_abort(s->inner);
}

static struct hearth_storage table = {.struct_size = sizeof(table),
                                      FAULT_LIFE,
                                      CALLS(FAULT_ENTRY) LISTS(FAULT_ENTRY).batch_begin =
                                          batch_begin,
                                      .batch_abort = batch_abort};

static const struct hearth_storage_changes changes = {.struct_size = sizeof(changes),
                                                      CHANGES(FAULT_ENTRY)};

static const struct fault_operation operations[] = {{"open", 0},
                                                    {"handle_open", 0},
                                                    {"batch_begin", 0},
                                                    CALLS(FAULT_CALL_NAME) LISTS(FAULT_LIST_NAME)
                                                        CHANGES(FAULT_LIST_NAME)};

const struct fault_kind fault_kind = {
    .kind = HEARTH_STORAGE,
    .data_model = HEARTH_DATA_MODEL,
    .capabilities = "HEARTH_FAULT_STORAGE",
    .table = &table,
    .table_size = sizeof(table),
    .operations = operations,
    .extension = HEARTH_STORAGE_CHANGES,
    .extended = &changes,
    .count = sizeof(operations) / sizeof(operations[0]),
};

/* The descriptor: what this plugin is and which function does what. */
#include "accounts.h"
#include "backup.h"
#include "batch.h"
#include "identities.h"
#include "migrate.h"
#include "open.h"
#include "ping.h"
#include "session.h"
#include "storage-sql/operations.h"
#include "tokens.h"
#include "verify.h"

static const struct hearth_storage operations = {
    .struct_size = sizeof(operations),
    .open = store_open,
    .close = store_close,
    .session_open = session_open,
    .session_close = session_close,
    .interrupt = session_interrupt,
    .ping = ping_run,
    .schema_version = migrate_schema_version,
    .migrate = migrate_run,
    .verify = verify_run,
    .account_create = account_create,
    .account_update = account_update,
    .account_get = account_get,
    .account_by_email = account_by_email,
    .account_list = account_list,
    .account_remove = account_remove,
    .account_claim_due = account_claim_due,
    .counts = account_counts,
    .credentials_put = account_credentials_put,
    .credentials_get = account_credentials_get,
    .settings_put = account_settings_put,
    .settings_get = account_settings_get,
    .token_create = token_create,
    .token_by_hash = token_by_hash,
    .token_list = token_list,
    .token_remove = token_remove,
    .token_used = token_used,
    .pick_put = pick_put,
    .pick_list = pick_list,
    .batch_begin = batch_begin,
    .batch_commit = batch_commit,
    .batch_abort = batch_abort,
    .mark_put = mark_put,
    .device_put = device_put,
    .device_remove = device_remove,
    .tab_put = tab_put,
    .tabs_clear = tabs_clear,
    .page_put = page_put,
    .page_remove = page_remove,
    .page_by_guid = page_by_guid,
    .page_guid_put = page_guid_put,
    .visits_put = visits_put,
    .visits_remove = visits_remove,
    .bookmark_put = bookmark_put,
    .bookmark_remove = bookmark_remove,
    .bookmark_clear = bookmark_clear,
    .bookmark_claims_put = bookmark_claims_put,
    .bookmark_place = bookmark_place,
    .mark_list = mark_list,
    .device_list = device_list,
    .tab_list = tab_list,
    .page_get = page_get,
    .page_visits = page_visits,
    .pages_by_frecency = pages_by_frecency,
    .pages_changed = pages_changed,
    .visit_list = visit_list,
    .visit_dates = visit_dates,
    .bookmark_get = bookmark_get,
    .bookmark_list = bookmark_list,
    .bookmarks_of_page = bookmarks_of_page,
    .bookmark_nodes = bookmark_nodes,
    .bookmark_tombstones = bookmark_tombstones,
    .bookmark_claims = bookmark_claims,
    .tag_list = tag_list,
    .identity_put = identity_put,
    .identity_remove = identity_remove,
    .identity_list = identity_list,
    .account_by_identity = account_by_identity,
    .property_put = property_put,
    .property_get = property_get,
};

static const void *plugin_extension(const char *name)
{
    static const struct hearth_storage_bulk bulk = {
        .struct_size = sizeof(bulk), .pages_get = pages_get, .visits_of_pages = visits_of_pages, .bookmarks_of_pages = bookmarks_of_pages};
    static const struct hearth_storage_backup backup = {.struct_size = sizeof(backup), .backup = backup_run, .restore = restore_run};
    return strcmp(name, HEARTH_STORAGE_BULK) == 0 ? (const void *)&bulk : strcmp(name, HEARTH_STORAGE_BACKUP) == 0 ? &backup : NULL;
}

HEARTH_EXPORT const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_STORAGE,
        .name = "sqlite",
        .version = HEARTH_VERSION,
        .description = "SQLite files, one for each person: the embedded store of a single node",
        .config = store_config,
        .config_count = STORE_CONFIG_COUNT,
        /* Several processes of one machine can use the file, several machines cannot: not what SHARED promises. */
        .capabilities = HEARTH_DURABLE,
        .data_model = HEARTH_DATA_MODEL,
        .operations = &operations,
        .extension = plugin_extension,
    };
    return &plugin;
}

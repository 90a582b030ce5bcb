#include "plug/operations.h"

#include "hearth/queue.h"
#include "hearth/storage.h"
#include "hearth/sync.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* In front of the name of an operation that came after the first release of the epoch: a plugin
 * may lack it, and who calls it asks for NULL. */
#define LATER "?"

static const char *const storage_operations[] = {
    "open",
    "close",
    "session_open",
    "session_close",
    "interrupt",
    "ping",
    "schema_version",
    "migrate",
    "verify",
    "account_create",
    "account_update",
    "account_get",
    "account_by_email",
    "account_by_identity",
    "account_list",
    "account_remove",
    "account_claim_due",
    "counts",
    "identity_put",
    "identity_remove",
    "identity_list",
    "credentials_put",
    "credentials_get",
    "settings_put",
    "settings_get",
    "property_put",
    "property_get",
    "token_create",
    "token_by_hash",
    "token_list",
    "token_remove",
    "token_used",
    "pick_put",
    "pick_list",
    "removed_here_put",
    "removed_here_remove",
    "removed_here_list",
    "source_put",
    "source_remove",
    "source_list",
    "batch_begin",
    "batch_commit",
    "batch_abort",
    "mark_put",
    "device_put",
    "device_remove",
    "tab_put",
    "tab_group_put",
    "tabs_clear",
    "page_put",
    "page_remove",
    "page_by_guid",
    "page_guid_put",
    "page_guid_remove",
    "visits_put",
    "visits_remove",
    "bookmark_put",
    "bookmark_remove",
    "bookmark_clear",
    "bookmark_claims_put",
    "bookmark_place",
    "device_hide",
    "mark_list",
    "generation_list",
    "device_list",
    "tab_list",
    "tab_group_list",
    "page_get",
    "page_visits",
    "pages_by_frecency",
    "pages_changed",
    "removals_since",
    "visit_list",
    "visit_dates",
    "bookmark_get",
    "bookmark_list",
    "bookmarks_of_page",
    "bookmark_nodes",
    "bookmark_tombstones",
    "bookmark_claims",
    "tag_list",
    "page_guid_list",
};

static const char *const queue_operations[] = {
    "open",    "close",   "session_open",  "session_close", "interrupt", "ping",
    "publish", "reserve", "extend",        "finish",        "counts",    "peek",
    "remove",  "clear",   "event_publish", "event_wait",
};

static const char *const sync_operations[] = {
    "open",      "close",          "session_open", "session_close",
    "interrupt", "account_import", "pull",         "forget",
};

static const char *const storage_bulk[] = {"pages_get", "visits_of_pages", "bookmarks_of_pages"};
static const char *const storage_backup[] = {"backup", "restore"};
static const char *const sync_signin[] = {"ways", "start", "next"};
static const char *const sync_describe[] = {"describe"};

/* A table is struct_size, reserved, and then nothing but function pointers. */
#define HEADER (2 * sizeof(uint32_t))
#define NAMED(table, names)                                                                        \
    _Static_assert(sizeof(struct table) == HEADER + COUNT(names) * sizeof(void (*)(void)),         \
                   "an operation has no name")
#define TABLE(struct_, names)                                                                      \
    {                                                                                              \
        sizeof(struct struct_), names, COUNT(names)                                                \
    }

NAMED(hearth_storage, storage_operations);
NAMED(hearth_queue, queue_operations);
NAMED(hearth_sync, sync_operations);
NAMED(hearth_storage_bulk, storage_bulk);
NAMED(hearth_storage_backup, storage_backup);
NAMED(hearth_sync_signin, sync_signin);
NAMED(hearth_sync_describe, sync_describe);

const struct plug_operations *plug_operations(int kind)
{
    static const struct plug_operations kinds[] = {
        [HEARTH_STORAGE] = TABLE(hearth_storage, storage_operations),
        [HEARTH_QUEUE] = TABLE(hearth_queue, queue_operations),
        [HEARTH_SYNC] = TABLE(hearth_sync, sync_operations),
    };
    return kind >= HEARTH_STORAGE && kind <= HEARTH_SYNC ? &kinds[kind] : NULL;
}

const struct plug_extension plug_extensions[PLUG_EXTENSIONS] = {
    [PLUG_STORAGE_BULK] = {HEARTH_STORAGE_BULK, HEARTH_STORAGE,
                           TABLE(hearth_storage_bulk, storage_bulk)},
    [PLUG_STORAGE_BACKUP] = {HEARTH_STORAGE_BACKUP, HEARTH_STORAGE,
                             TABLE(hearth_storage_backup, storage_backup)},
    [PLUG_SYNC_SIGNIN] = {HEARTH_SYNC_SIGNIN, HEARTH_SYNC, TABLE(hearth_sync_signin, sync_signin)},
    [PLUG_SYNC_DESCRIBE] = {HEARTH_SYNC_DESCRIBE, HEARTH_SYNC,
                            TABLE(hearth_sync_describe, sync_describe)},
};

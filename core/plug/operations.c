#include "plug/operations.h"

#include "hearth/queue.h"
#include "hearth/storage.h"
#include "hearth/sync.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

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
    "backup",
    "account_create",
    "account_update",
    "account_get",
    "account_by_email",
    "account_list",
    "account_remove",
    "account_claim_due",
    "counts",
    "credentials_put",
    "credentials_get",
    "settings_put",
    "settings_get",
    "token_create",
    "token_by_hash",
    "token_list",
    "token_remove",
    "token_used",
    "pick_put",
    "pick_list",
    "batch_begin",
    "batch_commit",
    "batch_abort",
    "mark_put",
    "device_put",
    "device_remove",
    "tab_put",
    "tabs_clear",
    "page_put",
    "page_remove",
    "page_by_guid",
    "page_guid_put",
    "visits_put",
    "visits_remove",
    "bookmark_put",
    "bookmark_remove",
    "bookmark_clear",
    "bookmark_claims_put",
    "bookmark_place",
    "mark_list",
    "device_list",
    "tab_list",
    "page_get",
    "page_visits",
    "pages_by_frecency",
    "pages_changed",
    "visit_list",
    "visit_dates",
    "bookmark_get",
    "bookmark_list",
    "bookmarks_of_page",
    "bookmark_nodes",
    "bookmark_tombstones",
    "bookmark_claims",
    "tag_list",
    "pages_get",
    "visits_of_pages",
    "bookmarks_of_pages",
    "restore",
    "identity_put",
    "identity_remove",
    "identity_list",
    "account_by_identity",
    "property_put",
    "property_get",
};

static const char *const queue_operations[] = {
    "open",   "close",  "session_open", "session_close", "interrupt", "ping",  "publish",       "reserve",
    "extend", "finish", "counts",       "peek",          "remove",    "clear", "event_publish", "event_wait",
};

static const char *const sync_operations[] = {
    "open", "close",  "session_open", "session_close", "interrupt",   "account_import",
    "pull", "forget", "signin_ways",  "signin_start",  "signin_next", "describe",
};

/* A table is struct_size, reserved, and then nothing but function pointers. */
#define HEADER (2 * sizeof(uint32_t))
_Static_assert(sizeof(struct hearth_storage) == HEADER + COUNT(storage_operations) * sizeof(void (*)(void)), "an operation has no name");
_Static_assert(sizeof(struct hearth_queue) == HEADER + COUNT(queue_operations) * sizeof(void (*)(void)), "an operation has no name");
_Static_assert(sizeof(struct hearth_sync) == HEADER + COUNT(sync_operations) * sizeof(void (*)(void)), "an operation has no name");

const struct plug_operations *plug_operations(int kind)
{
    static const struct plug_operations kinds[] = {
        [HEARTH_STORAGE] = {sizeof(struct hearth_storage), storage_operations, COUNT(storage_operations), COUNT(storage_operations) - 10},
        [HEARTH_QUEUE] = {sizeof(struct hearth_queue), queue_operations, COUNT(queue_operations), COUNT(queue_operations)},
        [HEARTH_SYNC] = {sizeof(struct hearth_sync), sync_operations, COUNT(sync_operations), COUNT(sync_operations) - 4},
    };
    return kind >= HEARTH_STORAGE && kind <= HEARTH_SYNC ? &kinds[kind] : NULL;
}

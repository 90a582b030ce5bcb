#include "plug/operations.h"

#include <stddef.h>

#include "hearth/queue.h"
#include "hearth/storage.h"
#include "hearth/sync.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A table is struct_size, reserved, and then nothing but function pointers. */
#define HEADER (2 * sizeof(uint32_t))
/* The name stands where the header has the operation, whatever moves there. */
#define NAME(table, operation)                                                                     \
    [(offsetof(struct table, operation) - HEADER) / sizeof(void (*)(void))] = #operation
/* In front of the name of an operation that came after the first release of the epoch: a plugin
 * may lack it, and who calls it asks for NULL. */
#define LATER "?"

static const char *const storage_operations[] = {
    NAME(hearth_storage, open),
    NAME(hearth_storage, close),
    NAME(hearth_storage, handle_open),
    NAME(hearth_storage, handle_close),
    NAME(hearth_storage, interrupt),
    NAME(hearth_storage, ping),
    NAME(hearth_storage, schema_version),
    NAME(hearth_storage, migrate),
    NAME(hearth_storage, verify),
    NAME(hearth_storage, account_create),
    NAME(hearth_storage, account_update),
    NAME(hearth_storage, account_get),
    NAME(hearth_storage, account_by_email),
    NAME(hearth_storage, account_by_identity),
    NAME(hearth_storage, account_list),
    NAME(hearth_storage, account_remove),
    NAME(hearth_storage, account_lease_due),
    NAME(hearth_storage, counts),
    NAME(hearth_storage, identity_put),
    NAME(hearth_storage, identity_remove),
    NAME(hearth_storage, identity_list),
    NAME(hearth_storage, credentials_put),
    NAME(hearth_storage, credentials_get),
    NAME(hearth_storage, settings_put),
    NAME(hearth_storage, settings_get),
    NAME(hearth_storage, property_put),
    NAME(hearth_storage, property_get),
    NAME(hearth_storage, token_create),
    NAME(hearth_storage, token_by_hash),
    NAME(hearth_storage, token_list),
    NAME(hearth_storage, token_remove),
    NAME(hearth_storage, token_used),
    NAME(hearth_storage, pick_put),
    NAME(hearth_storage, pick_list),
    NAME(hearth_storage, removed_here_put),
    NAME(hearth_storage, removed_here_remove),
    NAME(hearth_storage, removed_here_list),
    NAME(hearth_storage, source_put),
    NAME(hearth_storage, source_remove),
    NAME(hearth_storage, source_list),
    NAME(hearth_storage, batch_begin),
    NAME(hearth_storage, batch_commit),
    NAME(hearth_storage, batch_abort),
    NAME(hearth_storage, sync_cursor_put),
    NAME(hearth_storage, device_put),
    NAME(hearth_storage, device_hide),
    NAME(hearth_storage, device_remove),
    NAME(hearth_storage, tab_put),
    NAME(hearth_storage, tab_group_put),
    NAME(hearth_storage, tabs_clear),
    NAME(hearth_storage, page_put),
    NAME(hearth_storage, page_remove),
    NAME(hearth_storage, page_by_guid),
    NAME(hearth_storage, page_guid_put),
    NAME(hearth_storage, page_guid_remove),
    NAME(hearth_storage, visits_put),
    NAME(hearth_storage, visits_remove),
    NAME(hearth_storage, bookmark_put),
    NAME(hearth_storage, bookmark_remove),
    NAME(hearth_storage, bookmark_clear),
    NAME(hearth_storage, bookmark_children_put),
    NAME(hearth_storage, bookmark_place),
    NAME(hearth_storage, sync_cursor_list),
    NAME(hearth_storage, generation_list),
    NAME(hearth_storage, device_list),
    NAME(hearth_storage, tab_list),
    NAME(hearth_storage, tab_group_list),
    NAME(hearth_storage, page_get),
    NAME(hearth_storage, page_visits),
    NAME(hearth_storage, pages_by_frecency),
    NAME(hearth_storage, pages_changed),
    NAME(hearth_storage, removals_since),
    NAME(hearth_storage, visit_list),
    NAME(hearth_storage, visit_dates),
    NAME(hearth_storage, bookmark_get),
    NAME(hearth_storage, bookmark_list),
    NAME(hearth_storage, bookmarks_of_page),
    NAME(hearth_storage, bookmark_items),
    NAME(hearth_storage, bookmark_tombstones),
    NAME(hearth_storage, bookmark_children),
    NAME(hearth_storage, tag_list),
    NAME(hearth_storage, page_guid_list),
};

static const char *const queue_operations[] = {
    NAME(hearth_queue, open),          NAME(hearth_queue, close),
    NAME(hearth_queue, handle_open),   NAME(hearth_queue, handle_close),
    NAME(hearth_queue, interrupt),     NAME(hearth_queue, ping),
    NAME(hearth_queue, publish),       NAME(hearth_queue, reserve),
    NAME(hearth_queue, extend),        NAME(hearth_queue, finish),
    NAME(hearth_queue, counts),        NAME(hearth_queue, peek),
    NAME(hearth_queue, remove),        NAME(hearth_queue, clear),
    NAME(hearth_queue, event_publish), NAME(hearth_queue, event_wait),
};

static const char *const sync_operations[] = {
    NAME(hearth_sync, open),        NAME(hearth_sync, close),
    NAME(hearth_sync, handle_open), NAME(hearth_sync, handle_close),
    NAME(hearth_sync, interrupt),   NAME(hearth_sync, account_import),
    NAME(hearth_sync, pull),        NAME(hearth_sync, forget),
};

static const char *const storage_bulk[] = {
    NAME(hearth_storage_bulk, pages_get),
    NAME(hearth_storage_bulk, visits_of_pages),
    NAME(hearth_storage_bulk, bookmarks_of_pages),
};
static const char *const storage_ahead[] = {
    NAME(hearth_storage_ahead, ahead),
};
static const char *const storage_paths[] = {
    NAME(hearth_storage_paths, bookmark_path),
};
static const char *const queue_keep[] = {
    NAME(hearth_queue_keep, keep_put),
    NAME(hearth_queue_keep, keep_take),
    NAME(hearth_queue_keep, keep_remove),
};
static const char *const storage_push[] = {
    NAME(hearth_storage_push, push_put),
    NAME(hearth_storage_push, push_claim),
    NAME(hearth_storage_push, push_remove),
    NAME(hearth_storage_push, push_list),
};
static const char *const storage_changes[] = {
    NAME(hearth_storage_changes, pages_since),
    NAME(hearth_storage_changes, visits_since),
    NAME(hearth_storage_changes, bookmarks_since),
};
static const char *const storage_backup[] = {
    NAME(hearth_storage_backup, backup),
    NAME(hearth_storage_backup, restore),
};
static const char *const sync_signin[] = {
    NAME(hearth_sync_signin, methods),
    NAME(hearth_sync_signin, start),
    NAME(hearth_sync_signin, next),
};
static const char *const sync_describe[] = {
    NAME(hearth_sync_describe, describe),
};

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
NAMED(hearth_storage_ahead, storage_ahead);
NAMED(hearth_storage_paths, storage_paths);
NAMED(hearth_storage_push, storage_push);
NAMED(hearth_storage_changes, storage_changes);
NAMED(hearth_storage_backup, storage_backup);
NAMED(hearth_queue_keep, queue_keep);
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
    [PLUG_STORAGE_AHEAD] = {HEARTH_STORAGE_AHEAD, HEARTH_STORAGE,
                            TABLE(hearth_storage_ahead, storage_ahead)},
    [PLUG_STORAGE_PATHS] = {HEARTH_STORAGE_PATHS, HEARTH_STORAGE,
                            TABLE(hearth_storage_paths, storage_paths)},
    [PLUG_STORAGE_PUSH] = {HEARTH_STORAGE_PUSH, HEARTH_STORAGE,
                           TABLE(hearth_storage_push, storage_push)},
    [PLUG_STORAGE_CHANGES] = {HEARTH_STORAGE_CHANGES, HEARTH_STORAGE,
                              TABLE(hearth_storage_changes, storage_changes)},
    [PLUG_STORAGE_BACKUP] = {HEARTH_STORAGE_BACKUP, HEARTH_STORAGE,
                             TABLE(hearth_storage_backup, storage_backup)},
    [PLUG_QUEUE_KEEP] = {HEARTH_QUEUE_KEEP, HEARTH_QUEUE, TABLE(hearth_queue_keep, queue_keep)},
    [PLUG_SYNC_SIGNIN] = {HEARTH_SYNC_SIGNIN, HEARTH_SYNC, TABLE(hearth_sync_signin, sync_signin)},
    [PLUG_SYNC_DESCRIBE] = {HEARTH_SYNC_DESCRIBE, HEARTH_SYNC,
                            TABLE(hearth_sync_describe, sync_describe)},
};

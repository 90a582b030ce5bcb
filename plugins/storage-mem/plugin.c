/* The descriptor and the life of database and handles. To make a backend of your own, keep this
 * file's shape and replace what is behind it. */
#include <stdlib.h>
#include <string.h>

#include "database.h"

static int database_open(const struct hearth_host *host, struct hearth_call *call,
                         const struct hearth_config_value *values, void **ret_self)
{
    struct database *database = calloc(1, sizeof(*database));
    struct world *world = database == NULL ? NULL : mem_world_create();
    /* and HEARTH_OPEN_MAY_CREATE of host->opening: what is lost at the end cannot be made by
     * mistake. Keep to it where a database stays */
    (void)values;
    if (world == NULL) {
        free(database);
        return mem_no_memory(call);
    }
    database->host = host;
    database->world = world;
    pthread_mutex_init(&database->lock, NULL);
    pthread_cond_init(&database->changed, NULL);
    *ret_self = database;
    return 0;
}

static void database_close(void *self)
{
    struct database *database = self;
    if (database == NULL)
        return;
    mem_world_unref(database->world);
    pthread_cond_destroy(&database->changed);
    pthread_mutex_destroy(&database->lock);
    free(database);
}

static int mem_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL)
        return mem_no_memory(call);
    handle->database = self;
    *ret_handle = handle;
    return 0;
}

static void mem_handle_close(void *handle)
{
    mem_batch_abort(handle);
    free(handle);
}

static void mem_interrupt(void *s)
{
    struct handle *handle = s;
    pthread_mutex_lock(&handle->database->lock);
    handle->interrupted = handle->waiting;
    pthread_cond_broadcast(&handle->database->changed);
    pthread_mutex_unlock(&handle->database->lock);
}

/* "Can it be read and written?" Memory can; a plugin with a server or a file writes a row here. */
static int mem_ping(void *handle, struct hearth_call *call)
{
    (void)handle;
    (void)call;
    return 0;
}

/* There is one schema. It is "made" all the same, so that hosts go the way they go with others. */
static int schema_version(void *s, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants)
{
    struct handle *handle = s;
    (void)call;
    pthread_mutex_lock(&handle->database->lock);
    *ret_has = handle->database->migrated ? 1 : 0;
    *ret_wants = 1;
    pthread_mutex_unlock(&handle->database->lock);
    return 0;
}

static int mem_migrate(void *s, struct hearth_call *call)
{
    struct handle *handle = s;
    if (handle->batch != NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open");
    pthread_mutex_lock(&handle->database->lock);
    handle->database->migrated = true;
    pthread_mutex_unlock(&handle->database->lock);
    return 0;
}

static int mem_verify(void *s, struct hearth_call *call, hearth_text_cb cb, void *ctx)
{
    struct handle *handle = s;
    (void)cb;
    (void)ctx;
    return handle->batch != NULL ? hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open")
                                 : 0; /* nothing is kept twice, so nothing differs */
}

static const struct hearth_storage operations = {
    .struct_size = sizeof(operations),
    .open = database_open,
    .close = database_close,
    .handle_open = mem_handle_open,
    .handle_close = mem_handle_close,
    .interrupt = mem_interrupt,
    .ping = mem_ping,
    .schema_version = schema_version,
    .migrate = mem_migrate,
    .verify = mem_verify,
    .account_create = mem_account_create,
    .account_update = mem_account_update,
    .account_get = mem_account_get,
    .account_by_email = mem_account_by_email,
    .account_list = mem_account_list,
    .account_remove = mem_account_remove,
    .account_lease_due = mem_account_lease_due,
    .counts = mem_counts,
    .credentials_put = mem_credentials_put,
    .credentials_get = mem_credentials_get,
    .settings_put = mem_settings_put,
    .settings_get = mem_settings_get,
    .token_create = mem_token_create,
    .token_by_hash = mem_token_by_hash,
    .token_list = mem_token_list,
    .token_remove = mem_token_remove,
    .token_used = mem_token_used,
    .pick_put = mem_pick_put,
    .pick_list = mem_pick_list,
    .removed_here_put = mem_removed_here_put,
    .removed_here_remove = mem_removed_here_remove,
    .removed_here_list = mem_removed_here_list,
    .source_put = mem_source_put,
    .source_remove = mem_source_remove,
    .source_list = mem_source_list,
    .batch_begin = mem_batch_begin,
    .batch_commit = mem_batch_commit,
    .batch_abort = mem_batch_abort,
    .sync_cursor_put = mem_sync_cursor_put,
    .device_put = mem_device_put,
    .device_remove = mem_device_remove,
    .tab_put = mem_tab_put,
    .tab_group_put = mem_tab_group_put,
    .tabs_clear = mem_tabs_clear,
    .page_put = mem_page_put,
    .page_remove = mem_page_remove,
    .page_by_guid = mem_page_by_guid,
    .page_guid_put = mem_page_guid_put,
    .page_guid_remove = mem_page_guid_remove,
    .visits_put = mem_visits_put,
    .visits_remove = mem_visits_remove,
    .bookmark_put = mem_bookmark_put,
    .bookmark_remove = mem_bookmark_remove,
    .bookmark_clear = mem_bookmark_clear,
    .bookmark_children_put = mem_bookmark_children_put,
    .bookmark_place = mem_bookmark_place,
    .device_hide = mem_device_hide,
    .sync_cursor_list = mem_sync_cursor_list,
    .generation_list = mem_generation_list,
    .device_list = mem_device_list,
    .tab_list = mem_tab_list,
    .tab_group_list = mem_tab_group_list,
    .page_get = mem_page_get,
    .page_visits = mem_page_visits,
    .pages_by_frecency = mem_pages_by_frecency,
    .pages_changed = mem_pages_changed,
    .removals_since = mem_removals_since,
    .visit_list = mem_visit_list,
    .visit_dates = mem_visit_dates,
    .bookmark_get = mem_bookmark_get,
    .bookmark_list = mem_bookmark_list,
    .bookmarks_of_page = mem_bookmarks_of_page,
    .bookmark_items = mem_bookmark_items,
    .bookmark_tombstones = mem_bookmark_tombstones,
    .bookmark_children = mem_bookmark_children,
    .tag_list = mem_tag_list,
    .page_guid_list = mem_page_guid_list,
    .identity_put = mem_identity_put,
    .identity_remove = mem_identity_remove,
    .identity_list = mem_identity_list,
    .account_by_identity = mem_account_by_identity,
    .property_put = mem_property_put,
    .property_get = mem_property_get,
};

const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_STORAGE,
        .name = "mem",
        .version = "1",
        .description = "memory: for tests, and to copy from",
        .data_model = HEARTH_DATA_MODEL,
        .operations = &operations,
        .extension = mem_extension,
    };
    return &plugin;
}

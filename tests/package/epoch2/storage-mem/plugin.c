/* The descriptor and the life of store and sessions. To make a backend of your own, keep this file's shape and replace what is behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "store.h"

static int store_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self)
{
    struct store *store = calloc(1, sizeof(*store));
    struct world *world = store == NULL ? NULL : world_create();
    (void)values; /* and host->may_create: what is lost at the end cannot be made by mistake. Keep to it where a database stays */
    if (world == NULL) {
        free(store);
        return no_memory(call);
    }
    store->host = host;
    store->world = world;
    pthread_mutex_init(&store->lock, NULL);
    pthread_cond_init(&store->changed, NULL);
    *ret_self = store;
    return 0;
}

static void store_close(void *self)
{
    struct store *store = self;
    if (store == NULL)
        return;
    world_unref(store->world);
    pthread_cond_destroy(&store->changed);
    pthread_mutex_destroy(&store->lock);
    free(store);
}

static int session_open(void *self, struct hearth_call *call, void **ret_session)
{
    struct session *session = calloc(1, sizeof(*session));
    if (session == NULL)
        return no_memory(call);
    session->store = self;
    *ret_session = session;
    return 0;
}

static void session_close(void *session)
{
    mem_batch_abort(session);
    free(session);
}

static void interrupt(void *s)
{
    struct session *session = s;
    pthread_mutex_lock(&session->store->lock);
    session->interrupted = session->waiting;
    pthread_cond_broadcast(&session->store->changed);
    pthread_mutex_unlock(&session->store->lock);
}

/* "Can it be read and written?" Memory can; a plugin with a server or a file writes a row here. */
static int ping(void *session, struct hearth_call *call)
{
    (void)session;
    (void)call;
    return 0;
}

/* There is one schema. It is "made" all the same, so that hosts go the way they go with others. */
static int schema_version(void *s, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants)
{
    struct session *session = s;
    (void)call;
    pthread_mutex_lock(&session->store->lock);
    *ret_has = session->store->migrated ? 1 : 0;
    *ret_wants = 1;
    pthread_mutex_unlock(&session->store->lock);
    return 0;
}

static int migrate(void *s, struct hearth_call *call)
{
    struct session *session = s;
    if (session->batch != NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open");
    pthread_mutex_lock(&session->store->lock);
    session->store->migrated = true;
    pthread_mutex_unlock(&session->store->lock);
    return 0;
}

static int verify(void *s, struct hearth_call *call, hearth_text_cb cb, void *ctx)
{
    struct session *session = s;
    (void)cb;
    (void)ctx;
    return session->batch != NULL ? hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open")
                                  : 0; /* nothing is kept twice, so nothing differs */
}

static const struct hearth_storage operations = {
    .struct_size = sizeof(operations),
    .open = store_open,
    .close = store_close,
    .session_open = session_open,
    .session_close = session_close,
    .interrupt = interrupt,
    .ping = ping,
    .schema_version = schema_version,
    .migrate = migrate,
    .verify = verify,
    .account_create = mem_account_create,
    .account_update = mem_account_update,
    .account_get = mem_account_get,
    .account_by_email = mem_account_by_email,
    .account_list = mem_account_list,
    .account_remove = mem_account_remove,
    .account_claim_due = mem_account_claim_due,
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
    .batch_begin = mem_batch_begin,
    .batch_commit = mem_batch_commit,
    .batch_abort = mem_batch_abort,
    .mark_put = mem_mark_put,
    .device_put = mem_device_put,
    .device_remove = mem_device_remove,
    .tab_put = mem_tab_put,
    .tab_group_put = mem_tab_group_put,
    .tabs_clear = mem_tabs_clear,
    .page_put = mem_page_put,
    .page_remove = mem_page_remove,
    .page_by_guid = mem_page_by_guid,
    .page_guid_put = mem_page_guid_put,
    .visits_put = mem_visits_put,
    .visits_remove = mem_visits_remove,
    .bookmark_put = mem_bookmark_put,
    .bookmark_remove = mem_bookmark_remove,
    .bookmark_clear = mem_bookmark_clear,
    .bookmark_claims_put = mem_bookmark_claims_put,
    .bookmark_place = mem_bookmark_place,
    .device_hide = mem_device_hide,
    .mark_list = mem_mark_list,
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
    .bookmark_nodes = mem_bookmark_nodes,
    .bookmark_tombstones = mem_bookmark_tombstones,
    .bookmark_claims = mem_bookmark_claims,
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
    };
    return &plugin;
}

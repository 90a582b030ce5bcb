#include "watched.h"

static const struct hearth_storage *storage;
static const struct hearth_queue *queue;
static const struct hearth_sync *sync_plugin;

#define WATCH_VOID(plugin, operation)                                                                                                      \
    static void plugin##_##operation(void *object)                                                                                         \
    {                                                                                                                                      \
        watch_enter(#operation, NULL, 0, 0);                                                                                               \
        plugin->operation(object);                                                                                                         \
        watch_leave();                                                                                                                     \
    }

WATCH_VOID(storage, close)
WATCH_VOID(storage, session_close)
WATCH_VOID(storage, interrupt)
WATCH_VOID(storage, batch_abort)
WATCH_VOID(queue, close)
WATCH_VOID(queue, session_close)
WATCH_VOID(queue, interrupt)
WATCH_VOID(sync_plugin, close)
WATCH_VOID(sync_plugin, session_close)
WATCH_VOID(sync_plugin, interrupt)

static void sync_forget_watched(void *self, const char *account)
{
    watch_enter("forget", NULL, 0, 0);
    sync_plugin->forget(self, account);
    watch_leave();
}

const struct hearth_storage *watched_storage(const struct hearth_storage *plugin)
{
    static struct hearth_storage table;
    storage = plugin;
    table = *plugin;
    table.close = storage_close;
    table.session_close = storage_session_close;
    table.interrupt = storage_interrupt;
    table.batch_abort = storage_batch_abort;
    return &table;
}

const struct hearth_queue *watched_queue(const struct hearth_queue *plugin)
{
    static struct hearth_queue table;
    queue = plugin;
    table = *plugin;
    table.close = queue_close;
    table.session_close = queue_session_close;
    table.interrupt = queue_interrupt;
    return &table;
}

const struct hearth_sync *watched_sync(const struct hearth_sync *plugin)
{
    static struct hearth_sync table;
    sync_plugin = plugin;
    table = *plugin;
    table.close = sync_plugin_close;
    table.session_close = sync_plugin_session_close;
    table.interrupt = sync_plugin_interrupt;
    table.forget = sync_forget_watched;
    return &table;
}

#include "watched.h"

static const struct hearth_storage *storage;
static const struct hearth_queue *queue;
static const struct hearth_sync *sync_plugin;

#define WATCH_VOID(plugin, operation)                                                              \
    static void plugin##_##operation(void *object)                                                 \
    {                                                                                              \
        kit_watch_enter(#operation, NULL, 0, 0);                                                   \
        plugin->operation(object);                                                                 \
        kit_watch_leave();                                                                         \
    }

WATCH_VOID(storage, close)
WATCH_VOID(storage, handle_close)
WATCH_VOID(storage, interrupt)
WATCH_VOID(storage, batch_abort)
WATCH_VOID(queue, close)
WATCH_VOID(queue, handle_close)
WATCH_VOID(queue, interrupt)
WATCH_VOID(sync_plugin, close)
WATCH_VOID(sync_plugin, handle_close)
WATCH_VOID(sync_plugin, interrupt)

static void sync_forget_watched(void *self, const char *account)
{
    kit_watch_enter("forget", NULL, 0, 0);
    sync_plugin->forget(self, account);
    kit_watch_leave();
}

const struct hearth_storage *kit_watched_storage(const struct hearth_storage *plugin)
{
    static struct hearth_storage table;
    storage = plugin;
    table = *plugin;
    table.close = storage_close;
    table.handle_close = storage_handle_close;
    table.interrupt = storage_interrupt;
    table.batch_abort = storage_batch_abort;
    return &table;
}

const struct hearth_queue *kit_watched_queue(const struct hearth_queue *plugin)
{
    static struct hearth_queue table;
    queue = plugin;
    table = *plugin;
    table.close = queue_close;
    table.handle_close = queue_handle_close;
    table.interrupt = queue_interrupt;
    return &table;
}

const struct hearth_sync *kit_watched_sync(const struct hearth_sync *plugin)
{
    static struct hearth_sync table;
    sync_plugin = plugin;
    table = *plugin;
    table.close = sync_plugin_close;
    table.handle_close = sync_plugin_handle_close;
    table.interrupt = sync_plugin_interrupt;
    table.forget = sync_forget_watched;
    return &table;
}

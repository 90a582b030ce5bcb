/* The descriptor: what this plugin is. */
#include <string.h>

#include "open.h"
#include "storage-sql/operations.h"

static const void *plugin_extension(const char *name)
{
    return strcmp(name, HEARTH_STORAGE_BULK) == 0 ? &sql_bulk : NULL;
}

HEARTH_EXPORT const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_STORAGE,
        .name = "pg",
        .version = HEARTH_VERSION,
        .description = "a PostgreSQL database: shared by the processes of a fleet",
        .config = store_config,
        .config_count = STORE_CONFIG_COUNT,
        .capabilities = HEARTH_SHARED | HEARTH_DURABLE,
        .data_model = HEARTH_DATA_MODEL,
        .operations = &sql_operations,
        .extension = plugin_extension,
    };
    return &plugin;
}

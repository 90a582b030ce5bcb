/* The descriptor: what this plugin is. */
#include <string.h>

#include "backup.h"
#include "open.h"
#include "storage-sql/operations.h"

static const void *plugin_extension(const char *name)
{
    static const struct hearth_storage_backup backup = {.struct_size = sizeof(backup), .backup = backup_run, .restore = restore_run};
    return strcmp(name, HEARTH_STORAGE_BULK) == 0 ? (const void *)&sql_bulk : strcmp(name, HEARTH_STORAGE_BACKUP) == 0 ? &backup : NULL;
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
        .operations = &sql_operations,
        .extension = plugin_extension,
    };
    return &plugin;
}

/* The descriptor; each plugin's open.h says what it is. */
#include "driver.h"
#include "open.h"
#include "storage-sql/operations.h"

HEARTH_EXPORT const struct hearth_plugin *hearth_plugin_v2(void)
{
    static const struct hearth_plugin plugin = {
        .struct_size = sizeof(plugin),
        .abi_epoch = HEARTH_ABI_EPOCH,
        .abi_version = HEARTH_ABI_VERSION,
        .kind = HEARTH_STORAGE,
        .name = DATABASE_NAME,
        .version = HEARTH_VERSION,
        .description = DATABASE_DESCRIPTION,
        .config = sql_config_keys,
        .config_count = DATABASE_CONFIG_COUNT,
        .capabilities = DATABASE_CAPABILITIES,
        .data_model = HEARTH_DATA_MODEL,
        .operations = &sql_operations,
        .extension = sql_extension,
    };
    return &plugin;
}

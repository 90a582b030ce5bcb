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
        .name = STORE_NAME,
        .version = HEARTH_VERSION,
        .description = STORE_DESCRIPTION,
        .config = store_config,
        .config_count = STORE_CONFIG_COUNT,
        .capabilities = STORE_CAPABILITIES,
        .data_model = HEARTH_DATA_MODEL,
        .operations = &sql_operations,
        .extension = store_extension,
    };
    return &plugin;
}

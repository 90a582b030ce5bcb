/* A storage plugin that does nothing, with all operations that the first release required and none of those about identities. */
#include <stddef.h>

#include "hearth/storage.h"

static int nothing(void)
{
    return 0;
}

static struct hearth_storage operations = {.struct_size = sizeof(operations)};

static const struct hearth_plugin plugin = {
    .struct_size = sizeof(plugin),
    .abi_epoch = HEARTH_ABI_EPOCH,
    .abi_version = VERSION,
    .kind = HEARTH_STORAGE,
    .name = NAME,
    .version = "1",
    .description = "does nothing",
    .data_model = HEARTH_DATA_MODEL,
    .operations = &operations,
};

const struct hearth_plugin *hearth_plugin_v1(void)
{
    int (*operation)(void) = nothing;
    for (size_t at = offsetof(struct hearth_storage, open); at < offsetof(struct hearth_storage, pages_get); at += sizeof(operation))
        __builtin_memcpy((char *)&operations + at, &operation, sizeof(operation));
    return &plugin;
}

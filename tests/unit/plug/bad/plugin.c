/* A queue plugin that does nothing, and, built with -DBAD_…, breaks one rule. None of its operations is ever called. */
#include "hearth/queue.h"
#include "hearth/sync.h"

static int nothing(void)
{
    return 0;
}

#define OP(name) .name = (void *)nothing

#pragma GCC diagnostic ignored "-Wpedantic"

static const struct hearth_queue operations = {
#ifdef BAD_TABLE_SIZE
    .struct_size = 3,
#elif defined(LARGER_TABLE)
    .struct_size = sizeof(operations) + 64,
#else
    .struct_size = sizeof(operations),
#endif
    OP(open),
    OP(close),
    OP(session_open),
    OP(session_close),
    OP(interrupt),
    OP(ping),
    OP(publish),
    OP(reserve),
    OP(extend),
    OP(finish),
    OP(counts),
    OP(peek),
    OP(remove),
#ifndef BAD_OPERATION
    OP(clear),
#endif
    OP(event_publish),
    OP(event_wait),
};

static const struct hearth_config_key keys[] = {{.struct_size = sizeof(keys[0]), .type = 99, .name = "x", .help = "x"}};

#ifdef BAD_EXTENSION
/* Whatever it is asked for, a part of it. The table above is good for this kind, too: it is longer. */
static const void *extension(const char *name)
{
    static const struct hearth_sync_signin signin = {.struct_size = sizeof(signin), OP(ways), OP(start)};
    (void)name;
    return &signin;
}
#endif

static const struct hearth_plugin plugin = {
#ifdef BAD_SIZE
    .struct_size = 16,
#else
    .struct_size = sizeof(plugin),
#endif
#ifdef BAD_EPOCH
    .abi_epoch = HEARTH_ABI_EPOCH + 1,
#else
    .abi_epoch = HEARTH_ABI_EPOCH,
#endif
    .abi_version = HEARTH_ABI_VERSION,
#ifdef BAD_KIND
    .kind = 9,
#elif defined(BAD_MODEL)
    .kind = HEARTH_STORAGE,
#elif defined(BAD_EXTENSION)
    .kind = HEARTH_SYNC,
#else
    .kind = HEARTH_QUEUE,
#endif
#ifdef BAD_NAME
    .name = "another",
#else
    .name = NAME,
#endif
    .version = "1",
    .description = "does nothing",
#ifdef BAD_KEYS
    .config = keys,
    .config_count = 1,
#endif
#ifndef BAD_TABLE
    .operations = &operations,
#endif
#ifdef BAD_EXTENSION
    .extension = extension,
#endif
};

#ifdef BAD_SYMBOL
HEARTH_EXPORT const struct hearth_plugin *hearth_plugin_v0(void);
const struct hearth_plugin *hearth_plugin_v0(void)
#else
const struct hearth_plugin *hearth_plugin_v2(void)
#endif
{
    (void)keys;
    (void)operations;
#ifdef BAD_NULL
    (void)plugin;
    return NULL;
#else
    return &plugin;
#endif
}

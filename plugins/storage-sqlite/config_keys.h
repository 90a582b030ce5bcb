/* The keys of [storage NAME] with plugin = sqlite. The plugin includes it once, and the
 * manual (tools/documentation). */
#ifndef HEARTH_PLUGINS_STORAGE_SQLITE_CONFIG_KEYS_H
#define HEARTH_PLUGINS_STORAGE_SQLITE_CONFIG_KEYS_H

#include "hearth/plugin.h"

enum {
    KEY_PATH,
    KEY_SYNCHRONOUS,
    KEY_CACHE_SIZE,
    KEY_BATCH_CACHE_SIZE,
    KEY_BUSY_TIMEOUT,
    KEY_OPEN_FILES,
    KEYS
};

#define KEY(key, kind, preset, ...)                                                                \
    {                                                                                              \
        .struct_size = sizeof(struct hearth_config_key), .type = (kind), .name = (key),            \
        .fallback = (preset), __VA_ARGS__                                                          \
    }

const struct hearth_config_key sql_config_keys[KEYS] = {
    [KEY_PATH] = KEY("path", HEARTH_CONFIG_PATH, "hearth.db",
                     .help = "the shared database file; its directory must exist"),
    [KEY_SYNCHRONOUS] =
        KEY("synchronous", HEARTH_CONFIG_ENUM, "normal", .choices = "normal full",
            .help = "full: nothing is lost at a power cut; normal: at most the last few writes"),
    [KEY_CACHE_SIZE] = KEY("cache_size", HEARTH_CONFIG_SIZE, "512KiB", .minimum = 65536,
                           .maximum = 1LL << 33, .help = "page cache of each connection"),
    [KEY_BATCH_CACHE_SIZE] =
        KEY("batch_cache_size", HEARTH_CONFIG_SIZE, "32MiB", .minimum = 65536, .maximum = 1LL << 33,
            .help = "page cache of the connection that stores a batch, while it does"),
    [KEY_BUSY_TIMEOUT] =
        KEY("busy_timeout", HEARTH_CONFIG_DURATION, "10s", .minimum = 0, .maximum = 3600000,
            .help = "how long to wait for other processes that write"),
    [KEY_OPEN_FILES] = KEY("open_files", HEARTH_CONFIG_INT, "32", .minimum = 0, .maximum = 10000,
                           .help = "persons' files kept open while nobody uses them: three "
                                   "descriptors and at least 130 KB each"),
};

#endif

/* The keys of [queue] with plugin = redis. The plugin includes it once, and the
 * manual (tools/documentation). */
#ifndef HEARTH_PLUGINS_QUEUE_REDIS_CONFIG_KEYS_H
#define HEARTH_PLUGINS_QUEUE_REDIS_CONFIG_KEYS_H

#include "hearth/plugin.h"

enum { CONFIG_URL, CONFIG_PREFIX, CONFIG_CONNECT_TIMEOUT, CONFIG_COMMAND_TIMEOUT, CONFIG_MAX_JOBS };

static const struct hearth_config_key redis_config_keys[] = {
    [CONFIG_URL] = {.struct_size = sizeof(redis_config_keys[0]),
                    .type = HEARTH_CONFIG_SECRET,
                    .name = "url",
                    .fallback = "redis://127.0.0.1:6379/0",
                    .help = "redis://[user[:password]@]host[:port][/db] or unix:/path[?db=n]"},
    [CONFIG_PREFIX] = {.struct_size = sizeof(redis_config_keys[0]),
                       .type = HEARTH_CONFIG_STRING,
                       .name = "prefix",
                       .fallback = "hearth",
                       .help = "every key and channel begins with {prefix}:"},
    [CONFIG_CONNECT_TIMEOUT] = {.struct_size = sizeof(redis_config_keys[0]),
                                .type = HEARTH_CONFIG_DURATION,
                                .name = "connect_timeout",
                                .fallback = "5s",
                                .help = "for one attempt to connect",
                                .minimum = 10,
                                .maximum = 600000},
    [CONFIG_COMMAND_TIMEOUT] = {.struct_size = sizeof(redis_config_keys[0]),
                                .type = HEARTH_CONFIG_DURATION,
                                .name = "command_timeout",
                                .fallback = "10s",
                                .help = "for the answer to one command",
                                .minimum = 10,
                                .maximum = 600000},
    [CONFIG_MAX_JOBS] = {.struct_size = sizeof(redis_config_keys[0]),
                         .type = HEARTH_CONFIG_INT,
                         .name = "max_jobs",
                         .fallback = "1000000",
                         .help = "jobs that may exist at once",
                         .minimum = 1,
                         .maximum = 100000000},
};

#endif

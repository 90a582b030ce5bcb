/* The keys of [queue] with plugin = inproc. The plugin includes it once, and the
 * manual (tools/documentation). */
#ifndef HEARTH_PLUGINS_QUEUE_INPROC_CONFIG_KEYS_H
#define HEARTH_PLUGINS_QUEUE_INPROC_CONFIG_KEYS_H

#include "hearth/plugin.h"

enum { CONFIG_MAX_JOBS, CONFIG_EVENT_BACKLOG };

static const struct hearth_config_key inproc_config_keys[] = {
    [CONFIG_MAX_JOBS] = {.struct_size = sizeof(inproc_config_keys[0]),
                         .type = HEARTH_CONFIG_INT,
                         .name = "max_jobs",
                         .fallback = "1000000",
                         .help = "jobs that may exist at once",
                         .minimum = 1,
                         .maximum = 100000000},
    [CONFIG_EVENT_BACKLOG] = {.struct_size = sizeof(inproc_config_keys[0]),
                              .type = HEARTH_CONFIG_INT,
                              .name = "event_backlog",
                              .fallback = "1024",
                              .help = "events kept for slow receivers",
                              .minimum = 1,
                              .maximum = 1000000},
};

#endif

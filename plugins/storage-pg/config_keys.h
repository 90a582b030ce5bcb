/* The keys of [storage NAME] with plugin = pg. The plugin includes it once, and the
 * manual (tools/documentation). */
#ifndef HEARTH_PLUGINS_STORAGE_PG_CONFIG_KEYS_H
#define HEARTH_PLUGINS_STORAGE_PG_CONFIG_KEYS_H

#include "hearth/plugin.h"

enum { KEY_DSN, KEY_CONNECT_TIMEOUT, KEY_STATEMENT_TIMEOUT, KEYS };

const struct hearth_config_key sql_config_keys[KEYS] = {
    [KEY_DSN] =
        {.struct_size = sizeof(struct hearth_config_key),
         .type = HEARTH_CONFIG_SECRET,
         .name = "dsn",
         .required = true,
         .help = "postgresql://user[:password]@host[:port]/database, or libpq's key=value words"},
    [KEY_CONNECT_TIMEOUT] = {.struct_size = sizeof(struct hearth_config_key),
                             .type = HEARTH_CONFIG_DURATION,
                             .name = "connect_timeout",
                             .fallback = "5s",
                             .help = "for reaching the server",
                             .minimum = 100,
                             .maximum = 600000},
    [KEY_STATEMENT_TIMEOUT] = {.struct_size = sizeof(struct hearth_config_key),
                               .type = HEARTH_CONFIG_DURATION,
                               .name = "statement_timeout",
                               .fallback = "60s",
                               .help = "the server gives a statement up after so long",
                               .minimum = 1000,
                               .maximum = 86400000},
};

#endif

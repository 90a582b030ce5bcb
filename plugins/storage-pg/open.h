/* What the descriptor says of this plugin. */
#ifndef STORAGE_PG_OPEN_H
#define STORAGE_PG_OPEN_H

#include "store.h"

#define STORE_NAME         "pg"
#define STORE_DESCRIPTION  "a PostgreSQL database: shared by the processes of a fleet"
#define STORE_CAPABILITIES (HEARTH_SHARED | HEARTH_DURABLE)

enum { STORE_CONFIG_COUNT = 3 };
extern const struct hearth_config_key store_config[STORE_CONFIG_COUNT];
const void *store_extension(const char *name);

#endif

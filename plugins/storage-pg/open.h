/* What the descriptor says of this plugin. */
#ifndef STORAGE_PG_OPEN_H
#define STORAGE_PG_OPEN_H

#include "database.h"

#define DATABASE_NAME         "pg"
#define DATABASE_DESCRIPTION  "a PostgreSQL database: shared by the processes of a fleet"
#define DATABASE_CAPABILITIES (HEARTH_SHARED | HEARTH_DURABLE)

enum { DATABASE_CONFIG_COUNT = 3 };
extern const struct hearth_config_key sql_config_keys[DATABASE_CONFIG_COUNT];
const void *sql_extension(const char *name);

#endif

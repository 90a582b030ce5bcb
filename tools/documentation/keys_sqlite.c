#include "documentation.h"

#define sql_config_keys documentation_sqlite_table /* both databases call theirs so */
#include "storage-sqlite/config_keys.h"

const struct plugin_keys documentation_keys_sqlite = {"storage", "sqlite",
                                                      documentation_sqlite_table, KEYS};

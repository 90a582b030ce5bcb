#include "documentation.h"

#define sql_config_keys documentation_pg_table /* both databases call theirs so */
#include "storage-pg/config_keys.h"

const struct plugin_keys documentation_keys_pg = {"storage", "pg", documentation_pg_table, KEYS};

/* Opening and closing of a database file, and its configuration. */
#ifndef STORAGE_SQLITE_OPEN_H
#define STORAGE_SQLITE_OPEN_H

#include "database.h"

#define DATABASE_NAME "sqlite"
#define DATABASE_DESCRIPTION                                                                       \
    "SQLite files, one for each person: the embedded store of a single node"
/* Several processes of one machine can use the file, several machines cannot: not what SHARED
 * promises. */
#define DATABASE_CAPABILITIES HEARTH_DURABLE

enum { DATABASE_CONFIG_COUNT = 6 };
extern const struct hearth_config_key sql_config_keys[DATABASE_CONFIG_COUNT];
const void *sql_extension(const char *name);

/* Before the first use of SQLite in this process. */
void sqlite_database_set_up(const struct hearth_host *host);

/* For restore(), which opens nothing: the path of the shared file and the directory of persons'
 * files, as open() would have them. free() both; -1 without memory. */
int sqlite_database_paths(const char *path, char **ret_path, char **ret_accounts);
/* Whether a person's file is in the directory. */
bool sqlite_database_has_files(const char *accounts);
const char *sqlite_database_path_value(const struct hearth_config_value *values);

/* Why its place cannot be used, in words. */
int sqlite_database_cannot_use(const struct database *database, struct hearth_call *call,
                               int error);
int sqlite_database_file_missing(const struct database *database, struct hearth_call *call);

#endif

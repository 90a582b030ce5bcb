/* What would keep a start from making or opening its files, for who only looks. */
#ifndef STORAGE_SQLITE_PREFLIGHT_H
#define STORAGE_SQLITE_PREFLIGHT_H

#include "database.h"

/* The same errors as sql_database_open()'s where files are made; makes and changes nothing. 0 also
 * where there is no database yet. */
int sqlite_preflight_open(const struct database *database, struct hearth_call *call);
/* The database and what SQLite keeps beside it are files, where they are there. For every start,
 * too. */
int sqlite_preflight_kinds(const struct database *database, struct hearth_call *call);
/* Where a restore was interrupted between its renames, the database is what it was about to put
 * in place: the paths of `database` become that one's, and a line of the log says so. Makes and
 * changes nothing. */
int sqlite_preflight_restore(struct database *database, struct hearth_call *call);

#endif

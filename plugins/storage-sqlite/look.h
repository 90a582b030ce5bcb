/* What would keep a start from making or opening its files, for who only looks. */
#ifndef STORAGE_SQLITE_LOOK_H
#define STORAGE_SQLITE_LOOK_H

#include "store.h"

/* The same errors as store_open()'s where files are made; makes and changes nothing. 0 also where there is no database yet. */
int look_before_open(const struct store *store, struct hearth_call *call);
/* The database and what SQLite keeps beside it are files, where they are there. For every start, too. */
int look_at_kinds(const struct store *store, struct hearth_call *call);
/* Where a restore was interrupted between its renames, the database is what it was about to put in place: the store's paths become that
 * one's, and a line of the log says so. Makes and changes nothing. */
int look_through_restore(struct store *store, struct hearth_call *call);

#endif

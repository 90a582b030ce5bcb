/* The physical schema: its version and the steps up to it. */
#ifndef STORAGE_SQLITE_MIGRATE_H
#define STORAGE_SQLITE_MIGRATE_H

#include "database.h"
#include "storage-sql/migrate_hooks.h"

/* UNSUPPORTED until the schema is the one wanted; remembers that it was. */
int sqlite_schema_is_ready(struct handle *handle);

/* move.c: the way from schema 2 to 3, each person's rows into a file of their own. Goes on where
 * it was interrupted. */
int sqlite_move_accounts(struct handle *handle);

#endif

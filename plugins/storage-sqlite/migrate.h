/* The physical schema: its version and the steps up to it. */
#ifndef STORAGE_SQLITE_MIGRATE_H
#define STORAGE_SQLITE_MIGRATE_H

#include "storage-sql/migrate_hooks.h"
#include "store.h"

/* UNSUPPORTED until the schema is the one wanted; remembers that it was. */
int migrate_ready(struct session *session);

/* move.c: the way from schema 2 to 3, each person's rows into a file of their own. Goes on where it was interrupted. */
int move_all(struct session *session);

#endif

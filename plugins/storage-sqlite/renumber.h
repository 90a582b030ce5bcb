/* A restored database has lived on since its backup: whoever has a copy of an account may have one
 * of a generation that comes once more, with something else in it. So generations go on behind all
 * that were, by the clock (nobody changes an account a thousand times a second), and what changed
 * before is not known: copies load anew. */
#ifndef STORAGE_SQLITE_RENUMBER_H
#define STORAGE_SQLITE_RENUMBER_H

#include <sqlite3.h>
#include <stdint.h>

/* schema: of this file, which may be an older one; now: ms. SQLite's code. */
int sqlite_renumber_person(sqlite3 *db, int64_t schema, int64_t now);
int sqlite_renumber_shared(sqlite3 *db, int64_t schema, int64_t now);

#endif

/* The files of migrations/ and person/, compiled in by embed.py. */
#ifndef STORAGE_SQLITE_MIGRATIONS_H
#define STORAGE_SQLITE_MIGRATIONS_H

#include <stddef.h>

/* One step of a schema; its last statement sets user_version to `number`. */
struct migration {
    int number; /* 1 ... */
    const char *name;
    const char *sql;
};

extern const struct migration migrations[]; /* of the shared file */
extern const size_t migration_count;
extern const struct migration person_migrations[]; /* of a person's file */
extern const size_t person_migration_count;

#endif

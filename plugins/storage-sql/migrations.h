/* The steps of a schema: the files of migrations/, compiled in by embed.py. */
#ifndef STORAGE_SQL_MIGRATIONS_H
#define STORAGE_SQL_MIGRATIONS_H

#include <stddef.h>

/* Its end sets the version of the schema to `number`. */
struct migration {
    int number; /* 1 ... */
    const char *name;
    const char *sql;
};

extern const struct migration sql_migrations[];
extern const size_t sql_migration_count;

#endif

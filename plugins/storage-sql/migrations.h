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

extern const struct migration migrations[];
extern const size_t migration_count;

#endif

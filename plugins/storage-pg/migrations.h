/* The files of migrations/, compiled in by embed.py. */
#ifndef STORAGE_PG_MIGRATIONS_H
#define STORAGE_PG_MIGRATIONS_H

#include <stddef.h>

/* One step of the schema; its end sets schema_version to `number`. */
struct migration {
    int number; /* 1 ... */
    const char *name;
    const char *sql;
};

extern const struct migration migrations[];
extern const size_t migration_count;

#endif

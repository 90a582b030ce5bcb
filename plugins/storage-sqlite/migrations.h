/* Besides migrations/, of the shared file: those of person/, of a person's file. */
#ifndef STORAGE_SQLITE_MIGRATIONS_H
#define STORAGE_SQLITE_MIGRATIONS_H

#include "storage-sql/migrations.h"

extern const struct migration sqlite_person_migrations[];
extern const size_t sqlite_person_migration_count;

#endif

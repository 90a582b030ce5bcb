/* The two objects that the host holds, once the plugin has defined them. Included at the end of
 * its database.h. */
#ifndef STORAGE_SQL_OBJECTS_H
#define STORAGE_SQL_OBJECTS_H

#include <assert.h>

static inline struct database *sql_database_of(void *self)
{
    struct database *database = self;
    assert(database != NULL && database->magic == DATABASE_MAGIC);
    return database;
}

static inline struct handle *sql_handle_of(void *self)
{
    struct handle *handle = self;
    assert(handle != NULL && handle->magic == HANDLE_MAGIC);
    return handle;
}

#endif

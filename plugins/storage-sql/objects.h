/* The two objects that the host holds, once the plugin has defined them. Included at the end of its store.h. */
#ifndef STORAGE_SQL_OBJECTS_H
#define STORAGE_SQL_OBJECTS_H

#include <assert.h>

static inline struct store *store_of(void *self)
{
    struct store *store = self;
    assert(store != NULL && store->magic == STORE_MAGIC);
    return store;
}

static inline struct session *session_of(void *self)
{
    struct session *session = self;
    assert(session != NULL && session->magic == SESSION_MAGIC);
    return session;
}

#endif

/* The objects of this plugin: one store for each database file, one session (a connection) for each thread of the host. */
#ifndef STORAGE_SQLITE_STORE_H
#define STORAGE_SQLITE_STORE_H

#include <assert.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#include "hearth/storage.h"
#include "writer.h"

enum { STORE_MAGIC = 0x5a11fe01, SESSION_MAGIC = 0x5a11fe02 };

/* Shared by the sessions; constant after open(), but for the writer queue. */
struct store {
    uint32_t magic;
    const struct hearth_host *host;
    char *path;           /* begins with '/' or "./": never one of SQLite's special names */
    int64_t cache_size;   /* bytes, of a session */
    int64_t batch_cache;  /* bytes, of the one session that has a batch open */
    int64_t busy_timeout; /* ms to wait for other processes */
    bool full;            /* synchronous = full */
    struct writer writer;
};

enum counter { COUNT_DEVICES, COUNT_TABS, COUNT_BOOKMARKS, COUNT_FOLDERS, COUNT_PAGES, COUNT_VISITS, COUNTERS };

/* The page that was put or looked up last: a history record is a page, its visits and its guid. */
struct known_page {
    int64_t id;            /* 0: none */
    int64_t row, host_key; /* row 0: there is no such page */
    bool hidden;
    bool fresh; /* inserted by this batch and without visits yet */
};

struct batch {
    bool open;
    int broken;  /* an error after which only part of an operation may be in the transaction: it cannot be committed */
    char id[40]; /* of the account, outside */
    int64_t account, generation;
    int64_t delta[COUNTERS]; /* what the batch adds to the counters of its account */
    bool removed_pages;      /* the batch removed some */
    bool knows_removed;      /* the account remembers removed pages: one that comes back has to be taken off that list */
    struct known_page page;
};

/* A prepared statement, found by the address of its text. */
struct statement {
    const char *sql;
    sqlite3_stmt *handle;
    bool busy;
};

enum { STATEMENTS = 256 }; /* about twice as many as there are texts */

/* Used by one thread; only session_interrupt() may come from others. */
struct session {
    uint32_t magic;
    struct store *store;
    sqlite3 *db;
    struct hearth_call *call; /* of the running operation; NULL between operations */
    atomic_bool interrupted;
    bool committing; /* a COMMIT must not be stopped half way by the progress handler */
    int64_t busy_since;
    struct batch batch;
    struct statement statements[STATEMENTS];
};

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

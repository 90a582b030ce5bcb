/* The objects of this plugin: one struct database for each shared database file, one handle for
 * each thread of the host. A handle has a connection with the shared file of its own, and borrows
 * connections with the files of persons from the database's pool. */
#ifndef STORAGE_SQLITE_DATABASE_H
#define STORAGE_SQLITE_DATABASE_H

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>

#include "hearth/storage.h"
#include "bulk.h"
#include "pool.h"
#include "storage-sql/sql.h"
#include "writer.h"

enum { DATABASE_MAGIC = 0x5a11fe01, HANDLE_MAGIC = 0x5a11fe02 };
/* "Hrth", "Hrtp"; set by the first migrations */
enum { SHARED_APPLICATION_ID = 0x48727468, PERSON_APPLICATION_ID = 0x48727470 };

/* Shared by the handles; constant after open(), but for the writer queue, the pool, `ready` and
 * `size_seen`. */
struct database {
    uint32_t magic;
    const struct hearth_host *host;
    char *path;                /* begins with '/' or "./": never one of SQLite's special names */
    char *accounts;            /* the directory of the persons' files */
    int use_lock;              /* a descriptor; see use_lock.h */
    int64_t cache_size;        /* bytes, of a connection */
    int64_t batch_cache;       /* bytes, of a connection that has a batch open */
    int64_t busy_timeout;      /* ms to wait for other processes */
    bool full;                 /* synchronous = full */
    atomic_bool ready;         /* the schema was seen to be the one wanted */
    _Atomic int64_t size_seen; /* bytes of the shared file at the last ping that found it whole */
    struct writer writer;      /* of the shared file */
    struct pool pool;
};

/* The page that was put or looked up last: a history record is a page, its visits and its guid. */
struct known_page {
    int64_t id;            /* 0: none */
    int64_t row, host_key; /* row 0: there is no such page */
    bool hidden;
    bool fresh; /* inserted by this batch and without visits yet */
};

struct batch {
    bool open;
    /* an error after which only part of an operation may be in the transaction: it cannot be
     * committed */
    int broken;
    char id[40];                   /* of the account */
    struct connection *connection; /* with the person's file; borrowed until the end of the batch */
    int32_t collection;
    int64_t generation;
    int64_t delta[COUNTERS]; /* what the batch adds to the counters of its account */
    bool removed;            /* see storage-sql/removals.h */
    unsigned gone;
    struct known_page page;
    struct bulk bulk;
};

/* A prepared statement, found by the address of its text. */
struct statement {
    const char *sql;
    sqlite3_stmt *stmt;
    bool busy;
};

enum { STATEMENTS = 128 }; /* about twice as many as there are texts for one kind of file */

/* With one file. Used by the handle that has it, else by nobody. */
struct connection {
    sqlite3 *db;
    const char *path;      /* of the file, for error texts */
    struct writer *writer; /* the queue in front of the file's write lock */
    struct person *person; /* NULL: the shared file */
    struct handle *handle; /* NULL: idle in the pool */
    /* of the idle ones of a person, or of those that a handle has borrowed */
    struct connection *next;
    uint64_t used;     /* when it became idle, on the pool's count */
    uint64_t removals; /* the person's, when it was opened */
    bool committing;   /* a COMMIT must not be stopped half way by the progress handler */
    int64_t busy_since;
    struct statement statements[STATEMENTS];
};

/* Used by one thread; only sql_handle_interrupt() may come from others. */
struct handle {
    uint32_t magic;
    struct database *database;
    struct connection *shared, *current; /* current: where queries go */
    /* guards `borrowed` against sql_handle_interrupt(); nothing else is locked while it is held */
    pthread_mutex_t lock;
    struct connection *borrowed;
    struct hearth_call *call; /* of the running operation; NULL between operations */
    atomic_bool interrupted;
    /* of statements since the last operation ended: the metric storage_sqlite_steps */
    int64_t steps;
    struct batch batch;
};

#include "storage-sql/objects.h"

#endif

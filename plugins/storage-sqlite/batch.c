#include "batch.h"

#include <stdio.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "connection.h"
#include "files.h"
#include "pages.h"
#include "query.h"
#include "session.h"

static void set_cache(struct connection *connection, int64_t bytes)
{
    char pragma[64];
    snprintf(pragma, sizeof(pragma), "PRAGMA cache_size = -%lld", (long long)(bytes / 1024));
    sqlite3_exec(connection->db, pragma, NULL, NULL, NULL); /* a cache of another size is no reason to fail */
}

/* Gives the memory of a large batch back to the system. */
static void shrink(struct store *store, struct connection *connection)
{
    int used = 0, highest;
    sqlite3_db_status(connection->db, SQLITE_DBSTATUS_CACHE_USED, &used, &highest, 0);
    set_cache(connection, store->cache_size);
    if (used <= 2 * store->cache_size)
        return;
    sqlite3_db_release_memory(connection->db);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static int load_account(struct session *session, const char *account, struct batch *ret_batch)
{
    struct query query;
    query_open(&query, session, "SELECT generation, EXISTS (SELECT 1 FROM removed_pages) FROM account");
    int r = query_step(&query);
    if (r > 0) {
        *ret_batch = (struct batch){.open = true,
                                    .connection = session->current,
                                    .generation = column_int(&query, 0) + 1,
                                    .knows_removed = column_int(&query, 1) != 0};
        snprintf(ret_batch->id, sizeof(ret_batch->id), "%s", account);
        r = 0;
    } else if (r == 0) {
        r = hearth_fail(session->call, HEARTH_ERR_CORRUPT, "%s: does not say whose file it is: restore a backup", session->current->path);
    }
    query_close(&query);
    return r;
}

/* With the person's turn: makes the file when it is the first batch, opens it, begins. */
static int begin_in_turn(struct session *session, const char *account)
{
    struct connection *connection;
    struct file_state state;
    int r = file_state(session, account, &state);
    if (r == 0 && !state.exists)
        r = file_create(session, account, state.generation);
    if (r == 0)
        r = pool_borrow(session, account, &connection);
    if (r < 0)
        return r;
    session->current = connection;
    r = session_begin_in_turn(session);
    if (r == 0 && connection_moved(connection)) /* another process removed the account just now */
        r = hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no such account");
    if (r == 0)
        r = load_account(session, account, &session->batch);
    if (r == 0) {
        set_cache(connection, session->store->batch_cache);
    } else {
        session_rollback_in_turn(session);
        pool_give_back(session, connection);
    }
    session->current = session->shared;
    return r;
}

/* The turn is the batch's until its end; the entry in the pool stays because of the connection. */
static int begin_batch(struct session *session, const char *account)
{
    struct person *person;
    int r = pool_enter(session, account, &person);
    if (r == HEARTH_ERR_INVALID)
        return hearth_fail(session->call, HEARTH_ERR_NOT_FOUND, "no such account");
    if (r < 0)
        return r;
    r = writer_acquire(&person->writer, session);
    if (r == 0) {
        r = begin_in_turn(session, account);
        if (r < 0)
            writer_release(&person->writer);
    }
    pool_leave(session, person);
    return r;
}

int batch_begin(void *self, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    struct session *session = op.session;
    if (session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open already"));
    if (collection < HEARTH_COLLECTION_NONE || collection > HEARTH_HISTORY)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "no collection %d", (int)collection));
    r = begin_batch(session, account);
    if (r == 0)
        *ret_generation = session->batch.generation;
    return op_end(&op, r);
}

static int finish_account(struct session *session, bool changed)
{
    static const char FINISH[] = "UPDATE account SET generation = iif(?1, ?2, generation), devices = devices + ?3, tabs = tabs + ?4, "
                                 "bookmarks = bookmarks + ?5, folders = folders + ?6, pages = pages + ?7, visits = visits + ?8";
    struct batch *batch = &session->batch;
    struct query query;
    query_open(&query, session, FINISH);
    query_int(&query, changed);
    query_int(&query, batch->generation);
    for (int i = 0; i < COUNTERS; i++)
        query_int(&query, batch->delta[i]);
    int r = query_run(&query, NULL);
    return r == 0 && batch->removed_pages ? page_forget_removed(session) : r;
}

/* After the commit or rollback. */
static void end_batch(struct session *session)
{
    struct connection *connection = session->batch.connection;
    session->batch = (struct batch){.open = false};
    shrink(session->store, connection);
    pool_give_back(session, connection);
}

int batch_commit(void *self, struct hearth_call *call, bool changed)
{
    struct op op;
    int r = op_begin_in_batch(&op, self, call);
    struct session *session = session_of(self);
    if (r < 0) {
        batch_abort(session);
        return r;
    }
    r = finish_account(session, changed);
    if (r < 0) {
        session_rollback(session);
    } else {
        r = session_commit(session);
        /* The log may hold the commit although its sync failed: a crash now could bring it back. */
        if (r == HEARTH_ERR_IO)
            r = HEARTH_ERR_UNCERTAIN;
    }
    end_batch(session);
    return op_end(&op, r);
}

void batch_abort(void *self)
{
    struct session *session = session_of(self);
    if (!session->batch.open)
        return;
    struct connection *before = session->current;
    session->current = session->batch.connection;
    session_rollback(session);
    end_batch(session);
    session->current = before;
}

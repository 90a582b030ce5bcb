#include <stdio.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "connection.h"
#include "driver.h"
#include "files.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/removals.h"

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
    query_open(&query, session, "SELECT generation, " REMOVAL_KINDS("") " FROM account");
    int r = query_step(&query);
    if (r > 0) {
        *ret_batch = (struct batch){
            .open = true, .connection = session->current, .generation = column_int(&query, 0) + 1, .gone = (unsigned)column_int(&query, 1)};
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
int batch_start(struct session *session, const char *account)
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

/* After the commit or rollback. */
static void end_batch(struct session *session)
{
    struct connection *connection = session->batch.connection;
    session->batch = (struct batch){.open = false};
    shrink(session->store, connection);
    pool_give_back(session, connection);
}

int batch_finish(struct session *session, bool changed)
{
    int r = batch_write_account(session, changed);
    if (r < 0) {
        session_rollback(session);
    } else {
        r = session_commit(session);
        /* The log may hold the commit although its sync failed: a crash now could bring it back. */
        if (r == HEARTH_ERR_IO)
            r = HEARTH_ERR_UNCERTAIN;
    }
    end_batch(session);
    return r;
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

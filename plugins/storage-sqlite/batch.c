#include <stdio.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "connection.h"
#include "driver.h"
#include "files.h"
#include "storage-sql/batch_hooks.h"
#include "storage-sql/removals.h"

/* Gives the memory of a large batch back to the system. */
static void connection_shrink(struct database *database, struct connection *connection)
{
    int used = 0, highest;
    sqlite3_db_status(connection->db, SQLITE_DBSTATUS_CACHE_USED, &used, &highest, 0);
    sqlite_connection_set_cache(connection, database->cache_size);
    if (used <= 2 * database->cache_size)
        return;
    sqlite3_db_release_memory(connection->db);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

static int batch_read_account(struct handle *handle, const char *account, struct batch *ret_batch)
{
    struct query query;
    sql_query_open(&query, handle, "SELECT generation, " REMOVAL_KINDS("") ", visits FROM account");
    int r = sql_query_step(&query);
    if (r > 0) {
        *ret_batch = (struct batch){.open = true,
                                    .connection = handle->current,
                                    .generation = sql_column_int(&query, 0) + 1,
                                    .gone = (unsigned)sql_column_int(&query, 1),
                                    .bulk = {.may_begin = sql_column_int(&query, 2) == 0}};
        snprintf(ret_batch->id, sizeof(ret_batch->id), "%s", account);
        r = 0;
    } else if (r == 0) {
        r = hearth_fail(handle->call, HEARTH_ERR_CORRUPT,
                        "%s: does not say whose file it is: restore a backup",
                        handle->current->path);
    }
    sql_query_close(&query);
    return r;
}

/* With the person's turn: makes the file when it is the first batch, opens it, begins. */
static int begin_in_turn(struct handle *handle, const char *account)
{
    struct connection *connection;
    struct sqlite_file_state state;
    int r = sqlite_file_state(handle, account, &state);
    if (r == 0 && !state.exists)
        r = sqlite_file_create(handle, account, state.generation);
    if (r == 0)
        r = sqlite_pool_borrow(handle, account, &connection);
    if (r < 0)
        return r;
    handle->current = connection;
    r = sqlite_begin_in_turn(handle);
    /* another process removed the account just now */
    if (r == 0 && sqlite_connection_moved(connection))
        r = hearth_fail(handle->call, HEARTH_ERR_NOT_FOUND, "no such account");
    if (r == 0)
        r = batch_read_account(handle, account, &handle->batch);
    if (r == 0) {
        sqlite_connection_set_cache(connection, handle->database->batch_cache);
    } else {
        sqlite_rollback_in_turn(handle);
        sqlite_pool_give_back(handle, connection);
    }
    handle->current = handle->shared;
    return r;
}

/* The turn is the batch's until its end; the entry in the pool stays because of the connection. */
int sql_batch_start(struct handle *handle, const char *account)
{
    struct person *person;
    int r = sqlite_pool_enter(handle, account, &person);
    if (r == HEARTH_ERR_INVALID)
        return hearth_fail(handle->call, HEARTH_ERR_NOT_FOUND, "no such account");
    if (r < 0)
        return r;
    r = sqlite_writer_acquire(&person->writer, handle);
    if (r == 0) {
        r = begin_in_turn(handle, account);
        if (r < 0)
            sqlite_writer_release(&person->writer);
    }
    sqlite_pool_leave(handle, person);
    return r;
}

/* After the commit or rollback. */
static void batch_let_go(struct handle *handle)
{
    struct connection *connection = handle->batch.connection;
    sqlite_bulk_free(&handle->batch.bulk);
    handle->batch = (struct batch){.open = false};
    connection_shrink(handle->database, connection);
    sqlite_pool_give_back(handle, connection);
}

int sql_batch_finish(struct handle *handle, bool changed)
{
    int r = sqlite_bulk_end(handle);
    if (r == 0)
        r = sql_batch_write_account(handle, changed);
    if (r < 0) {
        sqlite_transaction_rollback(handle);
    } else {
        r = sqlite_transaction_commit(handle);
        /* The log may hold the commit although its sync failed: a crash now could bring it back. */
        if (r == HEARTH_ERR_IO)
            r = HEARTH_ERR_UNCERTAIN;
    }
    batch_let_go(handle);
    return r;
}

void sql_batch_abort(void *self)
{
    struct handle *handle = sql_handle_of(self);
    if (!handle->batch.open)
        return;
    struct connection *before = handle->current;
    handle->current = handle->batch.connection;
    sqlite_transaction_rollback(handle);
    batch_let_go(handle);
    handle->current = before;
}

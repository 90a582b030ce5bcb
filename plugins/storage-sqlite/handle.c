#include "handle.h"

#include <stdlib.h>

#include "connection.h"
#include "files.h"
#include "migrate.h"
#include "query.h"
#include "support/call.h"

int sqlite_handle_stopped(struct handle *handle)
{
    return support_stopped(handle->database->host, handle->call, atomic_load(&handle->interrupted));
}

int sqlite_handle_stopped_text(struct handle *handle, int code)
{
    if (code == HEARTH_ERR_TIMEOUT)
        return hearth_fail(handle->call, code, "%s: the operation took too long",
                           handle->database->path);
    return hearth_fail(handle->call, HEARTH_ERR_CANCELLED, "cancelled");
}

int sql_handle_open(void *self, struct hearth_call *call, void **ret_handle)
{
    struct database *database = sql_database_of(self);
    struct handle *handle = calloc(1, sizeof(*handle));
    if (handle == NULL || pthread_mutex_init(&handle->lock, NULL) != 0) {
        free(handle);
        return hearth_fail(call, HEARTH_ERR_NOMEM, "%s: out of memory", database->path);
    }
    handle->magic = HANDLE_MAGIC;
    handle->database = database;
    handle->call = call;
    int r =
        sqlite_connection_open(handle, database->path, &database->writer, NULL, &handle->shared);
    handle->call = NULL;
    handle->current = handle->shared;
    if (r < 0) {
        pthread_mutex_destroy(&handle->lock);
        free(handle);
        return r;
    }
    *ret_handle = handle;
    return 0;
}

void sql_handle_close(void *self)
{
    if (self == NULL)
        return;
    struct handle *handle = sql_handle_of(self);
    if (handle->batch.open) {
        handle->current = handle->batch.connection;
        sqlite_transaction_rollback(handle);
        sqlite_bulk_free(&handle->batch.bulk);
        sqlite_pool_give_back(handle, handle->batch.connection);
    }
    assert(handle->borrowed == NULL);
    sqlite_connection_close(handle->shared);
    pthread_mutex_destroy(&handle->lock);
    handle->magic = 0;
    free(handle);
}

void sql_handle_interrupt(void *self)
{
    struct handle *handle = sql_handle_of(self);
    atomic_store(&handle->interrupted, true);
    sqlite3_interrupt(handle->shared->db);
    pthread_mutex_lock(&handle->lock);
    for (struct connection *connection = handle->borrowed; connection != NULL;
         connection = connection->next)
        sqlite3_interrupt(connection->db);
    pthread_mutex_unlock(&handle->lock);
    sqlite_writer_wake(&handle->database->writer);
    sqlite_pool_wake(&handle->database->pool);
}

int sql_op_begin_any_schema(struct op *op, void *self, struct hearth_call *call)
{
    struct handle *handle = sql_handle_of(self);
    *op = (struct op){.handle = handle, .outer = handle->call, .outer_current = handle->current};
    if (handle->call == NULL)
        atomic_store(&handle->interrupted, false);
    handle->call = call;
    handle->current = handle->shared;
    int r = sqlite_handle_stopped(handle);
    if (r < 0) {
        sqlite_handle_stopped_text(handle, r);
        return sql_op_end(op, r);
    }
    return 0;
}

int sql_op_begin(struct op *op, void *self, struct hearth_call *call)
{
    int r = sql_op_begin_any_schema(op, self, call);
    if (r < 0 || atomic_load(&op->handle->database->ready))
        return r;
    r = sqlite_schema_is_ready(op->handle);
    return r < 0 ? sql_op_end(op, r) : 0;
}

int sql_op_end(struct op *op, int code)
{
    struct handle *handle = op->handle;
    /* Some errors make SQLite roll back by itself. */
    if (handle->batch.open && handle->batch.broken == 0 &&
        sqlite3_get_autocommit(handle->batch.connection->db))
        handle->batch.broken = code < 0 ? code : HEARTH_ERR_INTERNAL;
    if (op->borrowed != NULL)
        sqlite_pool_give_back(handle, op->borrowed);
    handle->current = op->outer_current;
    handle->call = op->outer;
    if (handle->steps > 0)
        handle->database->host->metric_add(handle->database->host, "storage_sqlite_steps",
                                           handle->steps);
    handle->steps = 0;
    return code;
}

/* One that the handle has already: its batch's, or that of an operation whose callback calls
 * this one. */
static struct connection *find_borrowed(struct handle *handle, const char *account)
{
    struct connection *found = NULL;
    for (struct connection *connection = handle->borrowed; connection != NULL && found == NULL;
         connection = connection->next)
        if (strcmp(connection->person->id, account) == 0)
            found = connection;
    return found;
}

int sql_op_begin_account(struct op *op, void *self, struct hearth_call *call, const char *account)
{
    struct sqlite_file_state state;
    int r = sql_op_begin(op, self, call);
    if (r < 0)
        return r;
    struct handle *handle = op->handle;
    struct connection *connection = find_borrowed(handle, account);
    if (connection == NULL) {
        r = sqlite_file_state(handle, account, &state);
        if (r == HEARTH_ERR_NOT_FOUND)
            return sql_op_end(op, OP_NO_ACCOUNT);
        if (r == 0 && !state.exists)
            return sql_op_end(op, OP_NO_ROWS);
        if (r == 0)
            r = sqlite_pool_borrow(handle, account, &connection);
        if (r < 0)
            return sql_op_end(op, r);
        op->borrowed = connection;
    }
    handle->current = connection;
    return 0;
}

int sql_op_begin_in_batch(struct op *op, void *self, struct hearth_call *call)
{
    int r = sql_op_begin(op, self, call);
    if (r < 0)
        return r;
    if (!op->handle->batch.open)
        return sql_op_end(op, hearth_fail(call, HEARTH_ERR_INVALID, "no batch is open"));
    if (op->handle->batch.broken < 0)
        return sql_op_end(op, hearth_fail(call, op->handle->batch.broken,
                                          "the batch failed before: it has to be aborted"));
    op->handle->current = op->handle->batch.connection;
    return 0;
}

int sql_op_end_in_batch(struct op *op, int code)
{
    bool before_any_write = code == HEARTH_ERR_NOT_FOUND || code == HEARTH_ERR_INVALID;
    if (code < 0 && !before_any_write && op->handle->batch.broken == 0)
        op->handle->batch.broken = code;
    return sql_op_end(op, code);
}

int sql_op_begin_write(struct op *op, void *self, struct hearth_call *call)
{
    int r = sql_op_begin(op, self, call);
    if (r < 0)
        return r;
    r = sqlite_transaction_begin(op->handle);
    return r < 0 ? sql_op_end(op, r) : 0;
}

int sql_op_end_write(struct op *op, int code)
{
    if (code < 0)
        sqlite_transaction_rollback(op->handle);
    else
        code = sqlite_transaction_commit(op->handle);
    return sql_op_end(op, code);
}

int sqlite_begin_in_turn(struct handle *handle)
{
    return sqlite_query_exec(handle, "BEGIN IMMEDIATE");
}

int sqlite_commit_in_turn(struct handle *handle)
{
    struct connection *connection = handle->current;
    connection->committing = true;
    int r = sqlite_query_exec(handle, "COMMIT");
    connection->committing = false;
    if (r < 0)
        sqlite_rollback_in_turn(handle);
    return r;
}

void sqlite_rollback_in_turn(struct handle *handle)
{
    struct connection *connection = handle->current;
    connection->committing = true;
    /* what it may say was said by the error before it */
    if (!sqlite3_get_autocommit(connection->db))
        sqlite3_exec(connection->db, "ROLLBACK", NULL, NULL, NULL);
    connection->committing = false;
}

int sqlite_transaction_begin(struct handle *handle)
{
    int r = sqlite_writer_acquire(handle->current->writer, handle);
    if (r < 0)
        return r;
    r = sqlite_begin_in_turn(handle);
    if (r < 0)
        sqlite_writer_release(handle->current->writer);
    return r;
}

int sqlite_transaction_commit(struct handle *handle)
{
    int r = sqlite_commit_in_turn(handle);
    sqlite_writer_release(handle->current->writer);
    return r;
}

void sqlite_transaction_rollback(struct handle *handle)
{
    sqlite_rollback_in_turn(handle);
    sqlite_writer_release(handle->current->writer);
}

const char *sql_database_text(const struct handle *handle)
{
    return handle->current->path;
}

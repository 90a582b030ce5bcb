/* The end of an account: all its rows, and its file. */
#include "connection.h"
#include "files.h"
#include "handle.h"
#include "query.h"
#include "storage-sql/accounts.h"
#include "storage-sql/batch_hooks.h"

/* Rows of an account in the shared file, in the order of the foreign keys. */
static const char *const REMOVE[] = {
    "DELETE FROM identities WHERE account = ?",
    "DELETE FROM picks WHERE account = ?",
    "DELETE FROM removed_here WHERE account = ?",
    "DELETE FROM sources WHERE account = ?",
    "DELETE FROM push WHERE account = ?",
    "DELETE FROM tokens WHERE account = ?",
    "DELETE FROM settings WHERE account = ?",
    "DELETE FROM credentials WHERE account = ?",
    /* The file is unlinked after the commit: whoever finds this note after a crash does it. */
    "INSERT OR IGNORE INTO removed_files SELECT id FROM accounts WHERE row = ? AND file = 1",
    "DELETE FROM accounts WHERE row = ?",
};

static int shared_rows_delete(struct handle *handle, const char *account)
{
    struct query query;
    int64_t row;
    sql_query_open(&query, handle, "SELECT row FROM accounts WHERE id = ?");
    sql_query_text(&query, account);
    int r = sqlite_query_number(&query, &row);
    if (r == HEARTH_ERR_NOT_FOUND)
        return sql_account_is_missing(handle->call);
    for (size_t i = 0; r == 0 && i < sizeof(REMOVE) / sizeof(REMOVE[0]); i++) {
        sql_query_open(&query, handle, REMOVE[i]);
        sql_query_int(&query, row);
        r = sql_query_run(&query, NULL);
    }
    return r;
}

/* Whoever leaves wants nothing to stay in the shared file's free pages. */
static int remove_shared(struct handle *handle, const char *account)
{
    int r = sqlite_connection_exec(handle->shared, "PRAGMA secure_delete = ON");
    if (r == 0)
        r = sqlite_transaction_begin(handle);
    if (r == 0) {
        r = shared_rows_delete(handle, account);
        if (r < 0)
            sqlite_transaction_rollback(handle);
        else
            r = sqlite_transaction_commit(handle);
    }
    sqlite3_exec(handle->shared->db, "PRAGMA secure_delete = FAST", NULL, NULL, NULL);
    return r;
}

/* Takes the write lock of the person's file, so that no other process is in the middle of a
 * batch. A file that is missing or damaged can be removed as well: nobody writes there. */
static int lock_file(struct handle *handle, const char *account, struct connection **ret_connection)
{
    struct connection *connection;
    int r = sqlite_pool_borrow(handle, account, &connection);
    if (r == HEARTH_ERR_NOMEM || r == HEARTH_ERR_TIMEOUT || r == HEARTH_ERR_CANCELLED)
        return r;
    if (r < 0)
        return 0;
    handle->current = connection;
    r = sqlite_begin_in_turn(handle);
    handle->current = handle->shared;
    if (r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_NOMEM || r == HEARTH_ERR_TIMEOUT ||
        r == HEARTH_ERR_CANCELLED) {
        sqlite_pool_give_back(handle, connection);
        return r;
    }
    *ret_connection = connection;
    return 0;
}

static int remove_in_turn(struct handle *handle, struct person *person, const char *account)
{
    struct connection *locked = NULL;
    struct sqlite_file_state state;
    struct query query;
    int r = sqlite_file_state(handle, account, &state);
    if (r == 0 && state.exists)
        r = lock_file(handle, account, &locked);
    if (r == 0)
        r = remove_shared(handle, account);
    if (r == 0)
        sqlite_pool_forget(handle, person);
    if (locked != NULL) {
        handle->current = locked;
        sqlite_rollback_in_turn(handle);
        handle->current = handle->shared;
        sqlite_pool_give_back(handle, locked);
    }
    /* From here on the account is gone. What cannot be unlinked now is at the next start. */
    if (r == 0 && state.exists &&
        sqlite_file_unlink(handle->database, handle->call, account) == 0) {
        sql_query_open(&query, handle, "DELETE FROM removed_files WHERE id = ?");
        sql_query_text(&query, account);
        sql_query_run(&query, NULL);
    }
    return r;
}

int sql_account_remove(void *self, struct hearth_call *call, const char *account)
{
    struct op op;
    struct person *person;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = sql_batch_is_none(op.handle);
    if (r < 0)
        return sql_op_end(&op, r);
    r = sqlite_pool_enter(op.handle, account, &person);
    if (r < 0)
        return sql_op_end(&op, r);
    r = sqlite_writer_acquire(&person->writer, op.handle);
    if (r == 0) {
        r = remove_in_turn(op.handle, person, account);
        sqlite_writer_release(&person->writer);
    }
    sqlite_pool_leave(op.handle, person);
    return sql_op_end(&op, r);
}

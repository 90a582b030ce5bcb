/* Making an account, and what its file says of it. */
#include "storage-sql/accounts.h"

#include "driver.h"
#include "files.h"

/* Whoever made it may not say what decides its node in a fleet: its address. */
#define SQL_VALUE_account_placement ~, "coalesce(?, ?2)"

/* A file of an earlier account with this id must not become the new one's: its removal was
 * interrupted. */
static int finish_removal(struct handle *handle, const char *id)
{
    struct person *person;
    struct query query;
    int64_t one;
    int r = sqlite_pool_enter(handle, id, &person); /* checks the id */
    if (r < 0)
        return r;
    sql_query_open(&query, handle, "SELECT 1 FROM removed_files WHERE id = ?");
    sql_query_text(&query, id);
    r = sqlite_query_number(&query, &one);
    if (r == 0) {
        sqlite_pool_forget(handle, person);
        r = sqlite_file_unlink(handle->database, handle->call, id);
        if (r == 0) {
            sql_query_open(&query, handle, "DELETE FROM removed_files WHERE id = ?");
            sql_query_text(&query, id);
            r = sql_query_run(&query, NULL);
        }
    }
    sqlite_pool_leave(handle, person);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

static int insert_account(struct handle *handle, const struct hearth_account *account)
{
    static const char INSERT[] = "INSERT INTO accounts (" SQL_NAMES(
        HEARTH_ACCOUNT_FIELDS) ") VALUES (" SQL_VALUES("?1", account, HEARTH_ACCOUNT_FIELDS) ")";
    struct query query;
    sql_query_open(&query, handle, INSERT);
    sql_bind_account(&query, account);
    int r = sql_query_run(&query, NULL);
    return r == HEARTH_ERR_CONFLICT ? sql_account_exists_already(handle->call) : r;
}

static int insert_identity(struct handle *handle, const struct hearth_account *account,
                           const char *issuer)
{
    static const char INSERT[] = "INSERT INTO identities (issuer, subject, created, account) "
                                 "SELECT ?2, uid, created, row FROM accounts "
                                 "WHERE id = ?1";
    struct query query;
    sql_query_open(&query, handle, INSERT);
    sql_query_text(&query, account->id);
    sql_query_text(&query, issuer);
    int r = sql_query_run(&query, NULL);
    return r == HEARTH_ERR_CONFLICT ? sql_identity_is_taken(handle->call) : r;
}

int sql_account_make(struct handle *handle, const struct hearth_account *account,
                     const char *issuer)
{
    int r = finish_removal(handle, account->id);
    if (r == 0)
        r = insert_account(handle, account);
    return r == 0 && issuer[0] != '\0' ? insert_identity(handle, account, issuer) : r;
}

/* The file has moved on since the shared one was asked. */
int sql_account_read_generation(struct handle *handle, struct hearth_call *call,
                                const char *account, int64_t *ret_generation)
{
    struct op op;
    struct query query;
    int r = sql_op_begin_account(&op, handle, call, account);
    if (r != 0)
        return r < 0 ? r : 0;
    sql_query_open(&query, handle, "SELECT generation FROM account");
    return sql_op_end(&op, sqlite_query_number(&query, ret_generation));
}

/* Of the current file, with what an open batch adds to it. */
int sql_account_read_space(struct handle *handle, int64_t *ret_space)
{
    struct query query;
    int64_t pages, size;
    sql_query_open(&query, handle, "PRAGMA page_count");
    int r = sqlite_query_number(&query, &pages);
    if (r == 0) {
        sql_query_open(&query, handle, "PRAGMA page_size");
        r = sqlite_query_number(&query, &size);
    }
    if (r == 0)
        *ret_space = pages * size;
    return r;
}

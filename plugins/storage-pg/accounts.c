/* Making an account, and the end of all its rows. */
#include "storage-sql/accounts.h"
#include "storage-sql/batch_hooks.h"

#include "driver.h"

/* Whoever made it may not say what decides its node in a fleet: its address. */
#define SQL_VALUE_account_placement ~, "coalesce(?, ?5)"
/* What was changed before the account was made is not known. */
#define FORGOTTEN VALUE_INT("?3") ", "

/* The account and its identity, or neither; ?1 issuer, ?2 uid, ?3 generation. Conflicts are not
 * errors of the server's, which would end a transaction; except that of two handles that make
 * the same identity at the same moment. */
static const char CREATE[] =
    "WITH taken AS (SELECT 1 FROM identities WHERE issuer = ?1 AND subject = ?2), "
    "a AS (INSERT INTO accounts (forgotten, " SQL_NAMES(HEARTH_ACCOUNT_FIELDS) ") SELECT " FORGOTTEN
        SQL_VALUES(
            "?4", account,
            HEARTH_ACCOUNT_FIELDS) " WHERE NOT EXISTS (SELECT 1 FROM taken) ON CONFLICT DO NOTHING "
                                   "RETURNING row, uid, created), "
                                   "i AS (INSERT INTO identities (issuer, subject, account, "
                                   "created) SELECT ?1, uid, row, created FROM a WHERE "
                                   "uid <> '' RETURNING 1) "
                                   "SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM a)";

int sql_account_make(struct handle *handle, const struct hearth_account *account,
                     const char *issuer)
{
    struct query query;
    sql_query_open(&query, handle, CREATE);
    sql_query_text(&query, issuer);
    sql_query_text(&query, support_or_empty(account->uid));
    sql_query_int(&query, account->generation);
    sql_bind_account(&query, account);
    int r = sql_query_step(&query);
    bool taken = r == HEARTH_ERR_CONFLICT || (r > 0 && sql_column_int(&query, 0) > 0),
         made = r > 0 && sql_column_int(&query, 1) > 0;
    sql_query_close(&query);
    if (taken)
        return sql_identity_is_taken(handle->call);
    return r < 0 ? r : made ? 0 : sql_account_exists_already(handle->call);
}

/* It is in the account's own row. */
int sql_account_read_generation(struct handle *handle, struct hearth_call *call,
                                const char *account, int64_t *ret_generation)
{
    (void)handle;
    (void)call;
    (void)account;
    (void)ret_generation;
    return 0;
}

/* The server knows it of tables, not of accounts. */
int sql_account_read_space(struct handle *handle, int64_t *ret_space)
{
    (void)handle;
    *ret_space = 0;
    return 0;
}

static int account_rows_delete(struct handle *handle, const char *account)
{
    static const char *const remove[] = {
        "DELETE FROM visits WHERE account = ?1", "DELETE FROM page_guids WHERE account = ?1",
        "DELETE FROM pages WHERE account = ?1", "DELETE FROM removals WHERE account = ?1",
        "DELETE FROM bookmark_tags WHERE account = ?1",
        "DELETE FROM bookmark_claims WHERE account = ?1",
        "DELETE FROM bookmark_tombstones WHERE account = ?1",
        "DELETE FROM bookmarks WHERE account = ?1",
        "DELETE FROM bookmark_folders WHERE account = ?1",
        /* written down by the removal of the bookmarks */
        "DELETE FROM bookmark_moves WHERE account = ?1",
        "DELETE FROM accounts WHERE row = ?1", /* and what refers to it */
    };
    struct query query;
    int64_t row = 0;
    sql_query_open(&query, handle, "SELECT row FROM accounts WHERE id = ?1 FOR UPDATE");
    sql_query_text(&query, account);
    int r = sql_query_step(&query);
    if (r > 0)
        row = sql_column_int(&query, 0);
    sql_query_close(&query);
    if (r == 0)
        return sql_account_is_missing(handle->call);
    r = r < 0 ? r : 0;
    for (size_t i = 0; r == 0 && i < sizeof(remove) / sizeof(remove[0]); i++) {
        sql_query_open(&query, handle, remove[i]);
        sql_query_int(&query, row);
        r = sql_query_run(&query, NULL);
    }
    return r;
}

int sql_account_remove(void *self, struct hearth_call *call, const char *account)
{
    struct op op;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = sql_batch_is_none(op.handle);
    if (r < 0)
        return sql_op_end(&op, r);
    r = pg_transaction_begin(op.handle, "BEGIN");
    if (r == 0)
        r = pg_transaction_end(op.handle, account_rows_delete(op.handle, account));
    return sql_op_end(&op, r);
}

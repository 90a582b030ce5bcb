/* Making an account, and the end of all its rows. */
#include "storage-sql/accounts.h"
#include "storage-sql/batch_hooks.h"

#include "driver.h"

/* Whoever made it may not say what decides its node in a fleet: its address. */
#define SQL_VALUE_account_placement ~, "coalesce(?, ?5)"
/* What was changed before the account was made is not known. */
#define FORGOTTEN VALUE_INT("?3") ", "

/* The account and its identity, or neither; ?1 issuer, ?2 uid, ?3 generation. Conflicts are not errors of the server's, which would end a
 * transaction; except that of two sessions that make the same identity at the same moment. */
static const char CREATE[] =
    "WITH taken AS (SELECT 1 FROM identities WHERE issuer = ?1 AND subject = ?2), "
    "a AS (INSERT INTO accounts (forgotten, " SQL_NAMES(HEARTH_ACCOUNT_FIELDS) ") SELECT " FORGOTTEN SQL_VALUES(
        "?4", account,
        HEARTH_ACCOUNT_FIELDS) " WHERE NOT EXISTS (SELECT 1 FROM taken) ON CONFLICT DO NOTHING RETURNING row, uid, created), "
                               "i AS (INSERT INTO identities (issuer, subject, account, created) SELECT ?1, uid, row, created FROM a WHERE "
                               "uid <> '' RETURNING 1) "
                               "SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM a)";

int account_make(struct session *session, const struct hearth_account *account, const char *issuer)
{
    struct query query;
    query_open(&query, session, CREATE);
    query_text(&query, issuer);
    query_text(&query, support_or_empty(account->uid));
    query_int(&query, account->generation);
    sql_bind_account(&query, account);
    int r = query_step(&query);
    bool taken = r == HEARTH_ERR_CONFLICT || (r > 0 && column_int(&query, 0) > 0), made = r > 0 && column_int(&query, 1) > 0;
    query_close(&query);
    if (taken)
        return account_identity_is_taken(session->call);
    return r < 0 ? r : made ? 0 : account_exists_already(session->call);
}

/* It is in the account's own row. */
int account_read_generation(struct session *session, struct hearth_call *call, const char *account, int64_t *ret_generation)
{
    (void)session;
    (void)call;
    (void)account;
    (void)ret_generation;
    return 0;
}

/* The server knows it of tables, not of accounts. */
int account_read_space(struct session *session, int64_t *ret_space)
{
    (void)session;
    *ret_space = 0;
    return 0;
}

static int remove_rows(struct session *session, const char *account)
{
    static const char *const remove[] = {
        "DELETE FROM visits WHERE account = ?1",
        "DELETE FROM page_guids WHERE account = ?1",
        "DELETE FROM pages WHERE account = ?1",
        "DELETE FROM removals WHERE account = ?1",
        "DELETE FROM bookmark_tags WHERE account = ?1",
        "DELETE FROM bookmark_claims WHERE account = ?1",
        "DELETE FROM bookmark_tombstones WHERE account = ?1",
        "DELETE FROM bookmarks WHERE account = ?1",
        "DELETE FROM bookmark_folders WHERE account = ?1",
        "DELETE FROM bookmark_moves WHERE account = ?1", /* written down by the removal of the bookmarks */
        "DELETE FROM accounts WHERE row = ?1",           /* and what refers to it */
    };
    struct query query;
    int64_t row = 0;
    query_open(&query, session, "SELECT row FROM accounts WHERE id = ?1 FOR UPDATE");
    query_text(&query, account);
    int r = query_step(&query);
    if (r > 0)
        row = column_int(&query, 0);
    query_close(&query);
    if (r == 0)
        return account_is_missing(session->call);
    r = r < 0 ? r : 0;
    for (size_t i = 0; r == 0 && i < sizeof(remove) / sizeof(remove[0]); i++) {
        query_open(&query, session, remove[i]);
        query_int(&query, row);
        r = query_run(&query, NULL);
    }
    return r;
}

int account_remove(void *self, struct hearth_call *call, const char *account)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = batch_is_none(op.session);
    if (r < 0)
        return op_end(&op, r);
    r = transaction_begin(op.session, "BEGIN");
    if (r == 0)
        r = transaction_end(op.session, remove_rows(op.session, account));
    return op_end(&op, r);
}

/* API tokens and what else is a secret that was given out. */
#include "driver.h"
#include "storage-sql/accounts.h"
#include "storage-sql/operations.h"
#include "support/abi.h"

/* Outside an account is a text, in the table its row: of tokens t and accounts a. */
#define SQL_COLUMN_t_account    ~, "a.id"
#define SQL_VALUE_token_account ~, ACCOUNT_ROW("?")
#define TOKEN_COLUMNS           SQL_COLUMNS(t, HEARTH_TOKEN_FIELDS)

/* A hash of another length is damage: nobody may read past its end. */
static int token_row_read(struct handle *handle, struct query *query,
                          struct hearth_token *ret_token)
{
    sql_read_token(query, 0, ret_token);
    if (ret_token->hash == NULL)
        return hearth_fail(handle->call, HEARTH_ERR_CORRUPT, "%s: a token has a damaged hash",
                           sql_database_text(handle));
    return 0;
}

static int token_is_there(struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_CONFLICT, "there is such a token already");
}

int sql_token_create(void *self, struct hearth_call *call, const struct hearth_token *token)
{
    static const char CREATE[] =
        "INSERT INTO tokens (" SQL_NAMES(HEARTH_TOKEN_FIELDS) ") SELECT " SQL_VALUES(
            "?1", token, HEARTH_TOKEN_FIELDS) " WHERE EXISTS (SELECT 1 FROM accounts WHERE id = "
                                              "?2) ON CONFLICT DO NOTHING";
    struct op op;
    struct query query;
    int64_t rows = 0;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, CREATE);
    sql_bind_token(&query, token);
    r = sql_query_run(&query, &rows);
    if (r == 0 && rows == 0)
        r = sql_account_explain(op.handle, token->account, token_is_there);
    return sql_op_end_write(&op, r);
}

int sql_token_by_hash(void *self, struct hearth_call *call, const uint8_t hash[32],
                      struct hearth_token *ret_token)
{
    static const char BY_HASH[] =
        "SELECT " TOKEN_COLUMNS
        " FROM tokens t JOIN accounts a ON a.row = t.account WHERE t.hash = " VALUE_HASH("?1");
    struct op op;
    struct query query;
    struct hearth_token token;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, BY_HASH);
    sql_query_bytes(&query, hash, 32);
    r = sql_query_step(&query);
    if (r > 0) {
        r = token_row_read(op.handle, &query, &token);
        if (r == 0)
            r = sql_keep_token(op.handle, &token);
    } else if (r == 0) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such token");
    }
    sql_query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(token, ret_token);
    return sql_op_end(&op, r);
}

int sql_token_list(void *self, struct hearth_call *call, const char *account, hearth_token_cb cb,
                   void *ctx)
{
    static const char LIST[] =
        "SELECT " TOKEN_COLUMNS " FROM accounts a JOIN tokens t ON t.account = a.row WHERE a.id = "
        "?1 ORDER BY t.created, t.id";
    struct op op;
    struct query query;
    struct hearth_token token;
    int r = sql_op_begin(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, LIST);
    sql_query_text(&query, account);
    while ((r = sql_query_step(&query)) > 0) {
        r = token_row_read(op.handle, &query, &token);
        if (r < 0 || cb(ctx, &token) != 0)
            break;
    }
    sql_query_close(&query);
    return sql_op_end(&op, r > 0 ? 0 : r);
}

static int token_change_run(struct op *op, struct query *query)
{
    int64_t rows = 0;
    int r = sql_query_run(query, &rows);
    if (r == 0 && rows == 0)
        r = hearth_fail(op->handle->call, HEARTH_ERR_NOT_FOUND, "no such token");
    return sql_op_end_write(op, r);
}

int sql_token_remove(void *self, struct hearth_call *call, const char *account, const char *id)
{
    static const char REMOVE[] =
        "DELETE FROM tokens WHERE id = ?2 AND account = " ACCOUNT_ROW("?1");
    struct op op;
    struct query query;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, REMOVE);
    sql_query_text(&query, account);
    sql_query_text(&query, id);
    return token_change_run(&op, &query);
}

int sql_token_used(void *self, struct hearth_call *call, const char *account, const char *id,
                   int64_t when)
{
    static const char USED[] =
        "UPDATE tokens SET last_used = ?3 WHERE id = ?2 AND account = " ACCOUNT_ROW("?1");
    struct op op;
    struct query query;
    int r = sql_op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    sql_query_open(&query, op.handle, USED);
    sql_query_text(&query, account);
    sql_query_text(&query, id);
    sql_query_int(&query, when);
    return token_change_run(&op, &query);
}

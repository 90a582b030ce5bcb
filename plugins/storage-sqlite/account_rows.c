/* What an account has once (credentials, settings), and the end of all its rows. */
#include "accounts.h"
#include "query.h"
#include "session.h"

/* Rows of an account in the order of the foreign keys. */
static const char *const REMOVE[] = {
    "DELETE FROM visits WHERE page_row IN (SELECT row FROM pages WHERE account = ?)",
    "DELETE FROM page_guids WHERE account = ?",
    "DELETE FROM pages WHERE account = ?",
    "DELETE FROM removed_pages WHERE account = ?",
    "DELETE FROM bookmark_tags WHERE account = ?",
    "DELETE FROM bookmark_claims WHERE account = ?",
    "DELETE FROM bookmark_tombstones WHERE account = ?",
    "DELETE FROM bookmarks WHERE account = ?",
    "DELETE FROM tabs WHERE account = ?",
    "DELETE FROM devices WHERE account = ?",
    "DELETE FROM marks WHERE account = ?",
    "DELETE FROM picks WHERE account = ?",
    "DELETE FROM tokens WHERE account = ?",
    "DELETE FROM settings WHERE account = ?",
    "DELETE FROM credentials WHERE account = ?",
    "DELETE FROM accounts WHERE row = ?",
};

static int remove_rows(struct session *session, const char *account)
{
    struct query query;
    int64_t row;
    query_open(&query, session, "SELECT row FROM accounts WHERE id = ?");
    query_text(&query, account);
    int r = query_number(&query, &row);
    if (r == HEARTH_ERR_NOT_FOUND)
        return hearth_fail(session->call, r, "no such account");
    for (size_t i = 0; r == 0 && i < sizeof(REMOVE) / sizeof(REMOVE[0]); i++) {
        query_open(&query, session, REMOVE[i]);
        query_int(&query, row);
        r = query_run(&query);
    }
    return r;
}

int account_remove(void *self, struct hearth_call *call, const char *account)
{
    struct op op;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    if (op.session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open"));
    /* Whoever leaves wants nothing to stay in the file's free pages. */
    r = session_exec(op.session, "PRAGMA secure_delete = ON");
    if (r == 0)
        r = session_begin_immediate(op.session);
    if (r == 0) {
        r = remove_rows(op.session, account);
        if (r < 0)
            session_rollback(op.session);
        else
            r = session_commit(op.session);
    }
    sqlite3_exec(op.session->db, "PRAGMA secure_delete = FAST", NULL, NULL, NULL);
    return op_end(&op, r);
}

/* Runs an INSERT … SELECT … FROM accounts that was prepared by the caller: no row means that there is no such account. */
static int run_put(struct op *op, struct query *query)
{
    int r = query_run(query);
    if (r == 0 && query_changes(op->session) == 0)
        r = hearth_fail(op->session->call, HEARTH_ERR_NOT_FOUND, "no such account");
    return op_end_write(op, r);
}

int account_credentials_put(void *self, struct hearth_call *call, const char *account, const void *sealed, size_t size)
{
    static const char PUT[] = "INSERT INTO credentials (account, sealed) SELECT row, ?2 FROM accounts WHERE id = ?1 "
                              "ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed";
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_text(&query, account);
    query_bytes(&query, sealed, size);
    return run_put(&op, &query);
}

int account_credentials_get(void *self, struct hearth_call *call, const char *account, const void **ret_sealed, size_t *ret_size)
{
    static const char GET[] = "SELECT sealed FROM credentials WHERE account = " ACCOUNT_ROW("?");
    struct op op;
    struct query query;
    const void *copy = NULL;
    size_t size = 0;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, GET);
    query_text(&query, account);
    r = query_step(&query);
    if (r > 0) {
        const void *sealed = sqlite3_column_blob(query.handle, 0);
        size = (size_t)sqlite3_column_bytes(query.handle, 0);
        r = session_copy_bytes(op.session, sealed, size, &copy);
    } else if (r == 0) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no credentials");
    }
    query_close(&query);
    if (r == 0) {
        *ret_sealed = copy;
        *ret_size = size;
    }
    return op_end(&op, r);
}

int account_settings_put(void *self, struct hearth_call *call, const char *account, const char *json)
{
    static const char PUT[] = "INSERT INTO settings (account, json) SELECT row, ?2 FROM accounts WHERE id = ?1 "
                              "ON CONFLICT (account) DO UPDATE SET json = excluded.json";
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_text(&query, account);
    query_text(&query, json);
    return run_put(&op, &query);
}

int account_settings_get(void *self, struct hearth_call *call, const char *account, const char **ret_json)
{
    static const char GET[] = "SELECT json FROM settings WHERE account = " ACCOUNT_ROW("?");
    struct op op;
    struct query query;
    const char *copy = NULL;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, GET);
    query_text(&query, account);
    r = query_step(&query);
    if (r > 0)
        r = session_copy(op.session, column_text(&query, 0), &copy);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no settings");
    query_close(&query);
    if (r == 0)
        *ret_json = copy;
    return op_end(&op, r);
}

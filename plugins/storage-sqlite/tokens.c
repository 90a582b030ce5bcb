#include "tokens.h"

#include "accounts.h"
#include "query.h"
#include "session.h"
#include "support/abi.h"

enum { HASH_SIZE = 32 };

#define COLUMNS "t.id, a.id, t.name, t.hash, t.scope, t.created, t.last_used, t.expires"

/* A hash of another length is damage: nobody may read past its end. */
static int row_of(struct query *query, struct hearth_token *ret_token)
{
    const uint8_t *hash = sqlite3_column_blob(query->handle, 3);
    if (hash == NULL || sqlite3_column_bytes(query->handle, 3) != HASH_SIZE)
        return hearth_fail(query->session->call, HEARTH_ERR_CORRUPT, "%s: a token has a damaged hash", query->connection->path);
    *ret_token = (struct hearth_token){
        .struct_size = sizeof(*ret_token),
        .id = column_text(query, 0),
        .account = column_text(query, 1),
        .name = column_text(query, 2),
        .hash = hash,
        .scope = (uint32_t)column_int(query, 4),
        .created = column_int(query, 5),
        .last_used = column_int(query, 6),
        .expires = column_int(query, 7),
    };
    return 0;
}

static int keep(struct session *session, struct hearth_token *token)
{
    const void *hash;
    int r = session_copy_bytes(session, token->hash, HASH_SIZE, &hash);
    if (r == 0)
        token->hash = hash;
    if (r == 0)
        r = session_copy(session, token->id, &token->id);
    if (r == 0)
        r = session_copy(session, token->account, &token->account);
    return r == 0 ? session_copy(session, token->name, &token->name) : r;
}

int token_create(void *self, struct hearth_call *call, const struct hearth_token *token)
{
    static const char CREATE[] = "INSERT INTO tokens (id, account, name, hash, scope, created, last_used, expires) "
                                 "SELECT ?2, row, ?3, ?4, ?5, ?6, ?7, ?8 FROM accounts WHERE id = ?1";
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, CREATE);
    query_text(&query, token->account);
    query_text(&query, token->id);
    query_text(&query, token->name == NULL ? "" : token->name);
    query_bytes(&query, token->hash, HASH_SIZE);
    query_int(&query, token->scope);
    query_int(&query, token->created);
    query_int(&query, token->last_used);
    query_int(&query, token->expires);
    r = query_run(&query, NULL);
    if (r == HEARTH_ERR_CONFLICT)
        r = hearth_fail(call, r, "there is such a token already");
    else if (r == 0 && query_changes(op.session) == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    return op_end_write(&op, r);
}

int token_by_hash(void *self, struct hearth_call *call, const uint8_t hash[32], struct hearth_token *ret_token)
{
    static const char BY_HASH[] = "SELECT " COLUMNS " FROM tokens t JOIN accounts a ON a.row = t.account WHERE t.hash = ?";
    struct op op;
    struct query query;
    struct hearth_token token;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, BY_HASH);
    query_bytes(&query, hash, HASH_SIZE);
    r = query_step(&query);
    if (r > 0) {
        r = row_of(&query, &token);
        if (r == 0)
            r = keep(op.session, &token);
    } else if (r == 0) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such token");
    }
    query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(token, ret_token);
    return op_end(&op, r);
}

int token_list(void *self, struct hearth_call *call, const char *account, hearth_token_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT " COLUMNS " FROM accounts a JOIN tokens t ON t.account = a.row WHERE a.id = ? ORDER BY t.created, t.id";
    struct op op;
    struct query query;
    struct hearth_token token;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        r = row_of(&query, &token);
        if (r < 0 || cb(ctx, &token) != 0)
            break;
    }
    query_close(&query);
    return op_end(&op, r);
}

static int run_one(struct op *op, struct query *query)
{
    int r = query_run(query, NULL);
    if (r == 0 && query_changes(op->session) == 0)
        r = hearth_fail(op->session->call, HEARTH_ERR_NOT_FOUND, "no such token");
    return op_end_write(op, r);
}

int token_remove(void *self, struct hearth_call *call, const char *account, const char *id)
{
    static const char REMOVE[] = "DELETE FROM tokens WHERE id = ?2 AND account = " ACCOUNT_ROW("?1");
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_text(&query, account);
    query_text(&query, id);
    return run_one(&op, &query);
}

int token_used(void *self, struct hearth_call *call, const char *account, const char *id, int64_t when)
{
    static const char USED[] = "UPDATE tokens SET last_used = ?3 WHERE id = ?2 AND account = " ACCOUNT_ROW("?1");
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, USED);
    query_text(&query, account);
    query_text(&query, id);
    query_int(&query, when);
    return run_one(&op, &query);
}

static int pick_remove(void *self, struct hearth_call *call, const char *account, const struct hearth_pick *pick)
{
    static const char REMOVE[] = "DELETE FROM picks WHERE account = " ACCOUNT_ROW("?1") " AND input = ?2 AND page = ?3";
    struct op op;
    struct query query;
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_text(&query, account);
    query_text(&query, pick->input);
    query_int(&query, pick->page);
    return op_end_write(&op, query_run(&query, NULL));
}

int pick_put(void *self, struct hearth_call *call, const char *account, const struct hearth_pick *pick)
{
    static const char PUT[] =
        "INSERT INTO picks (account, input, page, use_count, used) SELECT row, ?2, ?3, ?4, ?5 FROM accounts WHERE id = ?1 "
        "ON CONFLICT (account, input, page) DO UPDATE SET use_count = excluded.use_count, used = excluded.used";
    struct op op;
    struct query query;
    if (pick->use_count <= 0)
        return pick_remove(self, call, account, pick);
    int r = op_begin_write(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_text(&query, account);
    query_text(&query, pick->input);
    query_int(&query, pick->page);
    query_real(&query, pick->use_count);
    query_int(&query, pick->used);
    r = query_run(&query, NULL);
    if (r == 0 && query_changes(op.session) == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    return op_end_write(&op, r);
}

int pick_list(void *self, struct hearth_call *call, const char *account, hearth_pick_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT input, page, use_count, used FROM picks WHERE account = " ACCOUNT_ROW("?") " ORDER BY input, page";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        struct hearth_pick pick = {
            .struct_size = sizeof(pick),
            .input = column_text(&query, 0),
            .page = column_int(&query, 1),
            .use_count = sqlite3_column_double(query.handle, 2),
            .used = column_int(&query, 3),
        };
        if (cb(ctx, &pick) != 0) {
            r = 0;
            break;
        }
    }
    query_close(&query);
    return op_end(&op, r);
}

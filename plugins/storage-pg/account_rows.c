/* What an account has besides synced data: credentials, settings, tokens, picks. */

#include "accounts.h"
#include "connection.h"
#include "session.h"
#include "support/abi.h"
#include "support/call.h"
#include "support/codec.h"
#include "support/text.h"

/* Runs a statement that touches one row, or none because what it names is not there. */
static int run_one(struct op *op, struct query *query, const char *missing)
{
    int64_t affected = 0;
    int r = query_run(query, &affected);
    if (r == 0 && affected == 0)
        r = hearth_fail(op->session->call, HEARTH_ERR_NOT_FOUND, "%s", missing);
    return op_end(op, r);
}

int account_credentials_put(void *self, struct hearth_call *call, const char *account, const void *sealed, size_t size)
{
    static const char PUT[] = "INSERT INTO credentials (account, sealed) SELECT row, $2::bytea FROM accounts WHERE id = $1 "
                              "ON CONFLICT (account) DO UPDATE SET sealed = excluded.sealed";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_text(&query, account);
    query_bytes(&query, sealed, size);
    return run_one(&op, &query, "no such account");
}

/* bytea in the text format: \x and two digits for each byte. Memory of the call. */
static int unhex(struct session *session, const char *text, const void **ret_bytes, size_t *ret_size)
{
    size_t digits = strlen(text) >= 2 ? strlen(text) - 2 : 0, size = digits / 2;
    unsigned char *bytes = session->store->host->alloc(session->call, size + 1);
    if (bytes == NULL)
        return support_no_memory(session->call);
    if (strncmp(text, "\\x", 2) != 0 || support_hex_decode(text + 2, digits, bytes, size) != 0)
        return hearth_fail(session->call, HEARTH_ERR_CORRUPT, "%s: bytes came in no form of bytea; set bytea_output to hex",
                           session->store->where);
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}

int account_credentials_get(void *self, struct hearth_call *call, const char *account, const void **ret_sealed, size_t *ret_size)
{
    static const char GET[] = "SELECT sealed FROM credentials WHERE account = " ACCOUNT_ROW("$1");
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, GET);
    query_text(&query, account);
    r = query_step(&query);
    if (r > 0)
        r = unhex(op.session, column_text(&query, 0), ret_sealed, ret_size);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no credentials");
    query_close(&query);
    return op_end(&op, r);
}

int account_settings_put(void *self, struct hearth_call *call, const char *account, const char *json)
{
    static const char PUT[] = "INSERT INTO settings (account, json) SELECT row, $2 FROM accounts WHERE id = $1 "
                              "ON CONFLICT (account) DO UPDATE SET json = excluded.json";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_text(&query, account);
    query_text(&query, json);
    return run_one(&op, &query, "no such account");
}

int account_settings_get(void *self, struct hearth_call *call, const char *account, const char **ret_json)
{
    static const char GET[] = "SELECT json FROM settings WHERE account = " ACCOUNT_ROW("$1");
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, GET);
    query_text(&query, account);
    r = query_step(&query);
    if (r > 0)
        r = session_copy(op.session, column_text(&query, 0), ret_json);
    else if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no settings");
    query_close(&query);
    return op_end(&op, r);
}

/* --- tokens ------------------------------------------------------------------------------------------------------------------------- */

enum { HASH_SIZE = 32 };

#define COLUMNS "t.id, a.id, t.name, t.hash, t.scope, t.created, t.last_used, t.expires"

static int row_of(struct session *session, const struct query *query, struct hearth_token *ret_token)
{
    const void *hash;
    size_t size;
    int r = unhex(session, column_text(query, 3), &hash, &size);
    if (r < 0)
        return r;
    if (size != HASH_SIZE)
        return hearth_fail(session->call, HEARTH_ERR_CORRUPT, "%s: a token has a damaged hash", session->store->where);
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

int token_create(void *self, struct hearth_call *call, const struct hearth_token *token)
{
    static const char CREATE[] =
        "WITH a AS (SELECT row FROM accounts WHERE id = $1), "
        "t AS (INSERT INTO tokens (id, account, name, hash, scope, created, last_used, expires) "
        "SELECT $2, row, $3, $4::bytea, $5::bigint, $6::bigint, $7::bigint, $8::bigint FROM a ON CONFLICT DO NOTHING RETURNING 1) "
        "SELECT (SELECT count(*) FROM a), (SELECT count(*) FROM t)";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, CREATE);
    query_text(&query, token->account);
    query_text(&query, token->id);
    query_text(&query, support_or_empty(token->name));
    query_bytes(&query, token->hash, HASH_SIZE);
    query_int(&query, token->scope);
    query_int(&query, token->created);
    query_int(&query, token->last_used);
    query_int(&query, token->expires);
    r = query_step(&query);
    if (r > 0 && column_int(&query, 0) == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such account");
    else if (r > 0 && column_int(&query, 1) == 0)
        r = hearth_fail(call, HEARTH_ERR_CONFLICT, "there is such a token already");
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

int token_by_hash(void *self, struct hearth_call *call, const uint8_t hash[32], struct hearth_token *ret_token)
{
    static const char BY_HASH[] = "SELECT " COLUMNS " FROM tokens t JOIN accounts a ON a.row = t.account WHERE t.hash = $1::bytea";
    struct op op;
    struct query query;
    struct hearth_token token;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, BY_HASH);
    query_bytes(&query, hash, HASH_SIZE);
    r = query_step(&query);
    if (r == 0)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such token");
    if (r > 0)
        r = row_of(op.session, &query, &token);
    const char **texts[] = {&token.id, &token.account, &token.name};
    for (size_t i = 0; r == 0 && i < 3; i++)
        r = session_copy(op.session, *texts[i], texts[i]);
    query_close(&query);
    if (r == 0)
        SUPPORT_GIVE(token, ret_token);
    return op_end(&op, r);
}

int token_list(void *self, struct hearth_call *call, const char *account, hearth_token_cb cb, void *ctx)
{
    static const char LIST[] =
        "SELECT " COLUMNS " FROM accounts a JOIN tokens t ON t.account = a.row WHERE a.id = $1 ORDER BY t.created, t.id";
    struct op op;
    struct query query;
    struct hearth_token token;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        int bad = row_of(op.session, &query, &token);
        if (bad < 0)
            r = bad;
        if (bad < 0 || cb(ctx, &token) != 0)
            break;
    }
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

int token_remove(void *self, struct hearth_call *call, const char *account, const char *id)
{
    static const char REMOVE[] = "DELETE FROM tokens WHERE id = $2 AND account = " ACCOUNT_ROW("$1");
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_text(&query, account);
    query_text(&query, id);
    return run_one(&op, &query, "no such token");
}

int token_used(void *self, struct hearth_call *call, const char *account, const char *id, int64_t when)
{
    static const char USED[] = "UPDATE tokens SET last_used = $3 WHERE id = $2 AND account = " ACCOUNT_ROW("$1");
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, USED);
    query_text(&query, account);
    query_text(&query, id);
    query_int(&query, when);
    return run_one(&op, &query, "no such token");
}

/* --- picks -------------------------------------------------------------------------------------------------------------------------- */

static int pick_remove(void *self, struct hearth_call *call, const char *account, const struct hearth_pick *pick)
{
    static const char REMOVE[] =
        "DELETE FROM picks WHERE account = " ACCOUNT_ROW("$1") " AND md5(input) = md5($2) AND input = $2 AND page = $3::bigint";
    struct op op;
    struct query query;
    int64_t affected;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, REMOVE);
    query_text(&query, account);
    query_text(&query, pick->input);
    query_int(&query, pick->page);
    return op_end(&op, query_run(&query, &affected));
}

int pick_put(void *self, struct hearth_call *call, const char *account, const struct hearth_pick *pick)
{
    if (pick->use_count <= 0)
        return pick_remove(self, call, account, pick);
    static const char PUT[] = "INSERT INTO picks (account, input, page, use_count, used) "
                              "SELECT row, $2, $3::bigint, $4::double precision, $5::bigint FROM accounts WHERE id = $1 "
                              "ON CONFLICT (account, md5(input), page) DO UPDATE SET use_count = excluded.use_count, used = excluded.used";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, PUT);
    query_text(&query, account);
    query_text(&query, pick->input);
    query_int(&query, pick->page);
    query_real(&query, pick->use_count);
    query_int(&query, pick->used);
    return run_one(&op, &query, "no such account");
}

int pick_list(void *self, struct hearth_call *call, const char *account, hearth_pick_cb cb, void *ctx)
{
    static const char LIST[] = "SELECT input, page, use_count, used FROM picks WHERE account = " ACCOUNT_ROW("$1") " ORDER BY input, page";
    struct op op;
    struct query query;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    query_open(&query, op.session, LIST);
    query_text(&query, account);
    while ((r = query_step(&query)) > 0) {
        struct hearth_pick pick = {.struct_size = sizeof(pick),
                                   .input = column_text(&query, 0),
                                   .page = column_int(&query, 1),
                                   .use_count = column_real(&query, 2),
                                   .used = column_int(&query, 3)};
        if (cb(ctx, &pick) != 0)
            break;
    }
    query_close(&query);
    return op_end(&op, r > 0 ? 0 : r);
}

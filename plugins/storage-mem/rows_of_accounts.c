/* Credentials, settings, tokens, picks: each write is one row put or dropped. */
#include <string.h>

#include "store.h"

/* Puts a row that was made by the caller; takes the reference. */
static int put_row(struct session *session, struct hearth_call *call, const char *account, enum table_name name, struct row *row)
{
    int r = row == NULL ? no_memory(call) : 0;
    struct world *world = r < 0 ? NULL : write_begin(session, call, &r);
    if (world == NULL) {
        row_unref(row);
        return r;
    }
    struct account *own = world_account(world, account) == NULL ? NULL : world_own(world, account);
    if (own != NULL && account_put(own, name, row))
        return write_end(session, world, 0);
    row_unref(row);
    return write_end(session, world, world_account(world, account) == NULL ? no_account(call) : no_memory(call));
}

int mem_credentials_put(void *session, struct hearth_call *call, const char *account, const void *sealed, size_t size)
{
    const char *texts[TEXTS] = {size == 0 ? "" : sealed};
    return put_row(session, call, account, CREDENTIALS, row_create(texts, (int64_t[NUMBERS]){0}, size));
}

int mem_settings_put(void *session, struct hearth_call *call, const char *account, const char *json)
{
    return put_row(session, call, account, SETTINGS, row_create((const char *[TEXTS]){json}, (int64_t[NUMBERS]){0}, 0));
}

static int pick_remove(struct session *session, struct hearth_call *call, const char *account, const struct hearth_pick *pick)
{
    int r;
    struct world *world = write_begin(session, call, &r);
    if (world == NULL)
        return r;
    struct account *own = world_account(world, account) == NULL ? NULL : world_own(world, account);
    if (own == NULL)
        return write_end(session, world, world_account(world, account) == NULL ? 0 : no_memory(call));
    return write_end(session, world, account_drop(own, PICKS, KEY(.text = {pick->input}, .number = {pick->page})) ? 0 : no_memory(call));
}

int mem_pick_put(void *session, struct hearth_call *call, const char *account, const struct hearth_pick *pick)
{
    if (pick->use_count <= 0)
        return pick_remove(session, call, account, pick);
    struct row *row = row_create((const char *[TEXTS]){pick->input}, (int64_t[NUMBERS]){pick->page, pick->used}, 0);
    if (row != NULL)
        row->real = pick->use_count;
    return put_row(session, call, account, PICKS, row);
}

/* The one row of a table; NULL: there is none. */
static const struct row *only_row(const struct world *world, const char *account, enum table_name name)
{
    const struct account *found = world_account(world, account);
    return found == NULL || found->tables[name]->count == 0 ? NULL : found->tables[name]->rows[0];
}

int mem_credentials_get(void *s, struct hearth_call *call, const char *account, const void **ret_sealed, size_t *ret_size)
{
    struct session *session = s;
    int r;
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = only_row(world, account, CREDENTIALS);
    void *copy = row == NULL ? NULL : session->store->host->alloc(call, row->size + 1);
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no credentials");
    else if (copy == NULL)
        r = no_memory(call);
    if (r == 0) {
        *ret_sealed = memcpy(copy, row->text[0], row->size);
        *ret_size = row->size;
    }
    world_unref(world);
    return r;
}

int mem_settings_get(void *session, struct hearth_call *call, const char *account, const char **ret_json)
{
    int r;
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = only_row(world, account, SETTINGS);
    const char *json = row == NULL ? NULL : row->text[0];
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no settings");
    else if (!keep_text(session, call, &json))
        r = no_memory(call);
    else
        *ret_json = json;
    world_unref(world);
    return r;
}

struct deliver_pick {
    hearth_pick_cb cb;
    void *ctx;
};

static int deliver_pick(void *ctx, const struct row *row)
{
    struct deliver_pick *d = ctx;
    struct hearth_pick pick = {.struct_size = sizeof(pick),
                               .input = row->text[PICK_INPUT],
                               .page = row->number[PICK_PAGE],
                               .use_count = row->real,
                               .used = row->number[PICK_USED]};
    return d->cb(d->ctx, &pick);
}

int mem_pick_list(void *session, struct hearth_call *call, const char *account, hearth_pick_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, PICKS, NULL, NULL, &list);
    return r < 0 ? r : list_deliver(session, call, &list, deliver_pick, &(struct deliver_pick){cb, ctx});
}

/* --- tokens. The hash is kept as text: 64 hex digits ------------------------------------------------------------------------------- */

static void to_hex(const uint8_t hash[32], char ret[65])
{
    static const char digits[] = "0123456789abcdef";
    for (int i = 0; i < 32; i++) {
        ret[2 * i] = digits[hash[i] >> 4];
        ret[2 * i + 1] = digits[hash[i] & 15];
    }
    ret[64] = '\0';
}

static void from_hex(const char *text, uint8_t ret[32])
{
    for (int i = 0; i < 32; i++) {
        int high = text[2 * i] <= '9' ? text[2 * i] - '0' : text[2 * i] - 'a' + 10;
        int low = text[2 * i + 1] <= '9' ? text[2 * i + 1] - '0' : text[2 * i + 1] - 'a' + 10;
        ret[i] = (uint8_t)(high << 4 | low);
    }
}

/* Ids and hashes are unique over all accounts. id, hash: NULL, not asked for. */
static const struct row *find_token(const struct world *world, const char *id, const char *hash, const struct account **ret_account)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct table *tokens = world->accounts[i]->tables[TOKENS];
        for (size_t k = 0; k < tokens->count; k++) {
            const struct row *row = tokens->rows[k];
            if ((id != NULL && strcmp(row->text[TOKEN_ID], id) == 0) || (hash != NULL && strcmp(row->text[TOKEN_HASH], hash) == 0)) {
                *ret_account = world->accounts[i];
                return row;
            }
        }
    }
    return NULL;
}

int mem_token_create(void *s, struct hearth_call *call, const struct hearth_token *token)
{
    struct session *session = s;
    char hash[65];
    const struct account *owner;
    int r;
    to_hex(token->hash, hash);
    struct world *world = write_begin(session, call, &r);
    if (world == NULL)
        return r;
    if (world_account(world, token->account) == NULL)
        return write_end(session, world, no_account(call));
    if (find_token(world, token->id, hash, &owner) != NULL)
        return write_end(session, world, hearth_fail(call, HEARTH_ERR_CONFLICT, "there is such a token already"));
    struct account *own = world_own(world, token->account);
    struct row *row = row_create((const char *[TEXTS]){token->id, token->name == NULL ? "" : token->name, hash},
                                 (int64_t[NUMBERS]){token->scope, token->created, token->last_used, token->expires}, 0);
    if (own == NULL || row == NULL || !account_put(own, TOKENS, row)) {
        row_unref(row);
        r = no_memory(call);
    }
    return write_end(session, world, r);
}

static void token_of(const struct row *row, const char *account, const uint8_t *hash, struct hearth_token *ret_token)
{
    *ret_token = (struct hearth_token){.struct_size = sizeof(*ret_token),
                                       .id = row->text[TOKEN_ID],
                                       .account = account,
                                       .name = row->text[TOKEN_NAME],
                                       .hash = hash,
                                       .scope = (uint32_t)row->number[TOKEN_SCOPE],
                                       .created = row->number[TOKEN_CREATED],
                                       .last_used = row->number[TOKEN_LAST_USED],
                                       .expires = row->number[TOKEN_EXPIRES]};
}

int mem_token_by_hash(void *s, struct hearth_call *call, const uint8_t hash[32], struct hearth_token *ret_token)
{
    struct session *session = s;
    const struct account *owner;
    struct hearth_token token;
    char text[65];
    int r;
    to_hex(hash, text);
    struct world *world = read_begin(session, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = find_token(world, NULL, text, &owner);
    uint8_t *copy = row == NULL ? NULL : session->store->host->alloc(call, 32);
    if (row == NULL) {
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such token");
    } else if (copy == NULL) {
        r = no_memory(call);
    } else {
        memcpy(copy, hash, 32);
        token_of(row, owner->row->text[ACCOUNT_ID], copy, &token);
        if (!keep_text(session, call, &token.id) || !keep_text(session, call, &token.account) || !keep_text(session, call, &token.name))
            r = no_memory(call);
    }
    world_unref(world);
    if (r == 0)
        RESULT_GIVE(token, ret_token);
    return r;
}

static int by_created(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    int64_t p = x->number[TOKEN_CREATED], q = y->number[TOKEN_CREATED];
    return p != q ? (p < q ? -1 : 1) : strcmp(x->text[TOKEN_ID], y->text[TOKEN_ID]);
}

struct deliver_token {
    hearth_token_cb cb;
    void *ctx;
    const char *account;
};

static int deliver_token(void *ctx, const struct row *row)
{
    struct deliver_token *d = ctx;
    struct hearth_token token;
    uint8_t hash[32];
    from_hex(row->text[TOKEN_HASH], hash);
    token_of(row, d->account, hash, &token);
    return d->cb(d->ctx, &token);
}

int mem_token_list(void *session, struct hearth_call *call, const char *account, hearth_token_cb cb, void *ctx)
{
    struct list list;
    int r = list_make(session, call, account, TOKENS, NULL, NULL, &list);
    if (r < 0)
        return r;
    list_sort(&list, by_created);
    return list_deliver(session, call, &list, deliver_token, &(struct deliver_token){cb, ctx, account});
}

/* Drops the token, or replaces it by one used `when`. */
static int change_token(struct session *session, struct hearth_call *call, const char *account, const char *id, const int64_t *when)
{
    size_t place;
    int r;
    struct world *world = write_begin(session, call, &r);
    if (world == NULL)
        return r;
    struct account *own = world_account(world, account) == NULL ? NULL : world_own(world, account);
    struct row *old = own == NULL ? NULL : table_find(own->tables[TOKENS], TOKENS, KEY(.text = {id}), &place);
    if (old == NULL)
        return write_end(session, world, hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such token"));
    if (when == NULL)
        return write_end(session, world, account_drop(own, TOKENS, KEY(.text = {id})) ? 0 : no_memory(call));
    struct row *row = row_create(old->text, old->number, 0);
    if (row != NULL)
        row->number[TOKEN_LAST_USED] = *when;
    if (row == NULL || !account_put(own, TOKENS, row)) {
        row_unref(row);
        r = no_memory(call);
    }
    return write_end(session, world, r);
}

int mem_token_remove(void *session, struct hearth_call *call, const char *account, const char *id)
{
    return change_token(session, call, account, id, NULL);
}

int mem_token_used(void *session, struct hearth_call *call, const char *account, const char *id, int64_t when)
{
    return change_token(session, call, account, id, &when);
}

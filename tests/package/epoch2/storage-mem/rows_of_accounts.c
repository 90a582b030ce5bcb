/* Credentials, settings, tokens, picks, what was removed here: each write is one row put or
 * dropped. */
#include <stdlib.h>
#include <string.h>

#include "database.h"

/* Puts a row that was made by the caller; takes the reference. */
static int account_row_put(struct handle *handle, struct hearth_call *call, const char *account,
                           enum table_name name, struct row *row)
{
    int r = row == NULL ? mem_no_memory(call) : 0;
    struct world *world = r < 0 ? NULL : mem_write_begin(handle, call, &r);
    if (world == NULL) {
        mem_row_unref(row);
        return r;
    }
    struct account *own =
        mem_world_account(world, account) == NULL ? NULL : mem_world_own(world, account);
    if (own != NULL && mem_account_put(own, name, row))
        return mem_write_end(handle, world, 0);
    mem_row_unref(row);
    return mem_write_end(handle, world,
                         mem_world_account(world, account) == NULL ? mem_no_account(call)
                                                                   : mem_no_memory(call));
}

/* Credentials are bytes; they are kept as a text of hex digits. */
static char *to_hex(const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * size + 1);
    for (size_t i = 0; text != NULL && i < size; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    if (text != NULL)
        text[2 * size] = '\0';
    return text;
}

static uint8_t *from_hex(struct handle *handle, struct hearth_call *call, const char *text,
                         size_t size)
{
    uint8_t *bytes = handle->database->host->alloc(call, size + 1);
    for (size_t i = 0; bytes != NULL && i < size; i++) {
        int high = text[2 * i] <= '9' ? text[2 * i] - '0' : text[2 * i] - 'a' + 10;
        int low = text[2 * i + 1] <= '9' ? text[2 * i + 1] - '0' : text[2 * i + 1] - 'a' + 10;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return bytes;
}

static const struct row *find_source(const struct world *world, const char *account, int64_t id)
{
    size_t place;
    const struct account *found = mem_world_account(world, account);
    return found == NULL
               ? NULL
               : mem_table_find(found->tables[SOURCES], SOURCES, KEY(.source = {.id = id}), &place);
}

static int check_source(struct handle *handle, struct hearth_call *call, const char *account,
                        int64_t source)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    if (find_source(world, account, source) == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no source %lld",
                        (long long)source);
    mem_world_unref(world);
    return r;
}

int mem_credentials_put(void *handle, struct hearth_call *call, const char *account, int64_t source,
                        const void *sealed, size_t size)
{
    int r = source == 0 ? 0 : check_source(handle, call, account, source);
    if (r < 0)
        return r;
    char *hex = to_hex(sealed, size);
    struct row *row =
        hex == NULL ? NULL
                    : mem_row_create(CREDENTIALS, MEM(credentials, .source = source, .hex = hex));
    free(hex);
    return account_row_put(handle, call, account, CREDENTIALS, row);
}

int mem_settings_put(void *handle, struct hearth_call *call, const char *account, const char *json)
{
    return account_row_put(handle, call, account, SETTINGS,
                           mem_row_create(SETTINGS, MEM(settings, .json = json)));
}

static int drop_row(struct handle *handle, struct hearth_call *call, const char *account,
                    enum table_name name, const struct row *key)
{
    int r;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    struct account *own =
        mem_world_account(world, account) == NULL ? NULL : mem_world_own(world, account);
    if (own == NULL)
        return mem_write_end(handle, world,
                             mem_world_account(world, account) == NULL ? 0 : mem_no_memory(call));
    return mem_write_end(handle, world, mem_account_drop(own, name, key) ? 0 : mem_no_memory(call));
}

int mem_pick_put(void *handle, struct hearth_call *call, const char *account,
                 const struct hearth_pick *pick)
{
    int r = mem_key_check(call, PICKS, pick);
    if (r < 0)
        return r;
    if (pick->use_count <= 0)
        return drop_row(handle, call, account, PICKS,
                        KEY(.pick = {.input = pick->input, .page = pick->page}));
    return account_row_put(handle, call, account, PICKS, mem_row_create(PICKS, pick));
}

int mem_removed_here_put(void *handle, struct hearth_call *call, const char *account,
                         const struct hearth_removed_here *removed)
{
    int r = mem_key_check(call, REMOVED_HERE, removed);
    return r < 0 ? r
                 : account_row_put(handle, call, account, REMOVED_HERE,
                                   mem_row_create(REMOVED_HERE, removed));
}

int mem_removed_here_remove(void *handle, struct hearth_call *call, const char *account,
                            const char *id)
{
    if (id == NULL)
        return hearth_fail(call, HEARTH_ERR_INVALID, "there is no id");
    return drop_row(handle, call, account, REMOVED_HERE, KEY(.removed_here = {.id = id}));
}

int mem_source_put(void *handle, struct hearth_call *call, const char *account,
                   const struct hearth_source *source)
{
    int r = mem_key_check(call, SOURCES, source);
    return r < 0 ? r
                 : account_row_put(handle, call, account, SOURCES, mem_row_create(SOURCES, source));
}

/* With its credentials, in one write. */
int mem_source_remove(void *s, struct hearth_call *call, const char *account, int64_t id)
{
    struct handle *handle = s;
    int r;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    if (find_source(world, account, id) == NULL)
        return mem_write_end(handle, world, 0);
    struct account *own = mem_world_own(world, account);
    bool done = own != NULL &&
                mem_account_drop(own, CREDENTIALS, KEY(.credentials = {.source = id})) &&
                mem_account_drop(own, SOURCES, KEY(.source = {.id = id}));
    return mem_write_end(handle, world, done ? 0 : mem_no_memory(call));
}

/* The one row of a table; NULL: there is none. */
static const struct row *only_row(const struct world *world, const char *account,
                                  enum table_name name)
{
    const struct account *found = mem_world_account(world, account);
    return found == NULL || found->tables[name]->count == 0 ? NULL : found->tables[name]->rows[0];
}

int mem_credentials_get(void *s, struct hearth_call *call, const char *account, int64_t source,
                        const void **ret_sealed, size_t *ret_size)
{
    struct handle *handle = s;
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    size_t place;
    const struct account *found = mem_world_account(world, account);
    const struct row *row = found == NULL
                                ? NULL
                                : mem_table_find(found->tables[CREDENTIALS], CREDENTIALS,
                                                 KEY(.credentials = {.source = source}), &place);
    size_t size = row == NULL ? 0 : strlen(row->credentials.hex) / 2;
    const uint8_t *copy = row == NULL ? NULL : from_hex(handle, call, row->credentials.hex, size);
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no credentials");
    else if (copy == NULL)
        r = mem_no_memory(call);
    if (r == 0) {
        *ret_sealed = copy;
        *ret_size = size;
    }
    mem_world_unref(world);
    return r;
}

int mem_settings_get(void *handle, struct hearth_call *call, const char *account,
                     const char **ret_json)
{
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = only_row(world, account, SETTINGS);
    const char *json = row == NULL ? NULL : row->settings.json;
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "the account has no settings");
    else if (!mem_text_keep(handle, call, &json))
        r = mem_no_memory(call);
    else
        *ret_json = json;
    mem_world_unref(world);
    return r;
}

struct deliver_pick {
    hearth_pick_cb cb;
    void *ctx;
};

static int deliver_pick(void *ctx, const struct row *row)
{
    struct deliver_pick *d = ctx;
    return d->cb(d->ctx, &row->pick);
}

int mem_pick_list(void *handle, struct hearth_call *call, const char *account, hearth_pick_cb cb,
                  void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, PICKS, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_pick,
                                    &(struct deliver_pick){cb, ctx});
}

struct deliver_removed_here {
    hearth_removed_here_cb cb;
    void *ctx;
};

static int deliver_removed_here(void *ctx, const struct row *row)
{
    struct deliver_removed_here *d = ctx;
    return d->cb(d->ctx, &row->removed_here);
}

static int by_said(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    int64_t p = x->removed_here.created, q = y->removed_here.created;
    return p != q ? (p < q ? -1 : 1) : strcmp(x->removed_here.id, y->removed_here.id);
}

int mem_removed_here_list(void *handle, struct hearth_call *call, const char *account,
                          hearth_removed_here_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, REMOVED_HERE, NULL, NULL, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_said);
    return mem_list_deliver(handle, call, &list, deliver_removed_here,
                            &(struct deliver_removed_here){cb, ctx});
}

struct deliver_source {
    hearth_source_cb cb;
    void *ctx;
};

static int deliver_source(void *ctx, const struct row *row)
{
    struct deliver_source *d = ctx;
    return d->cb(d->ctx, &row->source);
}

int mem_source_list(void *handle, struct hearth_call *call, const char *account,
                    hearth_source_cb cb, void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, SOURCES, NULL, NULL, &list);
    return r < 0 ? r
                 : mem_list_deliver(handle, call, &list, deliver_source,
                                    &(struct deliver_source){cb, ctx});
}

/* --- tokens --- */

/* Ids and hashes are unique over all accounts. id, hash: NULL, not asked for. */
static const struct row *find_token(const struct world *world, const char *id, const uint8_t *hash)
{
    for (size_t i = 0; i < world->count; i++) {
        const struct table *tokens = world->accounts[i]->tables[TOKENS];
        for (size_t k = 0; k < tokens->count; k++) {
            const struct hearth_token *token = &tokens->rows[k]->token;
            if ((id != NULL && strcmp(token->id, id) == 0) ||
                (hash != NULL && memcmp(token->hash, hash, 32) == 0))
                return tokens->rows[k];
        }
    }
    return NULL;
}

int mem_token_create(void *s, struct hearth_call *call, const struct hearth_token *token)
{
    struct handle *handle = s;
    int r = mem_key_check(call, TOKENS, token);
    struct world *world = r < 0 ? NULL : mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    if (mem_world_account(world, token->account) == NULL)
        return mem_write_end(handle, world, mem_no_account(call));
    if (find_token(world, token->id, token->hash) != NULL)
        return mem_write_end(
            handle, world, hearth_fail(call, HEARTH_ERR_CONFLICT, "there is such a token already"));
    struct account *own = mem_world_own(world, token->account);
    struct row *row = mem_row_create(TOKENS, token);
    if (own == NULL || row == NULL || !mem_account_put(own, TOKENS, row)) {
        mem_row_unref(row);
        r = mem_no_memory(call);
    }
    return mem_write_end(handle, world, r);
}

int mem_token_by_hash(void *s, struct hearth_call *call, const uint8_t hash[32],
                      struct hearth_token *ret_token)
{
    struct handle *handle = s;
    int r;
    struct world *world = mem_read_begin(handle, call, &r);
    if (world == NULL)
        return r;
    const struct row *row = find_token(world, NULL, hash);
    if (row == NULL)
        r = hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such token");
    else
        r = mem_record_give(handle, call, TOKENS, &row->token, ret_token);
    mem_world_unref(world);
    return r;
}

static int by_created(const void *a, const void *b)
{
    const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
    int64_t p = x->token.created, q = y->token.created;
    return p != q ? (p < q ? -1 : 1) : strcmp(x->token.id, y->token.id);
}

struct deliver_token {
    hearth_token_cb cb;
    void *ctx;
};

static int deliver_token(void *ctx, const struct row *row)
{
    struct deliver_token *d = ctx;
    return d->cb(d->ctx, &row->token);
}

int mem_token_list(void *handle, struct hearth_call *call, const char *account, hearth_token_cb cb,
                   void *ctx)
{
    struct list list;
    int r = mem_list_make(handle, call, account, TOKENS, NULL, NULL, &list);
    if (r < 0)
        return r;
    mem_list_sort(&list, by_created);
    return mem_list_deliver(handle, call, &list, deliver_token, &(struct deliver_token){cb, ctx});
}

/* Drops the token, or replaces it by one used `when`. */
static int token_row_change(struct handle *handle, struct hearth_call *call, const char *account,
                            const char *id, const int64_t *when)
{
    size_t place;
    int r;
    struct world *world = mem_write_begin(handle, call, &r);
    if (world == NULL)
        return r;
    struct account *own =
        mem_world_account(world, account) == NULL ? NULL : mem_world_own(world, account);
    struct row *old =
        own == NULL ? NULL
                    : mem_table_find(own->tables[TOKENS], TOKENS, KEY(.token = {.id = id}), &place);
    if (old == NULL)
        return mem_write_end(handle, world,
                             hearth_fail(call, HEARTH_ERR_NOT_FOUND, "no such token"));
    if (when == NULL)
        return mem_write_end(
            handle, world,
            mem_account_drop(own, TOKENS, KEY(.token = {.id = id})) ? 0 : mem_no_memory(call));
    struct hearth_token used = old->token;
    used.last_used = *when;
    struct row *row = mem_row_create(TOKENS, &used);
    if (row == NULL || !mem_account_put(own, TOKENS, row)) {
        mem_row_unref(row);
        r = mem_no_memory(call);
    }
    return mem_write_end(handle, world, r);
}

int mem_token_remove(void *handle, struct hearth_call *call, const char *account, const char *id)
{
    return token_row_change(handle, call, account, id, NULL);
}

int mem_token_used(void *handle, struct hearth_call *call, const char *account, const char *id,
                   int64_t when)
{
    return token_row_change(handle, call, account, id, &when);
}

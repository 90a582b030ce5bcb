/* Endpoints of an account: what is stored, sealed and opened. */
#include <stdlib.h>
#include <string.h>

#include "auth/token.h"
#include "base/clock.h"
#include "codec/codec.h"
#include "push/internal.h"

enum {
    SEALED_MAX = NET_OUTSIDE_URL_MAX + VAULT_OVERHEAD,
    TEXT_MAX = (SEALED_MAX + 2) / 3 * 4 + 1,
    CONTEXT_SIZE = 128,
    ID_SIZE = 12
};
_Static_assert(TEXT_MAX - 1 <= HEARTH_LINE_MAX, "a sealed endpoint is longer than its field");

static void endpoint_context(const char *account, const char *id, char ret[CONTEXT_SIZE])
{
    snprintf(ret, CONTEXT_SIZE, "push/%s/%s", account, id);
}

enum net_outside_fault push_look(const struct push *push, const char *url,
                                 struct net_outside_url *ret_url)
{
    return net_outside_look(url, push->options.allow, push->options.allow_count, ret_url);
}

int push_open_endpoint(const struct push *push, const char *account, const struct hearth_push *row,
                       struct arena *arena, const char **ret_url, struct err *err)
{
    char context[CONTEXT_SIZE];
    uint8_t sealed[TEXT_MAX];
    void *plain = NULL;
    size_t size = 0, plain_size = 0;
    endpoint_context(account, row->id, context);
    if (strlen(row->endpoint) >= TEXT_MAX ||
        codec_base64_decode(CODEC_URL, row->endpoint, strlen(row->endpoint), sealed, &size) < 0)
        return err_set(err, HEARTH_ERR_CORRUPT, "the endpoint cannot be read");
    int r = auth_vault_unseal(push->options.vault, context, sealed, size, &plain, &plain_size, err);
    char *url = r == 0 ? arena_strndup(arena, plain, plain_size) : NULL;
    auth_vault_free(plain, plain_size);
    if (r == 0 && url == NULL)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0)
        *ret_url = url;
    return r;
}

/* In the arena. */
static int seal_endpoint(const struct push *push, const char *account, const char *id,
                         const char *url, struct arena *arena, const char **ret_text,
                         struct err *err)
{
    char context[CONTEXT_SIZE];
    void *sealed;
    size_t size;
    endpoint_context(account, id, context);
    int r = auth_vault_seal(push->options.vault, context, url, strlen(url), &sealed, &size, err);
    if (r < 0)
        return r;
    char *text = arena_alloc(arena, (size + 2) / 3 * 4 + 1);
    if (text != NULL)
        codec_base64_encode(CODEC_URL, sealed, size, text);
    free(sealed);
    if (text == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    *ret_text = text;
    return 0;
}

/* --- lists --- */

struct listing {
    struct arena *arena;
    struct push_rows *rows;
    const struct session_limits *sessions;
    int64_t now;
    bool failed, alive[PUSH_ROWS_MAX];
};

static int rows_on_push(void *ctx, const struct hearth_push *push)
{
    struct listing *listing = ctx;
    struct hearth_push *row = &listing->rows->items[listing->rows->count];
    *row = *push;
    row->id = arena_strdup(listing->arena, push->id);
    row->token = arena_strdup(listing->arena, push->token);
    row->endpoint = arena_strdup(listing->arena, push->endpoint);
    listing->failed = row->id == NULL || row->token == NULL || row->endpoint == NULL;
    return listing->failed || ++listing->rows->count == PUSH_ROWS_MAX;
}

static int rows_on_token(void *ctx, const struct hearth_token *token)
{
    struct listing *listing = ctx;
    bool good = token->scope <= HEARTH_TOKEN_BROWSER &&
                !auth_session_is_over(token, listing->sessions, listing->now);
    for (size_t i = 0; good && i < listing->rows->count; i++)
        listing->alive[i] |= strcmp(listing->rows->items[i].token, token->id) == 0;
    return 0;
}

/* All rows, and which of them have a token that is there. */
static int list_all(const struct push *push, struct storage *storage, const char *account,
                    struct arena *arena, struct push_rows *rows, struct listing *ret_listing,
                    struct err *err)
{
    *ret_listing = (struct listing){
        .arena = arena, .rows = rows, .sessions = &push->options.sessions, .now = clock_now()};
    rows->count = 0;
    int r = STORAGE_OF(storage, push, err, push_list, account, rows_on_push, ret_listing);
    if (r == 0 && ret_listing->failed)
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && rows->count > 0)
        r = STORAGE(storage, err, token_list, account, rows_on_token, ret_listing);
    return r;
}

static void keep_alive(struct push_rows *rows, const struct listing *listing)
{
    size_t kept = 0;
    for (size_t i = 0; i < rows->count; i++)
        if (listing->alive[i])
            rows->items[kept++] = rows->items[i];
    rows->count = kept;
}

int push_list(const struct push *push, struct storage *storage, const char *account,
              struct arena *arena, struct push_rows *ret_rows, struct err *err)
{
    struct listing listing;
    int r = list_all(push, storage, account, arena, ret_rows, &listing, err);
    if (r == 0)
        keep_alive(ret_rows, &listing);
    return r;
}

int push_list_swept(const struct push *push, struct storage *storage, const char *account,
                    struct arena *arena, struct push_rows *ret_rows, struct err *err)
{
    struct listing listing;
    int r = list_all(push, storage, account, arena, ret_rows, &listing, err);
    for (size_t i = 0; r == 0 && i < ret_rows->count; i++) {
        const char *url;
        int opened = push_open_endpoint(push, account, &ret_rows->items[i], arena, &url, NULL);
        /* by no key that there is: nobody can send to it any more */
        if (opened == HEARTH_ERR_DENIED || opened == HEARTH_ERR_CORRUPT)
            listing.alive[i] = false;
        if (!listing.alive[i]) {
            r = STORAGE_OF(storage, push, err, push_remove, account, ret_rows->items[i].id);
            metrics_add(push->ended, 1);
        }
    }
    if (r == 0)
        keep_alive(ret_rows, &listing);
    return r;
}

/* --- registering --- */

/* The one with this endpoint; NULL: there is none. */
static struct hearth_push *find_endpoint(const struct push *push, const char *account,
                                         struct push_rows *rows, const char *url,
                                         struct arena *arena)
{
    for (size_t i = 0; i < rows->count; i++) {
        const char *known = NULL;
        if (push_open_endpoint(push, account, &rows->items[i], arena, &known, NULL) == 0 &&
            strcmp(known, url) == 0)
            return &rows->items[i];
    }
    return NULL;
}

int push_register(const struct push *push, struct storage *storage, const char *account,
                  int64_t generation, const char *token, const char *url, struct arena *arena,
                  struct hearth_push *ret_row, bool *ret_new, struct err *err)
{
    struct push_rows rows;
    int64_t now = clock_now();
    char *id = arena_alloc(arena, ID_SIZE + 1);
    if (id == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int r = push_list_swept(push, storage, account, arena, &rows, err);
    if (r < 0)
        return r;
    const struct hearth_push *known = find_endpoint(push, account, &rows, url, arena);
    if (known == NULL && rows.count >= PUSH_MOST)
        return err_set(err, HEARTH_ERR_CONFLICT, "the account has %d endpoints", PUSH_MOST);
    auth_token_random_id(id, ID_SIZE);
    int64_t interval = push_rules(push).interval;
    struct hearth_push row = {.struct_size = sizeof(row),
                              .id = id,
                              .created = now,
                              .generation = generation,
                              .not_before = now + interval};
    if (known != NULL) {
        row = *known;
        /* another time: what is under way to it does not write what was there before */
        row.not_before++;
        if (row.failures > 0 && row.not_before > now + interval)
            row.not_before = now + interval;
        row.failures = row.failing = 0;
    }
    row.token = token;
    r = seal_endpoint(push, account, row.id, url, arena, &row.endpoint, err);
    if (r == 0)
        r = STORAGE_OF(storage, push, err, push_put, account, &row);
    if (r == 0) {
        *ret_row = row;
        *ret_new = known == NULL;
    }
    return r;
}

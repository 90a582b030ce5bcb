/* Live events: the stream itself is core/http's. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/lock.h"
#include "signin/allow.h"

/* What a stream was opened with. */
struct claim {
    struct identity who;
    uint8_t hash[TOKEN_HASH_SIZE];
};

/* The database's word, not what is remembered. */
static int is_ended(struct api *api, const struct claim *claim, struct store *store, struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORE(store, err, account_get, claim->who.account, &account);
    if (r < 0)
        return r;
    if (!allow_admits(api->options.allow, account.email))
        return HEARTH_ERR_NOT_FOUND;
    if (claim->who.kind == PROOF_PROXY)
        return auth_check_name(store, claim->who.account, claim->hash, err);
    struct hearth_token token = {.struct_size = sizeof(token)};
    r = STORE(store, err, token_by_hash, claim->hash, &token);
    bool over = r == 0 && (strcmp(token.account, claim->who.account) != 0 || session_is_over(&token, &api->options.sessions, clock_now()));
    return over ? HEARTH_ERR_NOT_FOUND : r;
}

/* An expiry, the command line or another process ends what this process made no note of. */
static bool events_ended(void *ctx, const void *bytes, void *worker)
{
    struct api *api = ctx;
    struct claim claim;
    struct err err = {0};
    memcpy(&claim, bytes, sizeof(claim));
    if (worker == NULL)
        return false;
    node_stores_deadline(worker, clock_monotonic() + api->options.storage_timeout);
    struct store *store = node_stores_get(worker, claim.who.node, &err);
    bool ended = store != NULL && is_ended(api, &claim, store, &err) == HEARTH_ERR_NOT_FOUND;
    node_stores_deadline(worker, 0);
    if (store != NULL)
        store_reset(store);
    if (ended)
        token_cache_clear(api->tokens);
    return ended;
}

static bool remember_claim(struct api_call *call)
{
    struct proof proof;
    struct claim *claim = arena_alloc(&call->request->arena, sizeof(*claim));
    if (claim == NULL || !auth_proof(call->request, &proof))
        return false;
    claim->who = *call->who;
    memcpy(claim->hash, proof.hash, sizeof(claim->hash));
    call->reply->events_ended = events_ended;
    call->reply->events_ctx = call->api;
    call->reply->events_claim = claim;
    call->reply->events_claim_size = sizeof(*claim);
    return true;
}

int events_get(struct api_call *call)
{
    const char *last = call->request->last_event_id;
    int64_t seen;
    if (!remember_claim(call))
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    call->reply->status = 200;
    call->reply->events_channel = arena_strdup(&call->request->arena, call->account);
    /* Who comes back after a gap hears at once that something has changed. */
    if (last != NULL && str_to_int(last, &seen) && seen < call->generation)
        buf_printf(
            &call->reply->body,
            "id: %lld\nevent: changed\ndata: {\"generation\":%lld,\"collections\":[\"devices\",\"tabs\",\"bookmarks\",\"history\"]}\n\n",
            (long long)call->generation, (long long)call->generation);
    return 0;
}

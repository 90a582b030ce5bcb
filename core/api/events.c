/* Live events: the stream itself is core/http's. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"
#include "base/lock.h"
#include "signin/allow.h"

/* What a stream was opened with. */
struct grant {
    struct identity who;
    uint8_t hash[TOKEN_HASH_SIZE];
};

/* The database's word, not what is remembered. */
static int is_ended(struct api *api, const struct grant *grant, struct storage *storage,
                    struct err *err)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORAGE(storage, err, account_get, grant->who.account, &account);
    if (r < 0)
        return r;
    if (!signin_allow_admits(api->options.allow, account.email))
        return HEARTH_ERR_NOT_FOUND;
    if (grant->who.kind == PROOF_PROXY)
        return api_auth_check_name(storage, grant->who.account, grant->hash, err);
    struct hearth_token token = {.struct_size = sizeof(token)};
    r = STORAGE(storage, err, token_by_hash, grant->hash, &token);
    bool over = r == 0 && (strcmp(token.account, grant->who.account) != 0 ||
                           auth_session_is_over(&token, &api->options.sessions, clock_now()));
    return over ? HEARTH_ERR_NOT_FOUND : r;
}

/* An expiry, the command line or another process ends what this process made no note of. */
static bool events_ended(void *ctx, const void *bytes, void *worker)
{
    struct api *api = ctx;
    struct grant grant;
    struct err err = {0};
    memcpy(&grant, bytes, sizeof(grant));
    if (worker == NULL)
        return false;
    nodes_storages_deadline(worker, clock_monotonic() + api->options.storage_timeout);
    struct storage *storage = nodes_storages_get(worker, grant.who.node, &err);
    bool ended = storage != NULL && is_ended(api, &grant, storage, &err) == HEARTH_ERR_NOT_FOUND;
    nodes_storages_deadline(worker, 0);
    if (storage != NULL)
        plug_storage_reset(storage);
    if (ended)
        api_token_cache_clear(api->tokens);
    return ended;
}

static bool remember_grant(struct api_call *call)
{
    struct proof proof;
    struct grant *grant = arena_alloc(&call->request->arena, sizeof(*grant));
    if (grant == NULL || !api_auth_proof(call->request, &proof))
        return false;
    grant->who = *call->who;
    memcpy(grant->hash, proof.hash, sizeof(grant->hash));
    call->reply->events_ended = events_ended;
    call->reply->events_ctx = call->api;
    call->reply->events_grant = grant;
    call->reply->events_grant_size = sizeof(*grant);
    return true;
}

int api_events_get(struct api_call *call)
{
    const char *last = call->request->last_event_id;
    int64_t seen;
    if (!remember_grant(call))
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    call->reply->status = 200;
    call->reply->events_channel = arena_strdup(&call->request->arena, call->account);
    /* Who comes back after a gap hears at once that something has changed. */
    if (last != NULL && str_to_int(last, &seen) && seen < call->generation)
        buf_printf(&call->reply->body,
                   "id: %lld\nevent: changed\ndata: "
                   "{\"generation\":%lld,\"collections\":[\"devices\",\"tabs\",\"bookmarks\","
                   "\"history\"]}\n\n",
                   (long long)call->generation, (long long)call->generation);
    return 0;
}

/* Live events: the stream itself is core/http's. */
#include <inttypes.h>
#include <limits.h>
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

/* What has changed since the event that was the last, or where the stream begins: its number is
 * what the next Last-Event-ID says. A number that the account has not reached is of another
 * database: everything may be different. */
static int events_begin(struct api_call *call, const char *last)
{
    struct account_generations of = {.of = {0}};
    int64_t seen = call->generation;
    unsigned changed = 0;                /* MERGE_CHANGED() of what has changed since */
    if (last != NULL && last[0] == '\0') /* as good as none */
        last = NULL;
    bool known = last != NULL && str_to_int(last, &seen) && seen >= 0 && seen <= call->generation;
    int r = known ? api_generations_read(call, call->generation, &of) : 0;
    if (r < 0)
        return r;
    for (int32_t c = 1; known && c < HEARTH_COLLECTION_SLOTS; c++)
        changed |= of.of[c] > seen ? MERGE_CHANGED(c) : 0;
    if (known ? seen < call->generation && changed == 0 : last != NULL)
        changed = UINT_MAX;
    char *data = changed == 0 ? NULL : merge_changed_data(call->generation, changed);
    if (changed != 0 && data == NULL)
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    buf_printf(&call->reply->body, "id: %" PRId64 "\nevent: %s\ndata: ", call->generation,
               data == NULL ? "ready" : "changed");
    if (data == NULL)
        buf_printf(&call->reply->body, "{\"generation\":%" PRId64 "}\n\n", call->generation);
    else
        buf_printf(&call->reply->body, "%s\n\n", data);
    free(data);
    return 0;
}

int api_events_get(struct api_call *call)
{
    if (!remember_grant(call))
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    call->reply->status = 200;
    call->reply->events_channel = arena_strdup(&call->request->arena, call->account);
    return events_begin(call, call->request->last_event_id);
}

/* The account: its state, "sync now", and "forget me". */
#include "api/internal.h"
#include "auth/fresh.h"
#include "base/clock.h"
#include "signin/owner.h"

enum { ASK_EVERY = 30000 };

/* When the next sync is, in words and as a message; null where none is planned. */
static void me_put_next(struct api_call *call, const struct hearth_account *a, json_t *account)
{
    struct message_kept kept = {0};
    if (a->next_sync > 1 && call->api->options.explain_next != NULL)
        message_keep_sentence(&kept, call->api->options.explain_next(call->api->options.ctx, a));
    json_t *parameters = kept.id[0] == '\0' ? NULL : json_loads(kept.parameters, 0, NULL);
    json_object_set_new(account, "next_sync_detail",
                        kept.id[0] == '\0' ? json_null() : json_string(kept.text));
    json_object_set_new(account, "next_sync_message",
                        parameters == NULL
                            ? json_null()
                            : json_pack("{s:s, s:o}", "id", kept.id, "parameters", parameters));
}

int api_me_get(struct api_call *call)
{
    struct hearth_account a = {.struct_size = sizeof(a)};
    struct hearth_counts c = {.struct_size = sizeof(c)};
    int r = STORAGE(call->storage, &call->err, account_get, call->account, &a);
    if (r == 0)
        r = STORAGE(call->storage, &call->err, counts, call->account, &c);
    if (r < 0)
        return r;
    /* the app asks for this when it starts */
    search_expect(call->api->options.search, call->account, a.generation);
    bool syncing = call->api->options.is_syncing != NULL &&
                   call->api->options.is_syncing(call->api->options.ctx, call->account);
    json_t *counts = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "devices", (json_int_t)c.devices,
                               "tabs", (json_int_t)c.tabs, "bookmarks", (json_int_t)c.bookmarks,
                               "folders", (json_int_t)c.folders, "pages", (json_int_t)c.pages,
                               "visits", (json_int_t)c.visits);
    json_t *account = api_account_json(&a);
    json_object_set_new(account, "syncing", json_boolean(syncing));
    json_object_set_new(account, "counts", counts);
    me_put_next(call, &a, account);
    api_reply_json(
        call, json_pack("{s:o, s:I}", "account", account, "generation", (json_int_t)a.generation));
    http_reply_header(call->reply, "cache-control", "private, no-cache");
    return 0;
}

int api_sync_post(struct api_call *call)
{
    int64_t left = backoff_left(call->api->asked, call->account);
    if (left > 0) {
        http_reply_header(
            call->reply, "retry-after",
            arena_printf(&call->request->arena, "%lld", (long long)(left + 999) / 1000));
        return api_problem(
            call, 429, api_says_too_soon(hearth_duration_of(ASK_EVERY), hearth_duration_of(left)));
    }
    struct hearth_account a = {.struct_size = sizeof(a)};
    int r = STORAGE(call->storage, &call->err, account_get, call->account, &a);
    if (r < 0)
        return r;
    if (a.state == HEARTH_ACCOUNT_PAUSED)
        return api_problem(call, 409, api_says_paused());
    a.next_sync = 1; /* a sync that runs now does not answer for it */
    r = STORAGE(call->storage, &call->err, account_update, &a,
                HEARTH_ACCOUNT_NEXT_SYNC | HEARTH_ACCOUNT_ASKED);
    if (r < 0)
        return r;
    lock_border("a sync is asked for");
    r = call->api->options.request_sync(call->api->options.ctx, call->account, &call->err);
    if (r < 0) { /* whatever the queue has against it */
        call->err.code = HEARTH_ERR_UNAVAILABLE;
        return call->err.code;
    }
    backoff_set(call->api->asked, call->account, clock_monotonic() + ASK_EVERY);
    api_reply_json(call, json_pack("{s:b}", "queued", 1));
    call->reply->status = 202;
    return 0;
}

/* Who finds a browser open, or a token in a script, must not be able to do this: it cannot be
 * undone here. */
int api_me_delete(struct api_call *call)
{
    const char *fresh = http_cookie(call->request, FRESH_COOKIE);
    int r = auth_fresh_use(call->storage, call->account, fresh, &call->err);
    if (r == HEARTH_ERR_NOT_FOUND)
        return api_problem(call, 403, api_says_fresh_signin_needed(hearth_duration_of(FRESH_LIFE)));
    if (r == 0) /* an account of an older release may be all that says so */
        r = signin_owner_put(call->storage, &call->err);
    if (r == 0)
        r = STORAGE(call->storage, &call->err, account_remove, call->account);
    if (r < 0)
        return r;
    api_audit(call, "account removed");
    api_forget(call->api, call->account);
    call->reply->status = 204;
    if (call->who->kind == PROOF_BROWSER)
        api_sign_out_here(call);
    return 0;
}

/* Signed-in browsers: listed, signed out; links for further ones. */
#include <string.h>

#include "api/internal.h"
#include "auth/fresh.h"
#include "auth/link.h"
#include "base/clock.h"

struct browsers {
    struct api_call *call;
    int64_t now;
};

static int on_browser(void *ctx, const struct hearth_token *row)
{
    struct browsers *browsers = ctx;
    struct api_call *call = browsers->call;
    if (row->scope == HEARTH_TOKEN_BROWSER &&
        !auth_session_is_over(row, &call->api->options.sessions, browsers->now))
        api_list_add(call,
                     json_pack("{s:s, s:s, s:I, s:I, s:I, s:b}", "id", row->id, "name", row->name,
                               "created", (json_int_t)row->created, "last_used",
                               (json_int_t)row->last_used, "expires", (json_int_t)row->expires,
                               "current", strcmp(row->id, call->who->token) == 0));
    return 0;
}

int api_sessions_get(struct api_call *call)
{
    struct browsers browsers = {call, clock_now()};
    http_reply_header(call->reply, "cache-control", "no-store");
    api_list_begin(call, "{\"sessions\":[");
    int r = STORAGE(call->storage, &call->err, token_list, call->account, on_browser, &browsers);
    api_list_close(call, "]}");
    return r;
}

/* The browser drops the cookies and what it has kept of the pages. */
void api_sign_out_here(struct api_call *call)
{
    http_set_cookie(call->request, call->reply, SESSION_COOKIE, "", 0, "Lax");
    if (http_cookie(call->request, FRESH_COOKIE) != NULL)
        http_set_cookie(call->request, call->reply, FRESH_COOKIE, "", 0, "Strict");
    http_clear_site(call->request, call->reply);
    call->reply->status = 204;
}

int api_own_session_delete(struct api_call *call)
{
    if (call->who->kind != PROOF_BROWSER)
        return api_problem(call, 409, api_says_no_session());
    int r = auth_session_remove(call->storage, call->account, call->who->token, &call->err);
    api_forget_tokens(call->api, call->account);
    if (r == 0)
        api_audit(call, "signed out", LOG_TEXT("session", call->who->token));
    if (r == 0 || r == HEARTH_ERR_NOT_FOUND)
        api_sign_out_here(call);
    return r == HEARTH_ERR_NOT_FOUND ? 0 : r;
}

int api_sessions_delete(struct api_call *call)
{
    int r = auth_session_remove_all(call->storage, call->account, NULL, &call->err);
    api_forget_tokens(call->api, call->account);
    if (r == 0) {
        api_audit(call, "signed out everywhere");
        api_sign_out_here(call);
    }
    return r;
}

struct wanted {
    const char *id;
    bool found;
};

static int on_wanted(void *ctx, const struct hearth_token *row)
{
    struct wanted *wanted = ctx;
    wanted->found = row->scope == HEARTH_TOKEN_BROWSER && strcmp(row->id, wanted->id) == 0;
    return wanted->found;
}

int api_session_delete(struct api_call *call)
{
    struct wanted wanted = {.id = call->request->argument};
    int r = STORAGE(call->storage, &call->err, token_list, call->account, on_wanted, &wanted);
    if (r == 0 && !wanted.found)
        r = err_set(&call->err, HEARTH_ERR_NOT_FOUND, "no such session");
    if (r == 0)
        r = auth_session_remove(call->storage, call->account, wanted.id, &call->err);
    if (r < 0)
        return r;
    api_audit(call, "signed out", LOG_TEXT("session", wanted.id));
    api_forget_tokens(call->api, call->account);
    if (strcmp(wanted.id, call->who->token) == 0)
        api_sign_out_here(call);
    call->reply->status = 204;
    return 0;
}

int api_links_post(struct api_call *call)
{
    struct link link;
    struct buf svg = {0};
    char *base = api_base_url(call);
    struct door door;
    int r = api_auth_door(call->request, call->who, &door, &call->err);
    if (r == 0)
        r = auth_link_create(call->storage, call->account, &door, &link, &call->err);
    if (r == HEARTH_ERR_NOT_FOUND)
        return api_ended(call);
    if (r < 0)
        return r;
    api_audit(call, "link made");
    char *url = arena_printf(&call->request->arena, "%s/auth/link?t=%s", base == NULL ? "" : base,
                             link.secret);
    r = url == NULL ? err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory")
                    : auth_link_qr_svg(url, &svg, &call->err);
    if (r == 0) {
        api_reply_json(call,
                       json_pack("{s:{s:s, s:s, s:I, s:s}}", "link", "url", url, "code", link.code,
                                 "expires", (json_int_t)link.expires, "qr", svg.data));
        call->reply->status = 201;
        http_reply_header(call->reply, "cache-control", "no-store");
    }
    buf_fini(&svg);
    auth_link_wipe(&link);
    return r;
}

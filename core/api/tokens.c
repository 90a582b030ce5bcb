/* API tokens: listed without their secrets, made with the secret shown once, revoked. */
#include <string.h>

#include "api/internal.h"
#include "base/clock.h"

static int tokens_on_token(void *ctx, const struct hearth_token *token)
{
    if (token->scope <= HEARTH_TOKEN_READ)
        api_list_add(ctx, api_token_json(token));
    return 0;
}

int api_tokens_get(struct api_call *call)
{
    http_reply_header(call->reply, "cache-control", "no-store");
    api_list_begin(call, "{\"tokens\":[");
    int r = STORAGE(call->storage, &call->err, token_list, call->account, tokens_on_token, call);
    api_list_close(call, "]}");
    return r;
}

static int tokens_create_one(struct api_call *call, const char *name, bool read_only,
                             int64_t expires)
{
    struct token token;
    uint32_t scope = read_only ? HEARTH_TOKEN_READ : HEARTH_TOKEN_FULL;
    struct door door;
    int r = api_auth_door(call->request, call->who, &door, &call->err);
    if (r == 0)
        r = auth_token_put(call->storage, call->account, &door, scope, name, expires, &token,
                           &call->err);
    if (r == HEARTH_ERR_NOT_FOUND)
        return api_ended(call);
    if (r == HEARTH_ERR_CONFLICT)
        return api_problem(call, 409, api_says_too_many_tokens(TOKEN_MOST));
    if (r < 0)
        return r;
    json_t *value = api_token_json(&(struct hearth_token){.scope = scope,
                                                          .id = token.id,
                                                          .name = name,
                                                          .created = token.created,
                                                          .expires = expires});
    json_object_set_new(value, "secret", json_string(token.secret));
    api_reply_json(call, json_pack("{s:o}", "token", value));
    api_audit(call, "token made", LOG_TEXT("token", token.id));
    call->reply->status = 201;
    http_reply_header(call->reply, "cache-control", "no-store");
    auth_token_wipe(&token);
    return 0;
}

int api_tokens_post(struct api_call *call)
{
    json_t *body = api_body(call);
    if (body == NULL)
        return 0;
    const char *name = json_string_value(json_object_get(body, "name")),
               *scope = json_string_value(json_object_get(body, "scope"));
    const json_t *expires = json_object_get(body, "expires");
    int r = 0;
    if (!auth_token_name_is_good(name))
        api_problem(call, 400, api_says_token_name(1, TOKEN_NAME_MAX));
    else if (json_object_get(body, "scope") != NULL &&
             (scope == NULL || (strcmp(scope, "full") != 0 && strcmp(scope, "read") != 0)))
        api_problem(call, 400, api_says_token_scope());
    else if (expires != NULL && !json_is_null(expires) &&
             (!json_is_integer(expires) || json_integer_value(expires) <= clock_now()))
        api_problem(call, 400, api_says_token_expires());
    else
        r = tokens_create_one(call, name, scope != NULL && strcmp(scope, "read") == 0,
                              json_integer_value(expires));
    json_decref(body);
    return r;
}

int api_token_delete(struct api_call *call)
{
    int r =
        STORAGE(call->storage, &call->err, token_remove, call->account, call->request->argument);
    if (r < 0)
        return r;
    api_audit(call, "token revoked", LOG_TEXT("token", call->request->argument));
    api_forget_tokens(call->api, call->account);
    call->reply->status = 204;
    return 0;
}

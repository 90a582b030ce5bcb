/* Endpoints of push messages: listed with the key that messages are signed with, registered,
 * removed. */
#include <string.h>

#include "api/internal.h"
#include "push/push.h"

/* Nobody sends anything here, or the storage cannot keep it. */
static bool push_is_off(struct api_call *call)
{
    if (call->api->options.push != NULL && call->storage->push != NULL)
        return false;
    api_problem(call, 404, api_says_push_off());
    return true;
}

static json_t *push_row_json(struct api_call *call, const struct hearth_push *row)
{
    const char *url = NULL;
    struct net_outside_url parts = {.host = ""};
    const struct push *push = call->api->options.push;
    /* of an endpoint that is not allowed any more nothing is said */
    bool known =
        push_open_endpoint(push, call->account, row, &call->request->arena, &url, NULL) == 0 &&
        push_look(push, url, &parts) == NET_OUTSIDE_FINE;
    return api_push_json(row, known ? parts.host : NULL);
}

int api_push_get(struct api_call *call)
{
    struct push_rows rows;
    struct jose_ec_key key;
    char point[JOSE_EC_POINT_SIZE], *suffix;
    if (push_is_off(call))
        return 0;
    int r = push_key_of(call->api->options.push, call->storage, &key, &call->err);
    if (r == HEARTH_ERR_NOT_FOUND || r == HEARTH_ERR_DENIED)
        /* it is made when this server starts */
        return err_set(&call->err, HEARTH_ERR_UNAVAILABLE, "there is no key for push messages yet");
    if (r < 0)
        return r;
    jose_ec_point(&key, point);
    explicit_bzero(&key, sizeof(key));
    r = push_list(call->api->options.push, call->storage, call->account, &call->request->arena,
                  &rows, &call->err);
    if (r < 0)
        return r;
    http_reply_header(call->reply, "cache-control", "no-store");
    api_list_begin(call, "{\"endpoints\":[");
    for (size_t i = 0; i < rows.count; i++)
        api_list_add(call, push_row_json(call, &rows.items[i]));
    suffix = arena_printf(&call->request->arena, "],\"vapid_key\":\"%s\"}", point);
    if (suffix == NULL)
        return err_set(&call->err, HEARTH_ERR_NOMEM, "out of memory");
    api_list_close(call, suffix);
    return 0;
}

/* What is the matter with it, for the person. False: nothing. */
static bool push_refuse(struct api_call *call, const char *url)
{
    struct net_outside_url parts;
    enum net_outside_fault fault =
        url == NULL ? NET_OUTSIDE_NO_URL : push_look(call->api->options.push, url, &parts);
    if (fault == NET_OUTSIDE_FINE)
        return false;
    api_problem(call, 400,
                fault == NET_OUTSIDE_NO_HTTPS      ? api_says_push_https()
                : fault == NET_OUTSIDE_CREDENTIALS ? api_says_push_credentials()
                : fault == NET_OUTSIDE_ADDRESS     ? api_says_push_address()
                                                   : api_says_push_url(NET_OUTSIDE_URL_MAX));
    return true;
}

static int push_register_one(struct api_call *call, const char *url)
{
    struct hearth_push row;
    bool is_new;
    int r = push_register(call->api->options.push, call->storage, call->account, call->generation,
                          call->who->token, url, &call->request->arena, &row, &is_new, &call->err);
    if (r == HEARTH_ERR_CONFLICT)
        return api_problem(call, 409, api_says_too_many_endpoints(PUSH_MOST));
    if (r < 0)
        return r;
    api_audit(call, "push registered", LOG_TEXT("endpoint", row.id));
    api_reply_json(call, json_pack("{s:o}", "endpoint", push_row_json(call, &row)));
    call->reply->status = is_new ? 201 : 200;
    http_reply_header(call->reply, "cache-control", "no-store");
    return 0;
}

int api_push_post(struct api_call *call)
{
    if (push_is_off(call))
        return 0;
    if (call->who->token[0] == '\0') /* it could end with nothing */
        return api_problem(call, 403, api_says_push_needs_token());
    json_t *body = api_body(call);
    if (body == NULL)
        return 0;
    const char *url = json_string_value(json_object_get(body, "endpoint"));
    int r = push_refuse(call, url) ? 0 : push_register_one(call, url);
    json_decref(body);
    return r;
}

int api_push_delete(struct api_call *call)
{
    struct push_rows rows;
    const struct hearth_push *found = NULL;
    if (push_is_off(call))
        return 0;
    int r = push_list(call->api->options.push, call->storage, call->account, &call->request->arena,
                      &rows, &call->err);
    for (size_t i = 0; r == 0 && i < rows.count; i++)
        if (strcmp(rows.items[i].id, call->request->argument) == 0)
            found = &rows.items[i];
    if (r == 0 && found == NULL)
        r = err_set(&call->err, HEARTH_ERR_NOT_FOUND, "no such endpoint");
    if (r < 0)
        return r;
    if (call->who->read_only && strcmp(found->token, call->who->token) != 0)
        return api_problem(call, 403, api_says_read_only());
    r = STORAGE_OF(call->storage, push, &call->err, push_remove, call->account, found->id);
    if (r < 0)
        return r;
    api_audit(call, "push ended", LOG_TEXT("endpoint", found->id));
    call->reply->status = 204;
    return 0;
}

/* Services asked from inside, by the pages: what they show is what the services say. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

enum { ASK_ARENA_MAX = 4 << 20 };

static int internal_answer(struct api_call *call, const struct api_endpoint *endpoint,
                           json_t **ret_answer)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORAGE(call->storage, &call->err, account_get, call->account, &account);
    if (r < 0)
        return r;
    call->generation = account.generation;
    r = endpoint->run(call);
    if (r < 0)
        return r;
    json_t *value = call->reply->body.data == NULL
                        ? NULL
                        : json_loadb(call->reply->body.data, call->reply->body.size, 0, NULL);
    if (call->reply->status == 200 && value != NULL) {
        *ret_answer = value;
        return 0;
    }
    const char *detail = json_string_value(json_object_get(value, "detail"));
    r = err_set(&call->err,
                call->reply->status == 404   ? HEARTH_ERR_NOT_FOUND
                : call->reply->status == 400 ? HEARTH_ERR_INVALID
                                             : HEARTH_ERR_INTERNAL,
                "%s", detail == NULL ? "no answer" : detail);
    json_decref(value);
    return r;
}

int api_internal_get(struct api *api, struct node_storages *storages, const char *account,
                     const struct api_internal_request *inner, json_t **ret_answer, struct err *err)
{
    struct http_request request = {.method = HTTP_GET,
                                   .path = inner->path,
                                   .argument = inner->argument == NULL ? "" : inner->argument,
                                   .names = inner->names,
                                   .values = inner->values,
                                   .parameter_count = inner->count};
    struct http_reply reply = {0};
    struct identity identity = {.node = api->options.nodes->own, .kind = PROOF_BROWSER};
    struct api_call call = {.api = api,
                            .request = &request,
                            .reply = &reply,
                            .storages = storages,
                            .who = &identity,
                            .account = identity.account};
    const struct api_endpoint *endpoint = api_endpoint_by_path(api, inner->path);
    snprintf(identity.account, sizeof(identity.account), "%s", account);
    arena_init(&request.arena, ASK_ARENA_MAX);
    call.storage = nodes_storages_get(storages, api->options.nodes->own, &call.err);
    int r = call.storage == NULL ? call.err.code : internal_answer(&call, endpoint, ret_answer);
    if (r < 0)
        *err = call.err;
    buf_fini(&reply.body);
    arena_fini(&request.arena);
    return r;
}

/* Services asked from inside, by the pages: what they show is what the services say. */
#include <stdlib.h>
#include <string.h>

#include "api/internal.h"

enum { ASK_ARENA_MAX = 4 << 20 };

static int answer(struct api_call *call, const struct api_endpoint *endpoint, json_t **ret_answer)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    int r = STORE(call->store, &call->err, account_get, call->account, &account);
    if (r < 0)
        return r;
    call->generation = account.generation;
    r = endpoint->run(call);
    if (r < 0)
        return r;
    json_t *value = call->reply->body.data == NULL ? NULL : json_loadb(call->reply->body.data, call->reply->body.size, 0, NULL);
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

int api_ask(struct api *api, struct node_stores *stores, const char *account, const struct api_question *question, json_t **ret_answer,
            struct err *err)
{
    struct http_request request = {.method = HTTP_GET,
                                   .path = question->path,
                                   .argument = question->argument == NULL ? "" : question->argument,
                                   .names = question->names,
                                   .values = question->values,
                                   .parameter_count = question->count};
    struct http_reply reply = {0};
    struct identity identity = {.node = api->options.nodes->own, .kind = PROOF_BROWSER};
    struct api_call call = {
        .api = api, .request = &request, .reply = &reply, .stores = stores, .who = &identity, .account = identity.account};
    const struct api_endpoint *endpoint = api_find(api, question->path);
    snprintf(identity.account, sizeof(identity.account), "%s", account);
    arena_init(&request.arena, ASK_ARENA_MAX);
    call.store = node_stores_get(stores, api->options.nodes->own, &call.err);
    int r = call.store == NULL ? call.err.code : answer(&call, endpoint, ret_answer);
    if (r < 0)
        *err = call.err;
    buf_fini(&reply.body);
    arena_fini(&request.arena);
    return r;
}

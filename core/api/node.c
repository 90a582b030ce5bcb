/* Which node an account is on: GET /node for front ends, and the answer to requests that came to
 * the wrong one. */
#include <string.h>

#include "api/internal.h"
#include "codec/codec.h"

enum { NODE_COOKIE_LIFE = 365 * 24 * 3600 }; /* s */

int api_node_get(struct api_call *call)
{
    struct nodes *nodes = call->api->options.nodes;
    struct hearth_account account = {.struct_size = sizeof(account)};
    const char *email;
    size_t node = 0;
    if (!api_text_parameter(call, "account", &email))
        return 0;
    if (email == NULL)
        return api_problem(call, 400, api_says_whose());
    int r = nodes_storages_by_email(call->storages, email, &node, &account, &call->err);
    if (r == HEARTH_ERR_NOT_FOUND) { /* the same shape for strangers: where they would be */
        node = nodes_home(nodes, email, NODES_NONE);
        r = 0;
    }
    if (r < 0)
        return r;
    http_reply_header(call->reply, "cache-control", "no-store");
    return api_reply_json(call, json_pack("{s:s, s:s}", "node", nodes->items[node].name, "url",
                                          nodes->items[node].url));
}

static const char *encode_path(struct arena *arena, const char *path)
{
    size_t room = strlen(path) * 3 + 1;
    char *out = arena_alloc(arena, room);
    return out != NULL && codec_percent_encode(path, "/", out, room) == 0 ? out : NULL;
}

void api_node_set_cookie(struct api_call *call, size_t node)
{
    const struct node *n = &call->api->options.nodes->items[node];
    char *pair = arena_printf(&call->request->arena, "hearth_node=%s", n->name);
    if (call->api->options.nodes->count < 2 || pair == NULL ||
        (call->request->cookie != NULL && strstr(call->request->cookie, pair) != NULL))
        return;
    http_set_plain_cookie(call->request, call->reply, "hearth_node", n->name, NODE_COOKIE_LIFE);
}

int api_node_elsewhere(struct api_call *call, size_t node)
{
    const struct node *n = &call->api->options.nodes->items[node];
    const char *path = encode_path(&call->request->arena, call->request->path),
               *query = call->request->query;
    size_t size = strlen(n->url);
    while (size > 0 && n->url[size - 1] == '/')
        size--;
    char *url = arena_printf(&call->request->arena, "%.*s%s%s%s", (int)size, n->url,
                             path == NULL ? "/" : path, query == NULL ? "" : "?",
                             query == NULL ? "" : query);
    api_node_set_cookie(call, node);
    http_reply_header(call->reply, "cache-control", "no-store");
    if (size > 0)
        http_reply_header(call->reply, "location", url);
    if (call->request->method == HTTP_GET || call->request->method == HTTP_HEAD) {
        call->reply->status = 307;
        return 0;
    }
    return api_problem(call, 421, api_says_wrong_node(n->name, url));
}

int api_node_of_proof(struct api_call *call, const struct proof *proof, size_t *ret_node)
{
    if (call->api->options.nodes->count < 2 || proof->kind == PROOF_PROXY)
        return AUTH_NOBODY;
    int r = nodes_storages_by_token(call->storages, proof->hash, ret_node, &call->err);
    return r == HEARTH_ERR_NOT_FOUND ? AUTH_NOBODY : r;
}

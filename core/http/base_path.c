/* A server under a path: https://host/hearth/. Whatever comes from people has that path in front,
 * which is taken off here, once: routes, handlers and logs know nothing of it. What goes out gets
 * it by http_path(), http_set_cookie(), a Location (head.c), and in pages all at once. */
#include "http/internal.h"

#include <string.h>

bool http_base_path_strip(const struct http_server *server, struct http_request *request,
                          enum http_audience audience)
{
    const char *base = server->options.base_path;
    size_t size = base == NULL ? 0 : strlen(base);
    unsigned allowed;
    if (audience != HTTP_PEOPLE || size == 0)
        return true;
    request->base_path = base;
    if (strncmp(request->path, base, size) == 0 && request->path[size] == '/') {
        request->path += size;
        return true;
    }
    const struct http_route *route = http_router_find(server, request, audience, &allowed);
    return route != NULL && route->any_host;
}

void http_base_path_refuse(struct http_request *request, struct http_reply *reply)
{
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    if (!reads || strcmp(request->path, request->base_path) != 0) {
        http_reply_refusal(request, reply, 404, "Not here",
                           http_says_outside_base_path(http_path(request, "/")));
        return;
    }
    reply->status = 307;
    http_reply_header(
        reply, "location",
        request->query == NULL ? "/" : arena_printf(&request->arena, "/?%s", request->query));
}

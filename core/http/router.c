#include "http/internal.h"

/* Exact paths win; then the longest of those that end in "*". 0: no match; else the greater the
 * better. n: of the route's path. */
static size_t route_rank(const struct http_route *route, size_t n, const char *path, size_t size)
{
    if (n > 0 && route->path[n - 1] == '*')
        return size >= n && memcmp(route->path, path, n - 1) == 0 ? n : 0;
    return size == n && memcmp(route->path, path, n) == 0 ? SIZE_MAX : 0;
}

struct best {
    size_t rank;
    unsigned allowed; /* methods of all routes of that rank */
    const struct http_route *route;
};

const struct http_route *http_router_find(const struct http_server *server,
                                          const struct http_request *request,
                                          enum http_audience audience, unsigned *ret_allowed)
{
    const struct http_route *routes = server->options.routes;
    struct best best = {0};
    size_t size = strlen(request->path);
    for (size_t i = 0; i < server->options.route_count; i++) {
        if ((routes[i].audience & (unsigned)audience) == 0)
            continue;
        size_t found = route_rank(&routes[i], server->path_sizes[i], request->path, size);
        if (found == 0 || found < best.rank)
            continue;
        if (found > best.rank)
            best = (struct best){.rank = found};
        unsigned methods =
            routes[i].methods | ((routes[i].methods & HTTP_GET) != 0 ? (unsigned)HTTP_HEAD : 0u);
        best.allowed |= methods;
        if ((methods & (unsigned)request->method) != 0)
            best.route = &routes[i];
    }
    *ret_allowed = best.allowed;
    return best.route;
}

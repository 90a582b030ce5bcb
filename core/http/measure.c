/* What /metrics says of requests. Each route's series are found when the server starts: to count a
 * request is a few atomic additions, without a lock or an allocation. */
#include "http/internal.h"

#include "base/clock.h"
#include "base/metrics.h"

enum { READ, WRITE, METHOD_CLASSES, NO_ANSWER = 4, STATUS_CLASSES };

struct route_metrics {
    struct metric *requests[METHOD_CLASSES][STATUS_CLASSES];
    struct metric *duration;
};

/* A method class that the route does not have has no series of its own. */
static void find_series(struct route_metrics *of, const char *name, unsigned methods,
                        const struct route_metrics *otherwise)
{
    static const char *const classes[] = {"read", "write"}, *const statuses[] = {
                                                                "2xx", "3xx", "4xx", "5xx", "none"};
    const unsigned reads = HTTP_GET | HTTP_HEAD | HTTP_OPTIONS;
    const bool has[] = {(methods & reads) != 0, (methods & ~reads) != 0};
    for (size_t i = 0; i < METHOD_CLASSES; i++)
        for (size_t k = 0; k < STATUS_CLASSES; k++)
            of->requests[i][k] = has[i] ? METRIC(HTTP_REQUESTS, name, classes[i], statuses[k])
                                        : otherwise->requests[i][k];
    of->duration = METRIC(HTTP_DURATION, name);
}

/* The last one is of requests that no route answers. */
int http_measure_init(struct http_server *server, struct err *err)
{
    size_t count = server->options.route_count;
    unsigned audiences = 0;
    struct route_metrics *all = arena_alloc(&server->arena, (count + 1) * sizeof(*all));
    if (all == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    find_series(&all[count], "none", ~0u, NULL);
    for (size_t i = 0; i < server->listener_count; i++)
        audiences |= (unsigned)server->listeners[i].options.audience;
    for (size_t i = 0; i < count; i++) {
        const struct http_route *route = &server->options.routes[i];
        all[i] = all[count];
        if ((route->audience & audiences) != 0)
            find_series(&all[i], route->name == NULL ? route->path : route->name, route->methods,
                        &all[count]);
    }
    server->route_metrics = all;
    return 0;
}

static const struct route_metrics *route_metrics_of(const struct request_context *context)
{
    const struct http_server *server = context->loop->server;
    size_t i = context->route == NULL ? server->options.route_count
                                      : (size_t)(context->route - server->options.routes);
    return &server->route_metrics[i];
}

static size_t method_class(const struct request_context *context)
{
    return (context->request.method & (HTTP_POST | HTTP_PUT | HTTP_PATCH | HTTP_DELETE)) != 0
               ? WRITE
               : READ;
}

void http_measure_begin(struct request_context *context)
{
    context->came = clock_monotonic_us();
}

void http_measure_answer(const struct request_context *context)
{
    const struct route_metrics *of = route_metrics_of(context);
    int status = context->reply.status / 100 - 2;
    metrics_add(of->requests[method_class(context)][status < 0 || status > 3 ? NO_ANSWER : status],
                1);
    metrics_observe(of->duration, clock_monotonic_us() - context->came);
}

void http_measure_no_answer(const struct request_context *context)
{
    metrics_add(route_metrics_of(context)->requests[method_class(context)][NO_ANSWER], 1);
}

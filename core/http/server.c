/* The server: what it is made of, start and stop. */
#include "base/lock.h"
#include "http/internal.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "http/preempt.h"

enum { LOOPS_DEFAULT_MAX = 4, BODY_ROOM = 1024 };

static void server_set_defaults(struct http_options *o)
{
#define DEFAULT(field, value) o->field = o->field == 0 ? (value) : o->field
    DEFAULT(request_timeout, 10000);
    DEFAULT(idle_timeout, 60000);
    DEFAULT(stall_timeout, 30000);
    DEFAULT(event_interval, 25000);
    DEFAULT(drain_timeout, 10000);
    DEFAULT(max_connections, 10000);
    DEFAULT(max_connections_per_address, 256);
    DEFAULT(max_pending_requests_per_connection, 100);
    DEFAULT(max_pending_requests, 1024);
    DEFAULT(max_pending_requests_per_account, 128);
    DEFAULT(pending_timeout, 30000);
    DEFAULT(unsent_per_connection, (size_t)8 << 20);
    DEFAULT(unsent_per_account, (size_t)16 << 20);
    DEFAULT(unsent_total, (size_t)64 << 20);
    DEFAULT(spool_dir, "/tmp");
    DEFAULT(export_space, (size_t)1 << 30);
    DEFAULT(exports_per_account, 2);
    DEFAULT(max_header_bytes, 32 * 1024);
    DEFAULT(max_header_fields, 128);
#undef DEFAULT
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (o->threads == 0)
        o->threads = processors < 1                   ? 1
                     : processors > LOOPS_DEFAULT_MAX ? LOOPS_DEFAULT_MAX
                                                      : (int)processors;
}

/* The loop spins at the descriptor limit: stay below it, with room for everybody else. */
static size_t connections_possible(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    size_t most = limit.rlim_cur > 400 ? (size_t)limit.rlim_cur - 200 : (size_t)limit.rlim_cur / 2;
    return wanted > most ? most : wanted;
}

void http_set_limits(struct http_server *server, const struct http_options *options)
{
    struct http_options o = *options;
    struct http_limits *limits = &server->limits;
    server_set_defaults(&o);
    limits->stall_timeout = o.stall_timeout;
    limits->event_interval = o.event_interval;
    limits->max_connections = connections_possible(o.max_connections);
    limits->max_connections_per_address = o.max_connections_per_address;
    limits->max_pending_requests = o.max_pending_requests;
    limits->max_pending_requests_per_connection = o.max_pending_requests_per_connection;
    limits->max_pending_requests_per_account = o.max_pending_requests_per_account;
    limits->unsent_per_connection = o.unsent_per_connection;
    limits->unsent_per_account = o.unsent_per_account;
    limits->unsent_total = o.unsent_total;
    limits->export_space = o.export_space;
    limits->exports_per_account = o.exports_per_account;
}

static int server_copy_listeners(struct http_server *server, const struct http_options *options,
                                 struct err *err)
{
    if (options->listener_count > HTTP_LISTENERS_MAX)
        return err_set(err, HEARTH_ERR_INVALID, "at most %d listeners are possible",
                       HTTP_LISTENERS_MAX);
    for (size_t i = 0; i < options->listener_count; i++) {
        struct listener *to = &server->listeners[server->listener_count++];
        to->options = options->listeners[i];
        to->options.audience = to->options.audience == 0 ? HTTP_PEOPLE : to->options.audience;
        to->options.name = arena_strdup(&server->arena, to->options.name);
        to->options.address = arena_strdup(&server->arena, to->options.address);
        to->options.certificate = arena_strdup(&server->arena, to->options.certificate);
        to->options.key = arena_strdup(&server->arena, to->options.key);
        to->tls = to->options.certificate != NULL;
        to->is_unix = strncmp(to->options.address, "unix:", 5) == 0;
        if (to->tls && to->options.key == NULL)
            return err_set(err, HEARTH_ERR_INVALID, "[listen %s]: tls_certificate needs tls_key",
                           to->options.name);
    }
    size_t size = options->trusted_proxy_count * sizeof(*server->proxies);
    struct network *proxies = arena_alloc(&server->arena, size + 1);
    if (proxies == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (size > 0)
        memcpy(proxies, options->trusted_proxies, size);
    server->proxies = proxies;
    server->proxy_count = options->trusted_proxy_count;
    return 0;
}

static size_t server_largest_body(const struct http_route *routes, size_t count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = routes[i].max_body > most ? routes[i].max_body : most;
    return most;
}

/* NULL: out of memory. */
static const struct http_route *server_copy_routes(struct http_server *server,
                                                   const struct http_route *from, size_t count)
{
    struct http_route *routes = arena_alloc(&server->arena, count * sizeof(*routes) + 1);
    size_t *sizes = arena_alloc(&server->arena, count * sizeof(*sizes) + 1);
    for (size_t i = 0; i < count; i++) {
        char *path =
            routes == NULL || sizes == NULL ? NULL : arena_strdup(&server->arena, from[i].path);
        if (path == NULL)
            return NULL;
        routes[i] = from[i];
        routes[i].path = path;
        sizes[i] = strlen(path);
    }
    server->path_sizes = sizes;
    return routes;
}

static void server_configure_h2o(struct http_server *server)
{
    h2o_config_init(&server->conf);
    server->conf.server_name = h2o_iovec_init(H2O_STRLIT("hearth"));
    server->conf.max_request_entity_size =
        server_largest_body(server->options.routes, server->options.route_count) + BODY_ROOM;
    server->conf.http1.req_timeout = (uint64_t)server->options.request_timeout;
    server->conf.http2.idle_timeout = (uint64_t)server->options.idle_timeout;
    server->conf.http2.graceful_shutdown_timeout = (uint64_t)server->options.drain_timeout;
    server->conf.handshake_timeout = (uint64_t)server->options.request_timeout;
    /* What a request of HTTP/1.0 without Host is taken for. */
    h2o_hostconf_t *host =
        h2o_config_register_host(&server->conf, h2o_iovec_init(H2O_STRLIT("localhost")), 65535);
    host->http2.push_preload = 0;
    h2o_create_handler(h2o_config_register_path(host, "/", 0), sizeof(h2o_handler_t))->on_req =
        http_request_handle;
    http_hpack_limit_set(server->options.max_header_bytes, server->options.max_header_fields);
}

static int server_create_tls(struct http_server *server, struct err *err)
{
    for (size_t i = 0; i < server->listener_count; i++) {
        SSL_CTX *tls = NULL;
        if (server->listeners[i].tls) {
            int r = http_tls_create(&server->listeners[i].options, &tls, err);
            if (r < 0)
                return err_prefix(err, "[listen %s]", server->listeners[i].options.name);
            http_tls_measure(&server->listeners[i].options, tls);
        }
        for (int k = 0; k < server->loop_count; k++) {
            struct loop *loop = &server->loops[k];
            if (tls != NULL)
                SSL_CTX_up_ref(tls);
            loop->accept[i] =
                (h2o_accept_ctx_t){.ctx = &loop->ctx, .hosts = server->conf.hosts, .ssl_ctx = tls};
        }
        SSL_CTX_free(tls);
    }
    return 0;
}

static void server_register_metrics(struct http_server *server)
{
    server->cancelled = METRIC(HTTP_CANCELLED);
    server->killed = METRIC(HTTP_KILLED);
    server->refused = METRIC(HTTP_REFUSED);
    server->connections = METRIC(HTTP_CONNECTIONS);
    server->in_flight = METRIC(HTTP_IN_FLIGHT);
    server->streams = METRIC(EVENT_STREAMS);
}

int http_start(const struct http_options *options, struct http_server **ret_server, struct err *err)
{
    int r = http_hpack_limit_check(err);
    if (r == 0)
        r = http_preempt_init(err);
    if (r < 0)
        return r;
    signal(SIGPIPE, SIG_IGN);
    struct http_server *server = calloc(1, sizeof(*server));
    if (server == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    server->options = *options;
    arena_init(&server->arena, 0);
    server->options.base_url = arena_strdup(&server->arena, options->base_url);
    server->options.base_path = arena_strdup(&server->arena, options->base_path);
    server->options.identity_header = arena_strdup(&server->arena, options->identity_header);
    server->options.routes = server_copy_routes(server, options->routes, options->route_count);
    if (server->options.routes == NULL) {
        server->options.route_count = 0;
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    server_set_defaults(&server->options);
    http_set_limits(server, options);
    server->options.spool_dir = arena_strdup(&server->arena, server->options.spool_dir);
    http_budget_init(server);
    http_memory_init(server);
    pthread_mutex_init(&server->address_lock, NULL);
    pthread_mutex_init(&server->publish_lock, NULL);
    sem_init(&server->started, 0, 0);
    sem_init(&server->drained, 0, 0);
    sem_init(&server->leave, 0, 0);
    server_register_metrics(server);
    server_configure_h2o(server);
    server->loop_count = server->options.threads;
    server->loops = calloc((size_t)server->loop_count, sizeof(*server->loops));
    if (server->loops == NULL) {
        server->loop_count = 0;
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    for (int i = 0; i < server->loop_count; i++)
        http_loop_init(&server->loops[i], server, i);
    if (r == 0)
        r = http_hosts_init(server, options, err);
    if (r == 0)
        r = server_copy_listeners(server, options, err);
    if (r == 0)
        r = http_measure_init(server, err);
    if (r == 0)
        r = http_inherited_copy(server, options, err);
    if (r == 0)
        r = server_create_tls(server, err);
    if (r == 0)
        r = http_listener_bind(server, err);
    if (r == 0)
        r = http_loop_start_all(server, err);
    if (r < 0) {
        http_stop(server);
        http_destroy(server);
        return r;
    }
    *ret_server = server;
    return 0;
}

const char *http_library_version(void)
{
    return H2O_COMPAT_VERSION;
}

const char *http_address(const struct http_server *server, size_t i)
{
    return i < server->listener_count ? server->listeners[i].url : NULL;
}

/* The files that a listener reads its certificate from; NULL: it stays with those it has. */
static const struct http_listener *listener_named(const struct http_listener *listeners,
                                                  size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(listeners[i].name, name) == 0 && listeners[i].certificate != NULL)
            return &listeners[i];
    return NULL;
}

int http_read_certificates(const struct http_server *server, const struct http_listener *listeners,
                           size_t count, struct http_certificates *ret_certificates,
                           struct err *err)
{
    struct http_certificates fresh = {0};
    int r = 0;
    for (size_t i = 0; r == 0 && i < server->listener_count; i++) {
        const struct listener *ours = &server->listeners[i];
        const struct http_listener *named = listener_named(listeners, count, ours->options.name);
        if (ours->tls && named != NULL &&
            (r = http_tls_create(named, (SSL_CTX **)&fresh.tls[i], err)) < 0)
            err_prefix(err, "[listen %s]", ours->options.name);
    }
    if (r < 0)
        http_free_certificates(&fresh);
    else
        *ret_certificates = fresh;
    return r;
}

void http_use_certificates(struct http_server *server, const struct http_certificates *certificates)
{
    lock_take(&server->publish_lock); /* a loop that may have ended gets no message */
    for (size_t i = 0; !server->stopping && i < server->listener_count; i++)
        for (int k = 0; certificates->tls[i] != NULL && k < server->loop_count; k++)
            http_loop_send_certificate(&server->loops[k], i, certificates->tls[i]);
    lock_release(&server->publish_lock);
    for (size_t i = 0; i < server->listener_count; i++)
        if (certificates->tls[i] != NULL)
            http_tls_measure(&server->listeners[i].options, certificates->tls[i]);
}

void http_free_certificates(struct http_certificates *certificates)
{
    for (size_t i = 0; i < HTTP_LISTENERS_MAX; i++)
        SSL_CTX_free(certificates->tls[i]);
    *certificates = (struct http_certificates){0};
}

void http_stop(struct http_server *server)
{
    lock_take(&server->publish_lock);
    server->stopping = true;
    lock_release(&server->publish_lock);
    http_loop_stop_all(server);
}

void http_destroy(struct http_server *server)
{
    if (server == NULL)
        return;
    for (int i = 0; i < server->loop_count; i++)
        if (server->loops[i].thread_started)
            sem_post(&server->leave);
    /* of a start that failed: no loop had it */
    for (size_t i = 0; i < server->listener_count; i++)
        http_listener_unlink_unix(&server->listeners[i]);
    for (int i = 0; i < server->loop_count; i++)
        http_loop_fini(&server->loops[i]);
    h2o_config_dispose(&server->conf);
    free(server->loops);
    http_budget_fini(server);
    pthread_mutex_destroy(&server->address_lock);
    pthread_mutex_destroy(&server->publish_lock);
    sem_destroy(&server->started);
    sem_destroy(&server->drained);
    sem_destroy(&server->leave);
    arena_fini(&server->arena);
    free(server);
}

/* Every request enters here, on its loop: limits, parsing, routing, then the handler or the
 * pool. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/str.h"
#include "http/query.h"
#include "http/strict.h"

static void observer_dispose(void *p)
{
    struct request_observer *observer = p;
    struct conn *conn = observer->conn;
    struct loop *loop = conn->loop;
    h2o_req_t *req = observer->req;
    /* *req is still readable. bytes_sent counts what went into frames or to the socket: a short
     * count means that the client gave up first. */
    bool head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    bool complete = req->res.content_length == SIZE_MAX ||
                    req->bytes_sent >= req->res.content_length || head || req->res.status == 304;
    bool finished = !observer->stopped && req->res.status != 0 && complete;
    conn->inflight--;
    metrics_add(loop->server->in_flight, -1);
    conn->last_request = h2o_now(loop->h2o);
    h2o_linklist_unlink(&observer->link);
    if (observer->context != NULL) {
        struct request_context *context = observer->context;
        if (loop->server->options.after != NULL && req->res.status != 0 && !context->in_pool)
            loop->server->options.after(
                &context->request, context->reply.account, req->res.status, req->bytes_sent,
                clock_monotonic() - context->request.received, loop->server->options.ctx);
        context->observer = NULL;
        if (h2o_linklist_is_linked(&context->subscriber.link)) {
            h2o_linklist_unlink(&context->subscriber.link);
            metrics_add(loop->server->streams, -1);
        }
        if (!context->started)
            http_measure_no_answer(context);
        if (context->in_pool)
            atomic_store(&context->gone, true);
        else
            http_context_free(context);
    }
    if (observer->given_up) {
        return;
    } else if (finished) {
        if (conn->budget < RESET_BUDGET)
            conn->budget++;
    } else {
        metrics_add(loop->server->cancelled, 1);
        if (conn->budget > 0 && --conn->budget == 0 && !conn->banned) {
            conn->banned = true;
            http_conn_kill(conn);
        }
    }
}

static struct request_observer *observer_create(struct loop *loop, h2o_req_t *req)
{
    struct conn *conn = http_conn_of(req);
    struct request_observer *observer =
        h2o_mem_alloc_shared(&req->pool, sizeof(*observer), observer_dispose);
    *observer =
        (struct request_observer){.conn = conn, .req = req, .progress_at = h2o_now(loop->h2o)};
    conn->last_request = observer->progress_at;
    conn->inflight++;
    conn->http2 = req->version >= 0x200;
    h2o_linklist_insert(&loop->observers, &observer->link);
    metrics_add(loop->server->in_flight, 1);
    return observer;
}

static void request_parse_remote(struct http_request *request, h2o_req_t *req)
{
    struct sockaddr_storage peer = {0};
    if (req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&peer) == 0)
        peer.ss_family = AF_UNSPEC;
    const struct in6_addr *six = &((struct sockaddr_in6 *)(void *)&peer)->sin6_addr;
    if (peer.ss_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)&peer)->sin_addr, request->remote,
                  sizeof(request->remote));
    else if (peer.ss_family == AF_INET6 &&
             IN6_IS_ADDR_V4MAPPED(six)) /* a listener on [::] sees IPv4 clients so */
        inet_ntop(AF_INET, &six->s6_addr[12], request->remote, sizeof(request->remote));
    else if (peer.ss_family == AF_INET6)
        inet_ntop(AF_INET6, six, request->remote, sizeof(request->remote));
    else
        snprintf(request->remote, sizeof(request->remote), "local");
}

/* A header that is not valid UTF-8, or has a NUL, counts as absent. */
static const char *request_text_of(struct http_request *request, h2o_iovec_t value)
{
    if (value.base == NULL || memchr(value.base, '\0', value.len) != NULL ||
        !str_is_utf8(value.base, value.len))
        return NULL;
    return arena_strndup(&request->arena, value.base, value.len);
}

/* Given twice it is not to be trusted: the proxy did not remove its client's. */
static const char *request_identity_of(const struct http_server *server, const h2o_req_t *req,
                                       struct http_request *request)
{
    const char *name = server->options.identity_header, *found = NULL;
    for (size_t i = 0; name != NULL && i < req->headers.size; i++) {
        const h2o_header_t *h = &req->headers.entries[i];
        if (!h2o_memis(h->name->base, h->name->len, name, strlen(name)))
            continue;
        if (found != NULL)
            return NULL;
        found = request_text_of(request, h->value);
    }
    return found == NULL || found[0] == '\0' ? NULL : found;
}

static void request_add_cookie(struct http_request *request, h2o_iovec_t value)
{
    const char *text = request_text_of(request, value);
    if (text != NULL)
        request->cookie = arena_printf(&request->arena, "%s; %s", request->cookie, text);
}

#define WANTED_ROW(member, name, in_parts)                                                         \
    {name, sizeof(name) - 1, offsetof(struct http_request, member), in_parts},
static const struct {
    const char *name;
    size_t size, offset;
    bool in_parts;
} wanted[] = {HTTP_WANTED_HEADERS(WANTED_ROW)};

static void request_parse_header(struct http_request *request, const h2o_header_t *header)
{
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        if (!h2o_memis(header->name->base, header->name->len, wanted[i].name, wanted[i].size))
            continue;
        const char **to = (const char **)(void *)((char *)request + wanted[i].offset);
        if (*to == NULL)
            *to = request_text_of(request, header->value);
        else if (wanted[i].in_parts)
            request_add_cookie(request, header->value);
        return;
    }
}

static void request_parse_headers(struct http_request *request, const h2o_req_t *req)
{
    for (size_t i = 0; i < req->headers.size; i++)
        request_parse_header(request, &req->headers.entries[i]);
    /* h2o gives those without one the name of its configuration. */
    bool named = req->input.authority.base != req->hostconf->authority.hostport.base;
    request->host = named ? request_text_of(request, req->input.authority) : NULL;
}

static bool http_request_parse(struct request_context *context, h2o_req_t *req)
{
    struct http_request *request = &context->request;
    size_t size = req->input.query_at != SIZE_MAX ? req->input.query_at : req->input.path.len;
    request->received = context->came / 1000;
    request->version = req->version >= 0x200 ? 20 : req->version == 0x101 ? 11 : 10;
    request->tls = req->input.scheme == &H2O_URL_SCHEME_HTTPS;
    request_parse_remote(request, req);
    request_parse_headers(request, req);
    context->request.coding = http_query_accepts(request->accept_encoding, "br") ? HTTP_BROTLI
                              : http_query_accepts(request->accept_encoding, "gzip")
                                  ? HTTP_GZIP
                                  : HTTP_IDENTITY;
    request->path = http_query_path(&request->arena, req->input.path.base, size);
    if (request->path == NULL ||
        !http_method_parse(req->input.method.base, req->input.method.len, &request->method))
        return false;
    if (req->input.query_at != SIZE_MAX) {
        const char *query = req->input.path.base + req->input.query_at + 1;
        size_t query_size = req->input.path.len - req->input.query_at - 1;
        request->query = arena_strndup(&request->arena, query, query_size);
        if (memchr(query, '\0', query_size) != NULL ||
            !http_query_parameters(request, query, query_size))
            return false;
    }
    return true;
}

static void request_refuse(struct request_context *context, int status,
                           struct hearth_sentence sentence)
{
    http_reply_problem(&context->reply, status, sentence);
    http_send_reply(context);
}

static void request_refuse_method(struct request_context *context, unsigned allowed)
{
    struct buf list = {0};
    http_method_list(allowed | HTTP_OPTIONS, &list);
    const char *allow = arena_strdup(&context->request.arena, list.data);
    buf_fini(&list);
    http_reply_header(&context->reply, "allow", allow);
    if (context->request.method == HTTP_OPTIONS) {
        context->reply.status = 204;
        http_send_reply(context);
        return;
    }
    request_refuse(context, 405, http_says_method());
}

/* h2o's buffers are used again, but not cleared: the body's own, and with HTTP/2 the
 * connection's, from which it was copied. */
static void request_wipe_entity(h2o_req_t *req)
{
    const h2o_socket_t *sock = h2o_compat_socket(req);
    h2o_buffer_t *input = sock == NULL ? NULL : sock->input;
    char *found = input == NULL || input->bytes == NULL
                      ? NULL
                      : memmem(input->bytes, input->size, req->entity.base, req->entity.len);
    if (found != NULL && found != req->entity.base)
        explicit_bzero(found, req->entity.len);
    explicit_bzero(req->entity.base, req->entity.len);
}

static bool request_take_body(struct request_context *context, h2o_req_t *req)
{
    context->request.body_size = req->entity.len;
    context->request.body = req->entity.len == 0 ? NULL
                                                 : arena_strndup(&context->request.arena,
                                                                 req->entity.base, req->entity.len);
    if (context->route->secret && req->entity.len > 0)
        request_wipe_entity(req);
    return req->entity.len == 0 || context->request.body != NULL;
}

static void request_dispatch(struct request_context *context, h2o_req_t *req,
                             enum http_audience audience)
{
    struct http_server *server = context->loop->server;
    struct hearth_sentence over;
    unsigned allowed;
    if (!http_base_path_strip(server, &context->request, audience)) {
        http_proxy_look_outside(server, &context->request);
        if (http_hosts_check(server, &context->request, &context->reply))
            http_base_path_refuse(&context->request, &context->reply);
        http_send_reply(context);
        return;
    }
    context->route = http_router_find(server, &context->request, audience, &allowed);
    if (context->route == NULL && allowed == 0) {
        request_refuse(context, 404, http_says_not_found());
        return;
    }
    if (context->route == NULL) {
        request_refuse_method(context, allowed);
        return;
    }
    if (!context->route->any_host && audience == HTTP_PEOPLE)
        http_proxy_look(server, &context->request);
    if (!context->route->any_host && audience == HTTP_PEOPLE &&
        !http_hosts_check(server, &context->request, &context->reply)) {
        http_send_reply(context);
        return;
    }
    if (req->entity.len > context->route->max_body) {
        request_refuse(context, 413, http_says_too_large());
        return;
    }
    if (!request_take_body(context, req)) {
        request_refuse(context, 503, http_says_busy_memory());
        return;
    }
    size_t n = strlen(context->route->path);
    context->request.argument =
        context->route->path[n - 1] == '*' ? context->request.path + n - 1 : "";
    context->request.route_data = context->route->data;
    if (context->route->filter != NULL &&
        context->route->filter(&context->request, &context->reply)) {
        http_send_reply(context);
    } else if (context->route->kind == HTTP_INLINE) {
        context->route->handler(&context->request, &context->reply, NULL);
        http_send_reply(context);
    } else if (http_budget_over(context, &over)) {
        /* before anybody works for an answer that nobody fetches */
        metrics_add(server->refused, 1);
        http_reply_header(&context->reply, "retry-after", "5");
        http_send_refusal(context, 503, over);
    } else if (http_context_submit(context) < 0) {
        metrics_add(server->refused, 1);
        http_reply_header(&context->reply, "retry-after", "1");
        request_refuse(context, 503, http_says_busy());
    }
}

int http_request_handle(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct conn *conn = http_conn_of(req);
    struct loop *loop = conn->loop;
    struct request_observer *observer = observer_create(loop, req);
    struct request_context *context = http_context_create(loop, observer);
    if (context == NULL) {
        h2o_send_error_503(req, "Service Unavailable", "out of memory", 0);
        return 0;
    }
    http_measure_begin(context);
    context->head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    size_t header_bytes = http_header_bytes(req);
    conn->explained += header_bytes + req->entity.len + REQUEST_BYTES;
    bool large = header_bytes > loop->server->options.max_header_bytes ||
                 req->headers.size > loop->server->options.max_header_fields;
    bool parsed = !large && http_request_parse(context, req);
    bool unknown = context->request.path != NULL && context->request.method == 0;
    if (context->request.path == NULL)
        context->request.path = "";
    context->request.forwarded = parsed && http_forwarded_any(req);
    if (parsed && loop->server->proxy_count > 0) {
        struct sockaddr_storage peer = {0};
        if (req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&peer) != 0 &&
            http_forwarded_matches(loop->server, (struct sockaddr *)&peer)) {
            context->request.trusted = true;
            http_forwarded_apply(loop->server, req, &context->request);
            context->request.identity = request_identity_of(loop->server, req, &context->request);
        }
    }
    if (conn->banned) {
        request_refuse(context, 503, http_says_busy_memory());
    } else if (h2o_memis(req->input.method.base, req->input.method.len,
                         H2O_STRLIT(STRICT_REFUSED))) {
        req->http1_is_persistent = 0;
        request_refuse(context, 400,
                       http_says_malformed(arena_strndup(
                           &context->request.arena, req->input.path.base, req->input.path.len)));
    } else if (large) {
        req->http1_is_persistent = 0;
        request_refuse(context, 431, http_says_headers_too_large());
    } else if (!parsed) {
        request_refuse(context, unknown ? 501 : 400,
                       unknown ? http_says_not_implemented() : http_says_malformed_address());
    } else {
        request_dispatch(context, req, loop->server->listeners[conn->listener].options.audience);
    }
    return 0;
}

bool http_accepts(const struct http_request *request, const char *coding)
{
    return http_query_accepts(request->accept_encoding, coding);
}

bool http_etag_next(const char **list, const char **ret_tag, size_t *ret_size)
{
    const char *at = *list == NULL ? "" : *list;
    at += strspn(at, " \t,");
    if (at[0] == 'W' && at[1] == '/')
        at += 2;
    *list = at + strcspn(at, ",");
    *ret_tag = at;
    *ret_size = strcspn(at, ", \t"); /* what stands behind a blank is no part of a tag */
    return *at != '\0';
}

bool http_etag_matches(const struct http_request *request, const char *etag)
{
    const char *list = request->if_none_match, *tag;
    for (size_t size; http_etag_next(&list, &tag, &size);)
        if ((size == 1 && tag[0] == '*') || (size == strlen(etag) && memcmp(tag, etag, size) == 0))
            return true;
    return false;
}

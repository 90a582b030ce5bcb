/* Every request enters here, on its loop: limits, parsing, routing, then the handler or the pool. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/str.h"
#include "http/query.h"
#include "http/strict.h"

static void track_dispose(void *p)
{
    struct track *track = p;
    struct conn *conn = track->conn;
    struct loop *loop = conn->loop;
    h2o_req_t *req = track->req;
    /* *req is still readable. bytes_sent counts what went into frames or to the socket: a short count means that the client gave up first.
     */
    bool head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    bool complete = req->res.content_length == SIZE_MAX || req->bytes_sent >= req->res.content_length || head || req->res.status == 304;
    bool finished = !track->stopped && req->res.status != 0 && complete;
    conn->inflight--;
    conn->last_request = h2o_now(loop->h2o);
    h2o_linklist_unlink(&track->link);
    if (track->exchange != NULL) {
        struct exchange *exchange = track->exchange;
        if (loop->server->options.after != NULL && req->res.status != 0 && !exchange->in_pool)
            loop->server->options.after(&exchange->request, exchange->reply.account, req->res.status, req->bytes_sent,
                                        clock_monotonic() - exchange->request.received, loop->server->options.ctx);
        exchange->track = NULL;
        if (h2o_linklist_is_linked(&exchange->subscriber.link))
            h2o_linklist_unlink(&exchange->subscriber.link);
        if (exchange->in_pool)
            atomic_store(&exchange->gone, true);
        else
            exchange_free(exchange);
    }
    if (track->given_up) {
        return;
    } else if (finished) {
        if (conn->budget < RESET_BUDGET)
            conn->budget++;
    } else {
        metric_add(loop->server->cancelled, 1);
        if (conn->budget > 0 && --conn->budget == 0 && !conn->banned) {
            conn->banned = true;
            conn_kill(conn);
        }
    }
}

static struct track *track_create(struct loop *loop, h2o_req_t *req)
{
    struct conn *conn = conn_of(req);
    struct track *track = h2o_mem_alloc_shared(&req->pool, sizeof(*track), track_dispose);
    *track = (struct track){.conn = conn, .req = req, .progress_at = h2o_now(loop->h2o)};
    conn->last_request = track->progress_at;
    conn->inflight++;
    conn->http2 = req->version >= 0x200;
    h2o_linklist_insert(&loop->tracks, &track->link);
    metric_add(loop->server->requests, 1);
    return track;
}

static void request_parse_remote(struct http_request *request, h2o_req_t *req)
{
    struct sockaddr_storage peer = {0};
    if (req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&peer) == 0)
        peer.ss_family = AF_UNSPEC;
    const struct in6_addr *six = &((struct sockaddr_in6 *)(void *)&peer)->sin6_addr;
    if (peer.ss_family == AF_INET)
        inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)&peer)->sin_addr, request->remote, sizeof(request->remote));
    else if (peer.ss_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(six)) /* a listener on [::] sees IPv4 clients so */
        inet_ntop(AF_INET, &six->s6_addr[12], request->remote, sizeof(request->remote));
    else if (peer.ss_family == AF_INET6)
        inet_ntop(AF_INET6, six, request->remote, sizeof(request->remote));
    else
        snprintf(request->remote, sizeof(request->remote), "local");
}

/* A header that is not valid UTF-8, or has a NUL, counts as absent. */
static const char *request_text_of(struct http_request *request, h2o_iovec_t value)
{
    if (value.base == NULL || memchr(value.base, '\0', value.len) != NULL || !str_is_utf8(value.base, value.len))
        return NULL;
    return arena_strndup(&request->arena, value.base, value.len);
}

/* Given twice it is not to be trusted: the proxy did not remove its client's. */
static const char *request_identity_of(const struct http_server *server, const h2o_req_t *req, struct http_request *request)
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

#define WANTED_ROW(member, name, in_parts) {name, sizeof(name) - 1, offsetof(struct http_request, member), in_parts},
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

static bool request_parse(struct exchange *exchange, h2o_req_t *req)
{
    struct http_request *request = &exchange->request;
    size_t size = req->input.query_at != SIZE_MAX ? req->input.query_at : req->input.path.len;
    request->received = clock_monotonic();
    request->version = req->version >= 0x200 ? 20 : req->version == 0x101 ? 11 : 10;
    request->tls = req->input.scheme == &H2O_URL_SCHEME_HTTPS;
    request_parse_remote(request, req);
    request_parse_headers(request, req);
    exchange->request.accepts_gzip = query_accepts(request->accept_encoding, "gzip");
    request->path = query_path(&request->arena, req->input.path.base, size);
    if (request->path == NULL || !method_parse(req->input.method.base, req->input.method.len, &request->method))
        return false;
    if (req->input.query_at != SIZE_MAX) {
        const char *query = req->input.path.base + req->input.query_at + 1;
        size_t query_size = req->input.path.len - req->input.query_at - 1;
        request->query = arena_strndup(&request->arena, query, query_size);
        if (memchr(query, '\0', query_size) != NULL || !query_parameters(request, query, query_size))
            return false;
    }
    return true;
}

static void request_refuse(struct exchange *exchange, int status, struct hearth_sentence sentence)
{
    http_reply_problem(&exchange->reply, status, sentence);
    send_reply(exchange);
}

static void request_refuse_method(struct exchange *exchange, unsigned allowed)
{
    struct buf list = {0};
    method_list(allowed | HTTP_OPTIONS, &list);
    const char *allow = arena_strdup(&exchange->request.arena, list.data);
    buf_fini(&list);
    http_reply_header(&exchange->reply, "allow", allow);
    if (exchange->request.method == HTTP_OPTIONS) {
        exchange->reply.status = 204;
        send_reply(exchange);
        return;
    }
    request_refuse(exchange, 405, http_says_method());
}

/* h2o's buffers are used again, but not cleared: the body's own, and with HTTP/2 the connection's, from which it was copied. */
static void request_wipe_entity(h2o_req_t *req)
{
    const h2o_socket_t *sock = h2o_compat_socket(req);
    h2o_buffer_t *input = sock == NULL ? NULL : sock->input;
    char *found = input == NULL || input->bytes == NULL ? NULL : memmem(input->bytes, input->size, req->entity.base, req->entity.len);
    if (found != NULL && found != req->entity.base)
        explicit_bzero(found, req->entity.len);
    explicit_bzero(req->entity.base, req->entity.len);
}

static bool request_take_body(struct exchange *exchange, h2o_req_t *req)
{
    exchange->request.body_size = req->entity.len;
    exchange->request.body = req->entity.len == 0 ? NULL : arena_strndup(&exchange->request.arena, req->entity.base, req->entity.len);
    if (exchange->route->secret && req->entity.len > 0)
        request_wipe_entity(req);
    return req->entity.len == 0 || exchange->request.body != NULL;
}

static void request_dispatch(struct exchange *exchange, h2o_req_t *req, enum http_audience audience)
{
    struct http_server *server = exchange->loop->server;
    struct hearth_sentence over;
    unsigned allowed;
    exchange->route = router_find(server, &exchange->request, audience, &allowed);
    if (exchange->route == NULL && allowed == 0) {
        request_refuse(exchange, 404, http_says_not_found());
        return;
    }
    if (exchange->route == NULL) {
        request_refuse_method(exchange, allowed);
        return;
    }
    if (!exchange->route->any_host && audience == HTTP_PEOPLE && !hosts_check(server, &exchange->request, &exchange->reply)) {
        send_reply(exchange);
        return;
    }
    if (req->entity.len > exchange->route->max_body) {
        request_refuse(exchange, 413, http_says_too_large());
        return;
    }
    if (!request_take_body(exchange, req)) {
        request_refuse(exchange, 503, http_says_busy_memory());
        return;
    }
    size_t n = strlen(exchange->route->path);
    exchange->request.argument = exchange->route->path[n - 1] == '*' ? exchange->request.path + n - 1 : "";
    exchange->request.route_data = exchange->route->data;
    if (exchange->route->filter != NULL && exchange->route->filter(&exchange->request, &exchange->reply)) {
        send_reply(exchange);
    } else if (exchange->route->kind == HTTP_INLINE) {
        exchange->route->handler(&exchange->request, &exchange->reply, NULL);
        send_reply(exchange);
    } else if (budget_over(exchange, &over)) { /* before anybody works for an answer that nobody fetches */
        metric_add(server->refused, 1);
        http_reply_header(&exchange->reply, "retry-after", "5");
        send_refusal(exchange, 503, over);
    } else if (exchange_submit(exchange) < 0) {
        metric_add(server->refused, 1);
        http_reply_header(&exchange->reply, "retry-after", "1");
        request_refuse(exchange, 503, http_says_busy());
    }
}

int request_handle(h2o_handler_t *handler, h2o_req_t *req)
{
    (void)handler;
    struct conn *conn = conn_of(req);
    struct loop *loop = conn->loop;
    struct track *track = track_create(loop, req);
    struct exchange *exchange = exchange_create(loop, track);
    if (exchange == NULL) {
        h2o_send_error_503(req, "Service Unavailable", "out of memory", 0);
        return 0;
    }
    exchange->head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    size_t header_bytes = guard_header_bytes(req);
    conn->explained += header_bytes + req->entity.len + REQUEST_BYTES;
    bool large = header_bytes > loop->server->options.max_header_bytes || req->headers.size > loop->server->options.max_header_fields;
    bool parsed = !large && request_parse(exchange, req);
    bool unknown = exchange->request.path != NULL && exchange->request.method == 0;
    if (exchange->request.path == NULL)
        exchange->request.path = "";
    if (parsed && loop->server->proxy_count > 0) {
        struct sockaddr_storage peer = {0};
        if (req->conn->callbacks->get_peername(req->conn, (struct sockaddr *)&peer) != 0 &&
            forwarded_matches(loop->server, (struct sockaddr *)&peer)) {
            forwarded_apply(loop->server, req, &exchange->request);
            exchange->request.identity = request_identity_of(loop->server, req, &exchange->request);
        }
    }
    if (conn->banned) {
        request_refuse(exchange, 503, http_says_busy_memory());
    } else if (h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT(STRICT_REFUSED))) {
        req->http1_is_persistent = 0;
        request_refuse(exchange, 400,
                       http_says_malformed(arena_strndup(&exchange->request.arena, req->input.path.base, req->input.path.len)));
    } else if (large) {
        req->http1_is_persistent = 0;
        request_refuse(exchange, 431, http_says_headers_too_large());
    } else if (!parsed) {
        request_refuse(exchange, unknown ? 501 : 400, unknown ? http_says_not_implemented() : http_says_malformed_address());
    } else {
        request_dispatch(exchange, req, loop->server->listeners[conn->listener].options.audience);
    }
    return 0;
}

bool http_accepts(const struct http_request *request, const char *coding)
{
    return query_accepts(request->accept_encoding, coding);
}

bool http_etag_matches(const struct http_request *request, const char *etag)
{
    const char *list = request->if_none_match;
    size_t n = strlen(etag);
    if (list == NULL)
        return false;
    for (const char *p = list; *p != '\0';) {
        p += strspn(p, " \t,");
        if (p[0] == 'W' && p[1] == '/')
            p += 2;
        size_t tag = *p == '*' ? 1 : strncmp(p, etag, n) == 0 ? n : 0;
        if (tag > 0 && strchr(", \t", p[tag]) != NULL) /* or the end */
            return true;
        p += strcspn(p, ",");
    }
    return false;
}

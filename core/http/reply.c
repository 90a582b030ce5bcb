/* From a reply to h2o. */
#include "http/internal.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/magic.h"
#include "base/metrics.h"

void http_reply_header(struct http_reply *reply, const char *name, const char *value)
{
    ASSERT(reply->header_count < sizeof(reply->headers) / sizeof(reply->headers[0]));
    if (value == NULL)
        return;
    reply->headers[reply->header_count].name = name;
    reply->headers[reply->header_count++].value = value;
}

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *text;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {303, "See Other"},
                   {304, "Not Modified"},
                   {307, "Temporary Redirect"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {409, "Conflict"},
                   {413, "Content Too Large"},
                   {415, "Unsupported Media Type"},
                   {421, "Misdirected Request"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"}};
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].status == status)
            return reasons[i].text;
    return "Other";
}

static void add_json_text(struct buf *body, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\')
            buf_printf(body, "\\%c", *p);
        else if ((unsigned char)*p < 0x20)
            buf_printf(body, "\\u%04x", (unsigned)*p);
        else
            buf_add_char(body, *p);
    }
}

void http_reply_problem(struct http_reply *reply, int status, const char *code, const char *detail)
{
    buf_reset(&reply->body);
    buf_printf(&reply->body, "{\"type\":\"about:blank\",\"title\":\"%s\",\"status\":%d", reason(status), status);
    if (detail != NULL) {
        buf_add_text(&reply->body, ",\"detail\":\"");
        add_json_text(&reply->body, detail);
        buf_add_char(&reply->body, '"');
    }
    buf_printf(&reply->body, ",\"code\":\"%s\"}", code);
    reply->status = status;
    reply->content_type = "application/problem+json";
    reply->gzip = false;
}

struct http_shared *http_shared_create(const void *bytes, size_t size)
{
    struct http_shared *shared = malloc(sizeof(*shared) + size);
    if (shared == NULL)
        return NULL;
    shared->refs = 1;
    shared->sent_by = 0;
    shared->payer = NULL;
    shared->size = size;
    memcpy(shared->bytes, bytes, size);
    return shared;
}

struct http_shared *http_shared_ref(struct http_shared *shared)
{
    shared->refs++;
    return shared;
}

void http_shared_unref(struct http_shared *shared)
{
    if (shared != NULL && --shared->refs == 0)
        free(shared);
}

static void add_header(h2o_req_t *req, const char *name, const char *value)
{
    h2o_iovec_t v = h2o_strdup(&req->pool, value, SIZE_MAX);
    h2o_iovec_t n = h2o_strdup(&req->pool, name, SIZE_MAX);
    h2o_add_header_by_str(&req->pool, &req->res.headers, n.base, n.len, 1, NULL, v.base, v.len);
}

/* A line break in a value would begin a header, or an answer, of the client's choice; h2o does not look. */
static bool is_header_value(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

/* Strict-Transport-Security is only for names that this server itself answers for with a certificate: behind a proxy it is the proxy's to
 * say. */
static void add_always(h2o_req_t *req)
{
    static const char *const always[][2] = {{"x-content-type-options", "nosniff"},
                                            {"referrer-policy", "no-referrer"},
                                            {"x-frame-options", "DENY"},
                                            {"cross-origin-resource-policy", "same-origin"},
                                            {"strict-transport-security", "max-age=31536000"}};
    const h2o_socket_t *sock = req->conn->callbacks->get_socket(req->conn);
    size_t count = sizeof(always) / sizeof(always[0]) - (sock != NULL && sock->ssl != NULL ? 0 : 1);
    for (size_t i = 0; i < count; i++)
        h2o_add_header_by_str(&req->pool, &req->res.headers, always[i][0], strlen(always[i][0]), 1, NULL, always[i][1],
                              strlen(always[i][1]));
}

/* Whatever says nothing about who may keep it is nobody's to keep: caches guess otherwise, also about refusals. */
static void add_no_store(h2o_req_t *req)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("cache-control"), 1, NULL, H2O_STRLIT("no-store"));
}

void reply_add_to_refusal(h2o_req_t *req)
{
    add_no_store(req);
    add_always(req);
}

/* Status line and headers, those of every answer among them. */
static void fill_head(struct exchange *exchange, size_t content_length)
{
    h2o_req_t *req = exchange->track->req;
    struct http_reply *reply = &exchange->reply;
    req->res.status = reply->status;
    req->res.reason = reason(reply->status);
    req->res.content_length = content_length;
    if (reply->content_type != NULL && reply->status != 204 && reply->status != 304)
        add_header(req, "content-type", reply->content_type);
    bool kept = false;
    for (size_t i = 0; i < reply->header_count; i++) {
        if (!is_header_value(reply->headers[i].value))
            continue;
        add_header(req, reply->headers[i].name, reply->headers[i].value);
        kept = kept || strcmp(reply->headers[i].name, "cache-control") == 0;
    }
    if (!kept)
        add_no_store(req);
    if (reply->gzip)
        add_header(req, "vary", "accept-encoding");
    add_always(req);
}

static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    (void)req;
    struct exchange *exchange = (struct exchange *)generator;
    events_proceed(exchange);
    body_proceed(exchange);
}

static void on_stop(h2o_generator_t *generator, h2o_req_t *req)
{
    (void)req;
    struct exchange *exchange = (struct exchange *)generator;
    if (exchange->track != NULL)
        exchange->track->stopped = true;
}

void reply_start(struct exchange *exchange, size_t content_length)
{
    exchange->generator = (h2o_generator_t){on_proceed, on_stop};
    exchange->started = true;
    fill_head(exchange, content_length);
    h2o_start_response(exchange->track->req, &exchange->generator);
}

/* Instead of what the reply says so far. */
static void replace_reply(struct exchange *exchange, int status, const char *code, const char *detail)
{
    struct http_reply *reply = &exchange->reply;
    http_shared_unref(reply->shared);
    download_fini(exchange);
    buf_fini(&reply->body);
    *reply = (struct http_reply){.account = reply->account};
    if (status == 503)
        http_reply_header(reply, "retry-after", "5");
    http_reply_problem(reply, status, code, detail);
}

static void send_reply(struct exchange *exchange)
{
    struct http_reply *reply = &exchange->reply;
    budget_take(exchange);
    if (reply->events_channel != NULL) {
        events_start(exchange);
        return;
    }
    bool bodiless = reply->status == 204 || reply->status == 304;
    bool unknown = reply->stream != NULL; /* HEAD of a download, which is not made for it */
    reply_start(exchange, bodiless || unknown ? SIZE_MAX : exchange->body_size);
    /* h2o 2.2.5 does not drop the body of an answer to HEAD. */
    if (bodiless || exchange->head || exchange->body_size == 0) {
        exchange->body_at = exchange->body_size;
        h2o_send(exchange->track->req, NULL, 0, H2O_SEND_STATE_FINAL);
    } else {
        body_send(exchange);
    }
}

void reply_refuse(struct exchange *exchange, int status, const char *code, const char *detail)
{
    http_reply_problem(&exchange->reply, status, code, detail);
    exchange->body_size = body_size(exchange);
    send_reply(exchange);
}

void reply_send(struct exchange *exchange)
{
    struct http_reply *reply = &exchange->reply;
    if (buf_failed(&reply->body) || reply->status == 0) {
        log_error("http", "no answer to %s: out of memory, or a handler without a reply", exchange->request.path);
        replace_reply(exchange, 500, "internal", NULL);
    }
    const char *over = budget_over(exchange);
    if (over != NULL) {
        metric_add(exchange->loop->server->refused, 1);
        replace_reply(exchange, 503, "unfetched", over);
    }
    if (!exchange->in_pool && exchange->route != NULL && exchange->route->kind == HTTP_INLINE && exchange->request.accepts_gzip &&
        reply->gzip)
        http_reply_gzip(reply);
    exchange->body_size = reply->events_channel != NULL ? 0 : body_size(exchange); /* events.c sends those itself */
    send_reply(exchange);
}

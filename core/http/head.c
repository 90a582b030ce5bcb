/* Status and headers, from a reply to h2o. */
#include "http/internal.h"

#include <string.h>

static void head_add_header(h2o_req_t *req, const char *name, const char *value)
{
    h2o_iovec_t v = h2o_strdup(&req->pool, value, SIZE_MAX);
    h2o_iovec_t n = h2o_strdup(&req->pool, name, SIZE_MAX);
    h2o_add_header_by_str(&req->pool, &req->res.headers, n.base, n.len, 1, NULL, v.base, v.len);
}

/* A line break in a value would begin a header, or an answer, of the client's choice; h2o does
 * not look. */
static bool head_is_header_value(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if (((unsigned char)*p < 0x20 && *p != '\t') || *p == 0x7f)
            return false;
    return true;
}

/* Strict-Transport-Security is only for names that this server itself answers for with a
 * certificate: behind a proxy it is the proxy's to say. */
static void head_add_always(h2o_req_t *req)
{
    static const char *const always[][2] = {{"x-content-type-options", "nosniff"},
                                            {"referrer-policy", "no-referrer"},
                                            {"x-frame-options", "DENY"},
                                            {"cross-origin-resource-policy", "same-origin"},
                                            {"strict-transport-security", "max-age=31536000"}};
    const h2o_socket_t *sock = h2o_compat_socket(req);
    size_t count = sizeof(always) / sizeof(always[0]) - (sock != NULL && sock->ssl != NULL ? 0 : 1);
    for (size_t i = 0; i < count; i++)
        h2o_add_header_by_str(&req->pool, &req->res.headers, always[i][0], strlen(always[i][0]), 1,
                              NULL, always[i][1], strlen(always[i][1]));
}

/* Whatever says nothing about who may keep it is nobody's to keep: caches guess otherwise, also
 * about refusals. */
static void head_add_no_store(h2o_req_t *req)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, H2O_STRLIT("cache-control"), 1, NULL,
                          H2O_STRLIT("no-store"));
}

void http_head_add_to_refusal(h2o_req_t *req)
{
    head_add_no_store(req);
    head_add_always(req);
}

/* A 304 says when the answer that the client has is still right, and nothing about it: whatever
 * else came with that stays as it is (RFC 9110, 15.4.5). A phone is told little else all day. */
static bool head_is_of_304(const char *name)
{
    static const char *const of[] = {"cache-control", "etag", "vary", "set-cookie"};
    for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++)
        if (strcmp(of[i], name) == 0)
            return true;
    return false;
}

/* A path of this server in Location is one that routes have, and goes out under its base path. */
static const char *head_header_value(struct request_context *context, const char *name,
                                     const char *value)
{
    char *path = value[0] == '/' && strcmp(name, "location") == 0
                     ? http_path(&context->request, value)
                     : NULL;
    return path == NULL ? value : path;
}

/* Status line and headers, those of every answer among them. */
static void head_fill(struct request_context *context, size_t content_length)
{
    h2o_req_t *req = context->observer->req;
    struct http_reply *reply = &context->reply;
    req->res.status = reply->status;
    req->res.reason = http_reply_reason(reply->status);
    req->res.content_length = content_length;
    if (reply->content_type != NULL && reply->status != 204 && reply->status != 304)
        head_add_header(req, "content-type", reply->content_type);
    bool kept = false;
    for (size_t i = 0; i < reply->header_count; i++) {
        if (!head_is_header_value(reply->headers[i].value) ||
            (reply->status == 304 && !head_is_of_304(reply->headers[i].name)))
            continue;
        const char *name = reply->headers[i].name;
        head_add_header(req, name, head_header_value(context, name, reply->headers[i].value));
        kept = kept || strcmp(reply->headers[i].name, "cache-control") == 0;
    }
    if (!kept)
        head_add_no_store(req);
    if (reply->coded)
        head_add_header(req, "vary", "accept-encoding");
    if (reply->status != 304)
        head_add_always(req);
}

static void head_on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    (void)req;
    struct request_context *context = (struct request_context *)generator;
    context->proceed(context);
}

static void head_on_stop(h2o_generator_t *generator, h2o_req_t *req)
{
    (void)req;
    struct request_context *context = (struct request_context *)generator;
    if (context->observer != NULL)
        context->observer->stopped = true;
}

void http_head_start(struct request_context *context, size_t content_length,
                     void (*proceed)(struct request_context *context))
{
    context->generator = (h2o_generator_t){head_on_proceed, head_on_stop};
    context->proceed = proceed;
    context->started = true;
    http_measure_answer(context);
    head_fill(context, content_length);
    h2o_start_response(context->observer->req, &context->generator);
}

/* Validators and the response cache: both keyed by account, generation and request. */
#include <string.h>

#include "api/internal.h"

/* Two FNV-1a hashes of the request: nobody gains by a collision, which would need two requests
 * of the same person. */
static uint64_t validate_hash(const char *text, uint64_t seed)
{
    uint64_t h = 14695981039346656037u ^ seed;
    for (const char *p = text; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    return h;
}

void api_validate_etag(const struct http_request *request, const char *account, int64_t generation,
                       bool gzip, char ret[64])
{
    uint64_t h = validate_hash(request->path, validate_hash(account, 0));
    h = validate_hash(request->query == NULL ? "" : request->query, h);
    snprintf(ret, 64, "\"%llx-%016llx%s\"", (unsigned long long)generation, (unsigned long long)h,
             gzip ? "-g" : "");
}

static const char *validate_key(struct http_request *request, const char *account,
                                int64_t generation, bool gzip)
{
    return arena_printf(&request->arena, "%s\n%lld%c%s?%s", account, (long long)generation,
                        gzip ? 'g' : 'i', request->path,
                        request->query == NULL ? "" : request->query);
}

static void validate_headers(struct http_request *request, struct http_reply *reply,
                             const char *etag)
{
    http_reply_header(reply, "etag", arena_strdup(&request->arena, etag));
    http_reply_header(reply, "cache-control", "private, no-cache");
    reply->gzip = true;
}

bool api_validate_from_cache(const struct api_endpoint *endpoint, struct http_request *request,
                             const char *account, int64_t generation, struct http_reply *reply)
{
    char etag[64];
    bool gzip = request->accepts_gzip;
    api_validate_etag(request, account, generation, gzip, etag);
    if (http_etag_matches(request, etag)) {
        reply->status = 304;
        validate_headers(request, reply, etag);
        return true;
    }
    const char *key = validate_key(request, account, generation, gzip);
    struct http_shared *shared =
        key == NULL ? NULL : api_response_cache_get(endpoint->api->cache, key);
    if (shared == NULL)
        return false;
    reply->status = 200;
    reply->content_type =
        (endpoint->flags & API_SUGGESTS) != 0 ? API_SUGGESTIONS : "application/json";
    reply->shared = shared;
    if (shared->size > 2 && memcmp(shared->bytes, "\x1f\x8b", 2) == 0)
        http_reply_header(reply, "content-encoding", "gzip");
    validate_headers(request, reply, etag);
    return true;
}

void api_validate_keep(struct api_call *call)
{
    struct http_reply *reply = call->reply;
    if (reply->status != 200 || buf_failed(&reply->body))
        return;
    char etag[64];
    bool gzip = call->request->accepts_gzip;
    api_validate_etag(call->request, call->account, call->generation, gzip, etag);
    validate_headers(call->request, reply, etag);
    if (gzip)
        http_reply_gzip(reply);
    const char *key = validate_key(call->request, call->account, call->generation, gzip);
    struct http_shared *shared =
        key == NULL ? NULL : http_shared_create(reply->body.data, reply->body.size);
    if (shared == NULL)
        return;
    api_response_cache_put(call->api->cache, key, shared, shared->size);
    http_shared_unref(shared);
}

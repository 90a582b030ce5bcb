/* Validators and the response cache. A validator says from which generation an answer is, what was
 * asked for, and what it says:
 *
 *     "GENERATION-REQUEST-CONTENT", with -g or -b for who takes it compressed
 *
 * The generation is the newest of the collections that the endpoint reads; "c" stands there for an
 * answer of something else. What a client has is still right when the generation is the same, for
 * which nothing is looked at, or when the answer says the same as before: a sync brought something
 * else. */
#include <inttypes.h>
#include <openssl/evp.h>
#include <string.h>

#include "api/internal.h"
#include "codec/codec.h"

/* Two FNV-1a hashes of the request: nobody gains by a collision, which would need two requests
 * of the same person. */
static uint64_t validate_hash(const char *text, uint64_t seed)
{
    uint64_t h = 14695981039346656037u ^ seed;
    for (const char *p = text; *p != '\0'; p++)
        h = (h ^ (unsigned char)*p) * 1099511628211u;
    return h;
}

struct validator api_validator(const struct http_request *request, const char *account,
                               int64_t generation)
{
    uint64_t h = validate_hash(request->path, validate_hash(account, 0));
    h = validate_hash(request->query == NULL ? "" : request->query, h);
    return (struct validator){.generation = generation, .request = h, .coding = request->coding};
}

/* Others choose what pages are called: nobody can make two answers that are taken for one. 0: it
 * could not be made. */
uint64_t api_validator_content(const void *bytes, size_t size)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    uint64_t content = 0;
    if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) == 1)
        memcpy(&content, digest, sizeof(content));
    return content;
}

static const char *const SUFFIX[] = {
    [HTTP_IDENTITY] = "", [HTTP_GZIP] = "-g", [HTTP_BROTLI] = "-b"};

void api_validator_format(const struct validator *validator, char ret[API_VALIDATOR_SIZE])
{
    char generation[20] = "c";
    if (validator->generation != API_NO_GENERATION)
        snprintf(generation, sizeof(generation), "%" PRId64, validator->generation);
    snprintf(ret, API_VALIDATOR_SIZE, "\"%s-%016" PRIx64 "-%016" PRIx64 "%s\"", generation,
             validator->request, validator->content, SUFFIX[validator->coding]);
}

/* Sixteen digits behind a dash; NULL: they are none. */
static const char *validator_parse_hash(const char *at, uint64_t *ret_hash)
{
    *ret_hash = 0;
    if (at == NULL || *at++ != '-')
        return NULL;
    for (int i = 0; i < 16; i++) {
        int digit = codec_hex_digit(at[i]);
        if (digit < 0)
            return NULL;
        *ret_hash = *ret_hash << 4 | (uint64_t)digit;
    }
    return at + 16;
}

static bool validator_parse(const char *tag, size_t size, struct validator *ret_validator)
{
    char copy[API_VALIDATOR_SIZE], again[API_VALIDATOR_SIZE];
    if (size >= sizeof(copy) || size < 3)
        return false;
    memcpy(copy, tag, size);
    copy[size] = '\0';
    const char *at = strchr(copy, '-');
    char suffix = copy[size - 3] == '-' ? copy[size - 2] : '\0'; /* b is a digit of hashes, too */
    *ret_validator = (struct validator){.coding = suffix == 'g'   ? HTTP_GZIP
                                                  : suffix == 'b' ? HTTP_BROTLI
                                                                  : HTTP_IDENTITY};
    at = validator_parse_hash(at, &ret_validator->request);
    at = validator_parse_hash(at, &ret_validator->content);
    if (at == NULL)
        return false;
    *strchr(copy, '-') = '\0';
    if (!str_to_int(copy + 1, &ret_validator->generation))
        ret_validator->generation = API_NO_GENERATION;
    api_validator_format(ret_validator, again);
    return strlen(again) == size && memcmp(tag, again, size) == 0;
}

/* Of the answer that the client has, and that is the one of `now`: its validator. NULL: it has
 * none. content 0: not known yet. */
static const char *validator_find(struct http_request *request, const struct validator *now)
{
    const char *list = request->if_none_match, *tag;
    struct validator had;
    char text[API_VALIDATOR_SIZE];
    for (size_t size; http_etag_next(&list, &tag, &size);) {
        if (size == 1 && tag[0] == '*' && now->content != 0) {
            api_validator_format(now, text);
            return arena_strdup(&request->arena, text);
        }
        if (validator_parse(tag, size, &had) && had.request == now->request &&
            had.coding == now->coding &&
            ((had.generation == now->generation && had.generation != API_NO_GENERATION) ||
             (now->content != 0 && had.content == now->content)))
            return arena_strndup(&request->arena, tag, size);
    }
    return NULL;
}

static const char *validate_key(struct http_request *request, const char *account,
                                int64_t generation)
{
    return arena_printf(&request->arena, "%s\n%" PRId64 "%s %s?%s", account, generation,
                        SUFFIX[request->coding], request->path,
                        request->query == NULL ? "" : request->query);
}

static void validate_headers(struct http_reply *reply)
{
    http_reply_header(reply, "cache-control", "private, no-cache");
    reply->coded = true;
}

bool api_validate_compare(struct http_request *request, const struct validator *validator,
                          struct http_reply *reply)
{
    char text[API_VALIDATOR_SIZE];
    const char *had = validator_find(request, validator);
    api_validator_format(validator, text);
    http_reply_header(reply, "etag", had != NULL ? had : arena_strdup(&request->arena, text));
    if (had != NULL)
        reply->status = 304;
    return had != NULL;
}

/* What people pick changes no generation, and this one's answers. */
static struct validator validator_of(const struct api_endpoint *endpoint,
                                     const struct http_request *request, const char *account,
                                     int64_t generation)
{
    bool picked = (endpoint->flags & API_PICKED) != 0;
    return api_validator(request, account, picked ? API_NO_GENERATION : generation);
}

bool api_validate_from_cache(const struct api_endpoint *endpoint, struct http_request *request,
                             const char *account, int64_t generation, struct http_reply *reply)
{
    struct validator validator = validator_of(endpoint, request, account, generation);
    const char *had = validator_find(request, &validator);
    if (had != NULL) {
        reply->status = 304;
        http_reply_header(reply, "etag", had);
        validate_headers(reply);
        return true;
    }
    const char *key = validate_key(request, account, generation);
    struct http_shared *shared =
        key == NULL ? NULL : api_response_cache_get(endpoint->api->cache, key);
    if (shared == NULL)
        return false;
    validator.content = shared->content;
    validate_headers(reply);
    if (api_validate_compare(request, &validator, reply)) {
        http_shared_unref(shared);
        return true;
    }
    reply->status = 200;
    reply->content_type =
        (endpoint->flags & API_SUGGESTS) != 0 ? API_SUGGESTIONS : "application/json";
    reply->shared = shared;
    if (shared->coding != HTTP_IDENTITY)
        http_reply_header(reply, "content-encoding", http_coding_name(shared->coding));
    return true;
}

void api_validate_keep(struct api_call *call, const struct api_endpoint *endpoint)
{
    struct http_request *request = call->request;
    struct http_reply *reply = call->reply;
    if (reply->status != 200 || buf_failed(&reply->body))
        return;
    struct validator validator = validator_of(endpoint, request, call->account, call->newest);
    validator.content = api_validator_content(reply->body.data, reply->body.size);
    bool unchanged = api_validate_compare(request, &validator, reply);
    validate_headers(reply);
    bool coded = http_reply_compress(reply, request->coding);
    const char *key = validate_key(request, call->account, call->newest);
    struct http_shared *shared =
        key == NULL ? NULL : http_shared_create(reply->body.data, reply->body.size);
    if (shared != NULL) {
        shared->content = validator.content;
        shared->coding = coded ? request->coding : HTTP_IDENTITY;
        api_response_cache_put(call->api->cache, key, shared, shared->size);
    }
    http_shared_unref(shared);
    if (unchanged)
        buf_reset(&reply->body);
}

void api_validate_content(struct api_call *call)
{
    struct http_reply *reply = call->reply;
    if (reply->status != 200 || reply->events_channel != NULL || reply->stream != NULL ||
        buf_failed(&reply->body))
        return;
    struct validator validator = api_validator(call->request, call->account, API_NO_GENERATION);
    validator.coding = HTTP_IDENTITY; /* it is not compressed */
    validator.content = api_validator_content(reply->body.data, reply->body.size);
    if (api_validate_compare(call->request, &validator, reply))
        buf_reset(&reply->body);
}

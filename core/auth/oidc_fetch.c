#include <stdlib.h>
#include <string.h>

#include "auth/oidc_internal.h"
#include "base/clock.h"
#include "base/str.h"
#include "net/net.h"

enum { TIMEOUT = 20000 };

struct answer {
    struct buf body;
    size_t most;
    int status;
    int64_t pause; /* ms that it asks for; 0: none */
};

static int oidc_on_response(void *ctx, const struct hearth_http_response *response)
{
    struct answer *answer = ctx;
    answer->status = response->status;
    if (response->status == 429 || response->status == 503)
        answer->pause = response->retry_after;
    return 0;
}

static int oidc_on_body(void *ctx, const void *data, size_t size)
{
    struct answer *answer = ctx;
    buf_add(&answer->body, data, size);
    return buf_failed(&answer->body) || answer->body.size > answer->most;
}

bool auth_oidc_url_is_allowed(const struct oidc *oidc, const char *url)
{
    static const char *const loopback[] = {"http://127.0.0.1", "http://localhost", "http://[::1]"};
    if (url == NULL || strlen(url) > 2000 || strpbrk(url, " \"<>\\\r\n\t") != NULL)
        return false;
    if (str_starts(url, "https://"))
        return true;
    for (size_t i = 0; i < sizeof(loopback) / sizeof(loopback[0]); i++) {
        size_t size = strlen(loopback[i]);
        if (strncmp(url, loopback[i], size) == 0 &&
            (url[size] == '\0' || strchr(":/", url[size]) != NULL))
            return true;
    }
    return oidc->config.insecure_http && str_starts(url, "http://");
}

/* What is left for the call. */
static uint32_t timeout_of(const struct call *call)
{
    int64_t left = call->hearth.deadline == 0 ? TIMEOUT : call->hearth.deadline - clock_monotonic();
    return left < 1 ? 1 : left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
}

/* Nothing but the discovery document is asked for at an address of the operator's choice. */
static const char *oidc_url_named_by(const struct oidc *oidc, const char *url)
{
    size_t size = strlen(oidc->config.issuer);
    bool own = strncmp(url, oidc->config.issuer, size) == 0;
    if (own)
        url += size + (url[size] == '/');
    return (own && strcmp(url, ".well-known/openid-configuration") == 0) ||
                   oidc->config.private_addresses
               ? NULL
               : oidc->config.issuer;
}

int auth_oidc_fetch(struct oidc *oidc, struct call *call, const char *url,
                    const char *authorization, const char *body, size_t most, json_t **ret_object,
                    struct err *err)
{
    struct answer answer = {.most = most};
    struct hearth_http_header headers[3] = {HEARTH_HTTP_HEADER("accept", "application/json")};
    size_t count = 1;
    if (body != NULL)
        headers[count++] = (struct hearth_http_header)HEARTH_HTTP_HEADER(
            "content-type", "application/x-www-form-urlencoded");
    if (authorization != NULL)
        headers[count++] =
            (struct hearth_http_header)HEARTH_HTTP_HEADER("authorization", authorization);
    struct hearth_http_request request = {
        .struct_size = sizeof(request),
        .timeout = timeout_of(call),
        .method = body == NULL ? "GET" : "POST",
        .url = url,
        .headers = headers,
        .header_count = count,
        .body = body,
        .body_size = body == NULL ? 0 : strlen(body),
        .max_response = most,
        .insecure_http = oidc->config.insecure_http,
        .on_response = oidc_on_response,
        .on_body = oidc_on_body,
        .ctx = &answer,
        .named_by = oidc_url_named_by(oidc, url),
    };
    plug_call_reset(call);
    int r = plug_call_check(call, net_fetch(oidc->net, &call->hearth, &request), err);
    if (r < 0)
        r = err_prefix(err, "[oidc %s] %s", oidc->config.name, url);
    else if (answer.status == 400 || answer.status == 401)
        r = err_set(err, HEARTH_ERR_DENIED,
                    "[oidc %s] %s refused (%d): check client_id and client_secret",
                    oidc->config.name, url, answer.status);
    else if (answer.status != 200)
        r = err_set(err, HEARTH_ERR_UNAVAILABLE, "[oidc %s] %s answered %d", oidc->config.name, url,
                    answer.status);
    if (r < 0 && err != NULL)
        err->told = call->told;
    if (r < 0 && err != NULL && answer.pause > 0)
        err->retry_after = answer.pause;
    json_t *object = r == 0 ? json_loadb(answer.body.data == NULL ? "" : answer.body.data,
                                         answer.body.size, JSON_REJECT_DUPLICATES, NULL)
                            : NULL;
    if (r == 0 && !json_is_object(object))
        r = err_set(err, HEARTH_ERR_UNAVAILABLE, "[oidc %s] %s does not answer with JSON",
                    oidc->config.name, url);
    if (answer.body.data != NULL)
        explicit_bzero(answer.body.data, answer.body.room);
    buf_fini(&answer.body);
    if (r == 0)
        *ret_object = object;
    else
        json_decref(object);
    return r;
}

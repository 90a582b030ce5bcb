/* What browsers send along: forms, cookies, and where a request was made. No h2o here, so that
 * it can be fuzzed. */
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "http/query.h"

bool http_form(struct http_request *request)
{
    static const char TYPE[] = "application/x-www-form-urlencoded";
    const char *type = request->content_type;
    if (type == NULL || strncasecmp(type, TYPE, sizeof(TYPE) - 1) != 0 ||
        (type[sizeof(TYPE) - 1] != '\0' && strchr("; \t", type[sizeof(TYPE) - 1]) == NULL))
        return false;
    return http_query_parameters(request, request->body == NULL ? "" : request->body,
                                 request->body_size);
}

/* As browsers know it. */
static const char *cookie_full_name(struct http_request *request, const char *name)
{
    bool below = request->base_path != NULL && request->base_path[0] != '\0';
    return !request->tls
               ? name
               : arena_printf(&request->arena, "%s%s", below ? "__Secure-" : "__Host-", name);
}

static void set_cookie(struct http_request *request, struct http_reply *reply, const char *name,
                       const char *value, int64_t seconds, const char *same_site)
{
    http_reply_header(reply, "set-cookie",
                      arena_printf(&request->arena,
                                   "%s=%s; Path=%s/; Max-Age=%lld; HttpOnly; SameSite=%s%s", name,
                                   value, request->base_path == NULL ? "" : request->base_path,
                                   (long long)seconds, same_site, request->tls ? "; Secure" : ""));
}

void http_set_cookie(struct http_request *request, struct http_reply *reply, const char *name,
                     const char *value, int64_t seconds, const char *same_site)
{
    const char *full = cookie_full_name(request, name);
    if (full != NULL)
        set_cookie(request, reply, full, value, seconds, same_site);
}

void http_set_plain_cookie(struct http_request *request, struct http_reply *reply, const char *name,
                           const char *value, int64_t seconds)
{
    set_cookie(request, reply, name, value, seconds, "Lax");
}

void http_clear_site(const struct http_request *request, struct http_reply *reply)
{
    if (request->base_path == NULL || request->base_path[0] == '\0')
        http_reply_header(reply, "clear-site-data", "\"cache\", \"storage\"");
}

const char *http_cookie(struct http_request *request, const char *name)
{
    name = cookie_full_name(request, name);
    if (name == NULL)
        return NULL;
    size_t size = strlen(name);
    for (const char *p = request->cookie; p != NULL && *p != '\0';) {
        p += strspn(p, "; \t");
        size_t pair = strcspn(p, ";");
        if (pair > size && p[size] == '=' && memcmp(p, name, size) == 0) {
            while (pair > size + 1 && (p[pair - 1] == ' ' || p[pair - 1] == '\t'))
                pair--;
            return arena_strndup(&request->arena, p + size + 1, pair - size - 1);
        }
        p += pair;
    }
    return NULL;
}

/* "https://host" is the beginning of the address of another page of it. */
static bool is_origin_of(const char *origin, const char *url)
{
    size_t size = strlen(origin);
    return strncasecmp(origin, url, size) == 0 && (url[size] == '\0' || url[size] == '/');
}

int http_same_origin(const struct http_request *request, const char *base_url)
{
    if (request->sec_fetch_site != NULL)
        return strcmp(request->sec_fetch_site, "same-origin") == 0;
    if (request->origin == NULL)
        return -1;
    const char *scheme = request->tls ? "https://" : "http://";
    if (request->host != NULL && str_starts(request->origin, scheme) &&
        strcasecmp(request->origin + strlen(scheme), request->host) == 0)
        return 1;
    return base_url != NULL && strstr(request->origin, "://") != NULL &&
           is_origin_of(request->origin, base_url);
}

char *http_base_url(struct http_request *request, const char *configured)
{
    if (configured == NULL || configured[0] == '\0')
        return arena_printf(&request->arena, "%s://%s", request->tls ? "https" : "http",
                            request->host == NULL ? "localhost" : request->host);
    size_t size = strlen(configured);
    while (size > 0 && configured[size - 1] == '/')
        size--;
    return arena_strndup(&request->arena, configured, size);
}

#include "url.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/codec.h"

static bool url_read_number(const char *text, size_t size, int most, int *ret)
{
    char digits[8];
    if (size == 0 || size >= sizeof(digits))
        return false;
    memcpy(digits, text, size);
    digits[size] = '\0';
    if (strspn(digits, "0123456789") != size)
        return false;
    long value = strtol(digits, NULL, 10);
    *ret = (int)value;
    return value <= most;
}

static const char *parse_unix(const char *path, struct redis_url *url)
{
    const char *query = strstr(path, "?db=");
    size_t n = query == NULL ? strlen(path) : (size_t)(query - path);
    if (path[0] != '/' || n >= 108)
        return "unix: needs an absolute path of at most 107 bytes";
    memcpy(url->host, path, n);
    if (query != NULL && !url_read_number(query + 4, strlen(query + 4), 1000000, &url->db))
        return "the database behind ?db= is not a number";
    snprintf(url->shown, sizeof(url->shown), "unix:%s", url->host);
    return NULL;
}

static const char *parse_user(const char *text, size_t size, struct redis_url *url)
{
    const char *colon = memchr(text, ':', size);
    size_t user = colon == NULL ? size : (size_t)(colon - text);
    if (codec_percent_decode(CODEC_STRICT, text, user, url->user, URL_PART, NULL) != 0 ||
        (colon != NULL && codec_percent_decode(CODEC_STRICT, colon + 1, size - user - 1,
                                               url->password, URL_PART, NULL) != 0))
        return "user or password is malformed: percent-encode what is special in URLs";
    if (colon == NULL) { /* redis://password@host, as many write it */
        memcpy(url->password, url->user, sizeof(url->password));
        url->user[0] = '\0';
    }
    return NULL;
}

const char *redis_url_parse(const char *text, struct redis_url *ret_url)
{
    struct redis_url url = {.port = 6379};
    if (strncmp(text, "rediss://", 9) == 0)
        return "rediss:// is not possible: the client library has no TLS. The plugin's README "
               "tells how to reach such a server by a tunnel";
    if (strncmp(text, "unix:", 5) == 0) {
        url.port = 0;
        const char *why = parse_unix(text + (strncmp(text, "unix://", 7) == 0 ? 7 : 5), &url);
        if (why == NULL)
            *ret_url = url;
        return why;
    }
    if (strncmp(text, "redis://", 8) != 0)
        return "it must begin with redis:// or unix:/";
    const char *p = text + 8, *at = strrchr(p, '@'), *why = NULL;
    if (at != NULL)
        why = parse_user(p, (size_t)(at - p), &url);
    if (why != NULL)
        return why;
    p = at != NULL ? at + 1 : p;
    const char *slash = strchr(p, '/'), *end = slash == NULL ? p + strlen(p) : slash;
    const char *bracket = p[0] == '[' ? memchr(p, ']', (size_t)(end - p)) : NULL;
    const char *colon =
        memchr(bracket == NULL ? p : bracket, ':', (size_t)(end - (bracket == NULL ? p : bracket)));
    const char *host_end = bracket != NULL ? bracket : colon != NULL ? colon : end;
    const char *host = bracket != NULL ? p + 1 : p;
    if (host_end <= host || codec_percent_decode(CODEC_STRICT, host, (size_t)(host_end - host),
                                                 url.host, URL_PART, NULL) != 0)
        return "the host is missing or malformed";
    if (colon != NULL && !url_read_number(colon + 1, (size_t)(end - colon - 1), 65535, &url.port))
        return "the port is not a number from 1 to 65535";
    if (slash != NULL && slash[1] != '\0' &&
        !url_read_number(slash + 1, strlen(slash + 1), 1000000, &url.db))
        return "the database behind the / is not a number";
    if (url.port == 0)
        return "the port is not a number from 1 to 65535";
    snprintf(url.shown, sizeof(url.shown), "%s:%d", url.host, url.port);
    *ret_url = url;
    return NULL;
}

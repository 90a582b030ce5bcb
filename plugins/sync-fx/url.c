#include "url.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "codec/codec.h"
#include "hearth/plugin.h"
#include "text.h"
#include "support/text.h"

static bool is_host_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/* "host:port", "host", "[v6]:port". */
static int parse_authority(const char *text, size_t size, struct fx_url *url)
{
    size_t host = 0;
    if (size > 0 && text[0] == '[') {
        const char *close = memchr(text, ']', size);
        struct in6_addr address;
        char plain[64];
        if (close == NULL || close - text >= (ptrdiff_t)sizeof(plain))
            return HEARTH_ERR_INVALID;
        snprintf(plain, sizeof(plain), "%.*s", (int)(close - text - 1), text + 1);
        if (inet_pton(AF_INET6, plain, &address) != 1)
            return HEARTH_ERR_INVALID;
        host = (size_t)(close - text) + 1;
    } else {
        while (host < size && text[host] != ':')
            host++;
    }
    if (host == 0 || host >= sizeof(url->host))
        return HEARTH_ERR_INVALID;
    for (size_t i = 0; i < host; i++) {
        char c = codec_lower(text[i]);
        if (text[0] != '[' && !is_host_character(c))
            return HEARTH_ERR_INVALID;
        url->host[i] = c;
    }
    url->host[host] = '\0';
    url->port = url->https ? 443 : 80;
    if (host == size)
        return 0;
    unsigned port = 0;
    for (size_t i = host + 1; i < size; i++) {
        if (text[i] < '0' || text[i] > '9' ||
            (port = port * 10 + (unsigned)(text[i] - '0')) > 65535)
            return HEARTH_ERR_INVALID;
    }
    if (text[host] != ':' || port == 0)
        return HEARTH_ERR_INVALID;
    url->port = (uint16_t)port;
    return 0;
}

int fx_url_parse(const char *text, struct fx_url *ret_url)
{
    struct fx_url url = {.https = strncasecmp(text, "https://", 8) == 0};
    if (!url.https && strncasecmp(text, "http://", 7) != 0)
        return HEARTH_ERR_INVALID;
    const char *authority = text + (url.https ? 8 : 7);
    if (!fx_text_is_token(text, strlen(text), 1 << 16) || strpbrk(text, "#<>^`{|}") != NULL)
        return HEARTH_ERR_INVALID;
    size_t size = strcspn(authority, "/?");
    url.path = authority + size;
    if (url.path[0] == '?')
        return HEARTH_ERR_INVALID;
    int r = parse_authority(authority, size, &url);
    if (r == 0)
        *ret_url = url;
    return r;
}

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return ntohl(v4.s_addr) >> 24 == 127;
    return strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0;
}

bool fx_url_is_allowed(const struct fx_url *url, bool insecure_http)
{
    return url->https || insecure_http || is_loopback(url->host);
}

bool fx_url_may_be_named(const struct fx_url *url, const char *by, bool insecure_http)
{
    struct fx_url namer;
    return url->https || insecure_http ||
           (is_loopback(url->host) && fx_url_parse(by, &namer) == 0 && is_loopback(namer.host));
}

int fx_url_base(const char *text, const char *suffix, char ret_url[FX_URL_MAX])
{
    struct fx_url url;
    size_t size = strlen(text), extra = suffix == NULL ? 0 : strlen(suffix);
    if (fx_url_parse(text, &url) != 0 || strchr(text, '?') != NULL)
        return HEARTH_ERR_INVALID;
    while (text + size > url.path && text[size - 1] == '/')
        size--;
    if (size >= extra && extra != 0 && memcmp(text + size - extra, suffix, extra) == 0 &&
        text + size - extra >= url.path)
        extra = 0;
    if (size + extra >= FX_URL_MAX)
        return HEARTH_ERR_FULL;
    memmove(ret_url, text, size);
    if (extra != 0)
        memcpy(ret_url + size, suffix, extra);
    ret_url[size + extra] = '\0';
    return 0;
}

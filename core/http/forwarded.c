/* What a proxy says about its client; believed only from configured networks. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

static bool forwarded_is_trusted(const struct http_server *server, int family,
                                 const uint8_t *address)
{
    for (size_t i = 0; i < server->proxy_count; i++)
        if (network_contains(&server->proxies[i], family, address))
            return true;
    return false;
}

bool http_forwarded_matches(const struct http_server *server, const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return forwarded_is_trusted(
            server, AF_INET,
            (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_V4MAPPED(six) ? forwarded_is_trusted(server, AF_INET, six->s6_addr + 12)
                                     : forwarded_is_trusted(server, AF_INET6, six->s6_addr);
}

static h2o_iovec_t forwarded_last_header(const h2o_req_t *req, const char *name)
{
    for (size_t i = req->headers.size; i-- > 0;) /* the last one is the nearest proxy's */
        if (h2o_memis(req->headers.entries[i].name->base, req->headers.entries[i].name->len, name,
                      strlen(name)))
            return req->headers.entries[i].value;
    return (h2o_iovec_t){NULL, 0};
}

/* "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80", perhaps in quotes: the address
 * alone, in the one way that it is written everywhere else: small letters, and IPv4 that came as
 * IPv6 (::ffff:192.0.2.1) is IPv4. */
static bool parse_address(h2o_iovec_t text, char ret[64], int *ret_family, uint8_t ret_bytes[16])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    const char *p = text.base;
    size_t n = text.len;
    if (n >= 2 && p[0] == '"' && p[n - 1] == '"') {
        p++;
        n -= 2;
    }
    const char *colon = n == 0 ? NULL : memchr(p, ':', n),
               *bracket = n == 0 ? NULL : memchr(p, ']', n);
    if (n > 0 && p[0] == '[' && bracket != NULL) {
        n = (size_t)(bracket - p) - 1;
        p++;
    } else if (colon != NULL && memchr(colon + 1, ':', n - (size_t)(colon + 1 - p)) == NULL) {
        n = (size_t)(colon - p);
    }
    if (n == 0 || n >= 64 || memchr(p, '\0', n) != NULL)
        return false;
    memcpy(ret, p, n);
    ret[n] = '\0';
    *ret_family = strchr(ret, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(*ret_family, ret, ret_bytes) != 1)
        return false;
    if (*ret_family == AF_INET6 && memcmp(ret_bytes, mapped, sizeof(mapped)) == 0) {
        *ret_family = AF_INET;
        memmove(ret_bytes, ret_bytes + 12, 4);
    }
    return inet_ntop(*ret_family, ret_bytes, ret, 64) != NULL;
}

static h2o_iovec_t forwarded_trim(const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    return (h2o_iovec_t){(char *)(uintptr_t)from, (size_t)(to - from)};
}

/* Cuts the last of what `separator` divides off *rest; false when nothing is left. */
static bool forwarded_cut_last(h2o_iovec_t *rest, char separator, h2o_iovec_t *ret_last)
{
    if (rest->base == NULL)
        return false;
    const char *end = rest->base + rest->len, *begin = end;
    while (begin > rest->base && begin[-1] != separator)
        begin--;
    *ret_last = forwarded_trim(begin, end);
    *rest = begin == rest->base ? (h2o_iovec_t){NULL, 0}
                                : (h2o_iovec_t){rest->base, (size_t)(begin - rest->base) - 1};
    return true;
}

/* Takes the address as the client's. True: it is one of our proxies, so what that one says about
 * its client counts too. */
static bool take_address(const struct http_server *server, h2o_iovec_t text,
                         struct http_request *request)
{
    char address[64];
    int family;
    uint8_t bytes[16];
    if (!parse_address(text, address, &family, bytes))
        return false;
    snprintf(request->remote, sizeof(request->remote), "%s", address);
    return forwarded_is_trusted(server, family, bytes);
}

/* One element of Forwarded (RFC 7239): pairs with ";" between them. True: go on with the element
 * before. */
static bool take_element(const struct http_server *server, h2o_iovec_t element,
                         struct http_request *request)
{
    h2o_iovec_t pair;
    bool more = false;
    while (forwarded_cut_last(&element, ';', &pair)) {
        const char *equals = pair.len == 0 ? NULL : memchr(pair.base, '=', pair.len);
        if (equals == NULL)
            continue;
        h2o_iovec_t name = forwarded_trim(pair.base, equals),
                    value = forwarded_trim(equals + 1, pair.base + pair.len);
        if (name.len == 3 && strncasecmp(name.base, "for", 3) == 0)
            more = take_address(server, value, request);
        else if (name.len == 5 && strncasecmp(name.base, "proto", 5) == 0)
            request->tls = h2o_lcstris(value.base, value.len, H2O_STRLIT("https"));
    }
    return more;
}

bool http_forwarded_any(const h2o_req_t *req)
{
    static const char *const names[] = {"forwarded", "x-forwarded-for", "x-forwarded-proto",
                                        "x-forwarded-host"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (forwarded_last_header(req, names[i]).base != NULL)
            return true;
    return false;
}

/* From the right: each proxy adds at the end, and what stands left of the first address that is
 * no proxy of ours is hearsay. A proxy that knows only X-Forwarded-* passes the client's own
 * Forwarded on, and most do: so Forwarded counts only when it is alone. */
void http_forwarded_apply(const struct http_server *server, h2o_req_t *req,
                          struct http_request *request)
{
    h2o_iovec_t forwarded = forwarded_last_header(req, "forwarded"),
                list = forwarded_last_header(req, "x-forwarded-for"),
                proto = forwarded_last_header(req, "x-forwarded-proto");
    h2o_iovec_t item;
    if (list.base == NULL && proto.base == NULL)
        while (forwarded_cut_last(&forwarded, ',', &item) && take_element(server, item, request))
            ;
    while (forwarded_cut_last(&list, ',', &item) && take_address(server, item, request))
        ;
    if (proto.base != NULL && forwarded_cut_last(&proto, ',', &item))
        request->tls = h2o_lcstris(item.base, item.len, H2O_STRLIT("https"));
}

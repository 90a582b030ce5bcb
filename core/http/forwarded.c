/* What a proxy says about its client; believed only from configured networks. */
#include "http/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include "base/str.h"

bool forwarded_parse_network(const char *text, struct network *ret_network)
{
    char host[64];
    const char *slash = strchr(text, '/');
    size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
    struct network network = {0};
    int64_t bits;
    if (n >= sizeof(host))
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    network.family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    bits = network.family == AF_INET ? 32 : 128;
    if (inet_pton(network.family, host, network.address) != 1)
        return false;
    int64_t most = bits;
    if (slash != NULL && (!str_to_int(slash + 1, &bits) || bits < 0 || bits > most))
        return false;
    network.bits = (int)bits;
    *ret_network = network;
    return true;
}

static bool in_network(const struct network *network, int family, const uint8_t *address)
{
    if (network->family != family)
        return false;
    int bytes = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address, address, (size_t)bytes) != 0)
        return false;
    return rest == 0 || (network->address[bytes] ^ address[bytes]) >> (8 - rest) == 0;
}

static bool trusted(const struct http_server *server, int family, const uint8_t *address)
{
    for (size_t i = 0; i < server->proxy_count; i++)
        if (in_network(&server->proxies[i], family, address))
            return true;
    return false;
}

bool forwarded_matches(const struct http_server *server, const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return trusted(server, AF_INET, (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr);
    if (address->sa_family == AF_INET6)
        return trusted(server, AF_INET6, ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return false;
}

static h2o_iovec_t header(const h2o_req_t *req, const char *name)
{
    for (size_t i = req->headers.size; i-- > 0;) /* the last one is the nearest proxy's */
        if (h2o_memis(req->headers.entries[i].name->base, req->headers.entries[i].name->len, name, strlen(name)))
            return req->headers.entries[i].value;
    return (h2o_iovec_t){NULL, 0};
}

static bool is_address(const char *text, int *ret_family, uint8_t ret_bytes[16])
{
    *ret_family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    return inet_pton(*ret_family, text, ret_bytes) == 1;
}

/* The rightmost address that is no proxy of ours. */
static void apply_for(const struct http_server *server, h2o_iovec_t list, struct http_request *request)
{
    size_t end = list.len;
    while (end > 0) {
        size_t start = end;
        while (start > 0 && list.base[start - 1] != ',')
            start--;
        size_t a = start, b = end;
        while (a < b && list.base[a] == ' ')
            a++;
        while (b > a && list.base[b - 1] == ' ')
            b--;
        char text[64];
        int family;
        uint8_t bytes[16];
        if (b - a >= sizeof(text))
            return;
        memcpy(text, list.base + a, b - a);
        text[b - a] = '\0';
        if (!is_address(text, &family, bytes))
            return;
        snprintf(request->remote, sizeof(request->remote), "%s", text);
        if (!trusted(server, family, bytes) || start == 0)
            return;
        end = start - 1;
    }
}

/* "for=" and "proto=" of the last element of Forwarded (RFC 7239). */
static void apply_forwarded(h2o_iovec_t value, struct http_request *request)
{
    size_t at = value.len;
    while (at > 0 && value.base[at - 1] != ',')
        at--;
    for (size_t i = at; i < value.len;) {
        while (i < value.len && (value.base[i] == ' ' || value.base[i] == ';'))
            i++;
        size_t end = i;
        while (end < value.len && value.base[end] != ';')
            end++;
        char pair[96];
        size_t n = end - i < sizeof(pair) ? end - i : sizeof(pair) - 1;
        memcpy(pair, value.base + i, n);
        pair[n] = '\0';
        char *text = pair + (strncasecmp(pair, "for=", 4) == 0 ? 4 : 6);
        text += strspn(text, "\"[");
        text[strcspn(text, "\"]")] = '\0';
        int family;
        uint8_t bytes[16];
        if (strncasecmp(pair, "for=", 4) == 0 && is_address(text, &family, bytes))
            snprintf(request->remote, sizeof(request->remote), "%s", text);
        else if (strncasecmp(pair, "proto=", 6) == 0)
            request->tls = strcasecmp(text, "https") == 0;
        i = end;
    }
}

void forwarded_apply(const struct http_server *server, h2o_req_t *req, struct http_request *request)
{
    h2o_iovec_t forwarded = header(req, "forwarded"), list = header(req, "x-forwarded-for"), proto = header(req, "x-forwarded-proto");
    if (forwarded.base != NULL) {
        apply_forwarded(forwarded, request);
        return;
    }
    if (list.base != NULL)
        apply_for(server, list, request);
    if (proto.base != NULL)
        request->tls = h2o_lcstris(proto.base, proto.len, H2O_STRLIT("https"));
}

/* URLs that somebody from outside has given: what of them may be asked. */
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "codec/codec.h"
#include "net/net_internal.h"

bool net_outside_has(const struct network *networks, size_t count, const struct sockaddr *address)
{
    const uint8_t *bytes =
        address->sa_family == AF_INET
            ? (const uint8_t *)&((const struct sockaddr_in *)(const void *)address)->sin_addr
            : (const uint8_t *)&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    for (size_t i = 0; i < count; i++)
        if (network_contains(&networks[i], address->sa_family, bytes))
            return true;
    return false;
}

static bool may_reach(const char *host, const struct network *networks, size_t count)
{
    struct sockaddr_storage address;
    return !net_policy_literal(host, &address) ||
           net_reach_of((struct sockaddr *)&address) == NET_PUBLIC ||
           net_outside_has(networks, count, (struct sockaddr *)&address);
}

/* A name, or numbers: what was escaped in it is not. */
static bool is_outside_host(const char *host)
{
    size_t size = strlen(host);
    return size > 0 && size < NET_OUTSIDE_HOST_MAX &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:[]") ==
               size;
}

/* What curl says is in it, and would ask. */
static enum net_outside_fault read_parts(CURLU *url, const char *text,
                                         struct net_outside_url *ret_url)
{
    char *scheme = NULL, *host = NULL, *port = NULL;
    enum net_outside_fault fault = NET_OUTSIDE_NO_URL;
    CURLUcode set = curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER);
    if (set == CURLUE_USER_NOT_ALLOWED)
        return NET_OUTSIDE_CREDENTIALS;
    if (set != CURLUE_OK)
        return set == CURLUE_UNSUPPORTED_SCHEME ? NET_OUTSIDE_NO_HTTPS : NET_OUTSIDE_NO_URL;
    if (curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
        strcasecmp(scheme, "https") != 0)
        fault = NET_OUTSIDE_NO_HTTPS;
    else if (scheme != NULL && curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
             curl_url_get(url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
             is_outside_host(host) && strlen(port) <= 5) {
        bool usual = strcmp(port, "443") == 0;
        str_copy(ret_url->host, sizeof(ret_url->host), host);
        snprintf(ret_url->origin, sizeof(ret_url->origin), "https://%s%s%s", host, usual ? "" : ":",
                 usual ? "" : port);
        codec_lower_text(ret_url->origin); /* as an origin is written (RFC 6454, 4) */
        fault = NET_OUTSIDE_FINE;
    }
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    return fault;
}

enum net_outside_fault net_outside_look(const char *url, const struct network *networks,
                                        size_t network_count, struct net_outside_url *ret_url)
{
    if (strlen(url) > NET_OUTSIDE_URL_MAX)
        return NET_OUTSIDE_NO_URL;
    for (const char *p = url; *p != '\0'; p++) /* as it goes into the first line of a request */
        if (*p <= ' ' || *p > '~')
            return NET_OUTSIDE_NO_URL;
    struct net_outside_url parts = {0};
    CURLU *parser = curl_url();
    enum net_outside_fault fault =
        parser == NULL ? NET_OUTSIDE_NO_URL : read_parts(parser, url, &parts);
    curl_url_cleanup(parser);
    if (fault == NET_OUTSIDE_FINE && !may_reach(parts.host, networks, network_count))
        fault = NET_OUTSIDE_ADDRESS;
    if (fault == NET_OUTSIDE_FINE)
        *ret_url = parts;
    return fault;
}

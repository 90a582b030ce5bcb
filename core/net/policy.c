/* To which addresses a request may be sent whose URL another server has named
 * (hearth_http_request.named_by). A server that the operator chose must not make this one knock
 * at doors of its own machine and network.
 *
 * What may be reached follows from where the operator's own choice lies: known when its address
 * is written as numbers, else learnt when an exchange with it has succeeded. Nothing is resolved
 * for that: the check is made on the address that is about to be connected to, and again before
 * a request is sent, so that a name which means something else a moment later changes nothing. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lock.h"
#include "base/str.h"
#include "net/net_internal.h"

bool net_policy_literal(const char *host, struct sockaddr_storage *ret_address)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    char plain[64];
    size_t size = strcspn(host + (host[0] == '['), "]%");
    snprintf(plain, sizeof(plain), "%.*s", (int)(size < sizeof(plain) ? size : 0),
             host + (host[0] == '['));
    bool local = strcasecmp(host, "localhost") == 0;
    if (inet_pton(AF_INET, local ? "127.0.0.1" : plain, &v4.sin_addr) == 1)
        memcpy(ret_address, &v4, sizeof(v4));
    else if (inet_pton(AF_INET6, plain, &v6.sin6_addr) == 1)
        memcpy(ret_address, &v6, sizeof(v6));
    else
        return false;
    return true;
}

static bool reach_of_host(const char *host, enum net_reach *ret_reach)
{
    struct sockaddr_storage address;
    if (!net_policy_literal(host, &address))
        return false;
    *ret_reach = net_reach_of((struct sockaddr *)&address);
    return true;
}

bool net_policy_is_loopback(const char *host)
{
    enum net_reach reach;
    return reach_of_host(host, &reach) && reach == NET_LOOPBACK;
}

bool net_policy_host_is_allowed(const char *host, unsigned allowed)
{
    enum net_reach reach;
    return !reach_of_host(host, &reach) || (allowed & reach) != 0;
}

/* Where that one lies, this may lie. */
static unsigned reachable_from(unsigned seen)
{
    unsigned may = NET_PUBLIC | seen;
    if ((seen & NET_LINK) != 0)
        may |= NET_PRIVATE;
    if ((seen & NET_LOOPBACK) != 0)
        may |= NET_PRIVATE | NET_LINK;
    return may & ~(unsigned)NET_NOWHERE;
}

unsigned net_policy_allowed(struct net *net, const char *named_by)
{
    enum net_reach reach;
    if (reach_of_host(named_by, &reach))
        return reachable_from(reach);
    unsigned seen = 0;
    lock_take(&net->lock);
    for (size_t i = 0; i < NET_LEARNT_MAX; i++)
        if (strcasecmp(net->learnt[i].host, named_by) == 0)
            seen = net->learnt[i].seen;
    lock_release(&net->lock);
    return reachable_from(seen);
}

void net_policy_learn(struct net *net, const char *host, const char *address)
{
    enum net_reach reach, literal;
    if (strlen(host) >= sizeof(net->learnt[0].host) || reach_of_host(host, &literal) ||
        !reach_of_host(address, &reach))
        return;
    lock_take(&net->lock);
    size_t place = NET_LEARNT_MAX;
    for (size_t i = 0; i < NET_LEARNT_MAX && place == NET_LEARNT_MAX; i++)
        if (net->learnt[i].host[0] == '\0' || strcasecmp(net->learnt[i].host, host) == 0)
            place = i;
    if (place == NET_LEARNT_MAX) { /* the oldest is learnt again when it is asked again */
        place = net->learnt_next++ % NET_LEARNT_MAX;
        net->learnt[place].host[0] = '\0';
    }
    if (net->learnt[place].host[0] == '\0') {
        str_copy(net->learnt[place].host, sizeof(net->learnt[place].host), host);
        net->learnt[place].seen = 0;
    }
    net->learnt[place].seen |= reach;
    lock_release(&net->lock);
}

static const char *environment_either(const char *lower, const char *upper)
{
    const char *value = getenv(lower);
    if (value == NULL && upper != NULL)
        value = getenv(upper);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* no_proxy: names with what lies below them; "*". A range of addresses matches nothing here:
 * then the proxy is asked. */
static bool is_exempt(const char *host)
{
    const char *list = environment_either("no_proxy", "NO_PROXY");
    size_t length = strlen(host);
    for (const char *p = list; p != NULL && *p != '\0';) {
        p += strspn(p, ", ");
        size_t size = strcspn(p, ", ");
        const char *name = p + (size > 0 && *p == '.');
        size_t n = size - (size_t)(name - p);
        if (size == 1 && *p == '*')
            return true;
        if (n > 0 && n <= length && strncasecmp(host + length - n, name, n) == 0 &&
            (n == length || host[length - n - 1] == '.'))
            return true;
        p += size;
    }
    return false;
}

const char *net_policy_proxy(bool https, const char *host)
{
    const char *proxy = https ? environment_either("https_proxy", "HTTPS_PROXY")
                              : environment_either("http_proxy", NULL);
    if (proxy == NULL)
        proxy = environment_either("all_proxy", "ALL_PROXY");
    return proxy == NULL || is_exempt(host) ? NULL : proxy;
}

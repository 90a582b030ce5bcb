/* How many connections an address has, and the networks around it. */
#include "base/lock.h"
#include "base/map.h"
#include "http/internal.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/rate.h"

struct address_count {
    map_entry in_map; /* by network */
    /* the network around it, of which each counts as well; NULL: none */
    struct address_count *wider;
    size_t count;
    char network[64]; /* a key of rate_networks() */
};

static bool address_text(const struct sockaddr *address, char ret[64])
{
    if (address->sa_family == AF_INET)
        return inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
                         ret, 64) != NULL;
    if (address->sa_family != AF_INET6)
        return false;
    const struct in6_addr *six = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
    return IN6_IS_ADDR_V4MAPPED(six) ? inet_ntop(AF_INET, six->s6_addr + 12, ret, 64) != NULL
                                     : inet_ntop(AF_INET6, six, ret, 64) != NULL;
}

/* With the lock. One more of the network; NULL: it has `most`. */
static struct address_count *address_count_one(struct http_server *server, const char *network,
                                               struct address_count *wider, size_t most)
{
    struct address_count *count = MAP_FIND_TEXT(server->addresses, network);
    if (count != NULL ? count->count >= most
                      : most == 0 || (count = calloc(1, sizeof(*count))) == NULL)
        return NULL;
    if (count->count == 0) {
        count->wider = wider;
        snprintf(count->network, sizeof(count->network), "%s", network);
        if (!MAP_ADD_TEXT(server->addresses, count->network, count)) {
            free(count);
            return NULL;
        }
    }
    count->count++;
    return count;
}

/* With the lock. */
static void address_give_counted(struct http_server *server, struct address_count *count)
{
    for (struct address_count *wider; count != NULL; count = wider) {
        wider = count->wider;
        if (--count->count > 0)
            continue;
        MAP_REMOVE(server->addresses, count);
        free(count);
    }
}

struct address_count *http_address_take(struct http_server *server, const struct sockaddr *address,
                                        bool *ret_refused)
{
    struct rate_network networks[RATE_NETWORKS];
    struct address_count *count = NULL;
    char text[64];
    *ret_refused = false;
    if (!address_text(address, text) || http_forwarded_matches(server, address))
        return NULL;
    lock_take(&server->address_lock);
    for (size_t i = rate_networks(text, networks); !*ret_refused && i-- > 0;) {
        struct address_count *wider = count;
        count = address_count_one(server, networks[i].key, wider,
                                  server->limits.max_connections_per_address *
                                      (size_t)networks[i].times);
        *ret_refused = count == NULL;
        if (count == NULL)
            address_give_counted(server, wider);
    }
    lock_release(&server->address_lock);
    return count;
}

void http_address_give(struct http_server *server, struct address_count *count)
{
    if (count == NULL)
        return;
    lock_take(&server->address_lock);
    address_give_counted(server, count);
    lock_release(&server->address_lock);
}

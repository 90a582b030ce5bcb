/* Names that other servers give for themselves: no spelling of an address of this machine or its
 * network is taken for one of the Internet. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/magic.h"
#include "net/net_internal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The same address of IPv4 has the same reach in every cloak. */
static void check_cloaks(const uint8_t address[4])
{
    struct sockaddr_in four = {.sin_family = AF_INET};
    memcpy(&four.sin_addr, address, 4);
    enum net_reach plain = net_reach_of((struct sockaddr *)&four);
    static const uint8_t cloaks[][12] = {{[10] = 0xff, [11] = 0xff}, {0, 0x64, 0xff, 0x9b}};
    for (size_t i = 0; i < 2; i++) {
        struct sockaddr_in6 six = {.sin6_family = AF_INET6};
        memcpy(&six.sin6_addr, cloaks[i], 12);
        memcpy(six.sin6_addr.s6_addr + 12, address, 4);
        ASSERT(net_reach_of((struct sockaddr *)&six) == plain);
    }
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = {{{0x20, 0x02}}}};
    memcpy(six.sin6_addr.s6_addr + 2, address, 4);
    ASSERT(net_reach_of((struct sockaddr *)&six) == plain);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *host = malloc(size + 1);
    uint8_t four[4], six[16];
    if (host == NULL)
        abort();
    memcpy(host, data, size);
    host[size] = '\0';
    if (size >= 4)
        check_cloaks(data);
    if (net_policy_is_loopback(host)) {
        ASSERT(!net_policy_host_is_allowed(host, NET_PUBLIC | NET_PRIVATE | NET_LINK));
        ASSERT(net_policy_host_is_allowed(host, NET_LOOPBACK));
    }
    if (inet_pton(AF_INET, host, four) == 1)
        ASSERT(net_policy_is_loopback(host) == (four[0] == 127));
    if (strcasecmp(host, "localhost") == 0)
        ASSERT(net_policy_is_loopback(host));
    if (inet_pton(AF_INET6, host, six) == 1 && IN6_IS_ADDR_LOOPBACK((struct in6_addr *)six))
        ASSERT(net_policy_is_loopback(host));
    free(host);
    return 0;
}

/* What kind of address a socket is to be connected to. */
#include <netinet/in.h>
#include <string.h>

#include "net/net_internal.h"

struct range4 {
    uint32_t network;
    int bits;
    enum net_reach reach;
};

/* IANA's registry of special-purpose addresses; the first that fits counts. */
static const struct range4 ranges4[] = {
    {0x7f000000, 8, NET_LOOPBACK}, {0x0a000000, 8, NET_PRIVATE},  {0xac100000, 12, NET_PRIVATE},
    {0xc0a80000, 16, NET_PRIVATE}, {0x64400000, 10, NET_PRIVATE}, {0xa9fe0000, 16, NET_LINK},
    {0x00000000, 8, NET_NOWHERE},  {0xc0000000, 24, NET_NOWHERE}, {0xc0000200, 24, NET_NOWHERE},
    {0xc0586300, 24, NET_NOWHERE}, {0xc6120000, 15, NET_PRIVATE}, {0xc6336400, 24, NET_NOWHERE},
    {0xcb007100, 24, NET_NOWHERE}, {0xe0000000, 4, NET_NOWHERE},  {0xf0000000, 4, NET_NOWHERE},
};

static enum net_reach reach_of_v4(uint32_t address)
{
    for (size_t i = 0; i < sizeof(ranges4) / sizeof(ranges4[0]); i++)
        if ((address ^ ranges4[i].network) >> (32 - ranges4[i].bits) == 0)
            return ranges4[i].reach;
    return NET_PUBLIC;
}

struct range6 {
    uint8_t network[8];
    int bits;
    enum net_reach reach;
};

/* Those that carry an IPv4 address are not here. */
static const struct range6 ranges6[] = {
    {{0xfc}, 7, NET_PRIVATE},
    {{0xfe, 0x80}, 10, NET_LINK},
    {{0xfe, 0xc0}, 10, NET_PRIVATE},                /* site-local, as it once was */
    {{0, 0x64, 0xff, 0x9b, 0, 1}, 48, NET_PRIVATE}, /* NAT64 within a network */
    {{0x20, 0x01, 0, 0}, 32, NET_NOWHERE},          /* Teredo: hides an IPv4 address */
    {{0x20, 0x01, 0, 0x02, 0, 0}, 48, NET_PRIVATE}, /* benchmarks */
    {{0x20, 0x01, 0, 0x10}, 28, NET_NOWHERE},       /* ORCHID: names, not addresses */
    {{0x20, 0x01, 0, 0x20}, 28, NET_NOWHERE},
    {{0x20, 0x01, 0x0d, 0xb8}, 32, NET_NOWHERE},
    {{0x3f, 0xff, 0}, 20, NET_NOWHERE}, /* documentation */
    {{0x20, 0, 0, 0}, 3, NET_PUBLIC},
};

static uint32_t v4_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static bool lies_in(const uint8_t *address, const struct range6 *range)
{
    int whole = range->bits / 8, rest = range->bits % 8;
    return memcmp(address, range->network, (size_t)whole) == 0 &&
           (rest == 0 || (uint8_t)(address[whole] ^ range->network[whole]) >> (8 - rest) == 0);
}

static enum net_reach reach_of_v6(const uint8_t a[16])
{
    static const uint8_t zero[15] = {0}, mapped[12] = {[10] = 0xff, [11] = 0xff},
                         nat64[12] = {0, 0x64, 0xff, 0x9b};
    if (memcmp(a, zero, 15) == 0 && a[15] <= 1)
        return a[15] == 1 ? NET_LOOPBACK : NET_NOWHERE;
    if (memcmp(a, mapped, 12) == 0 || memcmp(a, nat64, 12) == 0 || memcmp(a, zero, 12) == 0)
        return reach_of_v4(v4_at(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return reach_of_v4(v4_at(a + 2));
    for (size_t i = 0; i < sizeof(ranges6) / sizeof(ranges6[0]); i++)
        if (lies_in(a, &ranges6[i]))
            return ranges6[i].reach;
    return NET_NOWHERE; /* multicast, and what nobody has given out */
}

enum net_reach net_reach_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return reach_of_v4(
            ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr));
    if (address->sa_family == AF_INET6)
        return reach_of_v6(((const struct sockaddr_in6 *)(const void *)address)->sin6_addr.s6_addr);
    return NET_NOWHERE;
}

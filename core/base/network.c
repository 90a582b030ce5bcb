#include "base/network.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/str.h"

bool network_parse(const char *text, struct network *ret_network)
{
    char host[64];
    const char *slash = strchr(text, '/');
    size_t n = slash == NULL ? strlen(text) : (size_t)(slash - text);
    struct network network = {0};
    if (n >= sizeof(host))
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    network.family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(network.family, host, network.address) != 1)
        return false;
    int64_t most = network.family == AF_INET ? 32 : 128, bits = most;
    if (slash != NULL && (!str_to_int(slash + 1, &bits) || bits < 0 || bits > most))
        return false;
    network.bits = (int)bits;
    *ret_network = network;
    return true;
}

bool network_contains(const struct network *network, int family, const uint8_t *address)
{
    if (network->family != family)
        return false;
    int bytes = network->bits / 8, rest = network->bits % 8;
    if (memcmp(network->address, address, (size_t)bytes) != 0)
        return false;
    return rest == 0 || (network->address[bytes] ^ address[bytes]) >> (8 - rest) == 0;
}

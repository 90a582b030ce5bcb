/* Networks of IP addresses: "10.0.0.0/8", "2001:db8::/32", "127.0.0.1". */
#ifndef HEARTH_CORE_BASE_NETWORK_H
#define HEARTH_CORE_BASE_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

struct network {
    int family; /* AF_INET, AF_INET6 */
    int bits;
    uint8_t address[16];
};

/* The whole text must be one; without "/" it is a single address. False leaves *ret_network
 * untouched. */
bool network_parse(const char *text, struct network *ret_network);
/* address: 4 or 16 bytes, by family. */
bool network_contains(const struct network *network, int family, const uint8_t *address);

#endif

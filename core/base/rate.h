/* How often something may be done by whom: counts for each key in windows of time. Bounded
 * memory: when it is full, what was quiet longest is forgotten. Any thread. */
#ifndef HEARTH_CORE_BASE_RATE_H
#define HEARTH_CORE_BASE_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rate;

/* `limit` times in `window` ms; NULL when memory is short */
struct rate *rate_create(int limit, int64_t window);
void rate_destroy(struct rate *rate); /* accepts NULL */
/* Counts one more. 0: it may; else the ms until it may again (and nothing is counted). */
int64_t rate_take(struct rate *rate, const char *key);
/* it was right after all: takes one off the count */
void rate_give_back(struct rate *rate, const char *key);
/* The same for a client's address: whoever has many of them counts as one. */
int64_t rate_take_address(struct rate *rate, const char *address);
void rate_give_back_address(struct rate *rate, const char *address);

/* What an address counts for, the narrowest first: of IPv6 its /64, its /56, which may do twice
 * as much, and its /48, which may four times; of IPv4, and of what is no IP address, itself.
 * Every limit by address goes by this. */
enum { RATE_NETWORKS = 3 };
struct rate_network {
    char key[64];
    int times;
};
size_t rate_networks(const char *address, struct rate_network ret[RATE_NETWORKS]);
/* Who takes turns with others, however many addresses they have: the /48 of IPv6, the /24 of
 * IPv4, else the address. ret: 64 bytes. */
void rate_site_key(const char *address, char ret[64]);
/* The key of the network with so many bits of an IPv6 address. IPv4 has one key, the address,
 * with 64 bits, as has what is no IP address; false with fewer. IPv4 written as IPv6
 * (::ffff:192.0.2.7) is IPv4. ret: 64 bytes. */
bool rate_network_key(const char *address, int bits, char ret[64]);
/* The key of a client's address: whole for IPv4, the first half for IPv6, where one person has
 * as many as they like. ret: 64 bytes. */
void rate_address_key(const char *address, char ret[64]);

#endif

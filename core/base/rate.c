#include "base/rate.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/lock.h"

/* Keys are kept as their hash, under a key of this process, so that nobody can choose keys that
 * push each other out. Sets of four: the oldest goes. */
enum { SETS = 1024, WAYS = 4 };

struct entry {
    uint64_t key;
    int64_t since;
    int count;
};

struct rate {
    pthread_mutex_t lock; /* a leaf */
    int limit;
    int64_t window;
    struct entry entries[SETS][WAYS];
};

struct rate *rate_create(int limit, int64_t window)
{
    struct rate *rate = calloc(1, sizeof(*rate));
    if (rate == NULL)
        return NULL;
    pthread_mutex_init(&rate->lock, NULL);
    rate->limit = limit;
    rate->window = window;
    return rate;
}

void rate_destroy(struct rate *rate)
{
    if (rate == NULL)
        return;
    pthread_mutex_destroy(&rate->lock);
    free(rate);
}

/* An e-mail address is the same in any case. 0 is no key. */
static uint64_t rate_hash(const char *key)
{
    uint64_t h = hash_text_folded(key);
    return h == 0 ? 1 : h;
}

/* The entry of the key; a new one takes the place of the oldest. */
static struct entry *rate_find(struct rate *rate, const char *key, int64_t now)
{
    uint64_t h = rate_hash(key);
    struct entry *set = rate->entries[h % SETS], *oldest = &set[0];
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == h) {
            oldest = &set[i];
            break;
        }
        if (set[i].since < oldest->since)
            oldest = &set[i];
    }
    if (oldest->key != h || now - oldest->since >= rate->window)
        *oldest = (struct entry){.key = h, .since = now};
    return oldest;
}

static int64_t rate_take_of(struct rate *rate, const char *key, int limit)
{
    int64_t now = clock_monotonic(), wait = 0;
    lock_take(&rate->lock);
    struct entry *entry = rate_find(rate, key, now);
    if (entry->count < limit)
        entry->count++;
    else
        wait = entry->since + rate->window - now;
    lock_release(&rate->lock);
    return wait;
}

int64_t rate_take(struct rate *rate, const char *key)
{
    return rate_take_of(rate, key, rate->limit);
}

void rate_give_back(struct rate *rate, const char *key)
{
    lock_take(&rate->lock);
    struct entry *entry = rate_find(rate, key, clock_monotonic());
    if (entry->count > 0)
        entry->count--;
    lock_release(&rate->lock);
}

bool rate_network_key(const char *address, int bits, char ret[64])
{
    static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};
    unsigned char six[16];
    if (inet_pton(AF_INET6, address, six) == 1 && memcmp(six, mapped, sizeof(mapped)) == 0) {
        /* ::ffff:192.0.2.7 */
        return inet_ntop(AF_INET, six + sizeof(mapped), ret, 64) != NULL && bits == 64;
    }
    if (inet_pton(AF_INET6, address, six) == 1) {
        memset(six + bits / 8, 0, sizeof(six) - (size_t)bits / 8);
        return inet_ntop(AF_INET6, six, ret, 64) != NULL;
    }
    snprintf(ret, 64, "%s", address);
    return bits == 64;
}

void rate_address_key(const char *address, char ret[64])
{
    rate_network_key(address, 64, ret);
}

size_t rate_networks(const char *address, struct rate_network ret[RATE_NETWORKS])
{
    static const struct {
        int bits, times;
    } rows[RATE_NETWORKS] = {{64, 1}, {56, 2}, {48, 4}};
    size_t n = 0;
    for (; n < RATE_NETWORKS && rate_network_key(address, rows[n].bits, ret[n].key); n++) {
        ret[n].times = rows[n].times;
        size_t used = strlen(ret[n].key);
        if (n > 0) /* 2001:db8:: is a /64 as well as a /48 */
            snprintf(ret[n].key + used, sizeof(ret[n].key) - used, "/%d", rows[n].bits);
    }
    return n;
}

/* The widest first: whoever is refused there leaves no entries for narrower ones, which would
 * push out others'. */
int64_t rate_take_address(struct rate *rate, const char *address)
{
    struct rate_network networks[RATE_NETWORKS];
    size_t count = rate_networks(address, networks);
    for (size_t i = count; i-- > 0;) {
        int64_t wait = rate_take_of(rate, networks[i].key, rate->limit * networks[i].times);
        if (wait == 0)
            continue;
        while (++i < count)
            rate_give_back(rate, networks[i].key);
        return wait;
    }
    return 0;
}

void rate_give_back_address(struct rate *rate, const char *address)
{
    struct rate_network networks[RATE_NETWORKS];
    for (size_t i = rate_networks(address, networks); i-- > 0;)
        rate_give_back(rate, networks[i].key);
}

void rate_site_key(const char *address, char ret[64])
{
    unsigned char four[4];
    rate_network_key(address, 64, ret);
    if (inet_pton(AF_INET, ret, four) == 1)
        snprintf(ret, 64, "%d.%d.%d.0/24", four[0], four[1], four[2]);
    else if (strchr(ret, ':') != NULL)
        rate_network_key(address, 48, ret);
}

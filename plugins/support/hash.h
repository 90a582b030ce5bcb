/* FNV-1a: what a column holds. Tables have core/base/hash.h. */
#ifndef SUPPORT_HASH_H
#define SUPPORT_HASH_H

#include <stdint.h>

static inline uint32_t support_hash32(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash;
}

/* The key of a host in the column visits.host_key. Different hosts may share one. Signed, because
 * SQLite stores small numbers in four bytes when they are signed. */
static inline int64_t support_host_key(const char *host)
{
    return (int32_t)support_hash32(host);
}

#endif

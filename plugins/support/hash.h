/* FNV-1a: the number of a text where nobody can gain by choosing texts of one number, or where a key
 * is mixed in (number_set.h); what a column holds. */
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

static inline uint64_t support_hash64(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash;
}

/* The key of a host in the column visits.host_key. Different hosts may share one. Signed, because
 * SQLite stores small numbers in four bytes when they are signed. */
static inline int64_t support_host_key(const char *host)
{
    return (int32_t)support_hash32(host);
}

#endif

#include "cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "support/hash.h"

enum { ACCOUNT_MAX = 64 };

struct entry {
    struct entry *chain;         /* of its bucket */
    struct entry *newer, *older; /* by last use */
    char account[ACCOUNT_MAX];
    struct fx_state state;
};

struct fx_cache {
    pthread_mutex_t lock; /* guards all below; nothing else is locked inside */
    struct entry **buckets;
    size_t bucket_count, count, capacity;
    struct entry *newest, *oldest;
    uint64_t forgotten;
};

struct fx_cache *fx_cache_create(size_t accounts)
{
    struct fx_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->capacity = accounts;
    for (cache->bucket_count = 16; cache->bucket_count < accounts; cache->bucket_count *= 2)
        continue;
    cache->buckets = calloc(cache->bucket_count, sizeof(struct entry *));
    if (cache->buckets == NULL) {
        free(cache);
        return NULL;
    }
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

/* Ids are made by the core: nobody can aim at one bucket. FNV-1a. */
static struct entry **bucket_of(struct fx_cache *cache, const char *account)
{
    uint64_t hash = support_hash64(account);
    return &cache->buckets[(hash ^ hash >> 32) & (cache->bucket_count - 1)];
}

static struct entry **find(struct fx_cache *cache, const char *account)
{
    struct entry **at = bucket_of(cache, account);
    while (*at != NULL && strcmp((*at)->account, account) != 0)
        at = &(*at)->chain;
    return at;
}

static void unlist(struct fx_cache *cache, struct entry *entry)
{
    *(entry->newer == NULL ? &cache->newest : &entry->newer->older) = entry->older;
    *(entry->older == NULL ? &cache->oldest : &entry->older->newer) = entry->newer;
}

static void list_newest(struct fx_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest == NULL ? &cache->oldest : &cache->newest->newer) = entry;
    cache->newest = entry;
}

static void drop(struct fx_cache *cache, struct entry **at)
{
    struct entry *entry = *at;
    *at = entry->chain;
    unlist(cache, entry);
    cache->count--;
    OPENSSL_cleanse(entry, sizeof(*entry));
    free(entry);
}

void fx_cache_destroy(struct fx_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->oldest != NULL)
        drop(cache, find(cache, cache->oldest->account));
    pthread_mutex_destroy(&cache->lock);
    free(cache->buckets);
    free(cache);
}

void fx_cache_get(struct fx_cache *cache, const char *account, struct fx_state *ret_state, uint64_t *ret_ticket)
{
    memset(ret_state, 0, sizeof(*ret_state));
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = *find(cache, account);
    if (entry != NULL) {
        *ret_state = entry->state;
        unlist(cache, entry);
        list_newest(cache, entry);
    }
    *ret_ticket = cache->forgotten;
    pthread_mutex_unlock(&cache->lock);
}

static struct entry *add(struct fx_cache *cache, const char *account)
{
    if (cache->count >= cache->capacity)
        drop(cache, find(cache, cache->oldest->account));
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    snprintf(entry->account, sizeof(entry->account), "%s", account);
    struct entry **bucket = bucket_of(cache, account);
    entry->chain = *bucket;
    *bucket = entry;
    cache->count++;
    list_newest(cache, entry);
    return entry;
}

void fx_cache_put(struct fx_cache *cache, const char *account, const struct fx_state *state, uint64_t ticket)
{
    if (strlen(account) >= ACCOUNT_MAX)
        return;
    pthread_mutex_lock(&cache->lock);
    if (cache->forgotten == ticket) {
        struct entry *entry = *find(cache, account);
        if (entry == NULL)
            entry = add(cache, account);
        if (entry != NULL)
            entry->state = *state;
    }
    pthread_mutex_unlock(&cache->lock);
}

void fx_cache_forget(struct fx_cache *cache, const char *account)
{
    pthread_mutex_lock(&cache->lock);
    cache->forgotten++;
    struct entry **at = find(cache, account);
    if (*at != NULL)
        drop(cache, at);
    pthread_mutex_unlock(&cache->lock);
}

size_t fx_cache_count(struct fx_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    size_t count = cache->count;
    pthread_mutex_unlock(&cache->lock);
    return count;
}

#include "cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <openssl/crypto.h>

#include "base/map.h"

enum { ACCOUNT_MAX = 64 };

struct entry {
    map_entry in_map;            /* by account */
    struct entry *newer, *older; /* by last use */
    char account[ACCOUNT_MAX];
    struct fx_state state;
};

struct fx_cache {
    pthread_mutex_t lock; /* guards all below; nothing else is locked inside */
    struct entry *entries;
    size_t capacity;
    struct entry *newest, *oldest;
    uint64_t forgotten;
};

struct fx_cache *fx_cache_create(size_t accounts)
{
    struct fx_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    cache->capacity = accounts;
    pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

static void fx_cache_unlist(struct fx_cache *cache, struct entry *entry)
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

static void fx_cache_drop_entry(struct fx_cache *cache, struct entry *entry)
{
    MAP_REMOVE(cache->entries, entry);
    fx_cache_unlist(cache, entry);
    OPENSSL_cleanse(entry, sizeof(*entry));
    free(entry);
}

void fx_cache_destroy(struct fx_cache *cache)
{
    if (cache == NULL)
        return;
    while (cache->oldest != NULL)
        fx_cache_drop_entry(cache, cache->oldest);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void fx_cache_get(struct fx_cache *cache, const char *account, struct fx_state *ret_state,
                  uint64_t *ret_ticket)
{
    memset(ret_state, 0, sizeof(*ret_state));
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = MAP_FIND_TEXT(cache->entries, account);
    if (entry != NULL) {
        *ret_state = entry->state;
        fx_cache_unlist(cache, entry);
        list_newest(cache, entry);
    }
    *ret_ticket = cache->forgotten;
    pthread_mutex_unlock(&cache->lock);
}

static struct entry *fx_cache_add_entry(struct fx_cache *cache, const char *account)
{
    if (MAP_COUNT(cache->entries) >= cache->capacity)
        fx_cache_drop_entry(cache, cache->oldest);
    struct entry *entry = calloc(1, sizeof(*entry));
    if (entry == NULL)
        return NULL;
    snprintf(entry->account, sizeof(entry->account), "%s", account);
    if (!MAP_ADD_TEXT(cache->entries, entry->account, entry)) {
        free(entry);
        return NULL;
    }
    list_newest(cache, entry);
    return entry;
}

void fx_cache_put(struct fx_cache *cache, const char *account, const struct fx_state *state,
                  uint64_t ticket)
{
    if (strlen(account) >= ACCOUNT_MAX)
        return;
    pthread_mutex_lock(&cache->lock);
    if (cache->forgotten == ticket) {
        struct entry *entry = MAP_FIND_TEXT(cache->entries, account);
        if (entry == NULL)
            entry = fx_cache_add_entry(cache, account);
        if (entry != NULL)
            entry->state = *state;
    }
    pthread_mutex_unlock(&cache->lock);
}

void fx_cache_forget(struct fx_cache *cache, const char *account)
{
    pthread_mutex_lock(&cache->lock);
    cache->forgotten++;
    struct entry *entry = MAP_FIND_TEXT(cache->entries, account);
    if (entry != NULL)
        fx_cache_drop_entry(cache, entry);
    pthread_mutex_unlock(&cache->lock);
}

size_t fx_cache_count(struct fx_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    size_t count = MAP_COUNT(cache->entries);
    pthread_mutex_unlock(&cache->lock);
    return count;
}

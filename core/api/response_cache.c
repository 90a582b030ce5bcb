#include "api/response_cache.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/map.h"

enum { OVERHEAD = 64 };

struct entry {
    map_entry in_map;            /* by key: of all accounts, and a request chooses its key */
    struct entry *newer, *older; /* by last use */
    void *value;
    size_t cost;
    char key[];
};

struct response_cache {
    pthread_mutex_t lock; /* a leaf, but for ref of values, which counts and does nothing else */
    response_cache_ref_fn ref;
    response_cache_unref_fn unref;
    size_t budget, used;
    struct entry *newest, *oldest;
    struct entry *entries;
};

struct response_cache *api_response_cache_create(size_t budget, response_cache_ref_fn ref,
                                                 response_cache_unref_fn unref)
{
    struct response_cache *cache = calloc(1, sizeof(*cache));
    if (cache == NULL)
        return NULL;
    pthread_mutex_init(&cache->lock, NULL);
    cache->budget = budget;
    cache->ref = ref;
    cache->unref = unref;
    return cache;
}

static void entry_unlink_use(struct response_cache *cache, struct entry *e)
{
    *(e->newer != NULL ? &e->newer->older : &cache->newest) = e->older;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e->newer;
}

static void entry_link_newest(struct response_cache *cache, struct entry *e)
{
    e->newer = NULL;
    e->older = cache->newest;
    *(e->older != NULL ? &e->older->newer : &cache->oldest) = e;
    cache->newest = e;
}

/* Takes it out; the list of what is let go once the lock is. */
static void response_entry_drop(struct response_cache *cache, struct entry *e,
                                struct entry **dropped)
{
    MAP_REMOVE(cache->entries, e);
    entry_unlink_use(cache, e);
    cache->used -= e->cost;
    e->older = *dropped;
    *dropped = e;
}

/* Without the lock: the last reference may free a lot. */
static void entries_release(struct response_cache *cache, struct entry *dropped)
{
    for (struct entry *next; dropped != NULL; dropped = next) {
        next = dropped->older;
        cache->unref(dropped->value);
        free(dropped);
    }
}

void api_response_cache_destroy(struct response_cache *cache)
{
    if (cache == NULL)
        return;
    struct entry *dropped = NULL;
    while (cache->oldest != NULL)
        response_entry_drop(cache, cache->oldest, &dropped);
    entries_release(cache, dropped);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

void *api_response_cache_get(struct response_cache *cache, const char *key)
{
    void *value = NULL;
    lock_take(&cache->lock);
    struct entry *e = MAP_FIND_TEXT(cache->entries, key);
    if (e != NULL) {
        entry_unlink_use(cache, e);
        entry_link_newest(cache, e);
        value = cache->ref(e->value);
    }
    lock_release(&cache->lock);
    return value;
}

void api_response_cache_put(struct response_cache *cache, const char *key, void *value, size_t size)
{
    size_t key_size = strlen(key) + 1, cost = size + key_size + OVERHEAD + sizeof(struct entry);
    if (cost > cache->budget / 8)
        return;
    struct entry *e = malloc(sizeof(*e) + key_size), *dropped = NULL;
    if (e == NULL)
        return;
    memcpy(e->key, key, key_size);
    e->cost = cost;
    lock_take(&cache->lock);
    struct entry *old = MAP_FIND_TEXT(cache->entries, key);
    if (old != NULL)
        response_entry_drop(cache, old, &dropped);
    while (cache->used + cost > cache->budget)
        response_entry_drop(cache, cache->oldest, &dropped);
    bool added = MAP_ADD_TEXT(cache->entries, e->key, e);
    if (added) {
        e->value = cache->ref(value);
        entry_link_newest(cache, e);
        cache->used += cost;
    }
    lock_release(&cache->lock);
    entries_release(cache, dropped);
    if (!added) /* memory is short: it is not remembered */
        free(e);
}

void api_response_cache_drop_account(struct response_cache *cache, const char *account)
{
    size_t n = strlen(account);
    struct entry *dropped = NULL;
    lock_take(&cache->lock);
    for (struct entry *e = cache->newest, *older; e != NULL; e = older) {
        older = e->older;
        if (strncmp(e->key, account, n) == 0 && e->key[n] == '\n')
            response_entry_drop(cache, e, &dropped);
    }
    lock_release(&cache->lock);
    entries_release(cache, dropped);
}

size_t api_response_cache_size_for_test(struct response_cache *cache)
{
    lock_take(&cache->lock);
    size_t used = cache->used;
    lock_release(&cache->lock);
    return used;
}

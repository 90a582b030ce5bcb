/* The response cache: counted values under text keys, bounded in memory, least recently used
 * first out. A key begins with the account's id and a line feed, so that all of an account can
 * be dropped. Any thread; every operation takes one short lock. */
#ifndef HEARTH_CORE_API_RESPONSE_CACHE_H
#define HEARTH_CORE_API_RESPONSE_CACHE_H

#include <stddef.h>

struct response_cache;

typedef void *(*response_cache_ref_fn)(void *value);
typedef void (*response_cache_unref_fn)(void *value);

/* ref is called with the cache's lock held: it counts, and does nothing else. unref is called
 * without. budget: bytes of keys and values together, 0: nothing is kept. NULL when memory is
 * short. */
struct response_cache *api_response_cache_create(size_t budget, response_cache_ref_fn ref,
                                                 response_cache_unref_fn unref);
void api_response_cache_destroy(struct response_cache *cache); /* accepts NULL */
/* a reference of the caller's own; NULL */
void *api_response_cache_get(struct response_cache *cache, const char *key);
/* Keeps a reference of its own. size: what the value counts for. A value larger than an eighth
 * of the budget is not kept. */
void api_response_cache_put(struct response_cache *cache, const char *key, void *value,
                            size_t size);
void api_response_cache_drop_account(struct response_cache *cache, const char *account);
size_t api_response_cache_size_for_test(struct response_cache *cache); /* bytes kept */

#endif

/* Who asks: API tokens now; sessions will enter at auth_look_up(). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/internal.h"
#include "base/clock.h"

/* Known tokens, for ten seconds: so long a revocation by the command line may take; one by the API counts at once. */
enum { SLOTS = 1024, TTL = 10000, USED_EVERY = 60000 };

struct token_cache {
    pthread_mutex_t lock; /* a leaf */
    struct {
        uint8_t hash[TOKEN_HASH_SIZE];
        struct identity identity;
        int64_t until;
    } slots[SLOTS];
};

struct token_cache *token_cache_create(void)
{
    struct token_cache *cache = calloc(1, sizeof(*cache));
    if (cache != NULL)
        pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void token_cache_destroy(struct token_cache *cache)
{
    if (cache == NULL)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static size_t slot_of(const uint8_t hash[TOKEN_HASH_SIZE])
{
    return (size_t)(hash[0] << 8 | hash[1]) % SLOTS;
}

bool token_cache_get(struct token_cache *cache, const uint8_t hash[TOKEN_HASH_SIZE], struct identity *ret_identity)
{
    size_t i = slot_of(hash);
    int64_t now = clock_monotonic();
    pthread_mutex_lock(&cache->lock);
    bool found = cache->slots[i].until > now && memcmp(cache->slots[i].hash, hash, TOKEN_HASH_SIZE) == 0;
    if (found)
        *ret_identity = cache->slots[i].identity;
    pthread_mutex_unlock(&cache->lock);
    return found;
}

void token_cache_put(struct token_cache *cache, const uint8_t hash[TOKEN_HASH_SIZE], const struct identity *identity)
{
    size_t i = slot_of(hash);
    pthread_mutex_lock(&cache->lock);
    memcpy(cache->slots[i].hash, hash, TOKEN_HASH_SIZE);
    cache->slots[i].identity = *identity;
    cache->slots[i].until = clock_monotonic() + TTL;
    pthread_mutex_unlock(&cache->lock);
}

void token_cache_clear(struct token_cache *cache)
{
    pthread_mutex_lock(&cache->lock);
    for (size_t i = 0; i < SLOTS; i++)
        cache->slots[i].until = 0;
    pthread_mutex_unlock(&cache->lock);
}

bool auth_hash(const struct http_request *request, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
    const char *text = request->authorization;
    if (text == NULL || strncasecmp(text, "Bearer ", 7) != 0)
        return false;
    return token_hash(text + 7 + strspn(text + 7, " "), ret_hash);
}

/* What is known of other nodes' tokens, and of unknown ones, is kept as long as one's own: a flood of one wrong token asks once. */
static int look_elsewhere(struct api_call *call, const uint8_t hash[TOKEN_HASH_SIZE], struct identity *ret_identity)
{
    struct identity identity = {.node = NODES_NONE};
    int r = node_of_bearer(call, &identity.node);
    if (r == 0 || (r == HEARTH_ERR_DENIED && call->api->options.nodes->count > 1))
        token_cache_put(call->api->tokens, hash, &identity);
    if (r == 0)
        *ret_identity = identity;
    return r;
}

/* The hash is looked up, not the secret compared: what timing tells about a hash is of no use. */
int auth_look_up(struct api_call *call, struct identity *ret_identity)
{
    uint8_t hash[TOKEN_HASH_SIZE];
    if (!auth_hash(call->request, hash))
        return HEARTH_ERR_DENIED;
    if (token_cache_get(call->api->tokens, hash, ret_identity))
        return ret_identity->node == NODES_NONE ? HEARTH_ERR_DENIED : 0;
    struct hearth_token token = {.struct_size = sizeof(token)};
    int r = STORE(call->store, &call->err, token_by_hash, hash, &token);
    if (r == HEARTH_ERR_NOT_FOUND)
        return look_elsewhere(call, hash, ret_identity);
    if (r < 0)
        return r;
    int64_t now = clock_now();
    if (token.expires != 0 && token.expires <= now)
        return HEARTH_ERR_DENIED;
    struct identity identity = {.read_only = token.scope != 0, .node = call->api->options.nodes->own};
    snprintf(identity.account, sizeof(identity.account), "%s", token.account);
    snprintf(identity.token, sizeof(identity.token), "%s", token.id);
    if (now - token.last_used > USED_EVERY)
        STORE(call->store, NULL, token_used, identity.account, identity.token, now);
    token_cache_put(call->api->tokens, hash, &identity);
    *ret_identity = identity;
    return 0;
}

void auth_refuse(struct http_reply *reply)
{
    http_reply_problem(reply, 401, "unauthorized", "Send an API token: Authorization: Bearer hth_…");
    http_reply_header(reply, "www-authenticate", "Bearer realm=\"hearth\"");
}

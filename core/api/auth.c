/* Who asks: an API token, a signed-in browser, or somebody for whom a trusted proxy vouches. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>

#include "api/internal.h"
#include "auth/session.h"
#include "base/clock.h"
#include "base/email.h"
#include "base/hash.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/magic.h"
#include "nodes/who.h"
#include "signin/allow.h"

/* Known tokens, for ten seconds: so long a revocation may take that this process is not told of. */
enum { SLOTS = 1024, TTL = 10000 };

struct token_cache {
    pthread_mutex_t lock; /* a leaf */
    uint64_t cleared;     /* how often: what was looked up before is not put after */
    struct {
        uint8_t hash[TOKEN_HASH_SIZE];
        struct identity identity;
        int64_t until;
    } slots[SLOTS];
};

struct token_cache *api_token_cache_create(void)
{
    struct token_cache *cache = calloc(1, sizeof(*cache));
    if (cache != NULL)
        pthread_mutex_init(&cache->lock, NULL);
    return cache;
}

void api_token_cache_destroy(struct token_cache *cache)
{
    if (cache == NULL)
        return;
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static size_t token_slot_of(const uint8_t hash[TOKEN_HASH_SIZE])
{
    return (size_t)hash_bytes(hash, TOKEN_HASH_SIZE) % SLOTS;
}

bool api_token_cache_get(struct token_cache *cache, const uint8_t hash[TOKEN_HASH_SIZE],
                         struct identity *ret_identity)
{
    size_t i = token_slot_of(hash);
    int64_t now = clock_monotonic();
    lock_take(&cache->lock);
    bool found =
        cache->slots[i].until > now && memcmp(cache->slots[i].hash, hash, TOKEN_HASH_SIZE) == 0;
    if (found)
        *ret_identity = cache->slots[i].identity;
    lock_release(&cache->lock);
    return found;
}

uint64_t api_token_cache_begin(struct token_cache *cache)
{
    lock_take(&cache->lock);
    uint64_t begun = cache->cleared;
    lock_release(&cache->lock);
    return begun;
}

void api_token_cache_put(struct token_cache *cache, uint64_t begun,
                         const uint8_t hash[TOKEN_HASH_SIZE], const struct identity *identity,
                         int64_t life)
{
    size_t i = token_slot_of(hash);
    lock_take(&cache->lock);
    if (begun == cache->cleared) {
        memcpy(cache->slots[i].hash, hash, TOKEN_HASH_SIZE);
        cache->slots[i].identity = *identity;
        cache->slots[i].until = clock_monotonic() + (life < TTL ? life : TTL);
    }
    lock_release(&cache->lock);
}

void api_token_cache_clear(struct token_cache *cache)
{
    lock_take(&cache->lock);
    cache->cleared++;
    for (size_t i = 0; i < SLOTS; i++)
        cache->slots[i].until = 0;
    lock_release(&cache->lock);
}

void api_auth_forget_here(struct api *api, const char *account)
{
    api_token_cache_clear(api->tokens);
    lock_border("event streams are ended");
    if (api->options.authority_ended != NULL)
        api->options.authority_ended(api->options.ctx, account);
}

/* Remembered like a token: under the hash of the name that the proxy asserts. */
static bool hash_name(const char *asserted, uint8_t ret_hash[TOKEN_HASH_SIZE])
{
    char name[WHO_TEXT_MAX], text[sizeof(name) + 8];
    if (!nodes_who_lower(asserted, name))
        return false;
    int size = snprintf(text, sizeof(text), "proxy:%s", name);
    ASSERT(EVP_Digest(text, (size_t)size, ret_hash, NULL, EVP_sha256(), NULL) == 1);
    return true;
}

bool api_auth_proof(struct http_request *request, struct proof *ret_proof)
{
    const char *bearer = request->authorization;
    if (bearer != NULL && strncasecmp(bearer, "Bearer ", 7) == 0) {
        ret_proof->kind = PROOF_TOKEN;
        return auth_token_hash(HEARTH_TOKEN_FULL, bearer + 7 + strspn(bearer + 7, " "),
                               ret_proof->hash);
    }
    if (request->identity != NULL) {
        ret_proof->kind = PROOF_PROXY;
        return hash_name(request->identity, ret_proof->hash);
    }
    const char *cookie = http_cookie(request, SESSION_COOKIE);
    ret_proof->kind = PROOF_BROWSER;
    return cookie != NULL && auth_token_hash(HEARTH_TOKEN_BROWSER, cookie, ret_proof->hash);
}

bool api_auth_is_forged(const struct api *api, const struct http_request *request,
                        const struct proof *proof)
{
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD ||
                 request->method == HTTP_OPTIONS;
    if (reads || proof->kind == PROOF_TOKEN)
        return false;
    return request->csrf == NULL || strcmp(request->csrf, "1") != 0 ||
           http_same_origin(request, api->options.base_url) != 1;
}

int api_auth_check_name(struct storage *storage, const char *account,
                        const uint8_t hash[TOKEN_HASH_SIZE], struct err *err)
{
    struct who_kept kept;
    uint8_t of_name[TOKEN_HASH_SIZE];
    int r = nodes_who_keep(storage, account, &kept, err);
    if (r < 0)
        return r;
    r = HEARTH_ERR_NOT_FOUND;
    for (size_t i = 0; i < kept.count; i++)
        if (strcmp(kept.items[i].issuer, WHO_PROXY) == 0 &&
            hash_name(kept.items[i].subject, of_name) &&
            memcmp(of_name, hash, TOKEN_HASH_SIZE) == 0)
            r = 0;
    nodes_who_forget(&kept);
    return r;
}

int api_auth_door(struct http_request *request, const struct identity *identity,
                  struct door *ret_door, struct err *err)
{
    char name[WHO_TEXT_MAX];
    *ret_door = (struct door){.kind = identity->kind == PROOF_TOKEN ? DOOR_TOKEN : DOOR_BROWSER,
                              .created = identity->created};
    if (identity->kind != PROOF_PROXY)
        return 0;
    const char *subject =
        nodes_who_lower(request->identity, name) ? arena_strdup(&request->arena, name) : NULL;
    *ret_door = (struct door){.kind = DOOR_IDENTITY, .issuer = WHO_PROXY, .subject = subject};
    return subject != NULL ? 0 : err_set(err, HEARTH_ERR_NOMEM, "out of memory");
}

/* Who was taken off the list is refused with what was given out before, too; put back, it is
 * good again. */
static int proof_note_barred(struct api_call *call, const struct proof *proof, uint64_t begun)
{
    struct identity identity = {.node = NODES_NONE, .barred = true};
    api_token_cache_put(call->api->tokens, begun, proof->hash, &identity, TTL);
    return API_BARRED;
}

/* What is known of other nodes' tokens, and of unknown ones, is kept as long as one's own: a
 * flood of one wrong token asks once. */
static int look_elsewhere(struct api_call *call, const struct proof *proof, uint64_t begun,
                          struct identity *ret_identity)
{
    struct identity identity = {.node = NODES_NONE};
    int r = api_node_of_proof(call, proof, &identity.node);
    if (r == 0 || (r == AUTH_NOBODY && call->api->options.nodes->count > 1))
        api_token_cache_put(call->api->tokens, begun, proof->hash, &identity, TTL);
    if (r == 0)
        *ret_identity = identity;
    return r;
}

/* From the first time on the name opens this account, whatever its address becomes, and no other
 * name does. */
static int link_name(struct api_call *call, const struct who *who,
                     const struct hearth_account *account, size_t node)
{
    char id[40];
    snprintf(id, sizeof(id), "%s", account->id);
    struct storage *storage = nodes_storages_get(call->storages, node, &call->err);
    int r = storage == NULL ? call->err.code : nodes_who_join(storage, id, who, &call->err);
    if (r == 0)
        log_audit("proxy name linked", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("account", id), LOG_TEXT("email", who->email),
                  LOG_TEXT("uid", who->subject));
    return r;
}

/* The proxy has asked for the password. The account must be here already: a header makes none. */
static int look_up_name(struct api_call *call, const struct proof *proof, uint64_t begun,
                        struct identity *ret_identity)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct identity identity = {.kind = PROOF_PROXY};
    char name[WHO_TEXT_MAX];
    struct who who = {.issuer = WHO_PROXY, .subject = name, .links = true};
    enum who_is is = WHO_STRANGER;
    if (!nodes_who_lower(call->request->identity, name) || !email_name_is_plain(name))
        return AUTH_NOBODY;
    who.email = email_fault(name) == NULL ? name : NULL;
    int r = nodes_who_find(call->storages, &who, &is, &identity.node, &account, &call->err);
    if (r < 0)
        return r;
    if (is != WHO_STRANGER && !signin_allow_admits(call->api->options.allow, account.email))
        return proof_note_barred(call, proof, begun);
    snprintf(identity.account, sizeof(identity.account), "%s",
             account.id == NULL ? "" : account.id);
    if (is == WHO_ANOTHER) {
        metrics_add(METRIC(SIGNIN_FAILURES, "refused"), 1);
        log_audit("sign-in refused", LOG_TEXT("address", call->request->remote),
                  LOG_TEXT("account", account.id), LOG_TEXT("email", name),
                  LOG_TEXT("provider", "proxy"),
                  LOG_TEXT("reason", "the proxy calls this account's person by another name; see "
                                     "hearthd account adopt"));
    }
    if (is == WHO_LINKS || is == WHO_JOINS)
        r = link_name(call, &who, &account, identity.node);
    if (r < 0)
        return r;
    if (is == WHO_STRANGER || is == WHO_ANOTHER)
        identity = (struct identity){.node = NODES_NONE};
    else
        api_audit_proxy(call, identity.account);
    api_token_cache_put(call->api->tokens, begun, proof->hash, &identity, TTL);
    if (identity.node == NODES_NONE)
        return AUTH_NOBODY;
    *ret_identity = identity;
    return 0;
}

/* An account that is not here (any more) is somebody else's affair. */
static int may_enter(struct api_call *call, const char *id)
{
    struct hearth_account account = {.struct_size = sizeof(account)};
    struct err why = {0};
    int r = STORAGE(call->storage, &why, account_get, id, &account);
    if (r == 0)
        return signin_allow_admits(call->api->options.allow, account.email) ? 0 : API_BARRED;
    if (r == HEARTH_ERR_NOT_FOUND)
        return 0;
    call->err = why;
    return r;
}

/* The hash is looked up, not the secret compared: what timing tells about a hash is of no use. */
int api_auth_look_up(struct api_call *call, const struct proof *proof,
                     struct identity *ret_identity)
{
    struct identity known;
    if (api_token_cache_get(call->api->tokens, proof->hash, &known)) {
        if (known.node == NODES_NONE)
            return known.barred ? API_BARRED : AUTH_NOBODY;
        *ret_identity = known;
        return 0;
    }
    uint64_t begun = api_token_cache_begin(call->api->tokens);
    if (proof->kind == PROOF_PROXY)
        return look_up_name(call, proof, begun, ret_identity);
    struct hearth_token token = {.struct_size = sizeof(token)};
    int r = STORAGE(call->storage, &call->err, token_by_hash, proof->hash, &token);
    if (r == HEARTH_ERR_NOT_FOUND)
        return look_elsewhere(call, proof, begun, ret_identity);
    if (r < 0)
        return r;
    int64_t now = clock_now();
    bool browser = token.scope == HEARTH_TOKEN_BROWSER;
    if ((browser ? PROOF_BROWSER : PROOF_TOKEN) != proof->kind ||
        token.scope > HEARTH_TOKEN_BROWSER ||
        auth_session_is_over(&token, &call->api->options.sessions, now))
        return AUTH_NOBODY;
    struct identity identity = {.kind = proof->kind,
                                .read_only = token.scope == HEARTH_TOKEN_READ,
                                .node = call->api->options.nodes->own};
    snprintf(identity.account, sizeof(identity.account), "%s", token.account);
    snprintf(identity.token, sizeof(identity.token), "%s", token.id);
    identity.created = token.created;
    if (signin_allow_is_given(call->api->options.allow)) {
        r = may_enter(call, identity.account);
        if (r < 0)
            return r == API_BARRED ? proof_note_barred(call, proof, begun) : r;
    }
    api_token_cache_put(call->api->tokens, begun, proof->hash, &identity,
                        token.expires == 0 ? TTL : token.expires - now);
    *ret_identity = identity;
    return 0;
}

void api_auth_touch_last_seen(struct api *api, const struct identity *identity)
{
    lock_border("a person is noted");
    if (api->options.touch_last_seen != NULL)
        api->options.touch_last_seen(api->options.ctx, identity->account, identity->token);
}

void api_auth_refuse(struct http_reply *reply)
{
    http_reply_problem(reply, 401, api_says_unauthorized());
    http_reply_header(reply, "www-authenticate", "Bearer realm=\"hearth\"");
}

int api_ended(struct api_call *call)
{
    api_token_cache_clear(call->api->tokens);
    api_auth_refuse(call->reply);
    return 0;
}

void api_auth_refuse_barred(struct http_reply *reply)
{
    http_reply_problem(reply, 401, api_says_not_allowed());
    http_reply_header(reply, "www-authenticate", "Bearer realm=\"hearth\"");
}

void api_auth_refuse_forged(struct http_reply *reply)
{
    http_reply_problem(reply, 403, api_says_csrf());
}

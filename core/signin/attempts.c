#include "signin/attempts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "auth/vault.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/index_table.h"
#include "base/lock.h"
#include "base/magic.h"
#include "base/rate.h"
#include "base/str.h"
#include "codec/codec.h"
#include "signin/room.h"

struct slot {
    struct attempt *attempt; /* NULL: free, or taken */
    char secret[ATTEMPT_SECRET_SIZE];
    int64_t until;
};

struct attempts {
    pthread_mutex_t lock; /* guards what follows; a leaf */
    const struct vault *vault;
    size_t limit;
    struct room *room;        /* its places are slots */
    struct index_table table; /* slots by secret, room for all */
    struct slot slots[];
};

struct attempts *attempts_create(const struct vault *vault, size_t limit)
{
    struct attempts *attempts = calloc(1, sizeof(*attempts) + limit * sizeof(struct slot));
    if (attempts == NULL)
        return NULL;
    pthread_mutex_init(&attempts->lock, NULL);
    attempts->vault = vault;
    attempts->limit = limit;
    attempts->room = room_create((int)limit, limit < 4 ? 1 : (int)limit / 4);
    if (attempts->room == NULL || !index_table_init(&attempts->table, limit)) {
        attempts_destroy(attempts);
        return NULL;
    }
    return attempts;
}

static void forget_sealed(struct attempt *attempt)
{
    free(attempt->sealed);
    attempt->sealed = NULL;
    attempt->sealed_size = 0;
}

static void attempt_free(struct attempt *attempt)
{
    if (attempt == NULL)
        return;
    forget_sealed(attempt);
    buf_fini(&attempt->page);
    OPENSSL_cleanse(attempt, sizeof(*attempt));
    free(attempt);
}

void attempts_destroy(struct attempts *attempts)
{
    if (attempts == NULL)
        return;
    for (size_t i = 0; i < attempts->limit; i++)
        attempt_free(attempts->slots[i].attempt);
    OPENSSL_cleanse(attempts->slots, attempts->limit * sizeof(struct slot));
    room_destroy(attempts->room);
    index_table_fini(&attempts->table);
    pthread_mutex_destroy(&attempts->lock);
    free(attempts);
}

static bool slot_has(const void *slots, uint32_t at, const void *secret)
{
    return CRYPTO_memcmp(((const struct slot *)slots)[at].secret, secret, ATTEMPT_SECRET_SIZE) == 0;
}

static uint64_t slot_hash(const void *slots, uint32_t at)
{
    return hash_text(((const struct slot *)slots)[at].secret);
}

/* With the lock. NULL: never was, or is over. */
static struct slot *find(struct attempts *attempts, const char *secret, int64_t now)
{
    int64_t at = index_table_find(&attempts->table, hash_text(secret), slot_has, attempts->slots, secret);
    return at != INDEX_TABLE_NONE && attempts->slots[at].until > now ? &attempts->slots[at] : NULL;
}

/* With the lock. Returns what lay in it, to be freed without the lock; NULL: somebody has taken it. */
static struct attempt *clear(struct attempts *attempts, int at)
{
    struct slot *slot = &attempts->slots[at];
    struct attempt *attempt = slot->attempt;
    index_table_remove(&attempts->table, hash_text(slot->secret), (uint32_t)at, slot_hash, attempts->slots);
    room_leave(attempts->room, at);
    OPENSSL_cleanse(slot, sizeof(*slot));
    return attempt;
}

/* With the lock. Two that are over for each that begins: so none lies here much longer than its time. */
static void clear_some(struct attempts *attempts, const char *site, int64_t now, struct attempt *ret_old[3])
{
    int n = 0, at;
    while (n < 2 && (at = room_oldest(attempts->room)) != ROOM_NONE && attempts->slots[at].until <= now)
        ret_old[n++] = clear(attempts, at);
    at = room_first_to_go(attempts->room, site);
    ret_old[n] = at == ROOM_NONE ? NULL : clear(attempts, at);
}

struct attempt *attempt_begin(struct attempts *attempts, const char *address)
{
    struct attempt *attempt = calloc(1, sizeof(*attempt)), *old[3] = {NULL};
    uint8_t bytes[32];
    char text[48], site[64];
    struct rate_network networks[RATE_NETWORKS];
    if (attempt == NULL)
        return NULL;
    ASSERT(RAND_priv_bytes(bytes, sizeof(bytes)) == 1);
    codec_base64_encode(CODEC_URL, bytes, sizeof(bytes), text);
    memcpy(attempt->secret, text, ATTEMPT_SECRET_SIZE);
    int64_t now = clock_monotonic();
    attempt->until = now + ATTEMPT_LIFE;
    str_copy(site, sizeof(site), networks[rate_networks(address, networks) - 1].key); /* the widest */
    lock_take(&attempts->lock);
    clear_some(attempts, site, now, old);
    int at = room_enter(attempts->room, site);
    attempts->slots[at] = (struct slot){.until = attempt->until};
    memcpy(attempts->slots[at].secret, attempt->secret, ATTEMPT_SECRET_SIZE);
    index_table_put(&attempts->table, hash_text(attempt->secret), (uint32_t)at);
    lock_release(&attempts->lock);
    for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++)
        attempt_free(old[i]);
    return attempt;
}

struct attempt *attempt_take(struct attempts *attempts, const char *secret, bool *ret_busy)
{
    char whole[ATTEMPT_SECRET_SIZE] = "";
    struct attempt *attempt = NULL;
    *ret_busy = false;
    if (secret == NULL || strlen(secret) != ATTEMPT_SECRET_SIZE - 1)
        return NULL;
    memcpy(whole, secret, ATTEMPT_SECRET_SIZE);
    lock_take(&attempts->lock);
    struct slot *slot = find(attempts, whole, clock_monotonic());
    if (slot != NULL) {
        attempt = slot->attempt;
        slot->attempt = NULL;
        *ret_busy = attempt == NULL;
    }
    lock_release(&attempts->lock);
    return attempt;
}

void attempt_put(struct attempts *attempts, struct attempt *attempt)
{
    lock_take(&attempts->lock);
    struct slot *slot = find(attempts, attempt->secret, clock_monotonic());
    bool kept = slot != NULL && slot->attempt == NULL;
    if (kept) {
        slot->attempt = attempt;
        if (attempt->worth)
            room_set_worth(attempts->room, (int)(slot - attempts->slots));
    }
    lock_release(&attempts->lock);
    if (!kept) /* its time ran out meanwhile, or its place was needed */
        attempt_free(attempt);
}

void attempt_drop(struct attempts *attempts, struct attempt *attempt)
{
    if (attempt == NULL)
        return;
    lock_take(&attempts->lock);
    struct slot *slot = find(attempts, attempt->secret, clock_monotonic());
    if (slot != NULL && slot->attempt == NULL)
        clear(attempts, (int)(slot - attempts->slots));
    lock_release(&attempts->lock);
    attempt_free(attempt);
}

/* --- sealed --------------------------------------------------------------------------------------------------------------------------- */

static const char CONTEXT[] = "signin";

int attempt_seal_state(struct attempts *attempts, struct attempt *attempt, const void *state, size_t size, struct err *err)
{
    void *sealed;
    size_t sealed_size;
    int r = vault_seal(attempts->vault, CONTEXT, state, size, &sealed, &sealed_size, err);
    if (r < 0)
        return r;
    forget_sealed(attempt);
    attempt->sealed = sealed;
    attempt->sealed_size = sealed_size;
    return 0;
}

int attempt_open_state(struct attempts *attempts, const struct attempt *attempt, void **ret_state, size_t *ret_size, struct err *err)
{
    return vault_unseal(attempts->vault, CONTEXT, attempt->sealed, attempt->sealed_size, ret_state, ret_size, err);
}

/* email, uid, name, key as texts with their NUL, then the credentials. "" stands for NULL. */
int attempt_seal_identity(struct attempts *attempts, struct attempt *attempt, const struct hearth_identity *identity, struct err *err)
{
    const char *texts[] = {identity->email, identity->uid, identity->name, identity->key};
    struct buf packed = {0};
    for (size_t i = 0; i < 4; i++)
        buf_add(&packed, texts[i] == NULL ? "" : texts[i], texts[i] == NULL ? 1 : strlen(texts[i]) + 1);
    buf_add(&packed, identity->credentials, identity->credentials_size);
    int r = buf_failed(&packed) ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                                : attempt_seal_state(attempts, attempt, packed.data, packed.size, err);
    if (packed.data != NULL)
        OPENSSL_cleanse(packed.data, packed.size);
    buf_fini(&packed);
    return r;
}

int attempt_open_identity(struct attempts *attempts, const struct attempt *attempt, struct hearth_identity *ret_identity, void **ret_bytes,
                          size_t *ret_size, struct err *err)
{
    void *bytes;
    size_t size, at = 0;
    const char *texts[4];
    int r = attempt_open_state(attempts, attempt, &bytes, &size, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < 4; i++) {
        texts[i] = (const char *)bytes + at;
        at += strnlen(texts[i], size - at) + 1;
        ASSERT(at <= size); /* it was sealed by us */
    }
    *ret_identity = (struct hearth_identity){.struct_size = sizeof(*ret_identity),
                                             .email = texts[0],
                                             .uid = texts[1],
                                             .name = texts[2][0] == '\0' ? NULL : texts[2],
                                             .key = texts[3][0] == '\0' ? NULL : texts[3],
                                             .credentials = (const char *)bytes + at,
                                             .credentials_size = size - at};
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}

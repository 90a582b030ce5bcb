#include "signin/pending.h"

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
#include "signin/shelf.h"

struct slot {
    struct signin_pending *pending; /* NULL: free, taken, or on the shelf */
    bool shelved;
    char secret[SIGNIN_PENDING_SECRET_SIZE];
    int64_t until;
};

struct signin_pending_table {
    pthread_mutex_t lock; /* guards what follows; a leaf */
    const struct vault *vault;
    const struct signin_shelf *shelf; /* NULL: none */
    size_t limit;
    struct room *room;        /* its places are slots */
    struct index_table table; /* slots by secret, room for all */
    struct slot slots[];
};

struct signin_pending_table *signin_pending_table_create(const struct vault *vault, size_t limit,
                                                         const struct signin_shelf *shelf)
{
    struct signin_pending_table *pending_signins =
        calloc(1, sizeof(*pending_signins) + limit * sizeof(struct slot));
    if (pending_signins == NULL)
        return NULL;
    pthread_mutex_init(&pending_signins->lock, NULL);
    pending_signins->vault = vault;
    pending_signins->shelf = shelf;
    pending_signins->limit = limit;
    pending_signins->room = signin_room_create((int)limit, limit < 4 ? 1 : (int)limit / 4);
    if (pending_signins->room == NULL || !index_table_init(&pending_signins->table, limit)) {
        signin_pending_table_destroy(pending_signins);
        return NULL;
    }
    return pending_signins;
}

static void forget_sealed(struct signin_pending *pending)
{
    free(pending->sealed);
    pending->sealed = NULL;
    pending->sealed_size = 0;
}

void signin_pending_free(struct signin_pending *pending)
{
    if (pending == NULL)
        return;
    forget_sealed(pending);
    buf_fini(&pending->page);
    OPENSSL_cleanse(pending, sizeof(*pending));
    free(pending);
}

void signin_pending_table_destroy(struct signin_pending_table *pending_signins)
{
    if (pending_signins == NULL)
        return;
    for (size_t i = 0; i < pending_signins->limit; i++)
        signin_pending_free(pending_signins->slots[i].pending);
    OPENSSL_cleanse(pending_signins->slots, pending_signins->limit * sizeof(struct slot));
    signin_room_destroy(pending_signins->room);
    index_table_fini(&pending_signins->table);
    pthread_mutex_destroy(&pending_signins->lock);
    free(pending_signins);
}

static bool slot_has(const void *slots, uint32_t at, const void *secret)
{
    return CRYPTO_memcmp(((const struct slot *)slots)[at].secret, secret,
                         SIGNIN_PENDING_SECRET_SIZE) == 0;
}

static uint64_t slot_hash(const void *slots, uint32_t at)
{
    return hash_text(((const struct slot *)slots)[at].secret);
}

/* With the lock. NULL: never was, or is over. */
static struct slot *pending_find_slot(struct signin_pending_table *pending_signins,
                                      const char *secret, int64_t now)
{
    int64_t at = index_table_find(&pending_signins->table, hash_text(secret), slot_has,
                                  pending_signins->slots, secret);
    return at != INDEX_TABLE_NONE && pending_signins->slots[at].until > now
               ? &pending_signins->slots[at]
               : NULL;
}

/* With the lock. Returns what lay in it, to be freed without the lock; NULL: somebody has taken
 * it. */
static struct signin_pending *pending_clear_slot(struct signin_pending_table *pending_signins,
                                                 int at)
{
    struct slot *slot = &pending_signins->slots[at];
    struct signin_pending *pending = slot->pending;
    index_table_remove(&pending_signins->table, hash_text(slot->secret), (uint32_t)at, slot_hash,
                       pending_signins->slots);
    signin_room_leave(pending_signins->room, at);
    OPENSSL_cleanse(slot, sizeof(*slot));
    return pending;
}

/* What had to go from the table, for who has given the lock back. */
struct gone {
    struct signin_pending *pending; /* NULL */
    char shelved[SIGNIN_PENDING_SECRET_SIZE];
};

/* With the lock. */
static struct gone pending_push_out(struct signin_pending_table *pending_signins, int at)
{
    struct gone gone = {.pending = NULL};
    if (pending_signins->slots[at].shelved)
        memcpy(gone.shelved, pending_signins->slots[at].secret, sizeof(gone.shelved));
    gone.pending = pending_clear_slot(pending_signins, at);
    return gone;
}

/* With the lock. Two that are over for each that begins: so none lies here much longer than its
 * time. */
static void clear_some(struct signin_pending_table *pending_signins, const char *site, int64_t now,
                       struct gone ret_old[3])
{
    int n = 0, at;
    while (n < 2 && (at = signin_room_oldest(pending_signins->room)) != ROOM_NONE &&
           pending_signins->slots[at].until <= now)
        ret_old[n++].pending = pending_clear_slot(pending_signins, at);
    at = signin_room_first_to_go(pending_signins->room, site);
    if (at != ROOM_NONE)
        ret_old[n] = pending_push_out(pending_signins, at);
}

struct signin_pending *signin_pending_begin(struct signin_pending_table *pending_signins,
                                            const char *address)
{
    struct signin_pending *pending = calloc(1, sizeof(*pending));
    struct gone old[3] = {{.pending = NULL}};
    uint8_t bytes[32];
    char text[48], site[64];
    struct rate_network networks[RATE_NETWORKS];
    if (pending == NULL)
        return NULL;
    ASSERT(RAND_priv_bytes(bytes, sizeof(bytes)) == 1);
    codec_base64_encode(CODEC_URL, bytes, sizeof(bytes), text);
    memcpy(pending->secret, text, SIGNIN_PENDING_SECRET_SIZE);
    int64_t now = clock_monotonic();
    pending->until = now + SIGNIN_PENDING_LIFE;
    /* the widest */
    str_copy(site, sizeof(site), networks[rate_networks(address, networks) - 1].key);
    lock_take(&pending_signins->lock);
    clear_some(pending_signins, site, now, old);
    int at = signin_room_enter(pending_signins->room, site);
    pending_signins->slots[at] = (struct slot){.until = pending->until};
    memcpy(pending_signins->slots[at].secret, pending->secret, SIGNIN_PENDING_SECRET_SIZE);
    index_table_put(&pending_signins->table, hash_text(pending->secret), (uint32_t)at);
    lock_release(&pending_signins->lock);
    for (size_t i = 0; i < sizeof(old) / sizeof(old[0]); i++) {
        signin_pending_free(old[i].pending);
        if (old[i].shelved[0] != '\0')
            signin_shelf_remove(pending_signins->shelf, old[i].shelved);
    }
    OPENSSL_cleanse(old, sizeof(old));
    return pending;
}

/* Of a shelf that does not answer nobody knows: as if another request worked on it, so that the
 * person tries again. */
static struct signin_pending *take_from_shelf(struct signin_pending_table *pending_signins,
                                              const char *secret, bool *ret_busy)
{
    struct signin_pending *pending = NULL;
    struct err err = {0};
    int r = pending_signins->shelf == NULL
                ? HEARTH_ERR_NOT_FOUND
                : signin_shelf_take(pending_signins->shelf, pending_signins->vault, secret,
                                    &pending, &err);
    *ret_busy = r < 0 && r != HEARTH_ERR_NOT_FOUND;
    if (pending != NULL && pending->until <= clock_monotonic()) {
        signin_pending_free(pending);
        pending = NULL;
    }
    return pending;
}

struct signin_pending *signin_pending_take(struct signin_pending_table *pending_signins,
                                           const char *secret, bool *ret_busy)
{
    char whole[SIGNIN_PENDING_SECRET_SIZE] = "";
    struct signin_pending *pending = NULL;
    *ret_busy = false;
    if (secret == NULL || strlen(secret) != SIGNIN_PENDING_SECRET_SIZE - 1)
        return NULL;
    memcpy(whole, secret, SIGNIN_PENDING_SECRET_SIZE);
    lock_take(&pending_signins->lock);
    struct slot *slot = pending_find_slot(pending_signins, whole, clock_monotonic());
    bool here = slot != NULL && !slot->shelved;
    if (here) {
        pending = slot->pending;
        slot->pending = NULL;
        *ret_busy = pending == NULL;
    }
    lock_release(&pending_signins->lock);
    if (!here)
        pending = take_from_shelf(pending_signins, whole, ret_busy);
    OPENSSL_cleanse(whole, sizeof(whole));
    return pending;
}

/* False: it has to lie here. Its place may be needed meanwhile, or be another process's. */
static bool put_on_shelf(struct signin_pending_table *pending_signins,
                         struct signin_pending *pending)
{
    struct err err = {0};
    bool began_here = !pending->shelved, is_here;
    if (pending_signins->shelf == NULL ||
        signin_shelf_put(pending_signins->shelf, pending_signins->vault, pending, &err) < 0)
        return false;
    lock_take(&pending_signins->lock);
    struct slot *slot = pending_find_slot(pending_signins, pending->secret, clock_monotonic());
    is_here = slot != NULL && slot->pending == NULL;
    if (is_here) {
        slot->shelved = true;
        if (pending->engaged)
            signin_room_set_worth(pending_signins->room, (int)(slot - pending_signins->slots));
    }
    lock_release(&pending_signins->lock);
    if (began_here && !is_here)
        signin_shelf_remove(pending_signins->shelf, pending->secret);
    signin_pending_free(pending);
    return true;
}

void signin_pending_put(struct signin_pending_table *pending_signins,
                        struct signin_pending *pending)
{
    if (put_on_shelf(pending_signins, pending))
        return;
    lock_take(&pending_signins->lock);
    struct slot *slot = pending_find_slot(pending_signins, pending->secret, clock_monotonic());
    bool kept = slot != NULL && slot->pending == NULL;
    if (kept) {
        slot->pending = pending;
        slot->shelved = false;
        if (pending->engaged)
            signin_room_set_worth(pending_signins->room, (int)(slot - pending_signins->slots));
    }
    lock_release(&pending_signins->lock);
    if (!kept) /* its time ran out meanwhile, or its place was needed */
        signin_pending_free(pending);
}

void signin_pending_drop(struct signin_pending_table *pending_signins,
                         struct signin_pending *pending)
{
    if (pending == NULL)
        return;
    if (pending->shelved)
        signin_shelf_remove(pending_signins->shelf, pending->secret);
    lock_take(&pending_signins->lock);
    struct slot *slot = pending_find_slot(pending_signins, pending->secret, clock_monotonic());
    if (slot != NULL && slot->pending == NULL)
        pending_clear_slot(pending_signins, (int)(slot - pending_signins->slots));
    lock_release(&pending_signins->lock);
    signin_pending_free(pending);
}

/* --- sealed --- */

static const char CONTEXT[] = "signin";

int signin_pending_seal_state(struct signin_pending_table *pending_signins,
                              struct signin_pending *pending, const void *state, size_t size,
                              struct err *err)
{
    void *sealed;
    size_t sealed_size;
    int r =
        auth_vault_seal(pending_signins->vault, CONTEXT, state, size, &sealed, &sealed_size, err);
    if (r < 0)
        return r;
    forget_sealed(pending);
    pending->sealed = sealed;
    pending->sealed_size = sealed_size;
    return 0;
}

int signin_pending_open_state(struct signin_pending_table *pending_signins,
                              const struct signin_pending *pending, void **ret_state,
                              size_t *ret_size, struct err *err)
{
    return auth_vault_unseal(pending_signins->vault, CONTEXT, pending->sealed, pending->sealed_size,
                             ret_state, ret_size, err);
}

/* email, uid, name, key as texts with their NUL, then the credentials. "" stands for NULL. */
int signin_pending_seal_identity(struct signin_pending_table *pending_signins,
                                 struct signin_pending *pending,
                                 const struct hearth_identity *identity, struct err *err)
{
    const char *texts[] = {identity->email, identity->uid, identity->name, identity->key};
    struct buf packed = {0};
    for (size_t i = 0; i < 4; i++)
        buf_add(&packed, texts[i] == NULL ? "" : texts[i],
                texts[i] == NULL ? 1 : strlen(texts[i]) + 1);
    buf_add(&packed, identity->credentials, identity->credentials_size);
    int r = buf_failed(&packed) ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                                : signin_pending_seal_state(pending_signins, pending, packed.data,
                                                            packed.size, err);
    if (packed.data != NULL)
        OPENSSL_cleanse(packed.data, packed.size);
    buf_fini(&packed);
    return r;
}

int signin_pending_open_identity(struct signin_pending_table *pending_signins,
                                 const struct signin_pending *pending,
                                 struct hearth_identity *ret_identity, void **ret_bytes,
                                 size_t *ret_size, struct err *err)
{
    void *bytes;
    size_t size, at = 0;
    const char *texts[4];
    int r = signin_pending_open_state(pending_signins, pending, &bytes, &size, err);
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

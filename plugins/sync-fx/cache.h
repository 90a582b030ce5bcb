/* What is remembered of accounts between pulls, in memory only: tokens, keys, meta/global.
 * Bounded; the one unused the longest goes first and is wiped. A lost entry costs a few
 * requests. */
#ifndef HEARTH_PLUGINS_SYNC_FX_CACHE_H
#define HEARTH_PLUGINS_SYNC_FX_CACHE_H

#include "credentials.h"
#include "keys.h"
#include "meta.h"

enum { FX_HAWK_ID_MAX = 1536, FX_HAWK_KEY_MAX = 256, FX_CACHE_ACCOUNTS = 4096 };

/* Of one account. Times: monotonic ms; 0: nothing there. */
struct fx_state {
    uint8_t credentials[16]; /* fingerprint of the credentials that all of this belongs to */
    char access_token[FX_TOKEN_MAX];
    int64_t access_until;
    char hawk_id[FX_HAWK_ID_MAX];
    char hawk_key[FX_HAWK_KEY_MAX];
    char endpoint[FX_URL_MAX]; /* with hawk_id; no trailing slash */
    int64_t uid;
    int64_t hawk_until;
    int64_t clock_offset; /* ms to add to our clock to get the server's */
    struct fx_meta meta;
    struct fx_keys keys;
    /* when records with a wrong HMAC last made us read the keys again */
    int64_t keys_refetched;
    int64_t configuration_until; /* info/configuration is known until then */
    int64_t max_payload;         /* from it: bytes of a record's payload; 0 unknown */
    /* bookmarks broke off the last pull: give the others a chance first */
    bool bookmarks_last;
    /* pulls in a row that gave the collection up because of damage */
    uint8_t too_damaged[FX_COLLECTIONS];
};

struct fx_cache;

struct fx_cache *fx_cache_create(size_t accounts); /* NULL: no memory */
void fx_cache_destroy(struct fx_cache *cache);     /* accepts NULL */
/* Copies the account's state, or zeroes; ret_ticket goes to fx_cache_put(). Any thread. */
void fx_cache_get(struct fx_cache *cache, const char *account, struct fx_state *ret_state,
                  uint64_t *ret_ticket);
/* Keeps a copy, unless an account was forgotten since the ticket was given. Any thread. */
void fx_cache_put(struct fx_cache *cache, const char *account, const struct fx_state *state,
                  uint64_t ticket);
void fx_cache_forget(struct fx_cache *cache, const char *account);
size_t fx_cache_count(struct fx_cache *cache);

#endif

/* hearth/draft/keys.h: keys of feeds, and webhooks. A draft: docs/plugins.md says what that means.
 *
 * Both are doors that a person made: a feed is read by whoever has its address, in which the secret
 * stands; a webhook is told of changes, and what it gets is signed with a secret. Of a feed's
 * secret only the hash is stored. That of a webhook is needed again, so it lies beside the record,
 * sealed by the core, as credentials do. Both go with their account, and an archive carries both,
 * as it does tokens and credentials: who moves to another node keeps them.
 *
 * Every operation is atomic by itself, may be called in an open batch, and belongs to no
 * generation. */
#ifndef HEARTH_DRAFT_KEYS_H
#define HEARTH_DRAFT_KEYS_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_ACCESS_KEY_SEALED_MAX 4096

enum hearth_access_key_kind { HEARTH_ACCESS_KEY_FEED = 1, HEARTH_ACCESS_KEY_WEBHOOK = 2 };

/* Which fields key_update() writes. */
enum hearth_access_key_field {
    HEARTH_ACCESS_KEY_NAME = 1 << 0,
    HEARTH_ACCESS_KEY_SCOPE = 1 << 1,
    HEARTH_ACCESS_KEY_URL = 1 << 2,
    HEARTH_ACCESS_KEY_EXPIRES = 1 << 3,
    HEARTH_ACCESS_KEY_PAUSED = 1 << 4,
    HEARTH_ACCESS_KEY_DELIVERY = 1 << 5 /* used, generation, failures, next, detail */
};

/* clang-format off */

#define HEARTH_ACCESS_KEY_FIELDS(X, T) \
    X(T, KEY,      TEXT, id,         1, HEARTH_ID_MAX,   "public") \
    X(T, ALWAYS,   TEXT, account,    1, 32,              "its account's id") \
    X(T, ALWAYS,   INT,  kind,       1, INT32_MAX,       "enum hearth_access_key_kind") \
    X(T, ALWAYS,   TEXT, name,       0, HEARTH_LINE_MAX, "as its person calls it") \
    X(T, ALWAYS,   HASH, hash,       32, 32,             "SHA-256 of the secret") \
    X(T, ALWAYS,   TEXT, scope,      0, HEARTH_LINE_MAX, \
      "what it shows or tells of: words of the core") \
    X(T, OPTIONAL, TEXT, url,        1, HEARTH_LINE_MAX, "webhooks: where it is told") \
    X(T, ALWAYS,   INT,  created,    0, HEARTH_TIME_MAX, "when it was made") \
    X(T, ALWAYS,   INT,  expires,    0, HEARTH_TIME_MAX, "0: never") \
    X(T, ALWAYS,   INT,  used,       0, HEARTH_TIME_MAX, \
      "read or told last, to within a minute; 0: never") \
    X(T, ALWAYS,   INT,  generation, 0, INT64_MAX, \
      "webhooks: of the account, up to which it was told") \
    X(T, ALWAYS,   INT,  failures,   0, INT64_MAX,       "of telling, in a row") \
    X(T, ALWAYS,   INT,  next,       0, HEARTH_TIME_MAX, \
      "when it is told again; 0: with the next change") \
    X(T, OPTIONAL, TEXT, detail,     1, HEARTH_LINE_MAX, "words for a person: why telling failed") \
    X(T, ALWAYS,   FLAG, paused,     0, 1, "1: by its person, or after too many failures")

#define HEARTH_ACCESS_KEY_RECORDS(R) \
    R(access_key, HEARTH_ACCESS_KEY_FIELDS)
/* clang-format on */

HEARTH_ACCESS_KEY_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_access_key_cb)(void *ctx, const struct hearth_access_key *key);

#define HEARTH_STORAGE_KEYS "hearth.storage.keys.draft/1"
struct hearth_storage_keys {
    uint32_t struct_size;
    uint32_t reserved;
    /* `sealed`: HEARTH_ACCESS_KEY_SEALED_MAX bytes at most; NULL: none. CONFLICT: id or hash are
     * there, in whatever account. NOT_FOUND: no such account. */
    int (*key_create)(void *handle, struct hearth_call *call, const struct hearth_access_key *key,
                      const void *sealed, size_t size);
    /* fields: enum hearth_access_key_field. NOT_FOUND: the account has no such key. */
    int (*key_update)(void *handle, struct hearth_call *call, const char *account,
                      const struct hearth_access_key *key, uint64_t fields);
    /* Whose secret it is; the one operation that is told no account. NOT_FOUND. */
    int (*key_by_hash)(void *handle, struct hearth_call *call, const uint8_t hash[32],
                       struct hearth_access_key *ret_key);
    /* NOT_FOUND. ret_sealed NULL: it has none. */
    int (*key_get)(void *handle, struct hearth_call *call, const char *account, const char *id,
                   struct hearth_access_key *ret_key, const void **ret_sealed, size_t *ret_size);
    /* Oldest first, ties by id. */
    int (*key_list)(void *handle, struct hearth_call *call, const char *account,
                    hearth_access_key_cb cb, void *ctx);
    /* Of all accounts, up to `limit` that are not paused, with 0 < next <= now: the longest due
     * first, ties by id. It leases nothing: the queue has one job of a kind for an account. */
    int (*key_due)(void *handle, struct hearth_call *call, int64_t now, int64_t limit,
                   hearth_access_key_cb cb, void *ctx);
    /* `used` goes up only. Missing is fine. */
    int (*key_used)(void *handle, struct hearth_call *call, const char *account, const char *id,
                    int64_t when);
    /* id NULL: all of the account. Missing is fine. */
    int (*key_remove)(void *handle, struct hearth_call *call, const char *account, const char *id);
};

#ifdef __cplusplus
}
#endif
#endif

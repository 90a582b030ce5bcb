/* hearth/draft/sync15.h: the store of a Sync service (storage 1.5 and its token service). A draft:
 * docs/plugins.md says what that means.
 *
 * It holds what browsers upload: envelopes that this server cannot open. It has nothing to do with
 * the accounts of storage.h but that a person may have both. Whatever is stored belongs to a user,
 * who is a number: a person (uid) with one key (client state) of theirs. A new key makes a new
 * user, empty, and the old one is replaced, to be removed some days later. Every operation names
 * the user (the token service the uid) whose rows it touches, and reaches no other's.
 *
 * Times here are hundredths of a second since 1970, but in struct hearth_sync15_user, which has
 * milliseconds as everywhere. A user has one clock. It shows the time of the last write, and every
 * write is later than each write before it: its time is the greater of now and the clock + 1,
 * whatever now (host->now_ms) says, also after everything was removed. Where that would be more
 * than HEARTH_SYNC15_AHEAD later than now, the write fails with UNAVAILABLE and says in
 * `retry_after` when now will have come near enough.
 *
 * Conditions. A write with `unmodified_since` >= 0 fails with CONFLICT, and a listing does, when
 * what it is about was modified later than that; what is not there was modified at 0. The check and
 * what follows it are one transaction. -1: no condition.
 *
 * Expired records and batches are there for nobody from that moment on: not read, not listed, not
 * counted, not in the way of a new one; expired_remove() takes their room back.
 *
 * Every operation is one transaction, readers see one moment and wait for no writer, and writes of
 * two users do not wait for each other but in a single_writer. verify() has a line for whatever is
 * wrong in a store. None is called in a handle whose batch (batch_begin) is open: INVALID. The
 * limits of texts are these and not those of hearth_limits; `payload` is longer than any text of
 * records.h. */
#ifndef HEARTH_DRAFT_SYNC15_H
#define HEARTH_DRAFT_SYNC15_H

#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

#define HEARTH_SYNC15_PAYLOAD_MAX 2621440
#define HEARTH_SYNC15_UNSORTED    (-1000000000) /* `sortindex` of a record that has none */
#define HEARTH_SYNC15_NO_TTL      (-1)          /* `ttl` of a record that never expires */
#define HEARTH_SYNC15_NEVER       INT64_MAX     /* `expires` of the same */
#define HEARTH_SYNC15_AHEAD       1000          /* the clock may be so far ahead of now */

/* Which fields of a record a write says: others stay, and those of a new record are "", UNSORTED,
 * NO_TTL. A write that says the ttl alone, or nothing, leaves the `modified` of a record that is
 * there; that of the collection changes always. */
enum hearth_sync15_said {
    HEARTH_SYNC15_PAYLOAD = 1 << 0,
    HEARTH_SYNC15_SORTINDEX = 1 << 1,
    HEARTH_SYNC15_TTL = 1 << 2
};

/* Which fields user_update() writes. */
enum hearth_sync15_user_field {
    HEARTH_SYNC15_GENERATION = 1 << 0,
    HEARTH_SYNC15_KEYS_CHANGED = 1 << 1,
    HEARTH_SYNC15_CLIENT_STATE = 1 << 2,
    HEARTH_SYNC15_REPLACED = 1 << 3,
    HEARTH_SYNC15_QUOTA = 1 << 4,
    HEARTH_SYNC15_NODE = 1 << 5
};

/* clang-format off */

/* Unique by number, and by uid and client state, also of those that were replaced. The current one
 * of a uid is that with the greatest generation, then the latest `created`, then the greatest
 * number. */
#define HEARTH_SYNC15_USER_FIELDS(X, T) \
    X(T, KEY,     INT,  number,          1, INT64_MAX, "made by the storage, never used again") \
    X(T, ALWAYS,  TEXT, uid,             1, HEARTH_KEY_MAX, \
      "of the person at the accounts server") \
    X(T, ALWAYS,  INT,  generation,      0, INT64_MAX, "the greatest that was seen; 0: none") \
    X(T, ALWAYS,  INT,  keys_changed_at, 0, INT64_MAX, "the greatest that was seen; 0: none") \
    X(T, ALWAYS,  TEXT, client_state,    0, HEARTH_ID_MAX,   "of the key, hex digits; \"\": none") \
    X(T, ALWAYS,  TEXT, node,            0, HEARTH_KEY_MAX,  "where its store is; \"\": here") \
    X(T, ALWAYS,  INT,  created,         0, HEARTH_TIME_MAX, "ms") \
    X(T, ALWAYS,  INT,  replaced,        0, HEARTH_TIME_MAX, "ms: another key came; 0: current") \
    X(T, ALWAYS,  INT,  used,            0, HEARTH_TIME_MAX, \
      "ms: its last request, to within an hour") \
    X(T, ALWAYS,  INT,  quota,           -1, INT64_MAX, \
      "bytes of payload; 0: as configured; -1: none") \
    X(T, DERIVED, INT,  modified,        0, INT64_MAX, "its clock; 0: nothing was written yet")

#define HEARTH_SYNC15_COLLECTION_FIELDS(X, T) \
    X(T, KEY,     TEXT, name,     1, 32,        "[A-Za-z0-9._-]") \
    X(T, DERIVED, INT,  modified, 0, INT64_MAX, "its last write") \
    X(T, DERIVED, INT,  records,  0, INT64_MAX, "how many it has") \
    X(T, DERIVED, INT,  bytes,    0, INT64_MAX, "of their payloads")

/* A "basic storage object". */
#define HEARTH_SYNC15_RECORD_FIELDS(X, T) \
    X(T, KEY,     TEXT, id,        1, HEARTH_ID_MAX,       "printable ASCII") \
    X(T, ALWAYS,  INT,  said,      0, INT64_MAX, "writes: enum hearth_sync15_said; read: all") \
    X(T, ALWAYS,  TEXT, payload,   0, HEARTH_SYNC15_PAYLOAD_MAX, "as it came") \
    X(T, ALWAYS,  INT,  sortindex, HEARTH_SYNC15_UNSORTED, 999999999, "or HEARTH_SYNC15_UNSORTED") \
    X(T, ALWAYS,  INT,  ttl,       HEARTH_SYNC15_NO_TTL, 999999999, \
      "writes: seconds from then; read: NO_TTL, see `expires`") \
    X(T, DERIVED, INT,  modified,  0, INT64_MAX, "of the write that said payload or sortindex") \
    X(T, DERIVED, INT,  expires,   0, HEARTH_SYNC15_NEVER, "or HEARTH_SYNC15_NEVER")

/* An upload in pieces. */
#define HEARTH_SYNC15_BATCH_FIELDS(X, T) \
    X(T, KEY,     TEXT, id,         1, HEARTH_ID_MAX, "made by the core, unique by user") \
    X(T, ALWAYS,  TEXT, collection, 1, 32,            "that it is for") \
    X(T, ALWAYS,  INT,  expires,    0, INT64_MAX,     "from then on it is not there") \
    X(T, DERIVED, INT,  records,    0, INT64_MAX,     "ids in it so far, each once") \
    X(T, DERIVED, INT,  bytes,      0, INT64_MAX,     "of their payloads")

#define HEARTH_SYNC15_RECORDS(R) \
    R(sync15_user,       HEARTH_SYNC15_USER_FIELDS) \
    R(sync15_collection, HEARTH_SYNC15_COLLECTION_FIELDS) \
    R(sync15_record,     HEARTH_SYNC15_RECORD_FIELDS) \
    R(sync15_batch,      HEARTH_SYNC15_BATCH_FIELDS)
/* clang-format on */

HEARTH_SYNC15_RECORDS(HEARTH_RECORD_DECLARE)

typedef int (*hearth_sync15_user_cb)(void *ctx, const struct hearth_sync15_user *user);
typedef int (*hearth_sync15_collection_cb)(void *ctx,
                                           const struct hearth_sync15_collection *collection);
typedef int (*hearth_sync15_record_cb)(void *ctx, const struct hearth_sync15_record *record);
/* Before the first row of a listing, of the same moment: when the collection was modified (0: there
 * is none), how many rows come, and whether more would come without the limit. Non-zero ends the
 * listing, as from every callback. */
typedef int (*hearth_sync15_begun_cb)(void *ctx, int64_t modified, int64_t count, bool more);

enum hearth_sync15_order {
    HEARTH_SYNC15_BY_ID = 0,   /* by bytes */
    HEARTH_SYNC15_NEWEST = 1,  /* greatest `modified` first, ties by greater id */
    HEARTH_SYNC15_OLDEST = 2,  /* least `modified` first, ties by id */
    HEARTH_SYNC15_BY_INDEX = 3 /* greatest `sortindex` first, UNSORTED last, ties by id */
};

struct hearth_sync15_query {
    uint32_t struct_size;
    int32_t order;          /* enum hearth_sync15_order */
    const char *const *ids; /* only these, 100 at most; NULL: all */
    size_t id_count;
    int64_t newer, older;     /* newer < modified < older; -1: open */
    int64_t limit;            /* -1: none */
    int64_t after_value;      /* go on after this row: its `modified` or `sortindex`, by order */
    const char *after_id;     /* its id; NULL: from the first */
    int64_t full;             /* 1: whole records; 0: id, modified and sortindex, payload "" */
    int64_t unmodified_since; /* of the collection */
};

/* What a write brings. */
struct hearth_sync15_write {
    uint32_t struct_size;
    uint32_t reserved;
    const struct hearth_sync15_record *records; /* HEARTH_AT; no two of one id */
    size_t count;                               /* 0: none; the collection is made and modified */
    int64_t unmodified_since; /* of the collection, or of the one record where `single` */
    int64_t single;           /* record_put: 1: the condition is about the one record */
    int64_t quota;            /* bytes of all payloads once they count; more: FULL. -1: none */
    int64_t most_records;     /* of a batch afterwards; more: INVALID. -1: no limit */
    int64_t most_bytes;       /* the same for the bytes of its payloads */
};

#define HEARTH_STORAGE_SYNC15 "hearth.storage.sync15.draft/1"
struct hearth_storage_sync15 {
    uint32_t struct_size;
    uint32_t reserved;

    /* --- users: what the token service asks --- */
    /* The current one of the person. NOT_FOUND. */
    int (*user_current)(void *handle, struct hearth_call *call, const char *uid,
                        struct hearth_sync15_user *ret_user);
    /* NOT_FOUND. */
    int (*user_get)(void *handle, struct hearth_call *call, int64_t user,
                    struct hearth_sync15_user *ret_user);
    /* In pieces. uid NULL: of all. By uid by bytes, the current one first, then as it would become
     * current; behind the user (after_uid, after_user); after_uid NULL: from the first. */
    int (*user_list)(void *handle, struct hearth_call *call, const char *uid, const char *after_uid,
                     int64_t after_user, hearth_sync15_user_cb cb, void *ctx);
    /* With a new number, which is also the answer. All others of the uid that are not replaced are,
     * at `created`, in the same transaction. CONFLICT: the person has or had that client state:
     * another request was first, or a browser has an old key. */
    int (*user_create)(void *handle, struct hearth_call *call,
                       const struct hearth_sync15_user *user, int64_t *ret_number);
    /* Both go up only: what is lower is left as it is. NOT_FOUND. */
    int (*user_raise)(void *handle, struct hearth_call *call, int64_t user, int64_t generation,
                      int64_t keys_changed_at);
    /* As an operator says, up or down. fields: enum hearth_sync15_user_field. NOT_FOUND. CONFLICT:
     * another one of the person has that client state. */
    int (*user_update)(void *handle, struct hearth_call *call,
                       const struct hearth_sync15_user *user, uint64_t fields);
    /* `used` goes up only. Missing is fine. */
    int (*user_used)(void *handle, struct hearth_call *call, int64_t user, int64_t when);
    /* With everything it has. Its number is remembered, and never used again. Missing is
     * fine. */
    int (*user_remove)(void *handle, struct hearth_call *call, int64_t user);
    /* The user goes on under a new number, with the whole store; the old one is remembered as
     * removed. After the restore of a backup: browsers may have seen later times than the store
     * has, and find out by the number alone. NOT_FOUND. */
    int (*user_renew)(void *handle, struct hearth_call *call, int64_t user, int64_t *ret_number);
    /* Removes up to `limit` users that were replaced before `before` (ms), the longest first. */
    int (*replaced_remove)(void *handle, struct hearth_call *call, int64_t before, int64_t limit,
                           int64_t *ret_removed);
    /* Makes a user of this number, as another server's token names it; one that is there stays.
     * Numbers made later are greater. CONFLICT: another number has that uid and client state.
     * DENIED: a user of that number was removed here, and a token outlived it. */
    int (*user_ensure)(void *handle, struct hearth_call *call,
                       const struct hearth_sync15_user *user);

    /* --- reading. A user that is not there has nothing. --- */
    /* When the store (collection NULL), the collection (id NULL) or the record was modified. 0: no
     * write yet, no such collection. A record that is not there: NOT_FOUND. */
    int (*modified)(void *handle, struct hearth_call *call, int64_t user, const char *collection,
                    const char *id, int64_t *ret_modified);
    /* By name by bytes; ret_modified: of the store, of the same moment. `counts`: records and bytes
     * are wanted; else they may be 0, and the answer must not cost a walk over records. */
    int (*collection_list)(void *handle, struct hearth_call *call, int64_t user, bool counts,
                           hearth_sync15_collection_cb cb, void *ctx, int64_t *ret_modified);
    /* Bytes of all payloads: what a quota is about. */
    int (*usage)(void *handle, struct hearth_call *call, int64_t user, int64_t *ret_bytes);
    /* NOT_FOUND. */
    int (*record_get)(void *handle, struct hearth_call *call, int64_t user, const char *collection,
                      const char *id, struct hearth_sync15_record *ret_record);
    /* All of one moment, however many, in bounded memory. CONFLICT before `begun` is called. */
    int (*record_list)(void *handle, struct hearth_call *call, int64_t user, const char *collection,
                       const struct hearth_sync15_query *query, hearth_sync15_begun_cb begun,
                       hearth_sync15_record_cb cb, void *ctx);

    /* --- writing. ret_modified: the time of the write, which is now that of the store and of the
     * collection, where it is still there. NOT_FOUND where not said otherwise: no such user. --- */
    /* Makes the collection where there is none; inserts, or changes what each record says. */
    int (*record_put)(void *handle, struct hearth_call *call, int64_t user, const char *collection,
                      const struct hearth_sync15_write *write, int64_t *ret_modified);
    /* The condition is about the record. NOT_FOUND: it is not there; then nothing is written. */
    int (*record_remove)(void *handle, struct hearth_call *call, int64_t user,
                         const char *collection, const char *id, int64_t unmodified_since,
                         int64_t *ret_modified);
    /* The condition is about the collection, which stays, also empty. Missing ids are fine. Where
     * there is no such collection none is made, and the time is the store's alone. */
    int (*record_remove_many)(void *handle, struct hearth_call *call, int64_t user,
                              const char *collection, const char *const *ids, size_t count,
                              int64_t unmodified_since, int64_t *ret_modified);
    /* With its name and its batches. Missing is fine, and a write too. */
    int (*collection_remove)(void *handle, struct hearth_call *call, int64_t user,
                             const char *collection, int64_t unmodified_since,
                             int64_t *ret_modified);
    /* All collections and batches; the condition is about the store. User and clock stay. */
    int (*store_remove)(void *handle, struct hearth_call *call, int64_t user,
                        int64_t unmodified_since, int64_t *ret_modified);

    /* --- uploads in pieces: before the commit nobody sees or counts one, and no clock moves --- */
    /* With its first records. Makes no collection, and no quota counts before the commit. CONFLICT:
     * the condition, or the id is there. */
    int (*upload_begin)(void *handle, struct hearth_call *call, int64_t user,
                        const struct hearth_sync15_batch *batch,
                        const struct hearth_sync15_write *write);
    /* These two: NOT_FOUND: unknown, expired, committed, another user's or another collection's. */
    int (*upload_get)(void *handle, struct hearth_call *call, int64_t user, const char *collection,
                      const char *batch, struct hearth_sync15_batch *ret_batch);
    /* Of a record that came before what is said now wins, field by field. */
    int (*upload_append)(void *handle, struct hearth_call *call, int64_t user,
                         const char *collection, const char *batch,
                         const struct hearth_sync15_write *write);
    /* With the last records, as one record_put() of all that came: one time, from which ttl counts.
     * NOT_FOUND as above. After a failure but UNCERTAIN the batch is as it was. */
    int (*upload_commit)(void *handle, struct hearth_call *call, int64_t user,
                         const char *collection, const char *batch,
                         const struct hearth_sync15_write *write, int64_t *ret_modified);

    /* --- for the operator --- */
    /* Removes up to `limit` records and batches of all users that have expired, in any order; no
     * clock and no `modified` moves. */
    int (*expired_remove)(void *handle, struct hearth_call *call, int64_t limit,
                          int64_t *ret_removed);
    /* A store that comes from elsewhere: the records as they are, with their `modified` and
     * `expires`; the collection gets `modified`, the clock the greatest that was seen. As often as
     * it takes, until restored() says that all is there: till then nothing else of the user's store
     * is read or written, UNAVAILABLE. CONFLICT: it was written to before. */
    int (*restore)(void *handle, struct hearth_call *call, int64_t user, const char *collection,
                   int64_t modified, const struct hearth_sync15_record *records, size_t count);
    int (*restored)(void *handle, struct hearth_call *call, int64_t user);
};

#ifdef __cplusplus
}
#endif
#endif

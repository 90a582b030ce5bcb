/* The plugin instance, its handles, and one pull: what the files of this folder share. */
#ifndef HEARTH_PLUGINS_SYNC_FX_FX_H
#define HEARTH_PLUGINS_SYNC_FX_FX_H

#include <pthread.h>
#include <stdatomic.h>

#include "answer.h"
#include "bso.h"
#include "cache.h"
#include "cursors.h"
#include "hearth/sync.h"
#include "messages.h"
#include "support/buf.h"

#define FX_SCOPE_SYNC "https://identity.mozilla.com/apps/oldsync"

/* What the accounts server's documents name. */
enum fx_endpoint {
    FX_TOKEN_ENDPOINT,
    FX_AUTHORIZATION_ENDPOINT,
    FX_PROFILE_ENDPOINT,
    FX_AUTH_SERVER,
    FX_ENDPOINTS
};

enum { FX_STORAGE_PATH = 2048 }; /* what is asked for, with query */

enum { FX_MAGIC = 0x5f780001, FX_HANDLE_MAGIC = 0x5f780002 };

struct fx_config {
    char accounts_url[FX_URL_MAX]; /* no trailing slash */
    char token_server[FX_URL_MAX]; /* complete, no trailing slash */
    char client_id[65];            /* "": not configured */
    char redirect_uri[FX_URL_MAX]; /* registered for the client id */
    char scopes[256], device_name[256];
    bool insecure_http, private_addresses, history;
    int page_size;
    uint32_t request_timeout; /* ms */
};

struct fx {
    uint32_t magic;
    const struct hearth_host *host;
    struct fx_config config;
    struct fx_cache *cache;
    pthread_mutex_t lock; /* guards what is discovered; a leaf */
    struct {
        char url[FX_URL_MAX];
        int64_t until; /* monotonic ms; 0: not yet known */
    } endpoints[FX_ENDPOINTS];
    atomic_bool old_accounts;         /* the accounts server knows Hawk alone */
    atomic_int_fast64_t clock_offset; /* ms to the accounts server's clock */
};

struct fx_handle {
    uint32_t magic;
    struct fx *fx;
    atomic_bool interrupted;
};

/* What steps of a pull return besides 0 and negative codes (the pull broke off; detail is set). */
enum fx_step {
    FX_END = 1,       /* the pull is over, the result is filled */
    FX_MOVED = 2,     /* the account lives elsewhere now: cursors are reset, begin again */
    FX_MODIFIED = 3,  /* 412 */
    FX_MISSING = 4,   /* 404 */
    FX_UNCHANGED = 5, /* 304 */
    FX_LEFT = 6,      /* this collection has to wait for the next run; p->left says why */
    FX_REKEYED = 7    /* the collection's key changed: read it whole */
};

/* Who is asked. */
enum fx_server { FX_SYNC_SERVER, FX_TOKEN_SERVER, FX_ACCOUNTS_SERVER };

/* What of a collection could not be read in this pull. */
struct fx_damage {
    int64_t records; /* that arrived, also damaged ones */
    int64_t damaged;
    /* damaged, and not asked for again: without an id, or beyond FX_FAILED_MAX */
    int64_t forgotten;
    int64_t unusable; /* sound, and of no use */
    const char *why;  /* the last of them; a constant */
};

/* One pull; on the heap, wiped at the end; used by one thread. */
struct fx_pull {
    struct fx *fx;
    struct fx_handle *handle;
    struct hearth_call *call;
    const struct hearth_host *host;
    const struct hearth_sync_sink *sink;
    struct hearth_pull_result *result;
    struct fx_credentials credentials;
    struct fx_state state; /* copy of the cache's entry; goes back at the end */
    struct fx_account_cursor account;
    struct fx_account_cursor stored_account; /* as the core has it */
    struct fx_collection_cursor cursors[FX_COLLECTIONS];
    struct fx_failed_list failed[FX_COLLECTIONS]; /* what arrived damaged: in the cursors */
    struct fx_damage damage[FX_COLLECTIONS];
    int64_t timestamps[FX_COLLECTIONS]; /* info/collections, centiseconds; 0: not on the server */
    int64_t info, meta_timestamp, keys_timestamp;
    /* a 401 of the storage server has cost a new token already */
    bool renewed;
    bool synced_before;                /* there is data of this account */
    bool alerted;                      /* X-Weave-Alert was logged */
    bool incomplete;                   /* something was left for the next run */
    int64_t soft_backoff;              /* X-Weave-Backoff: ms */
    int32_t open_collection, open_how; /* batch in the sink; 0: none */
    const struct hearth_message *left; /* why something was left behind; NULL: nothing */
    bool left_is_error;                /* it will not mend itself by the next run */
    /* why the last request did not get through: the host's words */
    char reason[256];
    bool logs_details; /* somebody looks at debug: see fx_log() */
    /* A request of storage_api.c that is under way: fx_storage_ahead(). */
    const struct hearth_host_ahead *sender; /* NULL: the host cannot */
    struct {
        void *exchange; /* NULL: none */
        char path[FX_STORAGE_PATH], endpoint[FX_URL_MAX];
        int64_t if_unmodified_since;
    } ahead;
};

/* --- log.c: what a pull decides, and why, for who looks at debug --- */

/* One sentence, without full stop. Never a title, an address, a key, a token. For each pull and
 * collection, not for each record. */
#define fx_log(p, ...) ((p)->logs_details ? fx_log_text((p), __VA_ARGS__) : (void)0)
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void fx_log_text(struct fx_pull *p, const char *format, ...);
/* why it waits for the next sync: p->left */
void fx_say_left(struct fx_pull *p, const char *what);
/* what info/collections answered */
void fx_log_timestamps(struct fx_pull *p);
/* bookmarks, history: what is read of it */
void fx_log_collection(struct fx_pull *p, int collection);
void fx_log_devices(struct fx_pull *p); /* whether clients and tabs are read */

/* --- result.c --- */

/* A copy for whoever reads the result. Not NULL: when memory is short it says that. */
const struct hearth_message *fx_message(struct fx_pull *p, struct hearth_sentence sentence);
/* Ends the pull with a state and a sentence. Returns FX_END. */
int fx_end(struct fx_pull *p, int state, struct hearth_sentence sentence);
/* The pull broke off: fills result and the call's error text. Returns code. */
int fx_break(struct fx_pull *p, int code, struct hearth_sentence sentence);
/* Ends the pull because of a status that no step knows how to handle: sentence and pauses from
 * section 5.5 of the protocol. path: what was asked for, "info/collections". Returns FX_END. */
int fx_end_status(struct fx_pull *p, enum fx_server server, const char *path,
                  const struct fx_answer *answer);
/* The same for faults of network and service, which pass by themselves. */
int fx_end_passing(struct fx_pull *p, struct hearth_sentence sentence);
/* The collection is given up until the next run; p->left says why. Returns FX_LEFT. */
int fx_leave(struct fx_pull *p, bool passing, struct hearth_sentence sentence);
/* The pull ends with what was left behind, because of this collection. Returns FX_END. */
int fx_end_left(struct fx_pull *p, int collection);
/* A server's wish for a pause, with up to 25 % on top, so that not all come back at once. */
int64_t fx_with_jitter(struct fx_pull *p, int64_t ms);
bool fx_stopping(struct fx_pull *p);

/* --- exchange.c --- */

/* Who says that the URL of a request is to be asked. */
enum fx_origin { FX_NAMED_BY_ACCOUNTS, FX_NAMED_BY_TOKEN_SERVER, FX_CONFIGURED };

struct fx_request {
    enum fx_server server;
    const char *what; /* "info/collections" */
    const char *method;
    const char *url;
    enum fx_origin origin;
    const struct hearth_http_header *headers;
    size_t header_count;
    const char *body;             /* NULL: none */
    uint64_t max_response;        /* 0: FX_SMALL_BODY */
    struct support_buf *ret_body; /* collects the body of a 200, NUL-terminated; or NULL */
    /* Instead of ret_body: gets the body of a 200 while it arrives. on_begin (or NULL) comes
     * first. Non-zero ends the exchange. */
    int (*on_begin)(void *ctx, const struct fx_answer *answer);
    int (*on_data)(void *ctx, const char *data, size_t size);
    void *ctx;
    void *ahead; /* of fx_exchange_ahead(): it was sent already; NULL */
};

enum { FX_SMALL_BODY = 1 << 20 };

/* One request to any server. 0 with the answer, whatever its status; a negative code with the
 * result filled; or what a callback returned. */
int fx_exchange(struct fx_pull *p, const struct fx_request *request, struct fx_answer *ret_answer);
/* Sends it before its turn comes, if the host can; NULL: it was not sent. */
void *fx_exchange_ahead(struct fx_pull *p, const struct fx_request *request);

/* --- discovery.c --- */

/* Where something of the accounts server is; known for a day. `anew`: what is known is wrong. 0,
 * FX_END, negative. */
int fx_discover(struct fx_pull *p, enum fx_endpoint endpoint, bool anew, char ret_url[FX_URL_MAX]);

/* --- oauth.c --- */

/* Makes p->state.access_token usable. `fresh`: the one that is there was refused. 0, FX_END,
 * negative. */
int fx_oauth_ensure(struct fx_pull *p, bool fresh);

/* --- token.c --- */

const char *fx_token_server(const struct fx_pull *p); /* the account's own, or the configured one */
/* Makes the Hawk credentials in p->state usable. `fresh`: get new ones in any case. 0, FX_MOVED
 * (cursors are reset), FX_END, negative. */
int fx_token_ensure(struct fx_pull *p, bool fresh);

/* --- storage_api.c --- */

struct fx_get {
    const char *path;          /* "info/collections", with query; encoded */
    int64_t if_modified_since; /* centiseconds; 0: none */
    int64_t if_unmodified_since;
    bool newlines;
    bool may_be_missing; /* whoever says 404: it is no part of every server */
    uint64_t max_response;
    struct support_buf *ret_body;
    int (*on_begin)(void *ctx, const struct fx_answer *answer);
    int (*on_data)(void *ctx, const char *data, size_t size);
    void *ctx;
};

/* A signed GET to the storage server: the only thing that is ever sent there. Renews
 * credentials, corrects the clock, takes no proxy's page for the server's word. 0 (status 200),
 * FX_UNCHANGED, FX_MODIFIED, FX_MISSING, FX_MOVED, FX_END, negative, or what a callback
 * returned. */
int fx_storage_get(struct fx_pull *p, const struct fx_get *get, struct fx_answer *ret_answer);
/* The next fx_storage_get() will be this one (path, conditions; no callbacks yet): it is sent now,
 * while an answer is still read. If another one comes, it was in vain. */
void fx_storage_ahead(struct fx_pull *p, const struct fx_get *get);
void fx_storage_drop_ahead(struct fx_pull *p); /* it is not wanted any more; there may be none */

/* --- account.c: info, meta/global, crypto/keys --- */

int fx_account_info(struct fx_pull *p); /* 0, FX_UNCHANGED, or as above */
int fx_account_configuration(struct fx_pull *p);
int fx_account_meta(struct fx_pull *p); /* applies changes of sync ids to the cursors */
int fx_account_keys(struct fx_pull *p);
/* Records had a wrong HMAC: reads crypto/keys again, at most once in ten minutes. ret_changed:
 * the key of `collection` is another now. */
int fx_account_refetch_keys(struct fx_pull *p, int collection, bool *ret_changed);
/* Stores the account's cursor if it differs from what the core has. */
int fx_account_store_cursor(struct fx_pull *p);
bool fx_account_wants(const struct fx_pull *p, int collection);
/* Forgets everything that was read from one place: all cursors, meta, keys. */
int fx_account_reset(struct fx_pull *p);

/* --- reader.c: one collection, page by page --- */

/* So many pulls in a row that gave a collection up because of damage: then what is sound of it
 * is used. */
enum { FX_PATIENCE = 3 };

struct fx_decoded;

/* What becomes of the records. Non-zero (negative) ends the reading with that code. */
struct fx_reader_ops {
    int (*take)(void *ctx, const struct fx_decoded *decoded);   /* FX_BSO_OK: decode.h */
    int (*damaged)(void *ctx, const char *id, const char *why); /* id may be NULL */
    int (*restart)(void *ctx);                                  /* forget all that was taken */
};

struct fx_reader {
    struct fx_pull *p;
    int collection;
    int64_t since;   /* centiseconds; 0: whole */
    const char *ids; /* NULL; or these records alone, percent-encoded, with commas */
    bool united;     /* whole, and what does not come stays all the same */
    /* record.h, on any thread; NULL: the records come as JSON */
    int (*translate)(struct fx_translate *t, const struct fx_record *record);
    const struct fx_reader_ops *ops;
    void *ctx;
    /* Results. */
    int64_t first_modified; /* X-Last-Modified of the first page */
    int64_t records;        /* that came, damaged ones too */
    int64_t damaged;        /* of these; `nameless` of them without a usable id */
    int64_t nameless;
    bool uncounted; /* an answer did not say how many records it has */
};

/* 0, FX_LEFT, FX_REKEYED (restart was not called), FX_MOVED, FX_END, negative. */
int fx_reader_run(struct fx_reader *reader);

/* --- refetch.c: what arrived damaged is asked for again --- */

/* Something of the collection is to be asked for now. */
bool fx_refetch_due(const struct fx_pull *p, int collection);
/* Asks for those of `failed` that are due and have not come in this pull, a hundred at a time,
 * into `ops`, which takes them off the list or notes them again; those that the server no longer
 * has are taken off. Returns as fx_reader_run(). */
int fx_refetch(struct fx_pull *p, int collection, struct fx_failed_list *failed,
               const struct fx_reader_ops *ops, void *ctx);
int64_t fx_now_s(const struct fx_pull *p);

/* --- devices.c, collection.c --- */

/* clients and tabs, together, whichever of them it is called for */
int fx_devices_run(struct fx_pull *p, int collection);
int fx_collection_run(struct fx_pull *p, int collection); /* bookmarks, history */
/* Those of them that arrived damaged and are due; after everything else. */
int fx_collection_ask_again(struct fx_pull *p, int collection);

/* What a collection's cursor will be when it is read up to `last_modified`. */
void fx_collection_cursor_make(const struct fx_pull *p, int collection, int64_t last_modified,
                               struct fx_collection_cursor *ret_cursor);
/* The server's collection is not as the cursor says. ret_whole: and has to be read whole;
 * ret_reset: because the cursor no longer holds. */
bool fx_collection_changed(const struct fx_pull *p, int collection, bool *ret_whole,
                           bool *ret_reset);
int fx_note_absent(struct fx_pull *p, int collection); /* the server has no such collection */
int fx_begin(struct fx_pull *p, int collection, int how);
/* Of the open collection. `failed` becomes the pull's own when it is stored, and is emptied. */
int fx_commit(struct fx_pull *p, const struct fx_collection_cursor *cursor,
              struct fx_failed_list *failed);
/* Gives up the open batch. Bookmarks read whole stay open, because committing nothing would
 * remove them all. */
int fx_abandon(struct fx_pull *p);

/* --- pull.c --- */

int fx_pull_run(struct fx_handle *handle, struct hearth_call *call, const struct hearth_pull *pull,
                struct hearth_pull_result *ret_result);

#endif

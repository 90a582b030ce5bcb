/* hearth/sync.h: operations of a sync plugin ("provider").
 *
 * A provider talks to a Sync service and hands normalised records to the core as they arrive;
 * the core merges and stores them. It keeps nothing on disk, and in memory no more than a page
 * of records for each running pull. It never writes to the user's Sync data. */
#ifndef HEARTH_SYNC_H
#define HEARTH_SYNC_H

#include "hearth/message.h"
#include "hearth/storage.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What providers hand over, said in tables as in records.h. Members that are lists stand before
 * the fields, so that both can grow. */
/* clang-format off */
#define HEARTH_PAGE_RECORD_FIELDS(X, T) \
    X(T, KEY,      TEXT, guid,        1, HEARTH_KEY_MAX,  "as on the server") \
    X(T, ALWAYS,   TEXT, url,         0, HEARTH_TEXT_MAX, "as the record says it") \
    X(T, OPTIONAL, TEXT, title,       0, HEARTH_TEXT_MAX, "NULL or \"\": none") \
    X(T, ALWAYS,   INT,  modified,    INT64_MIN, INT64_MAX, "server time")

#define HEARTH_BOOKMARK_RECORD_FIELDS(X, T) \
    X(T, KEY,      TEXT, guid,        1, HEARTH_KEY_MAX, \
      "as on the server: \"menu\", \"toolbar\", \"unfiled\", \"mobile\" for the roots") \
    X(T, ALWAYS,   INT,  kind,        1, 5,               "enum hearth_bookmark_kind") \
    X(T, OPTIONAL, TEXT, parent_guid, 0, HEARTH_KEY_MAX,  "as the record says it") \
    X(T, OPTIONAL, TEXT, title,       0, HEARTH_TEXT_MAX, "as the record says it") \
    X(T, OPTIONAL, TEXT, url,         0, HEARTH_TEXT_MAX, \
      "queries: the place: URL; livemarks: the site, else the feed") \
    X(T, OPTIONAL, TEXT, keyword,     0, HEARTH_TEXT_MAX, "that opens its URL") \
    X(T, OPTIONAL, TEXT, tag_query,   0, HEARTH_TEXT_MAX, "queries for a tag: its name") \
    X(T, ALWAYS,   INT,  added,       INT64_MIN, HEARTH_DATE_MAX, "0: not said") \
    X(T, ALWAYS,   INT,  modified,    INT64_MIN, HEARTH_DATE_MAX, "server time of the record")

/* R(name, TABLE), as HEARTH_RECORDS. */
#define HEARTH_SYNC_RECORDS(R) \
    R(page_record,     HEARTH_PAGE_RECORD_FIELDS) \
    R(bookmark_record, HEARTH_BOOKMARK_RECORD_FIELDS)
/* clang-format on */

/* A history record: the visits are not complete; the core unites them with what it has. */
struct hearth_page_record {
    uint32_t struct_size;
    uint32_t reserved;
    const struct hearth_visit *visits; /* HEARTH_AT; newest first */
    size_t visit_count;
    HEARTH_PAGE_RECORD_FIELDS(HEARTH_MEMBER, page_record)
};

struct hearth_bookmark_record {
    uint32_t struct_size;
    uint32_t reserved;
    const char *const *tags;
    size_t tag_count;
    const char *const *children; /* folders: ids in order, including ids that never came */
    size_t child_count;
    HEARTH_BOOKMARK_RECORD_FIELDS(HEARTH_MEMBER, bookmark_record)
};

enum hearth_sync_begin {
    HEARTH_INCREMENTAL = 0, /* what follows changed since the cursor */
    /* what follows is the whole collection: devices, tabs, bookmarks that do not come are gone.
     * History is united with what is stored, because a Sync server forgets */
    HEARTH_COMPLETE = 1,
    /* what follows is all that the source has, and it forgets nothing by itself (a browser's own
     * database): what does not come is gone, pages and visits too. Devices, tabs and bookmarks:
     * as COMPLETE. A page that comes in several records has the visits of all of them;
     * bookmarked pages stay without visits */
    HEARTH_SNAPSHOT = 2
};

/* Where records go: made by the core, used on the thread that runs pull(). Every function
 * returns 0, or a negative code that pull() must return. Between begin() and commit() records
 * are held outside of memory and seen by no reader; commit() stores them, the cursor and the new
 * generation as one atomic batch. Order: (begin records* (restart records*)* commit)*. A
 * collection that was begun and not committed when pull() returns is dropped. */
struct hearth_sync_sink {
    uint32_t struct_size;
    uint32_t reserved;
    void *ctx;
    /* enum hearth_collection, enum hearth_sync_begin */
    int (*begin)(void *ctx, int32_t collection, int32_t how);
    int (*device)(void *ctx, const struct hearth_device *device);
    /* in the order they should be shown */
    int (*tab)(void *ctx, const char *device, const struct hearth_tab *tab);
    /* Before or after its tabs, whose `group` is its id. */
    int (*tab_group)(void *ctx, const char *device, const struct hearth_tab_group *group);
    int (*page)(void *ctx, const struct hearth_page_record *record);
    int (*bookmark)(void *ctx, const struct hearth_bookmark_record *record);
    int (*removed)(void *ctx, const char *guid, int64_t modified); /* a tombstone */
    /* A record that arrived and could not be read. The core says so itself of one that breaks
     * its table (a text that is NULL or too long, a number outside). What is stored of `guid`
     * stays, also in a COMPLETE collection or a SNAPSHOT: the bookmark, the device, that
     * device's tabs and groups, the page with its visits; unless a readable record or a
     * tombstone of the same guid comes as well. NULL: nobody knows which record it was. A
     * COMPLETE collection (but for history) and a SNAPSHOT must then not be committed, because
     * the stored copy would count as gone: commit() refuses it with INVALID; restart, or leave
     * it uncommitted. */
    int (*damaged)(void *ctx, const char *guid, const char *why);
    int (*restart)(void *ctx); /* forget everything since begin() */
    /* `cursor`: opaque text, at most 65,536 bytes, handed to the next pull. NULL: keep. A commit
     * without records or cursor changes stores nothing and makes no new generation. */
    int (*commit)(void *ctx, const char *cursor);
    /* A cursor outside of a collection's batch: HEARTH_COLLECTION_NONE holds the account's own
     * (sync ids, server addresses). */
    int (*cursor)(void *ctx, int32_t collection, const char *cursor);
    /* Forget the cursors of all collections (or of one): the next pull reads them whole. Stored
     * records stay until then. */
    int (*reset)(void *ctx, int32_t collection);
    /* New credentials (a rotated refresh token): sealed and stored by the core at once. */
    int (*credentials)(void *ctx, const void *bytes, size_t size);
};

struct hearth_sync_cursor {
    uint32_t struct_size;
    int32_t collection;
    const char *text;
};

struct hearth_pull {
    uint32_t struct_size;
    uint32_t reserved;
    const char *account; /* id: key of whatever the provider caches in memory (tokens, bulk keys) */
    const char *email;
    const void *credentials; /* what account_import() or sign-in gave; plain */
    size_t credentials_size;
    const struct hearth_sync_cursor *cursors; /* HEARTH_AT */
    size_t cursor_count;
    const struct hearth_sync_sink *sink;
    int64_t last_sync; /* when one succeeded the last time, ms; 0: none has */
};

/* What came of a pull, also filled when it fails. */
struct hearth_pull_result {
    uint32_t struct_size;
    /* enum hearth_account_state: OK, WAITING (nothing is there yet), SIGNIN_NEEDED, ERROR */
    int32_t state;
    /* for the person, with the remedy; a remark, or NULL, when OK. A constant, or of the call */
    const struct hearth_message *message;
    int64_t account_backoff; /* no pull of this account before so many ms */
    int64_t host_backoff;    /* no pull from this service before so many ms */
    /* "name:port" of the storage server, for the back-off; "" unknown */
    char host[256];
    int64_t requests, bytes, records, damaged;
    /* With ERROR or a negative code: not zero when the fault is one of the network or of the
     * service, which passes by itself; the host then keeps trying at its ordinary pace instead
     * of growing its pauses for hours. */
    int32_t passing;
    int32_t reserved;
};

/* What an account is, as the provider knows it. */
struct hearth_identity {
    uint32_t struct_size;
    uint32_t reserved;
    /* email: proven to be the person's own; NULL where the source knows none (a file, a
     * browser's folder): then the operator says whose account it is. name may be NULL. */
    const char *email, *uid, *name;
    const void *credentials; /* to be sealed */
    size_t credentials_size;
    /* public id of the key that opens the account's data: another one means other data. NULL:
     * the provider has none */
    const char *key;
};

/* --- signing in --- */
/* A flow that ends with an identity (struct hearth_sync_signin). Each step says what to
 * show the person; what they answer goes to next() with the state of the step before. The host
 * keeps the state between two steps, sealed, for half an hour at most, and wipes it afterwards;
 * the provider keeps nothing.
 * Texts are for people without technical knowledge. Steps live in the call's arena.
 *
 *     start ──► ASK, VISIT, WAIT ──► next ──► … ──► DONE or FAILED
 *
 * A negative code (with the call's error text) is a fault of this server: the host may try the
 * same call again. What other servers and the person say no to is a step: ASK again with
 * `problem`, or FAILED. A provider never repeats an answer by itself that a server has refused,
 * and asks one server for one sign-in at a time. */
enum hearth_signin_method {
    HEARTH_SIGNIN_BROWSER = 1 << 0, /* on the accounts server's own pages */
    HEARTH_SIGNIN_PASSWORD = 1 << 1 /* the password is typed here */
};

enum hearth_signin_kind {
    HEARTH_SIGNIN_ASK = 1, /* show the fields; an answer for each of them */
    /* send the person to `url`. With `returns` their browser comes to the callback by itself,
     * and the one answer is "query": what it brought behind the "?". Else `fields` take what
     * they saw there */
    HEARTH_SIGNIN_VISIT = 2,
    /* for something the person does elsewhere: after `wait` ms call next() without an answer */
    HEARTH_SIGNIN_WAIT = 3,
    HEARTH_SIGNIN_DONE = 4,  /* `identity` is filled */
    HEARTH_SIGNIN_FAILED = 5 /* over. `text` says why and what to do, `reason` is for programs */
};

enum hearth_signin_input {
    HEARTH_SIGNIN_TEXT = 1,
    HEARTH_SIGNIN_SECRET = 2, /* a password: not shown while it is typed */
    HEARTH_SIGNIN_CODE = 3,   /* digits and letters, short */
    HEARTH_SIGNIN_ADDRESS = 4 /* a long address to be pasted */
};

struct hearth_signin_field {
    uint32_t struct_size;
    int32_t input;                      /* enum hearth_signin_input */
    const char *name;                   /* [a-z_]+ */
    const struct hearth_message *label; /* "Code from your authenticator app" */
    const struct hearth_message *hint;  /* NULL: none */
};

/* Something the person may do instead of answering: "Send the code again". Its answer is its
 * name with the value "1". */
struct hearth_signin_choice {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name; /* [a-z_]+ */
    const struct hearth_message *label;
};

struct hearth_signin_answer {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;  /* of a field or a choice */
    const char *value; /* at most 64 KiB; wiped by the host after the call */
};

/* What is known when it begins. */
struct hearth_signin {
    uint32_t struct_size;
    int32_t method;    /* one of enum hearth_signin_method */
    const char *email; /* as typed; NULL: not asked for (method BROWSER alone) */
    /* address at which the host takes browsers back; NULL: it cannot (a terminal) */
    const char *callback;
    /* under which the person finds this server in the account's list of devices; NULL: the
     * provider's default */
    const char *device_name;
};

struct hearth_signin_step {
    uint32_t struct_size;
    int32_t kind;                         /* enum hearth_signin_kind */
    const struct hearth_message *title;   /* "Enter the code" */
    const struct hearth_message *text;    /* one or more sentences; NULL */
    const struct hearth_message *problem; /* what was wrong with the last answer; NULL */
    /* FAILED: a stable word like "anti_bot_challenge"; NULL */
    const char *reason;
    const char *url;                          /* VISIT */
    const struct hearth_signin_field *fields; /* HEARTH_AT */
    size_t field_count;
    const struct hearth_signin_choice *choices; /* HEARTH_AT */
    size_t choice_count;
    /* WAIT, and FAILED when trying again makes sense only after so many ms: it is then not counted
     * as a wrong answer of the person's; 0: none */
    int64_t wait;
    uint64_t try_methods; /* FAILED: methods that may do better; enum hearth_signin_method */
    const void *state;    /* not DONE, not FAILED: for next(); at most 16 KiB */
    size_t state_size;
    int64_t returns;                        /* VISIT; 0 or 1 */
    const struct hearth_identity *identity; /* DONE */
};

struct hearth_sync {
    uint32_t struct_size;
    uint32_t reserved;
    int (*open)(const struct hearth_host *host, struct hearth_call *call,
                const struct hearth_config_value *values, void **ret_self);
    void (*close)(void *self);
    int (*handle_open)(void *self, struct hearth_call *call, void **ret_handle);
    void (*handle_close)(void *handle);
    void (*interrupt)(void *handle);
    /* Takes the text of an `account import` file, in whatever form the provider reads (JSON,
     * lines, the path of a folder; at most 64 KiB). INVALID with the name of the field or line
     * when something is missing or malformed. The result lives in the call's arena. */
    int (*account_import)(void *handle, struct hearth_call *call, const char *text,
                          struct hearth_identity *ret_identity);
    /* Brings one account up to date. 0: `ret_result` tells the state. A negative code: the pull
     * broke off; collections that were committed stay, `ret_result` says why in words and how
     * long to wait. */
    int (*pull)(void *handle, struct hearth_call *call, const struct hearth_pull *pull,
                struct hearth_pull_result *ret_result);
    /* Forgets what is cached in memory for an account (removed, imported anew, or for no reason
     * that concerns the provider: the next pull tells of it again). From any thread, also while
     * a pull runs; does not wait for anybody. */
    void (*forget)(void *self, const char *account);
};

/* The casts are C++'s; C does not mind them. */
#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wold-style-cast"
#endif

static inline const char *hearth_text_keep(const struct hearth_host *host, struct hearth_call *call,
                                           const char *text)
{
    size_t size = text == NULL ? 0 : strlen(text) + 1;
    char *copy = text == NULL ? NULL : (char *)host->alloc(call, size);
    return copy == NULL ? NULL : (const char *)memcpy(copy, text, size);
}

/* A copy in the call's memory, with all its texts: for a result or a step. NULL: memory is
 * short. */
static inline const struct hearth_message *hearth_message_keep(const struct hearth_host *host,
                                                               struct hearth_call *call,
                                                               const struct hearth_message *message)
{
    struct hearth_message *copy = (struct hearth_message *)host->alloc(call, sizeof(*copy));
    size_t count = message->parameter_count;
    struct hearth_message_parameter *parameters =
        (struct hearth_message_parameter *)host->alloc(call, (count + 1) * sizeof(*parameters));
    if (copy == NULL || parameters == NULL)
        return NULL;
    *copy = *message;
    copy->id = hearth_text_keep(host, call, message->id);
    copy->text = hearth_text_keep(host, call, message->text);
    copy->parameters = parameters;
    for (size_t i = 0; i < count; i++) {
        parameters[i] = message->parameters[i];
        parameters[i].name = hearth_text_keep(host, call, message->parameters[i].name);
        parameters[i].text = hearth_text_keep(host, call, message->parameters[i].text);
        if (parameters[i].name == NULL ||
            (parameters[i].text == NULL) != (message->parameters[i].text == NULL))
            return NULL;
    }
    return copy->id == NULL || copy->text == NULL ? NULL : copy;
}

#if defined(__cplusplus) && defined(__GNUC__)
#pragma GCC diagnostic pop
#endif

/* --- extensions: what a provider may have besides, asked for by name; see
 * hearth_plugin.extension --- */

/* Signing in. Without it accounts come by account_import() alone. */
#define HEARTH_SYNC_SIGNIN "hearth.sync.signin/1"
struct hearth_sync_signin {
    uint32_t struct_size;
    uint32_t reserved;
    /* enum hearth_signin_method: what this configuration can do, does not block */
    uint64_t (*methods)(void *self);
    int (*start)(void *handle, struct hearth_call *call, const struct hearth_signin *signin,
                 struct hearth_signin_step *ret_step);
    /* `state`: of the step before. `answers`: HEARTH_AT; their texts are the caller's; state and
     * answers are not kept. */
    int (*next)(void *handle, struct hearth_call *call, const void *state, size_t state_size,
                const struct hearth_signin_answer *answers, size_t count,
                struct hearth_signin_step *ret_step);
};

/* What credentials say of themselves, without asking anybody: uid and key; email, name NULL, no
 * credentials. Without it the host cannot tell whether a sign-in brought another key. */
#define HEARTH_SYNC_DESCRIBE "hearth.sync.describe/1"
struct hearth_sync_describe {
    uint32_t struct_size;
    uint32_t reserved;
    int (*describe)(void *handle, struct hearth_call *call, const void *credentials, size_t size,
                    struct hearth_identity *ret_identity);
};

/* Of the host: something has changed at the source of an account, now (a push message, a file
 * that was written). The account is synced soon; many calls are one sync, and one that comes
 * while a sync runs is another one after it. Not synced is an account that is paused, that needs
 * a sign-in, whose last sync failed (the schedule tries it again) or that is another section's.
 * From any thread between open() and close(), never blocks; what was not published when the
 * process ends is left to the schedule. A provider learns of accounts by pull(), and that one is
 * gone by forget(). NULL in a process that does not pull. */
#define HEARTH_HOST_CHANGES "hearth.host.changes/1"
struct hearth_host_changes {
    uint32_t struct_size;
    uint32_t reserved;
    void (*changed)(const struct hearth_host *host, const char *account);
};

/* Of the host: a request that is sent before its answer is wanted, so that a server works while the
 * plugin is busy with the answer before. NULL: this host has http_fetch() alone. */
#define HEARTH_HOST_AHEAD "hearth.host.ahead/1"
struct hearth_host_ahead {
    uint32_t struct_size;
    uint32_t reserved;
    /* Sends it and returns; nothing is called back. Errors are those of http_fetch() that are known
     * at once. The request is copied, but for `body`, which lives until the exchange ends. Its
     * timeout runs from here. From inside a callback of another exchange, too. The answer waits, a
     * part of it in memory and the rest at the server, and holds a connection: at most one at a
     * time for each call. */
    int (*begin)(const struct hearth_host *host, struct hearth_call *call,
                 const struct hearth_http_request *request, void **ret_exchange);
    /* Goes on as http_fetch() does, with the callbacks and `ctx` of this `request`, and returns as
     * http_fetch(). The exchange is gone then. */
    int (*finish)(const struct hearth_host *host, struct hearth_call *call, void *exchange,
                  const struct hearth_http_request *request);
    /* Nobody wants the answer. Each exchange is finished or cancelled before the operation that
     * began it returns, by the same thread. */
    void (*cancel)(const struct hearth_host *host, struct hearth_call *call, void *exchange);
};

#ifdef __cplusplus
}
#endif
#endif

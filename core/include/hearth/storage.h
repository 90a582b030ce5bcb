/* hearth/storage.h: the data model, and the operations of a storage plugin.
 *
 * The tables are typed because people query them. The plugin owns its physical schema; the core owns what the rows mean: it merges
 * records, repairs the bookmark tree, computes frecency, seals credentials. Nothing is searched in here: the core loads
 * pages_by_frecency() into blocks of its own.
 *
 * Every operation names the account whose rows it touches; no operation can reach another account's rows.
 *
 * Writes of synced data come as one batch for each collection: batch_begin() … batch_commit(). All of it is stored, or nothing. Readers
 * are never blocked by a batch, and see the state before it until the commit. At most one batch is open in a session; batches of one plugin
 * may wait for each other in batch_begin(). Everything else is atomic by itself, and does not wait for a batch of another session. What a
 * session writes besides while its own batch is open may be part of that batch, or be kept when it is aborted: nobody may count on either.
 */
#ifndef HEARTH_STORAGE_H
#define HEARTH_STORAGE_H

#include "hearth/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a field is added that must not vanish in an older plugin. */
#define HEARTH_DATA_MODEL 1

enum hearth_account_state {
    HEARTH_ACCOUNT_OK = 0,
    HEARTH_ACCOUNT_WAITING = 1,       /* signed in, but no Firefox has synced to the account yet */
    HEARTH_ACCOUNT_SIGNIN_NEEDED = 2, /* credentials are dead */
    HEARTH_ACCOUNT_PAUSED = 3,        /* by its person */
    HEARTH_ACCOUNT_ERROR = 4          /* the last sync failed; it is tried again */
};

enum hearth_collection {
    HEARTH_COLLECTION_NONE = 0, /* marks only: what concerns the whole account */
    HEARTH_CLIENTS = 1,         /* devices */
    HEARTH_TABS = 2,
    HEARTH_BOOKMARKS = 3,
    HEARTH_HISTORY = 4
};

enum hearth_bookmark_kind { HEARTH_BOOKMARK = 1, HEARTH_FOLDER = 2, HEARTH_SEPARATOR = 3, HEARTH_QUERY = 4, HEARTH_LIVEMARK = 5 };

struct hearth_account {
    uint32_t struct_size;
    int32_t state;            /* enum hearth_account_state */
    const char *id;           /* [a-z0-9]{1,32}, made by the core */
    const char *email;        /* unique without regard to ASCII case */
    const char *uid;          /* the provider's id of the person */
    const char *name;         /* NULL: none */
    const char *provider;     /* the name of the [sync NAME] section */
    const char *node;         /* "" on a single node */
    const char *state_detail; /* words for a person; NULL */
    int64_t created, last_sync, last_attempt, next_sync, last_seen;
    /* Grows by one with every batch that changes something. Read only, except in account_create. account_list() and account_claim_due()
     * need not know it, and say 0 then. */
    int64_t generation;
    int64_t failures; /* in a row */
    int64_t resync;   /* 1: the next sync fetches everything anew */
    /* abi_version 5. What decides which node of a fleet a newcomer goes to: the e-mail address at the time when the account was made, which
     * stays when the address changes. Written by account_create() alone (NULL: `email`). */
    const char *placement;
};

/* abi_version 5. A proof of who somebody is that opens an account: (issuer, subject) is unique in the database, an account may have
 * several.
 *
 *     issuer                  subject
 *     "sync:NAME"             hearth_account.uid at the provider of the section [sync NAME]
 *     "oidc:ISSUER"           `sub` at the OpenID provider that calls itself so
 *     "proxy"                 the name that a trusted proxy asserts, lower case in ASCII
 *
 * To a storage both are texts, compared byte by byte. issuer 1..1024 bytes, subject 1..1024 bytes. */
struct hearth_account_identity {
    uint32_t struct_size;
    uint32_t reserved;
    const char *issuer, *subject;
    int64_t created;
};

/* Which fields account_update() writes. */
enum hearth_account_field {
    HEARTH_ACCOUNT_STATE = 1 << 0, /* state and state_detail */
    HEARTH_ACCOUNT_NAME = 1 << 1,
    HEARTH_ACCOUNT_EMAIL = 1 << 2,
    HEARTH_ACCOUNT_UID = 1 << 3,
    HEARTH_ACCOUNT_NODE = 1 << 4,
    HEARTH_ACCOUNT_LAST_SYNC = 1 << 5,
    HEARTH_ACCOUNT_LAST_ATTEMPT = 1 << 6,
    HEARTH_ACCOUNT_NEXT_SYNC = 1 << 7, /* also gives up a claim */
    HEARTH_ACCOUNT_LAST_SEEN = 1 << 8,
    HEARTH_ACCOUNT_FAILURES = 1 << 9,
    HEARTH_ACCOUNT_RESYNC = 1 << 10,
    HEARTH_ACCOUNT_PROVIDER = 1 << 11 /* abi_version 5 */
};

struct hearth_counts {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t devices, tabs;
    int64_t bookmarks; /* kinds BOOKMARK, QUERY, LIVEMARK */
    int64_t folders;   /* without the roots */
    int64_t pages;     /* with at least one visit */
    int64_t visits;
    int64_t space; /* abi_version 5. Bytes on disk, with what an open batch of the session adds; 0: not known */
};

struct hearth_device {
    uint32_t struct_size;
    uint32_t reserved;
    const char *id; /* the record's id: joins tabs */
    const char *name;
    const char *type;          /* desktop, mobile, tablet, tv, vr, unknown */
    const char *os;            /* NULL */
    const char *version;       /* NULL */
    const char *fxa_device_id; /* NULL */
    int64_t last_upload;       /* server time of its newest record in clients or tabs */
};

struct hearth_tab {
    uint32_t struct_size;
    int32_t position;  /* 0 …: the order as uploaded. Set by the storage plugin's caller */
    const char *title; /* "" possible */
    const char *url;
    const char *icon;  /* NULL */
    const char *group; /* name of its tab group; NULL */
    int64_t last_used;
    bool inactive, pinned;
};

struct hearth_visit {
    int64_t date; /* ms; (page, date, type) is unique */
    int32_t type; /* 1 … 9 */
    int32_t reserved;
};

/* A page is one URL of an account. Its id is made by the core (from the URL), positive, the same on every backend. */
struct hearth_page {
    uint32_t struct_size;
    uint32_t bookmarks; /* how many bookmarks have its URL */
    int64_t id;
    const char *url;
    const char *host;           /* lower case, without port; "" */
    const char *guid;           /* of the newest history record; NULL: no history */
    const char *title;          /* from history; NULL */
    const char *bookmark_title; /* of its newest bookmark; NULL when it has none */
    const char *tags;           /* joined by ","; NULL */
    int64_t frecency;
    int64_t visit_count; /* as Firefox counts: without types 4, 7, 8, 9 */
    int64_t last_visit;
    int64_t bookmark_added; /* newest of its bookmarks; 0 */
    bool typed, hidden;
    bool gone;          /* pages_changed() only: the page was removed; only id and generation are set */
    int64_t generation; /* of its last change. Set by the plugin from the batch */
};

struct hearth_bookmark {
    uint32_t struct_size;
    int32_t kind; /* enum hearth_bookmark_kind */
    const char *guid;
    const char *parent;      /* where the repaired tree has it; NULL: the root itself, or not yet placed */
    const char *said_parent; /* as its record says; NULL */
    const char *title;       /* NULL */
    const char *url;         /* NULL */
    const char *keyword;     /* NULL */
    const char *tag_query;   /* NULL */
    const char *tags;        /* joined by "\n", in the record's order; NULL */
    int64_t page;            /* id of the page of its URL; 0: none */
    int64_t position;        /* in parent */
    int64_t added, modified;
    /* Filled by the plugin on reading. */
    int64_t children;                /* folders: how many are placed in it */
    int64_t last_visit, visit_count; /* of its page; 0 */
};

/* What the repair of the tree needs of a bookmark; see core/model. */
struct hearth_bookmark_node {
    uint32_t struct_size;
    int32_t kind;
    const char *guid, *said_parent, *parent;
    int64_t position, added, modified;
};

struct hearth_visit_row {
    uint32_t struct_size;
    int32_t type;
    int64_t date, page;
    const char *url, *title; /* title: history's, else the bookmark's, else NULL */
    bool bookmarked;
};

/* Newest first, ties by greater page, then greater type. */
struct hearth_visit_query {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t from, to;               /* from <= date < to; 0: open */
    const char *host;               /* exactly this host; NULL: any */
    int64_t after_date, after_page; /* go on after this row; after_date 0: from the newest */
    int64_t after_type;
};

enum hearth_bookmark_order {
    HEARTH_BY_POSITION = 0, /* in `parent` */
    HEARTH_BY_ADDED = 1,    /* kinds BOOKMARK, QUERY, LIVEMARK; newest first, ties by greater guid */
    HEARTH_BY_TAG = 2       /* with `tag`; the order of BY_ADDED */
};

struct hearth_bookmark_query {
    uint32_t struct_size;
    int32_t order;            /* enum hearth_bookmark_order */
    const char *parent, *tag; /* tag: compared without regard to case, as Firefox folds it */
    int64_t after;            /* BY_POSITION: the position, -1: from the first; else: `added` of the last row, 0: from the first */
    const char *after_guid;   /* else: its guid; NULL */
};

/* What a secret that was given out is good for. To a storage it is a number. */
enum hearth_token_scope {
    HEARTH_TOKEN_FULL = 0,    /* API token */
    HEARTH_TOKEN_READ = 1,    /* API token that changes nothing */
    HEARTH_TOKEN_BROWSER = 2, /* a signed-in browser */
    HEARTH_TOKEN_LINK = 3,    /* a sign-in link that was not followed yet */
    HEARTH_TOKEN_CODE = 4,    /* the short code that goes with it */
    HEARTH_TOKEN_FRESH = 5    /* somebody showed a moment ago who they are */
};

struct hearth_token {
    uint32_t struct_size;
    uint32_t scope; /* enum hearth_token_scope */
    const char *id; /* public */
    const char *account;
    const char *name;
    const uint8_t *hash;                 /* SHA-256 of the secret: 32 bytes */
    int64_t created, last_used, expires; /* expires 0: never */
};

/* What a person picked for what was typed (adaptive history). */
struct hearth_pick {
    uint32_t struct_size;
    uint32_t reserved;
    const char *input; /* folded */
    int64_t page;
    double use_count; /* as of `used`; 0 forgets the pick */
    int64_t used;
};

typedef int (*hearth_account_cb)(void *ctx, const struct hearth_account *account);
typedef int (*hearth_mark_cb)(void *ctx, int32_t collection, const char *text);
typedef int (*hearth_device_cb)(void *ctx, const struct hearth_device *device, int64_t tabs);
typedef int (*hearth_tab_cb)(void *ctx, const char *device, const struct hearth_tab *tab);
typedef int (*hearth_page_cb)(void *ctx, const struct hearth_page *page);
typedef int (*hearth_visit_cb)(void *ctx, const struct hearth_visit *visit);
typedef int (*hearth_visit_row_cb)(void *ctx, const struct hearth_visit_row *row);
typedef int (*hearth_bookmark_cb)(void *ctx, const struct hearth_bookmark *bookmark);
typedef int (*hearth_bookmark_node_cb)(void *ctx, const struct hearth_bookmark_node *node);
typedef int (*hearth_claim_cb)(void *ctx, const char *folder, int64_t position, const char *child);
typedef int (*hearth_tag_cb)(void *ctx, const char *tag, int64_t count);
typedef int (*hearth_token_cb)(void *ctx, const struct hearth_token *token);
typedef int (*hearth_pick_cb)(void *ctx, const struct hearth_pick *pick);
typedef int (*hearth_text_cb)(void *ctx, const char *line);
typedef int (*hearth_account_identity_cb)(void *ctx, const struct hearth_account_identity *identity);
typedef int (*hearth_page_visit_cb)(void *ctx, int64_t page, const struct hearth_visit *visit);

struct hearth_storage {
    uint32_t struct_size;
    uint32_t reserved;

    /* --- life ------------------------------------------------------------------------------------------------------------------ */
    /* `values` as declared; valid until close(). Makes an empty database if there is none and the host says may_create (NOT_FOUND else,
     * and nothing is made); does not migrate. */
    int (*open)(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self);
    void (*close)(void *self); /* after every session was closed; accepts NULL */
    int (*session_open)(void *self, struct hearth_call *call, void **ret_session);
    void (*session_close)(void *session); /* aborts an open batch */
    /* From any thread; never blocks. The operation that runs in the session ends soon with CANCELLED, without it nothing happens. Every
     * operation ends by its deadline and by an interrupt even when the other side has stopped; session_close() waits for nobody. */
    void (*interrupt)(void *session);
    /* Can the database be read and written? It must find out, by writing something small that nobody waits for (in a batch: by reading),
     * and waits for no batch of others. UNAVAILABLE, TIMEOUT: it does not answer, and the host asks it for nothing until a ping succeeds.
     * Any other error says in words why it cannot be written: FULL, DENIED (read-only), CORRUPT, IO (missing, replaced, failing); reading
     * goes on then. Called twice a second while the storage is used. */
    int (*ping)(void *session, struct hearth_call *call);
    /* Physical schema: what the database has (0: empty) and what the plugin wants. */
    int (*schema_version)(void *session, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants);
    /* Brings the schema up, under a lock of the backend, one transaction for each step. Nothing to do is a success. */
    int (*migrate)(void *session, struct hearth_call *call);
    /* Checks the database and the rules between its tables; a line for each thing found. 0 lines: sound. */
    int (*verify)(void *session, struct hearth_call *call, hearth_text_cb cb, void *ctx);
    /* A consistent copy into a new file while everything goes on, checked: CORRUPT, and no file, when the database is damaged. Each account
     * is copied as of one moment, no earlier than its credentials and tokens; different accounts may be of different moments. CONFLICT when
     * `path` exists; UNSUPPORTED where the backend has tools of its own for that (the text names them). */
    int (*backup)(void *session, struct hearth_call *call, const char *path);

    /* --- accounts ---------------------------------------------------------------------------------------------------------------- */
    /* CONFLICT: id, email, or the identity {"sync:" provider, uid}, which is made with it (none when uid is ""). All or nothing. */
    int (*account_create)(void *session, struct hearth_call *call, const struct hearth_account *account);
    int (*account_update)(void *session, struct hearth_call *call, const struct hearth_account *account, uint64_t fields);
    int (*account_get)(void *session, struct hearth_call *call, const char *account, struct hearth_account *ret_account);
    int (*account_by_email)(void *session, struct hearth_call *call, const char *email, struct hearth_account *ret_account);
    int (*account_list)(void *session, struct hearth_call *call, hearth_account_cb cb, void *ctx); /* by email */
    int (*account_remove)(void *session, struct hearth_call *call, const char *account);           /* with every row it has */
    /* Claims up to `limit` accounts with 0 < next_sync <= now that nobody has claimed (or whose claim ran out), the longest due first,
     * until `claimed_until`. Atomic over all processes: two schedulers never get the same one. With now INT64_MAX and claimed_until 1 it
     * gives up every claim there is: so a process begins whose queue was lost with the one before. */
    int (*account_claim_due)(void *session, struct hearth_call *call, int64_t now, int64_t claimed_until, int64_t limit,
                             hearth_account_cb cb, void *ctx);
    int (*counts)(void *session, struct hearth_call *call, const char *account, struct hearth_counts *ret_counts);
    int (*credentials_put)(void *session, struct hearth_call *call, const char *account, const void *sealed, size_t size);
    int (*credentials_get)(void *session, struct hearth_call *call, const char *account, const void **ret_sealed, size_t *ret_size);
    int (*settings_put)(void *session, struct hearth_call *call, const char *account, const char *json);
    int (*settings_get)(void *session, struct hearth_call *call, const char *account, const char **ret_json); /* NOT_FOUND */

    /* --- tokens ------------------------------------------------------------------------------------------------------------------ */
    int (*token_create)(void *session, struct hearth_call *call, const struct hearth_token *token);
    int (*token_by_hash)(void *session, struct hearth_call *call, const uint8_t hash[32], struct hearth_token *ret_token);
    int (*token_list)(void *session, struct hearth_call *call, const char *account, hearth_token_cb cb, void *ctx); /* oldest first */
    int (*token_remove)(void *session, struct hearth_call *call, const char *account, const char *id);
    int (*token_used)(void *session, struct hearth_call *call, const char *account, const char *id, int64_t when);

    /* --- adaptive history -------------------------------------------------------------------------------------------------------- */
    int (*pick_put)(void *session, struct hearth_call *call, const char *account,
                    const struct hearth_pick *pick); /* (input, page) unique. use_count 0: removes it; missing is fine */
    int (*pick_list)(void *session, struct hearth_call *call, const char *account, hearth_pick_cb cb, void *ctx);

    /* --- batches ----------------------------------------------------------------------------------------------------------------- */
    /* NOT_FOUND when the account is gone. ret_generation: the number that everything written in the batch gets; it becomes the account's
     * at a commit with `changed`. */
    int (*batch_begin)(void *session, struct hearth_call *call, const char *account, int32_t collection, int64_t *ret_generation);
    /* UNCERTAIN: the connection broke at the commit. Every batch of the core can be repeated. */
    int (*batch_commit)(void *session, struct hearth_call *call, bool changed);
    void (*batch_abort)(void *session); /* no batch open: does nothing */

    /* In a batch. Reads see what the batch has written. */
    int (*mark_put)(void *session, struct hearth_call *call, int32_t collection, const char *text); /* NULL removes */
    int (*device_put)(void *session, struct hearth_call *call, const struct hearth_device *device);
    int (*device_remove)(void *session, struct hearth_call *call, const char *device); /* its tabs too; missing is fine */
    int (*tab_put)(void *session, struct hearth_call *call, const char *device,
                   const struct hearth_tab *tab);                                   /* (device, position) unique */
    int (*tabs_clear)(void *session, struct hearth_call *call, const char *device); /* NULL: of all devices */

    int (*page_put)(void *session, struct hearth_call *call, const struct hearth_page *page); /* inserts or replaces by id */
    int (*page_remove)(void *session, struct hearth_call *call, int64_t page); /* visits and guids too; remembered for pages_changed */
    int (*page_by_guid)(void *session, struct hearth_call *call, const char *guid, int64_t *ret_page); /* every guid ever joined to it */
    int (*page_guid_put)(void *session, struct hearth_call *call, const char *guid, int64_t page);
    int (*visits_put)(void *session, struct hearth_call *call, int64_t page, const struct hearth_visit *visits, size_t count,
                      int64_t *ret_added); /* existing ones are left alone */
    int (*visits_remove)(void *session, struct hearth_call *call, int64_t page);

    int (*bookmark_put)(void *session, struct hearth_call *call,
                        const struct hearth_bookmark *bookmark);                       /* keeps parent, position when NULL */
    int (*bookmark_remove)(void *session, struct hearth_call *call, const char *guid); /* its claims too; remembered as a tombstone */
    int (*bookmark_clear)(void *session, struct hearth_call *call);                    /* all, with claims and tombstones */
    int (*bookmark_claims_put)(void *session, struct hearth_call *call, const char *folder, const char *const *children, size_t count);
    int (*bookmark_place)(void *session, struct hearth_call *call, const char *guid, const char *parent, int64_t position);

    /* --- reading, inside or outside of a batch ------------------------------------------------------------------------------------ */
    int (*mark_list)(void *session, struct hearth_call *call, const char *account, hearth_mark_cb cb, void *ctx);
    int (*device_list)(void *session, struct hearth_call *call, const char *account, hearth_device_cb cb,
                       void *ctx); /* newest upload first */
    int (*tab_list)(void *session, struct hearth_call *call, const char *account, const char *device, hearth_tab_cb cb, void *ctx);
    /* device NULL: all. By device, then newest last_used first, ties by position. */
    int (*page_get)(void *session, struct hearth_call *call, const char *account, int64_t page, struct hearth_page *ret_page);
    int (*page_visits)(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_visit_cb cb,
                       void *ctx); /* newest first */
    /* frecency greatest first, ties by greater id; all pages, url, titles, tags, flags; one ordered scan that a person's typing waits for.
     */
    int (*pages_by_frecency)(void *session, struct hearth_call *call, const char *account, hearth_page_cb cb, void *ctx);
    /* Changed or removed after generation `since`, in any order. NOT_FOUND: the plugin no longer knows (load anew). */
    int (*pages_changed)(void *session, struct hearth_call *call, const char *account, int64_t since, hearth_page_cb cb, void *ctx);
    int (*visit_list)(void *session, struct hearth_call *call, const char *account, const struct hearth_visit_query *query,
                      hearth_visit_row_cb cb, void *ctx); /* without hidden pages */
    /* The same rows, date and page only, read from an index. */
    int (*visit_dates)(void *session, struct hearth_call *call, const char *account, int64_t from, int64_t to, hearth_visit_row_cb cb,
                       void *ctx);
    int (*bookmark_get)(void *session, struct hearth_call *call, const char *account, const char *guid,
                        struct hearth_bookmark *ret_bookmark);
    int (*bookmark_list)(void *session, struct hearth_call *call, const char *account, const struct hearth_bookmark_query *query,
                         hearth_bookmark_cb cb, void *ctx);
    int (*bookmarks_of_page)(void *session, struct hearth_call *call, const char *account, int64_t page, hearth_bookmark_cb cb, void *ctx);
    int (*bookmark_nodes)(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx);
    int (*bookmark_tombstones)(void *session, struct hearth_call *call, const char *account, hearth_bookmark_node_cb cb, void *ctx);
    /* guid, and parent: where it was when it was removed */
    int (*bookmark_claims)(void *session, struct hearth_call *call, const char *account, hearth_claim_cb cb,
                           void *ctx);                                                                          /* by folder, position */
    int (*tag_list)(void *session, struct hearth_call *call, const char *account, hearth_tag_cb cb, void *ctx); /* by name, folded */
    /* Optional (abi_version 2): what page_get() says of each, in any order, without those that are not there; each id comes once. For
     * backends that are far away: a search shows twenty pages. Without it the host calls page_get(). */
    int (*pages_get)(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count, hearth_page_cb cb,
                     void *ctx);
    /* Optional (abi_version 4): what page_visits() says of each page, hidden ones too, in any order of pages and visits; each id comes
     * once. The core keeps visits in memory and asks for those of the pages that a sync has changed. Without it the host calls
     * page_visits(). */
    int (*visits_of_pages)(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count,
                           hearth_page_visit_cb cb, void *ctx);
    /* Optional (abi_version 4): what bookmarks_of_page() says of each page, in any order of pages, those of one page in its order; each
     * id comes once. Without it the host calls bookmarks_of_page(). */
    int (*bookmarks_of_pages)(void *session, struct hearth_call *call, const char *account, const int64_t *pages, size_t count,
                              hearth_bookmark_cb cb, void *ctx);
    /* Optional (abi_version 4): the way back from backup(): checks the copy at `path`, and puts it where open() with the same `values`
     * finds its database. No instance may be open, in no process: CONFLICT if one is seen, and when there is a database with accounts and
     * not `replace`; with it, what is there is put aside under another name, which a line says. CORRUPT: the copy is damaged; nothing was
     * changed. Ended at any moment, the next open() finds the old database or the restored one. Without it the backend has tools of its
     * own. */
    int (*restore)(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, const char *path,
                   bool replace, hearth_text_cb cb, void *ctx);

    /* --- who is who (abi_version 5; the host works with no storage that lacks one of them) ------------------------------------------ */
    /* Identities go with their account when it is removed. CONFLICT: it is another account's. One that is there already is left alone. */
    int (*identity_put)(void *session, struct hearth_call *call, const char *account, const struct hearth_account_identity *identity);
    int (*identity_remove)(void *session, struct hearth_call *call, const char *account, const char *issuer, const char *subject);
    int (*identity_list)(void *session, struct hearth_call *call, const char *account, hearth_account_identity_cb cb,
                         void *ctx); /* by issuer, then subject */
    int (*account_by_identity)(void *session, struct hearth_call *call, const char *issuer, const char *subject,
                               struct hearth_account *ret_account);
    /* What is known of the database as a whole, by name ([a-z_]{1,64}): texts of up to 4,096 bytes that outlive every account. put without
     * `replace` makes it: CONFLICT when it is there. */
    int (*property_put)(void *session, struct hearth_call *call, const char *name, const char *text, bool replace);
    int (*property_get)(void *session, struct hearth_call *call, const char *name, const char **ret_text); /* NOT_FOUND */
};

#ifdef __cplusplus
}
#endif
#endif

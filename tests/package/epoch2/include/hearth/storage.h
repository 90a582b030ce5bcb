/* hearth/storage.h: the data model, and the operations of a storage plugin.
 *
 * What a record has is said in records.h. The tables are typed because people query them. The
 * plugin owns its physical schema; the core owns what the rows mean: it merges records, repairs
 * the bookmark tree, computes frecency, seals credentials. Nothing is searched in here: the core
 * loads pages_by_frecency() into blocks of its own.
 *
 * Every operation names the account whose rows it touches; no operation can reach another
 * account's rows.
 *
 * Writes of synced data come as one batch for each collection: batch_begin() … batch_commit().
 * All of it is stored, or nothing. Readers are never blocked by a batch, and see the state
 * before it until the commit. At most one batch is open in a handle; batches of one plugin may
 * wait for each other in batch_begin(). Everything else is atomic by itself, and does not wait
 * for a batch of another handle. What a handle writes besides while its own batch is open may be
 * part of that batch, or be kept when it is aborted: nobody may count on either. */
#ifndef HEARTH_STORAGE_H
#define HEARTH_STORAGE_H

#include "hearth/plugin.h"
#include "hearth/push.h" /* and records.h */

#ifdef __cplusplus
extern "C" {
#endif

/* Grows when a field is added that must not vanish in an older plugin. */
#define HEARTH_DATA_MODEL 2

enum hearth_account_state {
    HEARTH_ACCOUNT_OK = 0,
    /* known, but nothing is there yet: no Firefox has synced to it, no browser has made its
     * folder */
    HEARTH_ACCOUNT_WAITING = 1,
    HEARTH_ACCOUNT_SIGNIN_NEEDED = 2, /* credentials are dead */
    HEARTH_ACCOUNT_PAUSED = 3,        /* by its person */
    HEARTH_ACCOUNT_ERROR = 4          /* the last sync failed; it is tried again */
};

/* Every collection there is: X(NAME, number, what its records are called). */
#define HEARTH_COLLECTIONS(X)                                                                      \
    X(CLIENTS, 1, "devices")                                                                       \
    X(TABS, 2, "tabs")                                                                             \
    X(BOOKMARKS, 3, "bookmarks")                                                                   \
    X(HISTORY, 4, "history")

#define HEARTH_COLLECTION_MEMBER(name, number, words) HEARTH_##name = (number),
enum hearth_collection {
    HEARTH_COLLECTION_NONE = 0, /* cursors only: what concerns the whole account */
    HEARTH_COLLECTIONS(HEARTH_COLLECTION_MEMBER)
};

/* For arrays with one element for each, by number; [0] is that of HEARTH_COLLECTION_NONE. */
#define HEARTH_COLLECTION_ONE(name, number, words) +1
#define HEARTH_COLLECTION_SLOTS                    (1 HEARTH_COLLECTIONS(HEARTH_COLLECTION_ONE))

/* What its records are called; NULL: there is no such collection (HEARTH_COLLECTION_NONE is
 * none). */
static inline const char *hearth_collection_name(int32_t collection)
{
    switch (collection) {
#define HEARTH_COLLECTION_NAME(name, number, words)                                                \
    case (number):                                                                                 \
        return (words);
        HEARTH_COLLECTIONS(HEARTH_COLLECTION_NAME)
#undef HEARTH_COLLECTION_NAME
    default:
        return NULL;
    }
}

enum hearth_bookmark_kind {
    HEARTH_BOOKMARK = 1,
    HEARTH_FOLDER = 2,
    HEARTH_SEPARATOR = 3,
    HEARTH_QUERY = 4,
    HEARTH_LIVEMARK = 5,
    /* kept, as another record may make it shown, and otherwise not there: no list has it */
    HEARTH_NOT_SHOWN = 6
};

/* struct hearth_account_identity: a proof of who somebody is that opens an account: (issuer,
 * subject) is unique in the database, an account may have several.
 *
 *     issuer                  subject
 *     "sync:NAME"             hearth_account.uid at the provider of the section [sync NAME]
 *     "oidc:ISSUER"           `sub` at the OpenID provider that calls itself so
 *     "proxy"                 the name that a trusted proxy asserts, lower case in ASCII
 *
 * To a storage both are texts, compared byte by byte. */

/* Which fields account_update() writes. */
enum hearth_account_field {
    HEARTH_ACCOUNT_STATE = 1 << 0, /* state, state_detail, state_message, state_parameters */
    HEARTH_ACCOUNT_NAME = 1 << 1,
    HEARTH_ACCOUNT_EMAIL = 1 << 2,
    HEARTH_ACCOUNT_UID = 1 << 3,
    HEARTH_ACCOUNT_NODE = 1 << 4,
    HEARTH_ACCOUNT_LAST_SYNC = 1 << 5,
    HEARTH_ACCOUNT_LAST_ATTEMPT = 1 << 6,
    HEARTH_ACCOUNT_NEXT_SYNC = 1 << 7, /* also gives up a lease */
    HEARTH_ACCOUNT_LAST_SEEN = 1 << 8,
    HEARTH_ACCOUNT_FAILURES = 1 << 9,
    HEARTH_ACCOUNT_RESYNC = 1 << 10,
    HEARTH_ACCOUNT_PROVIDER = 1 << 11,
    HEARTH_ACCOUNT_ASKED = 1 << 12, /* adds one to `asked`, whatever the struct says */
    /* `answered`; CONFLICT, and nothing is written, when `asked` is not the struct's any more or
     * `answered` is greater already: what was decided by an older row is decided again */
    HEARTH_ACCOUNT_ANSWERED = 1 << 13
};

struct hearth_counts {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t devices, tabs;
    int64_t bookmarks; /* kinds BOOKMARK, QUERY, LIVEMARK */
    int64_t folders;   /* without the roots */
    int64_t pages;     /* with at least one visit */
    int64_t visits;
    int64_t space; /* bytes on disk, with what an open batch of the handle adds; 0: not known */
};

/* A visit, as an initialiser: of the account's own provider, and of any source. */
#define HEARTH_VISIT(date, type) HEARTH_VISIT_OF(date, type, 0)
#define HEARTH_VISIT_OF(date, type, source)                                                        \
    {                                                                                              \
        sizeof(struct hearth_visit), 0, (date), (type), (source)                                   \
    }

/* What is derived from all bookmarks together needs this of each: its place in the tree, whose its
 * keyword is; see core/merge. */
struct hearth_bookmark_item {
    uint32_t struct_size;
    int32_t kind; /* enum hearth_bookmark_kind */
    const char *guid, *said_parent, *parent;
    int64_t position, added, modified;
    int64_t source;
    int64_t page, said_kind;
    const char *keyword, *said_keyword;
};

struct hearth_visit_row {
    uint32_t struct_size;
    int32_t type; /* enum hearth_visit_type */
    int64_t date, page;
    const char *url, *title; /* title: history's, else the bookmark's, else NULL */
    int64_t bookmarked;      /* 0 or 1 */
};

/* Newest first, ties by greater page, then greater type. */
struct hearth_visit_query {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t from, to;               /* from <= date < to; 0: open */
    const char *host;               /* exactly this host; NULL: any */
    int64_t after_date, after_page; /* go on after this row; after_date 0: from the newest */
    int64_t after_type;
    int64_t rows; /* about how many are going to be read; 0: nobody knows */
};

/* Tags are compared folded, as Firefox does it: code point by code point, each by its own lower
 * case (the simple mapping of Unicode; that of U+0130 is i), and nothing else: accents stay, and
 * "ß" is not "ss". */
enum hearth_bookmark_order {
    HEARTH_BY_POSITION = 0, /* in `parent` */
    /* kinds BOOKMARK, QUERY, LIVEMARK; newest first, ties by greater guid */
    HEARTH_BY_ADDED = 1,
    HEARTH_BY_TAG = 2 /* with `tag`; the order of BY_ADDED */
};

struct hearth_bookmark_query {
    uint32_t struct_size;
    int32_t order;            /* enum hearth_bookmark_order */
    const char *parent, *tag; /* tag: folded, as a whole */
    /* BY_POSITION: the position, -1: from the first; else: `added` of the last row, 0: from the
     * first */
    int64_t after;
    const char *after_guid; /* else: its guid; NULL */
    int64_t rows;           /* about how many are going to be read; 0: nobody knows */
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

typedef int (*hearth_account_cb)(void *ctx, const struct hearth_account *account);
typedef int (*hearth_sync_cursor_cb)(void *ctx, int64_t source, int32_t collection,
                                     const char *text);
typedef int (*hearth_device_cb)(void *ctx, const struct hearth_device *device, int64_t tabs);
typedef int (*hearth_tab_cb)(void *ctx, const char *device, const struct hearth_tab *tab);
typedef int (*hearth_tab_group_cb)(void *ctx, const char *device,
                                   const struct hearth_tab_group *group);
typedef int (*hearth_page_cb)(void *ctx, const struct hearth_page *page);
typedef int (*hearth_visit_cb)(void *ctx, const struct hearth_visit *visit);
typedef int (*hearth_visit_row_cb)(void *ctx, const struct hearth_visit_row *row);
typedef int (*hearth_bookmark_cb)(void *ctx, const struct hearth_bookmark *bookmark);
typedef int (*hearth_bookmark_change_cb)(void *ctx, int64_t generation,
                                         const struct hearth_bookmark *bookmark);
typedef int (*hearth_bookmark_item_cb)(void *ctx, const struct hearth_bookmark_item *item);
typedef int (*hearth_child_cb)(void *ctx, int64_t source, const char *folder, int64_t position,
                               const char *child);
typedef int (*hearth_tag_cb)(void *ctx, const char *tag, int64_t count);
typedef int (*hearth_token_cb)(void *ctx, const struct hearth_token *token);
typedef int (*hearth_pick_cb)(void *ctx, const struct hearth_pick *pick);
typedef int (*hearth_text_cb)(void *ctx, const char *line);
typedef int (*hearth_generation_cb)(void *ctx, int32_t collection, int64_t generation);
typedef int (*hearth_removal_cb)(void *ctx, const struct hearth_removal *removal);
typedef int (*hearth_removed_here_cb)(void *ctx, const struct hearth_removed_here *removed);
typedef int (*hearth_source_cb)(void *ctx, const struct hearth_source *source);
typedef int (*hearth_account_identity_cb)(void *ctx,
                                          const struct hearth_account_identity *identity);
typedef int (*hearth_page_guid_cb)(void *ctx, const char *guid, int64_t page);
typedef int (*hearth_page_visit_cb)(void *ctx, int64_t page, const struct hearth_visit *visit);

/* What every storage does. Orders are total: a listing says every tie. Unless a listing says
 * otherwise its rows are of one moment, and its callback may call other operations of the handle
 * that calls it. "In pieces": a long one may be read piece by piece, each of its own moment, and
 * goes on behind the last row: one that moves meanwhile can come twice or not at all.
 *
 * In an open batch everything may be called in the batch's handle but account_remove,
 * account_lease_due, batch_begin, migrate, verify and the extension for backups: INVALID. What
 * reads sees what the batch has written to the batch's own account; what fails outside of the
 * batch's rows (account_create(): CONFLICT) does not break the batch. */
struct hearth_storage {
    uint32_t struct_size;
    uint32_t reserved;

    /* --- life --- */
    /* `values` as declared, stepped through by HEARTH_AT; valid until close(). Makes an empty
     * database if there is none and the host opens with HEARTH_OPEN_MAY_CREATE (NOT_FOUND else,
     * and nothing is made); does not migrate. */
    int (*open)(const struct hearth_host *host, struct hearth_call *call,
                const struct hearth_config_value *values, void **ret_self);
    void (*close)(void *self); /* after every handle was closed; accepts NULL */
    int (*handle_open)(void *self, struct hearth_call *call, void **ret_handle);
    void (*handle_close)(void *handle); /* aborts an open batch */
    /* From any thread; never blocks. The operation that runs in the handle ends soon with
     * CANCELLED, without it nothing happens. Every operation ends by its deadline and by an
     * interrupt even when the other side has stopped; handle_close() waits for nobody. */
    void (*interrupt)(void *handle);
    /* Can the database be read and written? It must find out, by writing something small that
     * nobody waits for (in a batch: by reading), and waits for no batch of others. UNAVAILABLE,
     * TIMEOUT: it does not answer, and the host asks it for nothing until a ping succeeds. Any
     * other error says in words why it cannot be written: FULL, DENIED (read-only), CORRUPT, IO
     * (missing, replaced, failing); reading goes on then. Called twice a second while the
     * storage is used. */
    int (*ping)(void *handle, struct hearth_call *call);
    /* Physical schema: what the database has (0: empty) and what the plugin wants. */
    int (*schema_version)(void *handle, struct hearth_call *call, int64_t *ret_has,
                          int64_t *ret_wants);
    /* Brings the schema up, under a lock of the backend, one transaction for each step. Nothing
     * to do is a success. */
    int (*migrate)(void *handle, struct hearth_call *call);
    /* Checks the database and the rules between its tables; a line for each thing found, in no
     * order. 0 lines: sound. */
    int (*verify)(void *handle, struct hearth_call *call, hearth_text_cb cb, void *ctx);

    /* --- accounts --- */
    /* CONFLICT: id, email, or the identity {"sync:" provider, uid}, which is made with it (none
     * when uid is ""). All or nothing. What was changed up to the generation that it is made
     * with is not known: pages_changed(), removals_since(). */
    int (*account_create)(void *handle, struct hearth_call *call,
                          const struct hearth_account *account);
    /* fields: enum hearth_account_field. NOT_FOUND; CONFLICT: the e-mail address is another's. */
    int (*account_update)(void *handle, struct hearth_call *call,
                          const struct hearth_account *account, uint64_t fields);
    /* These three: NOT_FOUND. */
    int (*account_get)(void *handle, struct hearth_call *call, const char *account,
                       struct hearth_account *ret_account);
    int (*account_by_email)(void *handle, struct hearth_call *call, const char *email,
                            struct hearth_account *ret_account);
    int (*account_by_identity)(void *handle, struct hearth_call *call, const char *issuer,
                               const char *subject, struct hearth_account *ret_account);
    /* In pieces. By e-mail address, ASCII letters as if they were small, else by bytes.
     * `generation` is 0 where the plugin need not know it here. */
    int (*account_list)(void *handle, struct hearth_call *call, hearth_account_cb cb, void *ctx);
    /* With every row it has. NOT_FOUND. */
    int (*account_remove)(void *handle, struct hearth_call *call, const char *account);
    /* Leases up to `limit` accounts with 0 < next_sync <= now that nobody has leased (or whose
     * lease ran out), until `leased_until`; they come by next_sync, ties in any order. Of more
     * than `limit` a storage may take by next_sync, or by the time since when each could have
     * been leased: the greater of next_sync and the end of its last lease. Atomic over all
     * processes: two schedulers never get the same one. With now INT64_MAX and
     * leased_until 1 it gives up every lease there is: so a process begins whose queue was lost
     * with the one before. `generation` as in account_list(). The callback runs after the leases
     * are stored; when it ends the list the rest stays leased. */
    int (*account_lease_due)(void *handle, struct hearth_call *call, int64_t now,
                             int64_t leased_until, int64_t limit, hearth_account_cb cb, void *ctx);
    int (*counts)(void *handle, struct hearth_call *call, const char *account,
                  struct hearth_counts *ret_counts);
    /* Identities go with their account when it is removed. CONFLICT: it is another account's.
     * One that is there already gets the time of `identity` when that is later. */
    int (*identity_put)(void *handle, struct hearth_call *call, const char *account,
                        const struct hearth_account_identity *identity);
    int (*identity_remove)(void *handle, struct hearth_call *call, const char *account,
                           const char *issuer, const char *subject);
    /* By issuer, then subject, both by bytes. */
    int (*identity_list)(void *handle, struct hearth_call *call, const char *account,
                         hearth_account_identity_cb cb, void *ctx);
    /* Of a source, 0: of the account's own provider. At most 1 MiB, opaque. put: NOT_FOUND:
     * there is no such account or source. get: NOT_FOUND. */
    int (*credentials_put)(void *handle, struct hearth_call *call, const char *account,
                           int64_t source, const void *sealed, size_t size);
    int (*credentials_get)(void *handle, struct hearth_call *call, const char *account,
                           int64_t source, const void **ret_sealed, size_t *ret_size);
    /* At most 64 KiB. get: NOT_FOUND. */
    int (*settings_put)(void *handle, struct hearth_call *call, const char *account,
                        const char *json);
    int (*settings_get)(void *handle, struct hearth_call *call, const char *account,
                        const char **ret_json);
    /* What is known of the database as a whole, by name ([a-z_]{1,64}): texts of up to 4,096
     * bytes that outlive every account. put without `replace` makes it: CONFLICT when it is
     * there. get: NOT_FOUND. */
    int (*property_put)(void *handle, struct hearth_call *call, const char *name, const char *text,
                        bool replace);
    int (*property_get)(void *handle, struct hearth_call *call, const char *name,
                        const char **ret_text);

    /* --- tokens --- */
    /* CONFLICT: id or hash are there, in whatever account. */
    int (*token_create)(void *handle, struct hearth_call *call, const struct hearth_token *token);
    int (*token_by_hash)(void *handle, struct hearth_call *call, const uint8_t hash[32],
                         struct hearth_token *ret_token);
    /* Oldest first, ties by id. */
    int (*token_list)(void *handle, struct hearth_call *call, const char *account,
                      hearth_token_cb cb, void *ctx);
    int (*token_remove)(void *handle, struct hearth_call *call, const char *account,
                        const char *id);
    int (*token_used)(void *handle, struct hearth_call *call, const char *account, const char *id,
                      int64_t when);

    /* --- adaptive history --- */
    /* (input, page) is unique. use_count 0 removes it; one that is missing is fine. */
    int (*pick_put)(void *handle, struct hearth_call *call, const char *account,
                    const struct hearth_pick *pick);
    /* By input, then page. */
    int (*pick_list)(void *handle, struct hearth_call *call, const char *account, hearth_pick_cb cb,
                     void *ctx);

    /* --- removed here: what is not to be stored again. The core keeps to it; to a storage these
     * are rows --- */
    /* By id: replaces. At most 10,000 of an account are asked for. */
    int (*removed_here_put)(void *handle, struct hearth_call *call, const char *account,
                            const struct hearth_removed_here *removed);
    /* missing is fine */
    int (*removed_here_remove)(void *handle, struct hearth_call *call, const char *account,
                               const char *id);
    /* Oldest `created` first, ties by id. */
    int (*removed_here_list)(void *handle, struct hearth_call *call, const char *account,
                             hearth_removed_here_cb cb, void *ctx);

    /* --- sources other than the account's own provider --- */
    /* By id: replaces, and keeps its credentials. NOT_FOUND: there is no such account; INVALID:
     * 0 is no id, nor what is beyond HEARTH_SOURCE_MAX. */
    int (*source_put)(void *handle, struct hearth_call *call, const char *account,
                      const struct hearth_source *source);
    /* With its credentials; missing is fine. What was synced of it, and its cursors, are rows of
     * batches: the core removes them before. */
    int (*source_remove)(void *handle, struct hearth_call *call, const char *account, int64_t id);
    /* By id. */
    int (*source_list)(void *handle, struct hearth_call *call, const char *account,
                       hearth_source_cb cb, void *ctx);

    /* --- batches --- */
    /* NOT_FOUND when the account is gone. ret_generation: the number that everything written in
     * the batch gets; it becomes the account's, and the collection's, at a commit with
     * `changed`. A plugin whose limits say single_writer may make it wait for every other batch
     * of the database, until its deadline. */
    int (*batch_begin)(void *handle, struct hearth_call *call, const char *account,
                       int32_t collection, int64_t *ret_generation);
    /* UNCERTAIN: the connection broke at the commit. Every batch of the core can be repeated. */
    int (*batch_commit)(void *handle, struct hearth_call *call, bool changed);
    void (*batch_abort)(void *handle); /* no batch open: does nothing */

    /* --- in a batch; INVALID without one --- */
    /* NULL removes */
    int (*sync_cursor_put)(void *handle, struct hearth_call *call, int64_t source,
                           int32_t collection, const char *text);
    int (*device_put)(void *handle, struct hearth_call *call, const struct hearth_device *device);
    /* Its person does not want to see it, or does again: device_put() keeps that,
     * device_remove() forgets it. NOT_FOUND. */
    int (*device_hide)(void *handle, struct hearth_call *call, const char *device, bool hidden);
    /* its tabs and groups too; missing is fine */
    int (*device_remove)(void *handle, struct hearth_call *call, const char *device);
    /* (device, position) is unique. */
    int (*tab_put)(void *handle, struct hearth_call *call, const char *device,
                   const struct hearth_tab *tab);
    /* (device, id) is unique; before or after the tabs that are in it. */
    int (*tab_group_put)(void *handle, struct hearth_call *call, const char *device,
                         const struct hearth_tab_group *group);
    /* with the groups; NULL: of all devices */
    int (*tabs_clear)(void *handle, struct hearth_call *call, const char *device);

    /* inserts or replaces by id */
    int (*page_put)(void *handle, struct hearth_call *call, const struct hearth_page *page);
    /* Visits and guids too; remembered for pages_changed(). Missing is fine. */
    int (*page_remove)(void *handle, struct hearth_call *call, int64_t page);
    /* Every guid ever joined to it. NOT_FOUND. */
    int (*page_by_guid)(void *handle, struct hearth_call *call, const char *guid,
                        int64_t *ret_page);
    int (*page_guid_put)(void *handle, struct hearth_call *call, const char *guid, int64_t page);
    /* missing is fine */
    int (*page_guid_remove)(void *handle, struct hearth_call *call, const char *guid);
    /* `visits` is stepped through by HEARTH_AT; those that are there are left alone, and keep
     * the source that brought them first. NOT_FOUND: there is no such page. */
    int (*visits_put)(void *handle, struct hearth_call *call, int64_t page,
                      const struct hearth_visit *visits, size_t count, int64_t *ret_added);
    int (*visits_remove)(void *handle, struct hearth_call *call, int64_t page);

    /* Keeps parent and position when `parent` is NULL. A tombstone of it goes. */
    int (*bookmark_put)(void *handle, struct hearth_call *call,
                        const struct hearth_bookmark *bookmark);
    /* Its list of children too; remembered as a tombstone, of its source: of one that is not
     * there the one that its tombstone has, else 0. */
    int (*bookmark_remove)(void *handle, struct hearth_call *call, const char *guid);
    /* all of it, with lists of children and tombstones */
    int (*bookmark_clear)(void *handle, struct hearth_call *call, int64_t source);
    /* Replaces all of the folder, whosever they were. */
    int (*bookmark_children_put)(void *handle, struct hearth_call *call, int64_t source,
                                 const char *folder, const char *const *children, size_t count);
    int (*bookmark_place)(void *handle, struct hearth_call *call, const char *guid,
                          const char *parent, int64_t position);

    /* --- reading, inside or outside of a batch. An account that is not there has no rows. --- */
    /* By source, then collection. */
    int (*sync_cursor_list)(void *handle, struct hearth_call *call, const char *account,
                            hearth_sync_cursor_cb cb, void *ctx);
    /* By collection: the generation of the newest batch with `changed` that was begun with it or
     * with HEARTH_COLLECTION_NONE. One that is not listed has had none; each has that with which
     * the account was made, if it was made with one. */
    int (*generation_list)(void *handle, struct hearth_call *call, const char *account,
                           hearth_generation_cb cb, void *ctx);
    /* Newest upload first, ties by id. */
    int (*device_list)(void *handle, struct hearth_call *call, const char *account,
                       hearth_device_cb cb, void *ctx);
    /* device NULL: of all. By device, then newest last_used first, ties by position. */
    int (*tab_list)(void *handle, struct hearth_call *call, const char *account, const char *device,
                    hearth_tab_cb cb, void *ctx);
    /* device NULL: of all. By device, then id, both by bytes. */
    int (*tab_group_list)(void *handle, struct hearth_call *call, const char *account,
                          const char *device, hearth_tab_group_cb cb, void *ctx);
    int (*page_get)(void *handle, struct hearth_call *call, const char *account, int64_t page,
                    struct hearth_page *ret_page);
    /* Newest first, ties by greater type. */
    int (*page_visits)(void *handle, struct hearth_call *call, const char *account, int64_t page,
                       hearth_visit_cb cb, void *ctx);
    /* All pages, greatest frecency first, ties by greater id; url, titles, tags, flags, counts;
     * host, guid, generation may be left out. One ordered scan that a person's typing waits for. */
    int (*pages_by_frecency)(void *handle, struct hearth_call *call, const char *account,
                             hearth_page_cb cb, void *ctx);
    /* Changed or removed after generation `since`, in any order. NOT_FOUND: the plugin no longer
     * knows, or the account never had that generation: it is negative or greater than its own,
     * as after a restored backup (load anew). */
    int (*pages_changed)(void *handle, struct hearth_call *call, const char *account, int64_t since,
                         hearth_page_cb cb, void *ctx);
    /* What was removed after generation `since` and has not come back, whatever removed it: a
     * page with a record of itself and one of each of its visits, a device with its tabs, what
     * was cleared piece by piece; nothing that was not there. By generation, then by the fields
     * in the order of their table, texts by bytes. NOT_FOUND: the plugin no longer knows (load
     * anew); it forgets the oldest generations first, those of pages apart from the others. */
    int (*removals_since)(void *handle, struct hearth_call *call, const char *account,
                          int64_t since, hearth_removal_cb cb, void *ctx);
    /* In pieces. Without hidden pages. Newest first, ties by greater page, then greater type. */
    int (*visit_list)(void *handle, struct hearth_call *call, const char *account,
                      const struct hearth_visit_query *query, hearth_visit_row_cb cb, void *ctx);
    /* In pieces. The same rows in the same order, date, page and type only, read from an index. */
    int (*visit_dates)(void *handle, struct hearth_call *call, const char *account, int64_t from,
                       int64_t to, hearth_visit_row_cb cb, void *ctx);
    int (*bookmark_get)(void *handle, struct hearth_call *call, const char *account,
                        const char *guid, struct hearth_bookmark *ret_bookmark);
    /* In pieces. See enum hearth_bookmark_order. */
    int (*bookmark_list)(void *handle, struct hearth_call *call, const char *account,
                         const struct hearth_bookmark_query *query, hearth_bookmark_cb cb,
                         void *ctx);
    /* Newest `added` first, ties by greater guid. */
    int (*bookmarks_of_page)(void *handle, struct hearth_call *call, const char *account,
                             int64_t page, hearth_bookmark_cb cb, void *ctx);
    /* Both by guid. Of a tombstone: guid, source, and parent: where it was when it was removed. */
    int (*bookmark_items)(void *handle, struct hearth_call *call, const char *account,
                          hearth_bookmark_item_cb cb, void *ctx);
    int (*bookmark_tombstones)(void *handle, struct hearth_call *call, const char *account,
                               hearth_bookmark_item_cb cb, void *ctx);
    /* By folder, then position. */
    int (*bookmark_children)(void *handle, struct hearth_call *call, const char *account,
                             hearth_child_cb cb, void *ctx);
    /* By the bytes of the folded name; of several spellings the least by bytes. Each counts the
     * bookmarks that have it, however often. */
    int (*tag_list)(void *handle, struct hearth_call *call, const char *account, hearth_tag_cb cb,
                    void *ctx);
    /* Every guid that was ever joined to a page. By page, then guid by bytes. */
    int (*page_guid_list)(void *handle, struct hearth_call *call, const char *account,
                          hearth_page_guid_cb cb, void *ctx);
};

/* --- extensions: what a storage may have besides, asked for by name; see
 * hearth_plugin.extension --- */

/* Many rows for one question, for backends that are far away: a search shows twenty pages. Each
 * id comes once; the order of pages is any, and what is said of each may be of another moment.
 * Without it the host asks for each page. */
#define HEARTH_STORAGE_BULK "hearth.storage.bulk/1"
struct hearth_storage_bulk {
    uint32_t struct_size;
    uint32_t reserved;
    /* What page_get() says of each, without those that are not there. */
    int (*pages_get)(void *handle, struct hearth_call *call, const char *account,
                     const int64_t *pages, size_t count, hearth_page_cb cb, void *ctx);
    /* What page_visits() says of each, hidden ones too, in any order. */
    int (*visits_of_pages)(void *handle, struct hearth_call *call, const char *account,
                           const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx);
    /* What bookmarks_of_page() says of each, those of one page in its order. */
    int (*bookmarks_of_pages)(void *handle, struct hearth_call *call, const char *account,
                              const int64_t *pages, size_t count, hearth_bookmark_cb cb, void *ctx);
};

/* Questions that are asked before anybody waits for their answers, for backends that are far away:
 * whoever knows what it will read begins, calls the operations that read, ends, and calls them
 * again, in any order. Between begin and end they answer nothing, and what they return says
 * nothing; behind the end one with the same arguments may say what was asked then. A hint: they
 * answer the same without it, and none fails because of it. */
#define HEARTH_STORAGE_AHEAD "hearth.storage.ahead/1"
enum hearth_ahead {
    HEARTH_AHEAD_FORGET = 0, /* what was asked and has not been read is of no use any more */
    HEARTH_AHEAD_BEGIN = 1,
    HEARTH_AHEAD_END = 2
};
struct hearth_storage_ahead {
    uint32_t struct_size;
    uint32_t reserved;
    /* what: enum hearth_ahead. Waits for nothing. In an open batch nothing is asked ahead. */
    int (*ahead)(void *handle, struct hearth_call *call, int32_t what);
};

/* A bookmark and the folders that it is in, for one question, for backends that are far away.
 * Without it the host asks for each. */
#define HEARTH_STORAGE_PATHS "hearth.storage.paths/1"
enum { HEARTH_PATH_MAX = 64 };
struct hearth_storage_paths {
    uint32_t struct_size;
    uint32_t reserved;
    /* What bookmark_get() says of `guid`, then of its parent, and so on up to one without a parent,
     * or whose parent is not there; what is DERIVED may be 0. At most HEARTH_PATH_MAX rows, as
     * folders may be below themselves; none where `guid` is not there. */
    int (*bookmark_path)(void *handle, struct hearth_call *call, const char *account,
                         const char *guid, hearth_bookmark_cb cb, void *ctx);
};

/* What changed after a generation and is there, for whoever keeps a copy; `since` 0: everything.
 * Whether it is known so far back is what removals_since() says. In pieces, by generation: a row
 * that changes meanwhile comes (again) with its new one. Without it the host serves no changes. */
#define HEARTH_STORAGE_CHANGES "hearth.storage.changes/1"
struct hearth_storage_changes {
    uint32_t struct_size;
    uint32_t reserved;
    /* Ties in an order of the storage's own, behind the page `after`, 0: from the first. When that
     * one is not of that generation any more, those that are may come again. */
    int (*pages_since)(void *handle, struct hearth_call *call, const char *account, int64_t since,
                       int64_t after_generation, int64_t after, hearth_page_cb cb, void *ctx);
    /* Of these pages, hidden ones too, in any order. */
    int (*visits_since)(void *handle, struct hearth_call *call, const char *account, int64_t since,
                        const int64_t *pages, size_t count, hearth_page_visit_cb cb, void *ctx);
    /* Those not shown too; ties by the bytes of the guid, behind `after`, NULL: from the first.
     * What is DERIVED may be 0. */
    int (*bookmarks_since)(void *handle, struct hearth_call *call, const char *account,
                           int64_t since, int64_t after_generation, const char *after,
                           hearth_bookmark_change_cb cb, void *ctx);
};

/* A copy of the database as a file. Without it `hearthd backup` and `restore` say that the
 * backend has tools of its own. */
#define HEARTH_STORAGE_BACKUP "hearth.storage.backup/1"
struct hearth_storage_backup {
    uint32_t struct_size;
    uint32_t reserved;
    /* A consistent copy into a new file while everything goes on, checked: CORRUPT, and no file,
     * when the database is damaged. Each account is copied as of one moment, no earlier than its
     * credentials and tokens; different accounts may be of different moments. CONFLICT when
     * `path` exists. */
    int (*backup)(void *handle, struct hearth_call *call, const char *path);
    /* The way back: checks the copy at `path`, and puts it where open() with the same `values`
     * finds its database. No instance may be open, in no process: CONFLICT if one is seen, and
     * when there is a database with accounts and not `replace`; with it, what is there is put
     * aside under another name, which a line says. CORRUPT: the copy is damaged; nothing was
     * changed. Ended at any moment, the next open() finds the old database or the restored one. */
    int (*restore)(const struct hearth_host *host, struct hearth_call *call,
                   const struct hearth_config_value *values, const char *path, bool replace,
                   hearth_text_cb cb, void *ctx);
};

#ifdef __cplusplus
}
#endif
#endif

/* The memory of this storage: a world of accounts, each with tables, each with rows.
 *
 * A row never changes. A table, an account and a world are counted, and changed only by who is the only one to hold them; else they are
 * copied first. So a reader takes the published world by adding one to a counter and has a snapshot for as long as it likes, and a batch
 * is a copy of the world that is published at its commit, or thrown away. */
#ifndef STORAGE_MEM_ROWS_H
#define STORAGE_MEM_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXTS = 8, NUMBERS = 14 };

struct row {
    atomic_int refs;
    double real;             /* picks: use_count */
    int64_t number[NUMBERS]; /* see the enums below */
    const char *text[TEXTS]; /* behind the row, in the same allocation; NULL */
    size_t size;             /* credentials: bytes at text[0] */
};

/* What is in the columns of each table, keys first. */
enum table_name {
    CREDENTIALS,
    SETTINGS,
    TOKENS,
    PICKS,
    MARKS,
    DEVICES,
    TABS,
    PAGES,
    REMOVED,
    GUIDS,
    VISITS,
    BOOKMARKS,
    CLAIMS,
    TOMBSTONES,
    IDENTITIES,
    PROPERTIES, /* of the world as a whole */
    TABLES
};

enum { TOKEN_ID, TOKEN_NAME, TOKEN_HASH, /* numbers */ TOKEN_SCOPE = 0, TOKEN_CREATED, TOKEN_LAST_USED, TOKEN_EXPIRES };
enum { PICK_INPUT, /* numbers */ PICK_PAGE = 0, PICK_USED };
enum { MARK_COLLECTION = 0, /* texts */ MARK_TEXT = 0 };
enum { DEVICE_ID, DEVICE_NAME, DEVICE_TYPE, DEVICE_OS, DEVICE_VERSION, DEVICE_FXA, /* numbers */ DEVICE_LAST_UPLOAD = 0 };
enum { TAB_DEVICE, TAB_TITLE, TAB_URL, TAB_ICON, TAB_GROUP, /* numbers */ TAB_POSITION = 0, TAB_LAST_USED, TAB_INACTIVE, TAB_PINNED };
enum { PAGE_URL, PAGE_HOST, PAGE_GUID, PAGE_TITLE, PAGE_BOOKMARK_TITLE, PAGE_TAGS };
enum {
    PAGE_ID,
    PAGE_FRECENCY,
    PAGE_VISIT_COUNT,
    PAGE_LAST_VISIT,
    PAGE_BOOKMARKS,
    PAGE_BOOKMARK_ADDED,
    PAGE_TYPED,
    PAGE_HIDDEN,
    PAGE_GENERATION
};
enum { REMOVED_ID, REMOVED_GENERATION };
enum { GUID_GUID, /* numbers */ GUID_PAGE = 0 };
enum { VISIT_PAGE, VISIT_DATE, VISIT_TYPE };
enum { MARKED_GUID, MARKED_PARENT, MARKED_SAID, MARKED_TITLE, MARKED_URL, MARKED_KEYWORD, MARKED_QUERY, MARKED_TAGS };
enum { MARKED_KIND, MARKED_POSITION, MARKED_PAGE, MARKED_ADDED, MARKED_MODIFIED };
enum { CLAIM_FOLDER, CLAIM_CHILD, /* numbers */ CLAIM_POSITION = 0 };
enum { TOMBSTONE_GUID, TOMBSTONE_PARENT };
enum { IDENTITY_ISSUER, IDENTITY_SUBJECT, /* numbers */ IDENTITY_CREATED = 0 };
enum { PROPERTY_NAME, PROPERTY_TEXT };

struct table {
    atomic_int refs;
    size_t count, room;
    struct row **rows; /* sorted by key */
};

enum { ACCOUNT_ID, ACCOUNT_EMAIL, ACCOUNT_UID, ACCOUNT_NAME, ACCOUNT_PROVIDER, ACCOUNT_NODE, ACCOUNT_DETAIL, ACCOUNT_PLACEMENT };
enum {
    ACCOUNT_STATE,
    ACCOUNT_CREATED,
    ACCOUNT_LAST_SYNC,
    ACCOUNT_LAST_ATTEMPT,
    ACCOUNT_NEXT_SYNC,
    ACCOUNT_LAST_SEEN,
    ACCOUNT_GENERATION,
    ACCOUNT_FAILURES,
    ACCOUNT_RESYNC,
    ACCOUNT_CLAIMED_UNTIL
};

struct account {
    atomic_int refs;
    struct row *row;
    struct table *tables[TABLES];
};

struct world {
    atomic_int refs;
    size_t count;
    struct account **accounts; /* by id */
    struct account *whole;     /* what belongs to nobody: it has tables, and no row */
};

/* A new row with these texts (copied) and numbers; NULL when memory is short. size: bytes at text[0], 0 for texts. */
struct row *row_create(const char *const text[TEXTS], const int64_t number[NUMBERS], size_t size);
struct row *row_ref(struct row *row);
void row_unref(struct row *row); /* accepts NULL */

struct table *table_ref(struct table *table);
void table_unref(struct table *table);
/* The row of a key given as a row with nothing but the key's columns; NULL: there is none. *ret_place: where it is, or would be. */
struct row *table_find(const struct table *table, enum table_name name, const struct row *key, size_t *ret_place);

struct world *world_create(void);
struct world *world_copy(const struct world *world); /* shares everything below */
struct world *world_ref(struct world *world);
void world_unref(struct world *world);                                    /* accepts NULL */
struct account *world_account(const struct world *world, const char *id); /* NULL: there is none */

/* Changes of a world that nobody else holds. false: out of memory, and nothing has changed. */
struct account *world_own(struct world *world, const char *id); /* an account that may be changed; NULL: none, or no memory */
struct account *world_own_whole(struct world *world);           /* NULL: no memory */
bool world_add(struct world *world, struct row *row);           /* takes the reference to the account's row when true */
void world_remove(struct world *world, const char *id);
bool account_put(struct account *account, enum table_name name, struct row *row);        /* by key; takes the reference when true */
bool account_drop(struct account *account, enum table_name name, const struct row *key); /* missing is fine */
/* Drops every row that `matches` says; the number dropped, -1: out of memory. */
int64_t account_drop_if(struct account *account, enum table_name name, bool (*matches)(const struct row *row, const void *what),
                        const void *what);

#endif

/* The memory of this storage: a world of accounts, each with tables, each with rows.
 *
 * A row never changes. A table, an account and a world are counted, and changed only by who is
 * the only one to hold them; else they are copied first. So a reader takes the published world
 * by adding one to a counter and has a snapshot for as long as it likes. A batch is a copy of
 * its account, of which the synced tables are laid over the world as it is at the commit, or
 * thrown away. */
#ifndef STORAGE_MEM_ROWS_H
#define STORAGE_MEM_ROWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hearth/storage.h"

/* What is kept besides the records of hearth/records.h, said in the same words. */
/* clang-format off */
#define MEM_CREDENTIALS_FIELDS(X, T) \
    X(T, KEY,    INT,  source, 0, HEARTH_SOURCE_MAX, "whose") \
    X(T, ALWAYS, TEXT, hex, 0, 0, "the sealed bytes as hex digits")
#define MEM_SETTINGS_FIELDS(X, T)    X(T, ALWAYS, TEXT, json, 0, 0, "")
#define MEM_CURSOR_FIELDS(X, T) \
    X(T, KEY,    INT,  source, 0, HEARTH_SOURCE_MAX, "whose") \
    X(T, KEY,    INT,  collection, 0, INT32_MAX, "") \
    X(T, ALWAYS, TEXT, text, 0, 0, "")
#define MEM_GENERATION_FIELDS(X, T) \
    X(T, KEY,    INT,  collection, 0, INT32_MAX, "") \
    X(T, ALWAYS, INT,  generation, 0, INT64_MAX, "")
#define MEM_GUID_FIELDS(X, T) \
    X(T, KEY,    TEXT, guid, 0, 0, "of a history record") \
    X(T, ALWAYS, INT,  page, 1, INT64_MAX, "")
#define MEM_CHILD_FIELDS(X, T) \
    X(T, KEY,    TEXT, folder, 0, 0, "") \
    X(T, KEY,    INT,  position, 0, INT64_MAX, "") \
    X(T, ALWAYS, TEXT, child, 0, 0, "") \
    X(T, ALWAYS, INT,  source, 0, HEARTH_SOURCE_MAX, "whose")
#define MEM_TOMBSTONE_FIELDS(X, T) \
    X(T, KEY,      TEXT, guid, 0, 0, "of a bookmark") \
    X(T, OPTIONAL, TEXT, parent, 0, 0, "where it was") \
    X(T, ALWAYS,   INT,  source, 0, HEARTH_SOURCE_MAX, "whose it was")
#define MEM_PROPERTY_FIELDS(X, T) \
    X(T, KEY,    TEXT, name, 0, 0, "") \
    X(T, ALWAYS, TEXT, text, 0, 0, "")

/* Every table: R(TABLE, whose, record, FIELDS). A row of it holds a struct <whose>_<record>, and
 * its key are the fields with the role KEY. From CURSORS on they are synced data, which is written
 * in batches. */
#define MEM_TABLES(R) \
    R(CREDENTIALS, mem,    credentials,      MEM_CREDENTIALS_FIELDS) \
    R(SETTINGS,    mem,    settings,         MEM_SETTINGS_FIELDS) \
    R(TOKENS,      hearth, token,            HEARTH_TOKEN_FIELDS) \
    R(PICKS,       hearth, pick,             HEARTH_PICK_FIELDS) \
    R(REMOVED_HERE, hearth, removed_here,     HEARTH_REMOVED_HERE_FIELDS) \
    R(SOURCES,     hearth, source,           HEARTH_SOURCE_FIELDS) \
    R(PUSH,        hearth, push,             HEARTH_PUSH_FIELDS) \
    R(IDENTITIES,  hearth, account_identity, HEARTH_ACCOUNT_IDENTITY_FIELDS) \
    R(PROPERTIES,  mem,    property,         MEM_PROPERTY_FIELDS) /* of the world as a whole */ \
    R(CURSORS,     mem,    cursor,           MEM_CURSOR_FIELDS) \
    R(DEVICES,     hearth, device,           HEARTH_DEVICE_FIELDS) \
    R(TABS,        hearth, tab,              HEARTH_TAB_FIELDS) \
    R(TAB_GROUPS,  hearth, tab_group,        HEARTH_TAB_GROUP_FIELDS) \
    R(PAGES,       hearth, page,             HEARTH_PAGE_FIELDS) \
    R(GENERATIONS, mem,    generation,       MEM_GENERATION_FIELDS) \
    R(REMOVALS,    hearth, removal,          HEARTH_REMOVAL_FIELDS) \
    R(GUIDS,       mem,    guid,             MEM_GUID_FIELDS) \
    R(VISITS,      hearth, visit,            HEARTH_VISIT_FIELDS) \
    R(BOOKMARKS,   hearth, bookmark,         HEARTH_BOOKMARK_FIELDS) \
    R(CHILDREN,    mem,    child,            MEM_CHILD_FIELDS) \
    R(TOMBSTONES,  mem,    tombstone,        MEM_TOMBSTONE_FIELDS) \
    R(ACCOUNTS,    hearth, account,          HEARTH_ACCOUNT_FIELDS)
/* clang-format on */

#define MEM_RECORD(record, FIELDS)                                                                 \
    struct mem_##record {                                                                          \
        uint32_t struct_size;                                                                      \
        uint32_t reserved;                                                                         \
        FIELDS(HEARTH_MEMBER, record)                                                              \
    }
MEM_RECORD(credentials, MEM_CREDENTIALS_FIELDS);
MEM_RECORD(settings, MEM_SETTINGS_FIELDS);
MEM_RECORD(cursor, MEM_CURSOR_FIELDS);
MEM_RECORD(generation, MEM_GENERATION_FIELDS);
MEM_RECORD(guid, MEM_GUID_FIELDS);
MEM_RECORD(child, MEM_CHILD_FIELDS);
MEM_RECORD(tombstone, MEM_TOMBSTONE_FIELDS);
MEM_RECORD(property, MEM_PROPERTY_FIELDS);

enum table_name {
#define MEM_TABLE_NAME(TABLE, whose, record, FIELDS) TABLE,
    MEM_TABLES(MEM_TABLE_NAME) TABLES = ACCOUNTS,
    FIRST_SYNCED = CURSORS
};

struct row {
    atomic_int refs;
    enum table_name table;
    const char *device_of; /* tabs, groups of tabs: whose it is, the first part of the key */
    int64_t page_of;       /* visits: of which page, the first part of the key */
    int64_t leased_until;  /* accounts */
    union {                /* the record; its texts are behind the row, in the same allocation */
#define MEM_ROW_MEMBER(TABLE, whose, record, FIELDS) struct whose##_##record record;
        MEM_TABLES(MEM_ROW_MEMBER)
    };
};

/* What is looked for, by its key: KEY(.token = {.id = id}). */
#define KEY(...) (&(struct row){__VA_ARGS__})
/* A record of this storage's own: MEM(cursor, .collection = 1, .text = "…"). */
#define MEM(record, ...)                                                                           \
    (&(struct mem_##record){.struct_size = sizeof(struct mem_##record), __VA_ARGS__})

struct table {
    atomic_int refs;
    size_t count, room;
    struct row **rows; /* sorted by key */
};

struct account {
    atomic_int refs;
    struct row *row;
    struct table *tables[TABLES];
    /* its generation when it was made: what was removed before is not known. A disk keeps it too */
    int64_t begun;
    /* no other account has had it, though one that was removed may come back under its id */
    int64_t number;
};

struct world {
    atomic_int refs;
    size_t count;
    int64_t made;              /* accounts, ever */
    struct account **accounts; /* by id */
    struct account *whole;     /* what belongs to nobody: it has tables, and no row */
};

/* The fields of a table's records. */
const struct hearth_field *mem_row_fields(enum table_name table, size_t *ret_count,
                                          size_t *ret_size);
/* A new row with a copy of the record, as far as its struct_size goes: a text that is ALWAYS
 * there is not NULL, what is DERIVED is 0. NULL when memory is short. */
struct row *mem_row_create(enum table_name table, const void *record);
/* table: TABS or TAB_GROUPS. */
struct row *mem_row_create_of_device(enum table_name table, const char *device, const void *record);
struct row *mem_row_create_visit(int64_t page, const struct hearth_visit *visit);
/* The account as it will be, with the lease that it has. */
struct row *mem_row_create_account(const struct row *old, const struct hearth_account *account);
const void *mem_row_record(const struct row *row);
struct row *mem_row_ref(struct row *row);
void mem_row_unref(struct row *row); /* accepts NULL */

struct table *mem_table_ref(struct table *table);
void mem_table_unref(struct table *table);
/* The row of a key given as a row with nothing but the key's columns; NULL: there is none.
 * *ret_place: where it is, or would be. */
struct row *mem_table_find(const struct table *table, enum table_name name, const struct row *key,
                           size_t *ret_place);

/* who holds one has a snapshot: whoever changes it makes a copy */
struct account *mem_account_ref(struct account *account);
void mem_account_unref(struct account *account); /* accepts NULL */
/* shares the tables; NULL: no memory */
struct account *mem_account_copy(const struct account *account);
/* In an account that may be changed: the synced tables are those of the other one. */
void mem_account_lay(struct account *account, const struct account *synced);

struct world *mem_world_create(void);
struct world *mem_world_copy(const struct world *world); /* shares everything below */
struct world *mem_world_ref(struct world *world);
void mem_world_unref(struct world *world); /* accepts NULL */
/* NULL: there is none */
struct account *mem_world_account(const struct world *world, const char *id);

/* Changes of a world that nobody else holds. false: out of memory, and nothing has changed. */
/* an account that may be changed; NULL: none, or no memory */
struct account *mem_world_own(struct world *world, const char *id);
struct account *mem_world_own_whole(struct world *world); /* NULL: no memory */
/* takes the reference to the account's row when true */
bool mem_world_add(struct world *world, struct row *row);
void mem_world_remove(struct world *world, const char *id);
/* by key; takes the reference when true */
bool mem_account_put(struct account *account, enum table_name name, struct row *row);
/* missing is fine */
bool mem_account_drop(struct account *account, enum table_name name, const struct row *key);
/* Drops every row that `matches` says; the number dropped, -1: out of memory. */
int64_t mem_account_drop_if(struct account *account, enum table_name name,
                            bool (*matches)(const struct row *row, const void *what),
                            const void *what);

#endif

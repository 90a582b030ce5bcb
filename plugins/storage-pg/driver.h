/* This plugin's side of storage-sql: the fragments of SQL in which PostgreSQL differs. Every row
 * of a person names its account, which is parameter ?1: outside of a batch its id, in one its
 * number. */
#ifndef STORAGE_PG_DRIVER_H
#define STORAGE_PG_DRIVER_H

#include "handle.h"

/* --- whose rows: conditions with their AND, the column and its value with their comma --- */
#define OF_ACCOUNT(alias)        alias "account = " ACCOUNT_ROW("?1") " AND "
#define OF_BATCH                 "account = ?1 AND "
#define WHERE_ACCOUNT            " WHERE account = " ACCOUNT_ROW("?1")
#define WHERE_BATCH              " WHERE account = ?1"
#define ACCOUNT_ROW(id)          "(SELECT row FROM accounts WHERE id = " id ")"
#define SAME_ACCOUNT(one, other) one ".account = " other ".account AND "
#define ACCOUNT_COLUMN           "account, "
#define ACCOUNT_VALUE            "?1, "

/* --- values and comparisons. In an INSERT … SELECT the server does not see what a parameter is; no
 * index holds text of unbounded length, so where it is a key, its MD5 is --- */
#define VALUE_TEXT(parameter)    parameter "::text"
#define VALUE_INT(parameter)     parameter "::bigint"
#define VALUE_FLAG(parameter)    parameter "::boolean"
#define VALUE_REAL(parameter)    parameter "::double precision"
#define VALUE_HASH(parameter)    parameter "::bytea"
#define NOT_FLAG(column)         "NOT " column
#define SAME_TEXT(column, value) "md5(" column ") = md5(" value ") AND " column " = " value
#define KEY_TEXT(column)         "md5(" column ")"
#define BYTES(column)            column " COLLATE \"C\""
#define NO_CASE(column)          "lower(" column ")"
#define NO_CASE_VALUE(value)     "lower(" value " COLLATE \"C\")"
#define GREATEST(one, other)     "greatest(" one ", " other ")"

/* --- how a statement runs --- */
#define INDEXED_BY(index)   ""
#define THEN_JOIN           " JOIN "
#define IN_PIECES           " LIMIT ?"
#define OF_PAGES(parameter) "= ANY (" parameter "::bigint[])"

/* The planner would walk an index in the order that is wanted, through all rows of the account. */
#define THEN_SORTED(select, alias, order)                                                          \
    "SELECT * FROM (" select " OFFSET 0) " alias " ORDER BY " order
/* An index holds but the beginning of the second of two columns. */
#define FIRST_OF_TWO(condition) condition " AND "
/* (xmax = 0): the row is new. */
#define PUT_ROW(table, names, values, key, excluded)                                               \
    "INSERT INTO " table " (account, " names ") VALUES (?1, " values                               \
    ") ON CONFLICT (account, " key ") DO UPDATE SET " excluded " RETURNING (xmax = 0)::int"

/* --- tables that differ --- */
#define ACCOUNT_OF_BATCH   "accounts"
#define WHERE_ROW_OF_BATCH " WHERE row = ?1"
#define ITS_ACCOUNT        "accounts a"
#define OF_ITS(alias)      alias "account = a.row AND "
#define WHERE_ITS          " WHERE a.id = ?1"
/* A release that knows nothing of generations by collection has written since (or the account
 * was made with one): what it removed left no record, and any may have changed. */
#define WRITTEN_BY_OLDER                                                                           \
    "a.generation > coalesce((SELECT max(w.generation) FROM generations w WHERE w.account = "      \
    "a.row), 0)"
#define REMOVALS_KNOWN " AND (?2 = a.generation OR NOT " WRITTEN_BY_OLDER ")"
#define GENERATIONS                                                                                \
    "c.collection, CASE WHEN " WRITTEN_BY_OLDER                                                    \
    " THEN a.generation ELSE g.generation END FROM accounts a CROSS JOIN collections c "           \
    "LEFT JOIN generations g ON g.account = a.row AND g.collection = c.collection WHERE a.id = "   \
    "?1 "                                                                                          \
    "AND (g.generation IS NOT NULL OR (c.collection > 0 AND " WRITTEN_BY_OLDER "))"
#define PAGE_OF_GUID      "g.page FROM page_guids g "
#define PAGES_WITH_GUIDS  "g.page, g.guid FROM page_guids g WHERE " OF_ACCOUNT("g.")
#define PAGE_WITH_GUID    "g.page"
#define GENERATION_APART  "false"
#define COUNTS_OF_ACCOUNT "accounts WHERE id = ?1"
/* An error would end a transaction. */
#define ADDRESS_IS_FREE(email, id)                                                                 \
    " AND NOT EXISTS (SELECT 1 FROM accounts o WHERE lower(o.email) = lower(" email                \
    " COLLATE \"C\") AND o.id <> " id ")"
/* Two schedulers never wait for, and never get, the same account; one with an open batch is not
 * locked in this way. */
#define SKIP_LOCKED                 " FOR NO KEY UPDATE SKIP LOCKED"
#define SCAN_BEHIND(frecency_, id_) "(frecency, id) < (" frecency_ ", " id_ ")"
#define PAGE_ALSO                   ", 0"
#define FROM_VISITS_OF_PAGE         "FROM visits v WHERE " OF_ACCOUNT("v.") "v.page "
#define PAGE_PLACE                  "p.id"
#define PAGE_OF_VISIT               " JOIN pages p ON p.account = v.account AND p.id = v.page"

#include "storage-sql/fields.h"

/* Arrays of the fields of many rows (rows.h); first: that of the key, with its number. */
#define SQL_ARRAY_TEXT                                       "?::text[]"
#define SQL_ARRAY_INT                                        "?::bigint[]"
#define SQL_ARRAY_FLAG                                       "?::boolean[]"
#define SQL_ARRAY_REAL                                       "?::double precision[]"
#define SQL_ARRAY(T, role, kind, name, least, most, meaning) SQL_STORED_##role(, SQL_ARRAY_##kind)

#define SQL_ARRAYS(first, FIELDS) SQL_JOIN_BEHIND(first, FIELDS(SQL_ARRAY, ))

#endif

/* This plugin's side of storage-sql: the fragments of SQL in which SQLite differs. The rows of a
 * person are in a file of their own, so nothing names the account, and parameter ?1 is not used
 * there. */
#ifndef STORAGE_SQLITE_DRIVER_H
#define STORAGE_SQLITE_DRIVER_H

#include "handle.h"

/* --- whose rows: conditions with their AND, the column and its value with their comma --- */
#define OF_ACCOUNT(alias)        ""
#define OF_BATCH                 ""
#define WHERE_ACCOUNT            ""
#define WHERE_BATCH              ""
#define ACCOUNT_ROW(id)          "(SELECT row FROM accounts WHERE id = " id ")"
#define SAME_ACCOUNT(one, other) ""
#define ACCOUNT_COLUMN           ""
#define ACCOUNT_VALUE            ""

/* --- values and comparisons --- */
#define VALUE_TEXT(parameter)    parameter
#define VALUE_INT(parameter)     parameter
#define VALUE_FLAG(parameter)    parameter
#define VALUE_REAL(parameter)    parameter
#define VALUE_HASH(parameter)    parameter
#define NOT_FLAG(column)         column " = 0"
#define SAME_TEXT(column, value) column " = " value
#define KEY_TEXT(column)         column
#define BYTES(column)            column
#define NO_CASE(column)          column /* COLLATE NOCASE */
#define NO_CASE_VALUE(value)     value
#define GREATEST(one, other)     "max(" one ", " other ")"

/* --- how a statement runs: what SQLite's planner would not see by itself --- */
#define INDEXED_BY(index)   " INDEXED BY " index
#define THEN_JOIN           " CROSS JOIN "
#define IN_PIECES           ""
#define OF_PAGES(parameter) "= " parameter

#define THEN_SORTED(select, alias, order) select " ORDER BY " order
#define FIRST_OF_TWO(condition)           ""
/* Nobody says which of both an upsert did, and it has to be counted: one that inserts, then one
 * that updates. */
#define PUT_ROW(table, names, values, key, excluded)                                               \
    "INSERT INTO " table " (" names ") VALUES (" values ") ON CONFLICT DO NOTHING",                \
        "INSERT INTO " table " (" names ") VALUES (" values ") ON CONFLICT (" key                  \
        ") DO UPDATE SET " excluded

/* --- tables that differ --- */
#define ACCOUNT_OF_BATCH   "account"
#define WHERE_ROW_OF_BATCH ""
#define ITS_ACCOUNT        "account a"
#define OF_ITS(alias)      ""
#define WHERE_ITS          ""
#define REMOVALS_KNOWN     ""
#define GENERATIONS        "collection, generation FROM generations"
#define PAGE_OF_GUID       "p.id FROM page_guids g JOIN pages p ON p.row = g.page_row "
#define PAGES_WITH_GUIDS                                                                           \
    "p.id, g.guid FROM pages p CROSS JOIN page_guids g INDEXED BY page_guids_by_page "             \
    "ON g.page_row = p.row WHERE "
#define PAGE_WITH_GUID             "p.id"
#define GENERATION_APART           "file" /* of the person, which moves on */
#define COUNTS_OF_ACCOUNT          "account"
#define ADDRESS_IS_FREE(email, id) "" /* else the index says CONFLICT */
#define SKIP_LOCKED                ""
/* There is one piece, from the first page on: a comparison with each would cost a twentieth. */
#define SCAN_BEHIND(frecency_, id_) frecency_ " IS NOT NULL AND " id_ " IS NOT NULL"
#define PAGE_ALSO                   ", p.row"
#define PAGE_PLACE                  "p.row" /* which an index has without saying so */
#define PAGE_OF_VISIT               " CROSS JOIN pages p ON p.row = v.page_row"

#define FROM_VISITS_OF_PAGE "FROM pages p CROSS JOIN visits v ON v.page_row = p.row WHERE p.id "

#include "storage-sql/fields.h"

#endif

/* Prepared statements. A query is opened on the handle's current connection with a constant SQL
 * text (cached by its address), gets its parameters in order, and is run or stepped row by row.
 * Everything variable is bound. */
#ifndef STORAGE_SQLITE_QUERY_H
#define STORAGE_SQLITE_QUERY_H

#include "storage-sql/sql.h"
#include "database.h"

struct query {
    struct handle *handle;
    struct connection *connection; /* the handle's current one when it was opened */
    /* NULL: a second copy, because the cached one is in use by an outer operation */
    struct statement *slot;
    sqlite3_stmt *stmt;
    int next;   /* parameter */
    int failed; /* of a bind or the opening; reported by the first step */
};

/* sql_query_open(), binding, sql_query_step(), sql_query_run(), sql_query_later() are those of
 * the driver: storage-sql/sql.h. */

/* The first row's first column, then closes. NOT_FOUND (without error text): no row. */
int sqlite_query_number(struct query *query, int64_t *ret_number);
/* one statement without parameters; results are ignored */
int sqlite_query_exec(struct handle *handle, const char *sql);
/* rows that the last INSERT, UPDATE or DELETE touched */
int64_t sqlite_query_changes(struct handle *handle);

static inline int64_t sql_column_int(struct query *query, int column)
{
    return sqlite3_column_int64(query->stmt, column);
}

static inline const char *sql_column_text(struct query *query, int column)
{
    return (const char *)sqlite3_column_text(query->stmt, column);
}

static inline int64_t sql_column_flag(struct query *query, int column)
{
    return sqlite3_column_int(query->stmt, column) != 0;
}

static inline double sql_column_real(struct query *query, int column)
{
    return sqlite3_column_double(query->stmt, column);
}

static inline const uint8_t *sql_column_hash(struct query *query, int column, size_t size)
{
    const void *bytes = sqlite3_column_blob(query->stmt, column);
    return bytes != NULL && (size_t)sqlite3_column_bytes(query->stmt, column) == size ? bytes
                                                                                      : NULL;
}

/* A person's rows are in a file of their own: the parameter is passed over. */
static inline void sql_query_account(struct query *query, const char *account)
{
    (void)account;
    query->next++;
}

static inline void sql_query_batch(struct query *query)
{
    query->next++;
}

/* To borrow a connection costs more than to read a page: one at a time. */
static inline void sql_query_pages(struct query *query, const int64_t *pages, size_t count,
                                   size_t *done)
{
    (void)count;
    sql_query_int(query, pages[(*done)++]);
}

/* SQLite hands out rows as they are found: there is one piece. */
static inline void sql_query_piece(struct query *query, const struct piece *piece)
{
    (void)query;
    (void)piece;
}

static inline bool sql_query_close_piece(struct query *query, struct piece *piece, int r)
{
    (void)piece;
    (void)r;
    sql_query_close(query);
    return false;
}

void sqlite_query_forget_all(struct connection *connection); /* at its end */
/* those that nobody runs */
void sqlite_query_forget_idle(struct connection *connection);

#endif

/* Prepared statements. A query is opened on the session's current connection with a constant SQL text (cached by its address), gets its
 * parameters in order, and is run or stepped row by row. Everything variable is bound. */
#ifndef STORAGE_SQLITE_QUERY_H
#define STORAGE_SQLITE_QUERY_H

#include "store.h"

struct query {
    struct session *session;
    struct connection *connection; /* the session's current one when it was opened */
    struct statement *slot;        /* NULL: a second copy, because the cached one is in use by an outer operation */
    sqlite3_stmt *handle;
    int next;   /* parameter */
    int failed; /* of a bind or the opening; reported by the first step */
};

void query_open(struct query *query, struct session *session, const char *sql);
void query_close(struct query *query);

/* Parameters ?1, ?2 … in order. Text and bytes are borrowed until query_close(). NULL text binds NULL. */
void query_int(struct query *query, int64_t value);
void query_text(struct query *query, const char *text);
void query_bytes(struct query *query, const void *bytes, size_t size);
void query_real(struct query *query, double value);

int query_step(struct query *query); /* 1: a row; 0: no more; or an error with its text */
int query_run(struct query *query);  /* steps to the end and closes: 0 or an error */
/* The first row's first column, then closes. NOT_FOUND (without error text): no row. */
int query_number(struct query *query, int64_t *ret_number);
int query_exec(struct session *session, const char *sql); /* one statement without parameters; results are ignored */
int64_t query_changes(struct session *session);           /* rows that the last INSERT, UPDATE or DELETE touched */

/* Columns of the row; text lives until the next step. */
static inline int64_t column_int(struct query *query, int column)
{
    return sqlite3_column_int64(query->handle, column);
}

static inline const char *column_text(struct query *query, int column)
{
    return (const char *)sqlite3_column_text(query->handle, column);
}

void query_forget_all(struct connection *connection); /* at its end */

#endif

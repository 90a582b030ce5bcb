/* Rows of a batch that nobody waits for: they are collected, and some hundred of a table are
 * written by one statement. What is collected is sent before any other statement, so nobody sees
 * a difference; what is wrong with it breaks the batch, as of everything that is sent later. */
#ifndef STORAGE_PG_ROWS_H
#define STORAGE_PG_ROWS_H

#include "query.h"

/* In the order in which they are sent: what changes rows comes behind what makes them. */
enum rows_kind {
    ROWS_PAGES,
    ROWS_VISITS,
    ROWS_GUIDS,
    ROWS_BOOKMARKS,
    ROWS_TAGS,
    ROWS_CLAIMS,
    ROWS_PAGE_CHANGES,
    ROWS_PLACES,
    ROWS_KINDS
};

/* sql: an INSERT or UPDATE whose ?1 is the account, and ?2 … arrays of what is bound. The values
 * of a row are bound as those of a statement, always of the same types; then it is added. NOMEM:
 * the batch is broken. */
void pg_rows_open(struct query *query, struct handle *handle, enum rows_kind kind, const char *sql);
int pg_rows_add(struct query *query);
/* For statements that may not meet a row twice: sends what is there when this one is among it. */
int pg_rows_open_once(struct query *query, struct handle *handle, enum rows_kind kind,
                      const char *sql, uint64_t key);
int pg_rows_open_once_text(struct query *query, struct handle *handle, enum rows_kind kind,
                           const char *sql, const char *key);

/* --- for query.c --- */

enum rows_type { ROWS_INT = 20, ROWS_FLAG = 16, ROWS_TEXT = 25, ROWS_BYTES = 17, ROWS_REAL = 701 };

/* bytes NULL: a NULL */
void pg_rows_bind(struct query *query, enum rows_type type, const void *bytes, size_t size);
bool pg_rows_waiting(const struct handle *handle);
/* Calls `send` with a query for each table that has rows. */
int pg_rows_send(struct handle *handle, int (*send)(struct query *query));
void pg_rows_free(struct batch *batch);

#endif

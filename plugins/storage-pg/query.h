/* Statements, as storage-sql/sql.h describes them. A constant SQL text is prepared once for each
 * connection, and run: now, with its rows in hand, or later, together with others, when nobody
 * waits for what it says. Everything variable is bound. */
#ifndef STORAGE_PG_QUERY_H
#define STORAGE_PG_QUERY_H

#include "storage-sql/sql.h"
#include "database.h"

enum { QUERY_PARAMETERS = 32 };
/* An array of page ids that is written out as text, "{1,2,3}", has so many at most. */
enum { QUERY_PAGES = 100, QUERY_PAGES_TEXT = QUERY_PAGES * 21 + 3 };

struct query {
    struct handle *handle;
    const char *sql;
    int count;
    const char *values[QUERY_PARAMETERS];
    int sizes[QUERY_PARAMETERS], formats[QUERY_PARAMETERS];
    char numbers[QUERY_PARAMETERS][32];
    char pages[QUERY_PAGES_TEXT];
    uint8_t hash[32]; /* of sql_column_hash() */
    PGresult *result;
    int row, rows;
    bool collects; /* what is bound is a row for these: rows.h. NULL: no memory */
    struct rows *rows_of;
};

void sql_query_account(struct query *query, const char *account);
void sql_query_batch(struct query *query);
void sql_query_pages(struct query *query, const int64_t *pages, size_t count, size_t *done);
void sql_query_piece(struct query *query, const struct piece *piece);
bool sql_query_close_piece(struct query *query, struct piece *piece, int r);

/* Runs it and keeps the rows. A write whose connection broke after it was sent is UNCERTAIN; a
 * SELECT is tried again once. */
int pg_query_execute(struct query *query);
/* sql_query_later() for a statement that says itself what is to be counted: the columns 0 and 1
 * of its row are added to these counters. */
int pg_query_later_sums(struct query *query, enum counter first, enum counter second);
/* Sends the rows that were collected. */
int pg_query_send_rows(struct handle *handle);
/* Waits for everything that was sent. 0, or the batch's first error. */
int pg_query_settle(struct handle *handle);
/* One statement without parameters and results; not prepared. */
int pg_query_exec(struct handle *handle, const char *sql);

/* Columns of the row; text lives until sql_query_close(). */
int64_t sql_column_int(const struct query *query, int column);
int64_t sql_column_flag(const struct query *query, int column);
double sql_column_real(const struct query *query, int column);
const char *sql_column_text(const struct query *query, int column);
const uint8_t *sql_column_hash(struct query *query, int column, size_t size);

#endif

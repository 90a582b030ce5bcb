/* Statements, as storage-sql/sql.h describes them. A constant SQL text is prepared once for each connection, and run: now, with its rows in
 * hand, or later, together with others, when nobody waits for what it says. Everything variable is bound. */
#ifndef STORAGE_PG_QUERY_H
#define STORAGE_PG_QUERY_H

#include "storage-sql/sql.h"
#include "store.h"

enum { QUERY_PARAMETERS = 32 };
/* An array of page ids that is written out as text, "{1,2,3}", has so many at most. */
enum { QUERY_PAGES = 100, QUERY_PAGES_TEXT = QUERY_PAGES * 21 + 3 };

struct query {
    struct session *session;
    const char *sql;
    int count;
    const char *values[QUERY_PARAMETERS];
    int sizes[QUERY_PARAMETERS], formats[QUERY_PARAMETERS];
    char numbers[QUERY_PARAMETERS][32];
    char pages[QUERY_PAGES_TEXT];
    uint8_t hash[32]; /* of column_hash() */
    PGresult *result;
    int row, rows;
};

void query_account(struct query *query, const char *account);
void query_batch(struct query *query);
void query_pages(struct query *query, const int64_t *pages, size_t count, size_t *done);
void query_piece(struct query *query, const struct piece *piece);
bool query_close_piece(struct query *query, struct piece *piece, int r);

/* Runs it and keeps the rows. A write whose connection broke after it was sent is UNCERTAIN; a SELECT is tried again once. */
int query_execute(struct query *query);
/* query_later() for a statement that says itself what is to be counted: the columns 0 and 1 of its row are added to these counters. */
int query_later_sums(struct query *query, enum counter first, enum counter second);
/* Waits for everything that was sent. 0, or the batch's first error. */
int query_settle(struct session *session);
/* One statement without parameters and results; not prepared. */
int query_exec(struct session *session, const char *sql);

/* Columns of the row; text lives until query_close(). */
int64_t column_int(const struct query *query, int column);
int64_t column_flag(const struct query *query, int column);
double column_real(const struct query *query, int column);
const char *column_text(const struct query *query, int column);
const uint8_t *column_hash(struct query *query, int column, size_t size);

#endif

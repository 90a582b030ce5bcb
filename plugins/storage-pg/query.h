/* Statements. A query is opened with a constant SQL text (prepared once for each connection), gets its parameters in order, and is run:
 * now, with its rows in hand, or later, together with others, when nobody waits for what it says. Everything variable is bound. */
#ifndef STORAGE_PG_QUERY_H
#define STORAGE_PG_QUERY_H

#include "store.h"

enum { QUERY_PARAMETERS = 24 };

struct query {
    struct session *session;
    const char *sql;
    int count;
    const char *values[QUERY_PARAMETERS];
    int sizes[QUERY_PARAMETERS], formats[QUERY_PARAMETERS];
    char numbers[QUERY_PARAMETERS][32];
    PGresult *result;
    int row, rows;
};

void query_open(struct query *query, struct session *session, const char *sql);
void query_close(struct query *query);

/* Parameters $1, $2 … in order. Text and bytes are borrowed until the query was run. NULL text binds NULL. */
void query_int(struct query *query, int64_t value);
void query_bool(struct query *query, bool value);
void query_text(struct query *query, const char *text);
void query_bytes(struct query *query, const void *bytes, size_t size); /* bytea */
void query_real(struct query *query, double value);

/* Runs it and keeps the rows. A write whose connection broke after it was sent is UNCERTAIN; a SELECT is tried again once. */
int query_execute(struct query *query);
int query_step(struct query *query);                       /* executes first; 1: the next row, 0: no more, or an error */
int query_run(struct query *query, int64_t *ret_affected); /* executes and closes; ret_affected: rows that were touched, NULL */
/* In a batch: sends it behind what was sent before. Its error breaks the batch. The columns 0 and 1 of its result are added to these
 * counters of the batch. Closes. */
int query_later(struct query *query, enum counter first, enum counter second);
/* Waits for everything that was sent. 0, or the batch's first error. */
int query_settle(struct session *session);
/* One statement without parameters and results; not prepared. */
int query_exec(struct session *session, const char *sql);

/* Columns of the row; text lives until query_close(). */
int64_t column_int(const struct query *query, int column); /* NULL: 0 */
bool column_bool(const struct query *query, int column);
double column_real(const struct query *query, int column);
const char *column_text(const struct query *query, int column); /* NULL for NULL */

#endif

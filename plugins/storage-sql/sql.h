/* The driver: what the sources of this folder ask of the database, under the same names in each
 * plugin that compiles them. A plugin's own "driver.h" defines the structs and the fragments of
 * SQL (see README.md), its query.c and handle.c these functions. */
#ifndef STORAGE_SQL_SQL_H
#define STORAGE_SQL_SQL_H

#include "hearth/storage.h"

struct handle;
struct query;
struct op;

/* What is counted for each account: X(NAME, column). */
#define SQL_COUNTERS(X)                                                                            \
    X(DEVICES, devices)                                                                            \
    X(TABS, tabs)                                                                                  \
    X(BOOKMARKS, bookmarks)                                                                        \
    X(FOLDERS, folders)                                                                            \
    X(PAGES, pages)                                                                                \
    X(VISITS, visits)
#define SQL_COUNTER_MEMBER(name, column) COUNT_##name,
enum counter { COUNT_NONE = -1, SQL_COUNTERS(SQL_COUNTER_MEMBER) COUNTERS };

/* --- operations: begun on the caller's stack, they nest --- */

/* A read of what all accounts share, or anything that manages its own transaction. When a begin
 * does not return 0, return its code and do not call the end. */
int sql_op_begin(struct op *op, void *handle, struct hearth_call *call);
int sql_op_end(struct op *op, int code); /* returns code */
/* One of the operations "in a batch". INVALID: none is open. Errors other than NOT_FOUND and
 * INVALID break the batch. */
int sql_op_begin_in_batch(struct op *op, void *handle, struct hearth_call *call);
int sql_op_end_in_batch(struct op *op, int code);
/* Where one database has nothing to do for them, these are inline in its handle.h:
 *
 *     int sql_op_begin_any_schema(op, handle, call)         sql_op_begin() for what has to work
 *                                                           before the schema is the one wanted
 *     int sql_op_begin_account(op, handle, call, account)   a read of an account's rows. Greater
 *                                                           than 0: it has none, and the operation
 *                                                           has ended already
 *     int sql_op_begin_write(op, handle, call)              a write of what all accounts share, by
 *                                                           one statement that changes rows and
 *                                                           any number that read
 *     int sql_op_end_write(op, code)                        a code < 0 takes it back where it is
 *                                                           not too late
 *     int sql_op_begin_snapshot(op)                         between them all statements of an
 *     int sql_op_end_snapshot(op, code)                     operation that reads see one state;
 *                                                           the end returns the code, or what went
 *                                                           wrong */
enum { OP_NO_ACCOUNT = 1, OP_NO_ROWS = 2 };

/* The open batch of the handle, when it is this account's; NULL. Has members `delta` and
 * `generation`. */
struct batch *sql_op_batch_of(struct op *op, const char *account);

/* --- statements: constant texts, found by their address. "?2" is a parameter by number, "?" the
 * one behind the greatest before it --- */

void sql_query_open(struct query *query, struct handle *handle, const char *sql);
void sql_query_close(struct query *query);

/* Parameters in order. Text and bytes are borrowed until sql_query_close(). NULL text binds
 * NULL. */
void sql_query_int(struct query *query, int64_t value);
void sql_query_flag(struct query *query, int64_t value);
void sql_query_real(struct query *query, double value);
void sql_query_text(struct query *query, const char *text);
void sql_query_bytes(struct query *query, const void *bytes, size_t size);

int sql_query_step(struct query *query); /* 1: a row; 0: no more; or an error with its text */
/* Runs it to the end and closes. ret_rows: how many an INSERT, UPDATE or DELETE has touched;
 * NULL. */
int sql_query_run(struct query *query, int64_t *ret_rows);
/* In a batch, when nobody waits for what it says: runs it now or with others, and closes. `by`
 * times the rows that it touches are added to the counter. */
int sql_query_later(struct query *query, enum counter counter, int by);
/* The same for a text of the fragment PUT_ROW(): *ret_done says that those behind it are not
 * needed. The counter is that of new rows. */
int sql_query_put(struct query *query, enum counter counter, bool *ret_done);

/* Inline in query.h where that is worth while:
 *
 *     void sql_query_account(query, account)     ?1 of every statement on the rows of an account:
 *                                                outside of a batch, and
 *     void sql_query_batch(query)                in the handle's own
 *     void sql_query_pages(query, pages, count, done)
 *                                                the next pages of a list: as many as the fragment
 *                                                OF_PAGES takes at once. *done moves on
 *     void sql_query_piece(query, piece)         see struct piece
 *     bool sql_query_close_piece(query, piece, r)
 *
 *     int64_t sql_column_int(query, column)      of the row. NULL: 0
 *     int64_t sql_column_flag(query, column)     0 or 1
 *     double sql_column_real(query, column)
 *     const char *sql_column_text(query, column)
 *                                                NULL for NULL; lives until the next step, as the
 *                                                hash does
 *     const uint8_t *sql_column_hash(query, column, size)
 *                                                at most 32 bytes, one a row; NULL: it has another
 *                                                length */
/* Bytes of any length, in the call's memory. */
int sql_column_keep_bytes(struct query *query, int column, const void **ret_bytes,
                          size_t *ret_size);

/* A long listing comes in pieces where rows cannot be left lying at the server: a statement with
 * the fragment IN_PIECES at its end, which is opened anew behind the row that came last.
 *
 *     do {
 *         sql_query_open(…); …; sql_query_piece(&query, &piece);
 *         while ((r = sql_query_step(&query)) > 0 && …) …
 *     } while (sql_query_close_piece(&query, &piece, r));
 *
 * sql_query_piece() binds the last parameter. sql_query_close_piece() closes, given what the
 * last step said. True: there may be more rows. */
struct piece {
    /* rows of the next piece, which is `grows` times the one before, to `most` */
    int rows, most, grows;
};

/* Whoever reads wants about so many (0: nobody knows): the first piece has them, and no more. */
static inline void sql_piece_expect(struct piece *piece, int64_t rows)
{
    if (rows > 0)
        piece->rows = rows < piece->most ? (int)rows : piece->most;
}

/* The database in errors, without secrets. */
const char *sql_database_text(const struct handle *handle);

/* --- memory of the call. NULL text stays NULL. NOMEM leaves *ret_copy untouched --- */

int sql_copy_text(struct handle *handle, const char *text, const char **ret_copy);
int sql_copy_bytes(struct handle *handle, const void *bytes, size_t size, const void **ret_copy);

#endif

#include "query.h"

#include <ctype.h>
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "ahead.h"
#include "connection.h"
#include "handle.h"
#include "rows.h"
#include "support/call.h"
#include "codec/codec.h"

void sql_query_open(struct query *query, struct handle *handle, const char *sql)
{
    query->handle = handle;
    query->sql = sql;
    query->count = query->row = query->rows = 0;
    query->result = NULL;
    query->collects = false;
    query->rows_of = NULL;
}

void sql_query_close(struct query *query)
{
    PQclear(query->result);
    query->result = NULL;
}

static void query_bind(struct query *query, const char *value, int size, int format)
{
    assert(query->count < QUERY_PARAMETERS);
    query->values[query->count] = value;
    query->sizes[query->count] = size;
    query->formats[query->count++] = format;
}

void sql_query_int(struct query *query, int64_t value)
{
    uint64_t bits = htobe64((uint64_t)value);
    if (query->collects) {
        pg_rows_bind(query, ROWS_INT, &bits, sizeof(bits));
        return;
    }
    char *text = query->numbers[query->count];
    snprintf(text, sizeof(query->numbers[0]), "%" PRId64, value);
    query_bind(query, text, 0, 0);
}

void sql_query_flag(struct query *query, int64_t value)
{
    if (query->collects)
        pg_rows_bind(query, ROWS_FLAG, value ? "\1" : "\0", 1);
    else
        query_bind(query, value ? "t" : "f", 0, 0);
}

void sql_query_text(struct query *query, const char *text)
{
    if (query->collects)
        pg_rows_bind(query, ROWS_TEXT, text, text == NULL ? 0 : strlen(text));
    else
        query_bind(query, text, 0, 0);
}

void sql_query_bytes(struct query *query, const void *bytes, size_t size)
{
    if (query->collects)
        pg_rows_bind(query, ROWS_BYTES, size == 0 ? "" : bytes, size);
    else
        query_bind(query, size == 0 ? "" : bytes, (int)size, 1);
}

void sql_query_real(struct query *query, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    bits = htobe64(bits);
    if (query->collects) {
        pg_rows_bind(query, ROWS_REAL, &bits, sizeof(bits));
        return;
    }
    char *text = query->numbers[query->count];
    snprintf(text, sizeof(query->numbers[0]), "%.17g", value);
    query_bind(query, text, 0, 0);
}

void sql_query_account(struct query *query, const char *account)
{
    sql_query_text(query, account);
}

void sql_query_batch(struct query *query)
{
    sql_query_int(query, query->handle->batch.account);
}

void sql_query_pages(struct query *query, const int64_t *pages, size_t count, size_t *done)
{
    size_t size = 0, end = count - *done < QUERY_PAGES ? count : *done + QUERY_PAGES;
    query->pages[size++] = '{';
    for (; *done < end; ++*done)
        size += (size_t)snprintf(query->pages + size, QUERY_PAGES_TEXT - size, "%s%" PRId64,
                                 size == 1 ? "" : ",", pages[*done]);
    snprintf(query->pages + size, QUERY_PAGES_TEXT - size, "}");
    sql_query_text(query, query->pages);
}

void sql_query_piece(struct query *query, const struct piece *piece)
{
    sql_query_int(query, piece->rows);
}

bool sql_query_close_piece(struct query *query, struct piece *piece, int r)
{
    bool more = r == 0 && query->rows == piece->rows;
    sql_query_close(query);
    piece->rows =
        piece->rows < piece->most / piece->grows ? piece->rows * piece->grows : piece->most;
    return more;
}

/* --- the pipeline --- */

static void pending_push(struct handle *handle, struct pending pending)
{
    handle->pending[(handle->pending_first + handle->pending_count++) % PENDING_MAX] = pending;
}

static int send_failed(struct handle *handle)
{
    bool memory = strstr(PQerrorMessage(handle->pg), "out of memory") != NULL;
    pg_connection_close(handle);
    return hearth_fail(handle->call, memory ? HEARTH_ERR_NOMEM : HEARTH_ERR_UNAVAILABLE,
                       "%s: the statement could not be sent%s", handle->database->where,
                       memory ? ": out of memory" : "");
}

static int statement_of(struct handle *handle, const char *sql)
{
    int i = 0;
    while (i < handle->statement_count && handle->statements[i] != sql)
        i++;
    assert(i < STATEMENTS);
    if (i == handle->statement_count)
        handle->statements[handle->statement_count++] = sql;
    return i;
}

static int fill_number(const char **at, int *greatest)
{
    int number = isdigit((unsigned char)**at) ? 0 : *greatest + 1;
    while (isdigit((unsigned char)**at))
        number = number * 10 + *(*at)++ - '0';
    *greatest = number > *greatest ? number : *greatest;
    return number;
}

/* "?2" and "?" of the driver's texts as "$2", "$3". On the heap; NULL: no memory. */
static char *number_parameters(const char *sql)
{
    enum { ROOM = 3 }; /* what a "?" may grow by */
    size_t count = 0, size = 0;
    for (const char *at = sql; *at != '\0'; at++)
        count += *at == '?';
    size_t room = strlen(sql) + ROOM * count + 1;
    char *text = malloc(room);
    int greatest = 0;
    bool quoted = false;
    while (text != NULL && *sql != '\0') {
        quoted ^= *sql == '\'';
        if (*sql != '?' || quoted) {
            text[size++] = *sql++;
            continue;
        }
        sql++;
        size += (size_t)snprintf(text + size, room - size, "$%d", fill_number(&sql, &greatest));
    }
    if (text != NULL)
        text[size] = '\0';
    return text;
}

static int send_preparation(struct handle *handle, int statement, const char *name)
{
    char *sql = number_parameters(handle->statements[statement]);
    if (sql == NULL)
        return support_no_memory(handle->call);
    int sent = PQsendPrepare(handle->pg, name, sql, 0, NULL);
    free(sql);
    if (sent != 1)
        return send_failed(handle);
    pending_push(handle, (struct pending){.kind = PENDING_PREPARE, .statement = statement});
    handle->prepared[statement] = true;
    return 0;
}

/* Puts the statement, and its preparation, into libpq's buffer. */
static int query_send_now(struct query *query, struct pending pending)
{
    struct handle *handle = query->handle;
    int i = statement_of(handle, query->sql);
    char name[16];
    snprintf(name, sizeof(name), "s%d", i);
    if (!handle->prepared[i]) {
        int r = send_preparation(handle, i, name);
        if (r < 0)
            return r;
    }
    if (PQsendQueryPrepared(handle->pg, name, query->count, query->values, query->sizes,
                            query->formats, 0) != 1)
        return send_failed(handle);
    pending_push(handle, pending);
    return 0;
}

/* Behind what was collected. */
static int query_send(struct query *query, struct pending pending)
{
    int r = pg_rows_waiting(query->handle) ? pg_query_send_rows(query->handle) : 0;
    return r < 0 ? r : query_send_now(query, pending);
}

static void break_batch(struct handle *handle, int code)
{
    struct batch *batch = &handle->batch;
    if (!batch->open || batch->broken != 0)
        return;
    batch->broken = code;
    snprintf(batch->why, sizeof(batch->why), "%s", handle->call->error);
}

static int64_t touched_rows(const PGresult *result)
{
    return strtoll(PQcmdTuples((PGresult *)result), NULL, 10);
}

static void add_counters(struct handle *handle, const struct pending *pending,
                         const PGresult *result)
{
    if (pending->by != 0) {
        handle->batch.delta[pending->counters[0]] += pending->by * touched_rows(result);
        return;
    }
    for (int i = 0; i < 2; i++)
        if (pending->counters[i] != COUNT_NONE && PQntuples(result) == 1 && PQnfields(result) > i)
            handle->batch.delta[pending->counters[i]] +=
                strtoll(PQgetvalue(result, 0, i), NULL, 10);
}

/* One answer. *ret_mine: the result of PENDING_MINE, the caller's; errors of it are the return
 * value. */
static int answer_take(struct handle *handle, const struct pending *pending, PGresult *result,
                       PGresult **ret_mine)
{
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    int r = 0;
    /* A good answer alone takes no doubt away: what is no transaction ends with the sync behind
     * it. */
    if (pending->kind == PENDING_MINE &&
        (PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL || status == PGRES_PIPELINE_ABORTED))
        handle->doubt = false;
    if (!good && pending->kind == PENDING_PREPARE)
        handle->prepared[pending->statement] = false;
    if (pending->kind == PENDING_AHEAD)
        return pg_ahead_keep(handle, pending->statement, good ? result : (PQclear(result), NULL));
    if (!good && status != PGRES_PIPELINE_ABORTED)
        r = pg_connection_error(handle, result);
    if (good && pending->kind == PENDING_LATER)
        add_counters(handle, pending, result);
    if (good && pending->kind == PENDING_MINE)
        *ret_mine = result;
    else
        PQclear(result);
    if (r < 0)
        break_batch(handle, r);
    return r;
}

/* Sends a sync and takes all answers up to it. The first error is the return value; the
 * connection may be closed then. */
static int answers_settle(struct handle *handle, PGresult **ret_mine)
{
    int first = 0;
    if (PQpipelineSync(handle->pg) != 1)
        return send_failed(handle);
    pending_push(handle, (struct pending){.kind = PENDING_SYNC});
    while (handle->pending_count > 0) {
        struct pending pending = handle->pending[handle->pending_first];
        int r = pg_connection_wait(handle);
        if (r < 0) {
            break_batch(handle, r);
            return r;
        }
        PGresult *result = PQgetResult(handle->pg);
        if (result == NULL)
            continue; /* the end of one command's results */
        handle->pending_first = (handle->pending_first + 1) % PENDING_MAX;
        handle->pending_count--;
        if (pending.kind == PENDING_SYNC)
            PQclear(result);
        else
            r = answer_take(handle, &pending, result, ret_mine);
        if (first == 0)
            first = r;
        if (PQstatus(handle->pg) == CONNECTION_BAD) {
            pg_connection_close(handle);
            break;
        }
    }
    return first;
}

int pg_query_settle(struct handle *handle)
{
    PGresult *none = NULL;
    if (handle->batch.broken == 0 && pg_rows_waiting(handle))
        pg_query_send_rows(handle);
    if (handle->batch.broken == 0 && handle->pg != NULL && handle->pending_count > 0)
        answers_settle(handle, &none);
    PQclear(none);
    if (handle->batch.broken == 0)
        return 0;
    return hearth_fail(handle->call, handle->batch.broken, "%s", handle->batch.why);
}

static int execute_once(struct query *query)
{
    struct handle *handle = query->handle;
    PGresult *result = NULL;
    pg_connection_check_idle(handle);
    int r = pg_connection_ensure(handle);
    if (r == 0)
        r = query_send(
            query, (struct pending){.kind = PENDING_MINE, .counters = {COUNT_NONE, COUNT_NONE}});
    if (r < 0)
        return r;
    handle->doubt = true;
    r = answers_settle(handle, &result);
    if (r == 0 && result == NULL)
        r = hearth_fail(handle->call, HEARTH_ERR_INTERNAL, "%s: a statement has no answer",
                        handle->database->where);
    if (r < 0) {
        PQclear(result);
        return r;
    }
    handle->doubt = false;
    query->result = result;
    query->rows = PQntuples(result);
    query->row = -1;
    return 0;
}

/* Puts it into libpq's buffer. What cannot be asked ahead is asked when it is its turn. */
static int query_ask_ahead(struct query *query)
{
    struct handle *handle = query->handle;
    int i = handle->asks ? pg_ahead_add(query) : -1;
    int r = i < 0 ? 0
                  : query_send_now(query, (struct pending){.kind = PENDING_AHEAD,
                                                           .statement = i,
                                                           .counters = {COUNT_NONE, COUNT_NONE}});
    handle->asks &= r == 0;
    return r;
}

/* 1: here are its rows, asked ahead. 0: they are not; or why nothing can be waited for. */
static int take_asked(struct query *query)
{
    struct handle *handle = query->handle;
    PGresult *none = NULL;
    int i = pg_ahead_find(query);
    int r = i >= 0 && handle->pending_count > 0 ? answers_settle(handle, &none) : 0;
    PQclear(none);
    if (r < 0) /* of which statement, and is it worth another try? The statement itself says */
        pg_ahead_forget(handle);
    if (r < 0 && r != HEARTH_ERR_UNAVAILABLE)
        return r;
    query->result = r < 0 || i < 0 ? NULL : pg_ahead_take(handle, i);
    if (query->result == NULL)
        return 0;
    query->rows = PQntuples(query->result);
    query->row = -1;
    return 1;
}

int pg_query_execute(struct query *query)
{
    struct handle *handle = query->handle;
    bool reads = strncmp(query->sql, "SELECT", 6) == 0;
    if (handle->batch.broken != 0)
        return pg_query_settle(handle);
    if (handle->asking)
        return reads ? query_ask_ahead(query) : HEARTH_ERR_INVALID;
    bool had = handle->pg != NULL;
    int taken = take_asked(query);
    if (taken != 0)
        return taken < 0 ? taken : 0;
    if (!reads)
        pg_ahead_forget(handle);
    handle->doubt = false;
    int r = execute_once(query);
    if (r == 0 || handle->batch.open)
        return r;
    if (r == HEARTH_ERR_UNAVAILABLE && handle->pg == NULL && reads && had)
        return execute_once(query);
    bool uncertain =
        handle->doubt && !reads && (r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_NOMEM);
    return uncertain ? HEARTH_ERR_UNCERTAIN : r;
}

/* The rows are in memory: between them nothing but this notices that the call has to end. */
int sql_query_step(struct query *query)
{
    int r = query->result == NULL ? pg_query_execute(query) : pg_connection_stopped(query->handle);
    if (r < 0)
        return r;
    return ++query->row < query->rows ? 1 : 0;
}

int sql_query_run(struct query *query, int64_t *ret_rows)
{
    int r = pg_query_execute(query);
    if (r == 0 && ret_rows != NULL)
        *ret_rows = touched_rows(query->result);
    sql_query_close(query);
    return r;
}

/* Plans are made once for each connection. One that was made while a table had a handful of rows
 * takes whatever index has the account in it: with each row that the batch adds it takes longer. */
static int plan_anew(struct handle *handle)
{
    enum { REPLAN_FROM = 256, REPLAN_FACTOR = 8 };
    struct batch *batch = &handle->batch;
    if (batch->replan == 0)
        batch->replan = REPLAN_FROM;
    if (batch->written < batch->replan)
        return 0;
    batch->replan *= REPLAN_FACTOR;
    if (PQsendQueryParams(handle->pg, "DISCARD PLANS", 0, NULL, NULL, NULL, NULL, 0) != 1)
        return send_failed(handle);
    pending_push(handle,
                 (struct pending){.kind = PENDING_LATER, .counters = {COUNT_NONE, COUNT_NONE}});
    return 0;
}

static int send_and_go_on(struct query *query, struct pending pending,
                          int (*send)(struct query *query, struct pending pending))
{
    struct handle *handle = query->handle;
    PGresult *none = NULL;
    int r = pg_connection_ensure(handle);
    if (r == 0)
        r = send(query, pending);
    if (r == 0)
        r = plan_anew(handle);
    if (r == 0 && handle->pending_count > PENDING_MAX - 4)
        r = answers_settle(handle, &none);
    if (r < 0)
        break_batch(handle, r);
    return r;
}

static int send_later(struct query *query, struct pending pending)
{
    if (query->handle->batch.broken != 0)
        return pg_query_settle(query->handle);
    query->handle->batch.written++;
    return send_and_go_on(query, pending, query_send);
}

/* Until the server has taken it in: what libpq holds is bounded then, and the server works while
 * the next rows are collected. */
static int send_rows(struct query *query)
{
    int r = send_and_go_on(
        query, (struct pending){.kind = PENDING_LATER, .counters = {COUNT_NONE, COUNT_NONE}},
        query_send_now);
    if (r == 0)
        r = pg_connection_drain(query->handle);
    if (r < 0)
        break_batch(query->handle, r);
    return r;
}

int pg_query_send_rows(struct handle *handle)
{
    return handle->batch.broken != 0 ? pg_query_settle(handle) : pg_rows_send(handle, send_rows);
}

int sql_query_later(struct query *query, enum counter counter, int by)
{
    return send_later(query, (struct pending){.kind = PENDING_LATER,
                                              .counters = {counter, COUNT_NONE},
                                              .by = counter == COUNT_NONE ? 0 : by});
}

int pg_query_later_sums(struct query *query, enum counter first, enum counter second)
{
    return send_later(query, (struct pending){.kind = PENDING_LATER, .counters = {first, second}});
}

/* One statement inserts or updates, and says which it was. */
int sql_query_put(struct query *query, enum counter counter, bool *ret_done)
{
    *ret_done = true;
    return pg_query_later_sums(query, counter, COUNT_NONE);
}

int pg_query_exec(struct handle *handle, const char *sql)
{
    PGresult *result = NULL;
    if (handle->asking)
        return HEARTH_ERR_INVALID; /* a transaction is nothing to ask ahead */
    pg_ahead_forget(handle);
    int r = pg_connection_ensure(handle);
    if (r < 0)
        return r;
    if (PQsendQueryParams(handle->pg, sql, 0, NULL, NULL, NULL, NULL, 0) != 1)
        return send_failed(handle);
    pending_push(handle,
                 (struct pending){.kind = PENDING_MINE, .counters = {COUNT_NONE, COUNT_NONE}});
    handle->doubt = true;
    r = answers_settle(handle, &result);
    if (r == 0)
        handle->doubt = false;
    PQclear(result);
    return r;
}

/* --- columns --- */

const char *sql_column_text(const struct query *query, int column)
{
    return PQgetisnull(query->result, query->row, column)
               ? NULL
               : PQgetvalue(query->result, query->row, column);
}

int64_t sql_column_int(const struct query *query, int column)
{
    return strtoll(PQgetvalue(query->result, query->row, column), NULL, 10);
}

int64_t sql_column_flag(const struct query *query, int column)
{
    return PQgetvalue(query->result, query->row, column)[0] == 't';
}

double sql_column_real(const struct query *query, int column)
{
    return strtod(PQgetvalue(query->result, query->row, column), NULL);
}

const uint8_t *sql_column_hash(struct query *query, int column, size_t size)
{
    const char *text = PQgetvalue(query->result, query->row, column);
    assert(size <= sizeof(query->hash));
    bool good = strncmp(text, "\\x", 2) == 0 && strlen(text) == 2 + 2 * size &&
                codec_hex_decode(text + 2, 2 * size, query->hash, size) == 0;
    return good ? query->hash : NULL;
}

/* bytea in the text format: \x and two digits for each byte. */
int sql_column_keep_bytes(struct query *query, int column, const void **ret_bytes, size_t *ret_size)
{
    struct handle *handle = query->handle;
    const char *text = PQgetvalue(query->result, query->row, column);
    size_t digits = strlen(text) >= 2 ? strlen(text) - 2 : 0, size = digits / 2;
    unsigned char *bytes = handle->database->host->alloc(handle->call, size + 1);
    if (bytes == NULL)
        return support_no_memory(handle->call);
    if (strncmp(text, "\\x", 2) != 0 || codec_hex_decode(text + 2, digits, bytes, size) != 0)
        return hearth_fail(handle->call, HEARTH_ERR_CORRUPT,
                           "%s: bytes came in no form of bytea; set bytea_output to hex",
                           handle->database->where);
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}

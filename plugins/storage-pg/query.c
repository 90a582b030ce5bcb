#include "query.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "connection.h"
#include "session.h"
#include "support/call.h"
#include "codec/codec.h"

void query_open(struct query *query, struct session *session, const char *sql)
{
    query->session = session;
    query->sql = sql;
    query->count = query->row = query->rows = 0;
    query->result = NULL;
}

void query_close(struct query *query)
{
    PQclear(query->result);
    query->result = NULL;
}

static void bind(struct query *query, const char *value, int size, int format)
{
    assert(query->count < QUERY_PARAMETERS);
    query->values[query->count] = value;
    query->sizes[query->count] = size;
    query->formats[query->count++] = format;
}

void query_int(struct query *query, int64_t value)
{
    char *text = query->numbers[query->count];
    snprintf(text, sizeof(query->numbers[0]), "%" PRId64, value);
    bind(query, text, 0, 0);
}

void query_flag(struct query *query, int64_t value)
{
    bind(query, value ? "t" : "f", 0, 0);
}

void query_text(struct query *query, const char *text)
{
    bind(query, text, 0, 0);
}

void query_bytes(struct query *query, const void *bytes, size_t size)
{
    bind(query, size == 0 ? "" : bytes, (int)size, 1);
}

void query_real(struct query *query, double value)
{
    char *text = query->numbers[query->count];
    snprintf(text, sizeof(query->numbers[0]), "%.17g", value);
    bind(query, text, 0, 0);
}

void query_account(struct query *query, const char *account)
{
    query_text(query, account);
}

void query_batch(struct query *query)
{
    query_int(query, query->session->batch.account);
}

void query_pages(struct query *query, const int64_t *pages, size_t count, size_t *done)
{
    size_t size = 0, end = count - *done < QUERY_PAGES ? count : *done + QUERY_PAGES;
    query->pages[size++] = '{';
    for (; *done < end; ++*done)
        size += (size_t)snprintf(query->pages + size, QUERY_PAGES_TEXT - size, "%s%" PRId64, size == 1 ? "" : ",", pages[*done]);
    snprintf(query->pages + size, QUERY_PAGES_TEXT - size, "}");
    query_text(query, query->pages);
}

void query_piece(struct query *query, const struct piece *piece)
{
    query_int(query, piece->rows);
}

bool query_close_piece(struct query *query, struct piece *piece, int r)
{
    bool more = r == 0 && query->rows == piece->rows;
    query_close(query);
    piece->rows = piece->rows < piece->most / piece->grows ? piece->rows * piece->grows : piece->most;
    return more;
}

/* --- the pipeline ------------------------------------------------------------------------------------------------------------------- */

static void expect(struct session *session, struct pending pending)
{
    session->pending[(session->pending_first + session->pending_count++) % PENDING_MAX] = pending;
}

static int send_failed(struct session *session)
{
    bool memory = strstr(PQerrorMessage(session->pg), "out of memory") != NULL;
    connection_close(session);
    return hearth_fail(session->call, memory ? HEARTH_ERR_NOMEM : HEARTH_ERR_UNAVAILABLE, "%s: the statement could not be sent%s",
                       session->store->where, memory ? ": out of memory" : "");
}

static int statement_of(struct session *session, const char *sql)
{
    int i = 0;
    while (i < session->statement_count && session->statements[i] != sql)
        i++;
    assert(i < STATEMENTS);
    if (i == session->statement_count)
        session->statements[session->statement_count++] = sql;
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

static int send_preparation(struct session *session, int statement, const char *name)
{
    char *sql = number_parameters(session->statements[statement]);
    if (sql == NULL)
        return support_no_memory(session->call);
    int sent = PQsendPrepare(session->pg, name, sql, 0, NULL);
    free(sql);
    if (sent != 1)
        return send_failed(session);
    expect(session, (struct pending){.kind = PENDING_PREPARE, .statement = statement});
    session->prepared[statement] = true;
    return 0;
}

/* Puts the statement, and its preparation, into libpq's buffer. */
static int send(struct query *query, struct pending pending)
{
    struct session *session = query->session;
    int i = statement_of(session, query->sql);
    char name[16];
    snprintf(name, sizeof(name), "s%d", i);
    if (!session->prepared[i]) {
        int r = send_preparation(session, i, name);
        if (r < 0)
            return r;
    }
    if (PQsendQueryPrepared(session->pg, name, query->count, query->values, query->sizes, query->formats, 0) != 1)
        return send_failed(session);
    expect(session, pending);
    return 0;
}

static void break_batch(struct session *session, int code)
{
    struct batch *batch = &session->batch;
    if (!batch->open || batch->broken != 0)
        return;
    batch->broken = code;
    snprintf(batch->why, sizeof(batch->why), "%s", session->call->error);
}

static int64_t touched_rows(const PGresult *result)
{
    return strtoll(PQcmdTuples((PGresult *)result), NULL, 10);
}

static void add_counters(struct session *session, const struct pending *pending, const PGresult *result)
{
    if (pending->by != 0) {
        session->batch.delta[pending->counters[0]] += pending->by * touched_rows(result);
        return;
    }
    for (int i = 0; i < 2; i++)
        if (pending->counters[i] != COUNT_NONE && PQntuples(result) == 1 && PQnfields(result) > i)
            session->batch.delta[pending->counters[i]] += strtoll(PQgetvalue(result, 0, i), NULL, 10);
}

/* One answer. *ret_mine: the result of PENDING_MINE, the caller's; errors of it are the return value. */
static int take(struct session *session, const struct pending *pending, PGresult *result, PGresult **ret_mine)
{
    ExecStatusType status = PQresultStatus(result);
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK;
    int r = 0;
    /* A good answer alone takes no doubt away: what is no transaction ends with the sync behind it. */
    if (pending->kind == PENDING_MINE && (PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL || status == PGRES_PIPELINE_ABORTED))
        session->doubt = false;
    if (!good && pending->kind == PENDING_PREPARE)
        session->prepared[pending->statement] = false;
    if (!good && status != PGRES_PIPELINE_ABORTED)
        r = connection_error(session, result);
    if (good && pending->kind == PENDING_LATER)
        add_counters(session, pending, result);
    if (good && pending->kind == PENDING_MINE)
        *ret_mine = result;
    else
        PQclear(result);
    if (r < 0)
        break_batch(session, r);
    return r;
}

/* Sends a sync and takes all answers up to it. The first error is the return value; the connection may be closed then. */
static int settle(struct session *session, PGresult **ret_mine)
{
    int first = 0;
    if (PQpipelineSync(session->pg) != 1)
        return send_failed(session);
    expect(session, (struct pending){.kind = PENDING_SYNC});
    while (session->pending_count > 0) {
        struct pending pending = session->pending[session->pending_first];
        int r = connection_wait(session);
        if (r < 0) {
            break_batch(session, r);
            return r;
        }
        PGresult *result = PQgetResult(session->pg);
        if (result == NULL)
            continue; /* the end of one command's results */
        session->pending_first = (session->pending_first + 1) % PENDING_MAX;
        session->pending_count--;
        if (pending.kind == PENDING_SYNC)
            PQclear(result);
        else
            r = take(session, &pending, result, ret_mine);
        if (first == 0)
            first = r;
        if (PQstatus(session->pg) == CONNECTION_BAD) {
            connection_close(session);
            break;
        }
    }
    return first;
}

int query_settle(struct session *session)
{
    PGresult *none = NULL;
    if (session->batch.broken == 0 && session->pg != NULL && session->pending_count > 0)
        settle(session, &none);
    PQclear(none);
    if (session->batch.broken == 0)
        return 0;
    return hearth_fail(session->call, session->batch.broken, "%s", session->batch.why);
}

static int execute_once(struct query *query)
{
    struct session *session = query->session;
    PGresult *result = NULL;
    connection_look(session);
    int r = connection_ensure(session);
    if (r == 0)
        r = send(query, (struct pending){.kind = PENDING_MINE, .counters = {COUNT_NONE, COUNT_NONE}});
    if (r < 0)
        return r;
    session->doubt = true;
    r = settle(session, &result);
    if (r == 0 && result == NULL)
        r = hearth_fail(session->call, HEARTH_ERR_INTERNAL, "%s: a statement has no answer", session->store->where);
    if (r < 0) {
        PQclear(result);
        return r;
    }
    session->doubt = false;
    query->result = result;
    query->rows = PQntuples(result);
    query->row = -1;
    return 0;
}

int query_execute(struct query *query)
{
    struct session *session = query->session;
    bool reads = strncmp(query->sql, "SELECT", 6) == 0;
    if (session->batch.broken != 0)
        return query_settle(session);
    bool had = session->pg != NULL;
    session->doubt = false;
    int r = execute_once(query);
    if (r == 0 || session->batch.open)
        return r;
    if (r == HEARTH_ERR_UNAVAILABLE && session->pg == NULL && reads && had)
        return execute_once(query);
    bool uncertain = session->doubt && !reads && (r == HEARTH_ERR_UNAVAILABLE || r == HEARTH_ERR_NOMEM);
    return uncertain ? HEARTH_ERR_UNCERTAIN : r;
}

/* The rows are in memory: between them nothing but this notices that the call has to end. */
int query_step(struct query *query)
{
    int r = query->result == NULL ? query_execute(query) : connection_stopped(query->session);
    if (r < 0)
        return r;
    return ++query->row < query->rows ? 1 : 0;
}

int query_run(struct query *query, int64_t *ret_rows)
{
    int r = query_execute(query);
    if (r == 0 && ret_rows != NULL)
        *ret_rows = touched_rows(query->result);
    query_close(query);
    return r;
}

static int send_later(struct query *query, struct pending pending)
{
    struct session *session = query->session;
    if (session->batch.broken != 0)
        return query_settle(session);
    int r = connection_ensure(session);
    if (r == 0)
        r = send(query, pending);
    if (r < 0)
        break_batch(session, r);
    if (r == 0 && session->pending_count > PENDING_MAX - 4)
        r = query_settle(session);
    return r;
}

int query_later(struct query *query, enum counter counter, int by)
{
    return send_later(query,
                      (struct pending){.kind = PENDING_LATER, .counters = {counter, COUNT_NONE}, .by = counter == COUNT_NONE ? 0 : by});
}

int query_later_sums(struct query *query, enum counter first, enum counter second)
{
    return send_later(query, (struct pending){.kind = PENDING_LATER, .counters = {first, second}});
}

/* One statement inserts or updates, and says which it was. */
int query_put(struct query *query, enum counter counter, bool *ret_done)
{
    *ret_done = true;
    return query_later_sums(query, counter, COUNT_NONE);
}

int query_exec(struct session *session, const char *sql)
{
    PGresult *result = NULL;
    int r = connection_ensure(session);
    if (r < 0)
        return r;
    if (PQsendQueryParams(session->pg, sql, 0, NULL, NULL, NULL, NULL, 0) != 1)
        return send_failed(session);
    expect(session, (struct pending){.kind = PENDING_MINE, .counters = {COUNT_NONE, COUNT_NONE}});
    session->doubt = true;
    r = settle(session, &result);
    if (r == 0)
        session->doubt = false;
    PQclear(result);
    return r;
}

/* --- columns ------------------------------------------------------------------------------------------------------------------------ */

const char *column_text(const struct query *query, int column)
{
    return PQgetisnull(query->result, query->row, column) ? NULL : PQgetvalue(query->result, query->row, column);
}

int64_t column_int(const struct query *query, int column)
{
    return strtoll(PQgetvalue(query->result, query->row, column), NULL, 10);
}

int64_t column_flag(const struct query *query, int column)
{
    return PQgetvalue(query->result, query->row, column)[0] == 't';
}

double column_real(const struct query *query, int column)
{
    return strtod(PQgetvalue(query->result, query->row, column), NULL);
}

const uint8_t *column_hash(struct query *query, int column, size_t size)
{
    const char *text = PQgetvalue(query->result, query->row, column);
    assert(size <= sizeof(query->hash));
    bool good =
        strncmp(text, "\\x", 2) == 0 && strlen(text) == 2 + 2 * size && codec_hex_decode(text + 2, 2 * size, query->hash, size) == 0;
    return good ? query->hash : NULL;
}

/* bytea in the text format: \x and two digits for each byte. */
int column_keep_bytes(struct query *query, int column, const void **ret_bytes, size_t *ret_size)
{
    struct session *session = query->session;
    const char *text = PQgetvalue(query->result, query->row, column);
    size_t digits = strlen(text) >= 2 ? strlen(text) - 2 : 0, size = digits / 2;
    unsigned char *bytes = session->store->host->alloc(session->call, size + 1);
    if (bytes == NULL)
        return support_no_memory(session->call);
    if (strncmp(text, "\\x", 2) != 0 || codec_hex_decode(text + 2, digits, bytes, size) != 0)
        return hearth_fail(session->call, HEARTH_ERR_CORRUPT, "%s: bytes came in no form of bytea; set bytea_output to hex",
                           session->store->where);
    *ret_bytes = bytes;
    *ret_size = size;
    return 0;
}

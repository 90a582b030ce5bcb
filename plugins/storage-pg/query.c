#include "query.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "connection.h"

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

void query_bool(struct query *query, bool value)
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

/* Puts the statement, and its preparation, into libpq's buffer. */
static int send(struct query *query, struct pending pending)
{
    struct session *session = query->session;
    int i = statement_of(session, query->sql);
    char name[16];
    snprintf(name, sizeof(name), "s%d", i);
    if (!session->prepared[i]) {
        if (PQsendPrepare(session->pg, name, query->sql, 0, NULL) != 1)
            return send_failed(session);
        expect(session, (struct pending){.kind = PENDING_PREPARE, .statement = i});
        session->prepared[i] = true;
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

static void add_counters(struct session *session, const struct pending *pending, const PGresult *result)
{
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
    if (pending->kind == PENDING_MINE && (good || PQresultErrorField(result, PG_DIAG_SQLSTATE) != NULL || status == PGRES_PIPELINE_ABORTED))
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

int query_step(struct query *query)
{
    int r = query->result == NULL ? query_execute(query) : 0;
    if (r < 0)
        return r;
    return ++query->row < query->rows ? 1 : 0;
}

int query_run(struct query *query, int64_t *ret_affected)
{
    int r = query_execute(query);
    if (r == 0 && ret_affected != NULL)
        *ret_affected = strtoll(PQcmdTuples(query->result), NULL, 10);
    query_close(query);
    return r;
}

int query_later(struct query *query, enum counter first, enum counter second)
{
    struct session *session = query->session;
    if (session->batch.broken != 0)
        return query_settle(session);
    int r = connection_ensure(session);
    if (r == 0)
        r = send(query, (struct pending){.kind = PENDING_LATER, .counters = {first, second}});
    if (r < 0)
        break_batch(session, r);
    if (r == 0 && session->pending_count > PENDING_MAX - 4)
        r = query_settle(session);
    return r;
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

bool column_bool(const struct query *query, int column)
{
    return PQgetvalue(query->result, query->row, column)[0] == 't';
}

double column_real(const struct query *query, int column)
{
    return strtod(PQgetvalue(query->result, query->row, column), NULL);
}

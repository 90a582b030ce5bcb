#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "ahead.h"
#include "resolve.h"
#include "support/call.h"

enum { SLICE = 100 }; /* ms between looks at whether the daemon stops */

int pg_connection_stopped(struct handle *handle)
{
    bool interrupted = support_interrupt_is_raised(&handle->interrupt);
    int r = support_stopped(handle->database->host, handle->call, interrupted);
    if (r == HEARTH_ERR_TIMEOUT)
        return hearth_fail(handle->call, r, "%s: the operation took too long",
                           handle->database->where);
    return r < 0 ? hearth_fail(handle->call, r, "%s", interrupted ? "interrupted" : "stopped") : 0;
}

void pg_connection_close(struct handle *handle)
{
    if (handle->pg != NULL)
        PQfinish(handle->pg);
    handle->pg = NULL;
    handle->pending_first = handle->pending_count = 0;
    pg_ahead_forget(handle);
    handle->asks = false;
    memset(handle->prepared, 0, sizeof(handle->prepared));
}

/* libpq ends its messages with a line feed, and some have several lines. */
static void one_line(const char *message, char *ret, size_t size)
{
    size_t n = 0;
    for (; message != NULL && *message != '\0' && n + 1 < size; message++) {
        if (*message != '\n' && *message != '\t')
            ret[n++] = *message;
        else if (n > 0 && ret[n - 1] != ' ')
            ret[n++] = ' ';
    }
    while (n > 0 && ret[n - 1] == ' ')
        n--;
    ret[n] = '\0';
}

/* As long as the call may last. */
int pg_connection_wait_fd(struct handle *handle, int fd, short events)
{
    struct support_wait_limit limit = support_wait_limit_for(handle->database->host, handle->call,
                                                             &handle->interrupt, INT32_MAX, 0);
    limit.look = SLICE;
    for (;;) {
        int r = pg_connection_stopped(handle);
        if (r < 0)
            return r;
        enum support_waited waited = support_wait_fd(&limit, fd, events);
        if (waited == SUPPORT_READY)
            return 0;
        if (waited == SUPPORT_FAILED)
            return hearth_fail(handle->call, HEARTH_ERR_IO, "poll: %s", strerror(errno));
    }
}

static int connection_lost(struct handle *handle, const char *what)
{
    char why[300];
    one_line(PQerrorMessage(handle->pg), why, sizeof(why));
    pg_connection_close(handle);
    return hearth_fail(handle->call, HEARTH_ERR_UNAVAILABLE, "%s: %s%s%s", handle->database->where,
                       what, why[0] != '\0' ? ": " : "", why);
}

/* A server that works ends each statement after statement_timeout: one that says nothing for
 * twice as long hangs, and the command line sets no deadlines. */
static int wait_for_server(struct handle *handle, short events)
{
    struct hearth_call *call = handle->call;
    int64_t deadline = call->deadline, limit = 2 * handle->database->statement_timeout;
    int64_t until = support_now(handle->database->host) + limit;
    bool sooner = deadline == 0 || until < deadline;
    if (sooner)
        call->deadline = until;
    int r = pg_connection_wait_fd(handle, PQsocket(handle->pg), events);
    call->deadline = deadline;
    if (r == HEARTH_ERR_TIMEOUT && sooner)
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "%s: has said nothing for %lld ms, twice statement_timeout",
                           handle->database->where, (long long)limit);
    return r;
}

/* When nobody waits any more the socket is closed, and that is all: to ask the server for a
 * cancel would mean to connect to it and wait again, for ever if it hangs. The server sees the
 * closed socket (client_connection_check_interval) and ends the statement by itself. */
int pg_connection_wait(struct handle *handle)
{
    for (;;) {
        int unsent = PQflush(handle->pg);
        if (unsent < 0)
            return connection_lost(handle, "the connection broke");
        if (unsent == 0 && PQisBusy(handle->pg) == 0)
            return 0;
        /* libpq 15 takes the end of a pipeline off the socket and stays busy for ever when it
         * has no memory for its result. */
        if (strstr(PQerrorMessage(handle->pg), "out of memory") != NULL)
            return connection_lost(handle, "the connection had to be given up");
        int r = wait_for_server(handle, unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        if (r < 0) {
            pg_connection_close(handle);
            return r;
        }
        if (PQconsumeInput(handle->pg) == 0)
            return connection_lost(handle, "the connection broke");
    }
}

int pg_connection_drain(struct handle *handle)
{
    int unsent, r = 0;
    while (r == 0 && (unsent = PQflush(handle->pg)) > 0) {
        r = wait_for_server(handle, POLLIN | POLLOUT);
        if (r == 0 && PQconsumeInput(handle->pg) == 0)
            return connection_lost(handle, "the connection broke");
    }
    if (r < 0)
        pg_connection_close(handle);
    return r == 0 && unsent < 0 ? connection_lost(handle, "the connection broke") : r;
}

/* --- opening --- */

static int connect_poll(struct handle *handle)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        int r = pg_connection_wait_fd(handle, PQsocket(handle->pg),
                                      status == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        if (r < 0) {
            pg_connection_close(handle);
            return r;
        }
        status = PQconnectPoll(handle->pg);
        if (status == PGRES_POLLING_FAILED)
            return connection_lost(handle, "cannot be reached");
    }
    return 0;
}

/* Settings of the connection; statement_timeout is the server's own guard against statements that
 * nobody ends.
 *
 * Every statement is written for one index, and most read a part of it in order up to a LIMIT.
 * Without statistics (a first sync has just filled the tables) the planner would rather read all
 * rows and sort them; so it is left no other way, and plans are made once. Even with statistics
 * it takes `account, md5(parent)` for a handful of rows, and would sort the 60,000 of a folder
 * for 50 of them.
 *
 * A memory of the rows that a join has met (memoize) costs more than it saves: hardly any comes
 * twice, and a look at one costs a microsecond.
 *
 * Who has to wait for an ANALYZE (batch.c) needs no more of it than how many rows there are;
 * autovacuum's looks at ten times as many.
 *
 * Where an index gives all but the last column of an order, what is left is an incremental sort,
 * which is allowed. A statement that has to sort says so with OFFSET 0: the planner would
 * otherwise walk any index that has a part of the order, however much of it. */
static int connection_greet(struct handle *handle)
{
    char sql[800];
    snprintf(sql, sizeof(sql),
             "SET statement_timeout = %lld; SET client_connection_check_interval = '1s'; SET "
             "idle_in_transaction_session_timeout = "
             "'10min'; SET TimeZone = 'UTC'; "
             "SET default_transaction_isolation = 'read committed'; SET synchronous_commit = 'on'; "
             "SET enable_seqscan = off; "
             "SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; "
             "SET enable_sort = off; SET enable_memoize = off; SET jit = off; "
             "SET max_parallel_workers_per_gather = 0; SET default_statistics_target = 10; SET "
             "plan_cache_mode = force_generic_plan",
             (long long)handle->database->statement_timeout);
    if (PQsetnonblocking(handle->pg, 1) != 0 || PQsendQuery(handle->pg, sql) != 1)
        return connection_lost(handle, "takes no statement");
    int r = pg_connection_wait(handle);
    for (PGresult *result; r == 0 && (result = PQgetResult(handle->pg)) != NULL; PQclear(result)) {
        r = PQresultStatus(result) == PGRES_FATAL_ERROR ? pg_connection_error(handle, result) : 0;
        r = r == 0 ? pg_connection_wait(handle) : r;
    }
    if (r == 0 && PQenterPipelineMode(handle->pg) != 1)
        return connection_lost(handle, "libpq has no pipeline mode");
    if (r < 0)
        pg_connection_close(handle);
    return r;
}

/* What the server says to a connection that it does not want has no SQLSTATE in libpq's hands. */
static int error_code_refine(struct handle *handle, int code)
{
    static const struct {
        const char *words;
        int code;
        const char *advice;
    } known[] = {
        {"password authentication failed", HEARTH_ERR_DENIED, "check user and password of dsn"},
        {"no password supplied", HEARTH_ERR_DENIED, "dsn needs a password"},
        {"no pg_hba.conf entry", HEARTH_ERR_DENIED,
         "the server's pg_hba.conf does not let this user in from here"},
        {"Peer authentication failed", HEARTH_ERR_DENIED,
         "run hearthd as the user of dsn, or use a password"},
        {"role", HEARTH_ERR_DENIED, "create the user: createuser NAME"},
        {"database", HEARTH_ERR_INVALID, "create it: createdb -O USER NAME"},
    };
    char text[400];
    snprintf(text, sizeof(text), "%s", handle->call->error);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        bool missing = i < 4 || strstr(text, "does not exist") != NULL;
        if (code == HEARTH_ERR_UNAVAILABLE && missing && strstr(text, known[i].words) != NULL)
            return hearth_fail(handle->call, known[i].code, "%s (%s)", text, known[i].advice);
    }
    return code;
}

/* A peer that vanished without a word is given up within half a minute; what dsn says comes after
 * these and wins. */
static int open_and_greet(struct handle *handle)
{
    struct resolved_hosts resolved_hosts;
    int r = pg_hosts_resolve(handle, &resolved_hosts);
    if (r < 0)
        return r;
    const char *host = resolved_hosts.count > 0 ? "host" : NULL; /* NULL ends the list */
    const char *const keywords[] = {"keepalives_idle",
                                    "keepalives_interval",
                                    "keepalives_count",
                                    "tcp_user_timeout",
                                    "dbname",
                                    "fallback_application_name",
                                    "client_encoding",
                                    host,
                                    "hostaddr",
                                    "port",
                                    NULL};
    const char *const values[] = {"15",
                                  "5",
                                  "3",
                                  "30000",
                                  handle->database->dsn,
                                  "hearth",
                                  "UTF8",
                                  resolved_hosts.hosts,
                                  resolved_hosts.addresses,
                                  resolved_hosts.ports,
                                  NULL};
    handle->pg = PQconnectStartParams(keywords, values, 1);
    if (handle->pg == NULL)
        return support_no_memory(handle->call);
    if (PQstatus(handle->pg) == CONNECTION_BAD)
        return connection_lost(handle, "cannot be reached");
    r = connect_poll(handle);
    return r < 0 ? error_code_refine(handle, r) : connection_greet(handle);
}

/* connect_timeout is for all of it, also for its settings: a server that stopped may have
 * accepted the connection. */
static int open_now(struct handle *handle)
{
    struct hearth_call *call = handle->call;
    int64_t deadline = call->deadline,
            until = support_now(handle->database->host) + handle->database->connect_timeout;
    bool sooner = deadline == 0 || until < deadline;
    if (sooner)
        call->deadline = until;
    int r = open_and_greet(handle);
    call->deadline = deadline;
    if (r == HEARTH_ERR_TIMEOUT && sooner)
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "%s: does not answer within %lld ms; see connect_timeout",
                           handle->database->where, (long long)handle->database->connect_timeout);
    return r;
}

int pg_connection_ensure(struct handle *handle)
{
    struct database *database = handle->database;
    if (handle->pg != NULL)
        return 0;
    if (handle->batch.open)
        return hearth_fail(handle->call, HEARTH_ERR_UNAVAILABLE,
                           "%s: the connection of this batch was lost; nothing of it was stored",
                           database->where);
    int r = support_backoff_pass(&database->backoff, handle->call);
    if (r < 0)
        return r;
    r = open_now(handle);
    /* these say nothing about the server */
    if (r != HEARTH_ERR_CANCELLED && r != HEARTH_ERR_TIMEOUT && r != HEARTH_ERR_NOMEM)
        support_backoff_report(&database->backoff, r < 0 ? handle->call->error : NULL);
    return r;
}

void pg_connection_check_idle(struct handle *handle)
{
    if (handle->pg == NULL || handle->pending_count > 0 || handle->batch.open)
        return;
    struct pollfd fd = {.fd = PQsocket(handle->pg), .events = POLLIN};
    if (poll(&fd, 1, 0) > 0 &&
        (PQconsumeInput(handle->pg) == 0 || PQstatus(handle->pg) == CONNECTION_BAD))
        pg_connection_close(handle);
}

/* --- errors --- */

int pg_connection_error(struct handle *handle, const PGresult *result)
{
    static const struct {
        const char *state; /* or the beginning of it */
        int code;
        const char *advice;
    } known[] = {
        {"23505", HEARTH_ERR_CONFLICT, "exists already"},
        {"57014", HEARTH_ERR_TIMEOUT,
         "the statement took longer than statement_timeout, or was cancelled"},
        {"57P", HEARTH_ERR_UNAVAILABLE, "the server is being stopped or started"},
        {"08", HEARTH_ERR_UNAVAILABLE, "the connection broke"},
        {"53300", HEARTH_ERR_UNAVAILABLE,
         "the server has no connection left: raise max_connections, or lower storage_threads and "
         "parallel"},
        {"53100", HEARTH_ERR_FULL, "the server's disk is full"},
        {"53200", HEARTH_ERR_NOMEM, "the server is out of memory"},
        {"40", HEARTH_ERR_UNAVAILABLE, "it met with another transaction; try again"},
        {"55P03", HEARTH_ERR_UNAVAILABLE, "a lock is held; try again"},
        {"25P03", HEARTH_ERR_UNAVAILABLE, "the transaction was idle too long"},
        {"25006", HEARTH_ERR_DENIED,
         "the server is read-only (a standby, or default_transaction_read_only): name the primary "
         "in dsn"},
        {"42P01", HEARTH_ERR_UNSUPPORTED,
         "the schema is not the one that this version needs: run \"hearthd migrate\""},
        {"42703", HEARTH_ERR_UNSUPPORTED,
         "the schema is not the one that this version needs: run \"hearthd migrate\""},
        {"42501", HEARTH_ERR_DENIED, "the user lacks a permission: it has to own the tables"},
        {"28", HEARTH_ERR_DENIED, "the server refuses the user"},
        {"XX", HEARTH_ERR_CORRUPT, "the database may be damaged: look into the server's log"},
        {"58", HEARTH_ERR_IO, "the server cannot read or write its files"},
        {"2200", HEARTH_ERR_INVALID, "refused by the database"},
        {"22", HEARTH_ERR_INVALID, "refused by the database"},
        {"23", HEARTH_ERR_INVALID, "refused by the database"},
    };
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    char message[250];
    one_line(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY), message, sizeof(message));
    for (size_t i = 0; state != NULL && i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(state, known[i].state, strlen(known[i].state)) == 0)
            return hearth_fail(handle->call, known[i].code, "%s: %s (%s)", handle->database->where,
                               known[i].advice, message);
    if (state == NULL) {
        one_line(PQresultErrorMessage(result), message, sizeof(message));
        bool memory = strstr(message, "out of memory") != NULL;
        pg_connection_close(handle); /* libpq's own trouble: what the server did is not known */
        return hearth_fail(handle->call, memory ? HEARTH_ERR_NOMEM : HEARTH_ERR_UNAVAILABLE,
                           "%s: %s", handle->database->where, message);
    }
    return hearth_fail(handle->call, HEARTH_ERR_INTERNAL, "%s: %s (SQLSTATE %s)",
                       handle->database->where, message, state);
}

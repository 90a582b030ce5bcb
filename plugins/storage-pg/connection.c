#include "connection.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "places.h"
#include "support/call.h"

enum { SLICE = 100 }; /* ms between looks at whether the daemon stops */

int connection_stopped(struct session *session)
{
    bool interrupted = support_interrupt_is_raised(&session->interrupt);
    int r = support_stopped(session->store->host, session->call, interrupted);
    if (r == HEARTH_ERR_TIMEOUT)
        return hearth_fail(session->call, r, "%s: the operation took too long", session->store->where);
    return r < 0 ? hearth_fail(session->call, r, "%s", interrupted ? "interrupted" : "stopped") : 0;
}

void connection_close(struct session *session)
{
    if (session->pg != NULL)
        PQfinish(session->pg);
    session->pg = NULL;
    session->pending_first = session->pending_count = 0;
    memset(session->prepared, 0, sizeof(session->prepared));
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
int connection_wait_fd(struct session *session, int fd, short events)
{
    struct support_patience patience = support_patience_for(session->store->host, session->call, &session->interrupt, INT32_MAX, 0);
    patience.look = SLICE;
    for (;;) {
        int r = connection_stopped(session);
        if (r < 0)
            return r;
        enum support_waited waited = support_patience_wait(&patience, fd, events);
        if (waited == SUPPORT_READY)
            return 0;
        if (waited == SUPPORT_FAILED)
            return hearth_fail(session->call, HEARTH_ERR_IO, "poll: %s", strerror(errno));
    }
}

static int lost(struct session *session, const char *what)
{
    char why[300];
    one_line(PQerrorMessage(session->pg), why, sizeof(why));
    connection_close(session);
    return hearth_fail(session->call, HEARTH_ERR_UNAVAILABLE, "%s: %s%s%s", session->store->where, what, why[0] != '\0' ? ": " : "", why);
}

/* A server that works ends each statement after statement_timeout: one that says nothing for twice as long hangs, and the command line
 * sets no deadlines. */
static int wait_for_server(struct session *session, short events)
{
    struct hearth_call *call = session->call;
    int64_t deadline = call->deadline, patience = 2 * session->store->statement_timeout;
    int64_t until = support_now(session->store->host) + patience;
    bool sooner = deadline == 0 || until < deadline;
    if (sooner)
        call->deadline = until;
    int r = connection_wait_fd(session, PQsocket(session->pg), events);
    call->deadline = deadline;
    if (r == HEARTH_ERR_TIMEOUT && sooner)
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "%s: has said nothing for %lld ms, twice statement_timeout", session->store->where,
                           (long long)patience);
    return r;
}

/* When nobody waits any more the socket is closed, and that is all: to ask the server for a cancel
 * would mean to connect to it and wait again, for ever if it hangs. The server sees the closed socket
 * (client_connection_check_interval) and ends the statement by itself. */
int connection_wait(struct session *session)
{
    for (;;) {
        int unsent = PQflush(session->pg);
        if (unsent < 0)
            return lost(session, "the connection broke");
        if (unsent == 0 && PQisBusy(session->pg) == 0)
            return 0;
        /* libpq 15 takes the end of a pipeline off the socket and stays busy for ever when it has no memory for its result. */
        if (strstr(PQerrorMessage(session->pg), "out of memory") != NULL)
            return lost(session, "the connection had to be given up");
        int r = wait_for_server(session, unsent > 0 ? POLLIN | POLLOUT : POLLIN);
        if (r < 0) {
            connection_close(session);
            return r;
        }
        if (PQconsumeInput(session->pg) == 0)
            return lost(session, "the connection broke");
    }
}

/* --- opening ------------------------------------------------------------------------------------------------------------------------ */

static int connect_poll(struct session *session)
{
    PostgresPollingStatusType status = PGRES_POLLING_WRITING;
    while (status != PGRES_POLLING_OK) {
        int r = connection_wait_fd(session, PQsocket(session->pg), status == PGRES_POLLING_READING ? POLLIN : POLLOUT);
        if (r < 0) {
            connection_close(session);
            return r;
        }
        status = PQconnectPoll(session->pg);
        if (status == PGRES_POLLING_FAILED)
            return lost(session, "cannot be reached");
    }
    return 0;
}

/* Settings of the session; statement_timeout is the server's own guard against statements that nobody ends.
 *
 * Every statement is written for one index, and most read a part of it in order up to a LIMIT. Without statistics (a first sync has just
 * filled the tables) the planner would rather read all rows and sort them; so it is left no other way, and plans are made once.
 * Even with statistics it takes `account, md5(parent)` for a handful of rows, and would sort the 60,000 of a folder for 50 of them.
 *
 * Where an index gives all but the last column of an order, what is left is an incremental sort, which is allowed. A statement that has to
 * sort says so with OFFSET 0: the planner would otherwise walk any index that has a part of the order, however much of it. */
static int greet(struct session *session)
{
    char sql[600];
    snprintf(sql, sizeof(sql),
             "SET statement_timeout = %lld; SET client_connection_check_interval = '1s'; SET idle_in_transaction_session_timeout = "
             "'10min'; SET TimeZone = 'UTC'; "
             "SET default_transaction_isolation = 'read committed'; SET synchronous_commit = 'on'; SET enable_seqscan = off; "
             "SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_sort = off; SET jit = off; "
             "SET max_parallel_workers_per_gather = 0; SET plan_cache_mode = force_generic_plan",
             (long long)session->store->statement_timeout);
    if (PQsetnonblocking(session->pg, 1) != 0 || PQsendQuery(session->pg, sql) != 1)
        return lost(session, "takes no statement");
    int r = connection_wait(session);
    for (PGresult *result; r == 0 && (result = PQgetResult(session->pg)) != NULL; PQclear(result)) {
        r = PQresultStatus(result) == PGRES_FATAL_ERROR ? connection_error(session, result) : 0;
        r = r == 0 ? connection_wait(session) : r;
    }
    if (r == 0 && PQenterPipelineMode(session->pg) != 1)
        return lost(session, "libpq has no pipeline mode");
    if (r < 0)
        connection_close(session);
    return r;
}

/* What the server says to a connection that it does not want has no SQLSTATE in libpq's hands. */
static int refine(struct session *session, int code)
{
    static const struct {
        const char *words;
        int code;
        const char *advice;
    } known[] = {
        {"password authentication failed", HEARTH_ERR_DENIED, "check user and password of dsn"},
        {"no password supplied", HEARTH_ERR_DENIED, "dsn needs a password"},
        {"no pg_hba.conf entry", HEARTH_ERR_DENIED, "the server's pg_hba.conf does not let this user in from here"},
        {"Peer authentication failed", HEARTH_ERR_DENIED, "run hearthd as the user of dsn, or use a password"},
        {"role", HEARTH_ERR_DENIED, "create the user: createuser NAME"},
        {"database", HEARTH_ERR_INVALID, "create it: createdb -O USER NAME"},
    };
    char text[400];
    snprintf(text, sizeof(text), "%s", session->call->error);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        bool missing = i < 4 || strstr(text, "does not exist") != NULL;
        if (code == HEARTH_ERR_UNAVAILABLE && missing && strstr(text, known[i].words) != NULL)
            return hearth_fail(session->call, known[i].code, "%s (%s)", text, known[i].advice);
    }
    return code;
}

/* A peer that vanished without a word is given up within half a minute; what dsn says comes after
 * these and wins. */
static int open_and_greet(struct session *session)
{
    struct places places;
    int r = places_find(session, &places);
    if (r < 0)
        return r;
    const char *host = places.count > 0 ? "host" : NULL; /* NULL ends the list */
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
    const char *const values[] = {"15",         "5", "3", "30000", session->store->dsn, "hearth", "UTF8", places.hosts, places.addresses,
                                  places.ports, NULL};
    session->pg = PQconnectStartParams(keywords, values, 1);
    if (session->pg == NULL)
        return support_no_memory(session->call);
    if (PQstatus(session->pg) == CONNECTION_BAD)
        return lost(session, "cannot be reached");
    r = connect_poll(session);
    return r < 0 ? refine(session, r) : greet(session);
}

/* connect_timeout is for all of it, the settings of the session too: a server that stopped may have
 * accepted the connection. */
static int open_now(struct session *session)
{
    struct hearth_call *call = session->call;
    int64_t deadline = call->deadline, until = support_now(session->store->host) + session->store->connect_timeout;
    bool sooner = deadline == 0 || until < deadline;
    if (sooner)
        call->deadline = until;
    int r = open_and_greet(session);
    call->deadline = deadline;
    if (r == HEARTH_ERR_TIMEOUT && sooner)
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE, "%s: does not answer within %lld ms; see connect_timeout", session->store->where,
                           (long long)session->store->connect_timeout);
    return r;
}

int connection_ensure(struct session *session)
{
    struct store *store = session->store;
    if (session->pg != NULL)
        return 0;
    if (session->batch.open)
        return hearth_fail(session->call, HEARTH_ERR_UNAVAILABLE, "%s: the connection of this batch was lost; nothing of it was stored",
                           store->where);
    int r = support_backoff_pass(&store->backoff, session->call);
    if (r < 0)
        return r;
    r = open_now(session);
    if (r != HEARTH_ERR_CANCELLED && r != HEARTH_ERR_TIMEOUT && r != HEARTH_ERR_NOMEM) /* these say nothing about the server */
        support_backoff_report(&store->backoff, r < 0 ? session->call->error : NULL);
    return r;
}

void connection_look(struct session *session)
{
    if (session->pg == NULL || session->pending_count > 0 || session->batch.open)
        return;
    struct pollfd fd = {.fd = PQsocket(session->pg), .events = POLLIN};
    if (poll(&fd, 1, 0) > 0 && (PQconsumeInput(session->pg) == 0 || PQstatus(session->pg) == CONNECTION_BAD))
        connection_close(session);
}

/* --- errors ------------------------------------------------------------------------------------------------------------------------- */

int connection_error(struct session *session, const PGresult *result)
{
    static const struct {
        const char *state; /* or the beginning of it */
        int code;
        const char *advice;
    } known[] = {
        {"23505", HEARTH_ERR_CONFLICT, "exists already"},
        {"57014", HEARTH_ERR_TIMEOUT, "the statement took longer than statement_timeout, or was cancelled"},
        {"57P", HEARTH_ERR_UNAVAILABLE, "the server is being stopped or started"},
        {"08", HEARTH_ERR_UNAVAILABLE, "the connection broke"},
        {"53300", HEARTH_ERR_UNAVAILABLE,
         "the server has no connection left: raise max_connections, or lower storage_threads and parallel"},
        {"53100", HEARTH_ERR_FULL, "the server's disk is full"},
        {"53200", HEARTH_ERR_NOMEM, "the server is out of memory"},
        {"40", HEARTH_ERR_UNAVAILABLE, "it met with another transaction; try again"},
        {"55P03", HEARTH_ERR_UNAVAILABLE, "a lock is held; try again"},
        {"25P03", HEARTH_ERR_UNAVAILABLE, "the transaction was idle too long"},
        {"25006", HEARTH_ERR_DENIED, "the server is read-only (a standby, or default_transaction_read_only): name the primary in dsn"},
        {"42P01", HEARTH_ERR_UNSUPPORTED, "the schema is not the one that this version needs: run \"hearthd migrate\""},
        {"42703", HEARTH_ERR_UNSUPPORTED, "the schema is not the one that this version needs: run \"hearthd migrate\""},
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
            return hearth_fail(session->call, known[i].code, "%s: %s (%s)", session->store->where, known[i].advice, message);
    if (state == NULL) {
        one_line(PQresultErrorMessage(result), message, sizeof(message));
        bool memory = strstr(message, "out of memory") != NULL;
        connection_close(session); /* libpq's own trouble: what the server did is not known */
        return hearth_fail(session->call, memory ? HEARTH_ERR_NOMEM : HEARTH_ERR_UNAVAILABLE, "%s: %s", session->store->where, message);
    }
    return hearth_fail(session->call, HEARTH_ERR_INTERNAL, "%s: %s (SQLSTATE %s)", session->store->where, message, state);
}

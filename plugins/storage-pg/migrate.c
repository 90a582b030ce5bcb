#include "connection.h"
#include "session.h"
#include "storage-sql/migrate_hooks.h"
#include "storage-sql/migrations.h"

/* 0: the database is empty. A newer version counts as the one that is known here when it says that programs like this can go on: so a fleet
 * is upgraded one process after another. */
int migrate_read_version(struct session *session, int64_t *ret_version)
{
    struct query query;
    int64_t version = 0;
    /* Not to_regclass(): it may remember that there was none before a lock was waited for. */
    query_open(&query, session,
               "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'schema_version' AND relnamespace = current_schema()::regnamespace)");
    int r = query_step(&query);
    bool there = r > 0 && column_flag(&query, 0);
    query_close(&query);
    if (there) {
        query_open(&query, session, "SELECT version, oldest FROM schema_version ORDER BY version DESC LIMIT 1");
        r = query_step(&query);
        if (r > 0) {
            version = column_int(&query, 0);
            if (version > (int64_t)migration_count && column_int(&query, 1) <= (int64_t)migration_count)
                version = (int64_t)migration_count;
        }
        query_close(&query);
    }
    if (r >= 0)
        *ret_version = version;
    return r < 0 ? r : 0;
}

/* A migration is many statements, which only the simple protocol takes; the pipeline is left for it. */
static int run_script(struct session *session, const char *sql)
{
    if (PQexitPipelineMode(session->pg) != 1 || PQsendQuery(session->pg, sql) != 1) {
        connection_close(session);
        return hearth_fail(session->call, HEARTH_ERR_UNAVAILABLE, "%s: the migration could not be sent", session->store->where);
    }
    int r = 0;
    for (;;) {
        int w = connection_wait(session);
        if (w < 0)
            return w;
        PGresult *result = PQgetResult(session->pg);
        if (result == NULL)
            break;
        if (r == 0 && PQresultStatus(result) == PGRES_FATAL_ERROR)
            r = connection_error(session, result);
        PQclear(result);
    }
    if (PQenterPipelineMode(session->pg) != 1)
        connection_close(session);
    return r;
}

/* One step in one transaction, under a lock that every other process that migrates waits for, and then finds it done. */
int migrate_step(struct session *session, bool *ret_done)
{
    static const char LOCK[] = "SELECT pg_advisory_xact_lock(1215460456)"; /* "Hrth" */
    struct query query;
    int64_t has = 0;
    int r = transaction_begin(session, "BEGIN");
    if (r < 0)
        return r;
    query_open(&query, session, LOCK);
    r = query_run(&query, NULL);
    if (r == 0)
        r = migrate_read_version(session, &has);
    if (r == 0 && has > (int64_t)migration_count)
        r = hearth_fail(session->call, HEARTH_ERR_UNSUPPORTED,
                        "%s: the database is newer than this plugin (schema %lld, known up to %zu): install the newer version",
                        session->store->where, (long long)has, migration_count);
    bool done = r == 0 && has == (int64_t)migration_count;
    if (r == 0 && !done)
        r = run_script(session, migrations[has].sql);
    r = transaction_end(session, r);
    if (r == 0)
        *ret_done = done;
    return r;
}

/* Each step looks for itself: what there is may change until it has the lock. */
int migrate_check(struct session *session)
{
    (void)session;
    return 0;
}

int migrate_end(struct session *session)
{
    (void)session;
    return 0;
}

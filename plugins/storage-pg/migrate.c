#include "connection.h"
#include "handle.h"
#include "storage-sql/migrate_hooks.h"
#include "storage-sql/migrations.h"

/* 0: the database is empty. A newer version counts as the one that is known here when it says
 * that programs like this can go on: so a fleet is upgraded one process after another. */
int sql_migrate_read_version(struct handle *handle, int64_t *ret_version)
{
    struct query query;
    int64_t version = 0;
    /* Not to_regclass(): it may remember that there was none before a lock was waited for. */
    sql_query_open(&query, handle,
                   "SELECT EXISTS (SELECT 1 FROM pg_class WHERE relname = 'schema_version' AND "
                   "relnamespace = current_schema()::regnamespace)");
    int r = sql_query_step(&query);
    bool there = r > 0 && sql_column_flag(&query, 0);
    sql_query_close(&query);
    if (there) {
        sql_query_open(&query, handle,
                       "SELECT version, oldest FROM schema_version ORDER BY version DESC LIMIT 1");
        r = sql_query_step(&query);
        if (r > 0) {
            version = sql_column_int(&query, 0);
            if (version > (int64_t)sql_migration_count &&
                sql_column_int(&query, 1) <= (int64_t)sql_migration_count)
                version = (int64_t)sql_migration_count;
        }
        sql_query_close(&query);
    }
    if (r >= 0)
        *ret_version = version;
    return r < 0 ? r : 0;
}

/* A migration is many statements, which only the simple protocol takes; the pipeline is left for
 * it. */
static int run_script(struct handle *handle, const char *sql)
{
    if (PQexitPipelineMode(handle->pg) != 1 || PQsendQuery(handle->pg, sql) != 1) {
        pg_connection_close(handle);
        return hearth_fail(handle->call, HEARTH_ERR_UNAVAILABLE,
                           "%s: the migration could not be sent", handle->database->where);
    }
    int r = 0;
    for (;;) {
        int w = pg_connection_wait(handle);
        if (w < 0)
            return w;
        PGresult *result = PQgetResult(handle->pg);
        if (result == NULL)
            break;
        if (r == 0 && PQresultStatus(result) == PGRES_FATAL_ERROR)
            r = pg_connection_error(handle, result);
        PQclear(result);
    }
    if (PQenterPipelineMode(handle->pg) != 1)
        pg_connection_close(handle);
    return r;
}

/* One step in one transaction, under a lock that every other process that migrates waits for,
 * and then finds it done. */
int sql_migrate_step(struct handle *handle, bool *ret_done)
{
    static const char LOCK[] = "SELECT pg_advisory_xact_lock(1215460456)"; /* "Hrth" */
    struct query query;
    int64_t has = 0;
    int r = pg_transaction_begin(handle, "BEGIN");
    if (r < 0)
        return r;
    sql_query_open(&query, handle, LOCK);
    r = sql_query_run(&query, NULL);
    if (r == 0)
        r = sql_migrate_read_version(handle, &has);
    if (r == 0 && has > (int64_t)sql_migration_count)
        r = hearth_fail(handle->call, HEARTH_ERR_UNSUPPORTED,
                        "%s: the database is newer than this plugin (schema %lld, known up to "
                        "%zu): install the newer version",
                        handle->database->where, (long long)has, sql_migration_count);
    bool done = r == 0 && has == (int64_t)sql_migration_count;
    if (r == 0 && !done)
        r = run_script(handle, sql_migrations[has].sql);
    r = pg_transaction_end(handle, r);
    if (r == 0)
        *ret_done = done;
    return r;
}

/* Each step looks for itself: what there is may change until it has the lock. */
int sql_migrate_check(struct handle *handle)
{
    (void)handle;
    return 0;
}

int sql_migrate_end(struct handle *handle)
{
    (void)handle;
    return 0;
}

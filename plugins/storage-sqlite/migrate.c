#include "migrate.h"

#include "migrations.h"
#include "query.h"
#include "session.h"

enum { APPLICATION_ID = 0x48727468 }; /* "Hrth", set by the first migration */

static int read_number(struct session *session, const char *sql, int64_t *ret_number)
{
    struct query query;
    query_open(&query, session, sql);
    return query_number(&query, ret_number);
}

static int has_version(struct session *session, int64_t *ret_version)
{
    return read_number(session, "PRAGMA user_version", ret_version);
}

static int check_version(struct session *session, int64_t has)
{
    if (has <= (int64_t)migration_count)
        return 0;
    return hearth_fail(
        session->call, HEARTH_ERR_UNSUPPORTED,
        "%s: the database is newer than this plugin (schema %lld, known up to %zu): install the newer version, or restore a backup",
        session->store->path, (long long)has, migration_count);
}

int migrate_check(struct session *session)
{
    int64_t has, id, tables;
    int r = has_version(session, &has);
    if (r == 0)
        r = read_number(session, "PRAGMA application_id", &id);
    if (r == 0)
        r = read_number(session, "SELECT count(*) FROM sqlite_schema", &tables);
    if (r < 0)
        return r;
    if (id != APPLICATION_ID && (tables > 0 || id != 0))
        return hearth_fail(session->call, HEARTH_ERR_INVALID, "%s: is a database of another program: change path", session->store->path);
    return check_version(session, has);
}

int migrate_schema_version(void *self, struct hearth_call *call, int64_t *ret_has, int64_t *ret_wants)
{
    struct op op;
    int64_t has;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    r = has_version(op.session, &has);
    if (r == 0) {
        *ret_has = has;
        *ret_wants = (int64_t)migration_count;
    }
    return op_end(&op, r);
}

/* One step in one transaction, which holds the write lock: another process that migrates at the same time waits, and then finds it done. */
static int migrate_step(struct session *session, bool *ret_done)
{
    int64_t has;
    int r = session_begin_immediate(session);
    if (r < 0)
        return r;
    r = has_version(session, &has);
    if (r == 0)
        r = check_version(session, has);
    bool done = r == 0 && has == (int64_t)migration_count;
    if (r == 0 && !done)
        r = session_exec(session, migrations[has].sql);
    if (r < 0) {
        session_rollback(session);
        return r;
    }
    r = session_commit(session);
    if (r == 0)
        *ret_done = done;
    return r;
}

int migrate_run(void *self, struct hearth_call *call)
{
    struct op op;
    bool done = false;
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    if (op.session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open"));
    r = migrate_check(op.session);
    while (r == 0 && !done)
        r = migrate_step(op.session, &done);
    return op_end(&op, r);
}

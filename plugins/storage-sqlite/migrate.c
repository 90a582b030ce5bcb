#include "migrate.h"

#include "connection.h"
#include "files.h"
#include "migrations.h"
#include "query.h"
#include "session.h"

enum { MOVING = 2 }; /* the schema in which persons' rows are moved into files of their own */

static int read_number(struct session *session, const char *sql, int64_t *ret_number)
{
    struct query query;
    query_open(&query, session, sql);
    return query_number(&query, ret_number);
}

int migrate_read_version(struct session *session, int64_t *ret_version)
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
    int r = migrate_read_version(session, &has);
    if (r == 0)
        r = read_number(session, "PRAGMA application_id", &id);
    if (r == 0)
        r = read_number(session, "SELECT count(*) FROM sqlite_schema", &tables);
    if (r < 0)
        return r;
    if (id == PERSON_APPLICATION_ID)
        return hearth_fail(session->call, HEARTH_ERR_INVALID, "%s: is the file of one person, not the shared one: change path",
                           session->store->path);
    if (id != SHARED_APPLICATION_ID && (tables > 0 || id != 0))
        return hearth_fail(session->call, HEARTH_ERR_INVALID, "%s: is a database of another program: change path", session->store->path);
    return check_version(session, has);
}

int migrate_ready(struct session *session)
{
    int64_t has;
    int r = migrate_read_version(session, &has);
    if (r == 0)
        r = check_version(session, has);
    if (r < 0)
        return r;
    if (has < (int64_t)migration_count)
        return hearth_fail(session->call, HEARTH_ERR_UNSUPPORTED,
                           "%s: the schema is not the one that this version needs (it is %lld, wanted is %zu): run \"hearthd migrate\"",
                           session->store->path, (long long)has, migration_count);
    atomic_store(&session->store->ready, true);
    return 0;
}

/* One step in one transaction, which holds the write lock: another process that migrates at the same time waits, and then finds it done. */
int migrate_step(struct session *session, bool *ret_done)
{
    int64_t has;
    int r = migrate_read_version(session, &has);
    if (r == 0 && has == MOVING)
        r = move_all(session);
    if (r == 0)
        r = session_begin_immediate(session);
    if (r < 0)
        return r;
    int64_t before = has;
    r = migrate_read_version(session, &has);
    if (r == 0)
        r = check_version(session, has);
    bool done = r == 0 && has == (int64_t)migration_count;
    bool stale = r == 0 && has != before; /* another process was here: look again */
    if (r == 0 && !done && !stale)
        r = connection_exec(session->current, migrations[has].sql);
    if (r < 0) {
        session_rollback(session);
        return r;
    }
    r = session_commit(session);
    if (r == 0)
        *ret_done = done;
    return r;
}

/* The space that moved rows left is given back to the file system. The shared file is small then: this copies what is left of it. */
static int give_back_space(struct session *session)
{
    enum { WORTH_PAGES = 256 };
    int64_t free_pages, pages;
    int r = read_number(session, "PRAGMA freelist_count", &free_pages);
    if (r == 0)
        r = read_number(session, "PRAGMA page_count", &pages);
    if (r < 0 || free_pages < WORTH_PAGES || free_pages * 2 < pages)
        return r;
    r = writer_acquire(session->current->writer, session);
    if (r < 0)
        return r;
    sqlite3_limit(session->current->db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM attaches the copy */
    r = query_exec(session, "VACUUM");
    sqlite3_limit(session->current->db, SQLITE_LIMIT_ATTACHED, 0);
    if (r == 0)
        r = query_exec(session, "PRAGMA wal_checkpoint(TRUNCATE)");
    writer_release(session->current->writer);
    return r;
}

int migrate_end(struct session *session)
{
    int r = migrate_ready(session);
    if (r == 0)
        r = files_finish_removals(session);
    return r == 0 ? give_back_space(session) : r;
}

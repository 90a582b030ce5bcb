#include "migrate.h"

#include "connection.h"
#include "files.h"
#include "handle.h"
#include "migrations.h"
#include "query.h"

enum { MOVING = 2 }; /* the schema in which persons' rows are moved into files of their own */

static int schema_read_number(struct handle *handle, const char *sql, int64_t *ret_number)
{
    struct query query;
    sql_query_open(&query, handle, sql);
    return sqlite_query_number(&query, ret_number);
}

int sql_migrate_read_version(struct handle *handle, int64_t *ret_version)
{
    return schema_read_number(handle, "PRAGMA user_version", ret_version);
}

static int schema_check_version(struct handle *handle, int64_t has)
{
    if (has <= (int64_t)sql_migration_count)
        return 0;
    return hearth_fail(handle->call, HEARTH_ERR_UNSUPPORTED,
                       "%s: the database is newer than this plugin (schema %lld, known up to %zu): "
                       "install the newer version, or restore a backup",
                       handle->database->path, (long long)has, sql_migration_count);
}

int sql_migrate_check(struct handle *handle)
{
    int64_t has, id, tables;
    int r = sql_migrate_read_version(handle, &has);
    if (r == 0)
        r = schema_read_number(handle, "PRAGMA application_id", &id);
    if (r == 0)
        r = schema_read_number(handle, "SELECT count(*) FROM sqlite_schema", &tables);
    if (r < 0)
        return r;
    if (id == PERSON_APPLICATION_ID)
        return hearth_fail(handle->call, HEARTH_ERR_INVALID,
                           "%s: is the file of one person, not the shared one: change path",
                           handle->database->path);
    if (id != SHARED_APPLICATION_ID && (tables > 0 || id != 0))
        return hearth_fail(handle->call, HEARTH_ERR_INVALID,
                           "%s: is a database of another program: change path",
                           handle->database->path);
    return schema_check_version(handle, has);
}

int sqlite_schema_is_ready(struct handle *handle)
{
    int64_t has;
    int r = sql_migrate_read_version(handle, &has);
    if (r == 0)
        r = schema_check_version(handle, has);
    if (r < 0)
        return r;
    if (has < (int64_t)sql_migration_count)
        return hearth_fail(handle->call, HEARTH_ERR_UNSUPPORTED,
                           "%s: the schema is not the one that this version needs (it is %lld, "
                           "wanted is %zu): run \"hearthd migrate\"",
                           handle->database->path, (long long)has, sql_migration_count);
    atomic_store(&handle->database->ready, true);
    return 0;
}

/* One step in one transaction, which holds the write lock: another process that migrates at the
 * same time waits, and then finds it done. */
int sql_migrate_step(struct handle *handle, bool *ret_done)
{
    int64_t has;
    int r = sql_migrate_read_version(handle, &has);
    if (r == 0 && has == MOVING)
        r = sqlite_move_accounts(handle);
    if (r == 0)
        r = sqlite_transaction_begin(handle);
    if (r < 0)
        return r;
    int64_t before = has;
    r = sql_migrate_read_version(handle, &has);
    if (r == 0)
        r = schema_check_version(handle, has);
    bool done = r == 0 && has == (int64_t)sql_migration_count;
    bool stale = r == 0 && has != before; /* another process was here: look again */
    if (r == 0 && !done && !stale)
        r = sqlite_connection_exec(handle->current, sql_migrations[has].sql);
    if (r < 0) {
        sqlite_transaction_rollback(handle);
        return r;
    }
    r = sqlite_transaction_commit(handle);
    if (r == 0)
        *ret_done = done;
    return r;
}

/* The space that moved rows left is given back to the file system. The shared file is small
 * then: this copies what is left of it. */
static int give_back_space(struct handle *handle)
{
    enum { WORTH_PAGES = 256 };
    int64_t free_pages, pages;
    int r = schema_read_number(handle, "PRAGMA freelist_count", &free_pages);
    if (r == 0)
        r = schema_read_number(handle, "PRAGMA page_count", &pages);
    if (r < 0 || free_pages < WORTH_PAGES || free_pages * 2 < pages)
        return r;
    r = sqlite_writer_acquire(handle->current->writer, handle);
    if (r < 0)
        return r;
    sqlite3_limit(handle->current->db, SQLITE_LIMIT_ATTACHED, 1); /* VACUUM attaches the copy */
    r = sqlite_query_exec(handle, "VACUUM");
    sqlite3_limit(handle->current->db, SQLITE_LIMIT_ATTACHED, 0);
    if (r == 0)
        r = sqlite_query_exec(handle, "PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite_writer_release(handle->current->writer);
    return r;
}

int sql_migrate_end(struct handle *handle)
{
    int r = sqlite_schema_is_ready(handle);
    if (r == 0)
        r = sqlite_files_finish_removals(handle);
    return r == 0 ? give_back_space(handle) : r;
}

#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "connection.h"
#include "handle.h"
#include "open.h"
#include "query.h"
#include "support/call.h"

enum { ROOM = 1 << 20 }; /* bytes: with less, the next write of any size fails */

/* What the system knows of the places, without touching the database. */
static int check_places(struct handle *handle)
{
    struct database *database = handle->database;
    struct hearth_call *call = handle->call;
    struct statvfs disk;
    if (access(database->path, F_OK) != 0)
        return hearth_fail(
            call, HEARTH_ERR_IO,
            "%s: the database file is missing (%s): put it back, or restore a backup",
            database->path, strerror(errno));
    if (sqlite_connection_moved(handle->shared))
        return hearth_fail(
            call, HEARTH_ERR_IO,
            "%s: is another file than the one that is open: put the right one back, and restart",
            database->path);
    if (access(database->accounts, W_OK | X_OK) != 0 && errno != EROFS && errno != EACCES)
        return hearth_fail(
            call, HEARTH_ERR_IO,
            "%s: the directory of persons' files is missing (%s): put it back, or restore a backup",
            database->accounts, strerror(errno));
    if (access(database->path, W_OK) != 0 || access(database->accounts, W_OK | X_OK) != 0)
        return hearth_fail(
            call, HEARTH_ERR_IO,
            "%s: the database is read-only (%s): let this user write the file and its directories",
            database->path, strerror(errno));
    if (statvfs(database->path, &disk) == 0 && (disk.f_flag & ST_RDONLY) != 0)
        return hearth_fail(
            call, HEARTH_ERR_IO,
            "%s: the file system is read-only: look at the disk and the kernel's log",
            database->path);
    if (statvfs(database->path, &disk) == 0 && disk.f_blocks > 0 &&
        disk.f_bavail * disk.f_frsize < ROOM)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full: make room",
                           database->path);
    return 0;
}

/* A checkpoint in the middle says more pages than there are, but no file becomes smaller by it. */
static bool was_cut(struct database *database, sqlite3_int64 size, const unsigned char *header)
{
    enum { PAGE_SIZE = 16, PAGE_COUNT = 28 };
    sqlite3_int64 page = header[PAGE_SIZE] << 8 | header[PAGE_SIZE + 1], pages = 0;
    for (int i = 0; i < 4; i++)
        pages = pages << 8 | header[PAGE_COUNT + i];
    bool cut = size < atomic_load(&database->size_seen) &&
               (size == 0 || size < pages * (page == 1 ? 65536 : page));
    if (!cut)
        atomic_store(&database->size_seen, size);
    return cut;
}

/* SQLite's cache would answer for a file that was overwritten. Opening the file here would drop
 * its locks when it is closed: SQLite's own descriptor reads. */
static int check_header(struct handle *handle)
{
    static const char MAGIC[16] = "SQLite format 3";
    struct database *database = handle->database;
    sqlite3_file *file = NULL;
    unsigned char header[32] = {0};
    sqlite3_int64 size = 0;
    int r = sqlite3_file_control(handle->shared->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (r != SQLITE_OK || file == NULL || file->pMethods == NULL)
        return 0;
    r = file->pMethods->xFileSize(file, &size);
    if (r == SQLITE_OK && size > 0)
        r = file->pMethods->xRead(file, header, sizeof(header), 0);
    if (r != SQLITE_OK)
        return sqlite_connection_fail_text(handle->call, database->path, r, errno,
                                           "reading its first bytes failed");
    if (was_cut(database, size, header))
        return hearth_fail(
            handle->call, HEARTH_ERR_CORRUPT,
            "%s: is damaged (it was cut short to %lld bytes): stop, and restore a backup",
            database->path, (long long)size);
    /* all of a new database is in its log */
    if (size > 0 && memcmp(header, MAGIC, sizeof(MAGIC)) != 0)
        return hearth_fail(
            handle->call, HEARTH_ERR_CORRUPT,
            "%s: is damaged (it does not begin as a database does): restore a backup",
            database->path);
    return 0;
}

/* The roots of what every request needs, from the disk. */
static int read_roots(struct handle *handle)
{
    int64_t ignored;
    struct query query;
    sqlite3_db_release_memory(handle->shared->db);
    sql_query_open(&query, handle, "SELECT count(*) FROM sqlite_schema");
    int r = sqlite_query_number(&query, &ignored);
    if (r < 0 || !atomic_load(&handle->database->ready))
        return r;
    sql_query_open(&query, handle,
                   "SELECT (SELECT min(row) FROM accounts), (SELECT max(id) FROM accounts), "
                   "(SELECT max(hash) FROM tokens)");
    r = sqlite_query_number(&query, &ignored);
    return r;
}

/* Writes what is there already: one page of the log, no row. */
static int write_little(struct handle *handle)
{
    int64_t version;
    char pragma[64];
    struct query query;
    int r = sqlite_transaction_begin(handle);
    if (r < 0)
        return r;
    sql_query_open(&query, handle, "PRAGMA user_version");
    r = sqlite_query_number(&query, &version);
    if (r == 0) {
        snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %lld", (long long)version);
        r = sqlite_connection_exec(handle->shared, pragma);
    }
    if (r < 0) {
        sqlite_transaction_rollback(handle);
        return r;
    }
    return sqlite_transaction_commit(handle);
}

int sql_handle_ping(void *self, struct hearth_call *call)
{
    struct op op;
    int r = sql_op_begin_any_schema(&op, self, call);
    if (r < 0)
        return r;
    r = check_places(op.handle);
    if (r == 0)
        r = check_header(op.handle);
    if (r == 0)
        r = read_roots(op.handle);
    if (r == 0 && !support_looks_only(op.handle->database->host))
        r = write_little(op.handle);
    return sql_op_end(&op, r);
}

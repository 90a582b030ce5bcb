#include <errno.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "connection.h"
#include "open.h"
#include "query.h"
#include "session.h"
#include "support/call.h"

enum { ROOM = 1 << 20 }; /* bytes: with less, the next write of any size fails */

/* What the system knows of the places, without touching the database. */
static int check_places(struct session *session)
{
    struct store *store = session->store;
    struct hearth_call *call = session->call;
    struct statvfs disk;
    if (access(store->path, F_OK) != 0)
        return hearth_fail(call, HEARTH_ERR_IO, "%s: the database file is missing (%s): put it back, or restore a backup", store->path,
                           strerror(errno));
    if (connection_moved(session->shared))
        return hearth_fail(call, HEARTH_ERR_IO, "%s: is another file than the one that is open: put the right one back, and restart",
                           store->path);
    if (access(store->accounts, W_OK | X_OK) != 0 && errno != EROFS && errno != EACCES)
        return hearth_fail(call, HEARTH_ERR_IO, "%s: the directory of persons' files is missing (%s): put it back, or restore a backup",
                           store->accounts, strerror(errno));
    if (access(store->path, W_OK) != 0 || access(store->accounts, W_OK | X_OK) != 0)
        return hearth_fail(call, HEARTH_ERR_IO, "%s: the database is read-only (%s): let this user write the file and its directories",
                           store->path, strerror(errno));
    if (statvfs(store->path, &disk) == 0 && (disk.f_flag & ST_RDONLY) != 0)
        return hearth_fail(call, HEARTH_ERR_IO, "%s: the file system is read-only: look at the disk and the kernel's log", store->path);
    if (statvfs(store->path, &disk) == 0 && disk.f_blocks > 0 && disk.f_bavail * disk.f_frsize < ROOM)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full: make room", store->path);
    return 0;
}

/* A checkpoint in the middle says more pages than there are, but no file becomes smaller by it. */
static bool was_cut(struct store *store, sqlite3_int64 size, const unsigned char *header)
{
    enum { PAGE_SIZE = 16, PAGE_COUNT = 28 };
    sqlite3_int64 page = header[PAGE_SIZE] << 8 | header[PAGE_SIZE + 1], pages = 0;
    for (int i = 0; i < 4; i++)
        pages = pages << 8 | header[PAGE_COUNT + i];
    bool cut = size < atomic_load(&store->size_seen) && (size == 0 || size < pages * (page == 1 ? 65536 : page));
    if (!cut)
        atomic_store(&store->size_seen, size);
    return cut;
}

/* SQLite's cache would answer for a file that was overwritten. Opening the file here would drop its locks when it is closed: SQLite's own
 * descriptor reads. */
static int check_header(struct session *session)
{
    static const char MAGIC[16] = "SQLite format 3";
    struct store *store = session->store;
    sqlite3_file *file = NULL;
    unsigned char header[32] = {0};
    sqlite3_int64 size = 0;
    int r = sqlite3_file_control(session->shared->db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (r != SQLITE_OK || file == NULL || file->pMethods == NULL)
        return 0;
    r = file->pMethods->xFileSize(file, &size);
    if (r == SQLITE_OK && size > 0)
        r = file->pMethods->xRead(file, header, sizeof(header), 0);
    if (r != SQLITE_OK)
        return connection_fail_text(session->call, store->path, r, errno, "reading its first bytes failed");
    if (was_cut(store, size, header))
        return hearth_fail(session->call, HEARTH_ERR_CORRUPT, "%s: is damaged (it was cut short to %lld bytes): stop, and restore a backup",
                           store->path, (long long)size);
    if (size > 0 && memcmp(header, MAGIC, sizeof(MAGIC)) != 0) /* all of a new database is in its log */
        return hearth_fail(session->call, HEARTH_ERR_CORRUPT, "%s: is damaged (it does not begin as a database does): restore a backup",
                           store->path);
    return 0;
}

/* The roots of what every request needs, from the disk. */
static int read_roots(struct session *session)
{
    int64_t ignored;
    struct query query;
    sqlite3_db_release_memory(session->shared->db);
    query_open(&query, session, "SELECT count(*) FROM sqlite_schema");
    int r = query_number(&query, &ignored);
    if (r < 0 || !atomic_load(&session->store->ready))
        return r;
    query_open(&query, session, "SELECT (SELECT min(row) FROM accounts), (SELECT max(id) FROM accounts), (SELECT max(hash) FROM tokens)");
    r = query_number(&query, &ignored);
    return r;
}

/* Writes what is there already: one page of the log, no row. */
static int write_little(struct session *session)
{
    int64_t version;
    char pragma[64];
    struct query query;
    int r = session_begin_immediate(session);
    if (r < 0)
        return r;
    query_open(&query, session, "PRAGMA user_version");
    r = query_number(&query, &version);
    if (r == 0) {
        snprintf(pragma, sizeof(pragma), "PRAGMA user_version = %lld", (long long)version);
        r = connection_exec(session->shared, pragma);
    }
    if (r < 0) {
        session_rollback(session);
        return r;
    }
    return session_commit(session);
}

int session_ping(void *self, struct hearth_call *call)
{
    struct op op;
    int r = op_begin_any_schema(&op, self, call);
    if (r < 0)
        return r;
    r = check_places(op.session);
    if (r == 0)
        r = check_header(op.session);
    if (r == 0)
        r = read_roots(op.session);
    if (r == 0 && !support_looks_only(op.session->store->host))
        r = write_little(op.session);
    return op_end(&op, r);
}

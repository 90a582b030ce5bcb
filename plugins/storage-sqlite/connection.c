#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "handle.h"
#include "open.h"
#include "query.h"
#include "use_lock.h"
#include "codec/codec.h"
#include "support/call.h"

/* of SQLite's machine, between looks at the stop conditions: about 0.1 ms */
enum { PROGRESS_STEPS = 5000 };

static int connection_on_progress(void *self)
{
    struct connection *connection = self;
    return connection->handle != NULL && !connection->committing &&
           sqlite_handle_stopped(connection->handle) < 0;
}

/* Another process writes. SQLite asks how long to go on trying. */
static int on_busy(void *self, int tries)
{
    struct connection *connection = self;
    struct handle *handle = connection->handle;
    if (handle == NULL)
        return 0;
    int64_t now = support_now(handle->database->host);
    if (tries == 0)
        connection->busy_since = now;
    if (sqlite_handle_stopped(handle) < 0 ||
        now - connection->busy_since >= handle->database->busy_timeout)
        return 0;
    nanosleep(&(struct timespec){.tv_nsec = tries < 10 ? 1000000L : 10000000L}, NULL);
    return 1;
}

static bool misses_schema(const char *message)
{
    return strstr(message, "no such table") != NULL || strstr(message, "no such column") != NULL ||
           strstr(message, "no such index") != NULL;
}

static int schema_fault(struct hearth_call *call, const char *path, const char *message)
{
    if (misses_schema(message))
        return hearth_fail(
            call, HEARTH_ERR_UNSUPPORTED,
            "%s: the schema is not the one that this version needs (%s): run \"hearthd migrate\"",
            path, message);
    return hearth_fail(call, HEARTH_ERR_INTERNAL, "%s: %s", path, message);
}

/* What the system said of a read or write that failed. */
static int system_fault(struct hearth_call *call, const char *path, int error, const char *message)
{
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full: make room", path);
    if (error == EFBIG)
        return hearth_fail(
            call, HEARTH_ERR_FULL,
            "%s: the file may not grow any more: raise this process's limit of file sizes", path);
    if (error == EROFS)
        return hearth_fail(
            call, HEARTH_ERR_IO,
            "%s: the file system is read-only: look at the disk and the kernel's log", path);
    return hearth_fail(call, HEARTH_ERR_IO, "%s: %s (%s): look at the disk and the kernel's log",
                       path, message, error == 0 ? "no reason given" : strerror(error));
}

int sqlite_connection_fail_text(struct hearth_call *call, const char *path, int code, int error,
                                const char *message)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return hearth_fail(call, HEARTH_ERR_UNAVAILABLE,
                           "%s: another process is using the database (%s): try again", path,
                           message);
    case SQLITE_CONSTRAINT:
        if (code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY)
            return hearth_fail(call, HEARTH_ERR_CONFLICT, "exists already (%s)", message);
        return hearth_fail(call, HEARTH_ERR_INVALID, "refused by the database (%s)", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return hearth_fail(
            call, HEARTH_ERR_CORRUPT,
            "%s: is damaged (%s): restore a backup, or move the file away and sync anew", path,
            message);
    case SQLITE_FULL:
        return system_fault(call, path, ENOSPC, message);
    case SQLITE_NOMEM:
        return hearth_fail(call, HEARTH_ERR_NOMEM, "%s: out of memory", path);
    case SQLITE_TOOBIG:
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: a value is too large", path);
    case SQLITE_IOERR:
    case SQLITE_PROTOCOL:
        return code == SQLITE_IOERR_NOMEM
                   ? hearth_fail(call, HEARTH_ERR_NOMEM, "%s: out of memory", path)
                   : system_fault(call, path, error, message);
    case SQLITE_CANTOPEN:
        if (error == ENOENT || access(path, F_OK) != 0)
            return hearth_fail(call, HEARTH_ERR_IO,
                               "%s: the database file is missing: put it back, or restore a backup",
                               path);
        if (error == EACCES || error == EPERM || error == EROFS)
            return hearth_fail(call, HEARTH_ERR_IO,
                               "%s: the database is read-only or closed (%s): let this user write "
                               "the file and its directory",
                               path, strerror(error));
        return hearth_fail(call, HEARTH_ERR_IO,
                           "%s: cannot open the database (%s): look at the file and its directory",
                           path, error == 0 ? message : strerror(error));
    case SQLITE_READONLY:
        if (code == SQLITE_READONLY_DBMOVED)
            return hearth_fail(call, HEARTH_ERR_IO,
                               "%s: the database file was moved or removed while it was open: put "
                               "it back, and restart",
                               path);
        __attribute__((fallthrough));
    case SQLITE_PERM:
    case SQLITE_AUTH:
        /* Not DENIED: that says to the caller that he is nobody. */
        return hearth_fail(
            call, HEARTH_ERR_IO,
            "%s: the database is read-only: let this user write the file and its directory", path);
    default:
        return schema_fault(call, path, message);
    }
}

static int file_errno(sqlite3 *db, int which)
{
    sqlite3_file *file = NULL;
    int error = 0;
    if (sqlite3_file_control(db, "main", which, &file) == SQLITE_OK && file != NULL &&
        file->pMethods != NULL)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
    return error;
}

int sqlite_connection_errno(sqlite3 *db)
{
    int error = sqlite3_system_errno(db);
    if (error == 0) /* a COMMIT that fails does not note it there */
        error = file_errno(db, SQLITE_FCNTL_JOURNAL_POINTER);
    return error == 0 ? file_errno(db, SQLITE_FCNTL_FILE_POINTER) : error;
}

int sqlite_connection_fail(struct connection *connection, int code)
{
    struct handle *handle = connection->handle;
    int stopped = sqlite_handle_stopped(handle), primary = code & 0xff;
    if (primary == SQLITE_INTERRUPT ||
        ((primary == SQLITE_BUSY || primary == SQLITE_LOCKED) && stopped < 0))
        return sqlite_handle_stopped_text(handle, stopped);
    char message[200]; /* the call's error text must not be made from memory that it may free */
    snprintf(message, sizeof(message), "%s",
             connection->db == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(connection->db));
    if ((code & 0xff) == SQLITE_ERROR && atomic_load(&handle->database->ready) &&
        misses_schema(message))
        return hearth_fail(
            handle->call, HEARTH_ERR_CORRUPT,
            "%s: is damaged (%s, which was there before): stop, and restore a backup",
            connection->path, message);
    return sqlite_connection_fail_text(
        handle->call, connection->path, code,
        connection->db == NULL ? 0 : sqlite_connection_errno(connection->db), message);
}

int sqlite_connection_exec(struct connection *connection, const char *sql)
{
    int r = sqlite3_exec(connection->db, sql, NULL, NULL, NULL);
    return r == SQLITE_OK ? 0 : sqlite_connection_fail(connection, r);
}

/* Removed rows are overwritten where that costs no further write; sql_account_remove()
 * overwrites all. The limit lets a log that a first sync made huge shrink again. */
static int set_up(struct connection *connection)
{
    struct database *database = connection->handle->database;
    char pragmas[320];
    snprintf(pragmas, sizeof(pragmas),
             "PRAGMA synchronous = %s; PRAGMA foreign_keys = OFF; PRAGMA trusted_schema = OFF; "
             "PRAGMA secure_delete = FAST;"
             "PRAGMA journal_size_limit = %d; PRAGMA cache_size = -%lld",
             database->full ? "FULL" : "NORMAL", connection->person == NULL ? 16777216 : 4194304,
             (long long)(database->cache_size / 1024));
    sqlite3_extended_result_codes(connection->db, 1);
    sqlite3_busy_handler(connection->db, on_busy, connection);
    sqlite3_progress_handler(connection->db, PROGRESS_STEPS, connection_on_progress, connection);
    sqlite3_limit(connection->db, SQLITE_LIMIT_ATTACHED, 0);
    return sqlite_connection_exec(connection, pragmas);
}

static bool side_file_is_there(const char *path, const char *end, off_t *ret_size)
{
    struct stat status;
    size_t size = strlen(path) + strlen(end) + 1;
    char *name = malloc(size);
    if (name != NULL)
        snprintf(name, size, "%s%s", path, end);
    bool there = name != NULL && stat(name, &status) == 0;
    free(name);
    if (there)
        *ret_size = status.st_size;
    return there;
}

/* Without frames in its log, which an orderly end and a first start that was killed leave, the
 * file is whole by itself. SQLite cannot be asked then: it makes a log that is missing, and
 * waits for ever for the index of one that is only a header. */
static bool needs_log(struct handle *handle, const char *path)
{
    enum { LOG_HEADER = 32 };
    off_t log, index;
    if (!side_file_is_there(path, "-wal", &log) || !side_file_is_there(path, "-shm", &index))
        return false;
    return log > LOG_HEADER || !sqlite_use_lock_is_free(handle->database->path);
}

/* "file:PATH?…" for a file that is only looked at: neither the write-ahead log nor its index is
 * made or written. */
static char *look_only_uri(struct handle *handle, const char *path)
{
    char *real = realpath(path, NULL); /* the log is beside the file, not beside a link */
    const char *file = real == NULL ? path : real;
    size_t size = 3 * strlen(file) + 64;
    char *uri = malloc(size);
    if (uri != NULL) {
        size_t n = (size_t)snprintf(uri, size, "file:");
        codec_percent_encode(file, "/", uri + n, size - n); /* fits */
        snprintf(uri + strlen(uri), 40, "?mode=ro&%s",
                 needs_log(handle, file) ? "readonly_shm=1" : "immutable=1");
    }
    free(real);
    return uri;
}

static int open_database(struct handle *handle, const char *path, sqlite3 **ret_db)
{
    const int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    /* without CREATE: a file that was taken away while the daemon runs must not come back empty */
    if (!support_looks_only(handle->database->host))
        return sqlite3_open_v2(path, ret_db, SQLITE_OPEN_READWRITE | flags, NULL);
    char *uri = look_only_uri(handle, path);
    int r = uri == NULL ? SQLITE_NOMEM
                        : sqlite3_open_v2(uri, ret_db,
                                          SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | flags, NULL);
    free(uri);
    if (r == SQLITE_OK)
        sqlite3_db_config(*ret_db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return r;
}

int sqlite_connection_open(struct handle *handle, const char *path, struct writer *writer,
                           struct person *person, struct connection **ret_connection)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    if (connection == NULL)
        return hearth_fail(handle->call, HEARTH_ERR_NOMEM, "%s: out of memory", path);
    connection->path = path;
    connection->writer = writer;
    connection->person = person;
    connection->handle = handle;
    int r = open_database(handle, path, &connection->db);
    r = r == SQLITE_OK ? set_up(connection) : sqlite_connection_fail(connection, r);
    if (r < 0) {
        sqlite_connection_close(connection);
        return r;
    }
    *ret_connection = connection;
    return 0;
}

void sqlite_connection_close(struct connection *connection)
{
    if (connection == NULL)
        return;
    sqlite_query_forget_all(connection);
    int r = sqlite3_close(connection->db);
    assert(r == SQLITE_OK);
    (void)r;
    free(connection);
}

void sqlite_connection_set_cache(struct connection *connection, int64_t bytes)
{
    char pragma[64];
    snprintf(pragma, sizeof(pragma), "PRAGMA cache_size = -%lld", (long long)(bytes / 1024));
    sqlite3_exec(connection->db, pragma, NULL, NULL, NULL);
}

bool sqlite_connection_moved(struct connection *connection)
{
    int moved = 0;
    int r = sqlite3_file_control(connection->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return r == SQLITE_OK && moved != 0;
}

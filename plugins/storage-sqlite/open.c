#include "open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "handle.h"
#include "config_keys.h"
#include "migrate.h"
#include "preflight.h"
#include "query.h"
#include "replace.h"
#include "use_lock.h"
#include "support/call.h"
#include "support/config.h"
#include "support/owner.h"

_Static_assert((int)KEYS == (int)DATABASE_CONFIG_COUNT, "the descriptor names all keys");

/* Beside hearth.db it is "accounts"; beside a file of another name, "NAME-accounts": two
 * databases may be in one directory. */
static void name_accounts(const char *path, char *out, size_t size)
{
    const char *name = strrchr(path, '/') + 1;
    if (strcmp(name, "hearth.db") == 0)
        snprintf(out, size, "%.*saccounts", (int)(name - path), path);
    else
        snprintf(out, size, "%s-accounts", path);
}

int sqlite_database_paths(const char *path, char **ret_path, char **ret_accounts)
{
    size_t size = strlen(path) + 3;
    char *full = malloc(size), *accounts = malloc(size + sizeof("-accounts"));
    if (full == NULL || accounts == NULL) {
        free(full);
        free(accounts);
        return -1;
    }
    snprintf(full, size, "%s%s", path[0] == '/' ? "" : "./", path);
    name_accounts(full, accounts, size + sizeof("-accounts"));
    *ret_path = full;
    *ret_accounts = accounts;
    return 0;
}

const char *sqlite_database_path_value(const struct hearth_config_value *values)
{
    return support_config_text(values, KEY_PATH);
}

bool sqlite_database_has_files(const char *accounts)
{
    bool found = false;
    DIR *directory = opendir(accounts);
    if (directory == NULL)
        return false;
    for (struct dirent *entry; !found && (entry = readdir(directory)) != NULL;) {
        const char *end = strrchr(entry->d_name, '.');
        found = end != NULL && strcmp(end, ".db") == 0;
    }
    closedir(directory);
    return found;
}

int sqlite_database_cannot_use(const struct database *database, struct hearth_call *call, int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return hearth_fail(call, HEARTH_ERR_INVALID,
                           "%s: the directory does not exist: create it, or change path",
                           database->path);
    if (error == EACCES || error == EROFS || error == EPERM)
        return hearth_fail(call, HEARTH_ERR_DENIED,
                           "%s: %s: the directory must be writable for this user", database->path,
                           strerror(error));
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full: make room",
                           database->path);
    return hearth_fail(call, HEARTH_ERR_IO, "%s: %s", database->path, strerror(error));
}

int sqlite_database_file_missing(const struct database *database, struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_IO,
                       "%s: the database file is missing, but there are persons' files in %s: put "
                       "it back, or restore a backup",
                       database->path, database->accounts);
}

static int no_database(struct database *database, struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                       "%s: there is no database here yet: start the daemon, or run \"hearthd "
                       "migrate\" as the daemon's user; "
                       "if there was one, put it back, or restore a backup",
                       database->path);
}

/* Before anything is made: who may not make a database leaves nothing where there is none. An
 * empty file is none yet; one that a restore was about to put in its place is. */
static int check_there(struct database *database, struct hearth_call *call)
{
    struct stat status;
    int r = sqlite_preflight_kinds(database, call);
    if (r == 0 && support_looks_only(database->host))
        r = sqlite_preflight_open(database, call);
    if (r < 0 || support_may_create(database->host) ||
        sqlite_database_has_files(database->accounts) || sqlite_replace_is_pending(database->path))
        return r;
    if (stat(database->path, &status) == 0 ? status.st_size > 0
                                           : errno != ENOENT && errno != ENOTDIR)
        return 0;
    return no_database(database, call);
}

/* Only ever opens a file that it made itself: closing a descriptor drops every lock that this
 * process has on a database. */
static int make_file(struct database *database, struct hearth_call *call)
{
    struct stat status;
    if (stat(database->path, &status) != 0 && errno == ENOENT &&
        sqlite_database_has_files(database->accounts))
        return sqlite_database_file_missing(database, call);
    int fd = support_may_create(database->host)
                 ? open(database->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)
                 : -1;
    if (fd >= 0) {
        support_owner_give(fd, database->path);
        close(fd);
        return 0;
    }
    if ((support_may_create(database->host) && errno != EEXIST) ||
        stat(database->path, &status) != 0)
        return sqlite_database_cannot_use(database, call, errno);
    if (!S_ISREG(status.st_mode))
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a file", database->path);
    return 0;
}

/* The journal mode is kept in the file; one connection has to set it once. */
static int use_wal(struct handle *handle)
{
    struct query query;
    bool wal = false;
    sql_query_open(&query, handle, "PRAGMA journal_mode = WAL");
    int r = sql_query_step(&query);
    if (r > 0)
        wal = sql_column_text(&query, 0) != NULL && strcmp(sql_column_text(&query, 0), "wal") == 0;
    sql_query_close(&query);
    if (r < 0)
        return r;
    return wal ? 0
               : hearth_fail(handle->call, HEARTH_ERR_UNSUPPORTED,
                             "%s: this file system has no shared memory, which SQLite's "
                             "write-ahead log needs: use a local disk",
                             handle->database->path);
}

/* The empty file of a first start that was interrupted is no database either; one beside
 * persons' files was one. */
static int check_schema_there(struct handle *handle)
{
    struct database *database = handle->database;
    struct query query;
    int64_t tables;
    sql_query_open(&query, handle, "SELECT count(*) FROM sqlite_schema");
    int r = sqlite_query_number(&query, &tables);
    if (r < 0 || tables > 0)
        return r;
    if (sqlite_database_has_files(database->accounts))
        return hearth_fail(handle->call, HEARTH_ERR_CORRUPT,
                           "%s: the database is empty, but there are persons' files in %s: put it "
                           "back, or restore a backup",
                           database->path, database->accounts);
    return support_may_create(database->host) ? 0 : no_database(database, handle->call);
}

static int shared_file_check(struct database *database, struct hearth_call *call)
{
    void *handle;
    struct op op;
    int r = sql_handle_open(database, call, &handle);
    if (r < 0)
        return r;
    r = sql_op_begin_any_schema(&op, handle, call);
    if (r == 0) {
        r = sql_migrate_check(op.handle);
        if (r == 0)
            r = check_schema_there(op.handle);
        if (r == 0 && !support_looks_only(database->host))
            r = use_wal(op.handle);
        /* Nobody waits for it: what cannot be removed now is looked for at the next start. */
        if (r == 0 && !support_looks_only(database->host) && sqlite_schema_is_ready(op.handle) == 0)
            sqlite_files_finish_removals(op.handle);
        sql_op_end(&op, r);
    }
    sql_handle_close(handle);
    return r;
}

/* Whoever comes first removes what nobody can be building any more. */
static void sweep_when_alone(const struct database *database)
{
    int alone = sqlite_use_lock_try_alone(database->path);
    if (alone < 0)
        return;
    sqlite_files_sweep_unfinished(database);
    close(alone);
}

/* Shares the database with other processes. What a restore left that was killed is finished or
 * removed first. */
static int lock_for_use(struct database *database, struct hearth_call *call)
{
    const struct place place = {database->host, call, database->path, database->accounts};
    sweep_when_alone(database);
    for (;;) {
        int alone,
            r = sqlite_use_lock_shared(database->host, call, database->path, &database->use_lock);
        if (r < 0)
            return r;
        if (!sqlite_replace_is_pending(database->path))
            break;
        if (database->use_lock >= 0)
            close(database->use_lock);
        database->use_lock = -1;
        r = sqlite_use_lock_alone(database->host, call, database->path, &alone);
        if (r < 0)
            return r;
        r = sqlite_replace_finish(&place, NULL, NULL);
        if (alone >= 0)
            close(alone);
        if (r < 0)
            return r;
    }
    if (database->use_lock >= 0)
        sqlite_replace_sweep(database->path);
    return 0;
}

static void database_free(struct database *database)
{
    if (database->use_lock >= 0)
        close(database->use_lock);
    sqlite_pool_fini(&database->pool);
    sqlite_writer_fini(&database->writer);
    free(database->path);
    free(database->accounts);
    database->magic = 0;
    free(database);
}

static struct database *database_create(int64_t open_files)
{
    struct database *database = calloc(1, sizeof(*database));
    if (database == NULL || sqlite_writer_init(&database->writer) < 0) {
        free(database);
        return NULL;
    }
    if (sqlite_pool_init(&database->pool, (size_t)open_files) < 0) {
        sqlite_writer_fini(&database->writer);
        free(database);
        return NULL;
    }
    return database;
}

static int prepare_files(struct database *database, struct hearth_call *call)
{
    int r = lock_for_use(database, call);
    if (r == 0)
        r = make_file(database, call);
    return r == 0 ? sqlite_files_make_directory(database, call) : r;
}

/* What a statement would take back when it fails is kept in memory up to here (bytes): else each
 * statement of several rows writes a file. */
enum { STATEMENT_JOURNAL = 120 * 1024 };

static atomic_bool refused_set_up; /* and not yet said */

/* For the whole process, and before anything is opened: later it has no effect. Nobody asks how
 * much memory SQLite has, and to count it takes a lock for each piece. */
static void set_up_sqlite(void)
{
    int r = sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, STATEMENT_JOURNAL);
    if (r == SQLITE_OK)
        r = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    atomic_store(&refused_set_up, r != SQLITE_OK);
}

/* Another plugin, or whoever loads this one, was the first to use it: it works, more slowly. */
void sqlite_database_set_up(const struct hearth_host *host)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_sqlite);
    if (atomic_exchange(&refused_set_up, false))
        host->log(host, HEARTH_LOG_WARNING,
                  "SQLite was in use in this process already, and keeps its own settings: batches "
                  "write more temporary files, and each piece of memory costs a lock");
}

int sql_database_open(const struct hearth_host *host, struct hearth_call *call,
                      const struct hearth_config_value *values, void **ret_self)
{
    sqlite_database_set_up(host);
    struct database *database = database_create(support_config_number(values, KEY_OPEN_FILES));
    if (database == NULL)
        return support_no_memory(call);
    database->magic = DATABASE_MAGIC;
    database->use_lock = -1;
    database->host = host;
    database->full = support_config_number(values, KEY_SYNCHRONOUS) == 1;
    database->cache_size = support_config_number(values, KEY_CACHE_SIZE);
    database->batch_cache = support_config_number(values, KEY_BATCH_CACHE_SIZE);
    if (database->batch_cache < database->cache_size)
        database->batch_cache = database->cache_size;
    database->busy_timeout = support_config_number(values, KEY_BUSY_TIMEOUT);
    int r = 0;
    if (sqlite_database_paths(support_config_text(values, KEY_PATH), &database->path,
                              &database->accounts) < 0)
        r = support_no_memory(call);
    if (r == 0 && support_looks_only(host))
        r = sqlite_preflight_restore(database, call);
    if (r == 0)
        r = check_there(database, call);
    if (r == 0 && !support_looks_only(host))
        r = prepare_files(database, call);
    if (r == 0)
        r = shared_file_check(database, call);
    if (r < 0) {
        database_free(database);
        return r;
    }
    *ret_self = database;
    return 0;
}

void sql_database_close(void *self)
{
    if (self != NULL)
        database_free(sql_database_of(self));
}

#include "open.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "look.h"
#include "migrate.h"
#include "query.h"
#include "replace.h"
#include "session.h"
#include "use_lock.h"
#include "support/call.h"
#include "support/config.h"
#include "support/owner.h"

enum { KEY_PATH, KEY_SYNCHRONOUS, KEY_CACHE_SIZE, KEY_BATCH_CACHE_SIZE, KEY_BUSY_TIMEOUT, KEY_OPEN_FILES, KEYS };
_Static_assert((int)KEYS == (int)STORE_CONFIG_COUNT, "the descriptor names all keys");

#define KEY(key, kind, preset, ...)                                                                                                        \
    {                                                                                                                                      \
        .struct_size = sizeof(struct hearth_config_key), .type = (kind), .name = (key), .fallback = (preset), __VA_ARGS__                  \
    }

const struct hearth_config_key store_config[KEYS] = {
    [KEY_PATH] = KEY("path", HEARTH_CONFIG_PATH, "hearth.db", .help = "the shared database file; its directory must exist"),
    [KEY_SYNCHRONOUS] = KEY("synchronous", HEARTH_CONFIG_ENUM, "normal", .choices = "normal full",
                            .help = "full: nothing is lost at a power cut; normal: at most the last few writes"),
    [KEY_CACHE_SIZE] =
        KEY("cache_size", HEARTH_CONFIG_SIZE, "512KiB", .minimum = 65536, .maximum = 1LL << 33, .help = "page cache of each connection"),
    [KEY_BATCH_CACHE_SIZE] = KEY("batch_cache_size", HEARTH_CONFIG_SIZE, "32MiB", .minimum = 65536, .maximum = 1LL << 33,
                                 .help = "page cache of the connection that stores a batch, while it does"),
    [KEY_BUSY_TIMEOUT] = KEY("busy_timeout", HEARTH_CONFIG_DURATION, "10s", .minimum = 0, .maximum = 3600000,
                             .help = "how long to wait for other processes that write"),
    [KEY_OPEN_FILES] = KEY("open_files", HEARTH_CONFIG_INT, "32", .minimum = 0, .maximum = 10000,
                           .help = "persons' files kept open while nobody uses them: three descriptors and at least 130 KB each"),
};

/* Beside hearth.db it is "accounts"; beside a file of another name, "NAME-accounts": two databases may be in one directory. */
static void name_accounts(const char *path, char *out, size_t size)
{
    const char *name = strrchr(path, '/') + 1;
    if (strcmp(name, "hearth.db") == 0)
        snprintf(out, size, "%.*saccounts", (int)(name - path), path);
    else
        snprintf(out, size, "%s-accounts", path);
}

int store_paths(const char *path, char **ret_path, char **ret_accounts)
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

const char *store_path_value(const struct hearth_config_value *values)
{
    return support_config_text(values, KEY_PATH);
}

bool store_has_files(const char *accounts)
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

int store_cannot_use(const struct store *store, struct hearth_call *call, int error)
{
    if (error == ENOENT || error == ENOTDIR)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: the directory does not exist: create it, or change path", store->path);
    if (error == EACCES || error == EROFS || error == EPERM)
        return hearth_fail(call, HEARTH_ERR_DENIED, "%s: %s: the directory must be writable for this user", store->path, strerror(error));
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full: make room", store->path);
    return hearth_fail(call, HEARTH_ERR_IO, "%s: %s", store->path, strerror(error));
}

int store_file_missing(const struct store *store, struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_IO,
                       "%s: the database file is missing, but there are persons' files in %s: put it back, or restore a backup",
                       store->path, store->accounts);
}

static int no_database(struct store *store, struct hearth_call *call)
{
    return hearth_fail(call, HEARTH_ERR_NOT_FOUND,
                       "%s: there is no database here yet: start the daemon, or run \"hearthd migrate\" as the daemon's user; "
                       "if there was one, put it back, or restore a backup",
                       store->path);
}

/* Before anything is made: who may not make a database leaves nothing where there is none. An empty file is none yet; one that a restore
 * was about to put in its place is. */
static int check_there(struct store *store, struct hearth_call *call)
{
    struct stat status;
    int r = look_at_kinds(store, call);
    if (r == 0 && support_looks_only(store->host))
        r = look_before_open(store, call);
    if (r < 0 || support_may_create(store->host) || store_has_files(store->accounts) || replace_is_pending(store->path))
        return r;
    if (stat(store->path, &status) == 0 ? status.st_size > 0 : errno != ENOENT && errno != ENOTDIR)
        return 0;
    return no_database(store, call);
}

/* Only ever opens a file that it made itself: closing a descriptor drops every lock that this process has on a database. */
static int make_file(struct store *store, struct hearth_call *call)
{
    struct stat status;
    if (stat(store->path, &status) != 0 && errno == ENOENT && store_has_files(store->accounts))
        return store_file_missing(store, call);
    int fd = support_may_create(store->host) ? open(store->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    if (fd >= 0) {
        support_owner_give(fd, store->path);
        close(fd);
        return 0;
    }
    if ((support_may_create(store->host) && errno != EEXIST) || stat(store->path, &status) != 0)
        return store_cannot_use(store, call, errno);
    if (!S_ISREG(status.st_mode))
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: is not a file", store->path);
    return 0;
}

/* The journal mode is kept in the file; one connection has to set it once. */
static int use_wal(struct session *session)
{
    struct query query;
    bool wal = false;
    query_open(&query, session, "PRAGMA journal_mode = WAL");
    int r = query_step(&query);
    if (r > 0)
        wal = column_text(&query, 0) != NULL && strcmp(column_text(&query, 0), "wal") == 0;
    query_close(&query);
    if (r < 0)
        return r;
    return wal ? 0
               : hearth_fail(session->call, HEARTH_ERR_UNSUPPORTED,
                             "%s: this file system has no shared memory, which SQLite's write-ahead log needs: use a local disk",
                             session->store->path);
}

/* The empty file of a first start that was interrupted is no database either; one beside persons' files was one. */
static int check_schema_there(struct session *session)
{
    struct store *store = session->store;
    struct query query;
    int64_t tables;
    query_open(&query, session, "SELECT count(*) FROM sqlite_schema");
    int r = query_number(&query, &tables);
    if (r < 0 || tables > 0)
        return r;
    if (store_has_files(store->accounts))
        return hearth_fail(session->call, HEARTH_ERR_CORRUPT,
                           "%s: the database is empty, but there are persons' files in %s: put it back, or restore a backup", store->path,
                           store->accounts);
    return support_may_create(store->host) ? 0 : no_database(store, session->call);
}

static int check_file(struct store *store, struct hearth_call *call)
{
    void *session;
    struct op op;
    int r = session_open(store, call, &session);
    if (r < 0)
        return r;
    r = op_begin_any_schema(&op, session, call);
    if (r == 0) {
        r = migrate_check(op.session);
        if (r == 0)
            r = check_schema_there(op.session);
        if (r == 0 && !support_looks_only(store->host))
            r = use_wal(op.session);
        /* Nobody waits for it: what cannot be removed now is looked for at the next start. */
        if (r == 0 && !support_looks_only(store->host) && migrate_ready(op.session) == 0)
            files_finish_removals(op.session);
        op_end(&op, r);
    }
    session_close(session);
    return r;
}

/* Whoever comes first removes what nobody can be building any more. */
static void sweep_when_alone(const struct store *store)
{
    int alone = use_lock_try_alone(store->path);
    if (alone < 0)
        return;
    files_sweep_unfinished(store);
    close(alone);
}

/* Shares the database with other processes. What a restore left that was killed is finished or removed first. */
static int lock_for_use(struct store *store, struct hearth_call *call)
{
    const struct place place = {store->host, call, store->path, store->accounts};
    sweep_when_alone(store);
    for (;;) {
        int alone, r = use_lock_shared(store->host, call, store->path, &store->use_lock);
        if (r < 0)
            return r;
        if (!replace_is_pending(store->path))
            break;
        if (store->use_lock >= 0)
            close(store->use_lock);
        store->use_lock = -1;
        r = use_lock_alone(store->host, call, store->path, &alone);
        if (r < 0)
            return r;
        r = replace_finish(&place, NULL, NULL);
        if (alone >= 0)
            close(alone);
        if (r < 0)
            return r;
    }
    if (store->use_lock >= 0)
        replace_sweep(store->path);
    return 0;
}

static void store_free(struct store *store)
{
    if (store->use_lock >= 0)
        close(store->use_lock);
    pool_fini(&store->pool);
    writer_fini(&store->writer);
    free(store->path);
    free(store->accounts);
    store->magic = 0;
    free(store);
}

static struct store *store_create(int64_t open_files)
{
    struct store *store = calloc(1, sizeof(*store));
    if (store == NULL || writer_init(&store->writer) < 0) {
        free(store);
        return NULL;
    }
    if (pool_init(&store->pool, (size_t)open_files) < 0) {
        writer_fini(&store->writer);
        free(store);
        return NULL;
    }
    return store;
}

static int prepare_files(struct store *store, struct hearth_call *call)
{
    int r = lock_for_use(store, call);
    if (r == 0)
        r = make_file(store, call);
    return r == 0 ? files_make_directory(store, call) : r;
}

int store_open(const struct hearth_host *host, struct hearth_call *call, const struct hearth_config_value *values, void **ret_self)
{
    struct store *store = store_create(support_config_number(values, KEY_OPEN_FILES));
    if (store == NULL)
        return support_no_memory(call);
    store->magic = STORE_MAGIC;
    store->use_lock = -1;
    store->host = host;
    store->full = support_config_number(values, KEY_SYNCHRONOUS) == 1;
    store->cache_size = support_config_number(values, KEY_CACHE_SIZE);
    store->batch_cache = support_config_number(values, KEY_BATCH_CACHE_SIZE);
    if (store->batch_cache < store->cache_size)
        store->batch_cache = store->cache_size;
    store->busy_timeout = support_config_number(values, KEY_BUSY_TIMEOUT);
    int r = 0;
    if (store_paths(support_config_text(values, KEY_PATH), &store->path, &store->accounts) < 0)
        r = support_no_memory(call);
    if (r == 0 && support_looks_only(host))
        r = look_through_restore(store, call);
    if (r == 0)
        r = check_there(store, call);
    if (r == 0 && !support_looks_only(host))
        r = prepare_files(store, call);
    if (r == 0)
        r = check_file(store, call);
    if (r < 0) {
        store_free(store);
        return r;
    }
    *ret_self = store;
    return 0;
}

void store_close(void *self)
{
    if (self != NULL)
        store_free(store_of(self));
}

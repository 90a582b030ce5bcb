#include "backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "query.h"
#include "session.h"

enum { STEP_PAGES = 256 }; /* between looks at the stop conditions */

/* The copy while it is being made: "<path>.partial-<random>" beside its place, so that a broken one is never taken for a backup. */
struct copy {
    struct session *session;
    const char *path;
    char *partial;
    int fd;
    sqlite3 *db;
};

static int fail_errno(struct copy *copy, int error)
{
    struct hearth_call *call = copy->session->call;
    if (error == EEXIST)
        return hearth_fail(call, HEARTH_ERR_CONFLICT, "%s: exists already: choose another name", copy->path);
    if (error == ENOENT || error == ENOTDIR)
        return hearth_fail(call, HEARTH_ERR_INVALID, "%s: the directory does not exist", copy->path);
    if (error == EACCES || error == EPERM || error == EROFS)
        return hearth_fail(call, HEARTH_ERR_DENIED, "%s: %s", copy->path, strerror(error));
    if (error == ENOSPC || error == EDQUOT)
        return hearth_fail(call, HEARTH_ERR_FULL, "%s: the disk is full", copy->path);
    return hearth_fail(call, HEARTH_ERR_IO, "%s: %s", copy->path, strerror(error));
}

static int make_partial(struct copy *copy)
{
    struct stat status;
    const struct hearth_host *host = copy->session->store->host;
    uint64_t random;
    host->random(host, &random, sizeof(random));
    if (lstat(copy->path, &status) == 0)
        return fail_errno(copy, EEXIST);
    size_t size = strlen(copy->path) + 32;
    copy->partial = malloc(size);
    if (copy->partial == NULL)
        return hearth_fail(copy->session->call, HEARTH_ERR_NOMEM, "out of memory");
    snprintf(copy->partial, size, "%s%s.partial-%08llx", copy->path[0] == '/' ? "" : "./", copy->path,
             (unsigned long long)(random & 0xffffffff));
    copy->fd = open(copy->partial, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return copy->fd < 0 ? fail_errno(copy, errno) : 0;
}

static int fail_sqlite(struct copy *copy, int code)
{
    if (code == SQLITE_FULL)
        return fail_errno(copy, ENOSPC);
    if (code == SQLITE_NOMEM)
        return hearth_fail(copy->session->call, HEARTH_ERR_NOMEM, "out of memory");
    if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB)
        return session_fail(copy->session, code);
    return hearth_fail(copy->session->call, HEARTH_ERR_IO, "%s: %s", copy->path, sqlite3_errmsg(copy->db));
}

/* Needs no journal: nobody takes a partial copy for one. fsync() comes at the end. */
static int open_partial(struct copy *copy)
{
    int r = sqlite3_open_v2(copy->partial, &copy->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_exec(copy->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -1024", NULL, NULL, NULL);
    return r == SQLITE_OK ? 0 : fail_sqlite(copy, r);
}

static int copy_pages(struct copy *copy)
{
    struct session *session = copy->session;
    sqlite3_backup *backup = sqlite3_backup_init(copy->db, "main", session->db, "main");
    if (backup == NULL)
        return fail_sqlite(copy, sqlite3_errcode(copy->db));
    int r, stopped = 0;
    do {
        r = sqlite3_backup_step(backup, STEP_PAGES);
        stopped = session_stopped(session);
    } while (r == SQLITE_OK && stopped == 0);
    sqlite3_backup_finish(backup);
    if (r == SQLITE_DONE)
        return 0;
    if (stopped < 0)
        return hearth_fail(session->call, stopped, "the backup was stopped");
    return fail_sqlite(copy, r & 0xff);
}

/* The source is read inside one transaction: it sees one state for as long as it takes, whatever is committed meanwhile. */
static int copy_snapshot(struct copy *copy)
{
    struct session *session = copy->session;
    int r = query_exec(session, "BEGIN");
    if (r < 0)
        return r;
    r = query_exec(session, "SELECT count(*) FROM sqlite_schema");
    if (r == 0)
        r = copy_pages(copy);
    sqlite3_exec(session->db, "ROLLBACK", NULL, NULL, NULL);
    return r;
}

static int sync_directory(struct copy *copy)
{
    char *directory = strdup(copy->partial);
    if (directory == NULL)
        return hearth_fail(copy->session->call, HEARTH_ERR_NOMEM, "out of memory");
    *(strrchr(directory, '/') + 1) = '\0';
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
    if (fd < 0 || fsync(fd) != 0)
        r = fail_errno(copy, errno);
    if (fd >= 0)
        close(fd);
    free(directory);
    return r;
}

static int publish(struct copy *copy)
{
    if (fsync(copy->fd) != 0)
        return fail_errno(copy, errno);
    /* link() does not replace a file that appeared meanwhile, rename() would. Some file systems know renameat2() only, some link() only. */
    if (renameat2(AT_FDCWD, copy->partial, AT_FDCWD, copy->path, RENAME_NOREPLACE) != 0) {
        if (errno != EINVAL && errno != ENOSYS)
            return fail_errno(copy, errno);
        if (link(copy->partial, copy->path) != 0)
            return fail_errno(copy, errno);
    }
    return sync_directory(copy);
}

static int make_copy(struct copy *copy)
{
    int r = make_partial(copy);
    if (r == 0)
        r = open_partial(copy);
    if (r == 0)
        r = copy_snapshot(copy);
    if (sqlite3_close(copy->db) != SQLITE_OK && r == 0)
        r = hearth_fail(copy->session->call, HEARTH_ERR_IO, "%s: cannot close the copy", copy->path);
    if (r == 0)
        r = publish(copy);
    if (copy->fd >= 0) {
        close(copy->fd);
        unlink(copy->partial);
    }
    free(copy->partial);
    return r;
}

int backup_run(void *self, struct hearth_call *call, const char *path)
{
    struct op op;
    if (path == NULL || path[0] == '\0')
        return hearth_fail(call, HEARTH_ERR_INVALID, "no file is named");
    int r = op_begin(&op, self, call);
    if (r < 0)
        return r;
    if (op.session->batch.open)
        return op_end(&op, hearth_fail(call, HEARTH_ERR_INVALID, "a batch is open"));
    struct copy copy = {.session = op.session, .path = path, .fd = -1};
    return op_end(&op, make_copy(&copy));
}

#include "archive/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/owner.h"
#include "base/plain_file.h"

enum { ATTEMPTS = 3, PIECE = 64 << 10 };

struct out_file {
    gzFile gz;
    const char *path;
};

static int gz_error(gzFile gz, const char *what, const char *path, struct err *err)
{
    int code;
    const char *text = gzerror(gz, &code);
    if (code == Z_ERRNO)
        return err_errno(err, errno, "cannot %s %s", what, path);
    return err_set(err,
                   code == Z_DATA_ERROR || code == Z_BUF_ERROR ? HEARTH_ERR_INVALID : HEARTH_ERR_IO,
                   "cannot %s %s: %s", what, path, text);
}

static int put_to_file(void *ctx, const void *bytes, size_t size, struct err *err)
{
    struct out_file *file = ctx;
    const char *at = bytes;
    while (size > 0) {
        unsigned piece = size > PIECE ? PIECE : (unsigned)size;
        errno = 0;
        if (gzwrite(file->gz, at, piece) != (int)piece)
            return gz_error(file->gz, "write", file->path, err);
        at += piece;
        size -= piece;
    }
    return 0;
}

static bool ends_with_gz(const char *path)
{
    size_t size = strlen(path);
    return size > 3 && strcmp(path + size - 3, ".gz") == 0;
}

/* One attempt, in an empty file. */
static int write_once(struct storage *storage, const char *account, unsigned with, const char *path,
                      int fd, int64_t *ret_counts, struct err *err)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    struct out_file file = {own < 0 ? NULL : gzdopen(own, ends_with_gz(path) ? "wb6" : "wbT"),
                            path};
    struct archive_out out = {put_to_file, &file};
    owner_give(fd, path);
    if (file.gz == NULL) {
        if (own >= 0)
            close(own);
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    }
    int r = archive_write(storage, account, with, &out, ret_counts, err);
    errno = 0;
    if (r == 0 && gzflush(file.gz, Z_FINISH) != Z_OK)
        r = gz_error(file.gz, "write", path, err);
    if (r == 0 && fsync(fd) < 0)
        r = err_errno(err, errno, "cannot write %s", path);
    errno = 0;
    if (gzclose(file.gz) != Z_OK && r == 0)
        r = err_errno(err, errno == 0 ? EIO : errno, "cannot write %s", path);
    return r;
}

static int is_there_already(const char *path, struct err *err)
{
    return err_set(err, HEARTH_ERR_CONFLICT,
                   "%s is there already; choose another name, or move it away", path);
}

/* What is written before it is whole: a file without a name, which is gone with whoever is
 * killed. Where the file system has none, one beside the place, and *ret_part its name. */
static int open_part(const char *path, char **ret_part, int *ret_fd, struct err *err)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? strdup(".")
                   : slash == path ? strdup("/")
                                   : strndup(path, (size_t)(slash - path)),
         *part = NULL;
    if (folder == NULL)
        return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    int fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
    free(folder);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        if (asprintf(&part, "%s.part%ld%s", path, (long)getpid(), ends_with_gz(path) ? ".gz" : "") <
            0)
            return err_set(err, HEARTH_ERR_NOMEM, "out of memory");
        fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    }
    if (fd < 0) {
        free(part);
        return err_errno(err, errno, "cannot make %s", path);
    }
    *ret_part = part;
    *ret_fd = fd;
    return 0;
}

/* Under its name only when it is whole, and never in the place of another. */
static int give_name(int fd, const char *part, const char *path, struct err *err)
{
    char unnamed[32];
    snprintf(unnamed, sizeof(unnamed), "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, part == NULL ? unnamed : part, AT_FDCWD, path,
               part == NULL ? AT_SYMLINK_FOLLOW : 0) == 0)
        return 0;
    if (errno == EEXIST)
        return is_there_already(path, err);
    /* file systems without hard links */
    if (part == NULL || (errno != EPERM && errno != EOPNOTSUPP))
        return err_errno(err, errno, "cannot make %s", path);
    if (access(path, F_OK) == 0)
        return is_there_already(path, err);
    return rename(part, path) < 0 ? err_errno(err, errno, "cannot make %s", path) : 0;
}

int archive_to_file(struct storage *storage, const char *account, unsigned with, const char *path,
                    int64_t ret_counts[ARCHIVE_KIND_COUNT], struct err *err)
{
    char *part = NULL;
    struct err why = {0};
    int fd = -1, r = HEARTH_ERR_UNCERTAIN;
    if (strcmp(path, "-") == 0)
        return err_set(err, HEARTH_ERR_INVALID,
                       "an archive is a file, with a name of its own: - is none");
    if (access(path, F_OK) == 0)
        return is_there_already(path, err);
    if (open_part(path, &part, &fd, &why) < 0) {
        if (err != NULL)
            *err = why;
        return why.code;
    }
    for (int i = 0; r == HEARTH_ERR_UNCERTAIN && i < ATTEMPTS; i++)
        r = ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0
                ? err_errno(&why, errno, "cannot write %s", path)
                : write_once(storage, account, with, path, fd, ret_counts, &why);
    if (r == 0)
        r = give_name(fd, part, path, &why);
    close(fd);
    if (part != NULL)
        unlink(part);
    free(part);
    if (r < 0 && err != NULL)
        *err = why;
    return r;
}

int archive_from_file(const char *path, struct archive_reader *reader,
                      struct archive_summary *ret_summary, struct err *err)
{
    int fd, r = reader == NULL ? err_set(err, HEARTH_ERR_NOMEM, "out of memory")
                               : plain_file_open(path, &fd, NULL, err);
    gzFile gz = r == 0 ? gzdopen(fd, "rb") : NULL;
    char *piece = r == 0 ? malloc(PIECE) : NULL;
    struct err why = {0};
    int size = 0;
    if (r == 0 && (gz == NULL || piece == NULL))
        r = err_set(err, HEARTH_ERR_NOMEM, "out of memory");
    if (r == 0 && gz == NULL)
        close(fd);
    errno = 0;
    while (r == 0 && (size = gzread(gz, piece, PIECE)) > 0)
        if ((r = archive_feed(reader, piece, (size_t)size, &why)) < 0)
            r = err_set(err, r, "%s: %s", path, why.text);
    if (r == 0 && size < 0)
        r = gz_error(gz, "read", path, err);
    if (r == 0 && gzclose_r(gz) == Z_BUF_ERROR) {
        r = err_set(err, HEARTH_ERR_INVALID, "%s was cut off", path);
        gz = NULL;
    } else if (r == 0) {
        gz = NULL;
    }
    if (r == 0 && (r = archive_end(reader, ret_summary, &why)) < 0)
        r = err_set(err, r, "%s: %s", path, why.text);
    if (gz != NULL)
        gzclose_r(gz);
    free(piece);
    archive_close(reader);
    return r;
}

#include "base/plain_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int cannot_read(const char *path, int why, struct err *err)
{
    if (why == ENXIO) /* a socket */
        return err_set(err, HEARTH_ERR_INVALID, "%s is a socket, and not a file", path);
    if (why != EACCES && why != EPERM)
        return err_errno(err, why, "cannot read %s", path);
    return err_set(err, HEARTH_ERR_DENIED, "cannot read %s: %s. " PLAIN_FILE_ADVICE, path,
                   strerror(why));
}

int plain_file_open(const char *path, int *ret_fd, struct stat *ret_st, struct err *err)
{
    struct stat st;
    /* a pipe would wait for somebody who writes */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), r = 0;
    if (fd < 0)
        return cannot_read(path, errno, err);
    if (fstat(fd, &st) != 0)
        r = err_errno(err, errno, "cannot read %s", path);
    else if (!S_ISREG(st.st_mode))
        r = err_set(err, HEARTH_ERR_INVALID, "%s is a %s, and not a file", path,
                    S_ISDIR(st.st_mode)    ? "folder"
                    : S_ISFIFO(st.st_mode) ? "pipe"
                                           : "device");
    if (r < 0) {
        close(fd);
        return r;
    }
    *ret_fd = fd;
    if (ret_st != NULL)
        *ret_st = st;
    return 0;
}

int plain_file_check(const char *path, off_t most, struct stat *ret_st, struct err *err)
{
    struct stat st;
    int fd, r = plain_file_open(path, &fd, &st, err);
    if (r < 0)
        return r;
    close(fd);
    if (st.st_size > most)
        return err_set(err, HEARTH_ERR_INVALID,
                       "%s has %lld bytes, and is not read: %lld are the most of such a file", path,
                       (long long)st.st_size, (long long)most);
    if (ret_st != NULL)
        *ret_st = st;
    return 0;
}

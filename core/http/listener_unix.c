/* Sockets in the file system. A living one belongs to whoever answers on it, and stays; one that
 * nobody listens on any more is put away. */
#include "http/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

enum { LOCK_TRIES = 100, LOCK_PAUSE = 10000 /* us */ };

/* Looking, removing and binding are three steps: nobody of ours takes them in the same directory
 * at the same time. -1: it cannot be read. */
static int unix_lock_directory(const char *path)
{
    char directory[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    str_folder(path, directory, sizeof(directory));
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* another hearthd is done in a moment; who else may lock a directory is not waited for */
    for (int i = 0; fd >= 0 && i < LOCK_TRIES && flock(fd, LOCK_EX | LOCK_NB) != 0; i++)
        usleep(LOCK_PAUSE);
    return fd;
}

static void unix_unlock_directory(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* 0: nothing is there, or a socket that nobody listens on (*ret_stale); else why the path cannot
 * be ours. */
static int look_at_path(const struct sockaddr_un *address, bool *ret_stale)
{
    *ret_stale = false;
    struct stat st;
    if (lstat(address->sun_path, &st) != 0)
        return errno == ENOENT ? 0 : errno;
    if (!S_ISSOCK(st.st_mode))
        return EEXIST;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return errno;
    int r = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;
    close(fd);
    if (r != ECONNREFUSED) /* it answers, or is too busy to, or is none of ours */
        return r == 0 || r == EAGAIN ? EADDRINUSE : r;
    *ret_stale = true;
    return 0;
}

static int clear_path(const struct sockaddr_un *address)
{
    bool stale;
    int r = look_at_path(address, &stale);
    return r != 0 || !stale || unlink(address->sun_path) == 0 || errno == ENOENT ? r : errno;
}

/* The file never has more permissions than asked for, and at last exactly those, whatever the
 * umask is. */
static int bind_file(int fd, const struct sockaddr_un *address, mode_t mode, struct stat *ret_file)
{
    if (fchmod(fd, mode) != 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
        return errno;
    if (chmod(address->sun_path, mode) == 0 && lstat(address->sun_path, ret_file) == 0 &&
        listen(fd, LISTEN_BACKLOG) == 0)
        return 0;
    int r = errno;
    unlink(address->sun_path);
    return r;
}

static int unix_explain(const struct http_listener *listener, const char *path, int number,
                        struct err *err)
{
    if (number == EEXIST)
        return err_set(err, HEARTH_ERR_CONFLICT,
                       "[listen %s]: cannot listen on %s: there is a file that is no socket; "
                       "remove it or choose another path",
                       listener->name, path);
    return http_listener_explain(listener, path, number, err);
}

int http_listener_unix_address(const struct http_listener *listener,
                               struct sockaddr_un *ret_address, struct err *err)
{
    const char *path = listener->address + 5;
    *ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(ret_address->sun_path))
        return err_set(err, HEARTH_ERR_INVALID, "[listen %s]: the path %s is too long for a socket",
                       listener->name, path);
    memcpy(ret_address->sun_path, path, strlen(path) + 1);
    return 0;
}

int http_listener_try_unix(const struct http_listener *listener, struct err *err)
{
    struct sockaddr_un address;
    bool stale;
    int r = http_listener_unix_address(listener, &address, err);
    if (r < 0)
        return r;
    int number = look_at_path(&address, &stale);
    char directory[sizeof(address.sun_path)];
    str_folder(address.sun_path, directory, sizeof(directory));
    if (number == 0 && access(directory, W_OK | X_OK) != 0)
        number = errno;
    return number == 0 ? 0 : unix_explain(listener, listener->address + 5, number, err);
}

int http_listener_bind_unix(struct listener *listener, int *ret_fd, struct err *err)
{
    const char *path = listener->options.address + 5;
    struct sockaddr_un address;
    struct stat file = {0};
    int refused = http_listener_unix_address(&listener->options, &address, err);
    if (refused < 0)
        return refused;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int lock = fd < 0 ? -1 : unix_lock_directory(path);
    int r = fd < 0 ? errno : clear_path(&address);
    if (r == 0)
        r = bind_file(fd, &address,
                      listener->options.mode == 0 ? 0660 : (mode_t)listener->options.mode, &file);
    unix_unlock_directory(lock);
    if (r != 0) {
        if (fd >= 0)
            close(fd);
        return unix_explain(&listener->options, path, r, err);
    }
    listener->file_device = file.st_dev;
    listener->file_inode = file.st_ino;
    snprintf(listener->url, sizeof(listener->url), "http+unix:%.200s", path);
    *ret_fd = fd;
    return 0;
}

void http_listener_unlink_unix(struct listener *listener)
{
    const char *path = listener->options.address + 5;
    struct stat st;
    if (listener->file_inode == 0)
        return;
    int lock = unix_lock_directory(path);
    if (lstat(path, &st) == 0 && st.st_ino == listener->file_inode &&
        st.st_dev == listener->file_device)
        unlink(path); /* else somebody removed ours, and what is there is another's */
    unix_unlock_directory(lock);
    listener->file_inode = 0;
}

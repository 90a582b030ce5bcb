#include "main/backup_note.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/owner.h"

enum { PATH_SIZE = 4200 };

static void backup_note_path(const char *state_dir, char ret_path[PATH_SIZE])
{
    snprintf(ret_path, PATH_SIZE, "%s/last-backup", state_dir);
}

int main_backup_note(const char *state_dir, struct err *err)
{
    char path[PATH_SIZE];
    int64_t now = clock_now();
    const struct timespec time = {.tv_sec = (time_t)(now / 1000),
                                  .tv_nsec = (long)(now % 1000) * 1000000};
    const struct timespec times[] = {time, time};
    backup_note_path(state_dir, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
    if (fd < 0)
        return err_errno(err, errno, "cannot open %s", path);
    owner_give(fd, path);
    int r = futimens(fd, times) == 0 ? 0 : err_errno(err, errno, "cannot write %s", path);
    close(fd);
    return r;
}

int64_t main_backup_noted(const char *state_dir)
{
    char path[PATH_SIZE];
    struct stat st;
    backup_note_path(state_dir, path);
    if (stat(path, &st) != 0)
        return 0;
    return (int64_t)st.st_mtim.tv_sec * 1000 + st.st_mtim.tv_nsec / 1000000;
}

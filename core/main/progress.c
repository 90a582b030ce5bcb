#include "main/progress.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "main/cli.h"

/* ms; what is estimated from less would be a guess */
enum { FIRST_AFTER = 1000, AGAIN_AFTER = 500, ESTIMATE_AFTER = 2000 };

/* --- how far --- */

/* The position of a descriptor, which /proc knows whoever reads or writes through it. */
static int64_t position_of(const char *fd)
{
    char path[64], line[64];
    long long at = -1;
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%.20s", fd);
    FILE *info = fopen(path, "re");
    if (info != NULL && fgets(line, sizeof(line), info) != NULL && strncmp(line, "pos:", 4) == 0)
        at = strtoll(line + 4, NULL, 10);
    if (info != NULL)
        fclose(info);
    return at;
}

bool main_progress_of_file(void *ctx, int64_t *ret_done, int64_t *ret_total)
{
    const struct progress_file *file = ctx;
    char link[64], target[4200];
    int64_t done = -1;
    *ret_total = file->total;
    *ret_done = 0;
    if (file->path == NULL)
        return true;
    DIR *fds = opendir("/proc/self/fd");
    for (struct dirent *fd; fds != NULL && (fd = readdir(fds)) != NULL;) {
        snprintf(link, sizeof(link), "/proc/self/fd/%.20s", fd->d_name);
        ssize_t n = readlink(link, target, sizeof(target) - 1);
        if (n <= 0)
            continue;
        target[n] = '\0';
        int64_t at =
            strncmp(target, file->path, strlen(file->path)) == 0 ? position_of(fd->d_name) : -1;
        done = at > done ? at : done;
    }
    if (fds != NULL)
        closedir(fds);
    if (done > 0)
        *ret_done = done;
    return done >= 0;
}

int64_t main_progress_size(const char *path)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return 0;
    if (!S_ISDIR(st.st_mode))
        return S_ISREG(st.st_mode) ? st.st_size : 0;
    int64_t size = 0;
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        if (fstatat(dirfd(folder), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(st.st_mode))
            size += st.st_size;
    if (folder != NULL)
        closedir(folder);
    return size;
}

/* --- the line --- */

static void put_time(int64_t ms, char ret[32])
{
    long long s = (long long)(ms + 999) / 1000;
    if (s < 120)
        snprintf(ret, 32, "%lld s", s);
    else if (s < 120 * 60)
        snprintf(ret, 32, "%lld min", (s + 59) / 60);
    else
        snprintf(ret, 32, "%lld h", (s + 3599) / 3600);
}

void main_progress_line(const struct progress *progress, int64_t done, int64_t total,
                        int64_t elapsed, char ret[PROGRESS_LINE_SIZE])
{
    char amount[80], time[32];
    double unit = progress->bytes ? 1e6 : 1;
    int digits = progress->bytes ? 1 : 0;
    const char *name = progress->bytes ? " MB" : "";
    if (total > 0 && done > total) /* it has grown meanwhile */
        done = total;
    if (total > 0 && done <= 0) /* nothing of it is done with: no guess either */
        snprintf(amount, sizeof(amount), "%.*f%s", digits, (double)total / unit, name);
    else if (total > 0)
        snprintf(amount, sizeof(amount), "%.*f of %.*f%s, %d %%", digits, (double)done / unit,
                 digits, (double)total / unit, name, (int)((double)done / (double)total * 100));
    else
        snprintf(amount, sizeof(amount), "%.*f%s", digits, (double)done / unit, name);
    if (total > 0 && done > 0 && elapsed >= ESTIMATE_AFTER) {
        put_time((int64_t)((double)elapsed / (double)done * (double)(total - done)), time);
        snprintf(ret, PROGRESS_LINE_SIZE, "%s: %s, about %s left", progress->what, amount, time);
    } else {
        put_time(elapsed, time);
        snprintf(ret, PROGRESS_LINE_SIZE, "%s: %s, %s so far", progress->what, amount, time);
    }
}

/* Cut to the terminal: a line that wraps would not be rewritten. */
static void line_show(const char *line)
{
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col < 2)
        size.ws_col = 80;
    fprintf(stderr, "\r%.*s\x1b[K", size.ws_col - 1, line);
    fflush(stderr);
}

static void *progress_main(void *ctx)
{
    const struct progress *progress = ctx;
    struct pollfd end = {.fd = progress->ends[0]};
    int64_t began = clock_monotonic();
    bool shown = false;
    for (int wait = FIRST_AFTER; poll(&end, 1, wait) == 0; wait = AGAIN_AFTER) {
        char line[PROGRESS_LINE_SIZE];
        int64_t done, total;
        if (!progress->measure(progress->ctx, &done, &total))
            continue;
        main_progress_line(progress, done, total, clock_monotonic() - began, line);
        line_show(line);
        shown = true;
    }
    if (shown)
        line_show("");
    return NULL;
}

void main_progress_begin(struct progress *progress, const struct cli *cli, const char *what,
                         bool bytes, progress_measure_fn measure, void *ctx)
{
    *progress = (struct progress){.what = what, .bytes = bytes, .measure = measure, .ctx = ctx};
    if (cli->json || !isatty(STDERR_FILENO) || pipe2(progress->ends, O_CLOEXEC) != 0)
        return;
    progress->runs = pthread_create(&progress->thread, NULL, progress_main, progress) == 0;
    if (progress->runs) {
        pthread_setname_np(progress->thread, "progress");
        return;
    }
    close(progress->ends[0]);
    close(progress->ends[1]);
}

void main_progress_end(struct progress *progress)
{
    if (!progress->runs)
        return;
    close(progress->ends[1]);
    pthread_join(progress->thread, NULL);
    close(progress->ends[0]);
    progress->runs = false;
}

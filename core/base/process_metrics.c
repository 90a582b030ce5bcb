/* The process_ families: what the kernel says of this process. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/metrics.h"

static int64_t timeval_us(struct timeval time)
{
    return (int64_t)time.tv_sec * 1000000 + time.tv_usec;
}

/* The kernel knows the number since Linux 6.2; before that they are counted. */
static int64_t count_fds(void)
{
    struct stat st;
    if (stat("/proc/self/fd", &st) == 0 && st.st_size > 0)
        return (int64_t)st.st_size;
    DIR *dir = opendir("/proc/self/fd");
    int64_t count = 0;
    if (dir == NULL)
        return 0;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* the one that lists them */
}

/* Fields of /proc/self/stat from the third on, behind the name in brackets. */
static void read_stat(int64_t *ret_threads, int64_t *ret_virtual, int64_t *ret_pages)
{
    enum { THREADS = 20, VIRTUAL = 23, PAGES = 24 };
    char text[1024];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    text[size < 0 ? 0 : size] = '\0';
    char *at = strrchr(text, ')');
    for (int field = 3; at != NULL && field <= PAGES; field++) {
        at = strchr(at + 1, ' ');
        long long value = at == NULL ? 0 : strtoll(at, NULL, 10);
        if (field == THREADS)
            *ret_threads = value;
        else if (field == VIRTUAL)
            *ret_virtual = value;
        else if (field == PAGES)
            *ret_pages = value;
    }
}

void process_metrics_refresh(void)
{
    struct rusage usage;
    struct rlimit limit;
    int64_t threads = 0, virtual = 0, pages = 0;
    read_stat(&threads, &virtual, &pages);
    metrics_set(METRIC(THREADS), threads);
    metrics_set(METRIC(VIRTUAL), virtual);
    metrics_set(METRIC(RESIDENT), pages * sysconf(_SC_PAGESIZE));
    metrics_set(METRIC(OPEN_FDS), count_fds());
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        metrics_set(METRIC(MAX_FDS),
                    limit.rlim_cur > INT64_MAX ? INT64_MAX : (int64_t)limit.rlim_cur);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        metrics_set(METRIC(CPU), timeval_us(usage.ru_utime) + timeval_us(usage.ru_stime));
}

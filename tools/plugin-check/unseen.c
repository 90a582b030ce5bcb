/* What no result shows: memory that stays behind, a processor that is kept busy. */
#include "kit.h"

#include <sys/resource.h>

/* A cache may grow for a while, and a background thread may hold something just now: a leak grows each time. */
enum { WARM_UP = 3, TIMES = 20, WINDOWS = 5 };

void kit_expect_no_leak(const char *what, void (*step)(void *ctx), void *ctx)
{
    kit_expect_bounded(what, TIMES * WINDOWS, step, ctx);
}

void kit_expect_bounded(const char *what, int times, void (*step)(void *ctx), void *ctx)
{
    long left = 0;
    for (int i = 0; i < WARM_UP; i++)
        step(ctx);
    for (int window = 0; window < times / TIMES; window++) {
        long before = memory_live();
        for (int i = 0; i < TIMES; i++)
            step(ctx);
        left = memory_live() - before;
        if (left < TIMES / 2)
            return;
    }
    fail_msg("%s, done %d times, leaves %ld blocks of memory behind, and as many each time again", what, TIMES, left);
}

int64_t kit_cpu(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000 + (use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1000;
}

/* What no result shows: memory that stays behind, a processor that is kept busy. */
#include "kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

/* A cache may grow for a while, and a background thread may hold something just now: a leak
 * grows each time. */
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
        long before = kit_memory_live();
        for (int i = 0; i < TIMES; i++)
            step(ctx);
        left = kit_memory_live() - before;
        if (left < TIMES / 2)
            return;
    }
    fail_msg("%s, done %d times, leaves %ld blocks of memory behind, and as many each time again",
             what, TIMES, left);
}

enum { BUSY_PERCENT = 15, TRIES = 2, LEAST = 5000 }; /* us: of less nothing can be said */

static int64_t cpu_us(void)
{
    struct rusage use;
    getrusage(RUSAGE_SELF, &use);
    return (use.ru_utime.tv_sec + use.ru_stime.tv_sec) * 1000000 + use.ru_utime.tv_usec +
           use.ru_stime.tv_usec;
}

/* For how long this thread wanted to run and could not, as others did; 0 where the kernel does
 * not say. */
static int64_t queued_us(void)
{
    char text[100] = "", *queued = NULL; /* "RAN QUEUED SLICES", in ns */
    FILE *file = fopen("/proc/thread-self/schedstat", "re");
    if (file == NULL)
        return 0;
    bool read = fgets(text, sizeof(text), file) != NULL;
    fclose(file);
    if (read)
        strtoll(text, &queued, 10);
    return queued != NULL && *queued == ' ' ? strtoll(queued, NULL, 10) / 1000 : 0;
}

void kit_expect_idle(const char *what, void (*wait)(void *ctx), void *ctx)
{
    int64_t used = 0, waited = 1;
    for (int tries = 0; tries < TRIES; tries++) {
        int64_t cpu = cpu_us(), queued = queued_us(), start = kit_now();
        wait(ctx);
        used = cpu_us() - cpu;
        waited = (kit_now() - start) * 1000 - (queued_us() - queued);
        if (waited < LEAST || used * 100 < waited * BUSY_PERCENT)
            return;
    }
    fail_msg("%s used %lld ms of the processor while it waited, in which it could have had %lld "
             "ms: it must sleep",
             what, (long long)used / 1000, (long long)waited / 1000);
}

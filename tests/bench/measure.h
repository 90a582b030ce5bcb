/* What the benchmarks in C have in common: numbers that are the same in each run, and clocks. */
#ifndef HEARTH_TESTS_BENCH_MEASURE_H
#define HEARTH_TESTS_BENCH_MEASURE_H

#include <stdint.h>
#include <time.h>

static inline uint64_t next_random(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static inline double seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

#endif

/* The wall clock. The executable's own functions stand before the C library's for everything in
 * the process, the plugin and its libraries included, so that it can be moved. Waits stay what
 * they are. */
#include "kit.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static _Atomic int64_t moved;

void kit_wall_move(int64_t seconds)
{
    atomic_store(&moved, seconds);
}

#ifdef KIT_SANITIZED
bool kit_wall_can_move(void)
{
    return false;
}
#else
bool kit_wall_can_move(void)
{
    return true;
}

__attribute__((visibility("default"))) int clock_gettime(clockid_t id, struct timespec *ret_now)
{
    static _Atomic(__typeof__(&clock_gettime)) known;
    __typeof__(&clock_gettime) real = atomic_load_explicit(&known, memory_order_relaxed);
    if (real == NULL) {
        void *found = dlsym(RTLD_NEXT, "clock_gettime");
        if (found == NULL)
            abort();
        memcpy(&real, &found, sizeof(real));
        atomic_store(&known, real);
    }
    int r = real(id, ret_now);
    if (r == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
        ret_now->tv_sec += atomic_load_explicit(&moved, memory_order_relaxed);
    return r;
}

__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict ret_now,
                                                        void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_now = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

__attribute__((visibility("default"))) time_t time(time_t *ret_now)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    if (ret_now != NULL)
        *ret_now = now.tv_sec;
    return now.tv_sec;
}

__attribute__((visibility("default"))) int timespec_get(struct timespec *ret_now, int base)
{
    return base == TIME_UTC && clock_gettime(CLOCK_REALTIME, ret_now) == 0 ? base : 0;
}
#endif
